"""The table of concepts."""

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import apsw

from nearsight.truth.database import Database, pairs, select
from nearsight.truth.records import as_time


@dataclass(frozen=True, slots=True)
class ConceptRecord:
    """A concept that people used: how many annotations say it, and how many deny it."""

    id: str
    name: str
    positives: int
    negatives: int
    added_at: datetime


class ConceptTable:
    """The concepts people used."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def counts(self) -> dict[str, tuple[int, int]]:
        """The concepts people used: id → (annotations that say so, annotations that deny it)."""
        with self._database.reading() as db:
            return {
                id_: (int(yes), int(no))
                for id_, yes, no in db.execute(
                    "select concept.id, total(value), count(value) - total(value) from concept"
                    " left join said on said.concept = concept.number"
                    " group by concept.number order by concept.id"
                )
            }

    def id_of(self, name: str) -> str | None:
        """The id of the concept with this id, else of the oldest with this name."""
        with self._database.reading() as db:
            found = db.execute(
                "select id from concept where id = ?1 or name = ?1"
                " order by id != ?1, number limit 1",
                (name,),
            ).get
        return None if found is None else str(found)

    def has(self, id_: str) -> bool:
        """Did anybody use this concept?"""
        with self._database.reading() as db:
            return db.execute("select 1 from concept where id = ?", (id_,)).get is not None

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
            return pairs(select(db, "select id, name from concept order by number"))

    def taught(self) -> dict[str, str]:
        """By id the names of the concepts that some model's version in use has learned."""
        with self._database.reading() as db:
            return pairs(
                select(
                    db,
                    "select distinct concept.id, concept.name from model"
                    " join model_concept on model_concept.model = model.number"
                    " join head on head.model = model.number and head.version = model.current"
                    " and head.concept = model_concept.concept"
                    " join concept on concept.number = head.concept order by concept.number",
                )
            )

    def records(self, ids: Iterable[str]) -> dict[str, ConceptRecord]:
        """By id what is known of these concepts; those that nobody used are left out."""
        with self._database.reading() as db:
            rows = select(
                db,
                "select id, name, total(value), count(value) - total(value), concept.added_at"
                " from concept left join said on said.concept = concept.number"
                " where id in (select value from json_each(?)) group by concept.number",
                [json.dumps(list(ids))],
            )
        return {
            id_: ConceptRecord(id_, name, int(yes), int(no), as_time(added))
            for id_, name, yes, no, added in rows
        }


def ensure_concepts(db: apsw.Connection, ids: Iterable[str]) -> None:
    """Know these concepts from now on, named by their ids."""
    now = time.time()
    db.executemany(
        "insert or ignore into concept (id, name, added_at) values (?, ?, ?)",
        [(id_, id_, now) for id_ in ids],
    )
