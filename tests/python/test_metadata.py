"""Metadata and places: kept, patched, and filtered by, against a plain-Python model."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planted import Planted, plain

import nearsight
from nearsight import ArgumentError, NotFoundError, box, filters, metadata, within
from nearsight.filters import Compared, Contains, parse
from nearsight.truth.facts import metadata_facts
from nearsight.values.patching import checked, merged, without

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=3)
KEYS = st.one_of(st.sampled_from(["a", "b", "c d", 'q"q', "d.d", "$", "é"]), TEXTS)
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.floats(-2, 2, width=16),
    st.sampled_from(["x", "y", "1", "true", "", "it's", "é", "a\nb", "\t", "\\", '"']),
)
VALUES = st.recursive(
    SCALARS,
    lambda v: st.one_of(st.lists(v, max_size=3), st.dictionaries(KEYS, v, max_size=3)),
    max_leaves=6,
)
OBJECTS = st.dictionaries(KEYS, VALUES, max_size=3)


def contains(value: Any, pattern: Any) -> bool:
    """What `{…}` asks, in plain Python."""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and contains(value[key], each) for key, each in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(contains(each, wanted) for each in value) for wanted in pattern
        )
    return kind(value) == kind(pattern) and value == pattern


def kind(value: Any) -> str:
    return "number" if type(value) in (int, float) else type(value).__name__


def compares(value: Any, path: tuple[str, ...], operator: str, wanted: Any) -> bool:
    """What `@path operator wanted` asks, in plain Python."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    if kind(value) != kind(wanted) or isinstance(value, dict | list):
        return False
    if isinstance(value, str):
        value, wanted = value.encode(), wanted.encode()
    return {
        "=": value == wanted,
        "!=": value != wanted,
        "<": value < wanted,
        "<=": value <= wanted,
        ">": value > wanted,
        ">=": value >= wanted,
    }[operator]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path_factory.mktemp("metadata") / "m.ns", model=Planted()) as app:
        app.inputs.add([plain((n + 1, 2, 3)) for n in range(6)])
        yield app


def give(app: nearsight.App, found: list[dict[str, Any]]) -> list[str]:
    ids = [record.id for record in app.inputs]
    for id_, each in zip(ids, found, strict=True):
        app.inputs.update(id_, metadata=each, action="overwrite")
    return ids


# ---- filters


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.lists(OBJECTS, min_size=6, max_size=6), data=st.data())
def test_containment_is_what_plain_python_says(
    app: nearsight.App, found: list[dict[str, Any]], data: st.DataObject
) -> None:
    ids = give(app, found)
    stored = [app.inputs[id_].metadata for id_ in ids]
    assert stored == found
    for pattern in (data.draw(OBJECTS), data.draw(st.sampled_from(found))):
        asked = metadata(pattern)
        expected = [i for i, each in zip(ids, found, strict=True) if contains(each, pattern)]
        assert app.search(where=asked, k=9).ids == expected
        assert parse(str(asked)) == asked


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(found=st.lists(OBJECTS, min_size=6, max_size=6), data=st.data())
def test_comparisons_are_what_plain_python_says(
    app: nearsight.App, found: list[dict[str, Any]], data: st.DataObject
) -> None:
    ids = give(app, found)
    path = tuple(data.draw(st.lists(KEYS, min_size=1, max_size=2)))
    wanted = data.draw(SCALARS.filter(lambda value: value is not None))
    for operator in ("=", "!=", "<", "<=", ">", ">="):
        asked = Compared(path, operator, wanted)
        expected = [
            i for i, each in zip(ids, found, strict=True) if compares(each, path, operator, wanted)
        ]
        assert app.search(where=asked, k=9).ids == expected
        assert parse(str(asked)) == asked


