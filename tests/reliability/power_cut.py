"""Cut the power at any moment of a database's life, and look at what is left.

    python tests/reliability/power_cut.py [--states 50000] [--seed 1] [--durability full] [--json]

One life is recorded: what SQLite wrote, where it synced, and what was acknowledged when. A state
after a power cut is made of it like this: up to some moment everything that was synced is there; of
what was not, each write is there, is not, or is there in part (in sectors of 512 bytes, so old and
new are mixed); or a first part of it in order. The name of a file is safe once it was synced.
Each state is opened by nearsight. What it holds has to be exactly what had been acknowledged, or
that and the one change that was being made: all of it. `check` has to find nothing.

`--durability fast` is allowed to lose the newest changes, and nothing else; `off` is SQLite's
synchronous=off, which nearsight never uses. They are the controls: they have to lose something.
"""

import argparse
import json
import multiprocessing
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1] / "python")]

import disk_log
from planted import Planted, plain

import nearsight
from nearsight import Item, NearsightError
from nearsight.truth import Truth, damages

SECTOR = 512
State = dict[str, str]  # what the database holds: of each input, what its metadata say


@dataclass
class Life:
    """What was recorded: files at first (by their endings), events, and each acknowledged state."""

    start: dict[str, bytes]
    events: list[disk_log.Event]
    states: list[State]


def live(folder: Path, durability: str, steps: int, seed: int) -> Life:
    """Change a database for a while and record it, from its first commit on."""
    log, vfs = disk_log.install()
    chance = random.Random(seed)
    path = folder / "life.ns"
    mode = "full" if durability == "full" else "fast"
    with nearsight.open(path, model=Planted(), durability=mode) as app:
        with app._truth.reading() as db:
            db.pragma("wal_autocheckpoint", 120)  # often, so that there are many to be cut
            if durability == "off":
                db.pragma("synchronous", 0)
            db.pragma("wal_checkpoint", "truncate")
        start = {"": _read_aside(path)}
        log.prefix = str(path)
        states: list[State] = [{}]
        for step in range(steps):
            states.append(_change(app, dict(states[-1]), step, chance))
            log.acknowledge()
    vfs.unregister()
    return Life(start, log.events, states)


def _read_aside(path: Path) -> bytes:
    """Read a file that is open as a database here: closing it here would drop its locks."""
    return subprocess.run(["cat", str(path)], capture_output=True, check=True).stdout


