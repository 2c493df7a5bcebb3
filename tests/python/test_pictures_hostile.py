"""Hostile files: refused at once, with a reason, in little memory; never a crash or a hang."""

import struct
import subprocess
import sys
import time
import warnings
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import pytest
from hostile_corpus import mutant, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFile

from nearsight import pictures
from nearsight.errors import ArgumentError, PictureError
from nearsight.pictures import Limits
from nearsight.pictures.formats import read_header, sniff
from nearsight.pictures.header import Header
from nearsight.pictures.unusable import UnusableError

KINDS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    file = BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def photo() -> Image.Image:
    noise = Image.effect_noise((80, 60), 60)
    return Image.merge(
        "RGB", (noise, noise.rotate(180), Image.linear_gradient("L").resize((80, 60)))
    )


def refusal(data: bytes, limits: Limits | None = None) -> str:
    with pytest.raises(PictureError) as refused:
        pictures.open(data, limits or Limits())
    assert refused.value.source == "<bytes>"
    return refused.value.reason


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *extra: bytes, bits: int = 1, body: bytes = bytes(100)) -> bytes:
    """A PNG with any header over little data; `extra` chunks stand before the pixels."""
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, 0, 0, 0, 0))
    pixels = png_chunk(b"IDAT", zlib.compress(body)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(extra) + pixels


def small_png(*extra: bytes) -> bytes:
    return png(16, 16, *extra, bits=8, body=bytes(17 * 16))


def resized_jpeg(data: bytes, width: int, height: int) -> bytes:
    """The same JPEG with another size in its frame header."""
    place = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    return data[: place + 5] + struct.pack(">HH", height, width) + data[place + 9 :]


def flat_jpeg(width: int, height: int) -> bytes:
    """A complete grey baseline JPEG of any size: each 8 x 8 block takes the six bits 001010."""
    data = saved(Image.new("L", (8, 8), 128), "JPEG")
    scan = data.index(b"\xff\xda")
    start = resized_jpeg(data[: scan + 10], width, height)
    blocks = -(-width // 8) * -(-height // 8)
    return start + b"\x28\xa2\x8a" * (blocks // 4 + 1) + b"\xff\xd9"


BOMBS = {
    "png 20000 x 20000": png(20_000, 20_000),
    "png 1 x 1000000000": png(1, 1_000_000_000),
    "png 2^31 x 2^31": png(2**31 - 1, 2**31 - 1),
    "jpeg 65535 x 65535": resized_jpeg(saved(photo(), "JPEG"), 65535, 65535),
    "progressive jpeg 13300": resized_jpeg(saved(photo(), "JPEG", progressive=True), 13300, 13300),
    "webp 13300 lossless": (
        b"RIFF\x30\0\0\0WEBPVP8L\x24\0\0\0\x2f" + struct.pack("<I", 13299 | 13299 << 14) + bytes(31)
    ),
    "webp 16383 lossy": (
        b"RIFF\x30\0\0\0WEBPVP8 \x24\0\0\0\x30\1\0\x9d\x01\x2a"
        + struct.pack("<HH", 16383, 16383)
        + bytes(26)
    ),
    "webp 2^24 canvas": b"RIFF\x30\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6 + bytes(26),
    "gif 65535 screen": (
        b"GIF89a\xff\xff\xff\xff\0\0\0,\0\0\0\0\xff\xff\xff\xff\0\x02\x02\x44\x01\0;"
    ),
    "bmp 60000 x -60000": (
        b"BM" + bytes(8) + struct.pack("<IIiiHH", 54, 40, 60000, -60000, 1, 24) + bytes(60)
    ),
    "tiff 50000 x 50000": (
        b"II*\0\x08\0\0\0\x03\0"
        + struct.pack("<HHII", 256, 4, 1, 50000)
        + struct.pack("<HHII", 257, 4, 1, 50000)
        + struct.pack("<HHII", 273, 4, 1, 8)
        + bytes(8)
    ),
}


@pytest.mark.timeout(20)  # a decoder would take far longer
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_by_their_header(name: str) -> None:
    reason = refusal(BOMBS[name])
    assert "limit" in reason
    assert "resize it" in reason


def decoded_in_a_process_of_its_own(folder: Path) -> tuple[list[str], int]:
    """The sizes of what could be decoded there, and by how many KiB its memory peaked higher."""
    # Not `ru_maxrss`: a new process inherits that of the one that started it.
    code = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from PIL import Image\n"
        "from nearsight import pictures\n"
        "from nearsight.errors import PictureError\n"
        "def peak():\n"
        "    status = Path('/proc/self/status').read_text()\n"
        "    return int(re.search(r'VmHWM:\\s+(\\d+) kB', status)[1])\n"
        "pictures.open(Image.new('RGB', (300, 300))).thumbnail()\n"
        "before = peak()\n"
        "for found in pictures.find(sys.argv[1]):\n"
        "    try: print(pictures.decode(found.load()).pixels.size)\n"
        "    except PictureError: pass\n"
        "print(peak() - before)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    *decoded, grown = done.stdout.splitlines()
    return decoded, int(grown)


def test_bombs_take_no_memory_and_a_200_megapixel_jpeg_takes_little(tmp_path: Path) -> None:
    for place, data in enumerate(BOMBS.values()):
        (tmp_path / f"{place}.jpg").write_bytes(data)
    (tmp_path / "phone.jpg").write_bytes(flat_jpeg(16320, 12240))
    decoded, grown_kib = decoded_in_a_process_of_its_own(tmp_path)
    assert decoded == ["(510, 383)"]
    assert grown_kib < 60_000


def test_a_big_png_is_held_in_memory_once(tmp_path: Path) -> None:
    (tmp_path / "big.png").write_bytes(saved(Image.new("RGB", (5000, 5000)), "PNG"))
    decoded, grown_kib = decoded_in_a_process_of_its_own(tmp_path)
    assert decoded == ["(313, 313)"]
    assert grown_kib < 1.5 * 4 * 5000 * 5000 / 1024


def test_limits_are_what_they_say() -> None:
    data = saved(photo(), "PNG")
    assert pictures.open(data, Limits(max_pixels=4800)).width == 80
    assert "4,800 pixels of memory, the limit is 4,799" in refusal(data, Limits(max_pixels=4799))
    assert pictures.open(data, Limits(max_bytes=len(data))).width == 80
    assert "larger than the limit" in refusal(data, Limits(max_bytes=len(data) - 1))
    assert "more than the limit of 4,799" in refusal(data, Limits(max_declared_pixels=4799))


@pytest.mark.parametrize("bad", [0, -1, 2.5, None, True, "9"])
def test_limits_that_cannot_be_meant_are_refused(bad: object) -> None:
    with pytest.raises(ArgumentError, match="max_bytes"):
        Limits(max_bytes=bad)


def test_a_baseline_jpeg_counts_as_it_is_decoded_and_a_progressive_one_in_full() -> None:
    baseline = read_header(flat_jpeg(16320, 12240))
    assert (baseline.width, baseline.height) == (16320, 12240)
    assert baseline.pixels_held == 16320 * 12240 // 64
    progressive = read_header(saved(photo().resize((2560, 2560)), "JPEG", progressive=True))
    assert progressive.pixels_held == 2560 * 2560
    assert 8 <= progressive.scans <= 12


def test_a_baseline_jpeg_of_several_scans_counts_in_full() -> None:
    data = saved(photo().resize((2560, 2560)), "JPEG")
    assert read_header(data).pixels_held == 320 * 320
    place = data.index(b"\xff\xda") + 4
    assert data[place] == 3
    assert read_header(data[:place] + b"\1" + data[place + 1 :]).pixels_held == 2560 * 2560


def test_a_header_that_the_decoder_reads_otherwise_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = read_header(small_png())
    smaller = Header("PNG", 15, 16, honest.essence)
    monkeypatch.setattr("nearsight.pictures.decoder.read_header", lambda _: smaller)
    assert "contradicts itself" in refusal(small_png())


def test_a_jpeg_of_too_many_scans_is_refused() -> None:
    data = saved(photo(), "JPEG", progressive=True)
    last = data.rindex(b"\xff\xda")
    assert "scans" in refusal(data[:-2] + data[last:-2] * 5000 + b"\xff\xd9")
    assert "segments" in refusal(data[:2] + b"\xff\xfe\x00\x02" * 20_000 + data[2:])
    few = data[:-2] + data[last:-2] * 30 + b"\xff\xd9"
    assert "the limit is 9,600" in refusal(few, Limits(max_pixels=9600))


@pytest.mark.parametrize("kind", KINDS)
def test_a_picture_cut_off_anywhere_is_refused(kind: str) -> None:
    data = saved(photo(), kind)
    # What stands after the last pixel (a GIF's or JPEG's end mark) may be missing.
    ends = {"GIF": 3, "JPEG": 3, "PNG": 16, "TIFF": 0, "BMP": 4, "WEBP": 1}
    words = ("cut off", "ends before", "damaged", "empty", "nearsight reads", "no frame", "RIFF")
    for length in [*range(64), *range(64, len(data) - ends[kind], 61)]:
        assert any(word in refusal(data[:length]) for word in words), refusal(data[:length])


def test_only_magic_bytes_are_refused() -> None:
    for data in (
        b"",
        b"\xff",
        b"\xff\xd8\xff",
        b"\x89PNG\r\n\x1a\n",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
    ):
        assert refusal(data)
    assert refusal(b"RIFF\0\0\0\0WEBP")
    assert refusal(b"BM" + bytes(12) + b"\x28\0\0\0")


LOOKS = {
    "HEIC": b"\0\0\0\x18ftypheic\0\0\0\0mif1",
    "AVIF": b"\0\0\0\x18ftypavif\0\0\0\0mif1",
    "video": b"\0\0\0\x18ftypisom\0\0\0\0",
    "PDF": b"%PDF-1.7\n",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n",
    "Photoshop": b"8BPS\0\1",
    "JPEG 2000": b"\0\0\0\x0cjP  \r\n\x87\n",
    "ICO": b"\0\0\1\0\1\0\x10\x10",
    "SVG": b"<?xml version='1.0'?>\n<!-- &lol; --><svg xmlns='http://www.w3.org/2000/svg'/>",
    "web page": b"\n<!DOCTYPE html><html><body>404</body></html>",
    "ZIP": b"PK\x03\x04\x14\0",
    "gzip": b"\x1f\x8b\x08\0",
    "text": "Grüße aus dem Urlaub\n".encode() * 100,
    "empty": b"",
    "SQLite": b"SQLite format 3\0",
    "RIFF": b"RIFF\x24\0\0\0WAVEfmt ",
    "no picture format": bytes(range(1, 255)) * 9,
}


@pytest.mark.parametrize("name", LOOKS)
def test_other_files_are_told_what_they_look_like(name: str) -> None:
    assert sniff(LOOKS[name]) is None
    assert name in refusal(LOOKS[name])


def test_a_bitmap_is_not_any_text_that_begins_with_bm() -> None:
    assert "looks like text" in refusal(b"BMW and other cars, a list of them")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda data: resized_jpeg(data, 0, 60), "0 x 60 pixels"),
        (lambda data: resized_jpeg(data, 80, 0), "declares its height after"),
        (
            lambda data: data.replace(b"\xff\xc0\0\x11\x08", b"\xff\xc1\0\x11\x0c"),
            "12-bit JPEG; save it",
        ),
        (lambda data: data.replace(b"\xff\xc0", b"\xff\xc3"), "lossless"),
        (lambda data: data[: data.index(b"\xff\xc0")] + b"\xff\xd9", "before its pixels begin"),
        (lambda data: data[:2] + data[data.index(b"\xff\xc0") :][:19] + data[2:], "two frame"),
    ],
)
def test_strange_jpegs_are_refused_with_the_reason(
    change: Callable[[bytes], bytes], words: str
) -> None:
    assert words in refusal(change(saved(photo(), "JPEG")))


