"""`_core.Columns` gives the answers of a slow, plain model after any history."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nearsight import _core
from nearsight._core import Columns, ColumnsSnapshot, DocSet
from nearsight.values.geo import EARTH_KM

TRUTH = bytes(range(16))
PATHS = ["a", "a/b", "a/c", "ab", "b", "é", "place", ""]
NUMBERS: list[float] = [
    *(0, -0.0, 1, 1.0, 1.5, -1, -1.5, 2**53, 2.0**53, 2**53 + 1, 2**53 + 2, -(2**53) - 1),
    *(2**63 - 1, 2.0**63, 2**63, -(2**63), -(2.0**63), 2**64 - 1, 2**64 - 1024, 2.0**64, 2**62 + 1),
    *(1e300, -1e300, math.inf, -math.inf, 5e-324, -5e-324),
]
TEXTS = ["", "a", "ab", "abc", "b", "\0", "a\0", "é", "\uffff", "\U00010000", "x" * 300]


def a_point(rng: random.Random) -> tuple[float, float]:
    """Give a place, often one that others share or that lies on an edge of the map."""
    latitude = rng.choice([-90.0, 0.0, 90.0, 10.0, 20.0, rng.uniform(-90, 90)])
    return latitude, rng.choice([-180.0, 180.0, 0.0, 175.0, -175.0, rng.uniform(-180, 180)])


def a_fact(rng: random.Random) -> _core.Fact:
    """Give a fact of any kind."""
    value = rng.choice(
        [
            rng.choice(NUMBERS),
            rng.randint(-3, 3),
            rng.choice(TEXTS),
            rng.choice([True, False, None]),
            a_point(rng),
        ]
    )
    return rng.choice(PATHS), value


def kind(value: object) -> str:
    """Name the kind of a value, as the columns know it."""
    if isinstance(value, bool) or value is None:
        return type(value).__name__
    return {int: "number", float: "number", str: "text", tuple: "point"}[type(value)]


def is_same(value: object, other: object) -> bool:
    """Tell whether two values are of one kind and equal."""
    return kind(value) == kind(other) and value == other


class Model:
    """What the columns should know: document -> (owner, row, facts)."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.known: dict[int, tuple[int, int, list[_core.Fact]]] = {}

    def having(self, holds: Callable[[str, object], bool]) -> set[int]:
        """Give the documents with a fact that fits."""
        return {doc for doc, (_, _, facts) in self.known.items() if any(holds(*f) for f in facts)}


def check_sets(now: ColumnsSnapshot, model: Model, rng: random.Random) -> None:
    """Hold what turns sets into ids, and ids into sets, to the model."""
    known = model.known
    docs = rng.sample(sorted(known), rng.randint(0, len(known)))
    asked = [*docs, *rng.sample(range(1000), 5)]
    chosen = now.of_docs(np.array(asked, np.uint64))
    picked = set(asked) & set(known)
    assert now.docs(chosen).tolist() == sorted(picked)
    assert chosen.count() == len(picked)
    assert now.rows(chosen).tolist() == sorted({known[d][1] for d in picked} - {0})
    assert now.owners(chosen).tolist() == sorted({known[d][0] for d in picked})
    assert now.count_owners(chosen) == len({known[d][0] for d in picked})
    check_rows(now, chosen, rng)
    assert now.docs(now.invert(chosen)).tolist() == sorted(set(known) - picked)
    families = {known[d][0] for d in picked}
    assert now.docs(now.family(chosen)).tolist() == sorted(
        d for d in known if known[d][0] in families
    )
    assert all(chosen.has(doc) == (doc in picked) for doc in rng.sample(range(1000), 20))
    rows, owners = rng.sample(range(60), 9), rng.sample(range(60), 9)
    found = now.docs(now.of_rows(rows)).tolist()
    assert found == sorted(d for d in known if known[d][1] in set(rows) - {0})
    assert now.docs(now.of_owners(owners)).tolist() == sorted(
        d for d in known if known[d][0] in owners
    )


def check_rows(now: ColumnsSnapshot, chosen: DocSet, rng: random.Random) -> None:
    """Hold the rows of an index that stand for documents to their ids, with and without gaps."""
    index = _core.Index.open("", TRUTH, [("v", 1, "f32", "dot")])
    for first, last in ((1, 20), (20, 60)):  # chunks may lie in several parts
        ids = [id_ for id_ in range(first, last) if first == 1 or rng.random() < 0.5]
        index.append(ids, [np.zeros((len(ids), 1), np.float32)])
    index.erase(rng.sample(range(60), 5))
    index.commit(1)
    rows = index.snapshot()
    there = set(rows.ids().tolist())
    mask = rows.mask_of_docs(now, chosen)
    assert rows.ids(mask).tolist() == sorted(there & set(now.rows(chosen).tolist()))
    assert rows.ids(rows.mask_of(now.rows(chosen))).tolist() == rows.ids(mask).tolist()


