"""What a part of a picture promises: it is the picture that was cropped before it was saved."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearsight import embedders, pictures
from nearsight.errors import ArgumentError, PictureError
from nearsight.pictures import Limits, Picture
from nearsight.values.region import BoundingBox

BOX = BoundingBox(0.25, 0.125, 0.75, 0.5)
UNDO = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    if kind == "PNG":
        options |= {"compress_level": 1}  # fast
    image.save(file, kind, **options)
    return file.getvalue()


def cut(image: Image.Image, box: BoundingBox) -> Image.Image:
    return image.crop(box.pixels(*image.size))


def array(picture: Picture) -> np.ndarray:
    return np.asarray(picture.pixels).astype(int)


def photo(folder: Path, width: int, height: int, name: str = "fruits.jpg") -> Image.Image:
    with Image.open(folder / name) as opened:
        return opened.convert("RGB").resize((width, height), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("size", [(96, 64), (97, 61), (1301, 703)])
@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("RGB", "PNG"),
        ("RGB", "BMP"),
        ("RGB", "TIFF"),
        ("RGB", "WEBP"),
        ("RGBA", "PNG"),
        ("P", "PNG"),
        ("P", "GIF"),
        ("L", "PNG"),
        ("LA", "PNG"),
        ("1", "PNG"),
        ("I;16", "PNG"),
        ("CMYK", "TIFF"),
    ],
)
def test_a_part_of_a_lossless_file_is_the_part_saved_by_itself(
    opencv_photos: Path, size: tuple[int, int], mode: str, kind: str
) -> None:
    image = photo(opencv_photos, *size)
    image = image.convert("I").convert("I;16") if mode == "I;16" else image.convert(mode)
    if "A" in mode:
        image.putalpha(Image.linear_gradient("L").resize(size))
    options = {"lossless": True, "quality": 0, "method": 0} if kind == "WEBP" else {}
    part = pictures.open(saved(image, kind, **options), crop=BOX)
    alone = pictures.open(saved(cut(image, BOX), kind, **options))
    assert (part.width, part.height) == (alone.width, alone.height)
    assert part.pixels.size == alone.pixels.size
    assert part.transparent == alone.transparent
    assert np.array_equal(array(part), array(alone))


@pytest.mark.parametrize("size", [(160, 120), (1696, 1280)])
@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_parts_are_of_what_is_seen_however_it_is_stored(
    opencv_photos: Path, kind: str, orientation: int, size: tuple[int, int]
) -> None:
    upright = photo(opencv_photos, *size)
    stored = upright.transpose(UNDO[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[274] = orientation
    part = pictures.open(saved(stored, kind, exif=exif, quality=95), crop=BOX)
    expected = pictures.open(saved(cut(upright, BOX), "PNG"))
    assert (part.width, part.height) == (expected.width, expected.height)
    assert part.pixels.size == expected.pixels.size
    assert np.abs(array(part) - array(expected)).mean() < (5 if kind == "JPEG" else 0.01)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_small_part_of_a_big_jpeg_keeps_its_pixels(
    opencv_photos: Path, progressive: bool
) -> None:
    big = photo(opencv_photos, 4000, 3000)
    data = saved(big, "JPEG", quality=95, progressive=progressive)
    whole = pictures.open(data)
    assert whole.pixels.size == (500, 375)
    for box, size in (
        (BoundingBox(0.4, 0.4, 0.5, 0.5), (400, 300)),
        (BoundingBox(0.3, 0.3, 0.5, 0.5), (400, 300)),
        (BoundingBox(0.1, 0.1, 0.5, 0.5), (400, 300)),
        (BoundingBox(0.0, 0.9, 1.0, 0.95), (200, 3000)),
    ):
        part = pictures.open(data, crop=box)
        assert part.pixels.size == size
        expected = pictures.open(saved(cut(big, box), "PNG"))
        assert np.abs(array(part) - array(expected)).mean() < 2
        assert min(whole.crop(box).pixels.size) < min(part.pixels.size)


@pytest.mark.parametrize("name", ["fruits.jpg", "baboon.jpg", "messi5.jpg"])
def test_a_part_embeds_like_the_picture_cropped_beforehand(opencv_photos: Path, name: str) -> None:
    big = photo(opencv_photos, 2200, 1650, name)
    data = saved(big, "JPEG", quality=92)
    embedder = embedders.load()
    for box in (BoundingBox(0.2, 0.2, 0.45, 0.5), BoundingBox(0.05, 0.3, 0.95, 0.9)):
        alone = pictures.open(saved(cut(big, box), "JPEG", quality=92))
        part = pictures.open(data, crop=box)
        frames = np.stack([embedder.prepare(part), embedder.prepare(alone)])
        one, other = embedder.embed(frames).vectors
        assert one @ other / np.linalg.norm(one) / np.linalg.norm(other) > 0.99


def test_the_parts_of_a_decoded_picture_are_cut_out_of_its_pixels(opencv_photos: Path) -> None:
    whole = pictures.open(opencv_photos / "leuvenA.jpg")
    part = whole.crop(BOX)
    assert np.array_equal(array(part), np.asarray(cut(whole.pixels, BOX)))
    left, upper, right, lower = BOX.pixels(whole.width, whole.height)
    assert (part.width, part.height) == (right - left, lower - upper)
    assert (part.digest, part.uri, part.format) == (whole.digest, whole.uri, whole.format)
    assert part.exif == whole.exif
    assert part.name == f"{whole.name}, part (0.25, 0.125, 0.75, 0.5)"
    assert part.box == BOX
    assert part.thumbnail()[:2] == b"\xff\xd8"
    assert array(whole).shape != array(part).shape


def test_a_part_of_a_part_knows_where_it_was(opencv_photos: Path) -> None:
    whole = pictures.open(opencv_photos / "fruits.jpg")
    half = BoundingBox(0, 0.5, 1, 1)
    corner = whole.crop(half).crop(half)
    assert corner.box == BoundingBox(0, 0.75, 1, 1)
    assert pictures.open(opencv_photos / "fruits.jpg", crop=half).crop(half).box == corner.box
    assert abs(corner.width - whole.crop(corner.box).width) <= 1


def test_a_part_without_holes_is_not_transparent(stamp: Callable[[str], Path]) -> None:
    image = Image.new("RGBA", (100, 100), (200, 30, 30, 255))
    image.paste((0, 0, 0, 0), (0, 0, 50, 100))
    data = saved(image, "PNG")
    clear, solid = BoundingBox(0, 0, 1, 0.5), BoundingBox(0, 0.5, 1, 1)
    whole = pictures.open(data)
    for part in (whole.crop(clear), pictures.open(data, crop=clear)):
        assert part.transparent
        assert part.alpha.size == part.pixels.size
        assert array(part).min() == 255
    for part in (whole.crop(solid), pictures.open(data, crop=solid)):
        assert not part.transparent
    assert pictures.open(stamp("cartoon/butterfly")).crop(BOX).alpha is not None


def test_opacity_is_turned_and_shrunk_with_the_pixels() -> None:
    image = Image.new("RGBA", (1200, 600), "red")
    image.paste((0, 0, 0, 0), (0, 0, 300, 600))
    exif = Image.Exif()
    exif[274] = 6
    picture = pictures.open(saved(image, "PNG", exif=exif))
    assert picture.alpha.size == picture.pixels.size == (300, 600)
    assert (np.asarray(picture.alpha) == 0).mean() == 0.25
    assert ((np.asarray(picture.alpha) == 0) == (array(picture)[:, :, 1] == 255)).all()
    assert np.asarray(picture.alpha)[0, 0] == 0


def test_a_part_of_a_jpeg_beyond_the_limits_is_shrunk_until_it_fits(opencv_photos: Path) -> None:
    data = saved(photo(opencv_photos, 2400, 1800), "JPEG")
    box = BoundingBox(0.5, 0.5, 0.6, 0.6)
    assert pictures.open(data, crop=box).pixels.size == (240, 180)
    assert pictures.open(data, Limits(max_pixels=1_200_000), crop=box).pixels.size == (120, 90)
    assert pictures.open(data, Limits(max_pixels=80_000), crop=box).pixels.size == (30, 22)
    with pytest.raises(PictureError, match="max_pixels"):
        pictures.open(data, Limits(max_pixels=60_000), crop=box)
    with pytest.raises(PictureError, match="max_pixels"):
        pictures.open(saved(photo(opencv_photos, 400, 300), "PNG"), Limits(1 << 20, 60_000), BOX)


@pytest.mark.parametrize("kind", ["array", "image"])
def test_arrays_and_images_have_parts_too(opencv_photos: Path, kind: str) -> None:
    image = photo(opencv_photos, 640, 480)
    part = pictures.open(np.asarray(image) if kind == "array" else image, crop=BOX)
    assert np.array_equal(array(part), np.asarray(cut(image, BOX)))
    assert image.size == (640, 480)


def test_a_part_thinner_than_a_pixel_is_one_pixel() -> None:
    tiny = BoundingBox(0.5, 0.5, 0.5001, 0.5001)
    picture = pictures.open(Image.new("RGB", (30, 20), "red"), crop=tiny)
    assert (picture.width, picture.height, picture.pixels.size) == (1, 1, (1, 1))
    assert picture.crop(tiny).pixels.size == (1, 1)
    assert picture.thumbnail()


@pytest.mark.parametrize("bad", [(0, 0, 1), (0.5, 0, 0.4, 1), (0, 0, 2, 2), "all"])
def test_what_is_no_box_is_refused_before_anything_is_read(bad: object) -> None:
    with pytest.raises(ArgumentError, match="box"):
        pictures.open("no such file.jpg", crop=bad)
    with pytest.raises(ArgumentError, match="box"):
        pictures.open(Image.new("RGB", (9, 9))).crop(bad)