def test_strange_pngs_are_refused_with_the_reason() -> None:
    assert "0 x 5 pixels" in refusal(png(0, 5))
    assert "two PNG headers" in refusal(small_png(png(16, 16)[8:33]))
    assert "damaged" in refusal(small_png().replace(b"IHDR", b"IHDS"))
    assert "CgBI" in refusal(small_png()[:8] + png_chunk(b"CgBI", bytes(4)) + small_png()[8:])
    wrong_sum = bytearray(small_png())
    wrong_sum[29] ^= 1
    assert "damaged" in refusal(bytes(wrong_sum))
    assert "chunks" in refusal(small_png(png_chunk(b"tEXt", b"") * 210_000))


@pytest.mark.timeout(20)  # unpacking them would take far longer
def test_zlib_bombs_in_texts_and_profiles_are_never_unpacked() -> None:
    bomb = zlib.compress(bytes(200_000_000), 9)
    texts = png_chunk(b"zTXt", b"a\0\0" + bomb) + png_chunk(b"iTXt", b"a\0\1\0\0\0" + bomb)
    picture = pictures.open(small_png(texts, png_chunk(b"iCCP", b"p\0\0" + bomb)))
    assert picture.pixels.size == (16, 16)


def test_a_tiff_whose_directories_go_in_circles_is_read_once() -> None:
    data = bytearray(saved(photo(), "TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    (count,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * count, start)
    assert pictures.open(bytes(data)).pixels.size == (80, 60)


def test_strange_tiffs_are_refused_with_the_reason() -> None:
    data = saved(photo(), "TIFF")
    assert "BigTIFF" in refusal(b"II+\0" + data[4:])
    assert "raw file" in refusal(b"II*\0\x10\0\0\0CR\x02\0" + data[12:])
    taller = data.replace(
        struct.pack("<HHII", 257, 4, 1, 60), struct.pack("<HHII", 257, 4, 1, 6000)
    )
    assert taller != data
    assert "strips or tiles are missing" in refusal(taller)
    assert "cut off" in refusal(b"II*\0\xff\xff\xff\xff" + data[8:])


def test_a_gif_with_endless_comments_is_refused() -> None:
    data = saved(photo().quantize(16), "GIF")
    end = 13 + (3 << (data[10] & 7) + 1)
    comments = b"\x21\xfe" + b"\x01a" * 30_000 + b"\0"
    assert "too much before its first frame" in refusal(data[:end] + comments + data[end:])


def test_an_animation_of_too_many_frames_is_refused() -> None:
    frame = b"ANMF\x10\0\0\0" + bytes(16)
    body = b"VP8X\x0a\0\0\0\x02\0\0\0" + bytes(6) + b"ANIM\x06\0\0\0" + bytes(6) + frame * 11_000
    data = b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body
    assert "11000 frames" in refusal(data)


def test_pillows_process_wide_settings_are_left_alone() -> None:
    before = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, sorted(Image.OPEN)
    pictures.open(flat_jpeg(16320, 12240))
    refusal(BOMBS["png 20000 x 20000"])
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, sorted(Image.OPEN)) == before


def test_pillows_warnings_about_big_pictures_do_not_reach_the_user() -> None:
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        pictures.open(flat_jpeg(16320, 12240))
        assert pictures.open(saved(photo(), "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff")).width
    assert seen == []


def test_decoding_in_many_threads_gives_what_one_gives(opencv_photos: Path) -> None:
    sources = list(pictures.find(f"{opencv_photos}/*.[jp][pn]g"))[:24]
    assert len(sources) == 24

    def pixels(source: pictures.Source) -> bytes:
        return pictures.decode(source.load()).pixels.tobytes()

    alone = [pixels(source) for source in sources]
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(pixels, sources * 4)) == alone * 4


