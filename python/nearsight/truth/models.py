"""The tables of custom models: what they are to recognise, and the versions that were trained."""

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import CorruptionError
from nearsight.truth.database import Database, select


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """A model: `current` is the number of the version in use, None before the first training.

    `parameters` are JSON-ready values that say how it learns.
    """

    id: str
    name: str
    concepts: tuple[str, ...]
    concepts_mutually_exclusive: bool
    closed_environment: bool
    parameters: dict[str, Any]
    current: int | None
    added_at: datetime


@dataclass(frozen=True, slots=True)
class HeadRecord:
    """A trained head: `weights` f32[size], `bias` in logits, `report` JSON-ready values."""

    weights: NDArray[np.float32]
    bias: float
    report: dict[str, Any]


class ModelTable:
    """Models, their concepts and versions."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    # -- models --------------------------------------------------------------------------------

    def create(self, id_: str) -> None:
        """Insert a model without concepts, called by its id; its id must not be taken."""
        with self._database.reading() as db:
            db.execute(
                "insert into model (id, name, exclusive, closed, parameters, trained, added_at)"
                " values (?, ?, 0, 0, '{}', 0, ?)",
                (id_, id_, time.time()),
            )

    def describe(
        self, id_: str, name: str, exclusive: bool, closed: bool, parameters: Mapping[str, Any]
    ) -> None:
        """Change what a model is called and how it learns."""
        with self._database.reading() as db:
            db.execute(
                "update model set name = ?, exclusive = ?, closed = ?, parameters = ? where id = ?",
                (name, int(exclusive), int(closed), json.dumps(dict(parameters)), id_),
            )

    def delete(self, id_: str) -> bool:
        """Delete a model with its versions; was it there?"""
        with self._database.reading() as db:
            db.execute("delete from model where id = ?", (id_,))
            return db.changes() > 0

    def ids(self) -> list[str]:
        """The ids of all models in the order they were created."""
        with self._database.reading() as db:
            return [id_ for (id_,) in select(db, "select id from model order by number")]

    def get(self, id_: str) -> ModelRecord | None:
        """The model with this id, if there is one."""
        with self._database.reading() as db:
            found = select(
                db,
                "select id, name, exclusive, closed, parameters, current, added_at from model"
                " where id = ?",
                [id_],
            )
            concepts = select(
                db,
                "select concept.id from model join model_concept on model = model.number"
                " join concept on concept.number = concept"
                " where model.id = ? order by model_concept.position",
                [id_],
            )
            for model, name, exclusive, closed, parameters, current, added_at in found:
                return ModelRecord(
                    id=model,
                    name=name,
                    concepts=tuple(concept for (concept,) in concepts),
                    concepts_mutually_exclusive=bool(exclusive),
                    closed_environment=bool(closed),
                    parameters=json.loads(parameters),
                    current=current,
                    added_at=datetime.fromtimestamp(added_at, UTC),
                )
        return None

    def add_concepts(self, id_: str, concepts: Iterable[str]) -> None:
        """Let a model recognise these concepts, too; those that it has keep their place."""
        now = time.time()
        with self._database.reading() as db:
            for concept in concepts:
                db.execute(
                    "insert or ignore into concept (id, name, added_at) values (?, ?, ?)",
                    (concept, concept, now),
                )
                db.execute(
                    "insert or ignore into model_concept select model.number, concept.number,"
                    " (select coalesce(max(position), 0) + 1 from model_concept"
                    " where model = model.number)"
                    " from model, concept where model.id = ? and concept.id = ?",
                    (id_, concept),
                )

    def remove_concepts(self, id_: str, concepts: Iterable[str]) -> None:
        """Let a model no longer recognise these concepts."""
        with self._database.reading() as db:
            db.executemany(
                "delete from model_concept where model = (select number from model where id = ?)"
                " and concept = (select number from concept where id = ?)",
                [(id_, concept) for concept in concepts],
            )

    # -- versions ------------------------------------------------------------------------------

    def add_version(
        self, id_: str, heads: Mapping[str, HeadRecord], inputs: NDArray[np.uint64]
    ) -> int:
        """Insert a version with a head for each concept and put it to use; its number.

        `inputs` are the numbers of the inputs that it was told of.
        """
        with self._database.reading() as db:
            number, model = select(
                db,
                "update model set trained = trained + 1, current = trained + 1 where id = ?"
                " returning current, number",
                [id_],
            )[0]
            db.execute(
                "insert into version values (?, ?, ?, ?)",
                (model, number, time.time(), inputs.astype("<u8").tobytes()),
            )
            db.executemany(
                "insert into head select ?, ?, number, ?, ?, ? from concept where id = ?",
                [
                    (
                        *(model, number, head.weights.astype("<f4").tobytes(), head.bias),
                        *(json.dumps(head.report), concept),
                    )
                    for concept, head in heads.items()
                ],
            )
        return int(number)

    def use(self, id_: str, version: int | None) -> None:
        """Put a version to use, or none."""
        with self._database.reading() as db:
            db.execute("update model set current = ? where id = ?", (version, id_))

    def delete_version(self, id_: str, version: int) -> None:
        """Delete a version with its heads."""
        with self._database.reading() as db:
            db.execute(
                "delete from version where number = ?"
                " and model = (select number from model where id = ?)",
                (version, id_),
            )

    def versions(self, id_: str) -> list[tuple[int, datetime]]:
        """The numbers of a model's versions and when they were trained, the oldest first."""
        with self._database.reading() as db:
            rows = select(
                db,
                "select version.number, trained_at from version join model on model = model.number"
                " where model.id = ? order by version.number",
                [id_],
            )
        return [(number, datetime.fromtimestamp(at, UTC)) for number, at in rows]

    def told_of(self, id_: str, version: int) -> NDArray[np.uint64]:
        """The numbers of the inputs that a version was told of; some may be deleted by now."""
        with self._database.reading() as db:
            blob = db.execute(
                "select inputs from version join model on model = model.number"
                " where model.id = ? and version.number = ?",
                (id_, version),
            ).get
        return np.frombuffer(blob or b"", "<u8")

    # -- feedback ------------------------------------------------------------------------------

    def keep_feedback(self, id_: str, annotation: str, info: Mapping[str, str]) -> None:
        """Remember that an annotation, by its id, came as feedback to a model."""
        with self._database.reading() as db:
            db.execute(
                "insert into feedback select annotation.number, model.number, ?"
                " from annotation, model where annotation.id = ? and model.id = ?",
                (json.dumps(dict(info)), annotation, id_),
            )

    def feedback(self, id_: str) -> list[tuple[str, dict[str, str]]]:
        """The feedback to a model, the oldest first: the annotation's id and where it came from."""
        with self._database.reading() as db:
            rows = select(
                db,
                "select annotation.id, info from feedback"
                " join annotation on annotation.number = feedback.annotation"
                " join model on model.number = feedback.model"
                " where model.id = ? order by annotation.number",
                [id_],
            )
            return [(annotation, json.loads(info)) for annotation, info in rows]

    # -- heads ---------------------------------------------------------------------------------

    def heads(self, id_: str, version: int, size: int) -> dict[str, HeadRecord]:
        """A version's heads by concept; `size` is how many numbers each has.

        Raises `CorruptionError` where a stored head does not have that size.
        """
        with self._database.reading() as db:
            rows = select(
                db,
                "select concept.id, weights, bias, report from head"
                " join model on model.number = head.model"
                " join concept on concept.number = head.concept"
                " where model.id = ? and head.version = ? order by concept.id",
                [id_, version],
            )
        return {row[0]: self._head(row[1:], f"{id_} version {version}", size) for row in rows}

    def head_of(self, concept: str, size: int) -> tuple[str, int, HeadRecord] | None:
        """The head in use for a concept, with its model and version.

        Of several models that recognise it, the one whose version in use was trained last. Raises
        `CorruptionError` like `heads`.
        """
        with self._database.reading() as db:
            rows = select(
                db,
                "select model.id, current, weights, bias, report from concept"
                " join model_concept on model_concept.concept = concept.number"
                " join model on model.number = model_concept.model"
                " join version on version.model = model.number and version.number = current"
                " join head on head.model = model.number and head.version = current"
                " and head.concept = concept.number"
                " where concept.id = ? order by trained_at desc, model.number desc limit 1",
                [concept],
            )
        for model, version, *row in rows:
            return model, version, self._head(row, f"{model} version {version}", size)
        return None

    def having(self, concept: str) -> list[str]:
        """The ids of the models that are to recognise a concept, trained or not."""
        with self._database.reading() as db:
            rows = select(
                db,
                "select model.id from model join model_concept on model = model.number"
                " join concept on concept.number = concept"
                " where concept.id = ? order by model.number",
                [concept],
            )
        return [id_ for (id_,) in rows]

    def _head(self, row: Sequence[Any], of: str, size: int) -> HeadRecord:
        weights, bias, report = row
        if len(weights) != 4 * size:
            raise CorruptionError(
                f"{self._database.path} is damaged: a head of the model {of} has not the size of "
                "the embedder's vectors. Restore a copy of the file, or train the model again."
            )
        with self._database.reading():  # whose errors name the file
            return HeadRecord(np.frombuffer(weights, "<f4"), bias, json.loads(report))
