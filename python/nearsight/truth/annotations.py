"""The tables of annotations and of what they say."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence

import apsw
import numpy as np
from numpy.typing import NDArray

from nearsight.truth.concepts import ensure_concepts
from nearsight.truth.database import LOOKUP_SLICE, Database, as_ids, select
from nearsight.truth.embeddings import insert_embedding
from nearsight.truth.records import Annotation, NewAnnotation, as_time
from nearsight.values.region import BoundingBox

_COLUMNS = (
    "annotation.number, annotation.id, input.id, annotation.box, annotation.text,"
    " annotation.author, annotation.added_at, annotation.changed_at"
)


class AnnotationTable:
    """Annotations with what they say; each input's primary one has the input's id."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def add(self, input_id: str, new: NewAnnotation) -> None:
        """Insert an annotation of an input that is there."""
        with self._database.reading() as db:
            number = db.execute("select number from input where id = ?", (input_id,)).get
            insert_annotation(db, int(number), new, time.time())

    def say(self, ids: Iterable[str], concepts: Mapping[str, bool]) -> None:
        """Let each annotation say that it shows (True) or does not show (False) each concept."""
        with self._database.reading() as db:
            numbers = self._numbers(db, ids)
            for number in numbers:
                insert_said(db, number, concepts)

    def unsay(self, id_: str, concepts: Iterable[str] | None = None) -> None:
        """Take back what an annotation says about some concepts, or about all (None)."""
        with self._database.reading() as db:
            for number in self._numbers(db, [id_]):
                if concepts is None:
                    db.execute("delete from said where annotation = ?", (number,))
                    continue
                db.executemany(
                    "delete from said where annotation = ?"
                    " and concept = (select number from concept where id = ?)",
                    [(number, concept) for concept in concepts],
                )

    def set_text(self, id_: str, text: str | None) -> None:
        """Replace the text of an annotation."""
        with self._database.reading() as db:
            db.execute(
                "update annotation set text = ?, changed_at = ? where id = ?",
                (text, time.time(), id_),
            )

    def erase(self, ids: Iterable[str]) -> list[str]:
        """Delete annotations and their embeddings; the ids that were there."""
        with self._database.reading() as db:
            found = []
            for id_ in dict.fromkeys(ids):
                db.execute("delete from annotation where id = ?", (id_,))
                found += [id_] * bool(db.changes())
        return found

    def numbers(self) -> NDArray[np.uint64]:
        """The numbers of all annotations, rising."""
        with self._database.reading() as db:
            return as_ids(db.execute("select number from annotation order by number"))

    def has(self, id_: str) -> bool:
        """Is there an annotation with this id?"""
        with self._database.reading() as db:
            return db.execute("select 1 from annotation where id = ?", (id_,)).get is not None

    def with_box(self, input_id: str, box: BoundingBox, by: str = "") -> str | None:
        """The id of the oldest annotation of this region of an input by this author."""
        with self._database.reading() as db:
            found = db.execute(
                "select annotation.id from annotation join input on input.number = input"
                " where input.id = ? and box = ? and author = ? order by annotation.number limit 1",
                (input_id, from_box(box), by),
            ).get
        return None if found is None else str(found)

    def count(self, input_id: str | None = None) -> int:
        """How many annotations there are, in all or of one input."""
        sql = "select count(*) from annotation"
        with self._database.reading() as db:
            if input_id is None:
                return int(db.execute(sql).get)
            where = " where input = (select number from input where id = ?)"
            return int(db.execute(sql + where, (input_id,)).get)

    def get(self, ids: Sequence[str]) -> dict[str, Annotation]:
        """The annotations with these ids; unknown ids are left out."""
        return {found.id: found for found in self._select("annotation.id", ids).values()}

    def numbered(self, numbers: Sequence[int]) -> dict[int, Annotation]:
        """The annotations with these numbers; unknown ones are left out."""
        return self._select("annotation.number", numbers)

    def of_inputs(self, numbers: Sequence[int]) -> dict[int, Annotation]:
        """All annotations, by number, of the inputs with these numbers."""
        return self._select("annotation.input", numbers)

    def page(self, offset: int, limit: int, input_id: str | None = None) -> list[Annotation]:
        """Annotations in the order they were added, of all inputs or of one."""
        where = "" if input_id is None else "where input = (select number from input where id = ?)"
        with self._database.snapshot(), self._database.reading() as db:
            rows = select(
                db,
                f"select number from annotation {where} order by number limit ? offset ?",
                (*([] if input_id is None else [input_id]), limit, offset),
            )
            return list(self.numbered([row[0] for row in rows]).values())

    def after(self, number: int, limit: int) -> tuple[int, list[Annotation]]:
        """Up to `limit` annotations in the order they were added, and where to go on."""
        with self._database.snapshot(), self._database.reading() as db:
            rows = select(
                db,
                "select number from annotation where number > ? order by number limit ?",
                (number, limit),
            )
            found = self.numbered([row[0] for row in rows])
        return (rows[-1][0] if rows else number), list(found.values())

    def _numbers(self, db: apsw.Connection, ids: Iterable[str]) -> list[int]:
        found = [
            db.execute("select number from annotation where id = ?", (id_,)).get for id_ in ids
        ]
        return [int(number) for number in found if number is not None]

    def _select(self, column: str, values: Sequence[object]) -> dict[int, Annotation]:
        found: dict[int, Annotation] = {}
        with self._database.reading() as db:
            for start in range(0, len(values), LOOKUP_SLICE):
                wanted = tuple(values[start : start + LOOKUP_SLICE])
                rows = select(
                    db,
                    f"select {_COLUMNS} from annotation"
                    " join input on input.number = annotation.input"
                    f" where {column} in ({','.join('?' * len(wanted))})"
                    " order by annotation.number",
                    wanted,
                )
                said = said_by(db, [row[0] for row in rows])
                for number, id_, owner, box, text, by, *times in rows:
                    found[number] = Annotation(
                        *(id_, owner, to_box(box), said.get(number, {}), text, by),
                        *map(as_time, times),
                    )
        return dict(sorted(found.items()))


