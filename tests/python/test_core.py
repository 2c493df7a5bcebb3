"""The stair: what the C++ core does with what Python hands it, and what it says when it can't."""

from __future__ import annotations

import os
import re
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from nearsight import _core

TRUTH = b"0123456789abcdef"
FIELDS: list[_core.Field] = [("picture", 6, "f32", "cosine"), ("labels", 3, "f16", "dot")]


def rows(count: int, seed: int = 0) -> list[NDArray[np.float32]]:
    """Give `count` random rows for each of FIELDS."""
    random = np.random.default_rng(seed)
    return [random.normal(size=(count, field[1])).astype(np.float32) for field in FIELDS]


def filled(directory: str = "", count: int = 50) -> tuple[_core.Index, list[NDArray[np.float32]]]:
    """Give a committed index with ids 1 to `count`, and its rows."""
    index = _core.Index.open(directory, TRUTH, FIELDS)
    vectors = rows(count)
    index.append(np.arange(1, count + 1), vectors)
    index.commit(1)
    return index, vectors


TERM: _core.Term = ("picture", np.ones(6, np.float32), 1.0, "linear")


def rank(*terms: _core.Term) -> _core.Rank:
    """Give the rank that scores the sum of the terms."""
    return (1.0, "linear", 0.0, terms)


def only(query: Any, field: str = "picture", weight: float = 1.0) -> list[_core.Rank]:
    """Give the ranks of a search by one linear term."""
    return [rank((field, query, weight, "linear"))]


# ---- what arrays may be