def test_values_are_compared_in_python_and_in_a_line(app: nearsight.App) -> None:
    ids = give(app, [{"iso": n * 100, "taken": f"2024-0{n + 1}-01"} for n in range(6)])
    assert app.search(where=metadata("iso") < 200).ids == ids[:2]
    assert app.search(where='@iso >= 300 and @taken < "2024-06"').ids == ids[3:5]
    assert app.search(where="@iso = 0 or not @iso < 500").ids == [ids[0], ids[5]]
    assert app.search(where='@iso = "0"').ids == []
    assert app.search(where="@missing != 1").ids == []
    with pytest.raises(ArgumentError, match=r"in -2\*\*63"):
        app.search(where="@iso < 99999999999999999999")


def test_metadata_never_reaches_the_database_as_sql(app: nearsight.App) -> None:
    evil = "x') or 1=1; drop table input; --"
    ids = give(app, [{evil: evil}, {}, {}, {}, {}, {}])
    assert app.search(where=metadata({evil: evil})).ids == ids[:1]
    assert app.search(where=Compared((evil,), "=", evil)).ids == ids[:1]
    assert app.search(where=metadata({evil: "y"})).ids == []
    assert len(app.inputs) == 6


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        ({"a": float("nan")}, r"metadata\.a is nan"),
        ({"a": [1, {"b": float("inf")}]}, r"metadata\.a\[1\]\.b is inf"),
        ({1: 2}, "the key 1 is not text"),
        ({"a": b"x"}, "is a bytes"),
        ({"a": object()}, "is a object"),
        ({"a": 2**63}, "whole numbers lie in"),
        ({"a": 10**5000}, "whole numbers lie in"),
        ({"a": "x\0"}, "holds a NUL|is not UTF-8"),
        ({"a": "\ud800"}, "holds a NUL|is not UTF-8"),
        ({"a": "x" * 2_000_000}, "at most 1048576"),
        ([1], "give a dictionary"),
        ("text", "give a dictionary"),
    ],
)
def test_what_json_cannot_hold_is_refused_by_its_place(
    app: nearsight.App, bad: Any, why: str
) -> None:
    before = len(app.inputs)
    with pytest.raises(ArgumentError, match=why):
        app.inputs.add(plain((9, 9, 9)), metadata=bad)
    assert len(app.inputs) == before


def test_metadata_nested_without_end_are_refused(app: nearsight.App) -> None:
    deep: dict[str, Any] = {}
    for _ in range(10_000):
        deep = {"a": deep}
    with pytest.raises(ArgumentError, match="nested deeper than 64"):
        app.inputs.add(plain((9, 9, 9)), metadata=deep)
    line = '{"a":' * 10_000 + "1" + "}" * 10_000
    with pytest.raises(ArgumentError):
        app.search(where=line)


def test_long_keys_are_told_apart_and_do_not_multiply(app: nearsight.App) -> None:
    long, other = "k" * 100_000, "k" * 99_999 + "j"
    tree = {long: {"n": {str(n): n for n in range(1000)}, "l": [{"m": 1}]}, other: {"n": "x"}}
    facts = metadata_facts("metadata", tree)
    assert sum(len(path) for path, _ in facts) < 1_000_000
    assert len({path for path, _ in facts}) == len(facts)
    (id_,) = app.inputs.add(plain((77, 7, 7)), metadata=tree).added
    for asked in ({long: {"n": {"999": 999}}}, {long: {"l": [{"m": 1}]}}, {other: {"n": "x"}}):
        assert app.inputs.count(metadata(asked)) == 1
    for asked in ({long: {"n": {"999": 998}}}, {other: {"n": {}}}, {long: {"n": "x"}}):
        assert app.inputs.count(metadata(asked)) == 0
    assert app.inputs.count(metadata(f"{long}.n.999") == 999) == 1
    assert app.inputs.count(filters.Exists((other, "n"))) == 1
    assert app.inputs.count(filters.Exists((other, "l"))) == 0
    app.inputs.delete(id_)


def test_a_filter_may_ask_for_thousands_of_keys(app: nearsight.App) -> None:
    many = {f"k{n}": n for n in range(2_000)}
    (id_,) = app.inputs.add(plain((9, 9, 9)), metadata=many).added
    assert app.search(where=metadata(many)).ids == [id_]
    assert app.search(where=metadata(many | {"k7": 8})).ids == []
    app.inputs.delete(id_)


