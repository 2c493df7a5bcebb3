"""`nearsight.Index`: it finds what numpy finds, whatever comes in and however it is asked."""

import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from nearsight import ArgumentError, ClosedError, Index, NotFoundError
from nearsight import vectors as module

Vectors = NDArray[np.float32]
RNG = np.random.default_rng


def unit(rows: NDArray[np.floating]) -> Vectors:
    wide = np.asarray(rows, np.float64)
    return (wide / np.linalg.norm(wide, axis=-1, keepdims=True)).astype(np.float32)


def clustered(n: int, dim: int, clusters: int, seed: int) -> tuple[Vectors, Vectors]:
    """Rows around random centres, and queries of the same kind."""
    random = RNG(seed)
    centres = random.standard_normal((clusters, dim)) / dim**0.5
    drawn = centres[random.integers(clusters, size=n + 100)]
    drawn = drawn + 0.7 / dim**0.5 * random.standard_normal((n + 100, dim))
    return unit(drawn[100:]), unit(drawn[:100])


def unlike(rows: Vectors, seed: int) -> Vectors:
    """Queries unlike the rows: weak copies, shifted and noisy, as texts are beside pictures."""
    random, dim = RNG(seed), rows.shape[1]
    noise = 0.25 / dim**0.5 * random.standard_normal((100, dim))
    shift = 0.8 / dim**0.5 * random.standard_normal(dim)
    return unit(0.45 * (rows[:100] - rows.mean(0)) + noise + shift)


def best(rows: Vectors, query: Vectors, k: int) -> Vectors:
    cosines = rows @ query
    return np.sort(np.partition(cosines, -min(k, len(rows)))[-min(k, len(rows)) :])[::-1]


def recall(index: Index, rows: Vectors, queries: Vectors, k: int, **how: float) -> float:
    """The share of what was found that scores as well as the true k-th; ids are row numbers."""
    found = index.search(queries, k, **how)  # type: ignore[arg-type]
    shares = []
    for query, ids in zip(queries, found.ids, strict=True):
        assert len(set(ids.tolist())) == len(ids) == min(k, len(rows))
        cosines = rows[ids.astype(np.intp)].astype(np.float64) @ query
        shares.append((cosines >= best(rows, query, k)[-1] - 1e-6).mean())
    return float(np.mean(shares))


def made(rows: Vectors, optimize: bool = True, path: Path | None = None) -> Index:
    index = Index(rows.shape[1], path)
    index.add(np.arange(len(rows)), rows)
    if optimize:
        assert index.optimize()
        assert index.coded == len(rows)
    return index


# ---- what it finds


@pytest.mark.parametrize(("n", "dim"), [(1, 1), (1, 7), (2, 1), (40, 4096), (3000, 33)])
@pytest.mark.parametrize("optimize", [False, True])
def test_exact_search_is_numpys(n: int, dim: int, optimize: bool) -> None:
    rows, queries = clustered(n, dim, 5, seed=n)
    found = made(rows, optimize).search(queries, 10, exact=True)
    assert found.exact
    assert found.recall == 1
    assert found.ids.shape == found.scores.shape == (100, min(10, n))
    for query, scores in zip(queries, found.scores, strict=True):
        assert np.allclose(scores, best(rows, query, 10), atol=2e-6)


@pytest.mark.parametrize(
    ("n", "dim", "clusters"),
    [(20_000, 96, 40), (20_000, 96, 1), (20_000, 24, 10_000), (9_000, 200, 9)],
)
@pytest.mark.parametrize("wanted", [0.9, 0.99])
def test_the_recall_asked_for_is_met(n: int, dim: int, clusters: int, wanted: float) -> None:
    rows, queries = clustered(n, dim, clusters, seed=dim)
    index = made(rows)
    assert not index.search(queries[0], 10).exact
    assert recall(index, rows, queries, 10, recall=wanted) >= wanted
    assert recall(index, rows, unlike(rows, seed=3), 10, recall=wanted) >= wanted


