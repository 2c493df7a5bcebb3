"""WebP (RFC 9649): lossy (VP8), lossless (VP8L) and extended (VP8X), animated or not."""

from struct import unpack_from

from nearsight.pictures.header import Header
from nearsight.pictures.ifd import orientation
from nearsight.pictures.unusable import UnusableError

__all__ = ["read_webp"]

_MAX_CHUNKS = 50_000


def read_webp(data: bytes) -> Header:
    """Walk the RIFF chunks for the canvas, the frames and the orientation."""
    end = min(len(data), 8 + unpack_from("<I", data, 4)[0])
    sizes: list[tuple[int, int]] = []
    frames, exif, place = 0, b"", 12
    for _ in range(_MAX_CHUNKS):
        if place + 8 > end:
            break
        kind, length = unpack_from("<4sI", data, place)
        body = place + 8
        if kind in _SIZE_OF:
            sizes.append(_SIZE_OF[kind](data, body))
        elif kind == b"EXIF":
            exif = exif or data[body : body + length]
        frames += kind == b"ANMF"
        place = body + length + (length & 1)
    else:
        raise UnusableError(f"it has more than {_MAX_CHUNKS:,} chunks; save it again")
    if not sizes:
        raise UnusableError("it has no WebP picture in it; the file is damaged, save it again")
    # A canvas and the picture on it must agree; the decoder is prepared for the larger.
    return Header(
        format="WEBP",
        width=max(width for width, _ in sizes),
        height=max(height for _, height in sizes),
        orientation=orientation(exif),
        exif=exif,
        frames=max(1, frames),
        essence=(memoryview(data)[:end],),
    )


def _lossy(data: bytes, body: int) -> tuple[int, int]:
    if data[body + 3 : body + 6] != b"\x9d\x01\x2a":
        raise UnusableError("its WebP picture is damaged; save it again")
    width, height = unpack_from("<HH", data, body + 6)
    return width & 0x3FFF, height & 0x3FFF


def _lossless(data: bytes, body: int) -> tuple[int, int]:
    signature, bits = unpack_from("<BI", data, body)
    if signature != 0x2F:
        raise UnusableError("its WebP picture is damaged; save it again")
    return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)


def _extended(data: bytes, body: int) -> tuple[int, int]:
    low, middle, high = unpack_from("<HHH", data, body + 4)
    return 1 + (low | (middle & 0xFF) << 16), 1 + (middle >> 8 | high << 8)


_SIZE_OF = {b"VP8 ": _lossy, b"VP8L": _lossless, b"VP8X": _extended}
