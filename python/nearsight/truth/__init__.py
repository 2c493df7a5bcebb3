"""The truth: one SQLite file that holds everything that cannot be derived from something else."""

from nearsight.truth.examples import evenly
from nearsight.truth.models import HeadRecord, ModelRecord
from nearsight.truth.records import (
    Annotation,
    Input,
    NewAnnotation,
    NewEmbedding,
    NewInput,
    commits,
)
from nearsight.truth.truth import Truth

__all__ = [
    "Annotation",
    "HeadRecord",
    "Input",
    "ModelRecord",
    "NewAnnotation",
    "NewEmbedding",
    "NewInput",
    "Truth",
    "commits",
    "evenly",
]
