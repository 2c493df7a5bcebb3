"""Decode pictures that were made to do harm, in workers, and print what became of them.

    python tests/e2e/hostile_pictures.py [--each 150] [--mutants 10000] [--seed 1]

Every file is either decoded or refused with a reason; this process never crashes, no worker takes
more than 256 MiB, and no file takes more than 10 seconds. Exits with 1 where that does not hold.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from hostile_corpus import FAMILIES, made, mutant, seeds

from nearsight import pictures
from nearsight.errors import PictureError
from nearsight.pictures import Limits, crew
from nearsight.pictures.formats import read_header
from nearsight.pictures.unusable import UnusableError

MEMORY, SECONDS = 256 << 20, 10
LIMITS = Limits(worker=True, max_memory=MEMORY, max_seconds=SECONDS)
HEADINGS = "  files  reached  decoded  refused  memory    time   crash  slowest     MiB"
ENDS = {"memory": "max_memory", "time": "max_seconds", "crash": "decoder crashed"}


@dataclass
class Tally:
    """What became of one family; `reached` a decoder those that our header readers let pass."""

    files: int = 0
    reached: int = 0
    decoded: int = 0
    refused: int = 0
    ends: dict[str, int] = field(default_factory=lambda: dict.fromkeys(ENDS, 0))
    slowest: float = 0.0
    largest: int = 0
    wrong: list[str] = field(default_factory=list)

    def good(self) -> bool:
        return not self.wrong and self.slowest <= SECONDS and self.largest <= MEMORY


def memory_of(pid: int | str) -> int:
    """The most memory, in bytes, that a living process ever held."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


def reaches_a_decoder(data: bytes) -> bool:
    """Say whether our own reading of its header lets a file pass."""
    try:
        LIMITS.check(read_header(data))
    except UnusableError:
        return False
    return True


def tried(files: Iterable[tuple[str, bytes]]) -> Tally:
    """Decode them one by one."""
    tally = Tally()
    crew.close()  # the next are new, so their memory is of these files
    for name, data in files:
        tally.files += 1
        tally.reached += reaches_a_decoder(data)
        started = time.perf_counter()
        try:
            picture = pictures.open(data, LIMITS)
            tally.decoded += 1
            if picture.pixels.mode != "RGB" or not picture.thumbnail():
                tally.wrong.append(f"{name}: decoded to nonsense")
        except PictureError as error:
            tally.refused += 1
            for end, words in ENDS.items():
                tally.ends[end] += words in error.reason
        except Exception as error:
            tally.wrong.append(f"{name}: {error!r}")
        tally.slowest = max(tally.slowest, time.perf_counter() - started)
        tally.largest = max([tally.largest, *(memory_of(one.pid) for one in crew.workers())])
    return tally


def generated(family: str, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    for number in range(seed * 100_000, seed * 100_000 + count):
        yield f"{family} {number}", made(family, number)


def mutants(count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    good = seeds()
    for number in range(seed * 1_000_000, seed * 1_000_000 + count):
        yield f"mutant {number}", mutant(good, number)


def row(name: str, tally: Tally) -> str:
    ends = "".join(f"{tally.ends[end]:>8}" for end in ENDS)
    numbers = f"{tally.files:>7}{tally.reached:>9}{tally.decoded:>9}{tally.refused:>9}{ends}"
    return f"{name:<14}{numbers}{tally.slowest:>9.2f}{tally.largest / 2**20:>8.0f}"


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--each", type=int, default=150, help="files of each family")
    options.add_argument("--mutants", type=int, default=10_000)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    runs = [(name, generated(name, asked.each, asked.seed)) for name in FAMILIES]
    runs.append(("mutants", mutants(asked.mutants, asked.seed)))
    print(f"{'family':<14}" + HEADINGS)
    wrong = 0
    for name, files in runs:
        tally = tried(files)
        print(row(name, tally), *tally.wrong, sep="\n  ", flush=True)
        wrong += not tally.good()
    print(f"this process: {memory_of('self') / 2**20:.0f} MiB at most")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
