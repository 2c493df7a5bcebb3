"""Opening the one file, so that what is acknowledged survives and what is damaged is noticed.

Settings and their reasons: WAL makes COMMIT the only commit point, which with synchronous FULL
survives power loss; the checksum VFS (https://sqlite.org/cksumvfs.html) turns a flipped bit into an
error instead of a wrong answer; secure_delete overwrites what is erased; a page of 8 KiB holds one
embedding with its prediction. SQLite ignores what it cannot do, so settings are read back: those of
the connection at every opening, the layout of a new file before its first table is made
(`is_blank`), checksums and WAL at every opening (`check_protection`).

Nobody else may open() the file in this process: see `held`.
"""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import apsw

from nearsight.errors import (
    CorruptionError,
    DatabaseError,
    NotFoundError,
)
from nearsight.truth.failures import BUSY_TIMEOUT_MS, translated
from nearsight.truth.log import damaged_frame
from nearsight.truth.unfinished import beside

PAGE_SIZE = 8192
_CHECKSUM_BYTES = 8  # exactly what the checksum VFS wants reserved at the end of each page
_INCREMENTAL = 2  # what "auto_vacuum" answers
_ATTEMPTS = 3
Durability = Literal["full", "fast"]
_FULL, _NORMAL = 2, 1  # "synchronous": whether a commit waits until the log is on the medium
_WRITE = apsw.SQLITE_OPEN_READWRITE
_FIXED_IN = 3_051_003  # the WAL-reset race is fixed from this SQLite on

_vfs_lock = threading.Lock()
_vfs_loaded = False


def connect(path: Path, *, read_only: bool) -> apsw.Connection:
    """Open (or create, unless `read_only`) the file, with every setting made and read back.

    What is committed survives a power cut, unless `hurry` was called.
    """
    _load_checksum_vfs()
    with translated(path):
        try:
            _refuse_impossible(path, read_only)
        except PermissionError as error:
            raise DatabaseError(
                f"{path}: permission denied; {path.parent} cannot be read."
            ) from error
        db = _open_read_only(path) if read_only else _open_or_format(path)
        try:
            _configure(db, path, read_only=read_only)
        except BaseException:
            discard(db)
            raise
        return db


def connect_damaged(path: Path) -> apsw.Connection:
    """Open a file for reading that `connect` may refuse, also one with fewer pages than it counts.

    Pages are still compared with their checksums. Such a file is nobody's who writes to it.
    """
    _load_checksum_vfs()
    _refuse_impossible(path, read_only=True)
    db = _open(path, apsw.SQLITE_OPEN_READONLY)
    db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    db.pragma("writable_schema", 1)  # what tells SQLite to read on; nothing can be written
    return db


def discard(db: apsw.Connection) -> None:
    """Close a file that is refused and leave it as it was: its log is not moved into it."""
    db.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    db.close()


@contextmanager
def transaction(db: apsw.Connection) -> Iterator[None]:
    """All that is written inside is committed at the end, or not at all."""
    db.execute("begin immediate")
    try:
        yield
        db.execute("commit")
    except BaseException:
        if db.in_transaction:  # SQLite takes back by itself where the disk is full or fails
            db.execute("rollback")
        raise


def _load_checksum_vfs() -> None:
    """Register the VFS "cksmvfs", once per process: a second load would wrap the first."""
    global _vfs_loaded
    with _vfs_lock:
        if _vfs_loaded:
            return
        if apsw.SQLITE_VERSION_NUMBER < _FIXED_IN or not apsw.using_amalgamation:
            raise DatabaseError(
                f"apsw brings SQLite {apsw.sqlite_lib_version()}, whose write-ahead log can lose "
                "data. Install apsw >= 3.51.3 from a wheel."
            )
        from apsw import sqlite_extra  # here and not above, to keep `import nearsight` light

        sqlite_extra.load(apsw.Connection(":memory:"), "cksumvfs")
        _vfs_loaded = True


