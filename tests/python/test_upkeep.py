"""Backups, compacting, and erasing that really erases."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight import Item
from nearsight.errors import (
    ArgumentError,
    ClosedError,
    CorruptionError,
    DatabaseError,
    NotFoundError,
    ReadOnlyError,
)
from nearsight.truth import connection

SECRET, WORD = (201, 77, 13), "unmistakable-secret-word"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.ns"


def opened(path: Path, **options: object) -> nearsight.App:
    return nearsight.open(path, model=Planted(), **options)  # type: ignore[arg-type]


def shades(first: int, count: int) -> list[Item]:
    return [Item(plain((n % 256, n // 256, 90)), id=f"i{n}") for n in range(first, first + count)]


def traces(path: Path, patterns: dict[str, bytes]) -> set[tuple[str, str]]:
    """Which of these bytes are in which file of the database: its own, its log, its cache."""
    files = [
        path,
        path.with_name(path.name + "-wal"),
        *path.with_name(path.name + "-cache").iterdir(),
    ]
    return {
        (file.name, what)
        for file in files
        if file.exists()
        for what, pattern in patterns.items()
        if pattern in file.read_bytes()
    }


def with_a_secret(app: nearsight.App) -> dict[str, bytes]:
    """Add pictures, one of them secret; the bytes by which its traces are known."""
    app.inputs.add(shades(0, 60))
    app.inputs.add([Item(plain(SECRET), id="secret", metadata={"note": WORD})])
    vector = np.array([*(np.float32(c) / 255 for c in SECRET), 1], "<f4")
    with app._truth.reading() as db:
        thumbnail = db.execute("select thumbnail from input where id = 'secret'").get
    assert len(thumbnail) > 200
    end = thumbnail[-40:]  # what makes it this picture's: the head is every JPEG's
    return {"vector": vector.tobytes(), "word": WORD.encode(), "end": end}


def row_of_the_secret(path: Path) -> bytes:
    """Its embedding as the cache keeps it: in the last of 61 rows of 64 bytes (cpp/FORMAT.md)."""
    (rows,) = path.with_name(path.name + "-cache").glob("rows-*.seg")
    row = rows.read_bytes()[8192 + 60 * 64 :][:16]
    vector = np.array([*(c / 255 for c in SECRET), 1])
    assert np.allclose(np.frombuffer(row, "<f4"), vector / np.linalg.norm(vector))
    return row


def test_nothing_of_what_was_erased_is_left_after_compacting(path: Path) -> None:
    app = opened(path)
    patterns = with_a_secret(app)
    app.close()
    patterns["row"] = row_of_the_secret(path)
    assert {what for _, what in traces(path, patterns)} == set(patterns)  # they can be found
    app = opened(path)
    app.inputs.delete("secret")
    assert traces(path, patterns)  # the control: deleting alone leaves some
    freed = app.compact()
    assert freed > 0
    assert traces(path, patterns) == set()
    assert len(app.inputs) == 60
    expected = app.search(image=plain((9, 0, 90)), k=60).ids
    app.close()
    assert traces(path, patterns) == set()
    with opened(path) as app:
        assert app.search(image=plain((9, 0, 90)), k=60).ids == expected
        assert app.check().ok


def erased_traces(path: Path) -> set[tuple[str, str]]:
    app = opened(path)
    patterns = with_a_secret(app)
    app.inputs.delete("secret")
    app.close()  # moves the log into the file
    return {(name, what) for name, what in traces(path, patterns) if name == path.name}


def test_what_is_erased_leaves_the_file_at_once(path: Path) -> None:
    assert erased_traces(path) == set()


def test_without_secure_delete_it_would_stay_in_the_file(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the search above finds what is there."""
    real = connection._configure

    def without(db: object, *given: object, **named: object) -> None:
        real(db, *given, **named)  # type: ignore[arg-type]
        db.pragma("secure_delete", 0)  # type: ignore[attr-defined]

    monkeypatch.setattr(connection, "_configure", without)
    assert {what for _, what in erased_traces(path)} >= {"vector", "word"}


def test_caches_that_are_behind_a_compacting_are_built_again(path: Path) -> None:
    app, other = opened(path), opened(path)
    app.inputs.add(shades(0, 30))
    other.refresh()
    app.inputs.delete([f"i{n}" for n in range(10)])
    app.compact()
    other.refresh()
    assert sorted(other.search(k=100).ids) == sorted(f"i{n}" for n in range(10, 30))
    for one in (other, app):
        one.close()
    assert nearsight.check(path).ok


