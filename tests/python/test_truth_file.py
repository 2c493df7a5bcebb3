"""The file of a truth: how it is made, what is refused, and what is said about damage."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from shutil import copy, rmtree
from tempfile import TemporaryDirectory
from time import sleep

import pytest
from planted import Planted, plain
from test_truth import filled, new_input

import nearsight
from nearsight.errors import (
    CorruptionError,
    DatabaseError,
    NotFoundError,
    VersionError,
)
from nearsight.truth import Truth, connection


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.ns"


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    truth = Truth(path)
    assert truth.inputs.count() == 0
    truth.close()


def test_a_folder_or_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DatabaseError, match="is a folder"):
        Truth(tmp_path)
    with pytest.raises(NotFoundError, match=r"the folder .*missing does not exist"):
        Truth(tmp_path / "missing" / "x.ns")


@pytest.mark.parametrize("content", [b"just some text, long enough to be read " * 50, b"\0" * 4096])
def test_a_file_of_something_else_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DatabaseError, match="not a nearsight database"):
        Truth(path)
    assert path.read_bytes() == content


def test_another_programs_database_is_refused_and_kept(path: Path) -> None:
    with sqlite3.connect(path) as other:
        other.execute("create table notes (text)")
    other.close()
    before = path.read_bytes()
    with pytest.raises(DatabaseError, match="another program"):
        Truth(path)
    assert path.read_bytes() == before


def test_a_newer_format_says_upgrade(path: Path) -> None:
    truth = filled(path)
    with truth.reading() as db:
        db.pragma("user_version", 99)
    truth.close()
    with pytest.raises(VersionError, match=r"format 99.*pip install --upgrade"):
        Truth(path)


def flips(path: Path) -> Iterator[None]:
    """Damage the file in 60 places, one at a time."""
    good = path.read_bytes()
    for at in range(100, len(good), len(good) // 60):
        damaged = bytearray(good)
        damaged[at] ^= 1 << at % 8
        path.write_bytes(damaged)
        yield


def test_a_flipped_bit_anywhere_is_never_an_answer(path: Path) -> None:
    filled(path, 40, dim=1024).close()
    expected = _everything(path)
    noticed = 0
    for _ in flips(path):
        try:
            assert _everything(path) == expected
        except DatabaseError:
            noticed += 1
    assert noticed > 30


def test_without_checksums_the_same_flips_would_answer(path: Path) -> None:
    """The control: shows that the flips above reach what is read."""
    filled(path, 40, dim=1024).close()
    expected = _vectors_without_checksums(path)
    silent = 0
    for _ in flips(path):
        with suppress(sqlite3.DatabaseError):
            silent += _vectors_without_checksums(path) != expected
    assert silent >= 10


def _vectors_without_checksums(path: Path) -> list[tuple[bytes]]:
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as plain:
        return plain.execute("select vector from embedding order by id").fetchall()


def _everything(path: Path) -> tuple[object, ...]:
    truth = Truth(path, read_only=True)
    try:
        with truth.reading() as db:
            rows = db.execute("select id, vector from embedding order by id").fetchall()
        return rows, truth.inputs.get([f"i{n}" for n in range(40)])
    finally:
        truth.close()


def test_checksums_switched_off_are_noticed(path: Path) -> None:
    filled(path).close()
    content = bytearray(path.read_bytes())
    content[20] = 0  # the header's count of reserved bytes: 8 means checksums
    path.write_bytes(content)
    with pytest.raises(CorruptionError, match="checksums are switched off"):
        Truth(path)


def test_a_file_that_was_cut_anywhere_is_refused(path: Path) -> None:
    filled(path, 40, dim=1024).close()
    good = path.read_bytes()
    lengths = [*range(8192, len(good), 8192), *(len(good) - n for n in (1, 9, 4096, 8191))]
    for length in lengths:
        path.write_bytes(good[:length])
        with pytest.raises(CorruptionError):
            _everything(path)


def test_damage_is_named_whatever_it_interrupts(tmp_path: Path) -> None:
    path = tmp_path / "photos.ns"
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((number + 1, 1, 9)) for number in range(30)])
    good, refused = path.read_bytes(), 0
    for at in range(50, len(good), 8192):
        rmtree(f"{path}-cache")
        path.write_bytes(good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :])
        try:
            with nearsight.open(path, model=Planted()) as app:
                app.search(image=plain((3, 3, 3)))
        except CorruptionError:  # and nothing else, whatever was going on
            refused += 1
        Path(f"{path}-cache").mkdir(exist_ok=True)
    assert refused > 5


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("drop table embedding", "no such table"),
        ("delete from meta", "it has no uuid"),
        ("delete from meta where key = 'generation'", "it has no generation"),
    ],
)
def test_tables_that_somebody_changed_are_damage(path: Path, sql: str, words: str) -> None:
    truth = filled(path)
    with truth.reading() as db:
        db.execute(sql)
    truth.close()
    with pytest.raises(CorruptionError, match=words):
        again = Truth(path)
        assert again.generation
        again.inputs.has("i0")
        again.embeddings.last()


def test_a_full_disk_keeps_what_was_acknowledged(path: Path) -> None:
    truth = filled(path, 3)
    before = truth.generation
    with truth.reading() as db:
        db.pragma("max_page_count", db.pragma("page_count"))
    with pytest.raises(DatabaseError, match="the disk is full"), truth.writing():
        truth.inputs.add([new_input(f"more{n}", 100 + n, 1024) for n in range(50)])
    assert (truth.inputs.count(), truth.generation) == (3, before)
    with truth.reading() as db:
        db.pragma("max_page_count", 1 << 20)
    with truth.writing():
        truth.inputs.add([new_input(f"more{n}", 100 + n) for n in range(50)])
    assert truth.inputs.count() == 53
    truth.close()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("synchronous", 2),
        ("fullfsync", 1),
        ("checkpoint_fullfsync", 1),
        ("foreign_keys", 1),
        ("cell_size_check", 1),
        ("journal_mode", "wal"),
        ("page_size", 8192),
        ("checksum_verification", "1"),
        ("auto_vacuum", 2),
        ("busy_timeout", 10_000),
    ],
)
def test_settings_hold_in_new_and_in_reopened_files(path: Path, name: str, value: object) -> None:
    for _ in ("new", "reopened"):
        truth = Truth(path)
        with truth.reading() as db:
            assert db.pragma(name) == value
        truth.close()


def test_a_setting_that_sqlite_ignores_is_noticed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PAGE_SIZE", 8191)  # no power of two: SQLite keeps its own
    with pytest.raises(DatabaseError):
        Truth(path)


def test_who_comes_second_waits_while_a_file_is_formatted(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    formatted, really = [], connection._format

    def slowly(given: Path, alone: bool) -> None:
        formatted.append((given, alone))
        sleep(0.2)
        really(given, alone)

    monkeypatch.setattr(connection, "_format", slowly)
    with ThreadPoolExecutor(4) as pool:
        truths = list(pool.map(Truth, [path] * 4))
    assert formatted == [(path, True)]
    assert len({truth.uuid for truth in truths}) == 1
    for truth in truths:
        truth.close()


def test_what_sqlite_takes_back_by_itself_keeps_its_reason(path: Path) -> None:
    truth = filled(path)
    with (
        pytest.raises(DatabaseError, match="UNIQUE constraint"),
        truth.writing(),
        truth.reading() as db,
    ):
        db.execute("insert or rollback into meta select * from meta")
    with truth.writing():
        truth.inputs.add([new_input("later", 9)])
    truth.close()


def test_a_crash_before_the_tables_leaves_a_file_that_can_be_opened(path: Path) -> None:
    Truth(path.with_name("other.ns")).close()  # loads the VFS
    connection._format(path, alone=True)
    with pytest.raises(DatabaseError, match=r"is empty, and read_only=True does not fill it"):
        Truth(path, read_only=True)
    truth = Truth(path)
    assert truth.inputs.count() == 0
    truth.close()


@pytest.mark.parametrize("mode", ["wal", "delete"])
@pytest.mark.parametrize(
    "sql", ["pragma user_version = 3", "create table a (b); drop table a", "create table a (b)"]
)
def test_another_programs_database_stays_as_it_is(path: Path, mode: str, sql: str) -> None:
    with closing(sqlite3.connect(path)) as other:
        other.execute(f"pragma journal_mode = {mode}")
        other.executescript(sql)
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(DatabaseError, match="another program"):
            Truth(path, read_only=read_only)
    assert path.read_bytes() == before


def test_the_log_of_another_programs_database_stays_beside_it(path: Path) -> None:
    source = path.with_name("source.db")
    with closing(sqlite3.connect(source)) as other:
        other.execute("pragma journal_mode = wal")
        other.execute("create table a (b)")
        copy(source, path)
        copy(f"{source}-wal", f"{path}-wal")
    files = [path, Path(f"{path}-wal")]
    before = [file.read_bytes() for file in files]
    with pytest.raises(DatabaseError, match="another program"):
        Truth(path)
    assert [file.read_bytes() for file in files] == before


@pytest.mark.parametrize("name", ["/dev/null", "/dev/zero"])
def test_a_device_is_refused(name: str) -> None:
    with pytest.raises(DatabaseError, match="is a device"):
        Truth(Path(name))


UNWRITABLE = """
import os, sys
from pathlib import Path
from nearsight.errors import NearsightError
from nearsight.truth import Truth
import test_truth_file
home, elsewhere = map(Path, sys.argv[1:])
test_truth_file.filled(home / "photos.ns", 3).close()
test_truth_file.filled(home / "logged.ns", 3).close()
(home / "logged.ns-wal").write_bytes(b"not empty")
for name in ("photos", "logged"):
    (elsewhere / f"{name}.ns").symlink_to(home / f"{name}.ns")
