"""The file of an open app, and what may come over it: other opens, forks, kills and crowds."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import nearsight
from nearsight import held
from nearsight.embedders import Grid
from nearsight.errors import PictureError
from nearsight.pictures import Source, find
from nearsight.truth import Truth


def run(code: str, *arguments: object) -> list[str]:
    """Run a script to its end, and return the lines that it printed."""
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (0, -9), done.stderr
    return done.stdout.splitlines()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """160 small pictures; a database beside them comes first in their order."""
    random = np.random.default_rng(0)
    for number in range(160):
        pixels = random.integers(0, 255, (40, 40, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"z{number:03}.png")
    return tmp_path


def test_a_file_is_held_as_often_as_it_was_opened(tmp_path: Path) -> None:
    path = tmp_path / "a.ns"
    path.touch()
    (tmp_path / "b.ns").touch()
    (tmp_path / "link.ns").symlink_to(path)
    first, second = held.hold(path), held.hold(tmp_path / "link.ns")
    assert held.is_held(path.stat())
    assert not held.is_held((tmp_path / "b.ns").stat())
    held.release(first)
    assert held.is_held(path.stat())
    held.release(second)
    assert not held.is_held(path.stat())


def test_the_companions_of_a_held_file_are_held_when_they_appear(tmp_path: Path) -> None:
    real = held.hold(tmp_path / "a.ns")
    wal, shm = tmp_path / "a.ns-wal", tmp_path / "a.ns-shm"
    wal.touch()
    assert held.is_held(wal.stat())
    wal.rename(tmp_path / "other")
    assert not held.is_held((tmp_path / "other").stat())
    shm.touch()
    assert held.is_held(shm.stat())
    held.release(real)
    assert not held.is_held(shm.stat())


def test_the_companions_of_a_linked_file_lie_beside_the_file(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link.ns").symlink_to("real/a.ns")
    real = held.hold(tmp_path / "link.ns")
    for name in ("real/a.ns-wal", "link.ns-wal"):
        (tmp_path / name).touch()
    assert held.is_held((tmp_path / "real" / "a.ns-wal").stat())
    assert not held.is_held((tmp_path / "link.ns-wal").stat())
    held.release(real)


def names(path: Path) -> list[Path]:
    """Every name under which the open database at `path` can be reached."""
    real = path.with_name("photos.ns")
    companions = [real.with_name(f"photos.ns-{end}") for end in ("wal", "shm")]
    assert all(file.exists() for file in companions)
    return [path, real, *companions]


def is_opened(path: Path, action: Callable[[], object]) -> bool:
    """Tell whether `action` opens this very file."""
    opened: list[bool] = []
    real_open = os.open

    def spying(name: str, *others: int) -> int:
        opened.append(Path(name).samefile(path))
        return real_open(name, *others)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", spying)
        action()
    return any(opened)


def test_an_open_database_is_never_opened_as_a_picture(tmp_path: Path) -> None:
    (tmp_path / "one.png").write_bytes(b"no picture")
    truth = Truth(tmp_path / "photos.ns")
    with truth.writing():
        pass
    (tmp_path / "hard.ns").hardlink_to(tmp_path / "photos.ns")
    (tmp_path / "soft.jpg").symlink_to("photos.ns")
    (tmp_path / "wal.jpg").symlink_to("photos.ns-wal")
    for path in [*names(tmp_path / "hard.ns"), tmp_path / "soft.jpg", tmp_path / "wal.jpg"]:
        (found,) = find(path)
        assert isinstance(found, Source)

        def load(found: Source = found) -> None:
            with pytest.raises(PictureError, match="is the open database itself"):
                found.load()

        assert not is_opened(path, load)
        for what in (tmp_path, f"{tmp_path}/*", f"{tmp_path}/**/*"):
            assert not is_opened(path, lambda what=what: list(find(what)))
    for what in (tmp_path, f"{tmp_path}/*"):
        assert [Path(found.name).name for found in find(what)] == ["one.png"]
    assert is_opened(tmp_path / "one.png", lambda: [found.load() for found in find(tmp_path)])
    truth.close()
    (found,) = find(tmp_path / "photos.ns")
    assert isinstance(found, Source)
    assert found.load().size_bytes > 0


KILLED = """
import os, signal, subprocess, sys, nearsight
from nearsight.embedders import Grid
OTHER = '''import sys, nearsight
from nearsight.embedders import Grid
with nearsight.open(sys.argv[1], model=Grid()) as app: len(app.inputs)'''
app = nearsight.open(sys.argv[1] + "/photos.ns", model=Grid())
for count, outcome in enumerate(app.inputs.adding(sys.argv[1])):
    print(outcome.status, outcome.id, flush=True)
    if count == 20:
        subprocess.run([sys.executable, "-c", OTHER, sys.argv[1] + "/photos.ns"], check=True)
    if count == 100:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def test_nothing_acknowledged_is_lost_when_the_folder_of_the_database_is_added(
    folder: Path,
) -> None:
    acknowledged = [line.split()[1] for line in run(KILLED, folder) if line.startswith("added")]
    assert len(acknowledged) > 90
    with nearsight.open(folder / "photos.ns", model=Grid()) as app:
        assert [id_ for id_ in acknowledged if id_ not in app.inputs] == []