def _refuse_impossible(path: Path, read_only: bool) -> None:
    if path.is_dir():
        raise DatabaseError(f"{path} is a folder: give the path of a file in it, e.g. photos.ns.")
    if not path.parent.is_dir():
        raise NotFoundError(f"{path}: the folder {path.parent} does not exist. Create it first.")
    if path.exists() and not path.is_file():
        raise DatabaseError(f"{path} is a device, a pipe or a socket: give the path of a file.")
    if read_only and not path.exists():
        raise NotFoundError(f"{path} does not exist, and read_only=True does not create it.")


def _open(path: Path | str, flags: int) -> apsw.Connection:
    db = apsw.Connection(str(path), flags=flags, vfs="cksmvfs")
    db.set_busy_timeout(BUSY_TIMEOUT_MS)  # before the first statement: already that may wait
    return db


def _open_or_format(path: Path) -> apsw.Connection:
    """Open a file that has its page layout, or give it one first.

    The checksum VFS looks at the header when a connection is opened: one that was opened while the
    file was empty would write pages without checksums, so it is closed before there are tables.
    """
    for _ in range(_ATTEMPTS):
        if _is_empty(path):
            with _folder_locked(path) as alone:
                if _is_empty(path):  # another process may have been first
                    _format(path, alone)
        db = _open(path, _WRITE)
        try:
            if db.readonly("main") and os.access(path, os.W_OK):  # SQLite makes do with reading
                raise DatabaseError(f"{path}: the disk refused to open it for writing. Try again.")
            if db.pragma("page_count"):
                return db
            db.close()  # somebody crashed while formatting it: SQLite has just taken that back
        except BaseException:
            discard(db)
            raise
    raise DatabaseError(f"{path} stays empty, whatever is written to it. Give another path.")


def _is_empty(path: Path) -> bool:
    try:
        return path.stat().st_size == 0
    except FileNotFoundError:
        return True


