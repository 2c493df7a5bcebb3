"""Taking turns, medians, memory, and Pythons that start from nothing."""

import json
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

Record = dict[str, object]

ONE_THREAD = {  # what linear algebra under numpy, OpenMP, Rust's rayon and Lance listen to
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "RAYON_NUM_THREADS": "1",
    "LANCE_CPU_THREADS": "1",
    "LANCE_IO_THREADS": "1",
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


def tried(code: str, *arguments: object) -> list[Record]:
    """Run code as `in_new_python` in one thread; if it fails, one record whose `note` says so."""
    try:
        return in_new_python(code, *arguments, environment=ONE_THREAD)
    except subprocess.CalledProcessError as error:
        return [{"note": f"failed with {error.returncode}"}]


def memory_mb() -> dict[str, float]:
    """Read this process's `anonymous_mb` and `mapped_mb` (files); without /proc its `peak_mb`."""
    status = Path("/proc/self/status")
    if not status.exists():
        return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6}
    lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines())
    fields = {"anonymous_mb": "RssAnon", "mapped_mb": "RssFile"}
    return {name: int(lines[field].split()[0]) * 1024 / 1e6 for name, field in fields.items()}


@contextmanager
def peak_memory() -> Iterator[dict[str, float]]:
    """Look at the memory 50 times a second meanwhile; the most of each kind is in what is given."""
    peak, done = memory_mb(), threading.Event()

    def look() -> None:
        while not done.wait(0.02):
            for name, value in memory_mb().items():
                peak[name] = max(peak[name], value)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peak
    finally:
        done.set()
        watcher.join()


def files_of(path: Path) -> list[Path]:
    """The file, or all files of the folder."""
    return [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]


def forget(files: Iterable[Path]) -> None:
    """Let the system forget what it keeps of files in memory, so that they are read anew."""
    if hasattr(os, "posix_fadvise"):
        for file in files:
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)  # what was not written yet cannot be forgotten
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)
