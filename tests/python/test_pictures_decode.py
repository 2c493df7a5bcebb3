"""What decoding promises: upright RGB pixels on white, whatever the file holds."""

import hashlib
import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nearsight import pictures
from nearsight.errors import ArgumentError, PictureError
from nearsight.pictures import Picture


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def gradient(width: int = 96, height: int = 64) -> Image.Image:
    """A picture with no symmetry, so that every wrong turn of it is seen."""
    y, x = np.mgrid[0:height, 0:width]
    pixels = np.stack([x * 255 / width, y * 255 / height, (x > y) * 200], axis=2)
    return Image.fromarray(pixels.astype(np.uint8))


def array(picture: Picture) -> np.ndarray:
    return np.asarray(picture.pixels).astype(int)


def difference(picture: Picture, expected: Image.Image) -> float:
    return float(np.abs(array(picture) - np.asarray(expected.convert("RGB"), int)).mean())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_gives_the_same_picture(kind: str) -> None:
    data = saved(gradient(), kind)
    picture = pictures.open(data)
    assert (picture.format, picture.width, picture.height) == (kind, 96, 64)
    assert (picture.name, picture.uri) == ("<bytes>", None)
    assert picture.digest == hashlib.sha256(data).digest()
    assert picture.size_bytes == len(data)
    assert not picture.transparent
    assert difference(picture, gradient()) < 6


