"""Where a model is in doubt: labels that would help, labels that look wrong."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.models.lessons import Lessons
from nearsight.teaching import PRESUMED, YES, Head, choose, doubts
from nearsight.truth import Input, ModelRecord, Truth

_LOOKED_AT = 4000  # unlabelled inputs, of each concept


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An input to label: `concept` is what to say of it, `probability` 0..1 what the model thinks.

    Say it with `app.inputs.update(input.id, concepts=[…])`, or `not_concepts=[…]`.
    """

    input: Input
    concept: str
    probability: float


@dataclass(frozen=True, slots=True)
class Suspect:
    """A label to look at again: it was `said` that the input shows the concept, or not.

    `annotation` is the id of the one that is of the same box, or of the whole picture: the input's.
    `doubt` in 0.5..1 is the probability that this is wrong, by a fit that has not seen it, if half
    of all labels were.
    """

    input: Input
    annotation: str
    concept: str
    said: bool
    doubt: float


def suggestions(
    truth: Truth, lessons: Lessons, record: ModelRecord, heads: Mapping[str, Head], n: int
) -> list[Suggestion]:
    """The `n` unlabelled inputs that would help most; see `Model.suggest`."""
    probability: dict[int, tuple[float, str]] = {}
    rows: dict[int, NDArray[np.float32]] = {}
    for concept, head in heads.items():
        with truth.snapshot():  # for reading only: nobody else can use the truth meanwhile
            said = np.union1d(*lessons.said(record, concept))
            unsaid = truth.examples.spread(said, _LOOKED_AT)
            ids, vectors, predictions = lessons.features(unsaid)
        found = head.probabilities(vectors, predictions).tolist() if len(ids) else []
        for id_, vector, value in zip(ids.tolist(), vectors, found, strict=True):
            if id_ not in rows or _doubt(value) > _doubt(probability[id_][0]):
                rows[id_], probability[id_] = vector, (value, concept)
    if not rows:
        return []
    doubt = np.array([_doubt(probability[id_][0]) for id_ in rows])
    candidates = np.array(list(rows), np.uint64)
    chosen = candidates[choose(np.stack(list(rows.values())), doubt, n)].tolist()
    of = _owners(truth, chosen)
    return [
        Suggestion(of[id_][0], probability[id_][1], probability[id_][0])
        for id_ in chosen
        if id_ in of
    ]


def suspects(truth: Truth, lessons: Lessons, record: ModelRecord, n: int) -> list[Suspect]:
    """Up to `n` labels that look wrong; see `Model.suspects`."""
    found: list[tuple[float, int, str, bool]] = []
    for concept in record.concepts:
        with truth.snapshot():  # not while judging, which takes long
            lesson, labelled = lessons.of(record, concept), lessons.labelled(concept)
        doubt = doubts(
            lesson.vectors, lesson.predictions, lesson.stances, lesson.settings, lesson.meant
        )
        said = np.isin(lesson.embeddings, labelled)
        for row in np.flatnonzero(said & (lesson.stances != PRESUMED) & (doubt > 0.5)):
            stance = bool(lesson.stances[row] == YES)
            found.append((float(doubt[row]), int(lesson.embeddings[row]), concept, stance))
    worst = sorted(found, key=lambda row: (-row[0], row[1], row[2]))[:n]
    of = _owners(truth, [row[1] for row in worst])
    return [
        Suspect(*of[id_], concept, said, doubt) for doubt, id_, concept, said in worst if id_ in of
    ]


def _doubt(probability: float) -> float:
    return 4 * probability * (1 - probability)


def _owners(truth: Truth, embeddings: list[int]) -> dict[int, tuple[Input, str]]:
    """The input that each embedding is of, and the id of the annotation; not of erased ones."""
    with truth.snapshot():
        owners = {id_: found[0] for id_, found in truth.embeddings.owners(embeddings).items()}
        records = truth.inputs.get(list({owner.input for owner in owners.values()}))
    return {id_: (records[owner.input], owner.annotation) for id_, owner in owners.items()}
