"""Parts of a picture: boxes in fractions of what is seen, measured from the top left corner."""

import math
from collections.abc import Iterable
from itertools import islice
from numbers import Real
from typing import Any, NamedTuple

from nearsight.errors import ArgumentError
from nearsight.values.text import shown

__all__ = ["BoundingBox", "bounding_box", "part"]

_ORDER = "give (top, left, bottom, right) as fractions 0..1 of the picture"


class BoundingBox(NamedTuple):
    """A part of a picture as it is displayed: fractions 0..1, from the top and from the left.

    Measured after the EXIF orientation was applied, so that a box fits what people see.
    """

    top: float
    left: float
    bottom: float
    right: float

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """The part as (left, upper, right, lower) of a picture of `width` x `height` pixels.

        Every edge goes to the nearest border between pixels, halves to the right and down, so that
        boxes which touch share no pixel. A box too thin for that is the one pixel at its middle:
        the part is never empty and never reaches over the picture.

        >>> BoundingBox(0.25, 0.0, 0.75, 0.5).pixels(200, 100)
        (0, 25, 100, 75)
        >>> BoundingBox(0.5, 0.5, 0.5001, 1.0).pixels(3, 3)
        (2, 1, 3, 2)
        """
        left, right = _edges(self.left, self.right, width)
        upper, lower = _edges(self.top, self.bottom, height)
        return left, upper, right, lower

    def inside(self, whole: "BoundingBox") -> "BoundingBox":
        """This part of the part `whole`, as a part of what `whole` is a part of.

        >>> BoundingBox(0.0, 0.5, 0.5, 1.0).inside(BoundingBox(0.0, 0.5, 1.0, 1.0))
        BoundingBox(top=0.0, left=0.75, bottom=0.5, right=1.0)
        """
        high, wide = whole.bottom - whole.top, whole.right - whole.left
        return BoundingBox(
            whole.top + high * self.top,
            whole.left + wide * self.left,
            whole.top + high * self.bottom,
            whole.left + wide * self.right,
        )


def _edges(start: float, stop: float, length: int) -> tuple[int, int]:
    first, last = math.floor(start * length + 0.5), math.floor(stop * length + 0.5)
    if first < last:
        return first, last
    middle = min(int((start + stop) / 2 * length), length - 1)
    return middle, middle + 1


def bounding_box(value: object) -> BoundingBox:
    """A `BoundingBox`, or any four numbers in its order, as a checked `BoundingBox`.

    Raises `ArgumentError` when they are not four numbers in 0..1 (NaN is none), or when the box is
    empty or inverted: top < bottom and left < right.

    >>> bounding_box([0.1, 0.2, 0.5, 1])
    BoundingBox(top=0.1, left=0.2, bottom=0.5, right=1.0)
    """
    numbers = [] if isinstance(value, str | bytes) else _first_five(value)
    if len(numbers) != 4 or not all(map(_is_number, numbers)):
        raise ArgumentError(f"box {shown(value)} is not four numbers; {_ORDER}")
    edges = f"({', '.join(f'{number!r:.20}' for number in numbers)})"
    if not all(0 <= number <= 1 for number in numbers):
        raise ArgumentError(f"box {edges} reaches out of the picture; {_ORDER}")
    # Adding 0.0 makes 0.0 of -0.0.
    box = BoundingBox(*(float(number) + 0.0 for number in numbers))
    if box.top >= box.bottom or box.left >= box.right:
        raise ArgumentError(
            f"box {edges} is empty or inverted: top must be less than bottom, and left less than "
            f"right; {_ORDER}"
        )
    return box


def part(value: object) -> BoundingBox | None:
    """What `crop=` means: a box, checked as in `bounding_box`; None for all of the picture.

    >>> part((0, 0, 1, 1)) is part(None) is None
    True
    """
    box = None if value is None else bounding_box(value)
    return None if box == (0, 0, 1, 1) else box


def _first_five(value: object) -> list[Any]:
    """Four would do, and a fifth proves that they are too many."""
    return list(islice(value, 5)) if isinstance(value, Iterable) else []


def _is_number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)
