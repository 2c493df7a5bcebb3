"""Opening the one file, so that what is acknowledged survives and what is damaged is noticed.

Settings and their reasons: WAL with synchronous FULL makes COMMIT the only commit point and
survives power loss; the checksum VFS (https://sqlite.org/cksumvfs.html) turns a flipped bit into an
error instead of a wrong answer; a page of 8 KiB holds one embedding with its prediction. Every
setting is read back, because SQLite ignores what it cannot do.

Nobody else may open() the file in this process: closing any descriptor of it would drop SQLite's
locks (https://sqlite.org/howtocorrupt.html, section 2.2).
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import apsw

from nearsight.errors import (
    CorruptionError,
    DatabaseError,
    NotFoundError,
    ReadOnlyError,
)

_PAGE_SIZE = 8192
_CHECKSUM_BYTES = 8  # exactly what the checksum VFS wants reserved at the end of each page
_BUSY_TIMEOUT_MS = 10_000
_IOERR_DATA = 8202  # SQLITE_IOERR_DATA: a page's checksum does not match
_FIXED_IN = 3_051_003  # the WAL-reset race is fixed from this SQLite on

_vfs_lock = threading.Lock()
_vfs_loaded = False


def connect(path: Path, *, read_only: bool) -> apsw.Connection:
    """Open (or create, unless `read_only`) the file, with every setting made and read back."""
    _load_checksum_vfs()
    _refuse_impossible(path, read_only)
    with translated(path):
        if read_only:
            return _configured(_open_read_only(path), path, read_only=True)
        db = _open(path, apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE)
        if db.pragma("page_count") == 0:
            _format(db)
            db.close()  # the checksums of a new WAL file are on from its next opening
            db = _open(path, apsw.SQLITE_OPEN_READWRITE)
        return _configured(db, path, read_only=False)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn SQLite's errors into ours, naming the file and the remedy."""
    try:
        yield
    except apsw.NotADBError as error:
        raise DatabaseError(
            f"{path} is not a nearsight database. Give the path of one, or of a file that does not "
            "exist yet to create one there."
        ) from error
    except (apsw.CorruptError, apsw.IOError) as error:
        if isinstance(error, apsw.IOError) and getattr(error, "extendedresult", 0) != _IOERR_DATA:
            raise DatabaseError(
                f"{path}: the disk reported an error ({error}). Nothing of the current change was "
                "kept; everything acknowledged before is. Check the disk, then open it again."
            ) from error
        raise CorruptionError(
            f"{path} is damaged: a page is not what nearsight wrote (a failing disk, or a write by "
            "another program). Restore a copy of the file."
        ) from error
    except apsw.FullError as error:
        raise DatabaseError(
            f"{path}: the disk is full. Nothing of the current change was kept; everything "
            "acknowledged before is. Free some space and repeat it."
        ) from error
    except (apsw.ReadOnlyError, apsw.PermissionsError) as error:
        raise ReadOnlyError(
            f"{path} cannot be written: check the permissions of the file and of its folder, or "
            "open it with read_only=True."
        ) from error
    except apsw.BusyError as error:
        raise DatabaseError(
            f"{path} is being written by another process and did not become free within "
            f"{_BUSY_TIMEOUT_MS // 1000} s. Try again when it has finished."
        ) from error
    except apsw.CantOpenError as error:
        raise DatabaseError(
            f"{path} cannot be opened: check that it is a file and that you may read and write it "
            "and its folder."
        ) from error


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
    if read_only and not path.exists():
        raise NotFoundError(f"{path} does not exist, and read_only=True does not create it.")


def _open(path: Path, flags: int) -> apsw.Connection:
    return apsw.Connection(str(path), flags=flags, vfs="cksmvfs")


def _open_read_only(path: Path) -> apsw.Connection:
    """Open for reading; on a medium that cannot even hold the WAL's index, as an immutable file."""
    db = _open(path, apsw.SQLITE_OPEN_READONLY)
    try:
        db.pragma("schema_version")
    except (apsw.CantOpenError, apsw.ReadOnlyError):
        db.close()
        if path.with_name(path.name + "-wal").exists():
            raise  # changes lie in the log: an immutable reader would not see them
        db = apsw.Connection(
            f"file:{quote(str(path))}?immutable=1",
            flags=apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI,
            vfs="cksmvfs",
        )
    return db


def _format(db: apsw.Connection) -> None:
    """Give an empty file its page layout; both settings are void once a table exists."""
    db.pragma("page_size", _PAGE_SIZE)
    db.reserve_bytes("main", _CHECKSUM_BYTES)
    db.pragma("auto_vacuum", "incremental")
    db.pragma("journal_mode", "wal")


def _configured(db: apsw.Connection, path: Path, *, read_only: bool) -> apsw.Connection:
    db.set_busy_timeout(_BUSY_TIMEOUT_MS)
    db.config(apsw.SQLITE_DBCONFIG_DEFENSIVE, 1)
    db.config(apsw.SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0)
    wanted: dict[str, object] = {"foreign_keys": 1, "cell_size_check": 1, "mmap_size": 0}
    if not read_only:
        wanted |= {"synchronous": 2, "fullfsync": 1, "checkpoint_fullfsync": 1}
        db.pragma("journal_size_limit", 16 << 20)
    for name, value in wanted.items():
        db.pragma(name, value)
        if (got := db.pragma(name)) not in (value, None):
            raise DatabaseError(f"{path}: SQLite answers {name}={got}, {value} is needed.")
    return db


def check_protection(db: apsw.Connection, path: Path) -> None:
    """Refuse a file whose checksums were switched off or that is not in WAL mode."""
    if str(db.pragma("checksum_verification")) != "1":
        raise CorruptionError(
            f"{path} is damaged: its page checksums are switched off, so nothing in it can be "
            "trusted (was it rewritten by another program?). Restore a copy of the file."
        )
    if db.pragma("journal_mode") not in ("wal", "off"):  # "off": opened as an immutable file
        raise CorruptionError(f"{path} is damaged: it is no longer in WAL mode. Restore a copy.")