@pytest.mark.parametrize("k", [1, 3, 100, 1000])
def test_the_recall_holds_for_any_k(k: int) -> None:
    rows, queries = clustered(12_000, 64, 30, seed=8)
    assert recall(made(rows), rows, queries, k) >= 0.985


def test_uniform_vectors_are_found() -> None:
    rows, queries = (unit(RNG(1).standard_normal((n, 48))) for n in (12_000, 100))
    assert recall(made(rows), rows, queries, 10) >= 0.985


def test_more_recall_costs_more_and_finds_more() -> None:
    rows, queries = clustered(20_000, 32, 2000, seed=5)
    index = made(rows)
    low, high = (recall(index, rows, queries, 10, recall=wanted) for wanted in (0.5, 0.999))
    assert low < high
    assert high >= 0.998


def test_identical_vectors_are_all_as_good() -> None:
    rows = np.tile(unit(RNG(3).standard_normal((1, 16))), (5000, 1))
    index = made(rows)
    found = index.search(rows[0], 20)
    assert found.scores == pytest.approx(np.ones(20), abs=1e-6)
    assert index.search(rows[0], 5, exact=True).ids.tolist() == [0, 1, 2, 3, 4]


def test_many_duplicates_hide_nobody() -> None:
    rows = np.repeat(unit(RNG(4).standard_normal((50, 8))), 2000, axis=0)
    rows[77_777] = unit(rows[77_777] + 0.01 * RNG(5).standard_normal(8))
    index = made(rows)
    assert index.search(rows[77_777], 1).ids.tolist() == [77_777]
    assert index.search(rows[0], 2000, exact=True).ids.tolist() == list(range(2000))
    assert recall(index, rows, rows[::9999], 10) == 1


def test_k_beyond_all_gives_all() -> None:
    rows, queries = clustered(3000, 16, 4, seed=6)
    for optimize in (False, True):
        index = made(rows, optimize)
        for k in (3000, 3001, 2**70):
            assert sorted(index.search(queries[0], k).ids.tolist()) == list(range(3000))


def test_half_precision_is_nearly_the_same() -> None:
    rows, queries = clustered(2000, 40, 10, seed=7)
    index = Index(40, dtype="f16")
    index.add(np.arange(2000), rows)
    assert index.dtype == "f16"
    found = index.search(queries, 5, exact=True)
    for query, scores in zip(queries, found.scores, strict=True):
        assert np.allclose(scores, best(rows, query, 5), atol=1e-3)
    assert np.allclose(index.vectors([3, 1]), rows[[3, 1]], atol=1e-3)


def test_threads_find_what_one_finds() -> None:
    rows, queries = clustered(9000, 32, 20, seed=9)
    index = made(rows)
    one, four = index.search(queries, 7), index.search(queries, 7, threads=4)
    assert np.array_equal(one.ids, four.ids)
    assert np.array_equal(one.scores, four.scores)


# ---- changes


def test_changes_are_seen_at_once_and_forever(tmp_path: Path) -> None:
    """Random changes, checked against a dictionary, with optimizing and reopening in between."""
    random, dim = RNG(10), 12
    model: dict[int, Vectors] = {}
    index = Index(dim, tmp_path / "index")
    for step in range(60):
        new = [int(id) for id in random.integers(2**63, size=30, dtype=np.uint64)]
        rows = unit(random.standard_normal((30, dim)))
        index.add(new, rows)
        model |= dict(zip(new, rows, strict=True))
        some = [int(id) for id in random.permutation(np.array(list(model), np.uint64))[:6]]
        index.remove(some[:3])
        model = {id: row for id, row in model.items() if id not in some[:3]}
        index.update(some[3:], rows[:3])
        for id, row in zip(some[3:], rows, strict=False):
            del model[id]
            model[id] = row
        if step % 9 == 4:
            index.optimize()
        if step % 20 == 19:
            index.close()
            index = Index.open(tmp_path / "index")
        assert index.ids.tolist() == list(model)
        query = unit(random.standard_normal(dim))
        cosines = {id: float(row @ query) for id, row in model.items()}
        expected = sorted(cosines.values(), reverse=True)[:8]
        for how in ({"exact": True}, {"recall": 0.999999}):
            found = index.search(query, 8, **how)  # type: ignore[arg-type]
            assert np.allclose(found.scores, expected, atol=1e-3)
            assert [cosines[id] for id in found.ids.tolist()] == pytest.approx(expected, abs=1e-3)
    assert np.allclose(index.vectors(list(model)), np.array(list(model.values())), atol=1e-6)
    index.close()


