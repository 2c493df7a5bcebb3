"""The plain-Python meaning of filters, on cases that people can check by reading."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import meets, surrounds
from statements import FILTERS, JSON, TEXT

from nearsight.filters import Filter, metadata, parse

RECORD = {
    "id": "a",
    "url": "https://example.org/a.jpg",
    "type": "image",
    "status": "processed",
    "name": "a.jpg",
    "format": "JPEG",
    "concepts": {"dog": True, "cat": False},
    "predictions": {"sea": 0.7},
    "metadata": {
        "iso": 400,
        "tags": ["sea", "sun", 3, {"a": 1, "b": 2}],
        "camera": {"make": "Canon", "raw": True, "lens": None},
        "taken": "2024-06-01",
    },
    "geo": (48.8, 2.3),
    "added": datetime(2024, 6, 1, 12, tzinfo=UTC),
    "changed": datetime(2024, 7, 1, tzinfo=UTC),
    "annotations": ("a", "r1"),
    "by": ("", "anna"),
    "regions": 1,
    "crop": None,
}


@pytest.mark.parametrize(
    "line",
    [
        "dog",
        "cat = 0",
        "not cat",
        "not bird and not bird = 0 and unsaid(bird)",
        "sea >= 0.7",
        "dog and (bird or cat = 0)",
        '{"iso": 400.0}',
        '{"tags": ["sea", 3]}',
        '{"tags": [{"a": 1}]}',
        '{"tags": []}',
        '{"camera": {"raw": true}}',
        '{"camera": {"lens": null}}',
        "{}",
        "@iso <= 400 and @iso > 399.5 and @iso != 3",
        "@camera.raw = true and @camera.raw > false",
        '@taken >= "2024-06" and @taken < "2024-06-02"',
        "@camera.lens exists",
        '@camera.make in ("Nikon", "Canon")',
        ":id = a and :type = image and :status = processed and :format = JPEG",
        ":name = a.jpg and :url = https://example.org/a.jpg",
        ':by = anna and :by = "" and :annotation = r1',
        ":added = 2024-06-01 and :added <= 2024-06-01 and not :added > 2024-06-01",
        ":changed = 2024-07-01T02:00:00+02:00",
        "has(geo) and has(region)",
        "within(48.8, 2.3, 0) and within(48.9, 2.3, 11.2)",
        "box(48, 2, 49, 3) and box(49, 2, 48, 3)",
        "box(48, 170, 49, 3)",
        "polygon(48, 2, 49, 2, 49, 3, 48, 3)",
    ],
)
def test_the_record_meets(line: str) -> None:
    assert meets(parse(line), RECORD)
    assert not meets(~parse(line), RECORD)


@pytest.mark.parametrize(
    "line",
    [
        "cat",
        "dog = 0",
        "unsaid(dog)",
        "unsaid(cat)",
        "sea >= 0.71",
        "bird >= 0.1",
        '{"iso": "400"}',
        '{"camera": {"raw": 1}}',
        '{"camera": {"missing": null}}',
        '{"tags": "sea"}',
        '{"tags": [{"a": 1, "c": 3}]}',
        '@iso = "400"',
        '@iso != "400"',
        "@camera.raw = 1",
        '@camera.lens != "x"',
        '@tags = "sea"',
        '@missing != "x"',
        "@missing exists",
        "@taken.year exists",
        ":id = A",
        ':by = "bob"',
        "has(crop)",
        ":added > 2024-06-01",
        ":added < 2024-06-01T12:00:00Z",
        "within(48.9, 2.3, 11.1)",
        "box(48, 2.4, 49, 3)",
        "polygon(48, 2, 49, 2, 49, 2.2)",
    ],
)
def test_the_record_does_not_meet(line: str) -> None:
    assert not meets(parse(line), RECORD)
    assert meets(~parse(line), RECORD)


@given(FILTERS)
def test_what_has_nothing_can_be_asked_for_everything(where: Filter) -> None:
    assert meets(where, {}) is not meets(~where, {})


@given(st.dictionaries(TEXT, JSON, max_size=3))
def test_metadata_contain_themselves(record: dict[str, object]) -> None:
    assert meets(metadata(record), {"metadata": record})


SQUARE = [(0, 0), (0, 10), (10, 10), (10, 0)]
BOW = [(0, 0), (10, 10), (0, 10), (10, 0)]
ACROSS = [(0, 170), (0, -170), (10, -170), (10, 170)]
ARCTIC = [(70, 0), (70, 90), (70, 180), (70, -90)]
ANTARCTIC = [(-latitude, longitude) for latitude, longitude in ARCTIC]
AROUND = [(0, 179), (10, 179), (5, -179)]


@pytest.mark.parametrize(
    ("corners", "inside", "outside"),
    [
        (SQUARE, [(5, 5), (0, 0), (10, 5), (0, 3), (3, 10)], [(5, 11), (-1, 5), (5, -170)]),
        (BOW, [(1, 0.5), (5, 5), (9, 0.9), (4, 9)], [(9, 5), (1, 5)]),
        (ACROSS, [(5, 175), (5, -175), (5, 180), (5, -180), (0, 170)], [(5, 0), (5, 169)]),
        (ARCTIC, [(80, 10), (90, 0), (71, -179), (70, 45)], [(69, 10), (-80, 10)]),
        (ANTARCTIC, [(-80, 10), (-90, 0), (-71, 180)], [(-69, 10), (80, 10)]),
        (AROUND, [(5, 180), (5, -180), (5, 179.5)], [(5, 178), (5, 0), (9, -179.5)]),
    ],
)
def test_a_polygon_surrounds(
    corners: list[tuple[float, float]],
    inside: list[tuple[float, float]],
    outside: list[tuple[float, float]],
) -> None:
    for ring in (corners, corners[::-1], corners[2:] + corners[:2]):
        assert [place for place in inside if not surrounds(ring, place)] == []
        assert [place for place in outside if surrounds(ring, place)] == []