@pytest.mark.parametrize(
    "compression", ["raw", "tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg"]
)
def test_every_common_tiff_compression_is_read(compression: str) -> None:
    data = saved(gradient(), "TIFF", compression=compression)
    assert difference(pictures.open(data), gradient()) < 6


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_eight_orientations_of_a_real_photo_look_the_same(
    opencv_photos: Path, kind: str, orientation: int
) -> None:
    with Image.open(opencv_photos / "fruits.jpg") as photo:
        upright = photo.convert("RGB").resize((160, 120))
    undo = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(undo[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[274] = orientation
    options = {"quality": 95} if kind in ("JPEG", "WEBP") else {}
    picture = pictures.open(saved(stored, kind, exif=exif, **options))
    assert (picture.width, picture.height) == upright.size == picture.pixels.size
    assert difference(picture, upright) < 4


@pytest.mark.parametrize("orientation", [0, 9, 255, 65535])
def test_an_invalid_orientation_counts_as_none(orientation: int) -> None:
    exif = Image.Exif()
    exif[274] = orientation
    assert difference(pictures.open(saved(gradient(), "PNG", exif=exif)), gradient()) == 0


def test_exif_of_garbage_does_not_stop_a_good_picture() -> None:
    for exif in (
        b"Exif\0\0garbage",
        b"Exif\0\0II*\0\xff\xff\xff\xff",
        b"Exif\0\0II*\0\x08\0\0\0\xff",
    ):
        assert pictures.open(saved(gradient(), "JPEG", exif=exif)).pixels.size == (96, 64)


def test_a_corrupt_colour_profile_does_not_stop_a_good_picture() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "TIFF"):
        data = saved(gradient(), kind, icc_profile=b"\xff" * 500)
        assert pictures.open(data).pixels.size == (96, 64)


def test_transparent_parts_show_white() -> None:
    image = gradient().convert("RGBA")
    image.paste((10, 20, 30, 0), (0, 0, 48, 64))
    for kind in ("PNG", "WEBP", "TIFF"):
        picture = pictures.open(saved(image, kind))
        assert picture.transparent
        assert (array(picture)[:, :40] == 255).all()
        assert (array(picture)[:, 60:] != 255).any()


def test_half_transparent_black_is_grey() -> None:
    picture = pictures.open(saved(Image.new("RGBA", (8, 8), (0, 0, 0, 128)), "PNG"))
    assert array(picture).min() == array(picture).max() == 127


def test_an_opaque_alpha_channel_is_not_transparent() -> None:
    picture = pictures.open(saved(gradient().convert("RGBA"), "PNG"))
    assert not picture.transparent
    assert difference(picture, gradient()) == 0


def test_a_real_stamp_stands_on_white(stamp: Callable[[str], Path]) -> None:
    picture = pictures.open(stamp("cartoon/butterfly"))
    assert picture.transparent
    assert (array(picture)[0, 0] == 255).all()


def test_palettes_and_their_transparency_are_resolved() -> None:
    palette = gradient().quantize(16)
    opaque = pictures.open(saved(palette, "PNG"))
    assert not opaque.transparent
    assert difference(opaque, palette) == 0
    assert pictures.open(saved(palette, "PNG", transparency=palette.getpixel((0, 0)))).transparent
    assert pictures.open(saved(palette, "PNG", transparency=b"\0" * 16)).transparent
    assert pictures.open(saved(palette, "GIF", transparency=palette.getpixel((0, 0)))).transparent


def test_colour_keys_of_grey_and_rgb_png_are_transparent() -> None:
    assert pictures.open(saved(Image.new("L", (9, 9), 7), "PNG", transparency=7)).transparent
    assert not pictures.open(saved(Image.new("L", (9, 9), 7), "PNG", transparency=8)).transparent
    red = Image.new("RGB", (9, 9), (255, 0, 0))
    assert pictures.open(saved(red, "PNG", transparency=(255, 0, 0))).transparent


def test_one_bit_and_grey_with_alpha_are_read() -> None:
    assert array(pictures.open(saved(Image.new("1", (9, 9), 1), "PNG"))).min() == 255
    half = pictures.open(saved(Image.new("LA", (9, 9), (0, 128)), "PNG"))
    assert half.transparent
    assert array(half).max() == 127


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_are_scaled_not_clipped(kind: str) -> None:
    ramp = np.tile(np.arange(0, 65536, 256, dtype=np.uint16), (8, 1))
    grey = array(pictures.open(saved(Image.fromarray(ramp), kind)))[0, :, 0]
    assert grey.tolist() == list(range(256))


def test_sixteen_bit_rgb_png_is_scaled() -> None:
    rows = b"".join(b"\0" + struct.pack(">3H", 0, 32768, 65535) * 4 for _ in range(4))
    picture = pictures.open(png(4, 4, rows, bits=16, colour=2))
    assert array(picture)[0, 0].tolist() == [0, 128, 255]


def test_float_tiff_is_taken_as_fractions_or_stretched() -> None:
    fractions = np.linspace(0, 0.5, 64, dtype=np.float32).reshape(8, 8)
    assert array(pictures.open(saved(Image.fromarray(fractions), "TIFF"))).max() == 128
    heights = np.linspace(-400, 8848, 64, dtype=np.float32).reshape(8, 8)
    stretched = array(pictures.open(saved(Image.fromarray(heights), "TIFF")))
    assert (stretched.min(), stretched.max()) == (0, 255)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", [8, 600])
def test_float_tiff_with_nan_or_infinity_is_refused(value: float, side: int) -> None:
    holes = np.zeros((side, side), np.float32)
    holes[5, 5] = value
    with pytest.raises(PictureError, match="NaN or infinite"):
        pictures.open(saved(Image.fromarray(holes), "TIFF"))


def test_cmyk_jpeg_keeps_its_colours() -> None:
    # Pillow writes CMYK the way Adobe does: inverted.
    picture = pictures.open(saved(gradient().convert("CMYK"), "JPEG", quality=95))
    assert difference(picture, gradient()) < 6
    assert difference(pictures.open(saved(gradient().convert("CMYK"), "TIFF")), gradient()) < 2


def test_big_jpeg_is_shrunk_but_its_true_size_is_told(opencv_photos: Path) -> None:
    with Image.open(opencv_photos / "fruits.jpg") as photo:
        big = photo.convert("RGB").resize((2600, 2100))
    for options in ({}, {"progressive": True}):
        picture = pictures.open(saved(big, "JPEG", **options))
        assert (picture.width, picture.height) == (2600, 2100)
        assert picture.pixels.size == (325, 263)
        assert difference(picture, big.resize((325, 263))) < 4
    same = pictures.open(saved(big, "PNG"))
    assert same.pixels.size == (325, 263)


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        ((1, 1), (1, 1)),
        ((1, 65500), (1, 65500)),
        ((511, 4000), (511, 4000)),
        ((512, 900), (256, 450)),
    ],
)
def test_the_short_side_never_falls_below_256_by_shrinking(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    for kind in ("PNG", "JPEG"):
        picture = pictures.open(saved(Image.new("RGB", size, "red"), kind))
        assert (picture.width, picture.height) == size
        assert picture.pixels.size == shown


def test_only_the_first_frame_counts() -> None:
    red, blue = Image.new("RGB", (40, 30), "red"), Image.new("RGB", (40, 30), "blue")
    for kind in ("GIF", "WEBP", "PNG", "TIFF"):
        data = saved(red, kind, save_all=True, append_images=[blue] * 3)
        assert difference(pictures.open(data), red) < 3


def test_a_phone_jpeg_with_a_second_picture_in_it_is_read() -> None:
    data = saved(gradient(), "MPO", save_all=True, append_images=[Image.new("RGB", (40, 30))])
    picture = pictures.open(data)
    assert picture.format == "JPEG"
    assert difference(picture, gradient()) < 6


def test_garbage_after_the_picture_is_tolerated() -> None:
    for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"):
        data = saved(gradient(), kind) + b"PK\x03\x04" + bytes(range(256)) * 40
        assert pictures.open(data).pixels.size == (96, 64)


def test_a_jpeg_that_only_lacks_its_end_marker_is_read() -> None:
    data = saved(gradient(), "JPEG")
    assert data.endswith(b"\xff\xd9")
    assert difference(pictures.open(data + b"\0"), gradient()) < 6


def test_a_gif_frame_that_reaches_over_its_canvas_is_read_whole() -> None:
    data = bytearray(saved(gradient().quantize(16), "GIF"))
    data[6:10] = struct.pack("<HH", 10, 10)
    assert pictures.open(bytes(data)).pixels.size == (96, 64)


def test_arrays_are_taken_as_grey_rgb_rgba_bool_or_fractions() -> None:
    rgb = np.asarray(gradient())
    assert (array(pictures.open(rgb)) == rgb).all()
    assert (array(pictures.open(rgb[:, :, 0]))[..., 1] == rgb[:, :, 0]).all()
    assert (array(pictures.open(rgb[:, :, :1])) == rgb[:, :, :1]).all()
    assert array(pictures.open(np.eye(5, dtype=bool))).max() == 255
    assert np.abs(array(pictures.open(rgb / 255)) - rgb).max() == 0
    clear = np.zeros((4, 4, 4), np.uint8)
    assert pictures.open(clear).transparent
    assert pictures.open(rgb).format == "ARRAY"


def test_arrays_of_any_layout_give_the_same_picture() -> None:
    rgb = np.asarray(gradient())
    digests = {
        pictures.open(layout).digest
        for layout in (rgb, np.asfortranarray(rgb), rgb[::-1][::-1], np.array(rgb)[:, :, :])
    }
    assert len(digests) == 1
    assert pictures.open(rgb[::-1]).digest not in digests


def test_equal_bytes_of_other_shape_or_palette_have_another_digest() -> None:
    wide = np.zeros((4, 9), np.uint8)
    palettes = [Image.new("P", (9, 4)) for _ in range(2)]
    palettes[0].putpalette([255, 0, 0])
    palettes[1].putpalette([0, 255, 0])
    different = [wide, wide.T, wide.reshape(4, 3, 3), *palettes]
    assert len({pictures.open(what).digest for what in different}) == 5


@pytest.mark.parametrize(
    "bad",
    [
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4), np.int64),
        np.zeros((4, 4), complex),
        np.zeros((4, 4), object),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((2, 4, 4, 3), np.uint8),
        np.zeros(16, np.uint8),
        np.zeros((0, 4), np.uint8),
        np.array(3, np.uint8),
        np.array([["a"]]),
    ],
)
def test_other_arrays_are_refused_with_their_shape_and_dtype(bad: np.ndarray) -> None:
    with pytest.raises(PictureError, match=r"shape.*dtype") as refused:
        pictures.open(bad)
    assert str(bad.shape) in refused.value.reason
    assert str(bad.dtype) in refused.value.reason


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1, 255.0])
def test_floats_outside_0_to_1_are_refused(value: float) -> None:
    bad = np.zeros((4, 4))
    bad[2, 2] = value
    with pytest.raises(PictureError, match="floats must lie in"):
        pictures.open(bad)


