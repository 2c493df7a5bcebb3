"""Kill a process that changes a database, at random moments, and look at what is left.

    python tests/reliability/kill_loop.py [--kills 2000] [--seed 1] [--json]

A child opens a database, tells what it holds, and then makes one change after the other; each is
told before it begins and again when it was acknowledged. SIGKILL hits it at a random moment, also
while it opens what the one before has left. What the next child finds has to be exactly what had
been acknowledged, or that and the one change that was being made: all of it, in every table, and
searchable. Every 50 kills the file and its cache are checked as a whole, and its backup opened.

Every child is a fork of a process that has imported everything and has no database open. The page
cache survives a kill: this says nothing about power cuts (see `power_cut.py`). The control is
`--early`: changes are called acknowledged before they are made; it has to lose some.
"""

import argparse
import json
import os
import random
import select
import signal
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process that is forked has one thread
sys.path[:0] = [str(Path(__file__).parents[1] / "python"), str(Path(__file__).parent)]

import changes
from changes import Change, State
from planted import Planted

import nearsight

EYE = Planted()  # before there are forks, which share what it has read
LIVES = 50  # of one database
LONGEST = 0.5  # seconds until a child is killed


@dataclass
class Tally:
    """What happened over all kills. Writes are inputs and models, commits are changes."""

    kills: int = 0
    kills_while_opening: int = 0
    acknowledged_writes: int = 0
    acknowledged_commits: int = 0
    in_flight_kept: int = 0
    lost: int = 0
    unopenable: int = 0
    databases: int = 0


class Promise:
    """What a database has to hold, as far as its children told."""

    def __init__(self, tally: Tally) -> None:
        self.state: State = {}
        self.step = 0
        self._in_flight: Change | None = None
        self._tally = tally
        self.opened = False

    def hear(self, line: str) -> None:
        """One line of a child."""
        what, told = json.loads(line)
        if what == "holds":
            self.opened = True
            self._compare(told)
        elif what == "begins":
            self.step += 1
            self._in_flight = Change(told["act"], tuple(told["ids"]), told["said"])
        elif what == "acknowledged":
            assert self._in_flight is not None
            self.state = self._in_flight.after(self.state)
            self._tally.acknowledged_writes += len(self._in_flight.ids)
            self._tally.acknowledged_commits += 1
            self._in_flight = None
        else:
            print(told, file=sys.stderr)
            self._tally.unopenable += 1

    def _compare(self, holds: State) -> None:
        if self._in_flight is not None and holds == self._in_flight.after(self.state) != self.state:
            self._tally.in_flight_kept += 1
        elif holds != self.state:
            wrong = {id_ for id_, _ in holds.items() ^ self.state.items()}
            self._tally.lost += len(wrong)
        self.state, self._in_flight = holds, None


def live(path: Path, promise: Promise, seed: int, early: bool, say: Any) -> None:
    """The life of one child: it ends by being killed, or after telling what there is."""
    chance = random.Random(seed)
    with nearsight.open(path, model=EYE) as app:
        state = changes.held(app)
        say("holds", state)
        for step in range(promise.step, promise.step + (100_000 if seed else 0)):
            change = changes.plan(state, step, chance)
            say("begins", asdict(change))
            if early:
                say("acknowledged", None)
            changes.make(app, change)
            if not early:
                say("acknowledged", None)
            state = change.after(state)


def child(path: Path, promise: Promise, seed: int, early: bool) -> tuple[int, int]:
    """Fork one; its process and what it says."""
    reads, writes = os.pipe()
    process = os.fork()
    if process:
        os.close(writes)
        return process, reads

    def say(what: str, told: object) -> None:
        os.write(writes, json.dumps([what, told]).encode() + b"\n")

    try:
        live(path, promise, seed, early, say)
    except BaseException as error:
        say("fails", f"{path}: {type(error).__name__}: {error}")
    os._exit(0)


def listen(reads: int, promise: Promise, until: float) -> bytes:
    """Hear what a child says until then, or to its end; what is left of a line that was torn."""
    rest = b""
    while (left := until - time.monotonic()) > 0:
        if select.select([reads], [], [], left)[0]:
            if not (more := os.read(reads, 1 << 16)):
                break
            *lines, rest = (rest + more).split(b"\n")
            for line in lines:
                promise.hear(line.decode())
    return rest


def kill_once(path: Path, promise: Promise, after: float, seed: int, early: bool) -> bool:
    """Let a child live for `after` seconds; did it tell what there was before it was killed?"""
    promise.opened = False
    process, reads = child(path, promise, seed, early)
    rest = listen(reads, promise, time.monotonic() + after)
    os.kill(process, signal.SIGKILL)
    for line in (rest + _all(reads)).split(b"\n")[:-1]:  # a torn line was not said
        promise.hear(line.decode())
    os.close(reads)
    os.waitpid(process, 0)
    return promise.opened


def _all(reads: int) -> bytes:
    said = b""
    while more := os.read(reads, 1 << 16):
        said += more
    return said


def settle(path: Path, promise: Promise, tally: Tally) -> None:
    """Let the last child tell what there is, and look at the whole database and its backup."""
    process, reads = child(path, promise, 0, False)
    listen(reads, promise, time.monotonic() + 60)
    os.close(reads)
    os.waitpid(process, 0)
    for each in (path, path.with_name("backup.ns")):
        if each.exists():
            found = nearsight.check(each)
            if not found.ok:
                print(found, file=sys.stderr)
                tally.unopenable += 1


def run(kills: int, seed: int, early: bool = False) -> Tally:
    """Kill children until `kills` were hit, with a new database every 50."""
    chance = random.Random(seed)
    tally = Tally()
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        with nearsight.open(Path(made) / "first.ns", model=EYE) as app:
            changes.make(app, Change("add", ("0-0-0",), "0-0"))  # what is imported late, forks have
            changes.held(app)
        while tally.kills < kills:
            path = Path(made) / str(tally.databases) / "life.ns"
            path.parent.mkdir()
            promise = Promise(tally)
            tally.databases += 1
            for _ in range(min(LIVES, kills - tally.kills)):
                after, life = chance.uniform(0.0, LONGEST), chance.randrange(1, 1 << 30)
                told = kill_once(path, promise, after, life, early)
                tally.kills += 1
                tally.kills_while_opening += not told
            settle(path, promise, tally)
    return tally


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run the loop and print what happened; 1 if something was lost."""
    parser = argparse.ArgumentParser(
        description="kill who changes a database, look at what is left"
    )
    parser.add_argument("--kills", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--early", action="store_true", help="the control: promise, then write")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    tally = run(given.kills, given.seed, given.early)
    if given.json:
        print(json.dumps(asdict(tally)))
    else:
        print(f"{time.perf_counter() - began:.0f} s")
        for what, count in asdict(tally).items():
            print(f"{count:>9}  {what.replace('_', ' ')}")
    return 1 if tally.lost or tally.unopenable else 0


if __name__ == "__main__":
    sys.exit(main())
