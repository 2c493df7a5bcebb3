"""What some bytes are, by their first few."""

import struct

__all__ = ["appearance", "sniff"]

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
)
_BMP_HEADERS = {12, 40, 52, 56, 64, 108, 124}
_AS_JPEG = "save it as JPEG or PNG"
_OTHERS = (
    (b"%PDF", f"a PDF document; export its pages and {_AS_JPEG}"),
    (b"%!PS", f"an EPS or PostScript file; {_AS_JPEG}"),
    (b"\xc5\xd0\xd3\xc6", f"an EPS file; {_AS_JPEG}"),
    (b"8BPS", f"a Photoshop file; {_AS_JPEG}"),
    (b"\0\0\x01\0", f"an icon (ICO); {_AS_JPEG}"),
    (b"icns", f"an icon (ICNS); {_AS_JPEG}"),
    (b"\0\0\0\x0cjP  ", f"a JPEG 2000 picture; {_AS_JPEG}"),
    (b"\xff\x4f\xff\x51", f"a JPEG 2000 picture; {_AS_JPEG}"),
    (b"\0\0\0\x0cJXL ", f"a JPEG XL picture; {_AS_JPEG}"),
    (b"\xff\x0a", f"a JPEG XL picture; {_AS_JPEG}"),
    (b"gimp xcf", f"a GIMP file; {_AS_JPEG}"),
    (b"PK\x03\x04", "a ZIP archive or office document; unpack it and give its pictures"),
    (b"\x1f\x8b", "a gzip file; unpack it first"),
    (b"\x1aE\xdf\xa3", "a video (Matroska or WebM); give pictures of it"),
    (b"RIFF", "a sound or video (RIFF); give pictures of it"),
    (b"SQLite format 3", "an SQLite database; open it with nearsight.open() if nearsight made it"),
)
_BRANDS = {
    b"avif": f"an AVIF picture; {_AS_JPEG}",
    b"avis": f"an AVIF picture; {_AS_JPEG}",
    b"heic": f"a HEIC photo; {_AS_JPEG}",
    b"heix": f"a HEIC photo; {_AS_JPEG}",
    b"hevc": f"a HEIC photo; {_AS_JPEG}",
    b"mif1": f"a HEIF photo; {_AS_JPEG}",
    b"msf1": f"a HEIF photo; {_AS_JPEG}",
    b"crx ": "a camera's raw file (CR3); develop it into a JPEG first",
}
_READABLE = "nearsight reads JPEG, PNG, WebP, GIF, BMP and TIFF"


def sniff(data: bytes) -> str | None:
    """Tell the format by its first 18 bytes: JPEG, PNG, WEBP, GIF, BMP, TIFF, or None.

    >>> sniff(b"GIF89a..."), sniff(b"hello")
    ('GIF', None)
    """
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[:2] == b"BM" and len(data) >= 18:
        return "BMP" if struct.unpack_from("<I", data, 14)[0] in _BMP_HEADERS else None
    return None


def appearance(data: bytes) -> str:
    """Say in one sentence what bytes look like that are no picture we read, and what to do."""
    if not data:
        return "is empty (0 bytes); copy or download it again"
    if data[4:8] == b"ftyp":
        return "looks like " + _BRANDS.get(data[8:12], "a video (MP4); give pictures of it")
    for magic, words in _OTHERS:
        if data.startswith(magic):
            return f"looks like {words}"
    return f"{_text(data[:1024])}; {_READABLE}"


def _text(start: bytes) -> str:
    lowered = start.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"<svg" in lowered:
        return "looks like an SVG drawing, not a picture made of pixels; save it as PNG"
    if lowered.startswith((b"<!doctype html", b"<html")):
        return "looks like a web page, not a picture; a download may have failed"
    if lowered.startswith(b"<"):
        return "looks like XML, not a picture"
    if b"\0" not in start and start.decode("utf-8", "ignore").strip():
        printable = sum(byte >= 0x20 or byte in b"\t\r\n" for byte in start)
        if printable >= 0.95 * len(start) and _is_utf8(start):
            return "looks like text, not a picture"
    return "its first bytes are of no picture format nearsight knows"


def _is_utf8(start: bytes) -> bool:
    """Whether it is UTF-8, but for a character that the end of `start` may cut in two."""
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(start) - 4
    return True
