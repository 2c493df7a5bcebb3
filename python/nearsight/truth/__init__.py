"""The truth: one SQLite file that holds everything that cannot be derived from something else."""

from nearsight.truth.records import Input, NewInput, commits
from nearsight.truth.truth import Truth

__all__ = ["Input", "NewInput", "Truth", "commits"]
