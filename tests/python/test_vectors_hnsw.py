"""`nearsight.Index(index="hnsw")`: found by a graph, with the same promises as by codes."""

import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from test_vectors import RNG, Vectors, best, clustered, recall, unit, unlike

from nearsight import ArgumentError, CorruptionError, Index, NotFoundError, VersionError

DIM = 24


def made(rows: Vectors, path: Path | None = None) -> Index:
    index = Index(rows.shape[1], path, index="hnsw")
    index.add(np.arange(len(rows)), rows)
    assert index.optimize()
    assert index.coded == len(rows)
    return index


@pytest.fixture(scope="module")
def rows() -> Vectors:
    return clustered(6000, DIM, 60, seed=1)[0]


@pytest.fixture(scope="module")
def index(rows: Vectors) -> Index:
    return made(rows)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, rows: Vectors) -> Path:
    """A folder with a graph, erased rows and newer ones."""
    folder = tmp_path_factory.mktemp("index") / "kept"
    with made(rows[:1500], folder) as index:
        index.add(np.arange(1500, 1700), rows[1500:1700])
        index.remove(np.arange(0, 1700, 10))
    return folder


def test_the_choice_is_kept_in_the_folder(kept: Path, tmp_path: Path) -> None:
    with Index.open(kept, read_only=True) as index:
        assert (index.index, index.coded, len(index)) == ("hnsw", 1500, 1530)
    assert [file.name for file in kept.glob("graph-*")] == ["graph-1.nsg"]
    with Index(3, tmp_path / "other") as index:
        assert index.index == "codes"
    with pytest.raises(ArgumentError, match=r"'codes' or 'hnsw', not 'flat'"):
        Index(3, index="flat")  # type: ignore[arg-type]


def test_an_older_nearsight_is_told_that_the_index_is_newer(kept: Path, tmp_path: Path) -> None:
    assert (kept / "vectors").read_bytes()[8:12] == b"\x02\x00\x00\x00"
    Index(3, tmp_path / "codes").close()
    assert (tmp_path / "codes" / "vectors").read_bytes()[8:12] == b"\x01\x00\x00\x00"


@pytest.mark.parametrize("wanted", [0.8, 0.99])
def test_the_recall_asked_for_is_met(index: Index, rows: Vectors, wanted: float) -> None:
    queries = unit(rows[:100] + 0.5 / DIM**0.5 * RNG(2).standard_normal((100, DIM)))
    assert not index.search(queries, 10, recall=wanted).exact
    assert recall(index, rows, queries, 10, recall=wanted) >= wanted
    assert recall(index, rows, unlike(rows, seed=3), 10, recall=wanted) >= wanted - 0.02


@pytest.mark.parametrize("k", [1, 30, 500])
def test_the_recall_holds_for_any_k(index: Index, rows: Vectors, k: int) -> None:
    assert recall(index, rows, rows[5:105], k) >= 0.985


def test_k_beyond_all_gives_all(index: Index, rows: Vectors) -> None:
    for k in (6000, 6001, 2**70):
        assert sorted(index.search(rows[0], k).ids.tolist()) == list(range(6000))


@pytest.mark.parametrize("share", [0.001, 0.1, 0.6, 1.0])
def test_a_mask_restricts_and_the_recall_stays(index: Index, rows: Vectors, share: float) -> None:
    flags = RNG(13).random(6000) < share
    mask, shares = index.mask(flags), []
    for query in rows[:200:2]:
        found = index.search(query, 10, allow=mask)
        assert flags[found.ids.astype(np.intp)].all()
        assert len(found.ids) == min(10, flags.sum())
        edge = best(rows[flags], query, 10)[-1]
        shares.append((rows[found.ids.astype(np.intp)] @ query >= edge - 1e-5).mean())
    assert np.mean(shares) >= 0.985


def test_many_duplicates_hide_nobody() -> None:
    rows = np.repeat(unit(RNG(4).standard_normal((20, 8))), 300, axis=0)
    rows[3777] = unit(rows[3777] + 0.01 * RNG(5).standard_normal(8))
    index = made(rows)
    assert index.search(rows[3777], 1).ids.tolist() == [3777]
    assert recall(index, rows, rows[::333], 10) == 1


