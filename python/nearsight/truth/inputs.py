"""The table of inputs."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apsw

from nearsight.truth.annotations import from_box, insert_annotation, said_by, to_box
from nearsight.truth.database import LOOKUP_SLICE, Database, select
from nearsight.truth.records import Input, NewAnnotation, NewInput, as_time
from nearsight.values.geo import GeoPoint
from nearsight.values.region import BoundingBox

_COLUMNS = (
    "input.number, annotation.number, input.id, name, url, format, width, height, size_bytes,"
    " content, input.added_at, annotation.changed_at, metadata, latitude, longitude, crop"
)
_PRIMARY = "join annotation on annotation.id = input.id"


class InputTable:
    """Inputs with what hangs on them."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(self, inputs: Iterable[NewInput]) -> None:
        """Insert inputs with their embeddings and annotations."""
        with self._database.reading() as db:
            for new in inputs:
                _insert(db, new, time.time())

    def erase(self, ids: Iterable[str]) -> list[str]:
        """Delete inputs and all that hangs on them; the ids that were there."""
        with self._database.reading() as db:
            found = []
            for id_ in dict.fromkeys(ids):
                db.execute("delete from input where id = ?", (id_,))
                found += [id_] * bool(db.changes())
        return found

    def set_metadata(self, id_: str, metadata: str) -> None:
        """Replace the metadata (JSON text) of an input."""
        with self._database.reading() as db:
            db.execute("update input set metadata = ? where id = ?", (metadata, id_))

    def set_geo(self, id_: str, geo: GeoPoint | None) -> None:
        """Replace the place of an input."""
        with self._database.reading() as db:
            db.execute(
                "update input set latitude = ?, longitude = ? where id = ?",
                (*(geo or (None, None)), id_),
            )

    # -- corrections ---------------------------------------------------------------------------

    def correct(self, id_: str, concepts: Mapping[str, bool]) -> None:
        """Let these concepts belong to an input's predictions (True), or not (False)."""
        with self._database.reading() as db:
            db.executemany(
                "insert into correction select number, ?, ? from input where id = ?"
                " on conflict do update set value = excluded.value",
                [(concept, int(value), id_) for concept, value in concepts.items()],
            )

    def uncorrect(self, id_: str, concepts: Iterable[str]) -> None:
        """Take corrections back."""
        with self._database.reading() as db:
            db.executemany(
                "delete from correction where concept = ?"
                " and input = (select number from input where id = ?)",
                [(concept, id_) for concept in concepts],
            )

    def corrections(self, id_: str) -> dict[str, bool]:
        """What people corrected in the predictions of an input."""
        with self._database.reading() as db:
            return {
                concept: bool(value)
                for concept, value in db.execute(
                    "select concept, value from correction"
                    " where input = (select number from input where id = ?) order by concept",
                    (id_,),
                )
            }

    # -- looking up ----------------------------------------------------------------------------

    def count(self) -> int:
        """How many inputs there are."""
        with self._database.reading() as db:
            return int(db.execute("select count(*) from input").get)

    def has(self, id_: str) -> bool:
        """Is there an input with this id?"""
        with self._database.reading() as db:
            return db.execute("select 1 from input where id = ?", (id_,)).get is not None

    def id_of_content(self, digest: bytes, crop: BoundingBox | None = None) -> str | None:
        """The id of the oldest input of bytes with this SHA-256 and this crop, if there is one."""
        with self._database.reading() as db:
            found = db.execute(
                "select id from input where content = ? and crop is ? order by number limit 1",
                (digest, from_box(crop)),
            ).get
        return None if found is None else str(found)

    def id_of_url(self, url: str) -> str | None:
        """The id of the oldest input that came from this URL, if there is one."""
        with self._database.reading() as db:
            found = db.execute(
                "select id from input where url = ? order by number limit 1", (url,)
            ).get
        return None if found is None else str(found)

    def get(self, ids: Sequence[str]) -> dict[str, Input]:
        """The inputs with these ids; unknown ids are left out."""
        return {record.id: record for record in self._select("input.id", ids)}

    def numbered(self, numbers: Sequence[int]) -> list[Input]:
        """The inputs with these numbers, by number; unknown ones are left out."""
        return self._select("input.number", numbers)

    def ids_of(self, numbers: Sequence[int]) -> dict[int, str]:
        """The ids of the inputs with these numbers; unknown ones are left out."""
        found: dict[int, str] = {}
        with self._database.reading() as db:
            for start in range(0, len(numbers), LOOKUP_SLICE):
                wanted = numbers[start : start + LOOKUP_SLICE]
                marks = ",".join("?" * len(wanted))
                sql = f"select number, id from input where number in ({marks}) order by number"
                found |= dict(select(db, sql, wanted))
        return found

    def page(self, offset: int, limit: int) -> list[Input]:
        """Inputs in the order they were added."""
        with self._database.snapshot(), self._database.reading() as db:
            # Of annotations, whose index is small: to skip a million inputs is to read them all.
            rows = select(
                db,
                "select distinct input from annotation order by input limit ? offset ?",
                (limit, offset),
            )
            return self.numbered([row[0] for row in rows])

    def after(self, number: int, limit: int) -> tuple[int, list[Input]]:
        """Up to `limit` inputs in the order they were added, and where to go on."""
        with self._database.snapshot(), self._database.reading() as db:
            rows = select(
                db,
                "select number from input where number > ? order by number limit ?",
                (number, limit),
            )
            numbers = [row[0] for row in rows]
            return (numbers[-1] if numbers else number), self.numbered(numbers)

    def _select(self, column: str, values: Sequence[object]) -> list[Input]:
        found: list[Input] = []
        with self._database.reading() as db:
            for start in range(0, len(values), LOOKUP_SLICE):
                wanted = tuple(values[start : start + LOOKUP_SLICE])
                marks = ",".join("?" * len(wanted))
                rows = select(
                    db,
                    f"select {_COLUMNS} from input {_PRIMARY} where {column} in ({marks})"
                    " order by input.number",
                    wanted,
                )
                said = said_by(db, [row[1] for row in rows])
                found += [_input(row[2:], said.get(row[1], {})) for row in rows]
        return found

    def metadata_of(self, numbers: Sequence[int]) -> Iterator[tuple[int, dict[str, Any]]]:
        """The metadata of the inputs with these numbers."""
        with self._database.reading() as db:
            for start in range(0, len(numbers), LOOKUP_SLICE):
                wanted = numbers[start : start + LOOKUP_SLICE]
                marks = ",".join("?" * len(wanted))
                sql = f"select number, metadata from input where number in ({marks})"
                for number, metadata in select(db, sql, wanted):
                    yield number, json.loads(metadata)

    def thumbnail(self, id_: str) -> bytes | None:
        """The JPEG thumbnail of an input, None if there is no such input."""
        with self._database.reading() as db:
            found = db.execute("select thumbnail from input where id = ?", (id_,)).get
        return None if found is None else bytes(found)


