"""The tables of concepts and of what is said of inputs."""

import time
from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from nearsight.truth.database import Database, as_ids


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
