"""The truth: one SQLite file that holds everything that cannot be derived from something else."""

from nearsight.truth.connection import Durability
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
from nearsight.truth.salvage import salvage
from nearsight.truth.soundness import damages, pages
from nearsight.truth.truth import Truth
from nearsight.truth.upkeep import back_up, compact, require_free

__all__ = [
    "Annotation",
    "Durability",
    "HeadRecord",
    "Input",
    "ModelRecord",
    "NewAnnotation",
    "NewEmbedding",
    "NewInput",
    "Truth",
    "back_up",
    "commits",
    "compact",
    "damages",
    "evenly",
    "pages",
    "require_free",
    "salvage",
]
