"""One training: concept after concept, with the examples of one of them in memory at a time."""

import numpy as np
from numpy.typing import NDArray

from nearsight.models.lessons import Lessons
from nearsight.teaching import Head, Report, teach
from nearsight.truth import ModelRecord, Truth

Taught = dict[str, tuple[Head, Report]]


def learned(
    truth: Truth, lessons: Lessons, record: ModelRecord
) -> tuple[Taught, NDArray[np.uint64]]:
    """By concept what was learned of it, and the numbers of the inputs it was told of.

    Each concept is learned from what is said when its turn comes: others may write meanwhile.
    Raises `TrainingError`, before anything is learned where it can be known by then.
    """
    with truth.snapshot():
        for concept in record.concepts:
            lessons.require(record, concept)
    taught: Taught = {}
    inputs = np.zeros(0, np.uint64)
    for concept in record.concepts:
        with truth.snapshot():  # for reading only: nobody else can use the truth meanwhile
            lesson = lessons.of(record, concept)
            inputs = np.union1d(inputs, truth.examples.inputs(lesson.told))
        examples = (lesson.vectors, lesson.predictions, lesson.stances)
        taught[concept] = teach(*examples, lesson.settings, lesson.meant)
        del lesson, examples  # before the next one is read
    return taught, inputs
