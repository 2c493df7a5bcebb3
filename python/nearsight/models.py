"""Custom models: concepts of your own, learned from what is said of inputs.

A model is a list of concepts. `train` learns one head for each from the annotations and makes a
version of them; one version is in use, for predictions and for searching by the concepts.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeGuard

import numpy as np
from numpy.typing import NDArray

from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, NotFoundError, TrainingError
from nearsight.ingest import embed_query
from nearsight.teaching import NO, PRESUMED, YES, Head, Report, teach
from nearsight.truth import HeadRecord, ModelRecord, Truth, evenly

_ROOM = 1000  # unlabelled pictures fill a training up to this many
_MOST_SAID = 2000  # of either side: a linear head learns next to nothing from more
_MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Version:
    """One training of a model: `reports` by concept. `number` counts from 1, never used twice."""

    number: int
    trained_at: datetime
    reports: dict[str, Report]


class Model:
    """A custom model. A handle: everything it says is as the database has it now.

    All of it raises `NotFoundError` once the model is deleted.
    """

    def __init__(self, id_: str, truth: Truth, engine: Engine, embedder: Embedder) -> None:
        """Stand for the model `id_` of `truth`; use `app.models`."""
        self.id = id_
        self._truth = truth
        self._engine = engine
        self._embedder = embedder

    @property
    def name(self) -> str:
        """What it is called."""
        return self._record().name

    @property
    def concepts(self) -> tuple[str, ...]:
        """What it recognises, in the order it was told."""
        return self._record().concepts

    @property
    def concepts_mutually_exclusive(self) -> bool:
        """Does a picture that shows one of its concepts show none of the others?"""
        return self._record().concepts_mutually_exclusive

    @property
    def current(self) -> int | None:
        """The number of the version in use; None before the first training."""
        return self._record().current

    def _record(self) -> ModelRecord:
        record = self._truth.models.get(self.id)
        if record is None:
            raise NotFoundError(f"no model has the id {self.id!r}")
        return record

    # -- concepts ------------------------------------------------------------------------------

    def add_concepts(self, concepts: Iterable[str]) -> None:
        """Recognise these, too, from the next training on; those it has keep their place."""
        names = _concepts(concepts)
        with self._truth.writing():
            self._record()
            self._truth.models.add_concepts(self.id, names)
        self._engine.catch_up()

    def remove_concepts(self, concepts: Iterable[str]) -> None:
        """Recognise these no longer, from now on. What was said of inputs stays.

        Raises `NotFoundError` (it has no such concept), `ArgumentError` (none would be left).
        """
        names = _concepts(concepts)
        with self._truth.writing():
            has = self._record().concepts
            if unknown := [name for name in names if name not in has]:
                raise NotFoundError(f"the model {self.id!r} has no concept {unknown[0]!r}")
            if set(has) == set(names):
                raise ArgumentError(
                    f"the model {self.id!r} would have no concept left: delete the model instead"
                )
            self._truth.models.remove_concepts(self.id, names)
        self._engine.catch_up()

    # -- training ------------------------------------------------------------------------------

    def train(self) -> Version:
        """Learn every concept from what is said of inputs now; the new version is in use at once.

        A concept's examples are the inputs said to show it and those said not to. With
        `concepts_mutually_exclusive`, inputs said to show another concept of the model do not show
        it, unless something is said of it. Unlabelled inputs, evenly spread over the order of
        adding, are presumed not to show it, each counting a tenth of one that was said not to; they
        fill up to 1000 examples in all, so that one positive is enough to begin with. Of more than
        2000 on either side an even selection is used.

        Raises `TrainingError` (a concept that no input is said to show, or nothing to tell it
        from), `ReadOnlyError`.
        """
        with self._truth.snapshot():
            record = self._record()
            examples = {concept: self._examples(record, concept) for concept in record.concepts}
        taught = {concept: teach(*arrays) for concept, arrays in examples.items()}
        with self._truth.writing():
            self._record()
            heads = {concept: _stored(head, report) for concept, (head, report) in taught.items()}
            number = self._truth.models.add_version(self.id, heads)
        self._engine.catch_up()
        return self.version(number)

    def _examples(
        self, record: ModelRecord, concept: str
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int8]]:
        table = self._truth.examples
        yes, no = table.said(concept, True), table.said(concept, False)
        if record.concepts_mutually_exclusive:
            others = [other for other in record.concepts if other != concept]
            no = np.union1d(no, table.rivals(concept, others))
        if not len(yes):
            raise TrainingError(
                f"no input is said to show {concept!r}, so that it cannot be learned. Say it of "
                f"one or more: app.inputs.add(pictures, concepts=[{concept!r}])"
            )
        presumed = table.spread(np.union1d(yes, no), _ROOM - len(yes) - len(no))
        if not len(no) + len(presumed):
            raise TrainingError(
                f"every input is said to show {concept!r}, so that there is nothing to tell it "
                "from. Add pictures that do not show it."
            )
        stance = dict.fromkeys(evenly(yes, _MOST_SAID).tolist(), YES)
        stance |= dict.fromkeys(evenly(no, _MOST_SAID).tolist(), NO)
        stance |= dict.fromkeys(presumed.tolist(), PRESUMED)
        ids, vectors, predictions = self._truth.embeddings.some(
            sorted(stance), self._embedder.dim, len(self._embedder.labels)
        )
        return vectors, predictions, np.array([stance[id_] for id_ in ids.tolist()], np.int8)

    # -- versions ------------------------------------------------------------------------------

    @property
    def versions(self) -> list[Version]:
        """Every version, the oldest first."""
        self._record()
        return [self._version(*found) for found in self._truth.models.versions(self.id)]

    def version(self, number: int) -> Version:
        """One version. Raises `NotFoundError`."""
        self._record()
        found = dict(self._truth.models.versions(self.id))
        if number not in found:
            has = ", ".join(map(str, found)) or "none yet"
            raise NotFoundError(f"the model {self.id!r} has no version {number!r}. It has: {has}")
        return self._version(number, found[number])

    def _version(self, number: int, trained_at: datetime) -> Version:
        heads = self._truth.models.heads(self.id, number, self._size)
        return Version(number, trained_at, {c: Report(**head.report) for c, head in heads.items()})

    def use(self, number: int) -> None:
        """Put an earlier (or later) version to use. Raises `NotFoundError`."""
        with self._truth.writing():
            self._truth.models.use(self.id, self.version(number).number)
        self._engine.catch_up()

    def delete_version(self, number: int) -> None:
        """Delete a version; if it is in use, the newest of the others comes into use, or none.

        Raises `NotFoundError`.
        """
        with self._truth.writing():
            version = self.version(number).number
            self._truth.models.delete_version(self.id, version)
            if self.current == version:
                left = [other for other, _ in self._truth.models.versions(self.id)]
                self._truth.models.use(self.id, left[-1] if left else None)
        self._engine.catch_up()

    # -- predicting ----------------------------------------------------------------------------

    def predict(
        self,
        image: object,
        *,
        min_value: float = 0.0,
        max_concepts: int | None = None,
        select_concepts: Iterable[str] | None = None,
    ) -> list[tuple[str, float]]:
        """What a picture shows: (concept, probability in 0..1), the most probable first.

        `image` is any source of one picture. Concepts below `min_value` are left out, so are those
        that are not in `select_concepts`, then all but the first `max_concepts`. A concept that was
        added since the last training is not predicted yet.

        Raises `TrainingError` (no version yet), `ArgumentError`, `NotFoundError` (no such file, or
        a selected concept that the model does not have), `PictureError`.
        """
        _check_limits(min_value, max_concepts)
        heads = self._heads(None if select_concepts is None else _concepts(select_concepts))
        _, result = embed_query(image, self._embedder, self._engine)
        values = [
            (concept, float(head.probabilities(result.vectors, result.probabilities)[0]))
            for concept, head in heads.items()
        ]
        best_first = sorted(values, key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in best_first if pair[1] >= min_value][:max_concepts]

    def _heads(self, selected: list[str] | None) -> dict[str, Head]:
        record = self._record()
        if record.current is None:
            raise TrainingError(f"the model {self.id!r} was never trained: call its train() first")
        for concept in selected or []:
            if concept not in record.concepts:
                raise NotFoundError(f"the model {self.id!r} has no concept {concept!r}")
        stored = self._truth.models.heads(self.id, record.current, self._size)
        wanted = record.concepts if selected is None else selected
        dim = self._embedder.dim
        return {c: Head.of(stored[c].weights, dim, stored[c].bias) for c in wanted if c in stored}

    @property
    def _size(self) -> int:
        return Head.size(self._embedder.dim, len(self._embedder.labels))

    def __repr__(self) -> str:
        """Its id and what it recognises."""
        return f"<nearsight.Model {self.id!r}: {', '.join(self.concepts)}>"


class Models:
    """The custom models of one app: `len`, `in`, iteration, `[id]` work as on a mapping's values.

    >>> import nearsight, tempfile
    >>> with nearsight.open(tempfile.mkdtemp() + "/photos.ns") as app:
    ...     app.models.create("pets", concepts=["rex", "tom"])
    <nearsight.Model 'pets': rex, tom>
    """

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder) -> None:
        """Keep models in `truth`; they learn from what `embedder` makes of pictures."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder

    def create(
        self,
        id_: str,
        *,
        concepts: Iterable[str],
        name: str | None = None,
        concepts_mutually_exclusive: bool = False,
    ) -> Model:
        """Create a model that is to recognise `concepts`; train it once inputs are annotated.

        Raises `ArgumentError` (an id that is taken, empty, longer than 200 characters or with a /;
        no concepts), `ReadOnlyError`.
        """
        _check_id(id_)
        names = _concepts(concepts)
        with self._truth.writing():
            if self._truth.models.get(id_) is not None:
                raise ArgumentError(
                    f"a model has the id {id_!r} already: go on with "
                    f"app.models[{id_!r}], or choose another"
                )
            exclusive = bool(concepts_mutually_exclusive)
            self._truth.models.create(id_, _name(name, id_), exclusive)
            self._truth.models.add_concepts(id_, names)
        self._engine.catch_up()
        return self._handle(id_)

    def get(self, id_: str) -> Model:
        """The model with this id. Raises `NotFoundError`."""
        if id_ not in self:
            raise NotFoundError(f"no model has the id {id_!r}")
        return self._handle(id_)

    def delete(self, id_: str) -> None:
        """Delete a model with its versions; what was said of inputs stays.

        Raises `NotFoundError`, `ReadOnlyError`.
        """
        with self._truth.writing():
            if not self._truth.models.delete(self.get(id_).id):
                raise NotFoundError(f"no model has the id {id_!r}")
        self._engine.catch_up()

    def _handle(self, id_: str) -> Model:
        return Model(id_, self._truth, self._engine, self._embedder)

    def __getitem__(self, id_: str) -> Model:
        """The model with this id. Raises `NotFoundError`."""
        return self.get(id_)

    def __contains__(self, id_: object) -> bool:
        """Is there a model with this id?"""
        return _is_text(id_) and self._truth.models.get(id_) is not None

    def __len__(self) -> int:
        """How many models there are."""
        return len(self._truth.models.ids())

    def __iter__(self) -> Iterator[Model]:
        """All models in the order they were created."""
        return map(self._handle, self._truth.models.ids())