home.chmod(0o555)
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for name in ("photos", "logged"):
    for folder in (home, elsewhere):
        try:
            truth = Truth(folder / f"{name}.ns", read_only=True)
            print(truth.inputs.count())
            truth.close()
        except NearsightError as error: print(type(error).__name__)
try: Truth(home / "photos.ns")
except NearsightError as error: print(type(error).__name__)
"""


def test_read_only_reads_where_nothing_may_be_written() -> None:
    with TemporaryDirectory() as made:  # not tmp_path, which only its owner may enter
        home, elsewhere = Path(made, "home"), Path(made, "elsewhere")
        for folder in (Path(made), home, elsewhere):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o755)
        done = subprocess.run(
            [sys.executable, "-c", UNWRITABLE, str(home), str(elsewhere)],
            capture_output=True,
            text=True,
            timeout=60,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )
        home.chmod(0o755)
    assert done.returncode == 0, done.stderr
    *read, logged, linked, writing = done.stdout.split()
    assert read == ["3", "3"]
    assert {logged, linked} <= {"DatabaseError", "ReadOnlyError"}
    assert writing == "ReadOnlyError"


def test_two_openers_of_a_new_file_agree_on_one_database(path: Path) -> None:
    first, second = Truth(path), Truth(path)
    assert first.uuid == second.uuid
    first.close()
    second.close()


def test_a_crash_while_a_database_is_made_leaves_nothing_at_its_place(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            Truth(path)
    assert not path.exists()
    truth = Truth(path)
    assert truth.inputs.count() == 0
    truth.close()


@pytest.mark.parametrize("statements", range(5))
def test_a_database_can_be_made_after_a_kill_at_any_moment_of_the_first_try(
    path: Path, statements: int
) -> None:
    """Killed in a child before its n-th statement of the layout."""
    code = """
import os, signal, sys
import apsw
from pathlib import Path
from nearsight.truth import Truth, connection
left = int(sys.argv[2])
class Dying(apsw.Connection):
    def pragma(self, name, *value):
        global left
        if value and name in ("page_size", "auto_vacuum", "journal_mode"):
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return super().pragma(name, *value)
connection.apsw.Connection = Dying
connection._load_checksum_vfs()
Truth(Path(sys.argv[1]))
"""
    subprocess.run([sys.executable, "-c", code, str(path), str(statements)], timeout=60)
    truth = Truth(path)
    assert truth.inputs.count() == 0
    truth.close()


def test_without_the_folders_lock_a_database_that_came_meanwhile_is_not_replaced(
    path: Path,
) -> None:
    connection._load_checksum_vfs()
    connection._format(path, alone=False)
    with closing(Truth(path)) as truth, truth.writing():
        pass
    connection._format(path, alone=False)  # somebody who still believed the place to be empty
    with closing(Truth(path)) as truth:
        assert truth.generation > 0
    assert sorted(file.name for file in path.parent.iterdir()) == [path.name]