def test_changes_are_seen_at_once_and_forever(rows: Vectors, tmp_path: Path) -> None:
    index = made(rows[:2000], tmp_path / "index")
    index.remove(range(0, 1000))
    index.add([10**6], rows[:1])
    index.update([1500], rows[1:2])
    for _ in range(2):
        assert index.search(rows[0], 1).ids.tolist() == [10**6]
        assert index.search(rows[1], 1).ids.tolist() == [1500]
        found = index.search(rows[5:25], 1001)
        assert found.ids.shape == (20, 1001)
        assert found.ids.min() == 1000
        index.close()
        index = Index.open(tmp_path / "index")
    assert index.optimize()
    assert index.coded == 1001
    assert len(list((tmp_path / "index").glob("graph-*"))) == 1
    assert index.search(rows[0], 1).ids.tolist() == [10**6]
    index.close()


def test_searches_go_on_while_others_add_and_optimize(rows: Vectors) -> None:
    index, failed = made(rows[:1000]), []

    def search() -> None:
        for turn in range(200):
            found = index.search(rows[turn], 1, threads=2)
            if found.ids.tolist() != [turn]:
                failed.append(turn)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for begin in range(1000, 2000, 250):
        index.add(np.arange(begin, begin + 250), rows[begin : begin + 250])
        index.optimize()
    for thread in threads:
        thread.join()
    assert failed == []
    assert index.coded == 2000


def test_a_build_can_be_given_up(rows: Vectors, tmp_path: Path) -> None:
    with Index(DIM, tmp_path / "index", index="hnsw") as index:
        index.add(np.arange(6000), rows)
        seen: list[float] = []
        assert not index.optimize(lambda done: seen.append(done) or False, threads=1)
        assert index.coded == 0
        assert list((tmp_path / "index").glob("graph-*")) == []
        assert index.search(rows[7], 1, exact=True).ids.tolist() == [7]
        assert all(0 <= done <= 1 for done in seen)


def answer(folder: Path, rows: Vectors) -> list[object]:
    """Everything that can be asked, and that all of it is good."""
    with Index.open(folder, read_only=True) as index:
        index.verify()
        found = index.search(rows[:5], 20)
        return [index.ids.tolist(), found.ids.tolist(), index.vectors([1, 1699]).tolist()]


def is_found_out(folder: Path, rows: Vectors, expected: list[object]) -> bool:
    """Hold a changed index to what it was: the same, or a typed error. The graph may be gone."""
    try:
        found = answer(folder, rows)
    except (CorruptionError, VersionError, NotFoundError):
        return True
    assert found[0] == expected[0]
    assert found[2] == expected[2]
    return False


def test_every_file_that_is_flipped_or_cut_is_found_out_or_harmless(
    kept: Path, rows: Vectors, tmp_path: Path
) -> None:
    expected, random, found_out = answer(kept, rows), RNG(2), 0
    files = [kept / "vectors", kept / "graph-1.nsg"]
    for file in files:
        good = file.read_bytes()
        changed = [good[: int(len(good) * share)] for share in (0, 0.4, 0.999)]
        for turn in range(40):
            content = bytearray(good)
            at = int(random.integers(min(len(content), 700 if turn < 20 else len(content))))
            content[at] ^= 1 << int(random.integers(8))
            changed.append(bytes(content))
        for content in changed:
            folder = tmp_path / "changed"
            shutil.copytree(kept, folder)
            (folder / file.name).write_bytes(content)
            found_out += is_found_out(folder, rows, expected)
            shutil.rmtree(folder)
    assert found_out > 50


def test_a_damaged_graph_costs_no_answer(kept: Path, rows: Vectors, tmp_path: Path) -> None:
    folder = tmp_path / "index"
    shutil.copytree(kept, folder)
    graph = folder / "graph-1.nsg"
    content = bytearray(graph.read_bytes())
    content[4096:-100:512] = bytes(len(content[4096:-100:512]))
    graph.unlink()
    graph.write_bytes(content)
    with Index.open(folder) as index:
        with pytest.raises(CorruptionError, match="graph-"):
            index.verify()
        exact = index.search(rows[:9], 10, exact=True)
        found = index.search(rows[:9], 10)
        assert found.exact
        assert np.array_equal(found.ids, exact.ids)
        index.verify()
        assert index.optimize()
        assert index.coded == 1530


def test_a_graph_from_a_future_that_was_lost_is_dropped(
    kept: Path, rows: Vectors, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    shutil.copytree(kept, folder)
    with Index.open(folder) as index:
        index.add([10**6], rows[:1])
        index.optimize()
    for file in [*kept.glob("manifest"), *kept.glob("rows-*.seg")]:
        shutil.copy(file, folder)  # an older state, beside a graph of a newer one
    with Index.open(folder) as index:
        assert index.coded == 0
        assert 10**6 not in index
