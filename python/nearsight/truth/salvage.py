"""Saving what can still be read of a damaged truth into a new one.

Checksums stay on: what lies on a damaged page is lost, never guessed. Where a table cannot be read
from one end to the other, its rows are asked for one by one. The new file has a uuid of its own, so
that no cache of the old one fits it, and takes only rows whose references are there.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import apsw

from nearsight import held
from nearsight.errors import ArgumentError, CorruptionError
from nearsight.truth.connection import PAGE_SIZE, connect_damaged, discard
from nearsight.truth.failures import is_damage, translated
from nearsight.truth.truth import Truth
from nearsight.truth.unfinished import beside
from nearsight.truth.upkeep import put_in_place

Row = tuple[Any, ...]


class _Table(NamedTuple):
    name: str
    key: str  # by what rows are asked for one by one
    of: str = ""  # the table whose keys these are, if not its own

    @property
    def sql(self) -> str:
        return f"select * from {self.name} where {self.key} = ?"


# Parents before their children.
_TABLES = (
    _Table("embedder", "id"),
    _Table("concept", "number"),
    _Table("input", "number"),
    _Table("annotation", "number"),
    _Table("said", "annotation", "annotation"),
    _Table("correction", "input", "input"),
    _Table("embedding", "id"),
    _Table("model", "number"),
    _Table("model_concept", "model", "model"),
    _Table("version", "model", "model"),
    _Table("feedback", "annotation"),
    _Table("head", "model", "model"),
)
_UNUSABLE = (apsw.IOError, apsw.CorruptError)
_FAR = 1000  # so many keys in a row that nobody has: the end of a table whose end is not readable

# An annotation of a whole picture needs its input's embedding, one of a box its own; an input needs
# its primary annotation.
_HALF = (
    "delete from annotation where (box is not null or id in (select id from input))"
    " and number not in (select annotation from embedding)",
    "delete from input where id not in (select id from annotation)",
)


def salvage(path: Path, target: Path) -> dict[str, tuple[int, int]]:
    """Make a new truth at `target` of what can be read at `path`: rows kept and lost, by table.

    Lost are those on damaged pages and those that are nothing without them. The new file appears
    whole or not at all, and `path` stays as it is. Raises `CorruptionError` where nothing can be
    told (not even the list of tables, or the model), `ArgumentError` where `path` is open here,
    `NotFoundError`, `DatabaseError`. `require_free` has to have said yes to `target`.
    """
    if path.exists() and held.is_held(path.stat()):
        raise ArgumentError(f"{path} is open: close it before you save what is left of it.")
    place = target.resolve()
    fresh = beside(place, "salvage")
    try:
        with translated(path), _readable(path, fresh) as source, closing(Truth(fresh)) as truth:
            kept = _copied(source, truth, path)
        put_in_place(fresh, place, overwrite=False)
        return kept
    finally:
        for left in place.parent.glob(fresh.name + "*"):
            left.unlink()


@contextmanager
def _readable(path: Path, fresh: Path) -> Iterator[apsw.Connection]:
    """A connection that also reads a file that was cut: as many whole pages as are left of it.

    SQLite would take zeros for the rest of the last one.
    """
    whole = path
    if path.is_file() and path.stat().st_size % PAGE_SIZE:
        whole = fresh.with_name(fresh.name + "-source")
        shutil.copyfile(path, whole)
        os.truncate(whole, path.stat().st_size // PAGE_SIZE * PAGE_SIZE)
    db = connect_damaged(whole)
    try:
        if str(db.pragma("checksum_verification")) != "1":
            raise CorruptionError(
                f"{path}: its page checksums are switched off, so what is damaged in it cannot be "
                "told from what is not. Restore a copy of the file."
            )
        yield db
    finally:
        discard(db)


def _copied(source: apsw.Connection, truth: Truth, path: Path) -> dict[str, tuple[int, int]]:
    lost: dict[str, int] = {}
    with truth.writing(), truth.reading() as db:
        for table in _TABLES:
            lost[table.name] = 0
            for row in _rows(source, table):
                lost[table.name] += row is None or not _insert(db, table, row)
            if table.name == "annotation":  # what comes after it changes when it was changed
                db.execute("create temp table moment as select number, changed_at from annotation")
        if not _count(db, "embedder"):
            raise CorruptionError(
                f"{path}: it cannot be read which model its embeddings are of, so "
                "nothing can be saved. Restore a copy of the file."
            )
        counts = {name: _count(db, name) for name in lost}
        for sql in _HALF:
            db.execute(sql)
        db.execute(
            "update annotation set changed_at = moment.changed_at from moment"
            " where moment.number = annotation.number"
        )
        kept = {name: _count(db, name) for name in lost}
    return {name: (kept[name], lost[name] + counts[name] - kept[name]) for name in lost}


def _count(db: apsw.Connection, name: str) -> int:
    return int(db.execute(f"select count(*) from {name}").get)


def _insert(db: apsw.Connection, table: _Table, row: Row) -> bool:
    marks = ",".join("?" * len(row))
    try:
        db.execute(f"insert or ignore into {table.name} values ({marks})", row)
    except apsw.ConstraintError:  # what it refers to is lost
        return False
    return True


def _rows(source: apsw.Connection, table: _Table) -> Iterator[Row | None]:
    """The rows of a table; None for each that cannot be read."""
    try:
        whole = source.execute(f"select * from {table.name}").fetchall()
    except _UNUSABLE:
        yield from _one_by_one(source, table)
    except apsw.SQLError as error:  # the list of tables is damaged, too, and does not tell of it
        if not is_damage(error):
            raise
        yield None
    else:
        yield from whole


def _one_by_one(source: apsw.Connection, table: _Table) -> Iterator[Row | None]:
    last, key, missed = _last_key(source, table), 0, 0
    while key < last or (last == 0 and missed < _FAR):
        key += 1
        try:
            found = source.execute(table.sql, (key,)).fetchall()
        except _UNUSABLE:
            yield None
            missed += 1
            continue
        missed = 0 if found else missed + 1
        yield from found


def _last_key(source: apsw.Connection, table: _Table) -> int:
    """The highest key that may be there; 0 if that cannot be read."""
    owner = table.of or table.name
    key = "id" if owner in {"embedder", "embedding"} else "number"
    key = table.key if owner == "feedback" else key
    for sql in (
        f"select seq from sqlite_sequence where name = '{owner}'",
        f"select max({key}) from {owner}",
    ):
        try:
            if found := source.execute(sql).get:
                return int(found)
        except _UNUSABLE:
            continue
    return 0
