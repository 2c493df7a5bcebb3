"""The table of embeddings, which caches follow."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import apsw
import numpy as np
from numpy.typing import NDArray

from nearsight.errors import CorruptionError
from nearsight.truth.database import LOOKUP_SLICE, Database, as_ids, select
from nearsight.truth.records import NewEmbedding


class Owner(NamedTuple):
    """What an embedding is of: ids of the input and of the annotation, and the latter's number."""

    input: str
    annotation: str
    number: int


class EmbeddingTable:
    """Embeddings with their predictions: rows that are added and erased, never changed."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def owners(self, embeddings: Sequence[int]) -> dict[int, list[Owner]]:
        """What each embedding is of, its own annotation first; erased ones are left out.

        The embedding of a whole picture is of all that is said of the whole picture.
        """
        found: dict[int, list[Owner]] = {}
        with self._database.reading() as db:
            for start in range(0, len(embeddings), LOOKUP_SLICE):
                wanted = [int(id_) for id_ in embeddings[start : start + LOOKUP_SLICE]]
                for id_, *owner in select(
                    db,
                    "select embedding.id, input.id, said.id, said.number from embedding"
                    " join annotation as own on own.number = embedding.annotation"
                    " join input on input.number = own.input"
                    " join annotation as said on said.input = input.number and"
                    " (said.number = own.number or (own.box is null and said.box is null))"
                    f" where embedding.id in ({','.join('?' * len(wanted))})"
                    " order by embedding.id, said.number != own.number, said.number",
                    wanted,
                ):
                    found.setdefault(id_, []).append(Owner(*owner))
        return found

    def of_input(self, id_: str) -> list[NDArray[np.float32]]:
        """The embeddings of an input, of its boxes too, f32[dim] each; empty if there is none."""
        return self._vectors("input.id", id_)

    def of_annotation(self, id_: str) -> list[NDArray[np.float32]]:
        """The embedding of an annotation's box, or of the whole picture; empty if there is none."""
        with self._database.reading() as db:
            shown = db.execute(
                "select case when box is null then input.id else annotation.id end from annotation"
                " join input on input.number = annotation.input where annotation.id = ?",
                (id_,),
            ).get
        return [] if shown is None else self._vectors("annotation.id", str(shown))

    def _vectors(self, column: str, id_: str) -> list[NDArray[np.float32]]:
        with self._database.reading() as db:
            return [
                np.frombuffer(blob, "<f4")
                for (blob,) in db.execute(
                    "select vector from embedding"
                    " join annotation on annotation.number = embedding.annotation"
                    " join input on input.number = annotation.input"
                    f" where {column} = ? order by embedding.id",
                    (id_,),
                )
            ]

    def probabilities(self, id_: str) -> NDArray[np.float32] | None:
        """What the model predicts of an input, f32[labels]; None if there is no such input."""
        with self._database.reading() as db:
            blob = db.execute(
                "select probabilities from embedding"
                " join annotation on annotation.number = embedding.annotation"
                " join input on input.number = annotation.input and input.id = annotation.id"
                " where input.id = ?",
                (id_,),
            ).get
        return None if blob is None else np.frombuffer(blob, "<f2").astype(np.float32)

    def last(self) -> int:
        """The highest id there is, 0 if there is none."""
        with self._database.reading() as db:
            return int(db.execute("select coalesce(max(id), 0) from embedding").get)

    def ids(self) -> NDArray[np.uint64]:
        """All ids, rising."""
        with self._database.reading() as db:
            return as_ids(db.execute("select id from embedding order by id"))

    def after(
        self, last: int, upto: int, dim: int, labels: int, limit: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.float32], NDArray[np.float32]]:
        """Up to `limit` embeddings with ids in (last, upto]: ids, f32[n, dim], f32[n, labels].

        Raises `CorruptionError` where a stored vector does not have the model's size.
        """
        with self._database.reading() as db:
            rows = select(
                db,
                "select id, vector, probabilities from embedding"
                " where id > ? and id <= ? order by id limit ?",
                (last, upto, limit),
            )
            return self._as_arrays(rows, dim, labels)

    def some(
        self, embeddings: Sequence[int], dim: int, labels: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.float32], NDArray[np.float32]]:
        """Those of these embeddings that are there, by id: like `after`."""
        rows: list[tuple[Any, ...]] = []
        with self._database.reading() as db:
            for start in range(0, len(embeddings), LOOKUP_SLICE):
                wanted = [int(id_) for id_ in embeddings[start : start + LOOKUP_SLICE]]
                rows += select(
                    db,
                    "select id, vector, probabilities from embedding"
                    f" where id in ({','.join('?' * len(wanted))})",
                    wanted,
                )
            return self._as_arrays(sorted(rows, key=lambda row: int(row[0])), dim, labels)

    def _as_arrays(
        self, rows: Sequence[tuple[Any, ...]], dim: int, labels: int
    ) -> tuple[NDArray[np.uint64], NDArray[np.float32], NDArray[np.float32]]:
        for id_, vector, probabilities in rows:
            if len(vector) != 4 * dim or len(probabilities) != 2 * labels:
                raise CorruptionError(
                    f"{self._database.path} is damaged: embedding {id_} has not the size of "
                    "its model's vectors. Restore a copy of the file."
                )
        return (
            np.array([row[0] for row in rows], np.uint64),
            np.frombuffer(b"".join(row[1] for row in rows), "<f4").reshape(len(rows), dim),
            np.frombuffer(b"".join(row[2] for row in rows), "<f2")
            .reshape(len(rows), labels)
            .astype(np.float32),
        )

    def erased_since(self, generation: int) -> NDArray[np.uint64]:
        """The embeddings that were erased after this generation."""
        with self._database.reading() as db:
            return as_ids(
                db.execute("select embedding from erased where generation > ?", (generation,))
            )


def insert_embedding(db: apsw.Connection, annotation: int, new: NewEmbedding) -> int:
    """Insert what the model makes of an annotation's picture or box; its id."""
    return int(
        db.execute(
            "insert into embedding (annotation, embedder, vector, probabilities)"
            " values (?, (select min(id) from embedder), ?, ?) returning id",
            (
                annotation,
                new.vector.astype("<f4").tobytes(),
                new.probabilities.astype("<f2").tobytes(),
            ),
        ).get
    )
