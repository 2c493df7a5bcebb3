"""Columns at the edges: what is refused and how it is told, odd numbers, polygons, files."""

from __future__ import annotations

import random
import threading
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nearsight import _core

TRUTH = bytes(range(16))
Corners = Sequence[tuple[float, float]]


def columns_of(facts: dict[int, list[Any]], directory: str = "") -> _core.Columns:
    """Give committed columns with these facts of each document, which is its own owner and row."""
    columns = _core.Columns.open(directory, TRUTH)
    ids = list(facts)
    columns.put(ids, ids, ids, list(facts.values()))
    columns.commit(1)
    return columns


# ---- what is refused

BAD_FACTS: dict[str, tuple[Any, str]] = {
    "NaN": (("iso", float("nan")), "fact 'iso': NaN is not a number"),
    "a latitude of 91": (("geo", (91, 0)), "fact 'geo': latitude 91"),
    "a longitude of 181": (("geo", (0.0, 181.0)), "fact 'geo': longitude 181"),
    "a point of three": (("geo", (1, 2, 3)), "a point is a pair"),
    "a point of texts": (("geo", ("a", "b")), "a point is a pair"),
    "65 bits": (("size", 2**64), "18446744073709551616 does not fit in 64 bits"),
    "65 bits below": (("size", -(2**63) - 1), "does not fit in 64 bits"),
    "half a surrogate pair": (("name", "\ud800"), "surrogate"),
    "a path of half a surrogate pair": (("\ud800", 1), "surrogate"),
    "a path with NUL": (("a\0b", 1), "cannot hold the character NUL"),
    "bytes": (("name", b"x"), "not a bytes"),
    "no pair": ("ab", "a fact is a tuple"),
    "a path that is no text": ((1, 2), "a fact is a tuple"),
}


@pytest.mark.parametrize("bad", BAD_FACTS)
def test_a_fact_that_cannot_be_kept_is_named_and_nothing_is_put(bad: str) -> None:
    fact, says = BAD_FACTS[bad]
    columns = columns_of({5: [("iso", 1)]})
    with pytest.raises(ValueError, match="document 6: ") as error:
        columns.put([5, 6], [1, 1], [1, 1], [[("iso", 2)], [("iso", 3), fact]])
    assert says in str(error.value)
    columns.commit(2)
    assert len(columns.snapshot()) == columns.snapshot().equal("iso", 1).count() == 1


def test_lists_that_do_not_fit_together_are_refused() -> None:
    columns = _core.Columns.open("", TRUTH)
    with pytest.raises(ValueError, match="2 docs, 1 owners, 2 rows and 2 lists"):
        columns.put([1, 2], [1], [1, 2], [[], []])
    with pytest.raises(ValueError, match="document 1 is put twice"):
        columns.put([1, 1], [1, 1], [1, 2], [[], []])
    with pytest.raises(TypeError):
        columns.put([1], [1], [1], [7])  # type: ignore[list-item]
    with pytest.raises(ValueError, match="negative"):
        columns.put([-1], [1], [1], [[]])


QUESTIONS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "no bound": ("between", ("a", None, None)),
    "bounds of two kinds": ("between", ("a", 1, "b")),
    "a range of bools": ("between", ("a", True, None)),
    "a range from NaN": ("between", ("a", float("nan"), 1)),
    "equal to NaN": ("equal", ("a", float("nan"))),
    "equal to a list of three": ("equal", ("a", [1, 2, 3])),
    "a path of half a surrogate pair": ("exists", ("\ud800",)),
    "a centre in no place": ("within", ("a", 91, 0, 1)),
    "a negative distance": ("within", ("a", 0, 0, -1)),
    "a distance that is NaN": ("within", ("a", 0, 0, float("nan"))),
    "a box upside down": ("box", ("a", 1, 0, 0, 1)),
    "two corners": ("polygon", ("a", [(0, 0), (1, 1)])),
    "a corner in no place": ("polygon", ("a", [(0, 0), (1, 1), (99, 0)])),
    "a corner of three": ("polygon", ("a", [(0, 0), (1, 1), (1, 2, 3)])),
}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_without_an_answer_is_refused(name: str) -> None:
    question, arguments = QUESTIONS[name]
    with pytest.raises(ValueError, match=r"."):
        getattr(columns_of({1: []}).snapshot(), question)(*arguments)


