"""The table of bad inputs names tests that there are; and tests that belong nowhere else."""

import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight import pictures
from nearsight.errors import NearsightError

TESTS = Path(__file__).parents[1]
TABLE = TESTS / "BAD_INPUTS.md"
ROW = re.compile(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def known() -> set[str]:
    """Every test function and every C++ case."""
    found = set()
    for file in TESTS.rglob("test_*.py"):
        found |= set(re.findall(r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE))
    for file in TESTS.rglob("*_test.cpp"):
        found |= set(re.findall(r'TEST_CASE\(\s*"(.*?)"\)', file.read_text("utf-8"), re.DOTALL))
    return found


def test_every_group_names_tests_that_there_are_or_says_why_not() -> None:
    rows = ROW.findall(TABLE.read_text("utf-8"))
    assert [int(number) for number, _, _ in rows] == list(range(1, 97))
    there = known()
    for number, group, said in rows:
        named = re.findall(r"`([^`]+)`", said)
        assert named or "*Not*: " in said, f"group {number}, {group}: no test, and no reason"
        sentences = [name for name in named if name.startswith("test_") or " " in name]
        assert set(sentences) <= there, f"group {number}: {set(sentences) - there}"


def test_a_file_that_grows_or_shrinks_while_it_is_read_is_what_was_read(
    tmp_path: Path, stamps: Path
) -> None:
    """Group 39: a picture or its error; never a mixture that was not asked for, never a hang."""
    good = sorted(stamps.rglob("*.png"))[0].read_bytes()
    path, ended = tmp_path / "a.png", threading.Event()
    path.write_bytes(good)

    def change() -> None:
        while not ended.is_set():
            path.write_bytes(good[: len(good) // 2])
            path.write_bytes(good + bytes(1000))
            shutil.copyfile(path, tmp_path / "b")
            (tmp_path / "b").replace(path)

    changing = threading.Thread(target=change)
    changing.start()
    try:
        seen = 0
        for _ in range(150):
            try:
                assert pictures.open(path).format == "PNG"
                seen += 1
            except nearsight.PictureError:
                pass
    finally:
        ended.set()
        changing.join()
    assert seen


LEFT = """
import os, sys
import nearsight
from planted import Planted, plain
app = nearsight.open(sys.argv[1], model=Planted())
for n in range(4):
    app.inputs.add(nearsight.Item(plain((n + 1, 2, int(sys.argv[2]))), id=f"{sys.argv[2]}-{n}"))
os._exit(0)
"""


def left(path: Path, name: int) -> Path:
    """A database with a log, which its process left behind."""
    subprocess.run([sys.executable, "-c", LEFT, str(path), str(name)], check=True)
    path.with_name(path.name + "-shm").unlink()
    return path


def ids(path: Path) -> set[str]:
    with nearsight.open(path, model=Planted(), read_only=True) as app:
        return {record.id for record in app.inputs}


def test_the_log_of_another_database_is_not_taken_for_ones_own(tmp_path: Path) -> None:
    """Group 64: SQLite would replay it; pages and their order are then those of the other one."""
    one, other = left(tmp_path / "one.ns", 1), left(tmp_path / "two.ns", 2)
    with nearsight.open(one, model=Planted()):
        pass  # its log is moved into it
    shutil.copyfile(f"{other}-wal", f"{one}-wal")
    try:
        found = ids(one)
    except NearsightError:
        return
    assert found in ({f"1-{n}" for n in range(4)}, {f"2-{n}" for n in range(4)})  # never a mixture


def test_garbage_in_the_logs_index_harms_nothing(tmp_path: Path) -> None:
    """Group 64: the -shm file is derived, and derived again."""
    path = left(tmp_path / "a.ns", 1)
    path.with_name("a.ns-shm").write_bytes(b"garbage!" * 4096)
    assert ids(path) == {f"1-{n}" for n in range(4)}


def test_a_database_whose_folder_moves_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    """Group 71."""
    (tmp_path / "old").mkdir()
    with nearsight.open(tmp_path / "old" / "a.ns", model=Planted()) as app:
        app.inputs.add(plain((1, 2, 3)))
        (tmp_path / "old").rename(tmp_path / "new")
        try:
            app.inputs.add(plain((4, 5, 6)))
            expected = 2
        except NearsightError:
            expected = 1
    assert len(ids(tmp_path / "new" / "a.ns")) == expected


def test_the_interpreter_may_end_with_everything_open(tmp_path: Path) -> None:
    """Group 86: an app, an iterator of it and a daemon thread that searches."""
    code = """
import sys, threading
import nearsight
from planted import Planted, plain
app = nearsight.open(sys.argv[1], model=Planted())
app.inputs.add([plain((n, 2, 3)) for n in range(1, 9)])
started = threading.Event()
def search():
    while True:
        app.search(image=plain((1, 1, 1)))
        started.set()
threading.Thread(target=search, daemon=True).start()
kept = iter(app.inputs); next(kept)
started.wait(60)
"""
    path = tmp_path / "a.ns"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert len(ids(path)) == 8


def test_the_table_is_held_to_tests(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The control."""
    wrong = TABLE.read_text("utf-8").replace("`test_bad_ids_are_refused`", "`test_nobody_wrote`")
    (tmp_path / "table.md").write_text(wrong, "utf-8")
    monkeypatch.setattr(sys.modules[__name__], "TABLE", tmp_path / "table.md")
    with pytest.raises(AssertionError, match="group 92"):
        test_every_group_names_tests_that_there_are_or_says_why_not()