def unaligned(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give the same numbers at an address that is no multiple of four."""
    raw = np.empty(array.nbytes + 1, np.uint8)[1:]
    copy: NDArray[np.float32] = raw.view(np.float32).reshape(array.shape)
    copy[...] = array
    return copy


SAME = {
    "as it is": lambda a: a,
    "float64": lambda a: a.astype(np.float64),
    "big-endian": lambda a: a.astype(">f4"),
    "big-endian float64": lambda a: a.astype(">f8"),
    "Fortran order": np.asfortranarray,
    "every second column": lambda a: np.repeat(a, 2, axis=-1)[..., ::2],
    "negative strides": lambda a: a[..., ::-1].copy()[..., ::-1],
    "unaligned": unaligned,
    "nested lists": lambda a: a.tolist(),
    "read-only": lambda a: np.frombuffer(a.tobytes(), np.float32).reshape(a.shape),
}


@pytest.mark.parametrize("form", SAME)
def test_an_array_means_its_numbers_however_it_lies_in_memory(form: str) -> None:
    index, vectors = filled()
    other = _core.Index.open("", TRUTH, FIELDS)
    other.append(list(range(1, 51)), [SAME[form](vectors[0]), SAME[form](vectors[1])])
    other.commit(1)
    expected = index.snapshot().search(only(vectors[0][7]), 50)
    found = other.snapshot().search(only(SAME[form](vectors[0][7])), 50)
    assert found[0].tolist() == expected[0].tolist()
    assert found[1].tolist() == expected[1].tolist()
    assert other.accepts("picture", SAME[form](vectors[0])).tolist() == [True] * 50


def test_integers_and_halves_are_numbers_too() -> None:
    index = _core.Index.open("", TRUTH, [("labels", 3, "f32", "dot")])
    index.append([1], [np.array([[1, 2, 3]], np.int8)])
    index.append([2], [np.array([[4, 5, 6]], np.float16)])
    index.commit(1)
    ids, scores = index.snapshot().search(only(np.array([1, 10, 100], np.uint64), "labels"), 2)
    assert (ids.tolist(), scores.tolist()) == ([2, 1], [654.0, 321.0])
    assert (ids.dtype, scores.dtype) == (np.uint64, np.float64)


@pytest.mark.parametrize(
    ("vectors", "error", "says"),
    [
        (np.ones(6), ValueError, r"vectors needs 2 dimension\(s\), not the shape \(6,\)"),
        (np.float32(1), ValueError, r"not the shape \(\)"),
        (np.ones((1, 2, 3)), ValueError, r"not the shape \(1, 2, 3\)"),
        (np.ones((1, 5)), ValueError, "1 rows of 6 numbers are needed, not 5"),
        (np.ones((2, 6)), ValueError, "vectors has 2 rows for 1 ids"),
        (np.ones((6, 1)), ValueError, "vectors has 6 rows for 1 ids"),
        (np.full((1, 6), np.nan), ValueError, "id 51, field 'picture': number 0 is .*nan"),
        (np.full((1, 6), np.inf), ValueError, "not a finite number"),
        (np.full((1, 6), 1e300), ValueError, "number 0 is inf, not a finite number"),
        (np.zeros((1, 6)), ValueError, "all numbers are zero"),
        (np.ones((1, 6), complex), TypeError, "complex128"),
        ([["1", "2", "3", "4", "5", "6"]], TypeError, "dtype <U1"),
        ([[None] * 6], TypeError, "dtype object"),
        ([[1, 2], [3]], TypeError, "not an array of numbers"),
        (None, TypeError, "dtype object"),
    ],
)
def test_an_array_that_cannot_be_rows_is_refused_and_leaves_no_trace(
    vectors: Any, error: type[Exception], says: str
) -> None:
    index, _ = filled()
    with pytest.raises(error, match=says):
        index.append([51], [vectors, rows(1)[1]])
    index.commit(2)
    assert len(index.snapshot()) == 50
    assert index.last_id == 50


@pytest.mark.parametrize(
    ("ids", "error", "says"),
    [
        ([-1], ValueError, "negative"),
        ([0], ValueError, "ids must ascend"),
        ([[51]], ValueError, "1 dimension"),
        ([51.0], TypeError, "float64"),
        (["51"], TypeError, "<U2"),
        ([True], TypeError, "bool"),
    ],
)
def test_ids_are_positive_integers(ids: Any, error: type[Exception], says: str) -> None:
    index, _ = filled()
    with pytest.raises(error, match=says):
        index.append(ids, rows(1))


def test_ids_come_in_any_integer_dtype_up_to_64_bits() -> None:
    index = _core.Index.open("", TRUTH, FIELDS)
    for number in [np.int8(3), np.uint16(4), np.int64(2**40), np.uint64(2**64 - 1)]:
        index.append(np.array([number]), rows(1))
    index.append([], [np.empty((0, 6)), np.empty((0, 3))])
    index.erase([])
    index.commit(1)
    assert index.snapshot().ids().tolist() == [3, 4, 2**40, 2**64 - 1]


def test_queries_are_checked_like_rows() -> None:
    snapshot = filled()[0].snapshot()
    for query, says in [
        (np.ones((1, 6)), "query needs 1 dimension"),
        (np.ones(5), "has dim 6, the query 5"),
        (np.zeros(6), "the query for field 'picture': all numbers are zero"),
        (np.full(6, np.nan), "not a finite number"),
    ]:
        with pytest.raises(ValueError, match=says):
            snapshot.search(only(query), 1)
        with pytest.raises(ValueError, match=says):
            snapshot.at_least(only(query), 0.5)


# ---- searching


def test_search_is_what_numpy_computes() -> None:
    index, (pictures, labels) = filled(count=500)
    query, wanted = pictures[3] + 0.1, np.array([0.2, 0.0, 1.0], np.float32)
    cosines = (pictures @ query) / np.linalg.norm(pictures, axis=1) / np.linalg.norm(query)
    logs = np.log(np.maximum(labels.astype(np.float16).astype(np.float32) @ wanted, 1e-7))
    scores = 2 * cosines - 0.25 * logs
    terms: list[_core.Term] = [
        ("picture", query, 2.0, "linear"),
        ("labels", wanted, -0.25, "log"),
    ]
    ids, found = index.snapshot().search([rank(*terms)], 20, 5)
    expected = np.argsort(-scores, kind="stable")[5:25]
    assert ids.tolist() == (expected + 1).tolist()
    np.testing.assert_allclose(found, scores[expected], rtol=1e-4)


@pytest.mark.parametrize("element", ["f32", "f16", "i8"])
def test_many_queries_at_once_are_what_numpy_computes(element: Any) -> None:
    random = np.random.default_rng(4)
    matrix = random.normal(size=(900, 45)).astype(np.float32)
    matrix /= np.linalg.norm(matrix, axis=1, keepdims=True)
    index = _core.Index.open("", TRUTH, [("picture", 45, element, "cosine")])
    index.append(np.arange(1, 901), [matrix])
    index.commit(1)
    queries, even = matrix[:70] + 0.05, np.arange(2, 901, 2)
    snapshot = index.snapshot()
    ids, scores = snapshot.search_many("picture", queries, 5, snapshot.mask_of(even), 2)
    assert (ids.shape, scores.shape) == ((70, 5), (70, 5))
    cosines = matrix @ (queries / np.linalg.norm(queries, axis=1, keepdims=True)).T
    best = np.sort(cosines[even - 1], axis=0)[::-1][:5].T
    np.testing.assert_allclose(scores, best, atol={"f32": 1e-5, "f16": 1e-3, "i8": 1e-2}[element])
    assert not (ids % 2).any()
    assert snapshot.search_many("picture", queries[:0], 5)[0].shape == (0, 0)
    assert snapshot.search_many("picture", queries, 1000)[0].shape == (70, 900)


def test_threads_are_at_least_one_and_change_nothing() -> None:
    index, vectors = filled(count=3000)
    snapshot, ranks = index.snapshot(), only(vectors[0][0])
    one, four = snapshot.search(ranks, 99), snapshot.search(ranks, 99, threads=4)
    assert one[0].tolist() == four[0].tolist()
    assert one[1].tolist() == four[1].tolist()
    let_through = [snapshot.at_least(ranks, 0.3, n) for n in (1, 4)]
    assert snapshot.ids(let_through[0]).tolist() == snapshot.ids(let_through[1]).tolist()
    for threads, says in ((0, "threads is 0"), (-1, "threads is -1")):
        with pytest.raises(ValueError, match=says):
            snapshot.search(ranks, 1, threads=threads)
        with pytest.raises(ValueError, match=says):
            snapshot.at_least(ranks, 0.5, threads)
        with pytest.raises(ValueError, match=says):
            snapshot.search_many("picture", vectors[0][:2], 1, threads=threads)


def test_k_and_offset_may_be_as_large_as_python_likes_but_not_negative() -> None:
    index, vectors = filled()
    snapshot, ranks = index.snapshot(), only(vectors[0][0])
    everything = snapshot.search(ranks, 50)[0].tolist()
    assert snapshot.search(ranks, 10**30)[0].tolist() == everything
    assert snapshot.search(ranks, 2**63, 45)[0].tolist() == everything[45:]
    assert snapshot.search(ranks, 5, 10**30)[0].tolist() == []
    assert snapshot.search(ranks, 3, 48)[0].tolist() == everything[48:]
    for k, offset, says in [(0, 0, "k is 0"), (-1, 0, "k is -1"), (1, -1, "offset is -1")]:
        with pytest.raises(ValueError, match=says):
            snapshot.search(ranks, k, offset)


@pytest.mark.parametrize(
    ("terms", "error", "says"),
    [
        ([], ValueError, "a rank has no terms"),
        ([("sound", np.ones(6), 1.0, "linear")], ValueError, "no field 'sound'.*'picture'"),
        ([("picture", np.ones(6), 1.0, "cubic")], ValueError, "'linear' or 'log', not 'cubic'"),
        ([("picture", np.ones(6), np.nan, "linear")], ValueError, "weight"),
        ([("picture", np.ones(6))], ValueError, "a term is a tuple"),
        ([7], ValueError, "a term is a tuple"),
    ],
)
def test_terms_that_make_no_sense_are_refused(
    terms: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        filled()[0].snapshot().search([(1.0, "linear", 0.0, terms)], 1)


@pytest.mark.parametrize(
    ("ranks", "error", "says"),
    [
        ([], ValueError, "1 to 64 terms over all its ranks, not 0"),
        ([rank()], ValueError, "a rank has no terms"),
        ([(1.0, "tanh", 0.0, [])], ValueError, "'linear', 'sigmoid' or 'exp', not 'tanh'"),
        ([(np.inf, "linear", 0.0, [TERM])], ValueError, "weight and bias are finite"),
        ([(1.0, "linear", np.nan, [TERM])], ValueError, "weight and bias are finite"),
        ([TERM], ValueError, "a term is a tuple"),
        ([7], ValueError, "a rank is a tuple"),
    ],
)
def test_ranks_that_make_no_sense_are_refused(
    ranks: Any, error: type[Exception], says: str
) -> None:
    snapshot = filled()[0].snapshot()
    with pytest.raises(error, match=says):
        snapshot.search(ranks, 1)
    with pytest.raises(error, match=says):
        snapshot.at_least(ranks, 0.5)


def test_combined_ranks_are_what_numpy_computes() -> None:
    index, (pictures, labels) = filled(count=500)
    query, wanted = pictures[3] + 0.1, np.array([0.2, 0.0, 1.0], np.float32)
    cosines = (pictures @ query) / np.linalg.norm(pictures, axis=1) / np.linalg.norm(query)
    sums = labels.astype(np.float16).astype(np.float64) @ wanted
    probabilities = 1 / (1 + np.exp(-(4 * cosines + sums - 1)))
    geometric = np.sqrt(np.maximum(sums, 1e-7) * np.maximum(sums / 2, 1e-7))
    picture: _core.Term = ("picture", query, 4.0, "linear")
    ranks: list[_core.Rank] = [
        (0.5, "linear", 1.0, [("picture", query, 1.0, "linear")]),
        (2.0, "sigmoid", -1.0, [picture, ("labels", wanted, 1.0, "linear")]),
        (-1.0, "exp", 0.0, [("labels", wanted / n, 0.5, "log") for n in (1, 2)]),
    ]
    scores = (1 + cosines) / 2 + 2 * probabilities - geometric
    ids, found = index.snapshot().search(ranks, 20, 5)
    expected = np.argsort(-scores, kind="stable")[5:25]
    assert ids.tolist() == (expected + 1).tolist()
    np.testing.assert_allclose(found, scores[expected], rtol=1e-4, atol=1e-5)
    let_through = index.snapshot().at_least(ranks, float(found[-1]))
    assert (
        index.snapshot().ids(let_through).tolist()
        == np.sort(np.argsort(-scores, kind="stable")[:25] + 1).tolist()
    )


def test_a_head_that_is_sure_of_everything_still_orders() -> None:
    index, (pictures, _) = filled()
    query = pictures[0]
    plain = index.snapshot().search(only(query), 50)[0]
    for bias, sign in ((50.0, 1), (-1000.0, 1), (50.0, -1)):
        sure: _core.Rank = (sign * 1.0, "sigmoid", bias, [("picture", query, 1.0, "linear")])
        ids, scores = index.snapshot().search([sure], 50)
        assert ids.tolist() == plain.tolist()[::sign]
        assert set(scores.tolist()) == {sign * float(bias > 0)}


def test_masks_follow_the_algebra_of_sets() -> None:
    snapshot = filled()[0].snapshot()
    low, even = set(range(1, 31)), set(range(2, 51, 2))
    a, b = snapshot.mask_of(sorted(low)), snapshot.mask_of(sorted(even))
    everything = set(range(1, 51))
    for mask, expected in [
        (a & b, low & even),
        (a | b, low | even),
        (snapshot.invert(a), everything - low),
        (snapshot.invert(snapshot.all()), set()),
        (snapshot.all(), everything),
        (a & snapshot.invert(b), low - even),
    ]:
        assert set(snapshot.ids(mask).tolist()) == expected
        assert mask.count() == len(expected)
    assert set(snapshot.ids(a).tolist()) == low, "combining changed an operand"


def test_a_mask_of_another_snapshot_is_refused_everywhere() -> None:
    index, vectors = filled()
    old = index.snapshot()
    stale = old.all()
    index.commit(2)
    new = index.snapshot()
    for use in [
        lambda: new.search(only(vectors[0][0]), 1, 0, stale),
        lambda: new.ids(stale),
        lambda: new.invert(stale),
        lambda: new.all() & stale,
        lambda: stale | new.all(),
    ]:
        with pytest.raises(ValueError, match=r"another snapshot|different snapshots"):
            use()
    assert old.ids(stale).size == 50


def test_an_erased_row_is_found_no_more_and_inverting_does_not_bring_it_back() -> None:
    index, vectors = filled()
    index.erase([8, 1000])
    index.commit(2)
    snapshot = index.snapshot()
    assert 8 not in snapshot.search(only(vectors[0][7]), 50)[0]
    assert snapshot.invert(snapshot.mask_of([8, 9])).count() == 48


# ---- opening


@pytest.mark.parametrize(
    ("truth", "fields", "error", "says"),
    [
        (b"short", FIELDS, ValueError, "truth needs 16 bytes, not 5"),
        (TRUTH, [], ValueError, "1 to 8 fields"),
        (TRUTH, [("x", 0, "f32", "dot")], ValueError, "dim is 1 to 65536, not 0"),
        (TRUTH, [("x", -1, "f32", "dot")], ValueError, "dim is -1"),
        (TRUTH, [("x", 2**80, "f32", "dot")], ValueError, "dim is 1 to 65536"),
        (TRUTH, [("x", 1, "f64", "dot")], ValueError, "'f16' or 'i8', not 'f64'"),
        (TRUTH, [("x", 1, "f32", "l2")], ValueError, "'cosine' or 'dot', not 'l2'"),
        (TRUTH, [("x", 1)], ValueError, "a field is a tuple"),
        (TRUTH, [5], ValueError, "a field is a tuple"),
    ],
)
def test_opening_with_what_makes_no_sense_is_refused(
    truth: bytes, fields: Any, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        _core.Index.open("", truth, fields)


def test_a_cache_is_reopened_under_any_name_a_folder_can_have(tmp_path: Path) -> None:
    folder = str(tmp_path / os.fsdecode(b"Bilder \xff \xc3\xa9"))
    index, vectors = filled(folder)
    index.seal()
    again = _core.Index.open(folder, TRUTH, FIELDS)
    assert (again.generation, again.last_id, again.dropped_because) == (1, 50, "")
    assert again.snapshot().search(only(vectors[0][4]), 1)[0].tolist() == [5]
    again.snapshot().verify()


def test_damage_is_a_corruption_error_that_names_the_file(tmp_path: Path) -> None:
    index, vectors = filled(str(tmp_path))
    index.seal()
    segment = next(tmp_path.glob("rows-*.seg"))
    damaged = bytearray(segment.read_bytes())
    damaged[5000] ^= 1
    segment.unlink()
    segment.write_bytes(damaged)
    snapshot = _core.Index.open(str(tmp_path), TRUTH, FIELDS).snapshot()
    for use in [snapshot.verify, snapshot.ids, lambda: snapshot.search(only(vectors[0][0]), 1)]:
        with pytest.raises(_core.CorruptionError, match=re.escape(str(segment))):
            use()
    index.snapshot().verify()  # the file that was deleted lives on where it is mapped


def test_what_the_operating_system_refuses_is_an_os_error(tmp_path: Path) -> None:
    file = tmp_path / os.fsdecode(b"a \xff file")
    file.write_text("in the way")
    with pytest.raises(OSError, match=r"cannot .*a \\xff file"):
        _core.Index.open(str(file), TRUTH, FIELDS)
    with pytest.raises(ValueError, match="null"):
        _core.Index.open("a\0b", TRUTH, FIELDS)


def test_sealing_and_committing_out_of_order_are_refused() -> None:
    index, _ = filled()
    with pytest.raises(ValueError, match="generation 0 is lower than the last, 1"):
        index.commit(0)
    with pytest.raises(ValueError, match="generation is -1"):
        index.commit(-1)
    index.erase([1])
    with pytest.raises(ValueError, match="not committed"):
        index.seal()


# ---- threads


def test_python_runs_on_while_the_core_searches() -> None:
    index = _core.Index.open("", TRUTH, [("x", 1024, "f32", "dot")])
    index.append(np.arange(1, 20_001), [np.ones((20_000, 1024), np.float32)])
    index.commit(1)
    query, snapshot = np.ones(1024), index.snapshot()
    is_done, ticks = threading.Event(), 0

    def search() -> None:
        snapshot.search(only(query, "x") * 64, 1)
        is_done.set()

    interval = sys.getswitchinterval()
    sys.setswitchinterval(
        1000
    )  # only a released GIL lets the loop below run before the search ends
    try:
        thread = threading.Thread(target=search)
        thread.start()
        while not is_done.is_set():
            ticks += 1
            is_done.wait(0.001)
        thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert ticks > 5


def test_what_was_handed_in_may_change_at_once() -> None:
    index = _core.Index.open("", TRUTH, FIELDS)
    vectors = rows(50)
    ids = np.arange(1, 51)
    index.append(ids, vectors)
    first = vectors[0][0].copy()
    for array in [ids, *vectors]:
        array[...] = 0
    index.commit(1)
    assert index.snapshot().search(only(first), 1)[0].tolist() == [1]


def test_many_threads_search_while_one_adds() -> None:
    index, vectors = filled()
    broken: list[object] = []
    is_done = threading.Event()

    def read() -> None:
        try:
            while not is_done.is_set():
                snapshot = index.snapshot()
                found = snapshot.search(only(vectors[0][0]), 10**6)[0]
                if len(found) != len(snapshot) or set(found) != set(snapshot.ids()):
                    broken.append(found)
        except Exception as error:
            broken.append(error)

    threads = [threading.Thread(target=read) for _ in range(3)]
    for thread in threads:
        thread.start()
    for generation in range(2, 200):
        index.append([index.last_id + 1], rows(1, generation))
        index.erase([index.last_id - 20])
        index.commit(generation)
    is_done.set()
    for thread in threads:
        thread.join()
    assert broken == []
