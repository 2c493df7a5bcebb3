"""What a concept is learned from: which embeddings show it, which don't, and which may not."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from nearsight.truth.database import Database, as_ids, select

Ids = NDArray[np.uint64]


class ExampleTable:
    """Embeddings by what was said of their inputs. All lists ascend and none has one twice."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def said(self, concept: str, value: bool) -> Ids:
        """The embeddings of the pictures and boxes that are said to show the concept (or not to).

        What somebody else than the app's user says of a whole picture is said of its embedding.
        """
        with self._database.reading() as db:
            return np.unique(
                as_ids(
                    db.execute(
                        "select embedding.id from concept"
                        " join said on said.concept = concept.number and said.value = ?"
                        " join annotation on annotation.number = said.annotation"
                        " join input on input.number = annotation.input"
                        " join annotation as shown on shown.id ="
                        " case when annotation.box is null then input.id else annotation.id end"
                        " join embedding on embedding.annotation = shown.number"
                        " where concept.id = ?",
                        (int(value), concept),
                    )
                )
            )

    def rivals(self, concept: str, others: Sequence[str]) -> Ids:
        """The embeddings of which one of `others` is said, and nothing of the concept."""
        found = [self.said(other, True) for other in others]
        known = [self.said(concept, value) for value in (True, False)]
        none = np.zeros(0, np.uint64)
        return np.setdiff1d(np.concatenate([none, *found]), np.concatenate(known))

    def spread(self, without: Ids, room: int) -> Ids:
        """Up to `room` embeddings of other whole pictures, evenly spread over the order of adding.

        Other than those that the embeddings `without` belong to: who said of a box that it shows
        the concept did not say that the picture does not.
        """
        with self._database.reading() as db:
            count, first, last = select(db, "select count(*), min(id), max(id) from embedding")[0]
        if not count or room <= 0:
            return np.zeros(0, np.uint64)
        known = self.kin(without)
        probes = 4 * (room + len(known))
        if count <= probes:
            with self._database.reading() as db:
                found = as_ids(db.execute("select id from embedding"))
        else:
            found = self._next_to(np.linspace(first, last, probes).astype(np.uint64))
        return evenly(self._whole(np.setdiff1d(found, known)), room)

    def _whole(self, ids: Ids) -> Ids:
        """Those that are of whole pictures."""
        with self._database.reading() as db:
            return as_ids(
                db.execute(
                    "select embedding.id from embedding"
                    " join annotation on annotation.number = embedding.annotation"
                    " where embedding.id in (select value from json_each(?)) and box is null"
                    " order by embedding.id",
                    (str(ids.tolist()),),
                )
            )

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

    def kin(self, embeddings: Ids) -> Ids:
        """All embeddings of the pictures that these belong to: the whole ones' and the boxes'."""
        with self._database.reading() as db:
            return np.unique(
                as_ids(
                    db.execute(
                        "select embedding.id from annotation"
                        " join embedding on embedding.annotation = annotation.number"
                        " where annotation.input in (select value from json_each(?))",
                        (str(self.inputs(embeddings).tolist()),),
                    )
                )
            )

    def inputs(self, embeddings: Ids) -> Ids:
        """The numbers of the inputs that these embeddings belong to."""
        with self._database.reading() as db:
            return as_ids(
                db.execute(
                    "select distinct input from embedding"
                    " join annotation on annotation.number = embedding.annotation"
                    " where embedding.id in (select value from json_each(?)) order by input",
                    (str(embeddings.tolist()),),
                )
            )

    def input_ids(self, numbers: Ids, limit: int, offset: int) -> list[str]:
        """The ids of those of these inputs that are there, in the order they were added."""
        with self._database.reading() as db:
            rows = select(
                db,
                "select id from input where number in (select value from json_each(?))"
                " order by number limit ? offset ?",
                (str(numbers.tolist()), limit, offset),
            )
        return [id_ for (id_,) in rows]


def evenly(ids: Ids, most: int) -> Ids:
    """At most `most` of the ids, evenly spread, the first among them."""
    if len(ids) <= most:
        return ids
    return ids[np.arange(most) * len(ids) // most]