def test_sets_of_two_snapshots_do_not_mix() -> None:
    columns = columns_of({1: [], 2: []})
    old = columns.snapshot().all()
    columns.erase([1])
    columns.commit(2)
    now = columns.snapshot()
    for mixed in [
        lambda: old & now.all(),
        lambda: old | now.all(),
        lambda: now.rows(old),
        lambda: now.docs(old),
        lambda: now.owners(old),
        lambda: now.family(old),
        lambda: now.invert(old),
    ]:
        with pytest.raises(ValueError, match="another snapshot"):
            mixed()
    assert old.count() == 2  # it holds its own snapshot alive


# ---- numbers


def test_whole_numbers_beyond_64_bits_can_be_asked_for() -> None:
    now = columns_of(
        {1: [("n", 2.0**70)], 2: [("n", 2**64 - 1)], 3: [("n", float("inf"))]}
    ).snapshot()

    def docs(found: _core.DocSet) -> list[int]:
        return now.docs(found).tolist()  # type: ignore[no-any-return]

    assert docs(now.equal("n", 2**70)) == [1]
    assert docs(now.equal("n", 2**70 + 1)) == []
    assert docs(now.between("n", 2**70 + 1, None)) == [3]
    assert docs(now.between("n", None, 2**70 - 1)) == [2]
    assert docs(now.between("n", 10**400, None)) == [3]
    assert docs(now.between("n", -(10**400), 10**400)) == [1, 2]


def test_row_0_stands_for_nothing() -> None:
    columns = _core.Columns.open("", TRUTH)
    columns.put([1, 2], [9, 9], [0, 7], [[], []])
    columns.commit(1)
    now = columns.snapshot()
    assert now.rows(now.all()).tolist() == [7]
    assert now.docs(now.of_rows([0, 7])).tolist() == [2]
    assert now.docs(now.family(now.of_rows([7]))).tolist() == [1, 2]


@pytest.mark.parametrize("doc", [1, 500, 1000])
def test_one_document_of_many_is_replaced_and_erased_wherever_it_stands(doc: int) -> None:
    columns = columns_of({i: [("n", i)] for i in range(1, 1001)})
    columns.put([doc], [doc], [doc], [[("n", -1)]])
    columns.commit(2)
    now = columns.snapshot()
    assert (len(now), now.equal("n", doc).count(), now.equal("n", -1).count()) == (1000, 0, 1)
    columns.erase([doc])
    columns.commit(3)
    assert not columns.snapshot().all().has(doc)


# ---- polygons


def inside(corners: Corners, place: tuple[float, float]) -> list[tuple[float, float]]:
    """Give the place, in a list, if columns find it in the polygon."""
    now = columns_of({1: [("geo", place)]}).snapshot()
    return [place] * now.polygon("geo", corners).count()


SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]
DATE_LINE = [(0, 170), (0, -170), (10, -170), (10, 170)]
ARCTIC = [(60, -180), (60, -90), (60, 0), (60, 90)]
ANTARCTIC = [(-60, longitude) for longitude in range(180, -181, -60)]
RING = [(-10, -10), (-10, 10), (10, 10), (10, -10), (5, -5), (5, 5), (-5, 5), (-5, -5)]
HOLDS: list[tuple[Corners, list[tuple[float, float]], list[tuple[float, float]]]] = [
    (SQUARE, [(5, 5), (0, 0), (10, 10), (0, 5), (5, 0), (10, 3), (3, 10)], [(5, 10.1), (-1, 5)]),
    (SQUARE[::-1], [(5, 5), (0, 0), (5, 10)], [(5, -0.1), (11, 5)]),
    (
        DATE_LINE,
        [(5, 175), (5, 180), (5, -180), (5, -175), (0, 180)],
        [(5, 0), (5, 169), (5, -169)],
    ),
    (ARCTIC, [(70, 20), (90, 0), (60, 45), (61, 180), (61, -180)], [(59, 20), (-90, 0), (0, 0)]),
    (ANTARCTIC, [(-70, 20), (-90, 0), (-61, 180)], [(-59, 20), (90, 0), (0, 0)]),
    ([(0, 0), (10, 10), (0, 10), (10, 0)], [(5, 5), (5, 1), (5, 9)], [(8, 5), (2, 5)]),
    (RING, [(-7, -7), (7, 0), (0, 7)], [(0, 0), (11, 0)]),
]


