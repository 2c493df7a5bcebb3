"""What a concept is learned from: which embeddings show it, which don't, and which may not."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nearsight.truth.concepts import ConceptTable
from nearsight.truth.database import Database, as_ids, select

Ids = NDArray[np.uint64]


class ExampleTable:
    """Embeddings by what was said of their inputs. All lists ascend and none has one twice."""

    def __init__(self, database: Database, concepts: ConceptTable) -> None:
        """Work on `database` and what its `concepts` are said of."""
        self._database = database
        self._concepts = concepts

    def said(self, concept: str, value: bool) -> Ids:
        """The embeddings of the inputs that are said to show the concept (or not to)."""
        return np.unique(self._concepts.annotated(concept, value))

    def rivals(self, concept: str, others: Sequence[str]) -> Ids:
        """The embeddings of which one of `others` is said, and nothing of the concept."""
        found = [self.said(other, True) for other in others]
        known = [self.said(concept, value) for value in (True, False)]
        none = np.zeros(0, np.uint64)
        return np.setdiff1d(np.concatenate([none, *found]), np.concatenate(known))

    def spread(self, without: Ids, room: int) -> Ids:
        """Up to `room` other embeddings, evenly spread over the order of adding."""
        with self._database.reading() as db:
            count, first, last = select(db, "select count(*), min(id), max(id) from embedding")[0]
        if not count or room <= 0:
            return np.zeros(0, np.uint64)
        probes = 4 * (room + len(without))
        if count <= probes:
            with self._database.reading() as db:
                found = as_ids(db.execute("select id from embedding"))
        else:
            found = self._next_to(np.linspace(first, last, probes).astype(np.uint64))
        return evenly(np.setdiff1d(found, without), room)

    def _next_to(self, ids: Ids) -> Ids:
        """The embedding at or after each of these ids, every one once."""
        with self._database.reading() as db:
            return as_ids(
                db.execute(
                    "select distinct (select min(id) from embedding where id >= value)"
                    " from json_each(?)",
                    (str(ids.tolist()),),
                )
            )


def evenly(ids: Ids, most: int) -> Ids:
    """At most `most` of the ids, evenly spread, the first among them."""
    if len(ids) <= most:
        return ids
    return ids[np.arange(most) * len(ids) // most]