def test_arrays_and_pil_images_are_copied() -> None:
    rgb = np.array(gradient())
    loaded = next(pictures.find(rgb)).load()
    rgb[:] = 0
    assert difference(pictures.decode(loaded), gradient()) == 0
    image = gradient()
    loaded = next(pictures.find(image)).load()
    image.paste("black", (0, 0, 96, 64))
    assert difference(pictures.decode(loaded), gradient()) == 0


def test_a_pil_image_is_looked_at_like_its_file(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6
    path = tmp_path / "turned.png"
    gradient().save(path, exif=exif)
    with Image.open(path) as image:
        assert (array(pictures.open(image)) == array(pictures.open(path))).all()
        assert pictures.open(image).width == 64


def test_a_broken_pil_image_is_a_picture_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(saved(gradient(400, 400), "JPEG")[:-2000])
    with Image.open(path) as image, pytest.raises(PictureError, match="Pillow cannot read it"):
        pictures.open(image)


def test_thumbnails_are_small_jpegs_of_the_same_shape() -> None:
    picture = pictures.open(saved(gradient(900, 600), "PNG"))
    with Image.open(BytesIO(picture.thumbnail())) as small:
        assert (small.format, small.mode, small.size) == ("JPEG", "RGB", (160, 107))
        expected = gradient(900, 600).resize((160, 107))
        assert np.abs(np.asarray(small, int) - np.asarray(expected, int)).mean() < 6
    with Image.open(BytesIO(picture.thumbnail(32))) as smaller:
        assert smaller.size == (32, 21)
    with Image.open(
        BytesIO(pictures.open(saved(gradient(), "PNG")).thumbnail(500))
    ) as never_larger:
        assert never_larger.size == (96, 64)
    thin = pictures.open(saved(Image.new("RGB", (1, 5000)), "PNG"))
    assert Image.open(BytesIO(thin.thumbnail())).size == (1, 160)


@pytest.mark.parametrize("longest", [0, -1, 2.5, "9"])
def test_a_thumbnail_of_no_size_is_refused(longest: object) -> None:
    with pytest.raises(ArgumentError, match="longest"):
        pictures.open(saved(gradient(), "PNG")).thumbnail(longest)


def png(width: int, height: int, rows: bytes, bits: int = 8, colour: int = 2) -> bytes:
    import zlib

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
