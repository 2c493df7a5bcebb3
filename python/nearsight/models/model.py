"""One custom model: concepts of your own, learned from what is said of inputs."""

from collections.abc import Iterable, Mapping
from functools import reduce
from typing import Any

import numpy as np

from nearsight.adding.items import Item, Region
from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, NearsightError, NotFoundError, TrainingError
from nearsight.looking import embed_query
from nearsight.models.arguments import (
    ACTIONS,
    check_limits,
    checked_count,
    checked_name,
    concept_names,
    selected_names,
)
from nearsight.models.doubts import Suggestion, Suspect, suggestions, suspects
from nearsight.models.feedback import Feedback, FeedbackBox, FeedbackInfo
from nearsight.models.info import ModelInfo
from nearsight.models.lessons import Lessons
from nearsight.models.parameters import HyperParameters
from nearsight.models.training import learned
from nearsight.models.version import Version
from nearsight.models.versions import Versions
from nearsight.pictures import Limits
from nearsight.truth import Input, ModelRecord, Truth
from nearsight.values.flag import checked_flag
from nearsight.values.paging import slice_of


class Model:
    """A custom model. A handle: everything it says is as the database has it now.

    All of it raises `NotFoundError` once the model is deleted.
    """

    type = "concept"

    def __init__(
        self, id_: str, truth: Truth, engine: Engine, embedder: Embedder, limits: Limits
    ) -> None:
        """Stand for the model `id_` of `truth`; use `app.models`."""
        self.id = id_
        self._truth = truth
        self._engine = engine
        self._embedder = embedder
        self._limits = limits
        self._lessons = Lessons(truth, embedder)
        self._versions = Versions(id_, truth, embedder)
        self._feedback = FeedbackBox(truth, engine, embedder, limits)

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
    def closed_environment(self) -> bool:
        """Does it learn from what was said alone, presuming nothing of unlabelled inputs?"""
        return self._record().closed_environment

    @property
    def hyper_parameters(self) -> HyperParameters:
        """How it learns."""
        return HyperParameters.of(self._record().parameters)

    @property
    def current(self) -> int | None:
        """The number of the version in use; None before the first training."""
        return self._record().current

    def info(self) -> ModelInfo:
        """What it is, at one moment."""
        with self._truth.snapshot():
            record = self._record()
            versions = tuple(number for number, _ in self._truth.models.versions(self.id))
        return ModelInfo(
            id=self.id,
            name=record.name,
            type=self.type,
            concepts=record.concepts,
            concepts_mutually_exclusive=record.concepts_mutually_exclusive,
            closed_environment=record.closed_environment,
            hyper_parameters=HyperParameters.of(record.parameters).to_dict(),
            versions=versions,
            current=record.current,
            added_at=record.added_at,
        )

    def _record(self) -> ModelRecord:
        record = self._truth.models.get(self.id)
        if record is None:
            raise NotFoundError(f"no model has the id {self.id!r}")
        return record

    # -- changing ------------------------------------------------------------------------------

    def update(
        self,
        *,
        name: str | None = None,
        concepts: Iterable[str] | None = None,
        concepts_mutually_exclusive: bool | None = None,
        closed_environment: bool | None = None,
        hyper_parameters: Mapping[str, object] | HyperParameters | None = None,
        action: str = "merge",
    ) -> "Model":
        """Change what is given, all at once; it counts from the next training on.

        `action` is about `concepts`: "merge" adds them to those it has, "remove" takes them away
        (they are predicted no longer, what was said of inputs stays), "overwrite" leaves these
        only. All else replaces what was there. Returns the model, also where nothing is given.

        Raises `ArgumentError`, `NotFoundError` (a concept to remove that it does not have).
        """
        if action not in ACTIONS:
            raise ArgumentError(f"action={action!r}: give one of {', '.join(ACTIONS)}")
        names = None if concepts is None else concept_names(concepts)
        called = None if name is None else checked_name(name)
        exclusive, closed = concepts_mutually_exclusive, closed_environment
        if exclusive is not None:
            checked_flag("concepts_mutually_exclusive", exclusive)
        if closed is not None:
            checked_flag("closed_environment", closed)
        learning = None if hyper_parameters is None else HyperParameters.of(hyper_parameters)
        with self._truth.writing():
            record = self._record()
            exclusive = record.concepts_mutually_exclusive if exclusive is None else exclusive
            closed = record.closed_environment if closed is None else closed
            parameters = record.parameters if learning is None else learning.to_dict()
            self._truth.models.describe(
                self.id, called or record.name, exclusive, closed, parameters
            )
            if names is not None:
                self._change_concepts(record, names, action)
        self._engine.catch_up()
        return self

    def _change_concepts(self, record: ModelRecord, names: list[str], action: str) -> None:
        table = self._truth.models
        if action == "remove" and not set(names) <= set(record.concepts):
            unknown = next(name for name in names if name not in record.concepts)
            raise NotFoundError(f"the model {self.id!r} has no concept {unknown!r}")
        if action != "merge":
            table.remove_concepts(self.id, names if action == "remove" else record.concepts)
        if action != "remove":
            table.add_concepts(self.id, names)

    def add_concepts(self, concepts: Iterable[str]) -> None:
        """Recognise these, too, from the next training on; those it has keep their place."""
        self.update(concepts=concepts)

    def remove_concepts(self, concepts: Iterable[str]) -> None:
        """Recognise these no longer, from now on. What was said of inputs stays.

        Raises `NotFoundError` (it has no such concept).
        """
        self.update(concepts=concepts, action="remove")

    # -- training ------------------------------------------------------------------------------

    def train(self) -> Version:
        """Learn every concept from what is said of inputs now; the new version is in use at once.

        A concept's examples are the inputs said to show it and those said not to. With
        `concepts_mutually_exclusive`, inputs said to show another concept of the model do not show
        it, unless something is said of it. Unlabelled inputs, evenly spread over the order of
        adding, are presumed not to show it, each counting a tenth of one that was said not to; they
        fill up to 1000 examples in all, so that one positive is enough to begin with. With
        `closed_environment` nothing is presumed. Of more than 2000 on either side an even selection
        is used. `hyper_parameters` change the numbers.

        The name is a hint: what it (or the id) means in English among the general model's concepts
        is believed to be what the examples share unless they speak against it. That helps most with
        one example or two; a name that means something else than you show does harm with so few,
        next to none from five on. A name that means nothing ("rex") changes nothing.

        Concepts are learned one after the other, each from what is said when its turn comes.

        Raises `TrainingError` (no concepts, a concept that no input is said to show, or nothing to
        tell it from), `ReadOnlyError`.
        """
        record = self._record()
        if not record.concepts:
            raise TrainingError(
                f"the model {self.id!r} has no concepts to learn: give it some with "
                f"app.models[{self.id!r}].add_concepts([…])"
            )
        taught, inputs = learned(self._truth, self._lessons, record)
        with self._truth.writing():
            self._record()
            number = self._versions.add(taught, inputs)
        self._engine.catch_up()
        return self.version(number)

    def inputs(self, version: int | None = None, page: int = 1, per_page: int = 20) -> list[Input]:
        """The inputs that a version was told of, or that the next training would be told of.

        In the order they were added, without those deleted since; a page past the end is empty.
        Raises `NotFoundError` (no such version), `ArgumentError`.
        """
        rows = slice_of(page, per_page)
        if version is not None:
            self.version(version)
        with self._truth.snapshot():
            numbers = self._told_next() if version is None else self._told_of(version)
            ids = self._truth.examples.input_ids(numbers, per_page, rows.start)
            found = self._truth.inputs.get(ids)
        return [found[id_] for id_ in ids]

    def _told_of(self, version: int) -> Any:
        return self._truth.models.told_of(self.id, version)

    def _told_next(self) -> Any:
        record = self._record()
        said = [ids for c in record.concepts for ids in self._lessons.said(record, c)]
        return self._truth.examples.inputs(reduce(np.union1d, said, np.zeros(0, np.uint64)))

    # -- what would help -----------------------------------------------------------------------

    def suggest(self, n: int = 10) -> list[Suggestion]:
        """The `n` unlabelled inputs whose label would help most, the most helpful first.

        Those of which the version in use is in doubt, and that are unlike each other. Of
        more than 4000 unlabelled inputs an even selection is looked at.

        Raises `TrainingError` (never trained), `ArgumentError`.
        """
        checked_count("n", n)
        record = self._record()
        heads = self._versions.heads(record)
        return suggestions(self._truth, self._lessons, record, heads, n)

    def suspects(self, n: int = 10) -> list[Suspect]:
        """Up to `n` labels that look wrong, the most suspicious first.

        Every label is judged by a fit that has not seen it, from what is said now; no version is
        needed. Only those that it finds more probably wrong than right are given.

        Raises `TrainingError` (nothing to learn from), `ArgumentError`.
        """
        checked_count("n", n)
        return suspects(self._truth, self._lessons, self._record(), n)

    def feedback(
        self,
        what: object,
        *,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        regions: Iterable[Region] = (),
        info: FeedbackInfo | Mapping[str, str] | None = None,
        new_concepts: bool = False,
    ) -> list[Feedback]:
        """Tell the model what a picture shows; the next training of whatever model learns from it.

        `what` is the id of an input, or any source of one picture, which is added if it is not in.
        What is said of the picture becomes one annotation by "feedback", each region another;
        returned are these. Where feedback and somebody else say the opposite of a picture, neither
        is believed until one is changed. `info` is kept beside (see `FeedbackInfo`). Concepts have
        to be known, as the model's, as others of your own or as general ones, unless
        `new_concepts`: a misspelt one would teach nobody.

        Raises `ArgumentError` (nothing said, bad names, boxes or info), `NotFoundError` (an unknown
        concept), `PictureError`, `ReadOnlyError`.
        """
        checked_flag("new_concepts", new_concepts)
        self._record()
        said = Item(None, concepts=concepts, not_concepts=not_concepts, regions=regions)
        told = FeedbackInfo.of(info)
        return self._feedback.give(self.id, what, said, told, new_concepts=new_concepts)

    @property
    def feedbacks(self) -> list[Feedback]:
        """All feedback that was given to it and not deleted since, the oldest first."""
        self._record()
        return self._feedback.given(self.id)

    # -- versions ------------------------------------------------------------------------------

    @property
    def versions(self) -> list[Version]:
        """Every version, the oldest first."""
        self._record()
        return self._versions.all()

    def version(self, number: int) -> Version:
        """One version. Raises `NotFoundError`."""
        self._record()
        return self._versions.get(number)

    def use(self, number: int) -> None:
        """Put an earlier (or later) version to use: roll back. Raises `NotFoundError`."""
        with self._truth.writing():
            self._truth.models.use(self.id, self.version(number).number)
        self._engine.catch_up()

    def delete_version(self, number: int) -> None:
        """Delete a version; if it is in use, the newest of the others comes into use, or none.

        Raises `NotFoundError`.
        """
        with self._truth.writing():
            self._versions.delete(self.version(number).number, self.current)
        self._engine.catch_up()

    # -- predicting ----------------------------------------------------------------------------

    def predict(
        self,
        image: object,
        *,
        min_value: float = 0.0,
        max_concepts: int | None = None,
        select_concepts: Iterable[str] | None = None,
        language: str | None = None,  # noqa: ARG002  (concepts of your own have one name)
    ) -> list[tuple[str, float]]:
        """What a picture shows: (concept, probability in 0..1), the most probable first.

        `image` is any source of one picture. Concepts below `min_value` are left out, so are those
        that are not in `select_concepts`, then all but the first `max_concepts`. A concept that was
        added since the last training is not predicted yet. `language` changes nothing: concepts of
        your own are called what you call them.

        Raises `TrainingError` (no version yet), `ArgumentError`, `NotFoundError` (no such file, or
        a selected concept that the model does not have), `PictureError`.
        """
        check_limits(min_value, max_concepts)
        wanted = None if select_concepts is None else selected_names(select_concepts)
        heads = self._versions.heads(self._record(), wanted)
        _, result = embed_query(image, self._embedder, self._engine, self._limits)
        values = [
            (concept, float(head.probabilities(result.vectors, result.probabilities)[0]))
            for concept, head in heads.items()
        ]
        best_first = sorted(values, key=lambda pair: (-pair[1], pair[0]))
        return [pair for pair in best_first if pair[1] >= min_value][:max_concepts]

    def __repr__(self) -> str:
        """Its id and what it recognises."""
        try:
            known = ", ".join(self.concepts) or "no concepts"
        except NearsightError:  # the app was closed, or the model deleted
            known = "out of reach"
        return f"<nearsight.Model {self.id!r}: {known}>"
