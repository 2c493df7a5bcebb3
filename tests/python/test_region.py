"""What a box promises: four checked fractions, and pixels that are never none."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nearsight
from nearsight.errors import ArgumentError
from nearsight.values.region import BoundingBox, bounding_box

FRACTIONS = st.floats(0, 1, width=32)
EDGES = st.tuples(FRACTIONS, FRACTIONS).filter(lambda pair: pair[0] != pair[1]).map(sorted)


def test_the_box_is_public() -> None:
    assert nearsight.BoundingBox is BoundingBox


@pytest.mark.parametrize(
    "value",
    [
        (0.1, 0.2, 0.5, 1.0),
        [0.1, 0.2, 0.5, 1],
        BoundingBox(0.1, 0.2, 0.5, 1.0),
        np.array([0.1, 0.2, 0.5, 1.0]),
        iter([0.1, 0.2, 0.5, 1.0]),
    ],
)
def test_any_four_numbers_in_order_are_a_box(value: object) -> None:
    box = bounding_box(value)
    assert box == BoundingBox(0.1, 0.2, 0.5, 1.0)
    assert all(type(edge) is float for edge in box)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not four numbers"),
        (0.5, "not four numbers"),
        ("0123", "not four numbers"),
        (b"\0\0\1\1", "not four numbers"),
        (itertools.count(), "not four numbers"),
        ((0, 0, 1), "not four numbers"),
        ((0, 0, 1, 1, 1), "not four numbers"),
        ((0, 0, 1, "1"), "not four numbers"),
        ((0, 0, 1, True), "not four numbers"),
        ((0, 0, 1, 1j), "not four numbers"),
        ((0, 0, 1, None), "not four numbers"),
        ((float("nan"), 0, 1, 1), "reaches out"),
        ((0, 0, 1, float("inf")), "reaches out"),
        ((0, 0, 10**400, 1), "reaches out"),
        ((0, -0.001, 1, 1), "reaches out"),
        ((0, 0, 1, 1.001), "reaches out"),
        ((10, 20, 110, 220), "reaches out"),
        ((0.5, 0, 0.5, 1), "empty"),
        ((0, 0.5, 1, 0.5), "empty"),
        ((0.9, 0, 0.1, 1), "inverted"),
        ((0, 0.9, 1, 0.1), "inverted"),
    ],
)
def test_what_is_no_box_is_refused_with_the_right_order(value: object, words: str) -> None:
    with pytest.raises(ArgumentError, match=words) as refused:
        bounding_box(value)
    assert "(top, left, bottom, right)" in str(refused.value)
    assert len(str(refused.value)) < 250


def test_minus_zero_is_zero() -> None:
    assert str(bounding_box((-0.0, 0, 1, 1)).top) == "0.0"


def test_pixels_are_in_the_order_that_images_are_cropped_in() -> None:
    assert BoundingBox(0.1, 0.2, 0.5, 0.9).pixels(1000, 100) == (200, 10, 900, 50)
    assert BoundingBox(0, 0, 1, 1).pixels(640, 480) == (0, 0, 640, 480)


@given(EDGES, EDGES, st.integers(1, 5000), st.integers(1, 5000))
def test_pixels_are_never_none_and_never_outside(
    rows: list[float], columns: list[float], width: int, height: int
) -> None:
    box = bounding_box((rows[0], columns[0], rows[1], columns[1]))
    left, upper, right, lower = box.pixels(width, height)
    assert 0 <= left < right <= width
    assert 0 <= upper < lower <= height
    assert abs(right - left - (box.right - box.left) * width) <= 1
    assert abs(lower - upper - (box.bottom - box.top) * height) <= 1


@given(st.floats(0.01, 0.99), st.integers(200, 5000))
def test_boxes_that_touch_share_no_pixel_and_leave_none_out(middle: float, width: int) -> None:
    left = BoundingBox(0, 0, 1, middle).pixels(width, 10)
    right = BoundingBox(0, middle, 1, 1).pixels(width, 10)
    assert (left[0], left[2], right[2]) == (0, right[0], width)