@pytest.mark.timeout(60)  # of which it uses 10: one mutant that hangs fails it
def test_mutated_pictures_decode_or_are_refused_quietly() -> None:
    limits = Limits(max_pixels=2_000_000, max_declared_pixels=10_000_000)
    decoded = refused = 0
    until = time.perf_counter() + 10
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        files = seeds()
        while time.perf_counter() < until and decoded + refused < 20_000:
            data = mutant(files, decoded + refused)
            try:
                picture = pictures.open(data, limits)
                assert picture.pixels.mode == "RGB"
                assert picture.thumbnail()
                decoded += 1
            except PictureError as error:
                assert error.reason
                refused += 1
    assert [str(one.message) for one in seen] == []
    assert decoded > 100
    assert refused > 100


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    magic=st.sampled_from(
        [
            b"",
            b"\xff\xd8\xff",
            b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR",
            b"GIF89a",
            b"II*\0",
            b"MM\0*",
            b"RIFF\xff\0\0\0WEBPVP8X",
            b"RIFF\xff\0\0\0WEBPVP8L",
            b"BM" + bytes(12) + b"\x28\0\0\0",
        ]
    ),
    rest=st.binary(max_size=300),
)
def test_any_bytes_after_a_magic_number_are_read_or_refused(magic: bytes, rest: bytes) -> None:
    try:
        header = read_header(magic + rest)
        assert header.width > 0
        assert header.height > 0
    except UnusableError as error:
        assert str(error)
    try:
        pictures.open(magic + rest, Limits(max_pixels=1_000_000))
    except PictureError as error:
        assert error.reason


@pytest.mark.timeout(20)  # a reader that follows every loop would take far longer
@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xfe\0\2" * 500_000,
        b"\xff\xd8" + b"\xff" * 3_000_000,
        b"\xff\xd8\xff" + bytes(3_000_000),
        b"\x89PNG\r\n\x1a\n" + png(5, 5)[8:33] + bytes(3_000_000),
        b"GIF89a" + bytes(3_000_000),
        b"GIF89a\1\0\1\0\0\0\0" + b"\x21\xfe\0" * 1_000_000,
        b"RIFF\xff\xff\xff\x7fWEBP" + bytes(3_000_000),
        b"II*\0\x08\0\0\0\xff\xff" + struct.pack("<HHII", 273, 4, 1 << 28, 8) * 60_000,
        saved(Image.new("L", (8, 8)), "JPEG", progressive=True)[:-2] + b"\xff\x01" * 1_500_000,
        b"<" * 3_000_000,
    ],
)
def test_no_header_takes_long_to_read(data: bytes) -> None:
    with suppress(UnusableError):
        read_header(data)
