"""Every filter, held to its plain-Python meaning: random inputs, annotations and questions."""

from datetime import datetime, timedelta
from itertools import pairwise
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from oracle import distance_km, meets
from planted import CONCEPTS, Planted, plain
from statements import joined

import nearsight
from nearsight import App, Item
from nearsight.filters import (
    Annotated,
    Box,
    Compared,
    Exists,
    Filter,
    Has,
    Is,
    Polygon,
    Predicted,
    Unsaid,
    When,
    Within,
    metadata,
)
from nearsight.filters.properties import COMPARISONS, PARTS, TIMES
from nearsight.values.geo import GeoPoint

RECORDED = ("id", "url", "type", "status", "name", "format", "metadata", "geo", "crop")
SECOND = timedelta(seconds=1)

VALUES = [0, 1, 2, 1.0, 0.5, -1, 2**53, 2**53 + 1, float(2**53), "", "a", "b", "1", "true", "é"]
VALUES += [None, True, False]
KEYS = st.sampled_from(["a", "b", 'x"y', "c.d", ""])
SCALARS = st.sampled_from(VALUES)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)
OBJECTS = st.dictionaries(KEYS, JSON, max_size=3)
NAMES = st.sampled_from(["dog", "cat", "sea"])
AUTHORS = st.sampled_from(["", "anna", "model:m/1"])
LATITUDES = st.sampled_from([-90.0, -45.0, 0.0, 0.5, 5.0, 48.8, 89.0, 90.0])
LONGITUDES = st.sampled_from([-180.0, -179.0, -90.0, 0.0, 0.5, 2.3, 10.0, 179.0, 180.0])
PLACES = st.tuples(LATITUDES, LONGITUDES)
CORNERS = st.tuples(st.sampled_from([-60.0, 0.0, 7.0, 70.0]), st.integers(-179, 180).map(float))
URLS = st.sampled_from(["https://example.org/a", "https://example.org/b", "file:///c"])
IDS = st.sampled_from(["i0", "i1", "i1.0", "i2.1", "i3.0", "no"])
SAID = st.dictionaries(NAMES, st.booleans(), max_size=2)
BOXES = st.sampled_from([None, (0.0, 0.0, 0.5, 0.5), (0.25, 0.25, 1.0, 1.0)])

COLOURS = st.sampled_from([(250, 0, 0), (0, 250, 0), (100, 0, 150), (160, 50, 40), (10, 20, 30)])
INPUTS = st.fixed_dictionaries(
    {
        "colour": COLOURS,
        "concepts": SAID,
        "metadata": OBJECTS | st.fixed_dictionaries({"a": SCALARS, "b": SCALARS}),
        "geo": st.none() | PLACES,
        "crop": st.sampled_from([None, None, (0.0, 0.0, 1.0, 0.5)]),
        "url": st.none() | URLS,
        "others": st.lists(st.tuples(AUTHORS, SAID, BOXES), max_size=2),
    }
)


def leaves(times: list[datetime]) -> st.SearchStrategy[Filter]:
    """Every kind of statement, about values that the inputs have."""
    paths = st.sampled_from([("a",), ("b",), ("a",), ("b",), ('x"y',), ("a", "b"), ("c.d", "")])
    values = SCALARS.filter(lambda value: value is not None)
    operators = st.sampled_from(COMPARISONS)
    names = st.sampled_from(["array 8x8x3 uint8", "no"])
    fields = {"id": IDS, "annotation": IDS, "by": AUTHORS, "url": URLS, "name": names}
    fields |= {"type": st.sampled_from(["image", "video"])}
    fields |= {"format": st.sampled_from(["ARRAY", "JPEG"])}
    fields["status"] = st.sampled_from(["processed", "failed"])
    return st.one_of(
        st.builds(Annotated, NAMES, st.booleans()),
        st.builds(Unsaid, NAMES),
        st.builds(Predicted, st.sampled_from(CONCEPTS), st.sampled_from([0.0, 0.3, 0.55, 1.0])),
        OBJECTS.map(metadata),
        st.builds(Compared, paths, operators, values),
        st.builds(Exists, paths),
        st.one_of(*(st.builds(Is, st.just(field), texts) for field, texts in fields.items())),
        st.builds(When, st.sampled_from(TIMES), operators, st.sampled_from(times)),
        st.builds(Has, st.sampled_from(PARTS)),
        st.builds(Within, LATITUDES, LONGITUDES, st.sampled_from([0.0, 90.0, 500.0, 15000.0])),
        st.builds(_box, PLACES, PLACES),
        st.lists(CORNERS, min_size=3, max_size=5).filter(_goes_one_way).map(_polygon),
    )


def _box(a: tuple[float, float], b: tuple[float, float]) -> Box:
    return Box(min(a[0], b[0]), a[1], max(a[0], b[0]), b[1])


def _polygon(corners: list[tuple[float, float]]) -> Polygon:
    return Polygon(tuple(GeoPoint(*corner) for corner in corners))


def _goes_one_way(corners: list[tuple[float, float]]) -> bool:
    """No edge is half a turn long, which has no shorter way."""
    return all(abs(a[1] - b[1]) != 180 for a, b in pairwise([*corners, corners[0]]))


