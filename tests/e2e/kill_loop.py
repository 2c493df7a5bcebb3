"""Kill `nearsight add` at random moments and look at what is left.

    python tests/e2e/kill_loop.py [--kills 200] [--seed 1]

A child adds photos and prints each outcome as it is acknowledged. SIGKILL hits it at a random time.
Then the database has to open, hold every acknowledged input, answer, and resume. The oracle is the
child's output: an id that was printed was promised. (The page cache survives a kill: this proves
nothing about power cuts.)
"""

import argparse
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import nearsight
from nearsight.embedders import Grid

STAMPS = Path("/usr/share/tuxpaint/stamps")

CHILD = """
import sys, nearsight
from nearsight.embedders import Grid
with nearsight.open(sys.argv[1], model=Grid()) as app:
    print("open", flush=True)
    for outcome in app.inputs.adding(sys.argv[2], concepts=["stamp"]):
        print(outcome.status, outcome.id, flush=True)
"""


@dataclass
class Tally:
    """What happened over all kills."""

    kills: int = 0
    acknowledged: int = 0
    lost: int = 0
    unopenable: int = 0
    finished_first: int = 0
    databases: int = 0


def kill_once(path: Path, after: float, acknowledged: set[str]) -> bool:
    """Start a child, kill it `after` seconds of adding; did the kill come before its end?"""
    command = [sys.executable, "-c", CHILD, str(path), str(STAMPS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "open\n", "the child could not open the database"
        time.sleep(after)
        child.send_signal(signal.SIGKILL)
        said = child.stdout.read().split("\n")[:-1]  # a torn last line was not acknowledged
    acknowledged.update(line.split()[1] for line in said)
    return child.returncode == -signal.SIGKILL


def check(path: Path, acknowledged: set[str], tally: Tally) -> int:
    """Open what was left and compare it with what was promised; how many inputs it holds."""
    try:
        with nearsight.open(path, model=Grid()) as app:
            held = {record.id for record in app.inputs}
            found = app.search(where="stamp", k=10_000).ids if held else []
    except nearsight.NearsightError as error:
        print(f"unopenable: {error}", file=sys.stderr)
        tally.unopenable += 1
        return 0
    tally.lost += len(acknowledged - held) + len(held.symmetric_difference(found))
    return len(held)


def run(kills: int, seed: int) -> Tally:
    """Kill children until `kills` were hit; a database that is full makes place for a new one."""
    chance = random.Random(seed)
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        acknowledged: set[str] = set()
        path = Path(folder) / "0.ns"
        while tally.kills < kills:
            if kill_once(path, chance.uniform(0.0, 0.6), acknowledged):
                tally.kills += 1
                check(path, acknowledged, tally)
                continue
            tally.finished_first += 1
            tally.databases += 1
            tally.acknowledged += len(acknowledged)
            acknowledged = set()
            path = Path(folder) / f"{tally.databases}.ns"
        tally.acknowledged += len(acknowledged)
        resumed(path, acknowledged)
    return tally


def resumed(path: Path, acknowledged: set[str]) -> None:
    """Let a child finish undisturbed: the rest comes in and nothing twice."""
    said = subprocess.run(
        [sys.executable, "-c", CHILD, str(path), str(STAMPS)],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout.split("\n")[1:-1]
    ids = {line.split()[1] for line in said}
    assert acknowledged <= ids
    with nearsight.open(path, model=Grid()) as app:
        assert len(app.inputs) == len(ids)


def main() -> int:
    """Run the loop and print what happened."""
    parser = argparse.ArgumentParser(description="kill `nearsight add` and look at what is left")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    tally = run(given.kills, given.seed)
    print(tally)
    return 1 if tally.lost or tally.unopenable else 0


if __name__ == "__main__":
    sys.exit(main())
