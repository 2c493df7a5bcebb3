"""The colours of real photos and of all colours that have a name."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageColor

from nearsight import colors, pictures
from nearsight.colors import Color, named, palette
from nearsight.errors import ArgumentError
from nearsight.values.region import BoundingBox

# Not the map's own values: Pillow replaces them by what it makes of them.
RGB = {name: ImageColor.getrgb(name) for name in [*ImageColor.colormap]}
CSS = {"#" + bytes(rgb).hex() for rgb in RGB.values()}


def names(source: object, n: int = 5) -> list[str]:
    return [color.name for color in palette(pictures.open(source), n)]


def test_all_139_named_colours_are_named_and_themselves() -> None:
    assert len(CSS) == 139
    seen = set()
    for value in CSS:
        (color,) = palette(pictures.open(Image.new("RGB", (20, 20), value)))
        assert (color.hex, color.share) == (value, 1.0)
        assert "#" + bytes(RGB[color.name]).hex() == value
        assert named(value) == color.name
        seen.add(color.name)
    assert len(seen) == 139
    assert {"gray", "cyan", "magenta"} < seen


def test_a_flag_has_its_colours_in_their_shares() -> None:
    flag = Image.new("RGB", (90, 60), "white")
    flag.paste("red", (0, 0, 30, 60))
    flag.paste("navy", (30, 0, 90, 10))
    found = palette(pictures.open(flag))
    assert [color.name for color in found] == ["white", "red", "navy"]
    assert [color.hex for color in found] == ["#ffffff", "#ff0000", "#000080"]
    assert [round(color.share, 3) for color in found] == [0.556, 0.333, 0.111]


@pytest.mark.parametrize(
    ("photo", "expected"),
    [
        ("orange.jpg", {"goldenrod", "gold"}),
        ("messi5.jpg", {"olivedrab", "black"}),
        ("starry_night.jpg", {"steelblue"}),
        ("board.jpg", {"darkolivegreen", "darkseagreen"}),
    ],
)
def test_photos_have_the_colours_one_sees(
    opencv_photos: Path, photo: str, expected: set[str]
) -> None:
    assert expected <= set(names(opencv_photos / photo))


@pytest.mark.parametrize(
    ("stamp_name", "expected"), [("tomato", "tomato"), ("butterfly", "orange")]
)
def test_what_is_transparent_is_no_colour(
    stamp: Callable[[str], Path], stamp_name: str, expected: str
) -> None:
    found = names(stamp(stamp_name))
    assert expected in found
    assert "white" not in found


def test_half_transparent_colours_are_themselves() -> None:
    assert names(Image.new("RGBA", (20, 20), (255, 0, 0, 160))) == ["red"]
    assert names(Image.new("RGBA", (20, 20), (255, 0, 0, 20))) == []
    half = Image.new("RGBA", (200, 200), (0, 128, 0, 255))
    half.paste((255, 0, 0, 0), (0, 0, 100, 200))
    assert names(half) == ["green"]


@pytest.mark.parametrize("n", [1, 2, 3, 5, 16])
def test_shares_sum_to_one_and_names_differ(opencv_photos: Path, n: int) -> None:
    for photo in ("fruits.jpg", "baboon.jpg", "leuvenA.jpg", "smarties.png"):
        found = palette(pictures.open(opencv_photos / photo), n)
        assert 1 <= len(found) <= n
        assert sum(color.share for color in found) == pytest.approx(1, abs=1e-9)
        assert all(0 < color.share <= 1 for color in found)
        assert [c.share for c in found] == sorted((c.share for c in found), reverse=True)
        assert len({color.name for color in found}) == len(found)
        assert all(named(color.hex) == color.name for color in found)


def test_the_same_pixels_have_the_same_colours(opencv_photos: Path) -> None:
    photo = pictures.open(opencv_photos / "baboon.jpg")
    assert palette(pictures.open(opencv_photos / "baboon.jpg")) == palette(photo)
    file = BytesIO()
    photo.pixels.save(file, "PNG", compress_level=1)
    assert palette(pictures.open(file.getvalue())) == palette(photo)


def test_a_part_has_its_own_colours() -> None:
    image = Image.new("RGB", (100, 100), "gold")
    image.paste("navy", (0, 0, 50, 100))
    left = pictures.open(image, crop=BoundingBox(0, 0, 1, 0.5))
    assert [color.name for color in palette(left)] == ["navy"]


def test_the_smallest_and_the_longest_pictures_have_colours() -> None:
    assert palette(pictures.open(Image.new("RGB", (1, 1), "red"))) == [Color("red", "#ff0000", 1)]
    assert names(Image.new("RGB", (5000, 1), "red")) == ["red"]
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    assert names(noise, 16)


@pytest.mark.parametrize("n", [0, -1, 17, 2.0, True, "5", None])
def test_a_number_of_colours_that_is_none_is_refused(n: object) -> None:
    with pytest.raises(ArgumentError, match="n="):
        palette(pictures.open(Image.new("RGB", (9, 9))), n)


@pytest.mark.parametrize("text", ["red", "#ff", "#gggggg", None, 0xFF0000, "#ff0000ff"])
def test_what_is_no_colour_has_no_name(text: object) -> None:
    with pytest.raises(ArgumentError, match="#rrggbb"):
        colors.named(text)