def _change(app: nearsight.App, state: State, step: int, chance: random.Random) -> State:
    """Add three, change up to five, delete two, or compact; what the database holds then."""
    known = sorted(state)
    what = chance.random()
    if what < 0.5 or len(known) < 6:
        items = [
            Item(
                plain((step % 250 + 1, step // 250, n)), id=f"{step}-{n}", metadata={"s": str(step)}
            )
            for n in range(3)
        ]
        report = app.inputs.add(items)
        assert len(report.added) == 3, report
        return state | {item.id or "": str(step) for item in items}
    chosen = chance.sample(known, chance.randint(2, 5) if what < 0.8 else 2)
    if what < 0.8:
        app.inputs.update(chosen, metadata={"s": str(step)}, action="overwrite")
        return state | dict.fromkeys(chosen, str(step))
    if what > 0.97:
        app.compact()
        return state
    app.inputs.delete(chosen)
    return {id_: said for id_, said in state.items() if id_ not in chosen}


class Medium:
    """What is safe on the medium, and what happened since that may be lost."""

    def __init__(self, start: dict[str, bytes]) -> None:
        self.safe = {file: bytearray(content) for file, content in start.items()}
        self.loose: dict[str, list[disk_log.Event]] = {}
        self.acknowledged = 0

    def happen(self, event: disk_log.Event) -> None:
        """Let one more event come to pass."""
        if event.act == "ack":
            self.acknowledged += 1
        elif event.act == "sync":
            content = self.safe.get(event.file, bytearray())
            for one in self.loose.pop(event.file, []):
                content = _apply(content, one) or bytearray()
            self.safe[event.file] = content
        elif event.act == "delete" and event.offset:
            self.loose.pop(event.file, None)
            self.safe.pop(event.file, None)
        else:
            self.loose.setdefault(event.file, []).append(event)

    def after_a_cut(self, chance: random.Random) -> dict[str, bytes]:
        """What may be on the medium if the power goes now: one of the possibilities."""
        found: dict[str, bytes] = {}
        style = chance.choice(["nothing", "all", "prefix", "any", "any"])
        for file in {*self.safe, *self.loose}:
            content: bytearray | None = self.safe.get(file)
            content = None if content is None else bytearray(content)
            for event in _kept(self.loose.get(file, []), style, chance):
                content = _apply(content or bytearray(), event)
            if content is not None:
                found[file] = bytes(content)
        return found


def _kept(loose: list[disk_log.Event], style: str, chance: random.Random) -> list[disk_log.Event]:
    if style == "nothing":
        return []
    if style == "all":
        return loose
    if style == "prefix":
        cut = chance.randint(0, len(loose))
        return [
            *loose[:cut],
            *(_torn(event, chance, in_order=True) for event in loose[cut : cut + 1]),
        ]
    odds = chance.choice([0.1, 0.5, 0.9])
    kept = [event for event in loose if chance.random() < odds]
    return [_torn(event, chance) if chance.random() < 0.3 else event for event in kept]


def _torn(event: disk_log.Event, chance: random.Random, in_order: bool = False) -> disk_log.Event:
    """Keep some of the sectors of a write: its first ones, or a run from somewhere in it."""
    if event.act != "write":
        return event
    edges = [event.offset - event.offset % SECTOR + SECTOR * n for n in range(1, 40)]
    edges = [event.offset, *(e for e in edges if e < event.offset + len(event.data))]
    first = 0 if in_order else chance.choice(edges) - event.offset
    last = max(first, chance.choice([*edges, event.offset + len(event.data)]) - event.offset)
    return disk_log.Event("write", event.file, event.offset + first, event.data[first:last])


def _apply(content: bytearray, event: disk_log.Event) -> bytearray | None:
    if event.act == "delete":
        return None
    if event.act == "truncate":
        del content[event.offset :]
    elif event.data:
        content.extend(bytes(max(0, event.offset - len(content))))
        content[event.offset : event.offset + len(event.data)] = event.data
    return content


def verdict(path: Path, life: Life, acknowledged: int) -> str:
    """Open what is left: "kept", "in flight" (one more), "lost" (fewer), "mixed", "refused"."""
    try:
        truth = Truth(path)
        try:
            held = _held(truth)
        finally:
            truth.close()
        problems = list(damages(path))
    except NearsightError as error:
        return f"refused ({type(error).__name__})"
    if problems:
        return "damaged"
    if held == life.states[acknowledged]:
        return "kept"
    if held in life.states[acknowledged + 1 : acknowledged + 2]:
        return "in flight"
    return "lost" if held in life.states[:acknowledged] else "mixed"


def _held(truth: Truth) -> State:
    """What the database holds; an input without its whole embedding says so."""
    with truth.reading() as db:
        rows = db.execute(
            "select input.id, metadata ->> 's', length(vector), length(probabilities) from input"
            " join annotation on annotation.id = input.id"
            " left join embedding on embedding.annotation = annotation.number"
        )
        return {
            id_: said if sizes == [16, 2000] else f"half of {said}" for id_, said, *sizes in rows
        }


def run(states: int, seed: int, durability: str, steps: int = 150) -> Counter[str]:
    """Record lives and cut each at many moments; how often which verdict was given."""
    verdicts: Counter[str] = Counter()
    lives = max(1, states // 5000)
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        for n in range(lives):
            folder = Path(made) / f"life{n}"
            folder.mkdir()
            with multiprocessing.get_context("spawn").Pool(1) as recorder:  # its VFS stays there
                life = recorder.apply(live, (folder, durability, steps, seed + n))
            share = states // lives + (n < states % lives)
            verdicts += _cut(life, folder, share, random.Random(seed + n))
    return verdicts


def _cut(life: Life, folder: Path, states: int, chance: random.Random) -> Counter[str]:
    moments = Counter(chance.randrange(len(life.events) + 1) for _ in range(states))
    medium, verdicts = Medium(life.start), Counter[str]()
    for moment in range(len(life.events) + 1):
        for _ in range(moments[moment]):
            left = medium.after_a_cut(chance)
            with tempfile.TemporaryDirectory(dir=folder) as place:
                path = Path(place) / "left.ns"
                for file, content in left.items():
                    path.with_name(path.name + file).write_bytes(content)
                verdicts[verdict(path, life, medium.acknowledged)] += 1
        if moment < len(life.events):
            medium.happen(life.events[moment])
    return verdicts


def _fast_folder() -> str | None:
    """In memory where there is such a folder: what is tested is the order, not this disk."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def main() -> int:
    """Run and print a table; 1 if something happened that must not."""
    parser = argparse.ArgumentParser(description="cut the power, look at what is left")
    parser.add_argument("--states", type=int, default=50_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--durability", choices=["full", "fast", "off"], default="full")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.perf_counter()
    verdicts = run(given.states, given.seed, given.durability)
    seconds = time.perf_counter() - began
    if given.json:
        print(json.dumps(verdicts))
    else:
        print(f"durability {given.durability}: {verdicts.total()} power cuts in {seconds:.0f} s")
        for what, count in verdicts.most_common():
            print(f"{count:>9}  {what}")
    allowed = {"kept", "in flight"} | ({"lost"} if given.durability == "fast" else set())
    return 0 if set(verdicts) <= allowed else 1


if __name__ == "__main__":
    sys.exit(main())
