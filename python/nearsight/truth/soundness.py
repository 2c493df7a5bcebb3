"""Is a truth what nearsight wrote? Everything that can be asked of the file, and each answer."""

from collections.abc import Iterator
from contextlib import closing
from functools import cache
from pathlib import Path

import apsw

from nearsight.errors import CorruptionError
from nearsight.truth import schema
from nearsight.truth.connection import PAGE_SIZE, check_protection, connect
from nearsight.truth.failures import IOERR_DATA, translated

_NAMED = 20  # pages, rows: a file that is damaged all over is described by its first ones


def damages(path: Path) -> Iterator[str]:
    """What is wrong with the file at `path`: one sentence each; nothing if it is sound.

    Looks at the checksum of every page, at SQLite's own structure, at the references between rows,
    at the tables and triggers themselves, and at the sizes of embeddings. Reads by a connection of
    its own, from the disk, and changes nothing. Raises `DatabaseError` for what is no database of
    ours, `NotFoundError` where there is none.
    """
    try:
        db = connect(path, read_only=True)
    except CorruptionError as error:
        yield str(error)
        return
    with closing(db):
        yield from _damaged_pages(db)
        try:
            with translated(path):
                schema.ensure(db, path, read_only=True)
                check_protection(db, path)
                yield from _damaged_structure(db)
        except CorruptionError as error:
            yield str(error)


def pages(path: Path) -> int:
    """How many pages the file has."""
    return path.stat().st_size // PAGE_SIZE


def _damaged_pages(db: apsw.Connection) -> Iterator[str]:
    """Read each page as it lies in the file: the checksum VFS compares."""
    count = Path(db.filename).stat().st_size // PAGE_SIZE
    bad = [number for number in range(1, count + 1) if not _is_sound(db, number)]
    if bad:
        shown = ", ".join(map(str, bad[:_NAMED])) + (", …" if len(bad) > _NAMED else "")
        yield f"{len(bad)} of {count} pages do not match their checksums: {shown}"


def _is_sound(db: apsw.Connection, number: int) -> bool:
    for _ in range(3):  # another process may be just writing it
        try:
            db.read("main", 0, (number - 1) * PAGE_SIZE, PAGE_SIZE)
            return True
        except apsw.IOError as error:
            if getattr(error, "extendedresult", 0) != IOERR_DATA:
                raise
    return False


def _damaged_structure(db: apsw.Connection) -> Iterator[str]:
    for (said,) in db.execute(f"pragma integrity_check({_NAMED})"):
        if said != "ok":
            yield f"SQLite's check: {said}"
    for table, row, parent, _ in db.execute("pragma foreign_key_check").fetchall()[:_NAMED]:
        yield f"row {row} of {table} refers to a row of {parent} that is not there"
    here = _schema_of(db)
    for name in sorted(here ^ _expected()):
        yield f"{name[0]} {name[1]} is not the one that nearsight makes"
    wrong = (
        "select embedding.id from embedding left join embedder on embedder.id = embedding.embedder"
        " where length(vector) is not 4 * dim"
        " or length(probabilities) is not 2 * json_array_length(labels) limit ?"
    )
    for (id_,) in db.execute(wrong, (_NAMED,)):
        yield f"embedding {id_} has not the size of its model's vectors"


def _schema_of(db: apsw.Connection) -> set[tuple[str, str, str]]:
    found = db.execute(
        "select type, name, sql from sqlite_schema where name not like 'sqlite\\_%' escape '\\'"
    )
    return {(str(type_), str(name), str(sql)) for type_, name, sql in found}


@cache
def _expected() -> set[tuple[str, str, str]]:
    with closing(apsw.Connection(":memory:")) as db:
        db.execute(schema.TABLES)
        return _schema_of(db)