@pytest.mark.parametrize(
    "value", [None, [1], {}, float("nan"), float("inf"), b"x", 2**63, 10**400, "\udcff"]
)
def test_what_cannot_be_compared_is_refused(value: object) -> None:
    with pytest.raises(
        ArgumentError, match=r"compare with|JSON has no|whole numbers lie in|not UTF-8"
    ):
        metadata("iso") < value  # noqa: B015


# ---- patching


@given(OBJECTS, OBJECTS)
def test_merging_is_deep_and_harms_neither(old: dict[str, Any], new: dict[str, Any]) -> None:
    before = repr(old), repr(new)
    result = merged(old, new)
    assert (repr(old), repr(new)) == before
    if new:
        assert set(result) == set(old) | {key for key, value in new.items() if value is not None}
    for key, value in new.items():
        if not isinstance(value, dict | list | None):
            assert result[key] == value
    assert checked(result) == result


def test_the_rules_of_patching() -> None:
    old = {"a": {"b": 1}, "list": [1], "x": "y"}
    assert merged(old, {"a": {"c": 2}}) == {"a": {"b": 1, "c": 2}, "list": [1], "x": "y"}
    assert merged(old, {"list": [2]})["list"] == [1, 2]
    assert merged(old, {"list": []})["list"] == []
    assert merged(old, {"a": {}})["a"] == {}
    assert merged(old, {"x": None}) == old
    assert merged(old, {"x": {"now": "an object"}})["x"] == {"now": "an object"}
    assert without(old, {"a": {"b": True}, "x": True, "no": 1}) == {"a": {}, "list": [1]}
    assert without(old, {"a": True}) == {"list": [1], "x": "y"}


# ---- update


def test_update_merges_overwrites_and_removes(app: nearsight.App) -> None:
    id_ = next(iter(app.inputs)).id
    app.inputs.update(id_, metadata={}, action="overwrite")
    app.inputs.update(id_, concepts=["a"], not_concepts=["b"], metadata={"m": {"x": 1}})
    (now,) = app.inputs.update(id_, concepts=["b", "c"], metadata={"m": {"y": 2}}, geo=(1, 2))
    assert now.concepts == {"a": True, "b": True, "c": True}
    assert now.metadata == {"m": {"x": 1, "y": 2}}
    assert now.geo == nearsight.GeoPoint(1, 2)
    (now,) = app.inputs.update(id_, concepts=["b"], metadata={"m": {"x": 1}}, action="remove")
    assert now.concepts == {"a": True, "c": True}
    assert now.metadata == {"m": {"y": 2}}
    (now,) = app.inputs.update(id_, not_concepts=["d"], metadata={"n": 3}, action="overwrite")
    assert (now.concepts, now.metadata) == ({"d": False}, {"n": 3})
    (now,) = app.inputs.update(id_, geo=(1, 2), action="remove")
    assert now.geo is None
    assert now.to_dict()["metadata"] == {"n": 3}


def test_an_update_of_an_unknown_id_changes_nothing(app: nearsight.App) -> None:
    id_ = next(iter(app.inputs)).id
    before = app.inputs[id_]
    with pytest.raises(NotFoundError, match="unknown"):
        app.inputs.update([id_, "unknown"], metadata={"changed": True}, concepts=["changed"])
    assert app.inputs[id_] == before
    with pytest.raises(ArgumentError, match="'merge', 'overwrite' or 'remove'"):
        app.inputs.update(id_, action="replace")
    assert app.inputs.update([], concepts=["x"]) == []
    for wrong in (before, 5, None, [5]):
        with pytest.raises(ArgumentError):
            app.inputs.update(wrong, concepts=["x"])  # type: ignore[arg-type]


def test_an_id_that_is_given_twice_is_changed_once(app: nearsight.App) -> None:
    id_ = next(iter(app.inputs)).id
    app.inputs.update(id_, metadata={}, action="overwrite")
    (now,) = app.inputs.update([id_, id_], metadata={"tags": ["x"]})
    assert now.metadata == {"tags": ["x"]}


