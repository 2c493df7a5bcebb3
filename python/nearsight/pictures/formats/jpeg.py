"""JPEG (ITU T.81), including what cameras append: second pictures (MPO), profiles, thumbnails."""

import re
from dataclasses import dataclass, field
from struct import unpack_from

from nearsight.pictures.header import Header, parts
from nearsight.pictures.ifd import orientation
from nearsight.pictures.unusable import UnusableError

__all__ = ["read_jpeg"]

_SOI, _EOI, _SOS = 0xD8, 0xD9, 0xDA
_TABLES = {0xC4, 0xCC, 0xDB, 0xDD}
_JFIF, _EXIF, _ADOBE = 0xE0, 0xE1, 0xEE
_BASELINE = {0xC0, 0xC1, 0xC9}
_PROGRESSIVE = {0xC2, 0xCA}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MAX_SEGMENTS = 10_000
# Inside compressed data 0xFF is followed by 0x00 or a restart marker; anything else ends it.
_NEXT_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")


@dataclass
class _Found:
    """What the walk over the segments before the first scan has seen."""

    frame: tuple[int, int, int, int, int] | None = None
    exif: bytes = b""
    spans: list[tuple[int, int]] = field(default_factory=lambda: [(0, 2)])


def read_jpeg(data: bytes) -> Header:
    """Walk the segments up to the first scan; for progressive files count all scans."""
    found = _Found()
    scan = _walk(data, found)
    if found.frame is None:
        raise UnusableError("it has no frame header; the file is damaged, save it again")
    marker, bits, height, width, components = found.frame
    _check_frame(marker, bits, height)
    buffered = marker in _PROGRESSIVE or data[scan + 4] < components
    scans, end = _count_scans(data, scan) if buffered else (1, len(data))
    return Header(
        format="JPEG",
        width=width,
        height=height,
        orientation=orientation(found.exif),
        exif=found.exif,
        bits=bits,
        scans=scans,
        buffered=buffered,
        essence=parts(data, [*found.spans, (scan, end)]),
    )


def _walk(data: bytes, found: _Found) -> int:
    """Note what matters in every segment before the first scan; return where that starts."""
    place = 2
    for _ in range(_MAX_SEGMENTS):
        place = data.index(b"\xff", place)
        marker = data[place + 1]
        if marker == _SOS:
            return place
        if marker in (0x00, 0x01, 0xFF) or 0xD0 <= marker <= _SOI:
            place += 1 if marker == 0xFF else 2
            continue
        if marker == _EOI:
            raise UnusableError("it ends before its pixels begin; copy or download it again")
        stop = place + 2 + unpack_from(">H", data, place + 2)[0]
        _note(data, marker, place, stop, found)
        place = stop
    raise UnusableError(
        f"it has more than {_MAX_SEGMENTS} segments before its pixels; save it again"
    )


def _note(data: bytes, marker: int, place: int, stop: int, found: _Found) -> None:
    """Keep the segments that decoding needs, the frame header's numbers and EXIF."""
    if marker in _FRAMES:
        if found.frame is not None:
            raise UnusableError("it has two frame headers; the file is damaged, save it again")
        found.frame = (marker, *unpack_from(">BHHB", data, place + 4))
    elif marker == _EXIF and data[place + 4 : place + 10] == b"Exif\0\0":
        found.exif = found.exif or data[place + 4 : stop]
    if marker in _FRAMES | _TABLES | {_JFIF, _ADOBE}:
        found.spans.append((place, stop))


def _check_frame(marker: int, bits: int, height: int) -> None:
    if marker not in _BASELINE | _PROGRESSIVE:
        raise UnusableError(
            "it is a lossless or hierarchical JPEG; save it as an ordinary JPEG or PNG"
        )
    if bits != 8:
        raise UnusableError(f"it is a {bits}-bit JPEG; save it as an 8-bit JPEG or as PNG")
    if height == 0:
        raise UnusableError("it declares its height after its pixels (DNL); save it again")


def _count_scans(data: bytes, scan: int) -> tuple[int, int]:
    """Count the scans from the first one on; also return where the picture ends."""
    scans, place = 0, scan
    for _ in range(_MAX_SEGMENTS):
        scans += data[place + 1] == _SOS
        if len(data) < place + 4:
            break
        place += 2 + unpack_from(">H", data, place + 2)[0]
        marker = _NEXT_MARKER.search(data, place)
        if marker is None:
            break
        place = marker.start()
        if data[place + 1] == _EOI:
            return scans, place + 2
    else:
        raise UnusableError(f"it has more than {_MAX_SEGMENTS} segments; save it again")
    return scans, len(data)
