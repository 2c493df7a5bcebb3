"""What a custom model learns from: the annotations, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.embedders import Embedder
from nearsight.errors import TrainingError
from nearsight.knowledge import ENGLISH, ConceptTree, GeneralConcept
from nearsight.models.parameters import HyperParameters
from nearsight.teaching import NO, PRESUMED, YES, Settings
from nearsight.truth import ModelRecord, Truth, evenly

Ids = NDArray[np.uint64]

_MOST_SAID = 2000  # of either side: a head learns next to nothing from more


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """The examples of one concept, by embedding: what `nearsight.teaching.teach` takes.

    `embeddings` u64[n], `vectors` f32[n, dim], `predictions` f32[n, labels], `stances` i8[n].
    `meant` are the general concepts that its name or id means.
    """

    embeddings: Ids
    vectors: NDArray[np.float32]
    predictions: NDArray[np.float32]
    stances: NDArray[np.int8]
    settings: Settings
    meant: tuple[GeneralConcept, ...]

    @property
    def told(self) -> Ids:
        """The embeddings of which something was said."""
        return np.asarray(self.embeddings[self.stances != PRESUMED], np.uint64)


class Lessons:
    """Gathers what is said of a model's concepts. Read inside one snapshot of the truth."""

    def __init__(self, truth: Truth, embedder: Embedder) -> None:
        """Read from `truth`, whose embeddings `embedder` made."""
        self._truth = truth
        self._embedder = embedder

    def of(self, record: ModelRecord, concept: str) -> Lesson:
        """The examples of one concept. Raises `TrainingError` where there is nothing to learn."""
        yes, no, presumed = self.require(record, concept)
        stance = dict.fromkeys(evenly(yes, _MOST_SAID).tolist(), YES)
        stance |= dict.fromkeys(evenly(no, _MOST_SAID).tolist(), NO)
        stance |= dict.fromkeys(presumed.tolist(), PRESUMED)
        ids, vectors, predictions = self.features(np.array(sorted(stance), np.uint64))
        stances = np.array([stance[id_] for id_ in ids.tolist()], np.int8)
        settings = HyperParameters.of(record.parameters).settings
        return Lesson(ids, vectors, predictions, stances, settings, self._meant(concept))

    def require(self, record: ModelRecord, concept: str) -> tuple[Ids, Ids, Ids]:
        """The embeddings said to show a concept, those said not to, and those presumed not to.

        Raises `TrainingError` where there is nothing to learn.
        """
        yes, no = self.said(record, concept)
        room = HyperParameters.of(record.parameters).room - len(yes) - len(no)
        known = np.union1d(np.union1d(yes, no), self.labelled(concept))
        presumed = self._truth.examples.spread(known, 0 if record.closed_environment else room)
        _check(record, concept, len(yes), len(no), len(presumed))
        return yes, no, presumed

    def said(self, record: ModelRecord, concept: str) -> tuple[Ids, Ids]:
        """The embeddings said to show a concept, and those said not to, or to show a rival.

        Of what is said both ways, neither is believed.
        """
        table = self._truth.examples
        yes, no = table.said(concept, True), table.said(concept, False)
        if record.concepts_mutually_exclusive:
            others = [other for other in record.concepts if other != concept]
            no = np.union1d(no, table.rivals(concept, others))
        return np.setdiff1d(yes, no), np.setdiff1d(no, yes)

    def labelled(self, concept: str) -> Ids:
        """The embeddings of which something was said of the concept itself."""
        table = self._truth.examples
        return np.union1d(table.said(concept, True), table.said(concept, False))

    def features(self, embeddings: Ids) -> tuple[Ids, NDArray[np.float32], NDArray[np.float32]]:
        """Those that are there, by id: ids u64[n], f32[n, dim], f32[n, labels]."""
        return self._truth.embeddings.some(
            embeddings.tolist(), self._embedder.dim, len(self._embedder.labels)
        )

    def _meant(self, concept: str) -> tuple[GeneralConcept, ...]:
        """The general concepts that the name or the id means in English; often none.

        Reading the other languages would double the time of a first training.
        """
        if not self._embedder.labels:
            return ()
        tree = ConceptTree.load()
        called = self._truth.concepts.records([concept])[concept].name
        return (*tree.named(called, ENGLISH), *tree.named(concept, ENGLISH))


def _check(record: ModelRecord, concept: str, yes: int, no: int, presumed: int) -> None:
    if not yes:
        raise TrainingError(
            f"no input is said to show {concept!r}, so that it cannot be learned. Say it of "
            f"one or more: app.inputs.add(pictures, concepts=[{concept!r}])"
        )
    if no + presumed:
        return
    if record.closed_environment:
        raise TrainingError(
            f"no input is said not to show {concept!r}, and the model {record.id!r} has a closed "
            "environment, which presumes it of none. Say it of one or more: "
            f"app.inputs.add(pictures, not_concepts=[{concept!r}])"
        )
    raise TrainingError(
        f"every input is said to show {concept!r}, so that there is nothing to tell it "
        "from. Add pictures that do not show it."
    )
