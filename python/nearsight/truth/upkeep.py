"""A truth as a whole: copying it while it is in use, and making it small again."""

import os
from contextlib import suppress
from pathlib import Path

import apsw

from nearsight import held
from nearsight.errors import ArgumentError, DatabaseError, NotFoundError
from nearsight.truth.connection import connect, transaction
from nearsight.truth.database import Database
from nearsight.truth.failures import translated
from nearsight.truth.unfinished import beside


def compact(database: Database) -> None:
    """Rewrite the file without what was erased, and leave nothing of it in the log.

    What caches follow (`erased`, `history`) goes as well: one that is behind is built again.
    Raises `ReadOnlyError`; `DatabaseError` where another process is in the way or the disk is full
    (it takes the file's size once more). Then everything is there as it was.
    """
    with database.writing(), database.reading() as db:
        db.execute("delete from erased")
        db.execute("delete from erased_annotation")
        db.execute("delete from history where generation < ?", (database.generation,))
    with database.reading() as db:
        db.execute("vacuum")
        busy, *_ = next(db.execute("pragma wal_checkpoint(truncate)"))
    if not busy and database.durability == "full":  # nothing "fast" is in the log any more
        with database.reading() as db, transaction(db):
            db.execute("delete from meta where key = 'fast'")
    if busy:
        raise DatabaseError(
            f"{database.path} is being read by another process, so what was erased is still in its "
            "-wal file. Compact it again when that has finished."
        )


def back_up(database: Database, target: Path, *, overwrite: bool) -> None:
    """Put a copy of what is committed now at `target`: a file of its own, checked and compact.

    `require_free` has to have said yes to it. Others read and write meanwhile. The copy is made
    beside its place and moved there whole, on the medium. Every page is read through its checksum,
    so damage is never copied: `CorruptionError`.
    """
    with database.reading():  # refuses what was closed
        place = target.resolve()
    fresh: Path | None = None
    try:
        fresh = beside(place, "backup")
        source = connect(database.path, read_only=True)  # its own, so that nobody waits for it
        try:
            with translated(database.path):
                source.execute("vacuum into ?", (str(fresh),))
        finally:
            source.close()
        _finish(fresh)
        put_in_place(fresh, place, overwrite=overwrite)
    except OSError as error:
        raise DatabaseError(
            f"{target}: the backup cannot be written ({error.strerror})."
        ) from error
    finally:
        with suppress(OSError):
            if fresh is not None:
                fresh.unlink(missing_ok=True)


def require_free(target: Path, *, overwrite: bool) -> None:
    """Refuse a place where a backup would destroy something, or could not be."""
    with translated(target):
        place = target.resolve()
        if not place.parent.is_dir():
            raise NotFoundError(
                f"{place}: the folder {place.parent} does not exist. Create it first."
            )
        if not place.exists():
            _require_no_log(place)
            return
        if not overwrite:
            raise ArgumentError(
                f"{place} exists, and a backup replaces nothing: say overwrite=True."
            )
        if not place.is_file() or held.is_held(place.stat()):
            raise ArgumentError(f"{place} is open as a database or no file: give another path.")
        _require_no_log(place)


def _require_no_log(place: Path) -> None:
    """A log that belongs to another file would be read into ours."""
    with suppress(FileNotFoundError):
        if place.with_name(place.name + "-wal").stat().st_size:
            raise DatabaseError(
                f"{place}-wal is the log of a database that is in use or was not closed: give "
                "another path, or open and close that database first."
            )


def _finish(fresh: Path) -> None:
    """Give the copy the one setting that a copy does not take along, and bring it to the medium."""
    with translated(fresh):
        db = apsw.Connection(str(fresh), flags=apsw.SQLITE_OPEN_READWRITE, vfs="cksmvfs")
        try:
            db.pragma("journal_mode", "wal")
        finally:
            db.close()


def put_in_place(fresh: Path, place: Path, *, overwrite: bool) -> None:
    """Move a finished file to where it belongs, in one act, and onto the medium."""
    _sync(fresh)
    if overwrite:
        fresh.replace(place)
    else:
        try:
            os.link(fresh, place)  # unlike a renaming, it replaces nothing that came meanwhile
        except FileExistsError as error:
            raise ArgumentError(
                f"{place} exists, and a backup replaces nothing: say overwrite=True."
            ) from error
    _sync(place.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