def fill(app: App, inputs: list[dict[str, Any]]) -> None:
    """Add them, and what others say of them."""
    for n, given_ in enumerate(inputs):
        picture = plain(given_["colour"])
        yes = [name for name, value in given_["concepts"].items() if value]
        no = [name for name, value in given_["concepts"].items() if not value]
        known = {key: given_[key] for key in ("metadata", "geo", "crop", "url")}
        item = Item(picture, id=f"i{n}", concepts=yes, not_concepts=no, **known)
        assert app.inputs.add(item, allow_duplicate=True).added
        for m, (by, said, box) in enumerate(given_["others"]):
            app.annotations.add(
                f"i{n}",
                id=f"i{n}.{m}",
                by=by,
                box=box,
                concepts=[name for name, value in said.items() if value],
                not_concepts=[name for name, value in said.items() if not value],
                picture=picture if box else None,
            )
    app.annotations.add("i0", by="bob", concepts=["dog", "cat"], not_concepts=["sea"])  # known now


def records_of(app: App, inputs: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the oracle is told of each annotation, from what the app says of it."""
    records = {}
    for input_ in app.inputs:
        colour = inputs[int(input_.id[1:])]["colour"]
        known = {name: getattr(input_, name) for name in RECORDED}
        known |= {"added": input_.added_at, "changed": input_.changed_at}
        known["predictions"] = {
            name: part / sum(colour) for name, part in zip(CONCEPTS, colour, strict=True)
        }
        for annotation in app.annotations.list(input_.id, per_page=10):
            records[annotation.id] = known | {
                "concepts": annotation.concepts,
                "annotations": (annotation.id,),
                "by": (annotation.by,),
                "regions": int(annotation.box is not None),
            }
    return records


def whole(records: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same for each input: what is true of any of its annotations."""
    inputs: dict[str, dict[str, Any]] = {}
    for record in records.values():
        joined_ = inputs.setdefault(record["id"], {**record, "concepts": {}, "regions": 0})
        for name, value in record["concepts"].items():
            joined_["concepts"].setdefault(name, set()).add(value)
        joined_["annotations"] += record["annotations"]
        joined_["by"] += record["by"]
        joined_["regions"] += record["regions"]
    return inputs


def is_decided(where: Filter, records: dict[str, dict[str, Any]]) -> bool:
    """No place lies so near to the edge of a circle that rounding decides."""
    parts = getattr(where, "parts", None) or [getattr(where, "part", None)]
    if not isinstance(where, Within):
        return all(is_decided(part, records) for part in parts if part is not None)
    centre = (where.latitude, where.longitude)
    places = (record["geo"] for record in records.values() if record["geo"] is not None)
    return all(
        abs(distance_km(centre, place) - where.km) > 1e-3 or where.km == 0 for place in places
    )


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(INPUTS, min_size=8, max_size=16), st.data())
def test_a_filter_lets_through_what_it_means(
    inputs: list[dict[str, Any]], data: st.DataObject
) -> None:
    with TemporaryDirectory() as folder, nearsight.open(f"{folder}/a.ns", model=Planted()) as app:
        fill(app, inputs)
        records = records_of(app, inputs)
        times = [record["changed"] + n * SECOND for record in records.values() for n in (-1, 0, 1)]
        for where in data.draw(st.lists(joined(leaves(times), 4), min_size=20, max_size=20)):
            if not is_decided(where, records):
                continue
            expected = [id_ for id_, record in whole(records).items() if meets(where, record)]
            assert app.search(where=where, k=1000).ids == expected, where
            assert app.inputs.count(where=where) == len(expected)
            found = app.search.annotations(where=where, k=1000)
            expected = [id_ for id_, record in records.items() if meets(where, record)]
            assert {hit.annotation.id for hit in found if hit.annotation} == set(expected), where
            assert len(found) == len(expected)


def test_every_comparison_with_every_value_means_what_it_says() -> None:
    others: list[Any] = [
        [],
        [1],
        ["a", 0.5],
        {},
        {"a": 1},
        [{"a": 1, "b": 2}],
        [{"a": 1}, {"b": 2}],
    ]
    kept = [*VALUES, *others]
    with TemporaryDirectory() as folder, nearsight.open(f"{folder}/a.ns", model=Planted()) as app:
        picture = plain((250, 0, 0))
        items = [Item(picture, id=f"i{n}", metadata={"a": v}) for n, v in enumerate(kept)]
        app.inputs.add([*items, Item(picture, id="none")], allow_duplicate=True)
        records = {i.id: {"id": i.id, "metadata": i.metadata} for i in app.inputs}
        asked: list[Filter] = [metadata({"a": value}) for value in kept]
        asked += [Exists(("a",)), Exists(("a", "a")), Compared(("a", "a"), "=", 1)]
        asked += [
            Compared(("a",), operator, value)
            for operator in COMPARISONS
            for value in VALUES
            if value is not None
        ]
        for where in asked:
            expected = [id_ for id_, record in records.items() if meets(where, record)]
            assert app.search(where=where, k=100).ids == expected, where
