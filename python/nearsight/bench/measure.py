"""Taking turns, medians, and Pythons that start from nothing."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from statistics import median

Record = dict[str, object]

ONE_THREAD = {  # what the linear algebra under numpy and what OpenMP listen to
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
}


def take_turns(
    players: Mapping[str, Callable[[int], object]], rounds: int
) -> dict[str, list[float]]:
    """Seconds of each player in each round; who begins changes from round to round.

    A player is called with the number of the round.
    """
    seconds: dict[str, list[float]] = {name: [] for name in players}
    names = list(players)
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            start = time.perf_counter()
            players[name](turn)
            seconds[name].append(time.perf_counter() - start)
    return seconds


def middle(values: list[float]) -> float:
    """The median to four digits, as records hold it."""
    return float(f"{median(values):.4g}")


def in_new_python(
    code: str, *arguments: object, environment: Mapping[str, str] | None = None
) -> list[Record]:
    """Run code in a fresh interpreter; the JSON objects that it prints, one a line."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(
        command,
        env={**os.environ, **(environment or {})},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]
