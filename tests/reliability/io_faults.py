"""Let one system call after the other fail, in all that an app does, and look at what is left.

    python tests/reliability/io_faults.py [--every 1] [--scene add] [--kind full] [--json]

`failing_calls.cpp` is compiled and loaded before everything else, so that it stands between the
process (SQLite, the core, Python) and its C library. Each scene (open, add, search, ...) is played
once for each call on the database's files, which fails: the disk is full (ENOSPC), broken (EIO, a
failing fsync among them), the call is interrupted (EINTR), only half of a write or read is done, or
there are no file descriptors left (EMFILE); once, or from there on (but for EINTR, which is retried
and so would never end). Then the failure is over, and

- the scene ended well or with an error of nearsight's own, and no signal;
- the same app answers and can change again, or says that it has to be opened anew;
- another process opens the database, and finds what was acknowledged, and of the change that
  failed either all or nothing; `check` finds nothing wrong.

The control is `--kind lie`: writes that say they were done and were not. It has to lose something.
"""

import argparse
import ctypes
import json
import logging
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process that is forked has one thread
sys.path[:0] = [str(Path(__file__).parents[1] / "python"), str(Path(__file__).parent)]

import changes
from changes import Change, State
from planted import Planted, plain

import nearsight
from nearsight import NearsightError
from nearsight.truth import connection

EYE = Planted()  # before there are forks, which share what it has read
SOURCE = Path(__file__).with_name("failing_calls.cpp")
KINDS = {"full": 1, "broken": 2, "interrupted": 3, "short": 4, "no files": 5, "lie": 6}
FIRST = (Change("add", tuple(f"0-1-{n}" for n in range(14)), "0-1"),)
FIRST += (Change("add", tuple(f"0-2-{n}" for n in range(12)), "0-2"),)
FIRST += (Change("delete", ("0-1-3", "0-2-4")),)
ADD = Change("add", tuple(f"1-3-{n}" for n in range(9)), "1-3")
MORE = Change("add", ("2-4-0", "2-4-1"), "2-4")
UPDATE = Change("update", ("0-1-1", "0-2-2", "0-2-3"), "3-5")
DELETE = Change("delete", ("0-1-1", "0-2-2"))
TEACH = Change("teach", ("model 4-6",), "4-6")


class Scene:
    """What is played: how the database is before, what is done to it, and by which changes."""

    def __init__(
        self,
        act: Callable[["Stage"], None],
        *made: Change,
        before: str = "closed",
        opens: bool = True,
    ) -> None:
        self.act = act
        self.made = made
        self.before = before
        self.opens = opens  # the app, before anything fails


