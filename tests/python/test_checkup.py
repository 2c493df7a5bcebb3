"""What `check` finds, and that it finds nothing where nothing is."""

import shutil
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight import Item
from nearsight.errors import ClosedError, DatabaseError, NotFoundError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "photos.ns"
    with nearsight.open(place, model=Planted()) as app:
        app.inputs.add([Item(plain((n, 1, 90)), metadata={"n": n}) for n in range(60)])
    return place


def cache_of(path: Path) -> Path:
    return path.with_name(path.name + "-cache")


def flip(file: Path, at: int) -> None:
    content = bytearray(file.read_bytes())
    content[at] ^= 4
    file.write_bytes(content)


def test_a_sound_database_is_ok_open_or_closed(path: Path) -> None:
    closed = nearsight.check(path)
    assert (closed.ok, closed.file, closed.cache) == (True, (), ())
    assert closed.pages == path.stat().st_size // 8192
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((7, 7, 7))])
        assert app.check().ok
        assert nearsight.check(str(path)).ok
    with pytest.raises(ClosedError):
        app.check()


def test_every_damaged_page_is_named(path: Path) -> None:
    shutil.rmtree(cache_of(path))
    good = path.read_bytes()
    count = len(good) // 8192
    for page in range(2, count + 1):
        flip(path, page * 8192 - 500)
        found = nearsight.check(path)
        assert f"1 of {count} pages do not match their checksums: {page}" in found.file
        path.write_bytes(good)
    flip(path, 500)  # the first page: SQLite does not even open it
    assert "a page is not what nearsight wrote" in nearsight.check(path).file[0]
    path.write_bytes(good)
    assert nearsight.check(path).ok


def test_damage_in_every_cache_file_is_named(path: Path) -> None:
    names = sorted(file.name for file in cache_of(path).iterdir() if file.stat().st_size)
    assert len(names) == 4
    for name in names:
        file = cache_of(path) / name
        good = file.read_bytes()
        for at in {0, len(good) // 2, len(good) - 1}:
            flip(file, at)
            found = nearsight.check(path)
            assert found.file == ()
            assert len(found.cache) == 1, (name, at)
            assert str(cache_of(path)) in found.cache[0]
            file.write_bytes(good)
        file.unlink()
        if "manifest" not in name and "columns" not in name:
            assert not nearsight.check(path).ok
        file.write_bytes(good)
    assert nearsight.check(path).ok


def test_damaged_columns_are_built_again(path: Path) -> None:
    (facts,) = cache_of(path).glob("facts-*.seg")
    flip(facts, facts.stat().st_size // 2)
    with nearsight.open(path, model=Planted()) as app:
        assert len(app.search(where="@n < 10", k=60)) == 10
    assert nearsight.check(path).ok


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("drop trigger embedding_erased", "trigger embedding_erased is not the one"),
        ("create table mine (a)", "table mine is not the one"),
        (
            "pragma foreign_keys = off; delete from input where number = 3",
            "refers to a row of input",
        ),
        ("update embedding set vector = x'00' where id = 5", "embedding 5 has not the size"),
    ],
)
def test_what_other_programs_did_is_named(path: Path, sql: str, words: str) -> None:
    with nearsight.open(path, model=Planted()) as app, app._truth.reading() as db:
        db.execute(sql)
    assert any(words in line for line in nearsight.check(path).file)


def test_a_cache_of_other_rows_or_ahead_of_the_file_is_named(path: Path, tmp_path: Path) -> None:
    old = tmp_path / "old.ns"
    with nearsight.open(path, model=Planted()) as app:
        app.backup(old)
        app.inputs.add([plain((3, 3, 3))])
    shutil.copytree(cache_of(path), cache_of(old))
    found = nearsight.check(old)
    assert found.file == ()
    assert len(found.cache) == 2
    assert "it lost acknowledged changes" in found.cache[0]
    with nearsight.open(path, model=Planted()) as app, app._truth.reading() as db:
        db.execute("delete from input where number = 4")  # no commit of ours, so nobody is told
    assert any("are not those of the file" in line for line in nearsight.check(path).cache)


def test_a_cache_that_is_behind_is_no_damage(path: Path, tmp_path: Path) -> None:
    shutil.copytree(cache_of(path), tmp_path / "behind")
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((3, 3, 3))])
    shutil.rmtree(cache_of(path))
    assert nearsight.check(path).ok
    shutil.copytree(tmp_path / "behind", cache_of(path))
    assert nearsight.check(path).ok
    with nearsight.open(path, model=Planted()) as app:
        app.compact()  # the file forgets which commits there were
    shutil.rmtree(cache_of(path))
    shutil.copytree(tmp_path / "behind", cache_of(path))
    assert nearsight.check(path).ok


def test_what_is_no_database_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        nearsight.check(tmp_path / "missing.ns")
    (tmp_path / "text.ns").write_bytes(b"only text " * 999)
    with pytest.raises(DatabaseError, match="not a nearsight database"):
        nearsight.check(tmp_path / "text.ns")