@contextmanager
def _folder_locked(path: Path) -> Iterator[bool]:
    """Let one process at a time format a file; yields whether this one is alone with it.

    It is not where the folder cannot be read or locked: there `_format` replaces nothing. A lock on
    the file itself is no way: see `held`.
    """
    import fcntl  # here and not above, to keep `import nearsight` light

    try:
        folder = os.open(path.resolve().parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        yield False
        return
    alone = False
    try:
        with suppress(OSError):
            fcntl.flock(folder, fcntl.LOCK_EX)
            alone = True
        yield alone
    finally:
        os.close(folder)


def _open_read_only(path: Path) -> apsw.Connection:
    """Open for reading; on a medium that cannot even hold the WAL's index, as an immutable file."""
    db = _open(path, apsw.SQLITE_OPEN_READONLY)
    try:
        db.pragma("schema_version")
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        db.close()
        if _has_log(path):
            raise  # an immutable reader would not see what is in it
        uri = f"file:{quote(str(path))}?immutable=1"
        return _open(uri, apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI)
    except BaseException:
        db.close()
        raise
    return db


def _log_of(path: Path) -> Path:
    real = path.resolve()  # the log lies beside the file, not beside a link to it
    return real.with_name(real.name + "-wal")


def _has_log(path: Path) -> bool:
    try:
        return _log_of(path).stat().st_size > 0
    except FileNotFoundError:
        return False


def _format(path: Path, alone: bool) -> None:
    """Put a file there that has our page layout, which cannot be changed once a table exists.

    It is made beside its place and moved there whole, so that a crash leaves nothing half made. A
    process that is not `alone` takes the place only if nothing is there: what another has put there
    meanwhile may hold acknowledged changes.
    """
    place = path.resolve()
    fresh = beside(place, "new")
    db = _open(fresh, _WRITE | apsw.SQLITE_OPEN_CREATE)
    try:
        db.pragma("page_size", PAGE_SIZE)
        db.reserve_bytes("main", _CHECKSUM_BYTES)
        db.pragma("auto_vacuum", "incremental")
        db.pragma("journal_mode", "wal")
    finally:
        db.close()
    if alone:
        fresh.replace(place)
        return
    with suppress(FileExistsError):
        os.link(fresh, place)
    fresh.unlink()


def is_blank(db: apsw.Connection) -> bool:
    """Has the file the layout that we give to new ones, and nothing else yet?

    An empty file of another program has another layout: it is not ours to fill.
    """
    layout = db.pragma("page_size"), db.reserve_bytes("main", -1), db.pragma("auto_vacuum")
    marks = db.pragma("journal_mode"), db.pragma("application_id"), db.pragma("user_version")
    return (
        layout == (PAGE_SIZE, _CHECKSUM_BYTES, _INCREMENTAL)
        and marks == ("wal", 0, 0)
        and db.execute("select 1 from sqlite_schema").get is None
    )


def _configure(db: apsw.Connection, path: Path, *, read_only: bool) -> None:
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    wanted: dict[str, object] = {"foreign_keys": 1, "cell_size_check": 1, "mmap_size": 0}
    if not read_only:
        wanted |= {"synchronous": _FULL, "fullfsync": 1}
        wanted |= {"checkpoint_fullfsync": 1, "journal_size_limit": 16 << 20}
        wanted |= {"secure_delete": 1}  # what is erased is overwritten, not only forgotten
    for name, value in wanted.items():
        _set(db, path, name, value)


def _set(db: apsw.Connection, path: Path, name: str, value: object) -> None:
    db.pragma(name, value)
    if (got := db.pragma(name)) != value:
        raise DatabaseError(f"{path}: SQLite answers {name}={got}, {value} is needed.")


def check_protection(db: apsw.Connection, path: Path) -> None:
    """Refuse a file whose checksums were switched off, that is not in WAL mode, or that was cut.

    SQLite reads what is missing of its last page as zeros, and the checksum VFS lets that pass. A
    file that was being extended when the power went ends so, too, but then the log has that page.
    """
    if str(db.pragma("checksum_verification")) != "1":
        raise CorruptionError(
            f"{path} is damaged: its page checksums are switched off, so nothing in it can be "
            "trusted (was it rewritten by another program?). Restore a copy of the file."
        )
    if path.stat().st_size % PAGE_SIZE and not _has_log(path):
        raise CorruptionError(
            f"{path} is damaged: it ends in the middle of a page, so it was cut short (a copy that "
            "was interrupted?). Restore a copy of the file."
        )
    # Only an immutable file is opened by its URI, and there SQLite looks at no log.
    wanted = "delete" if db.open_flags & apsw.SQLITE_OPEN_URI else "wal"
    if db.pragma("journal_mode") != wanted:
        raise CorruptionError(f"{path} is damaged: it is no longer in WAL mode. Restore a copy.")
    if not is_hurried(db):
        check_log(path)


def check_log(path: Path) -> None:
    """Refuse a log that hides acknowledged commits, before SQLite clears it away."""
    if (frame := damaged_frame(_log_of(path), PAGE_SIZE)) is not None:
        raise CorruptionError(
            f"{_log_of(path)} is damaged at frame {frame}, so commits that come after it cannot be "
            "read (a failing disk, or a write by another program). Restore a copy of both files, "
            "or save what came before it: nearsight repair --to saved.ns."
        )


def is_hurried(db: apsw.Connection) -> bool:
    """Was anything ever committed to this file without waiting for the medium?"""
    return db.execute("select 1 from meta where key = 'fast'").get is not None


def hurry(db: apsw.Connection, path: Path) -> None:
    """Let commits wait for the medium no longer: they survive the end of the process.

    A power cut may then take the last ones away, whole ones and from the newest on. The file says
    so from now on, and everything up to here is on the medium: what it leaves of the log is then
    not taken for damage.
    """
    if not is_hurried(db):
        with transaction(db):
            db.execute("insert or ignore into meta values ('fast', 1)")
    _set(db, path, "synchronous", _NORMAL)