class Stage:
    """One database in a folder of its own, and what was acknowledged."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "a.ns"
        self.app: nearsight.App | None = None
        self.acknowledged = 0

    def open(self) -> nearsight.App:
        self.app = nearsight.open(self.path, model=EYE)
        return self.app

    def make(self, *made: Change) -> None:
        for change in made:
            changes.make(self.app or self.open(), change)
            self.acknowledged += 1


def search(stage: Stage) -> None:
    """Everything that reads."""
    app = stage.app
    assert app is not None
    hits = app.search(image=plain((9, 99, 200)), where="within(48, 2, 20000)", k=50)
    assert len(app.search(where="0-1", k=50)) + len(hits) > 9
    assert app.search(concept="tabby", k=3)[0].input.id
    assert app.inputs.thumbnail("0-1-1")
    assert app.inputs.predictions("0-1-1")
    assert len(list(app.inputs)) == app.inputs.count()


def close(stage: Stage) -> None:
    assert stage.app is not None
    stage.app.close()


def back_up(stage: Stage) -> None:
    assert stage.app is not None
    stage.app.backup(stage.path.with_name("backup.ns"), overwrite=True)


def changes_of(*made: Change) -> Scene:
    return Scene(lambda stage: stage.make(*made), *made)


SCENES = {
    "create": Scene(lambda stage: stage.make(MORE), MORE, before="nothing", opens=False),
    "open": Scene(lambda stage: search_after(stage.open(), stage), opens=False),
    "open after a crash": Scene(
        lambda stage: search_after(stage.open(), stage), before="crashed", opens=False
    ),
    "open without cache": Scene(
        lambda stage: search_after(stage.open(), stage), before="no cache", opens=False
    ),
    "add": changes_of(ADD, MORE),
    "update": changes_of(UPDATE),
    "delete": changes_of(DELETE),
    "teach": changes_of(TEACH),
    "search": Scene(search),
    "compact": changes_of(Change("compact")),
    "backup": Scene(back_up),
    "close": Scene(close, before="crashed"),
}


def search_after(app: nearsight.App, stage: Stage) -> None:
    stage.app = app
    search(stage)


def base(folder: Path) -> State:
    """Make what the scenes begin with: a folder for each state before; what the database holds."""
    state: State = {}
    for before in ("closed", "crashed", "no cache", "nothing"):
        (folder / before).mkdir()
    stage = Stage(folder / "closed")
    stage.make(*FIRST)
    for change in FIRST:
        state = change.after(state)
    assert stage.app is not None
    back_up(stage)
    for file in ("a.ns", "a.ns-wal", "backup.ns"):
        shutil.copy(stage.path.with_name(file), folder / "crashed")
    stage.app.close()
    for file in ("a.ns", "backup.ns"):
        shutil.copy(stage.path.with_name(file), folder / "no cache")
    return state


@dataclass(frozen=True)
class Failure:
    """Which call fails, how, and whether all later ones do."""

    kind: str
    good: int  # calls that succeed before
    sticky: bool


def play(scene: Scene, place: Path, faults: ctypes.CDLL, failure: Failure) -> str:
    """Play it while a call fails; what came of it, in words. In a process of its own."""
    logging.disable(logging.WARNING)  # of caches that cannot be written
    connection.BUSY_TIMEOUT_MS = 20  # SQLite takes a lock that fails for one that others have
    stage = Stage(place)
    faults.faults_watch(str(place).encode())
    if scene.opens:
        stage.open()
    faults.faults_arm(KINDS[failure.kind], failure.good, failure.sticky)
    outcome = attempt(lambda: scene.act(stage))
    hits = faults.faults_hits()
    faults.faults_disarm()
    again = attempt(lambda: goes_on(stage), wordy=True)
    return json.dumps([hits, outcome, again, stage.acknowledged])


def attempt(act: Callable[[], None], wordy: bool = False) -> str:
    try:
        act()
    except NearsightError as error:
        return f"refused ({type(error).__name__})" + f": {error}" * wordy
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-2:]
        lines = ", ".join(f"{Path(each.filename).name}:{each.lineno}" for each in where)
        return f"RAISED {type(error).__name__}: {error} ({lines})"
    return "done"


def goes_on(stage: Stage) -> None:
    """The failure is over: an app that is open reads and writes."""
    app = stage.app
    if app is None or app._truth.closed:
        return
    changes.held(app)
    app.inputs.add(
        plain((1, 2, 3)), id="later", concepts=["9-9"], metadata={"said": "9-9"}, geo=(9, 9)
    )
    app.close()


def look(place: Path, scene: Scene, state: State, acknowledged: int) -> str:
    """Open what is left, in a process of its own: "kept", or what is wrong."""
    allowed = [state]
    for change in scene.made:
        allowed.append(change.after(allowed[-1]))
    try:
        with nearsight.open(place / "a.ns", model=EYE) as app:
            holds = changes.held(app)
            holds.pop("later", None)
            app.inputs.add(plain((3, 2, 1)), allow_duplicate=True)
        found = nearsight.check(place / "a.ns")
        if (place / "backup.ns").exists():
            with nearsight.open(place / "backup.ns", model=EYE) as app:
                if changes.held(app) != state:
                    return "LOST the backup"
    except Exception as error:
        return f"UNOPENABLE {type(error).__name__}: {error}"
    if not found.ok:
        return f"DAMAGED {found.file + found.cache}"
    if holds in allowed[acknowledged:]:
        return "kept"
    return "LOST" if holds in allowed else "MIXED"


def apart(act: Callable[[], str]) -> str:
    """What `act` gives in a fork of this process; how that died where it gave nothing."""
    reads, writes = os.pipe()
    process = os.fork()
    if not process:
        try:
            said = act()
        except BaseException as error:
            said = json.dumps([1, f"RAISED {error!r}", "", 0])
        os.write(writes, said.encode()[:4000])
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(process, 0)
    return said or f"DIED of {os.waitstatus_to_exitcode(status)}"


def trial(
    place: Path, scene: Scene, state: State, faults: ctypes.CDLL, failure: Failure
) -> tuple[bool, list[str]]:
    """Play a scene with one failure; did a call fail, and what came of it, of the app, of the file.

    It is played, and then looked at, in forks of this process, which has no database open.
    """
    said = apart(lambda: play(scene, place, faults, failure))
    if said.startswith("DIED"):
        return True, [said, "", ""]
    hits, outcome, again, acknowledged = json.loads(said)
    left = apart(lambda: look(place, scene, state, acknowledged))
    return bool(hits), [outcome, again, left]


def trials(
    scenes: list[str], kinds: list[str], every: int, once: bool
) -> Iterator[tuple[str, Failure, Any]]:
    """Play scenes until no call is left that could fail; what came of each."""
    faults = ctypes.CDLL(os.environ["LD_PRELOAD"])
    faults.faults_hits.restype = ctypes.c_long
    faults.faults_arm.argtypes = (ctypes.c_int, ctypes.c_long, ctypes.c_int)
    with tempfile.TemporaryDirectory(dir=_fast_folder()) as made:
        folder = Path(made).resolve()
        full = base(folder)
        for name, kind, sticky in product(scenes, kinds, [False, True]):
            if sticky and (once or kind == "interrupted"):
                continue
            scene = SCENES[name]
            state = {} if scene.before == "nothing" else full
            for good in range(random.randrange(every), 1 << 30, every):
                failure = Failure(kind, good, sticky)
                shutil.copytree(folder / scene.before, folder / "stage")
                failed, came = trial(folder / "stage", scene, state, faults, failure)
                shutil.rmtree(folder / "stage")
                if not failed:  # there is no such call
                    break
                yield name, failure, came


def run(
    scenes: list[str], kinds: list[str], every: int, once: bool
) -> tuple[dict[str, Counter[str]], list[Any]]:
    """How often what came of it, by scene; and each that must not be."""
    counts: dict[str, Counter[str]] = {}
    bad = []
    for name, failure, (outcome, again, left) in trials(scenes, kinds, every, once):
        row = counts.setdefault(name, Counter())
        is_good = left == "kept" and all(
            said.startswith(("done", "refused")) for said in (outcome, again)
        )
        row[outcome if is_good else "WRONG"] += 1
        row["(then had to be opened anew)"] += is_good and again != "done"
        if not is_good:
            bad.append([name, *astuple(failure), outcome, again, left])
            print(*bad[-1], file=sys.stderr, flush=True)
    return counts, bad


def _fast_folder() -> str | None:
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


def with_failing_calls(arguments: list[str]) -> int:
    """Compile the library and run this program again with it."""
    with tempfile.TemporaryDirectory() as made:
        library = Path(made) / "failing_calls.so"
        compiler = os.environ.get("CXX", "g++")
        command = [
            compiler,
            "-std=c++20",
            "-O1",
            "-shared",
            "-fPIC",
            "-o",
            str(library),
            str(SOURCE),
        ]
        subprocess.run([*command, "-ldl"], check=True)
        environment = os.environ | {"LD_PRELOAD": str(library)}
        return subprocess.run([sys.executable, __file__, *arguments], env=environment).returncode


def main() -> int:
    """Run and print a table; 1 if something happened that must not."""
    parser = argparse.ArgumentParser(description="let every system call fail")
    parser.add_argument("--every", type=int, default=1, help="of how many calls one fails")
    parser.add_argument("--scene", choices=SCENES, action="append", help="default: all")
    parser.add_argument("--kind", choices=KINDS, action="append", help="default: all but lie")
    parser.add_argument("--seed", type=int, default=1, help="of which of them")
    parser.add_argument("--once", action="store_true", help="never from there on")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    if "failing_calls" not in os.environ.get("LD_PRELOAD", ""):
        return with_failing_calls(sys.argv[1:])
    random.seed(given.seed)
    began = time.perf_counter()
    kinds = given.kind or [kind for kind in KINDS if kind != "lie"]
    counts, bad = run(given.scene or list(SCENES), kinds, given.every, given.once)
    if given.json:
        print(json.dumps({"counts": counts, "bad": bad}))
    else:
        total = sum(n for row in counts.values() for what, n in row.items() if what[0] != "(")
        print(f"{total} failures in {time.perf_counter() - began:.0f} s, {len(bad)} wrong")
        for name, row in counts.items():
            print(f"{name:20}", ", ".join(f"{n} {what}" for what, n in sorted(row.items())))
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