def check_value(now: ColumnsSnapshot, model: Model, path: str, value: object) -> None:
    """Hold equal and exists to the model."""

    def same(found: DocSet, holds: Callable[[str, object], bool]) -> None:
        assert now.docs(found).tolist() == sorted(model.having(holds))

    same(now.equal(path, value), lambda p, v: p == path and is_same(v, value))  # type: ignore[arg-type]
    same(now.exists(path), lambda p, v: p == path)
    same(now.exists(path, prefix=True), lambda p, v: p.startswith(path))


def check_range(now: ColumnsSnapshot, model: Model, path: str, rng: random.Random) -> None:
    """Hold between to the model."""
    pool: list[Any] = rng.choice([NUMBERS, TEXTS])
    low, high = rng.choice([None, *pool]), rng.choice(pool)
    low_open, high_open = rng.random() < 0.5, rng.random() < 0.5

    def inside(p: str, v: Any) -> bool:
        if p != path or kind(v) != kind(high):
            return False
        above = low is None or (v > low if low_open else v >= low)
        return above and bool(v < high if high_open else v <= high)

    found = now.between(path, low, high, low_open, high_open)
    assert now.docs(found).tolist() == sorted(model.having(inside))


def haversine(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Give kilometres between two places, as the truth's SQL computes them."""
    up = math.sin(math.radians(a[0] - b[0]) / 2) ** 2
    along = math.sin(math.radians(a[1] - b[1]) / 2) ** 2
    root = math.sqrt(up + math.cos(math.radians(a[0])) * math.cos(math.radians(b[0])) * along)
    return 2 * EARTH_KM * math.asin(min(1.0, root))


def check_circle(now: ColumnsSnapshot, model: Model, rng: random.Random) -> None:
    """Hold within to the model."""
    centre, km = a_point(rng), rng.choice([0.0, 1.0, 500.0, 5000.0, 20040.0, rng.uniform(0, 2e4)])

    def near(p: str, v: object) -> bool:
        return p == "place" and isinstance(v, tuple) and haversine(v, centre) <= km + 1e-9

    found = now.docs(now.within("place", *centre, km)).tolist()
    assert found == sorted(model.having(near))


def check_box(now: ColumnsSnapshot, model: Model, rng: random.Random) -> None:
    """Hold box to the model."""
    (first, west), (second, east) = a_point(rng), a_point(rng)
    south, north = min(first, second), max(first, second)

    def boxed(p: str, v: object) -> bool:
        if p != "place" or not isinstance(v, tuple) or not south <= v[0] <= north:
            return False
        return west <= v[1] <= east if west <= east else v[1] >= west or v[1] <= east

    found = now.docs(now.box("place", south, west, north, east)).tolist()
    assert found == sorted(model.having(boxed))


def check_all(columns: Columns, model: Model, rng: random.Random) -> None:
    """Hold everything that can be asked to the model."""
    now = columns.snapshot()
    assert len(now) == len(model.known) == now.all().count()
    assert now.docs(now.all()).tolist() == sorted(model.known)
    check_sets(now, model, rng)
    for _ in range(8):
        check_value(now, model, *a_fact(rng))
        check_range(now, model, rng.choice(PATHS), rng)
        check_circle(now, model, rng)
        check_box(now, model, rng)


def change(columns: Columns, model: Model, rng: random.Random) -> None:
    """Put some documents, new ones and old ones, and erase some."""
    docs = rng.sample(range(1000), rng.choice([0, 1, 1, 2, 10, 60]))
    for doc in docs:
        facts = [a_fact(rng) for _ in range(rng.choice([0, 1, 3, 12]))]
        model.known[doc] = rng.randrange(60), rng.randrange(60), facts
    columns.put(
        docs,
        [model.known[doc][0] for doc in docs],
        [model.known[doc][1] for doc in docs],
        [model.known[doc][2] for doc in docs],
    )
    gone = rng.sample(range(1000), rng.choice([0, 0, 1, 5, 300]))
    columns.erase(gone)
    for doc in gone:
        model.known.pop(doc, None)


@pytest.mark.parametrize("seed", range(12))
def test_answers_are_the_model_s_after_any_history(tmp_path: Path, seed: int) -> None:
    rng, model = random.Random(seed), Model()
    where = str(tmp_path) if seed % 3 else ""
    columns = Columns.open(where, TRUTH)
    for generation in range(1, 30):
        for _ in range(rng.randint(0, 3)):
            change(columns, model, rng)
        columns.commit(generation)
        if rng.random() < 0.4:
            check_all(columns, model, rng)
        if rng.random() < 0.3:
            columns.seal()
        if where and rng.random() < 0.2:
            columns.seal()
            columns = Columns.open(where, TRUTH)
            assert (columns.dropped_because, columns.generation) == ("", generation)
    check_all(columns, model, rng)
    columns.snapshot().verify()