def test_compacting_needs_the_cache_for_itself_and_a_writable_app(path: Path) -> None:
    with opened(path) as app, opened(path) as other:
        app.inputs.add(shades(0, 3))
        with pytest.raises(DatabaseError, match="written by another app"):
            other.compact()
        app.compact()
    with opened(path, read_only=True) as app, pytest.raises(ReadOnlyError, match="read_only"):
        app.compact()
    with pytest.raises(ClosedError):
        app.compact()


def test_a_reader_in_the_way_of_compacting_is_named_and_nothing_is_lost(path: Path) -> None:
    with opened(path) as app:
        app.inputs.add(shades(0, 30))
        app.inputs.delete([f"i{n}" for n in range(20)])
        reader = connection.connect(path, read_only=True)
        reader.execute("begin")
        assert reader.execute("select count(*) from input").get == 10
        with app._truth.reading() as db:
            db.set_busy_timeout(50)
        with pytest.raises(DatabaseError, match="being read by another process"):
            app.compact()
        assert len(app.search(k=100)) == 10
        reader.execute("commit")
        reader.close()
        app.inputs.add(shades(50, 5))
        assert len(app.search(k=100)) == 15
        assert app.compact() > 0
    assert nearsight.check(path).ok


def test_a_backup_is_a_whole_database_of_its_own(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.ns"
    with opened(path) as app:
        app.inputs.add(shades(0, 20))
        assert app.backup(copy) == copy
        app.inputs.add(shades(20, 5))
    assert nearsight.check(copy).ok
    with opened(copy) as app:
        assert len(app.inputs) == 20
        app.inputs.add(shades(40, 1))
        assert len(app.search(k=100)) == 21
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("copy.ns", "copy.ns-cache", "photos.ns", "photos.ns-cache")
    ]


def test_a_backup_of_a_read_only_app(path: Path, tmp_path: Path) -> None:
    with opened(path) as app:
        app.inputs.add(shades(0, 3))
    with opened(path, read_only=True) as app:
        app.backup(tmp_path / "copy.ns")
    with opened(tmp_path / "copy.ns") as app:
        assert len(app.inputs) == 3