def insert_annotation(
    db: apsw.Connection, input_number: int, new: NewAnnotation, now: float
) -> int:
    """Insert one annotation with its embedding, if it has one; the embedding's id, or 0."""
    number = db.execute(
        "insert into annotation (id, input, box, text, author, added_at, changed_at)"
        " values (?,?,?,?,?,?,?) returning number",
        (new.id, input_number, from_box(new.box), new.text, new.by, now, now),
    ).get
    insert_said(db, int(number), new.concepts)
    return 0 if new.embedding is None else insert_embedding(db, int(number), new.embedding)


def insert_said(db: apsw.Connection, annotation: int, concepts: Mapping[str, bool]) -> None:
    """Let an annotation say something; a later word wins."""
    ensure_concepts(db, concepts)
    db.executemany(
        "insert into said select ?, number, ? from concept where id = ?"
        " on conflict do update set value = excluded.value",
        [(annotation, int(value), concept) for concept, value in concepts.items()],
    )


def said_by(db: apsw.Connection, annotations: Sequence[int]) -> dict[int, dict[str, bool]]:
    """What these annotations say, by number; concepts in the order of their ids."""
    said: dict[int, dict[str, bool]] = {}
    for start in range(0, len(annotations), LOOKUP_SLICE):
        wanted = annotations[start : start + LOOKUP_SLICE]
        for number, concept, value in select(
            db,
            "select said.annotation, concept.id, said.value from said"
            " join concept on concept.number = said.concept"
            f" where said.annotation in ({','.join('?' * len(wanted))}) order by concept.id",
            wanted,
        ):
            said.setdefault(number, {})[concept] = bool(value)
    return said


def from_box(box: BoundingBox | None) -> str | None:
    """A box as the truth keeps it."""
    return None if box is None else json.dumps(list(box))


def to_box(kept: str | None) -> BoundingBox | None:
    """A box as the truth kept it."""
    return None if kept is None else BoundingBox(*json.loads(kept))