def test_new_vectors_are_coded_by_a_search_that_finds_many(tmp_path: Path) -> None:
    rows, queries = clustered(24_000, 128, 20, seed=11)
    with Index(128, tmp_path) as index:
        index.add(np.arange(20_000), rows[:20_000])
        assert index.coded == 0
        assert index.search(queries[0]).exact
        assert index.optimize()  # waits for what the search has begun
        assert index.coded == 20_000
        index.add(np.arange(20_000, 24_000), rows[20_000:])
        assert recall(index, rows, queries, 10) >= 0.985
        assert index.optimize()
        assert index.coded == 24_000
        assert len(list(tmp_path.glob("codes-*.nsc"))) == 1


@pytest.mark.parametrize("more", [100, 6000])
def test_vectors_of_another_kind_are_found_like_those_before(more: int) -> None:
    first, like_first = clustered(12_000, 64, 30, seed=30)
    second, like_second = clustered(more, 64, 9, seed=31)
    shift = RNG(32).standard_normal(64) / 8
    rows = np.concatenate([first, unit(second + shift)])
    queries = np.concatenate([like_first[:50], unit(like_second[:50] + shift)])
    index = made(first)
    index.add(np.arange(12_000, 12_000 + more), rows[12_000:])
    assert index.optimize()
    assert index.coded == len(rows)
    assert recall(index, rows, queries[:50], 10) >= 0.985
    assert recall(index, rows, queries[50:], 10) >= 0.985
    gone = RNG(33).permutation(len(rows))[: len(rows) * 3 // 10]
    index.remove(gone)
    left = np.setdiff1d(np.arange(len(rows)), gone)
    for _ in range(2):
        for some in (queries[:50], queries[50:]):
            found = index.search(some, 10)
            edges = [best(rows[left], query, 10)[-1] for query in some]
            assert (found.scores >= np.array(edges)[:, np.newaxis] - 1e-6).mean() >= 0.985
            assert not np.isin(found.ids, gone).any()
        assert index.optimize()
        assert index.coded == len(left)


def test_many_removals_leave_the_codes_by_themselves(tmp_path: Path) -> None:
    rows, queries = clustered(40_000, 256, 20, seed=34)
    with made(rows, path=tmp_path) as index:
        index.remove(np.arange(12_000))
        found = index.search(queries, 5)
        assert found.ids.min() >= 12_000
        while not index._core.wait(1):  # for what the search has begun
            pass
        assert index.coded == 28_000
        assert index.search(queries, 5).ids.min() >= 12_000


def test_an_add_is_all_or_nothing() -> None:
    index = Index(2)
    index.add([1, 2], np.eye(2))
    for ids, rows in [([3, 1], np.eye(2)), ([3, 3], np.eye(2)), ([3, 4], [[1, 0], [0, 0]])]:
        with pytest.raises(ArgumentError):
            index.add(ids, rows)
    for change in (index.remove, lambda ids: index.update(ids, np.eye(2))):
        with pytest.raises(NotFoundError, match="id 9"):
            change([1, 9])
    assert index.ids.tolist() == [1, 2]
    assert index.search([0, 1], 5).ids.tolist() == [2, 1]
    index.remove([1])
    index.add([1], [[1, 1]])
    assert index.ids.tolist() == [2, 1]


def test_ids_are_any_whole_numbers() -> None:
    ids = [0, 1, 65536, 2**32 + 7, 2**48 + 2**16, 2**63, 2**64 - 1]
    index = Index(7)
    index.add(ids, np.eye(7))
    assert index.ids.tolist() == ids
    assert [index.search(row, 1).ids[0] for row in np.eye(7)] == ids
    assert 2**64 - 1 in index
    assert [n in index for n in (2, -1, 2**64, "0", 0.0)] == [False] * 5


# ---- restricting


@pytest.mark.parametrize("share", [0.001, 0.01, 0.1, 0.5, 1.0])
def test_a_mask_restricts_and_the_recall_stays(share: float) -> None:
    rows, queries = clustered(20_000, 64, 30, seed=12)
    index = made(rows)
    flags = RNG(13).random(20_000) < share
    allowed = np.flatnonzero(flags)
    kept = index.mask(flags)
    assert len(kept) == len(allowed)
    masks = [flags, allowed, set(allowed.tolist()), kept, frozenset([*allowed.tolist(), 10**9])]
    for allow in masks:
        found = index.search(queries[0], 10, allow=allow, exact=True)
        expected = np.sort(rows[allowed] @ queries[0])[::-1][:10]
        assert np.allclose(found.scores, expected, atol=1e-5)
    shares = []
    for query in queries:
        found = index.search(query, 10, allow=kept)
        assert flags[found.ids.astype(np.intp)].all()
        assert len(found.ids) == min(10, len(allowed))
        edge = best(rows[allowed], query, 10)[-1]
        shares.append((rows[found.ids.astype(np.intp)] @ query >= edge - 1e-5).mean())
    assert np.mean(shares) >= 0.985


def test_a_mask_of_one_cluster_is_served_from_far_away() -> None:
    rows, queries = clustered(20_000, 64, 20, seed=14)
    index = made(rows)
    flags = rows @ rows[0] > 0.35  # one cluster; most queries are elsewhere
    allowed = np.flatnonzero(flags)
    assert 300 < len(allowed) < 3000
    mask = index.mask(flags)
    for query in queries[:40]:
        found = index.search(query, 10, allow=mask)
        edge = best(rows[allowed], query, 10)[-1]
        assert (rows[found.ids.astype(np.intp)] @ query >= edge - 1e-5).mean() >= 0.8
        assert len(found.ids) == 10


def test_a_mask_outlives_changes() -> None:
    rows, queries = clustered(6000, 32, 10, seed=15)
    index = made(rows)
    mask = index.mask(np.arange(1000, 3000))
    index.add([10**6], rows[:1])
    index.remove(np.arange(1000, 1990))
    index.optimize()
    index.remove(np.arange(1990, 2000))
    for exact in (False, True):
        found = index.search(queries, 2000, allow=mask, exact=exact)
        assert found.ids.shape == (100, 1000)
        assert np.array_equal(np.sort(found.ids[7]), np.arange(2000, 3000))


def test_an_empty_mask_finds_nothing_and_a_full_one_everything() -> None:
    rows, queries = clustered(3000, 16, 4, seed=16)
    for index in (made(rows, False), made(rows), Index(16)):
        n = len(index)
        for allow in (set(), np.zeros(n, bool), np.array([], np.uint64), [10**9]):
            found = index.search(queries, 3, allow=allow)
            assert found.ids.shape == (100, 0)
        assert index.search(queries, 10**4, allow=np.ones(n, bool)).ids.shape == (100, n)


# ---- what comes in


@pytest.mark.parametrize(
    "changed",
    [
        lambda a: a.astype(np.float64),
        lambda a: a.astype(">f4"),
        lambda a: a.astype(">f8"),
        lambda a: a.astype(np.float16),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a[::-1][::-1],
        lambda a: a.tolist(),
        lambda a: a * np.float32(1e-30),
        lambda a: a * np.float32(1e30),
    ],
)
def test_arrays_of_any_make_mean_the_same(changed: Callable[[Vectors], object]) -> None:
    rows, queries = clustered(200, 20, 4, seed=17)
    index = Index(20)
    index.add(np.arange(200, dtype=">i8"), changed(rows))  # type: ignore[arg-type]
    found = index.search(changed(queries), 3)  # type: ignore[arg-type]
    expected = [best(rows, query, 3) for query in queries]
    assert np.allclose(found.scores, expected, atol=2e-3)


def test_what_is_given_is_copied() -> None:
    rows = np.eye(3, dtype=np.float32)
    index = Index(3)
    index.add([1, 2, 3], rows)
    rows[:] = 9
    assert index.search([0, 1, 0], 1).ids.tolist() == [2]


def test_an_array_may_change_during_the_call() -> None:
    rows, queries = clustered(2000, 32, 5, seed=18)
    index, stop = made(rows), threading.Event()

    def scribble() -> None:
        while not stop.is_set():
            queries[:] = np.nan
            queries[:] = 0.5

    scribbler = threading.Thread(target=scribble)
    scribbler.start()
    try:
        for _ in range(200):
            try:
                assert np.isfinite(index.search(queries, 5).scores).all()
            except ArgumentError:
                continue
    finally:
        stop.set()
        scribbler.join()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 0])