def _insert(db: apsw.Connection, new: NewInput, now: float) -> None:
    number = db.execute(
        "insert into input (id, content, crop, name, url, format, width, height, size_bytes,"
        " added_at, thumbnail, metadata, latitude, longitude)"
        " values (?,?,?,?,?,?,?,?,?,?,?,?,?,?) returning number",
        (
            *(new.id, new.content, from_box(new.crop), new.name, new.url, new.format),
            *(new.width, new.height, new.size_bytes, now, new.thumbnail, new.metadata),
            *(new.geo or (None, None)),
        ),
    ).get
    primary = NewAnnotation(new.id, new.concepts, embedding=new.embedding)
    for annotation in (primary, *new.regions):
        insert_annotation(db, int(number), annotation, now)


def _input(row: tuple[Any, ...], concepts: dict[str, bool]) -> Input:
    id_, name, url, format_, width, height, size_bytes, content, *times, metadata = row[:11]
    latitude, longitude, crop = row[11:]
    added_at, changed_at = map(as_time, times)
    return Input(
        id=id_,
        name=name,
        url=url,
        format=format_,
        width=width,
        height=height,
        size_bytes=size_bytes,
        content=content.hex(),
        added_at=added_at,
        changed_at=changed_at,
        concepts=concepts,
        metadata=json.loads(metadata),
        geo=None if latitude is None else GeoPoint(latitude, longitude),
        crop=to_box(crop),
    )
