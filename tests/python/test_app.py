"""Opening and closing, the cache that follows the truth, and other processes."""

import shutil
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight.errors import (
    ArgumentError,
    ClosedError,
    DataLossError,
    ModelMismatchError,
    ReadOnlyError,
)

SHADES = [plain((n + 1, 2 * n + 1, 255 - n)) for n in range(100)]
QUERY = plain((90, 60, 30))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "photos.ns"


def cache_of(path: Path) -> Path:
    return path.with_name(path.name + "-cache")


def filled(path: Path) -> list[tuple[str, float]]:
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES)
        return answer(app)


def answer(app: nearsight.App) -> list[tuple[str, float]]:
    return [(hit.id, hit.score) for hit in app.search(image=QUERY, k=100)]


def reopened(path: Path) -> list[tuple[str, float]]:
    with nearsight.open(path, model=Planted()) as app:
        return answer(app)


def test_reopening_gives_the_same_answers(path: Path) -> None:
    expected = filled(path)
    assert len(expected) == 100
    assert reopened(path) == expected


def test_without_its_cache_a_database_gives_the_same_answers(path: Path) -> None:
    expected = filled(path)
    assert any(cache_of(path).iterdir())
    shutil.rmtree(cache_of(path))
    assert reopened(path) == expected
    assert any(cache_of(path).iterdir())


def test_every_damaged_cache_file_is_noticed_and_rebuilt(path: Path, tmp_path: Path) -> None:
    expected = filled(path)
    good = tmp_path / "good"
    shutil.copytree(cache_of(path), good)
    names = sorted(file.name for file in good.iterdir())
    assert len(names) >= 2
    for name in names:
        content = (good / name).read_bytes()
        for at in range(0, len(content), max(1, len(content) // 25)):
            damaged = bytearray(content)
            damaged[at] ^= 0x10
            shutil.rmtree(cache_of(path))
            shutil.copytree(good, cache_of(path))
            (cache_of(path) / name).write_bytes(damaged)
            assert reopened(path) == expected


def test_a_cache_that_is_behind_catches_up(path: Path, tmp_path: Path) -> None:
    filled(path)
    shutil.copytree(cache_of(path), tmp_path / "old")
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((3, 99, 3))])
        app.inputs.delete(app.search(image=SHADES[0]).ids[:2])
        expected = answer(app)
    shutil.rmtree(cache_of(path))
    shutil.move(tmp_path / "old", cache_of(path))
    assert reopened(path) == expected


def test_another_databases_cache_is_not_used(path: Path, tmp_path: Path) -> None:
    expected = filled(path)
    other = tmp_path / "other.ns"
    with nearsight.open(other, model=Planted()) as app:
        app.inputs.add(SHADES[:50])
    shutil.rmtree(cache_of(path))
    shutil.copytree(cache_of(other), cache_of(path))
    assert reopened(path) == expected


def test_a_cache_ahead_of_the_truth_proves_loss(path: Path, tmp_path: Path) -> None:
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[:50])
    shutil.copy(path, tmp_path / "backup")
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add(SHADES[50:])
    shutil.copy(tmp_path / "backup", path)
    with pytest.raises(DataLossError, match=r"commit \d+, but its cache has seen commit \d+"):
        nearsight.open(path, model=Planted())
    shutil.rmtree(cache_of(path))
    assert len(reopened(path)) == 50


def test_a_database_keeps_to_the_model_it_was_made_with(path: Path) -> None:
    filled(path)
    with pytest.raises(ModelMismatchError, match="planted"):
        nearsight.open(path, model=Planted(fingerprint="1" * 64))
    assert len(reopened(path)) == 100


def test_closing_twice_is_safe_and_using_it_after_is_said(path: Path) -> None:
    app = nearsight.open(path, model=Planted())
    app.inputs.add(SHADES[:3])
    app.close()
    app.close()
    for use in (
        lambda: len(app.inputs),
        lambda: app.search(image=QUERY),
        app.info,
        lambda: app.inputs.add(SHADES[3]),
    ):
        with pytest.raises(ClosedError, match="was closed"):
            use()


def test_read_only_searches_and_refuses_changes(path: Path) -> None:
    expected = filled(path)
    with nearsight.open(path, model=Planted(), read_only=True) as app:
        assert answer(app) == expected
        with pytest.raises(ReadOnlyError):
            app.inputs.add(QUERY)
        with pytest.raises(ReadOnlyError):
            app.inputs.delete(expected[0][0])


def test_read_only_uses_the_cache_and_leaves_no_trace(path: Path) -> None:
    expected = filled(path)
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((9, 9, n + 1)) for n in range(30)])
        stale = sorted(cache_of(path).iterdir())
        contents = [file.read_bytes() for file in stale]
        with nearsight.open(path, model=Planted(), read_only=True) as reader:
            assert len(answer(reader)) == 100  # k
            assert len(reader.search(image=QUERY, k=1000)) == 130
        assert sorted(cache_of(path).iterdir()) == stale
        assert [file.read_bytes() for file in stale] == contents
    shutil.rmtree(cache_of(path))
    with nearsight.open(path, model=Planted(), read_only=True) as reader:
        assert {id_ for id_, _ in expected} <= set(reader.search(image=QUERY, k=1000).ids)
    assert not cache_of(path).exists()


def test_two_apps_on_one_file_see_each_other_after_refresh(path: Path) -> None:
    with nearsight.open(path, model=Planted()) as one, nearsight.open(path, model=Planted()) as two:
        one.inputs.add(SHADES[:10])
        assert len(answer(two)) == 0
        two.refresh()
        assert answer(two) == answer(one)
        two.inputs.add(SHADES[10:20])
        two.inputs.delete(answer(two)[0][0])
        one.refresh()
        assert answer(one) == answer(two)
        assert len(answer(one)) == 19
    assert len(reopened(path)) == 19


def test_a_cache_that_cannot_be_written_is_only_slower(path: Path) -> None:
    cache_of(path).write_text("a file is in the way of the folder")
    expected = filled(path)
    assert len(expected) == 100
    assert reopened(path) == expected


@pytest.mark.parametrize("bad", ["", "a\0b", None, 3, b"bytes"])
def test_what_is_no_path_is_refused(bad: object) -> None:
    with pytest.raises(ArgumentError, match="path="):
        nearsight.open(bad, model=Planted())  # type: ignore[arg-type]


def test_info_tells_what_is_there(path: Path) -> None:
    filled(path)
    with nearsight.open(path, model=Planted()) as app:
        info = app.info()
        assert (info.inputs, info.model, info.path) == (100, "planted", path)
        assert info.size_bytes >= path.stat().st_size > 0
        assert info.cache_bytes > 0
        assert info.kernel in ("avx2", "scalar")
        assert info.to_dict()["path"] == str(path)
