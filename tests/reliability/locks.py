"""Let two processes race for one lock, and kill who has it.

    python tests/reliability/locks.py [--races 1000] [--kills 1000] [--json]

Races: two processes open the same folder of vectors, or the same database's cache, at the same
moment; or add an input of the same id. One of them has to win, each time, and the other is told so.
Kills: a process is killed that has the lock, in the middle of a commit; how long it takes until
another one has it and has written. The controls are `--unlocked`: without the locks of folders two
win; and `--pid-file`: with a file in the place of the lock, what was killed keeps it.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections import Counter
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
sys.path[:0] = [str(Path(__file__).parents[1] / "python")]

import numpy as np
from planted import Planted, plain

import nearsight
from nearsight import DatabaseError

EYE = Planted()  # before there are forks, which share what it has read


def race_for_vectors(folder: Path, meet: Any) -> bool:
    """Open an index of vectors, keep it until the other one has tried, too."""
    meet.wait()
    try:
        index = nearsight.Index.open(folder / "vectors")
    except DatabaseError:
        meet.wait()
        return False
    meet.wait()
    index.close()
    return True


def race_for_a_cache(folder: Path, meet: Any) -> bool:
    """Open a database; only one may write its cache."""
    meet.wait()
    with nearsight.open(folder / "a.ns", model=EYE) as app:
        won = app._engine._cache.is_ours
        meet.wait()
    return won


def race_for_an_id(folder: Path, meet: Any) -> bool:
    """Add an input with an id; only one may bear it. The winner deletes it again."""
    with nearsight.open(folder / "b.ns", model=EYE) as app:
        colour = (os.getpid() % 250 + 1, 9, 9)
        meet.wait()
        report = app.inputs.add([plain(colour)], id="the one", allow_duplicate=True)
        meet.wait()
        if report.added:
            app.inputs.delete("the one")
        return bool(report.added)


RACES = {"vectors": race_for_vectors, "cache": race_for_a_cache, "id": race_for_an_id}


def racer(folder: Path, races: int, meet: Any, tell: Any, unlocked: bool) -> None:
    """One of the two: says of each race whether it won."""
    if unlocked:
        without_locks()
    for name, race in RACES.items():
        for turn in range(races):
            tell.send((name, turn, race(folder, meet)))
            meet.wait()


def without_locks() -> None:
    import fcntl

    fcntl.flock = lambda file, act: None  # type: ignore[assignment]


def races(count: int, unlocked: bool) -> dict[str, Counter[int]]:
    """How often so many won, by what they raced for."""
    context = multiprocessing.get_context("fork")
    winners: dict[str, Counter[int]] = {name: Counter() for name in RACES}
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        folder = Path(made)
        nearsight.Index(4, folder / "vectors").close()
        meet = context.Barrier(2, timeout=60)
        pipes = [context.Pipe(duplex=False) for _ in range(2)]
        both = [
            context.Process(target=racer, args=(folder, count, meet, tell, unlocked), daemon=True)
            for _, tell in pipes
        ]
        for each in both:
            each.start()
        for _, tell in pipes:
            tell.close()
        for _ in range(count * len(RACES)):
            (name, turn, won), other = (hear.recv() for hear, _ in pipes)
            assert (name, turn) == other[:2]
            winners[name][won + other[2]] += 1
        for each in both:
            each.join()
    return winners


def holder(folder: Path, tell: Connection) -> None:
    """Has both locks and is always in the middle of something, until it is killed."""
    index = nearsight.Index.open(folder / "vectors")
    with nearsight.open(folder / "a.ns", model=EYE) as app:
        tell.send(app._engine._cache.is_ours)
        for turn in range(1 << 30):
            with app._truth.writing():
                time.sleep(0.0005)
            index.add([turn], np.ones((1, 4)))


def kills(count: int, pid_file: bool) -> list[float]:
    """Seconds from each kill until another process has written; -1 where it was kept out."""
    context = multiprocessing.get_context("fork")
    waits = []
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        folder = Path(made)
        nearsight.Index(4, folder / "vectors").close()
        with nearsight.open(folder / "a.ns", model=EYE) as app:  # forks need not import then
            app.inputs.add(plain((9, 9, 9)))
        for turn in range(count):
            hear, tell = context.Pipe(duplex=False)
            process = context.Process(target=holder, args=(folder, tell), daemon=True)
            process.start()
            assert hear.recv()
            time.sleep(0.002 * (turn % 7))
            os.kill(process.pid or 0, signal.SIGKILL)
            process.join()
            if pid_file:
                (folder / "vectors" / "lock.pid").write_text(str(process.pid))
            other = context.Process(target=take_over, args=(folder, turn, pid_file, tell))
            began = time.perf_counter()
            other.start()
            waits.append(hear.recv() - began)
            other.join()
    return waits


def take_over(folder: Path, turn: int, pid_file: bool, tell: Connection) -> None:
    """Take both locks and write; tell when that is done."""
    if pid_file and (folder / "vectors" / "lock.pid").exists():
        tell.send(float("inf"))
        return
    with nearsight.Index.open(folder / "vectors") as index:
        index.add([1 << 40 | turn], np.ones((1, 4)))
    with nearsight.open(folder / "a.ns", model=EYE) as app:
        assert app._engine._cache.is_ours
        app.inputs.add(plain((1 + turn % 250, 1 + turn // 250, 7)))
    tell.send(time.perf_counter())


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run and print a table; 1 if two won, or none, or a lock outlived who had it."""
    parser = argparse.ArgumentParser(description="race for locks, and kill who has them")
    parser.add_argument("--races", type=int, default=1000, help="for each of three things")
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--unlocked", action="store_true", help="a control")
    parser.add_argument("--pid-file", action="store_true", help="a control")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    winners = races(given.races, given.unlocked)
    waits = sorted(kills(given.kills, given.pid_file))
    late = sum(wait > 1 for wait in waits)
    if given.json:
        print(
            json.dumps(
                {
                    "winners": winners,
                    "kills": len(waits),
                    "kept_out": waits.count(float("inf")),
                    "late": late,
                }
            )
        )
    else:
        for name, counts in winners.items():
            told = ", ".join(f"{n} with {won} winners" for won, n in sorted(counts.items()))
            print(f"{name:10} {told}")
        middle, last = waits[len(waits) // 2], waits[-1]
        print(f"{len(waits)} kills: taken over after {middle:.3f} s (median), {last:.3f} s (most)")
    return 1 if late or any(set(counts) != {1} for counts in winners.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