def test_vectors_without_direction_are_refused(bad: float) -> None:
    index = Index(3)
    index.add([7], [[1, 2, 3]])
    row = np.full(3, bad)
    with pytest.raises(ArgumentError):
        index.add([8], [row])
    with pytest.raises(ArgumentError):
        index.update([7], [row])
    for exact in (False, True):
        with pytest.raises(ArgumentError, match="query 1"):
            index.search([[1, 0, 0], row], exact=exact)
    assert len(index) == 1


def test_what_cannot_be_meant_is_refused() -> None:
    index = Index(3)
    index.add([1, 2], np.eye(3)[:2])
    one = [1.0, 0, 0]
    calls: list[Callable[[], object]] = [
        lambda: Index(0),
        lambda: Index(-1),
        lambda: Index(65537),
        lambda: Index(3, dtype="f64"),  # type: ignore[arg-type]
        lambda: index.search(one, 0),
        lambda: index.search(one, -1),
        lambda: index.search([1.0, 0], 1),
        lambda: index.search([[[1.0]]], 1),
        lambda: index.search("abc", 1),
        lambda: index.search(one, 1, recall=0),
        lambda: index.search(one, 1, recall=1.01),
        lambda: index.search(one, 1, recall=float("nan")),
        lambda: index.search(one, 1, threads=0),
        lambda: index.search(one, 1, allow=np.ones(3, bool)),
        lambda: index.search(one, 1, allow=[0.5]),
        lambda: index.search(one, 1, allow=[-1]),
        lambda: index.search(one, 1, allow=Index(3).mask([])),
        lambda: index.add([3], np.eye(2)),
        lambda: index.add([3], [[1.0, 0]]),
        lambda: index.add([3, 4], [one]),
        lambda: index.add([-3], [one]),
        lambda: index.add([2**64], [one]),
        lambda: index.add(["a"], [one]),
        lambda: index.add([0.5], [one]),
        lambda: index.add([[3]], [one]),
        lambda: index.add([3], one),
    ]
    for i, call in enumerate(calls):
        with pytest.raises(ArgumentError):
            call()
            pytest.fail(f"call {i} was taken")
    assert index.ids.tolist() == [1, 2]


def test_nothing_in_is_nothing_out() -> None:
    index = Index(3)
    index.add([], np.zeros((0, 3)))
    index.remove([])
    assert index.optimize()
    assert index.search([1, 0, 0]).ids.shape == (0,)
    assert index.search(np.zeros((0, 3))).ids.shape == (0, 0)
    assert (len(index), index.ids.tolist()) == (0, [])
    index.flush()


def test_a_closed_index_says_so() -> None:
    with Index(3) as index:
        assert repr(index) == "Index(0 vectors of 3 f32, in memory)"
    index.close()
    assert repr(index) == "Index(closed)"
    with pytest.raises(ClosedError):
        index.search([1, 0, 0])


def test_found_unpacks_and_tells() -> None:
    index = Index(2)
    index.add([5], [[1, 1]])
    ids, scores = found = index.search([[1, 1]], 3)
    assert isinstance(found, module.Found)
    assert found.ids is ids
    assert found.scores is scores
    assert (ids.dtype, scores.dtype) == (np.uint64, np.float32)
