"""GIF (89a): its first frame."""

from struct import pack, unpack_from

from nearsight.pictures.header import Header
from nearsight.pictures.unusable import UnusableError

__all__ = ["read_gif"]

_EXTENSION, _IMAGE, _TRAILER = 0x21, 0x2C, 0x3B
_GRAPHIC_CONTROL = 0xF9
_MAX_BLOCKS = 20_000


def read_gif(data: bytes) -> Header:
    """Find the first frame; comments and what animates it are left out."""
    width, height, flags = unpack_from("<HHB", data, 6)
    tables_end = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    image, control = _first_frame(data, tables_end)
    left, top, wide, high = unpack_from("<HHHH", data, image + 1)
    if not wide or not high:
        raise UnusableError("its first frame is empty; save it as PNG")
    # A frame may reach over its canvas (python-pillow#8920): the canvas grows before decoding.
    width, height = max(width, left + wide), max(height, top + high)
    if max(width, height) > 0xFFFF:
        raise UnusableError(
            "its first frame lies outside of it; the file is damaged, save it as PNG"
        )
    view = memoryview(data)
    screen = data[:6] + pack("<HH", width, height)
    essence = (screen, view[10:tables_end], control, view[image:])
    return Header("GIF", width, height, essence)


def _first_frame(data: bytes, place: int) -> tuple[int, bytes]:
    """Where the first frame's descriptor starts, and the graphic control block that rules it."""
    control = b""
    for _ in range(_MAX_BLOCKS):
        kind = data[place]
        if kind == _IMAGE:
            return place, control
        if kind == _TRAILER:
            raise UnusableError("it has no frame; the file is damaged, save it again")
        if kind != _EXTENSION:
            place += 1
            continue
        stop = _end_of_blocks(data, place + 2)
        if data[place + 1] == _GRAPHIC_CONTROL:
            control = data[place:stop]
        place = stop
    raise UnusableError("it has too much before its first frame; save it as PNG")


def _end_of_blocks(data: bytes, place: int) -> int:
    for _ in range(_MAX_BLOCKS):
        if data[place] == 0:
            return place + 1
        place += 1 + data[place]
    raise UnusableError("it has too much before its first frame; save it as PNG")
