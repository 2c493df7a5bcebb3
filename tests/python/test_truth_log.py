"""A damaged write-ahead log is noticed before it costs commits; what a power cut leaves is none."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from planted import Planted

import nearsight
from nearsight.errors import CorruptionError, NearsightError
from nearsight.truth import Truth, connection, damages

FRAME, PAGE = 24 + 8192, 8192
COMMITS = 8
KILLED = """
import os, sys
import nearsight
from planted import Planted, plain
app = nearsight.open(sys.argv[1], model=Planted(), durability=sys.argv[2])
for n in range(8):
    app.inputs.add(nearsight.Item(plain((n + 1, 2, 3)), id=f"i{n}"))
os._exit(0)
"""


def killed(folder: Path, durability: str) -> Path:
    """A database whose process ended without closing it: everything is in its log."""
    path = folder / "a.ns"
    subprocess.run([sys.executable, "-c", KILLED, str(path), durability], check=True)
    shutil.rmtree(folder / "a.ns-cache")
    (folder / "a.ns-shm").unlink()
    return path


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return killed(tmp_path_factory.mktemp("left"), "full")


@pytest.fixture
def path(left: Path, tmp_path: Path) -> Path:
    shutil.copytree(left.parent, tmp_path / "copy")
    return tmp_path / "copy" / "a.ns"


def log_of(path: Path) -> Path:
    return path.with_name("a.ns-wal")


def rewrite(path: Path, content: bytes) -> None:
    """Put this log beside the file, and take away what SQLite derived from another one."""
    log_of(path).write_bytes(content)
    path.with_name("a.ns-shm").unlink(missing_ok=True)


def held(path: Path) -> int:
    truth = Truth(path, read_only=True)
    try:
        with truth.reading() as db:
            return int(db.execute("select count(*) from input").get)
    finally:
        truth.close()


def ends(log: bytes) -> list[int]:
    """Which frames end a commit."""
    count = (len(log) - 32) // FRAME
    return [n for n in range(count) if log[32 + n * FRAME + 4 : 32 + n * FRAME + 8] != bytes(4)]


def flips(log: bytes, last: int) -> list[bytes]:
    """One bit flipped: in each byte of the header, and in each frame's header and page."""
    chance = random.Random(7)
    places = list(range(32)) + [
        32 + n * FRAME + at for n in range(last) for at in (*range(0, 24, 5), 24, 24 + 4000)
    ]
    flipped = []
    for place in places:
        content = bytearray(log)
        content[place] ^= 1 << chance.randrange(8)
        flipped.append(bytes(content))
    return flipped


def test_a_flipped_bit_before_the_last_commit_is_noticed_and_nothing_is_cleared(
    path: Path,
) -> None:
    log = log_of(path).read_bytes()
    assert held(path) == COMMITS
    for content in flips(log, ends(log)[-2]):
        rewrite(path, content)
        assert connection.damaged_frame(log_of(path), PAGE) is not None
    for content in flips(log, ends(log)[-2])[::25]:
        rewrite(path, content)
        with pytest.raises(CorruptionError):
            held(path)
        with pytest.raises(CorruptionError, match=r"a\.ns-wal is damaged at frame \d+"):
            Truth(path)
        assert log_of(path).read_bytes() == content
    rewrite(path, log)
    assert held(path) == COMMITS


def test_without_that_look_the_same_damage_takes_commits_away_in_silence(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(connection, "damaged_frame", lambda log, page_size: None)
    log = log_of(path).read_bytes()
    kept = []
    for content in flips(log, ends(log)[-2])[40::160]:
        rewrite(path, content)
        try:
            kept.append(held(path))
        except NearsightError:
            continue
    assert min(kept) < COMMITS - 1


def test_whatever_a_power_cut_leaves_of_the_last_commit_is_no_damage(path: Path) -> None:
    log = log_of(path).read_bytes()
    first = ends(log)[-2] + 1
    for hole in range(first, (len(log) - 32) // FRAME):
        at = 32 + hole * FRAME
        for content in (log[:at], log[: at + 100], log[:at] + bytes(FRAME) + log[at + FRAME :]):
            rewrite(path, content)
            assert held(path) == COMMITS - 1


def test_what_an_older_log_left_behind_the_newest_frames_is_no_damage(path: Path) -> None:
    """SQLite begins a log that was moved into the file at its beginning again, with new salts."""
    log = log_of(path).read_bytes()
    rewrite(path, log)
    with nearsight.open(path, model=Planted()) as app:
        with app._truth.reading() as db:
            db.pragma("wal_checkpoint", "passive")
        app.inputs.delete("i0")
        copied = subprocess.run(
            ["cat", str(log_of(path))], capture_output=True, check=True
        ).stdout  # not by this process: see `held`
    newer = path.parent / "newer"
    newer.write_bytes(copied)
    assert connection.damaged_frame(newer, PAGE) is None
    assert len(copied) >= len(log)


def test_a_database_that_was_written_fast_may_lose_commits_and_opens(tmp_path: Path) -> None:
    path = killed(tmp_path, "fast")
    log = log_of(path).read_bytes()
    at = 32 + (ends(log)[-4] + 1) * FRAME
    rewrite(path, log[:at] + bytes(FRAME) + log[at + FRAME :])
    assert held(path) == COMMITS - 3
    with nearsight.open(path, model=Planted()) as app:
        assert len(app.inputs) == COMMITS - 3
        app.compact()
        with app._truth.reading() as db:
            assert not connection.is_hurried(db)


def test_check_names_the_damage_and_salvaging_keeps_what_came_before(
    path: Path, tmp_path: Path
) -> None:
    log = bytearray(log_of(path).read_bytes())
    frame = ends(bytes(log))[-4] + 1
    log[32 + frame * FRAME + 30] ^= 1
    rewrite(path, bytes(log))
    (said,) = damages(path)
    assert f"damaged at frame {frame + 1}" in said
    assert nearsight.salvage(path, tmp_path / "saved.ns")["input"] == (COMMITS - 3, 0)
    assert held(tmp_path / "saved.ns") == COMMITS - 3
