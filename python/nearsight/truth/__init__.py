"""The truth: one SQLite file that holds everything that cannot be derived from something else."""

from nearsight.truth.examples import evenly
from nearsight.truth.models import HeadRecord, ModelRecord
from nearsight.truth.records import Input, NewInput, commits
from nearsight.truth.truth import Truth

__all__ = ["HeadRecord", "Input", "ModelRecord", "NewInput", "Truth", "commits", "evenly"]