FORKED = """
import os, sys, traceback
from pathlib import Path
from nearsight.errors import DatabaseError
from nearsight.truth import Truth
path = Path(sys.argv[1])
truth = Truth(path)
with truth.writing(): pass
truth._lock.acquire()  # as if another thread held it
if os.fork() == 0:
    def refused(action):
        try: action()
        except DatabaseError as error: print(error, flush=True)
        else: print("not refused", flush=True)
    def write():
        with truth.writing(): pass
    refused(truth.inputs.count)
    refused(write)
    refused(lambda: Truth(path))
    os.link(path, str(path) + ".hard")
    refused(lambda: Truth(Path(str(path) + ".hard")))
    print(truth.closed, truth.close())
    Truth(path.with_name("another.ns")).close()
    sys.exit()
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
truth._lock.release()
with truth.writing(): pass
print(truth.closed, truth.generation >> 24)
truth.close()
if os.fork() == 0:
    again = Truth(path)
    print("after closing", again.generation >> 24, flush=True)
    again.close()
    os._exit(0)
assert os.waitstatus_to_exitcode(os.wait()[1]) == 0
"""


def test_a_forked_child_is_refused_and_its_parent_goes_on(tmp_path: Path) -> None:
    lines = run(FORKED, tmp_path / "photos.ns")
    assert ["fork" in line and "spawn" in line for line in lines[:4]] == [True] * 4
    assert lines[4:] == ["True None", "False 2", "after closing 2"]


CROWD = """
import sys, time
from pathlib import Path
from nearsight.truth import Truth
Truth(Path(sys.argv[3])).close()  # loads everything
start, paths = float(sys.argv[1]), sys.argv[4:]
for number, path in enumerate(paths):
    while time.time() < start + number * float(sys.argv[2]): pass
    try:
        truth = Truth(Path(path))
        truth.adopt_model("m", "f" * 64, 4, ["a"])
        with truth.writing(): pass
        print("ok")
        truth.close()
    except BaseException as error: print(type(error).__name__, error)
"""


def crowd(tmp_path: Path, paths: list[Path]) -> list[str]:
    """Let four processes open the same files at the same moments."""
    import time

    start, spare = time.time() + 1.5, (tmp_path / f"spare{number}.ns" for number in range(4))
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", CROWD, str(start), "0.1", str(own), *map(str, paths)],
            stdout=subprocess.PIPE,
            text=True,
        )
        for own in spare
    ]
    return [line for one in processes for line in one.communicate(timeout=120)[0].splitlines()]


def test_several_processes_may_create_one_database_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.ns" for number in range(12)]
    assert crowd(tmp_path, paths) == ["ok"] * 48
    for path in paths:
        truth = Truth(path, read_only=True)
        assert truth.generation >> 24 in range(5, 9)  # each once, and the model
        truth.close()


LEFT = """
import os, signal, sys
from pathlib import Path
from nearsight.truth import Truth
truths = [Truth(Path(path)) for path in sys.argv[1:]]  # one that is collected would be closed
for truth in truths:
    for _ in range(50):
        with truth.writing(): pass
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_several_processes_may_recover_one_log_at_once(tmp_path: Path) -> None:
    paths = [tmp_path / f"{number}.ns" for number in range(12)]
    run(LEFT, *paths)
    for path in paths:
        assert path.with_name(path.name + "-wal").stat().st_size > 0
    assert crowd(tmp_path, paths) == ["ok"] * 48
    for path in paths:
        truth = Truth(path, read_only=True)
        assert truth.generation >> 24 in range(55, 59)
        truth.close()
