"""The tables of concepts and of what is said of inputs."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from nearsight.truth.database import Database, as_ids, select


@dataclass(frozen=True, slots=True)
class ConceptRecord:
    """A concept that people used: how many inputs are said to show it, and how many not to."""

    id: str
    name: str
    positives: int
    negatives: int
    added_at: datetime


class ConceptTable:
    """The concepts people used, and the annotations that use them."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def annotate(self, ids: Iterable[str], concepts: Mapping[str, bool]) -> None:
        """Say of each input that it shows (True) or does not show (False) each concept."""
        now = time.time()
        with self._database.reading() as db:
            db.executemany(
                "insert or ignore into concept (id, name, added_at) values (?, ?, ?)",
                [(concept, concept, now) for concept in concepts],
            )
            db.executemany(
                "insert into annotation"
                " select input.number, concept.number, ?, ? from input, concept"
                " where input.id = ? and concept.id = ?"
                " on conflict do update set value = excluded.value, added_at = excluded.added_at",
                [
                    (int(value), now, id_, concept)
                    for id_ in ids
                    for concept, value in concepts.items()
                ],
            )

    def unannotate(self, id_: str, concepts: Iterable[str] | None = None) -> None:
        """Take back what was said of an input about some concepts, or about all (None)."""
        with self._database.reading() as db:
            number = "(select number from input where id = ?)"
            if concepts is None:
                db.execute(f"delete from annotation where input = {number}", (id_,))
                return
            db.executemany(
                f"delete from annotation where input = {number}"
                " and concept = (select number from concept where id = ?)",
                [(id_, concept) for concept in concepts],
            )

    def counts(self) -> dict[str, tuple[int, int]]:
        """The concepts people used: id → (inputs said to show it, inputs said not to)."""
        with self._database.reading() as db:
            return {
                id_: (int(yes), int(no))
                for id_, yes, no in db.execute(
                    "select concept.id, total(value), count(value) - total(value) from concept"
                    " left join annotation on annotation.concept = concept.number"
                    " group by concept.number order by concept.id"
                )
            }

    def has(self, id_: str) -> bool:
        """Did anybody use this concept?"""
        with self._database.reading() as db:
            return db.execute("select 1 from concept where id = ?", (id_,)).get is not None

    def annotated(self, concept: str, value: bool) -> NDArray[np.uint64]:
        """The embeddings of the inputs of which this was said of the concept."""
        with self._database.reading() as db:
            return as_ids(
                db.execute(
                    "select embedding.id from concept"
                    " join annotation on annotation.concept = concept.number"
                    " join embedding on embedding.input = annotation.input"
                    " where concept.id = ? and annotation.value = ?",
                    (concept, int(value)),
                )
            )

    # -- the concepts themselves ---------------------------------------------------------------

    def create(self, names: Mapping[str, str]) -> None:
        """Insert concepts, by id their names; none of the ids may be taken."""
        now = time.time()
        with self._database.reading() as db:
            db.executemany(
                "insert into concept (id, name, added_at) values (?, ?, ?)",
                [(id_, name, now) for id_, name in names.items()],
            )

    def rename(self, names: Mapping[str, str]) -> None:
        """Give concepts, by id, other names."""
        with self._database.reading() as db:
            db.executemany(
                "update concept set name = ? where id = ?",
                [(name, id_) for id_, name in names.items()],
            )

    def names(self) -> dict[str, str]:
        """By id the names of all concepts that people used, in the order in which they came."""
        with self._database.reading() as db:
            return dict(select(db, "select id, name from concept order by number"))

    def records(self, ids: Iterable[str]) -> dict[str, ConceptRecord]:
        """By id what is known of these concepts; those that nobody used are left out."""
        with self._database.reading() as db:
            rows = select(
                db,
                "select id, name, total(value), count(value) - total(value), concept.added_at"
                " from concept left join annotation on annotation.concept = concept.number"
                " where id in (select value from json_each(?)) group by concept.number",
                [json.dumps(list(ids))],
            )
        return {
            id_: ConceptRecord(id_, name, int(yes), int(no), datetime.fromtimestamp(added, UTC))
            for id_, name, yes, no, added in rows
        }