def _stored(head: Head, report: Report) -> HeadRecord:
    return HeadRecord(head.weights, head.bias, report.to_dict())


def _is_text(value: object) -> TypeGuard[str]:
    """Is it text with something in it that a database can keep?"""
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        return False
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _check_id(id_: object) -> None:
    if not _is_text(id_) or "/" in id_ or len(id_) > _MAX_ID:
        shown = repr(id_)[:_MAX_ID]
        raise ArgumentError(f"id={shown}: give 1 to {_MAX_ID} characters without a /")


def _name(name: object, id_: str) -> str:
    if name is None:
        return id_
    if not _is_text(name):
        raise ArgumentError(f"name={name!r}: give some text, or leave it out to use the id")
    return name


def _concepts(concepts: Iterable[str]) -> list[str]:
    """Each name once. Raises `ArgumentError` for what is no list of names, and for an empty one."""
    if isinstance(concepts, str) or not isinstance(concepts, Iterable):
        raise ArgumentError(f"concepts={concepts!r}: give a list of names")
    listed = list(concepts)
    for name in listed:
        if not _is_text(name):
            raise ArgumentError(f"concepts: {name!r} is no concept; give names as text")
    if not listed:
        raise ArgumentError("concepts=[]: give at least one")
    return list(dict.fromkeys(name.strip() for name in listed))


def _check_limits(min_value: object, max_concepts: object) -> None:
    if (
        isinstance(min_value, bool)
        or not isinstance(min_value, int | float)
        or not 0.0 <= min_value <= 1.0
    ):
        raise ArgumentError(f"min_value={min_value!r}: a probability lies in 0..1")
    if max_concepts is not None and (
        isinstance(max_concepts, bool) or not isinstance(max_concepts, int) or max_concepts < 1
    ):
        raise ArgumentError(
            f"max_concepts={max_concepts!r}: give a whole number of at least 1, or None for all"
        )
