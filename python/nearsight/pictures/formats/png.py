"""PNG (W3C, third edition) and APNG, of which only the default picture counts."""

from struct import unpack_from

from nearsight.pictures.header import Header, parts
from nearsight.pictures.ifd import orientation
from nearsight.pictures.unusable import UnusableError

__all__ = ["read_png"]

_NEEDED = {b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_MAX_CHUNKS = 200_000


def read_png(data: bytes) -> Header:
    """Walk the chunks: zlib bombs in texts and profiles are left out, never unpacked."""
    if data[12:16] == b"CgBI":
        raise UnusableError("it is a PNG only iOS reads (CgBI); save it as an ordinary PNG")
    if data[8:16] != b"\0\0\0\x0dIHDR":
        raise UnusableError(
            "its first chunk is not a PNG header; the file is damaged, save it again"
        )
    width, height, bits = unpack_from(">IIB", data, 16)
    spans, exif = [(0, 33)], b""
    for kind, place, stop in _chunks(data):
        if kind == b"IHDR":
            raise UnusableError("it has two PNG headers; the file is damaged, save it again")
        if kind == b"eXIf":
            exif = exif or data[place + 8 : stop - 4]
        if kind in _NEEDED:
            spans.append((place, stop))
    return Header(
        "PNG",
        width,
        height,
        parts(data, spans),
        orientation=orientation(exif),
        exif=exif,
        bits=bits,
    )


def _chunks(data: bytes) -> list[tuple[bytes, int, int]]:
    """(type, start, stop) of every chunk after the header up to IEND; the last may be cut off."""
    found: list[tuple[bytes, int, int]] = []
    place = 33
    while place + 8 <= len(data):
        if len(found) == _MAX_CHUNKS:
            raise UnusableError(f"it has more than {_MAX_CHUNKS:,} chunks; save it again")
        kind = data[place + 4 : place + 8]
        stop = place + 12 + unpack_from(">I", data, place)[0]
        found.append((kind, place, min(stop, len(data))))
        if kind == b"IEND":
            break
        place = stop
    return found
