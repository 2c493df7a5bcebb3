"""Our own header readers against Pillow, over every real picture at hand."""

import struct
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from nearsight.pictures.formats import read_header, sniff
from nearsight.pictures.header import Header, shrinkage
from nearsight.pictures.ifd import orientation
from nearsight.pictures.unusable import UnusableError


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def test_headers_agree_with_pillow_on_every_real_picture(stamps: Path, opencv_photos: Path) -> None:
    paths = [*sorted(stamps.rglob("*.png"))[::8], *sorted(opencv_photos.rglob("*.*g"))]
    read = 0
    for path in paths:
        data = path.read_bytes()
        with Image.open(path) as image:
            header = read_header(data)
            assert (header.format, header.width, header.height) == (image.format, *image.size), path
            if header.format == "JPEG":
                assert (header.scans > 1) == bool(image.info.get("progressive")), path
        read += 1
    assert read > 150


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
@pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG"])
def test_sizes_are_read_from_every_format_and_mode(kind: str, mode: str) -> None:
    image = Image.new("RGB", (301, 207), "teal").convert(mode)
    if kind in ("JPEG", "WEBP"):
        image = image.convert("RGB")
    for options in ({}, {"lossless": True}) if kind == "WEBP" else ({},):
        header = read_header(saved(image, kind, **options))
        assert (header.format, header.width, header.height) == (kind, 301, 207)


def test_bit_depths_scans_and_frames_are_told() -> None:
    image = Image.linear_gradient("L")
    assert read_header(saved(image.convert("I;16"), "PNG")).bits == 16
    assert read_header(saved(image.convert("I;16"), "TIFF")).bits == 16
    assert read_header(saved(image.convert("1"), "PNG")).bits == 1
    assert read_header(saved(image, "JPEG")).scans == 1
    assert not read_header(saved(image, "JPEG")).buffered
    assert read_header(saved(image, "JPEG", progressive=True)).scans > 3
    assert read_header(saved(image, "JPEG", progressive=True)).buffered
    frames = [image.rotate(angle) for angle in (90, 180, 270)]
    assert read_header(saved(image, "WEBP", save_all=True, append_images=frames)).frames == 4


def test_what_the_decoder_gets_is_free_of_all_but_pixels() -> None:
    secret = b"SECRET-52.5200N-13.4050E"
    exif = Image.Exif()
    exif[270] = secret.decode()
    image = Image.linear_gradient("L")
    for kind in ("JPEG", "PNG", "TIFF"):
        data = saved(image, kind, exif=exif)
        assert secret in data
        assert read_header(data).file().startswith(data[:4])
        if kind != "TIFF":
            assert secret not in read_header(data).file()
    text = saved(image, "GIF", comment=secret)
    assert secret in text
    assert secret not in read_header(text).file()


@pytest.mark.parametrize("order", ["<", ">"])
def test_orientation_is_read_in_both_byte_orders(order: str) -> None:
    mark = b"II" if order == "<" else b"MM"
    for value in range(0, 300):
        entry = struct.pack(order + "HHIHH", 274, 3, 1, value, 0)
        exif = b"Exif\0\0" + mark + struct.pack(order + "HIH", 42, 8, 1) + entry
        assert orientation(exif) == (value if 1 <= value <= 8 else 1)


def test_damaged_exif_counts_as_upright() -> None:
    good = b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", 274, 3, 1, 6, 0)
    assert orientation(good) == 6
    for length in range(len(good)):
        assert orientation(good[:length]) == 1
    assert orientation(good.replace(b"\x03\0\x01\0\0\0", b"\x03\0\xff\xff\xff\xff")) == 1
    assert orientation(good.replace(b"\x12\x01\x03", b"\x12\x01\x05")) == 1


def test_pictures_are_shrunk_by_powers_of_two_down_to_256() -> None:
    for side in range(1, 5000):
        times = shrinkage(side, 2 * side)
        assert times & (times - 1) == 0
        assert side // times >= min(side, 256)
        assert side // (2 * times) < 256


def test_sizes_of_nothing_are_refused() -> None:
    for size in ((0, 5), (5, 0), (-3, 5)):
        with pytest.raises(UnusableError, match="shows nothing"):
            Header("PNG", *size, ())


def test_formats_are_told_by_content_never_by_name(opencv_photos: Path) -> None:
    assert sniff((opencv_photos / "fruits.jpg").read_bytes()[:18]) == "JPEG"
    assert sniff((opencv_photos / "graf1.png").read_bytes()[:18]) == "PNG"
    assert sniff(b"\xff\xd8") is None
    assert sniff(b"RIFF\0\0\0\0WAVE") is None