# ---- places


def on_a_sphere(a: tuple[float, float], b: tuple[float, float]) -> float:
    """Kilometres between two places, by vectors instead of haversines."""
    x, y = (
        np.array([math.cos(p) * math.cos(q), math.cos(p) * math.sin(q), math.sin(p)])
        for p, q in (map(math.radians, place) for place in (a, b))
    )
    return 6371.0088 * math.atan2(float(np.linalg.norm(np.cross(x, y))), float(x @ y))


PLACES = st.tuples(
    st.one_of(st.floats(-90, 90), st.sampled_from([90.0, -90.0, 0.0])),
    st.one_of(st.floats(-180, 180), st.sampled_from([180.0, -180.0, 179.9, -179.9])),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(PLACES, min_size=6, max_size=6), PLACES, st.floats(0, 20_100))
def test_within_is_the_distance_on_a_sphere(
    app: nearsight.App, places: list[tuple[float, float]], centre: tuple[float, float], km: float
) -> None:
    ids = [record.id for record in app.inputs]
    for id_, place in zip(ids, places, strict=True):
        app.inputs.update(id_, geo=place)
    asked = within(*centre, km)
    found = set(app.search(where=asked, k=9).ids)
    for id_, place in zip(ids, places, strict=True):
        distance = on_a_sphere(centre, place)
        if abs(distance - km) > 0.05:  # metres apart is a matter of rounding near the antipode
            assert (id_ in found) == (distance <= km)
    assert parse(str(asked)) == asked


def test_units_are_the_hosted_services(app: nearsight.App) -> None:
    assert within(0, 0, miles=10) == within(0, 0, km=16.09344)
    assert within(0, 0, radians=1) == within(0, 0, km=6371.0088)
    assert within(0, 0, degrees=180).km == pytest.approx(math.pi * 6371.0088)
    for wrong in ({}, {"km": 1, "miles": 1}, {"km": -1}, {"km": float("nan")}, {"km": "far"}):
        with pytest.raises(ArgumentError):
            within(0, 0, **wrong)  # type: ignore[arg-type]


def test_boxes_and_the_date_line(app: nearsight.App) -> None:
    ids = [record.id for record in app.inputs]
    places = [(10, 170), (10, -170), (10, 0), (50, 175), (-10, 180), (10, -180)]
    for id_, place in zip(ids, places, strict=True):
        app.inputs.update(id_, geo=place)
    assert app.search(where=box((0, -175), (20, 5))).ids == [ids[1], ids[2]]
    assert app.search(where=box((20, 5), (0, -175))).ids == [ids[1], ids[2]]
    assert app.search(where="box(-20, 165, 20, -165)").ids == [ids[n] for n in (0, 1, 4, 5)]


@pytest.mark.parametrize(
    "bad",
    [(91, 0), (0, 181), (float("nan"), 0), "here", "12", b"12", (1,), (1, 2, 3), 5, (10**400, 0)],
)
def test_what_is_no_place_is_refused(app: nearsight.App, bad: object) -> None:
    with pytest.raises(ArgumentError, match="geo="):
        app.inputs.add(plain((7, 7, 7)), geo=bad)


def test_added_inputs_carry_their_metadata_and_place(tmp_path: Path) -> None:
    path = tmp_path / "m.ns"
    with nearsight.open(path, model=Planted()) as app:
        app.inputs.add([plain((1, 1, 1)), plain((2, 2, 2))], metadata={"t": (1, 2)}, geo=(3, 4))
    with nearsight.open(path, model=Planted()) as app:
        for record in app.inputs:
            assert record.metadata == {"t": [1, 2]}
            assert record.geo == (3, 4)
        assert len(app.search(where=metadata({"t": [2]}) & within(3, 4, km=1))) == 2


def test_filters_are_values(app: nearsight.App) -> None:
    assert metadata({"b": 1, "a": 2}) == metadata({"a": 2, "b": 1})
    assert hash(metadata({"a": 1})) == hash(Contains('{"a": 1}'))
    assert isinstance(filters.to_filter("@a < 1"), Compared)
