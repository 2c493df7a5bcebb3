"""The table of inputs."""

import time
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import apsw
import numpy as np
from numpy.typing import NDArray

from nearsight.errors import ArgumentError
from nearsight.filters import Filter
from nearsight.geo import GeoPoint
from nearsight.truth.conditions import condition
from nearsight.truth.database import LOOKUP_SLICE, Database, as_ids, select
from nearsight.truth.failures import is_damage
from nearsight.truth.records import Input, NewInput

_COLUMNS = (
    "id, name, uri, format, width, height, size_bytes, content, added_at, metadata, latitude,"
    " longitude"
)


class InputTable:
    """Inputs with what hangs on them."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(self, inputs: Iterable[NewInput]) -> list[int]:
        """Insert inputs with their embeddings; the ids of the embeddings, in order."""
        with self._database.reading() as db:
            return [self._add_one(db, new) for new in inputs]

    def _add_one(self, db: apsw.Connection, new: NewInput) -> int:
        number = db.execute(
            "insert into input (id, content, name, uri, format, width, height, size_bytes,"
            " added_at, thumbnail, metadata, latitude, longitude)"
            " values (?,?,?,?,?,?,?,?,?,?,?,?,?) returning number",
            (
                *(new.id, new.content, new.name, new.uri, new.format, new.width, new.height),
                *(new.size_bytes, time.time(), new.thumbnail, new.metadata),
                *(new.geo or (None, None)),
            ),
        ).get
        return int(
            db.execute(
                "insert into embedding (input, embedder, vector, probabilities)"
                " values (?, (select min(id) from embedder), ?, ?) returning id",
                (
                    number,
                    new.vector.astype("<f4").tobytes(),
                    new.probabilities.astype("<f2").tobytes(),
                ),
            ).get
        )

    def erase(self, ids: Iterable[str], generation: int) -> list[str]:
        """Delete inputs and all that hangs on them; the ids that were there."""
        with self._database.reading() as db:
            return [id_ for id_ in dict.fromkeys(ids) if self._erase_one(db, id_, generation)]

    def _erase_one(self, db: apsw.Connection, id_: str, generation: int) -> bool:
        db.execute(
            "insert into erased select embedding.id, ? from embedding"
            " join input on input.number = embedding.input where input.id = ?",
            (generation, id_),
        )
        db.execute("delete from input where id = ?", (id_,))
        return db.changes() > 0

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

    def count(self) -> int:
        """How many inputs there are."""
        with self._database.reading() as db:
            return int(db.execute("select count(*) from input").get)

    def has(self, id_: str) -> bool:
        """Is there an input with this id?"""
        with self._database.reading() as db:
            return db.execute("select 1 from input where id = ?", (id_,)).get is not None

    def id_of_content(self, digest: bytes) -> str | None:
        """The id of the input whose bytes have this SHA-256, if there is one."""
        with self._database.reading() as db:
            found = db.execute("select id from input where content = ? limit 1", (digest,)).get
        return None if found is None else str(found)

    def get(self, ids: Sequence[str]) -> dict[str, Input]:
        """The inputs with these ids; unknown ids are left out."""
        return {record.id: record for record in self._select("id", ids)}

    def after(self, number: int, limit: int) -> tuple[int, list[Input]]:
        """Up to `limit` inputs in the order they were added, and where to go on."""
        with self._database.snapshot(), self._database.reading() as db:
            rows = select(
                db,
                "select number from input where number > ? order by number limit ?",
                (number, limit),
            )
            numbers = [row[0] for row in rows]
            return (numbers[-1] if numbers else number), self._select("number", numbers)

    def _select(self, column: str, values: Sequence[object]) -> list[Input]:
        found: list[Input] = []
        with self._database.reading() as db:
            for start in range(0, len(values), LOOKUP_SLICE):
                wanted = tuple(values[start : start + LOOKUP_SLICE])
                marks = ",".join("?" * len(wanted))
                rows = select(
                    db,
                    f"select number, {_COLUMNS} from input where {column} in ({marks})"
                    " order by number",
                    wanted,
                )
                said = self._annotations(db, [row[0] for row in rows])
                found += [_input(row[1:], said.get(row[0], {})) for row in rows]
        return found

    def _annotations(self, db: apsw.Connection, numbers: list[int]) -> dict[int, dict[str, bool]]:
        said: dict[int, dict[str, bool]] = {}
        marks = ",".join("?" * len(numbers))
        for number, concept, value in select(
            db,
            "select annotation.input, concept.id, annotation.value from annotation"
            f" join concept on concept.number = annotation.concept where input in ({marks})"
            " order by concept.id",
            numbers,
        ):
            said.setdefault(number, {})[concept] = bool(value)
        return said

    def meeting(self, asked: Filter) -> NDArray[np.uint64] | None:
        """The embeddings of the inputs that meet a filter about metadata or places; None for a
        filter about something else.
        """
        found = condition(asked)
        if found is None:
            return None
        sql, values = found
        with self._database.reading() as db:
            try:
                return as_ids(
                    db.execute(
                        "select embedding.id from input"
                        f" join embedding on embedding.input = input.number where {sql}",
                        values,
                    )
                )
            except apsw.SQLError as error:
                if is_damage(error):
                    raise
                raise ArgumentError(
                    f"where: {str(asked)[:200]} is more than the database compares at once "
                    f"({error}); ask for less"
                ) from error

    def thumbnail(self, id_: str) -> bytes | None:
        """The JPEG thumbnail of an input, None if there is no such input."""
        with self._database.reading() as db:
            found = db.execute("select thumbnail from input where id = ?", (id_,)).get
        return None if found is None else bytes(found)


def _input(row: tuple[Any, ...], concepts: dict[str, bool]) -> Input:
    import json  # here and not above, to keep `import nearsight` light

    id_, name, uri, format_, width, height, size_bytes, content, added_at, metadata, *geo = row
    return Input(
        id=id_,
        name=name,
        uri=uri,
        format=format_,
        width=width,
        height=height,
        size_bytes=size_bytes,
        content=content.hex(),
        added_at=datetime.fromtimestamp(added_at, UTC),
        concepts=concepts,
        metadata=json.loads(metadata),
        geo=None if geo[0] is None else GeoPoint(*geo),
    )