def test_a_backup_replaces_nothing_unasked_and_no_open_database_ever(
    path: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with opened(path) as app, opened(tmp_path / "other.ns") as other:
        app.inputs.add(shades(0, 3))
        for taken in (path, tmp_path / "other.ns", tmp_path / "notes.txt", tmp_path):
            with pytest.raises(ArgumentError, match="exists, and a backup replaces nothing"):
                app.backup(taken)
        for held in (path, tmp_path / "other.ns", tmp_path):
            with pytest.raises(ArgumentError, match="is open as a database or no file"):
                app.backup(held, overwrite=True)
        with pytest.raises(NotFoundError, match="Create it first"):
            app.backup(tmp_path / "missing" / "copy.ns")
        with pytest.raises(ArgumentError, match="give the path of a file"):
            app.backup("")
        (tmp_path / "left.ns-wal").write_bytes(b"log of something else")
        with pytest.raises(DatabaseError, match="is the log of a database"):
            app.backup(tmp_path / "left.ns")
        assert (tmp_path / "notes.txt").read_text() == "mine"
        assert len(other.inputs) == 0
        app.backup(tmp_path / "notes.txt", overwrite=True)
    with opened(tmp_path / "notes.txt") as app:
        assert len(app.inputs) == 3
    with pytest.raises(ClosedError):
        app.backup(tmp_path / "late.ns")


def test_an_older_backup_is_restored_over_a_newer_database_and_its_cache(
    path: Path, tmp_path: Path
) -> None:
    with opened(path) as app:
        app.inputs.add(shades(0, 5))
        app.backup(tmp_path / "copy.ns")
        app.inputs.add(shades(5, 5))
    with opened(tmp_path / "copy.ns") as app:
        app.backup(path, overwrite=True)
    with opened(path) as app:
        assert len(app.search(k=100)) == len(app.inputs) == 5


HOLDING = """
import sys, nearsight
from planted import Planted
with nearsight.open(sys.argv[1], model=Planted()) as app:
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_database_that_another_process_has_open_is_not_replaced(
    path: Path, tmp_path: Path
) -> None:
    opened(path).close()
    command = [sys.executable, "-c", HOLDING, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = {"PYTHONPATH": ":".join(sys.path)}
    with subprocess.Popen(command, text=True, env=environment, **pipes) as child:  # type: ignore[call-overload]
        assert child.stdout.readline() == "open\n"
        refused = pytest.raises(DatabaseError, match=r"in use|is the log of")
        with opened(tmp_path / "other.ns") as app, refused:
            app.backup(path, overwrite=True)
        child.stdin.close()
        assert child.wait(60) == 0


def test_backups_during_writing_are_of_one_commit_each(path: Path, tmp_path: Path) -> None:
    app = opened(path)
    stop = threading.Event()

    def write() -> None:
        for n in range(1, 200):
            if stop.is_set():
                break
            app.inputs.add([Item(plain((n, 5, m)), id=f"{n}-{m}") for m in range(3)])

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sizes = []
        for n in range(8):
            app.backup(tmp_path / f"{n}.ns")
            with nearsight.open(tmp_path / f"{n}.ns", model=Planted(), read_only=True) as copy:
                sizes.append(len(copy.inputs))
    finally:
        stop.set()
        writer.join()
        app.close()
    assert sizes == sorted(sizes)
    assert sizes[-1] > 0


BACKING_UP = """
import sys, nearsight
from planted import Planted
with nearsight.open(sys.argv[1], model=Planted()) as app:
    while True:
        app.backup(sys.argv[2], overwrite=True)
        print("done", flush=True)
"""


def test_a_backup_that_is_killed_leaves_the_one_before(path: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.ns"
    with opened(path) as app:
        app.inputs.add(shades(0, 30))
    for moment in (0.0, 0.003, 0.007):
        command = [sys.executable, "-c", BACKING_UP, str(path), str(copy)]
        environment = {"PYTHONPATH": ":".join(sys.path)}
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"done\n"
            time.sleep(moment)
            child.kill()
        assert nearsight.check(copy).ok
        with opened(copy) as app:
            assert len(app.inputs) == 30


def test_what_killed_processes_left_beside_a_backup_is_taken_away(
    path: Path, tmp_path: Path
) -> None:
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        gone.wait()
    kept = [f".copy.ns-{os.getppid()}-backup", ".copy.ns-x-backup", ".other.ns-1-backup"]
    left = [f".copy.ns-{gone.pid}-backup", f".copy.ns-{gone.pid}-backup-journal"]
    for name in [*kept, *left]:
        (tmp_path / name).write_text("a part of a backup")
    with opened(path) as app:
        app.backup(tmp_path / "copy.ns")
    found = {file.name for file in tmp_path.iterdir() if file.name.startswith(".")}
    assert found == set(kept)


def test_damage_is_never_copied_and_nothing_is_left_of_the_attempt(
    path: Path, tmp_path: Path
) -> None:
    with opened(path) as app:
        app.inputs.add(shades(0, 40))
        with app._truth.reading() as db:  # no opening reads these pages
            leaves = "select pageno from dbstat where name = 'embedding' and pagetype = 'leaf'"
            page = db.execute(leaves).fetchall()[5][0]
    content = bytearray(path.read_bytes())
    content[page * 8192 - 3000] ^= 1
    path.write_bytes(content)
    with opened(path) as app, pytest.raises(CorruptionError):
        app.backup(tmp_path / "copy.ns")
    assert not [file.name for file in tmp_path.iterdir() if "copy" in file.name]


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("fast", 1)])
def test_durability_is_what_sqlite_is_told(path: Path, durability: str, synchronous: int) -> None:
    with opened(path, durability=durability) as app, app._truth.reading() as db:
        assert db.pragma("synchronous") == synchronous
    with pytest.raises(ArgumentError, match="durability='most'"):
        opened(path, durability="most")


def test_a_fast_app_takes_a_lost_end_as_promised(path: Path, tmp_path: Path) -> None:
    with opened(path, durability="fast") as app:
        app.inputs.add(shades(0, 5))
        app.backup(tmp_path / "before.ns")
        app.inputs.add(shades(5, 5))
    path.write_bytes((tmp_path / "before.ns").read_bytes())  # the cache is newer now
    with pytest.raises(nearsight.DataLossError):
        opened(path)
    with opened(path, durability="fast") as app:
        assert len(app.search(k=100)) == 5