@pytest.mark.parametrize("case", range(len(HOLDS)))
def test_polygons_hold_what_is_in_them_and_on_their_edges(case: int) -> None:
    corners, held, others = HOLDS[case]
    assert [place for place in held + others if inside(corners, place)] == held


def even_odd(corners: Corners, place: tuple[float, float]) -> bool | None:
    """Say exactly whether a polygon away from the date line holds a place; None on an edge."""
    y, x = Fraction(place[0]), Fraction(place[1])
    is_inside = False
    for i, (y1, x1) in enumerate(corners):
        y2, x2 = corners[(i + 1) % len(corners)]
        cross = (Fraction(x2) - x1) * (y - y1) - (Fraction(y2) - y1) * (x - x1)
        if cross == 0 and min(x1, x2) <= x <= max(x1, x2) and min(y1, y2) <= y <= max(y1, y2):
            return None
        if (y1 > y) != (y2 > y) and (cross > 0) == (y2 > y1):
            is_inside = not is_inside
    return is_inside


@pytest.mark.parametrize("seed", range(4))
def test_polygons_are_the_even_odd_rule_wherever_they_lie(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(8):
        corners = [(rng.randint(-8, 8), rng.randint(-8, 8)) for _ in range(rng.randint(3, 9))]
        places = [(y, x) for y in range(-9, 10) for x in range(-9, 10)]
        places += [(rng.uniform(-9, 9), rng.uniform(-9, 9)) for _ in range(100)]
        expected = [even_odd(corners, place) for place in places]
        for shift in [0, 175, -180]:

            def moved(place: tuple[float, float], by: int = shift) -> tuple[float, float]:
                return place[0], (place[1] + by + 180) % 360 - 180

            now = columns_of({i: [("g", moved(p))] for i, p in enumerate(places)}).snapshot()
            found = now.polygon("g", [moved(corner) for corner in corners])
            for i, (place, answer) in enumerate(zip(places, expected, strict=True)):
                assert answer is None or found.has(i) == answer, (corners, place, shift)


# ---- files


def test_a_damaged_file_is_told_and_never_answered_from(tmp_path: Path) -> None:
    columns = columns_of({i: [("name", f"{i}")] for i in range(100)}, str(tmp_path))
    columns.seal()
    file = tmp_path / "facts-1.seg"
    data = bytearray(file.read_bytes())
    data[5000] ^= 1
    file.unlink()
    file.write_bytes(data)
    now = _core.Columns.open(str(tmp_path), TRUTH).snapshot()
    for asked in [lambda: now.equal("name", "7"), now.verify, lambda: now.of_docs([1])]:
        with pytest.raises(_core.CorruptionError, match=r"facts-1\.seg' is damaged \(block 0\)"):
            asked()


def test_read_only_columns_change_no_file(tmp_path: Path) -> None:
    columns_of({1: [("a", 1)]}, str(tmp_path)).seal()
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    columns = _core.Columns.open(str(tmp_path), TRUTH, read_only=True)
    columns.put([2], [2], [2], [[("a", 1)]])
    columns.commit(2)
    assert columns.snapshot().equal("a", 1).count() == 2
    with pytest.raises(OSError, match="cannot change"):
        columns.seal()
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before
    with pytest.raises(OSError, match="use as a directory"):
        _core.Columns.open(str(tmp_path / "none"), TRUTH, read_only=True)


def test_threads_put_and_ask_at_once() -> None:
    columns = _core.Columns.open("", TRUTH)
    columns.commit(0)
    wrong: list[int] = []

    def ask() -> None:
        for _ in range(300):
            now = columns.snapshot()
            if now.exists("n").count() != len(now) or now.rows(now.all()).size != len(now):
                wrong.append(len(now))

    readers = [threading.Thread(target=ask) for _ in range(3)]
    for reader in readers:
        reader.start()
    for n in range(1, 300):
        ids = np.arange(n * 10, n * 10 + 10)
        columns.put(ids, ids, ids, [[("n", n)]] * 10)
        columns.commit(n)
    for reader in readers:
        reader.join()
    assert wrong == []
    assert len(columns.snapshot()) == 2990
