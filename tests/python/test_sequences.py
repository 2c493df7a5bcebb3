"""Random sequences of everything that an app can do, against the slow plain-Python one.

A sequence is a list of seeds, each of which decides one step of what is there by then. So steps can
be left out, and a failing sequence is told as the few that matter. Three apps share a
file: two that write it in turn and a read-only one; all of them have to give the same answers. What
is exact: filters, the order of adding, ids, counts, records and errors. Scores are within 1e-4 of
those that numpy makes in float64, and hits whose scores are closer than that may change places.
"""

import os
import random
import tempfile
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from steps import Steps

from nearsight.models import training

# To run others: NEARSIGHT_SEQUENCES=1000:50 runs 50 of them from number 1000 on.
FIRST, SEQUENCES = map(int, os.environ.get("NEARSIGHT_SEQUENCES", "0:52").split(":"))
STEPS = 200


@contextmanager
def memory_of_lessons() -> Iterator[None]:
    """Whoever teaches the same again need not wait: the slow app does, after the fast one."""
    import slow

    taught = training.teach
    known: dict[Any, Any] = {}

    def teach(*lesson: Any) -> Any:
        key = tuple(part.tobytes() if isinstance(part, np.ndarray) else part for part in lesson)
        if key not in known:
            known[key] = taught(*lesson)
        return known[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "teach", teach)
        patch.setattr(slow, "teach", teach)
        yield


def failure(seeds: Sequence[int]) -> tuple[str, list[str]] | None:
    """Run one sequence: how it fails, and what it did until then."""
    with tempfile.TemporaryDirectory() as folder, memory_of_lessons():
        sequence = Steps(Path(folder))
        try:
            for seed in seeds:
                sequence.step(seed)
        except Exception:
            return traceback.format_exc(), sequence.log
        finally:
            sequence.close()
    return None


def shortest(seeds: list[int]) -> list[int]:
    """A failing sequence without what it fails without, in ever smaller runs of steps."""
    size = len(seeds) // 2
    while size:
        for start in range(len(seeds) - size, -1, -size):
            fewer = seeds[:start] + seeds[start + size :]
            if failure(fewer) is not None:
                seeds = fewer
        size //= 2
    return seeds


@pytest.mark.parametrize("first", range(FIRST, FIRST + SEQUENCES))
def test_whatever_is_done_in_whatever_order(first: int) -> None:
    seeds = random.Random(first).sample(range(1, 2**32), STEPS)
    if failure(seeds) is None:
        return
    seeds = shortest(seeds)
    error, log = failure(seeds) or ("it passes now: it depends on chance", [])
    pytest.fail("\n".join([*log, "", error, f"failure({seeds})"]), pytrace=False)
