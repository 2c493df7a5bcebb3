"""Kill an app of many inputs in the middle of adding, and see how long it takes to be back.

    python tests/reliability/reopen.py [--inputs 100000] [--kills 100] [--seed 1] [--json]

A child adds pictures to a database of so many inputs, changes and deletes some, and is killed at a
random moment. The next one opens what is left and makes its first search (by a picture, with a
filter): that is timed, by the clock and by the processor, in a process that has imported
everything. Its answer has to hold what had been acknowledged last. Afterwards the same is timed
once without the cache, which is then derived from the file: how long one waits where it was deleted
or damaged. The control is `--no-cache`: the cache is taken away after each kill.
"""

import argparse
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[1] / "python"), str(Path(__file__).parent)]

import numpy as np
from planted import Planted, plain

import nearsight
from nearsight import Item
from nearsight.diagnosis import invent
from nearsight.embedders import Embedded
from nearsight.truth.embeddings import EmbeddingTable

EYE = Planted()  # before there are forks, which share what it has read
BATCH = 1000


@dataclass
class Times:
    """Seconds from the call of open to the first answer: by the clock, and of the processor.

    The files lie in memory, so on an idle machine the two are the same. `replayed` is how many
    embeddings were read from the file because the cache had them not.
    """

    clock: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    replayed: list[int] = field(default_factory=list)
    lost: int = 0

    def table(self) -> dict[str, float]:
        """The distributions."""
        both = {"clock": self.clock, "processor": self.processor}
        quantiles = {
            f"{name} p{q}": float(np.percentile(times, q))
            for name, times in both.items()
            for q in (50, 90, 99, 100)
        }
        return quantiles | {"most replayed": max(self.replayed), "lost": self.lost}


def invented(count: int, chance: np.random.Generator) -> Iterator[tuple[list[Item], Embedded]]:
    """Batches of inputs with metadata, a place and a concept."""
    for start in range(0, count, BATCH):
        numbers = range(start, min(start + BATCH, count))
        items = [
            Item(
                None,
                id=f"i{n}",
                concepts=[f"c{n % 50}"],
                metadata={"n": n, "album": f"album {n % 300}"},
                geo=(n % 90, n % 180),
            )
            for n in numbers
        ]
        vectors = chance.standard_normal((len(items), EYE.dim)).astype(np.float32)
        yield items, Embedded(vectors, np.zeros((len(items), len(EYE.labels)), np.float32))


def live(path: Path, turn: int, inputs: int, tell: Connection) -> None:
    """Add, change and delete until it is killed; tell what was acknowledged last."""
    chance = random.Random(turn)
    with nearsight.open(path, model=EYE) as app:
        tell.send(None)
        for step in range(1 << 30):
            colour = (1 + step % 255, 1 + turn % 255, 1 + step // 255)
            items = [Item(plain((*colour[:2], 1 + n)), id=f"{turn}-{step}-{n}") for n in range(16)]
            app.inputs.add(items, allow_duplicate=True, metadata={"last": f"{turn}-{step}"})
            tell.send(f"{turn}-{step}")
            some = [f"i{chance.randrange(inputs)}" for _ in range(20)]
            there = [id_ for id_ in dict.fromkeys(some) if id_ in app.inputs]
            app.inputs.update(there, metadata={"turn": turn})
            app.inputs.delete(there[:2])


def reopen(path: Path, expected: str | None, tell: Connection) -> None:
    """Open what is left and ask; how long both took, and whether the answer is complete."""
    replayed = 0
    after = EmbeddingTable.after

    def counted(table: EmbeddingTable, *given: int) -> Any:
        nonlocal replayed
        rows = after(table, *given)
        replayed += len(rows[0])
        return rows

    EmbeddingTable.after = counted  # type: ignore[method-assign,assignment]
    began, worked = time.perf_counter(), time.process_time()
    app = nearsight.open(path, model=EYE)
    found = app.search(image=plain((90, 60, 30)), where="c7", k=10)
    clock, processor = time.perf_counter() - began, time.process_time() - worked
    whole = len(found) == 10
    if expected is not None:
        whole &= app.inputs.count(f'@last = "{expected}"') == 16
    tell.send((clock, processor, replayed, whole))
    os.kill(os.getpid(), signal.SIGKILL)  # it never closes: the next one finds what this one left


def timed(path: Path, expected: str | None, times: Times) -> None:
    context = get_context("fork")
    hear, tell = context.Pipe(duplex=False)
    process = context.Process(target=reopen, args=(path, expected, tell))
    process.start()
    clock, processor, replayed, whole = hear.recv()
    process.join()
    times.clock.append(clock)
    times.processor.append(processor)
    times.replayed.append(replayed)
    times.lost += not whole


def kill(path: Path, turn: int, after: float, inputs: int) -> str | None:
    """Let one live for `after` seconds of changing; what it acknowledged last."""
    context = get_context("fork")
    hear, tell = context.Pipe(duplex=False)
    process = context.Process(target=live, args=(path, turn, inputs, tell))
    process.start()
    tell.close()
    last = hear.recv()
    until = time.monotonic() + after
    while (left := until - time.monotonic()) > 0:
        if hear.poll(left):
            last = hear.recv()
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    try:
        while True:
            last = hear.recv()
    except (EOFError, OSError):
        return last


def run(inputs: int, kills: int, seed: int, no_cache: bool) -> tuple[Times, Times]:
    """The times after kills, and one without a cache."""
    times, without = Times(), Times()
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as made:
        path = Path(made) / "a.ns"
        invent(path, EYE, invented(inputs, np.random.default_rng(seed)))
        with nearsight.open(path, model=EYE) as app:
            app.search(image=plain((90, 60, 30)), where="c7", k=10)
        for turn in range(kills):
            last = kill(path, turn, chance.uniform(0, 2), inputs)
            if no_cache:
                shutil.rmtree(path.with_name("a.ns-cache"))
            timed(path, last, times)
        shutil.rmtree(path.with_name("a.ns-cache"))
        timed(path, None, without)
    return times, without


def main() -> int:
    """Run and print the distributions; 1 if one in a hundred took more than a second."""
    parser = argparse.ArgumentParser(description="kill an app of many inputs, time its return")
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--no-cache", action="store_true", help="the control")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    times, without = run(given.inputs, given.kills, given.seed, given.no_cache)
    tables = {"after a kill": times.table(), "without a cache": without.table()}
    if given.json:
        print(json.dumps(tables))
    else:
        for name, table in tables.items():
            print(f"{name:16}", ", ".join(f"{what} {n:.3f}" for what, n in table.items()))
    return 1 if times.table()["processor p99"] > 1 or times.lost or without.lost else 0


if __name__ == "__main__":
    sys.exit(main())
