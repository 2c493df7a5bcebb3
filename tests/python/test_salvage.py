"""What is saved of a damaged database: all that lies on sound pages, and nothing else."""

from pathlib import Path
from typing import Any

import pytest
from planted import Planted, plain

import nearsight
from nearsight import Item, Region
from nearsight.errors import ArgumentError, CorruptionError, NotFoundError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    place = tmp_path / "photos.ns"
    with nearsight.open(place, model=Planted()) as app:
        app.inputs.add([item(n) for n in range(60)])
        app.models.create("own", concepts=["word0"]).train()
        app.inputs.delete(["i7"])
    return place


def item(n: int) -> Item:
    regions = [Region((0, 0, 0.5, 0.5), text=f"part {n}")] if n % 10 == 0 else []
    words = [f"word{n % 3}"]
    return Item(plain((n, 1, 9)), id=f"i{n}", concepts=words, metadata={"n": n}, regions=regions)


def contents(path: Path) -> dict[str, Any]:
    with nearsight.open(path, model=Planted()) as app:
        return {
            record.id: (record.to_dict(), [a.to_dict() for a in app.annotations.list(record.id)])
            for record in app.inputs
        }


def test_all_of_a_sound_database_is_saved(path: Path, tmp_path: Path) -> None:
    saved = tmp_path / "saved.ns"
    tables = nearsight.salvage(path, saved)
    assert tables["input"] == (59, 0)
    assert sum(lost for _, lost in tables.values()) == 0
    assert contents(saved) == contents(path)
    assert nearsight.check(saved).ok
    with nearsight.open(saved, model=Planted()) as app:
        assert [model.id for model in app.models] == ["own"]
        assert len(app.search(where="word0 >= 0", k=100)) == 59
    assert sorted(file.name for file in tmp_path.iterdir()) == [
        *("photos.ns", "photos.ns-cache", "saved.ns", "saved.ns-cache")
    ]


def test_of_every_damaged_page_only_what_lies_on_it_is_lost(path: Path, tmp_path: Path) -> None:
    expected, good = contents(path), path.read_bytes()
    hopeless, kept = 0, []
    for page in range(1, len(good) // 8192 + 1):
        bad, saved = tmp_path / f"bad{page}.ns", tmp_path / f"saved{page}.ns"
        content = bytearray(good)
        content[page * 8192 - 1000] ^= 1
        bad.write_bytes(content)
        try:
            tables = nearsight.salvage(bad, saved)
        except CorruptionError:
            hopeless += 1
            assert not saved.exists()
            continue
        assert bad.read_bytes() == content
        assert nearsight.check(saved).ok
        found = contents(saved)
        for id_, (record, _) in found.items():
            before = expected[id_][0]
            assert {**record, "concepts": 0} == {**before, "concepts": 0}
            assert record["concepts"].items() <= before["concepts"].items()
        assert tables["input"][0] == len(found)
        kept.append(len(found))
    assert hopeless <= 6  # the first page, the list of tables, the model
    assert len(kept) > 30
    assert sum(kept) > 0.9 * 59 * len(kept)


@pytest.mark.parametrize("share", [0.8, 0.9, 0.99])
def test_of_a_file_that_was_cut_what_is_left_is_saved(
    path: Path, tmp_path: Path, share: float
) -> None:
    expected, good = contents(path), path.read_bytes()
    path.write_bytes(good[: int(len(good) * share)])
    nearsight.salvage(path, tmp_path / "saved.ns")
    assert nearsight.check(tmp_path / "saved.ns").ok
    found = contents(tmp_path / "saved.ns")
    assert len(found) > 5
    for id_, (record, _) in found.items():
        assert record["metadata"] == expected[id_][0]["metadata"]


def test_nothing_is_overwritten_and_nothing_open_is_touched(path: Path, tmp_path: Path) -> None:
    with nearsight.open(path, model=Planted()) as app:
        with pytest.raises(ArgumentError, match="is open"):
            nearsight.salvage(path, tmp_path / "saved.ns")
        with pytest.raises(ArgumentError, match="replaces nothing"):
            nearsight.salvage(path, path)
        app.repair()
        assert app.check().ok
    with pytest.raises(NotFoundError):
        nearsight.salvage(tmp_path / "missing.ns", tmp_path / "saved.ns")
    assert not (tmp_path / "saved.ns").exists()
