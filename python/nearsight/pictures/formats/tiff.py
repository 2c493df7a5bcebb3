"""TIFF 6.0: its first picture, where its pixels are stored in a way that is common."""

import struct

from nearsight.pictures.header import Header
from nearsight.pictures.ifd import Directory, orientation, read_directory
from nearsight.pictures.unusable import UnusableError

__all__ = ["read_tiff"]

_WIDTH, _HEIGHT, _BITS, _COMPRESSION = 256, 257, 258, 259
_SAMPLES, _TILE_WIDTH, _TILE_HEIGHT = 277, 322, 323
_STRIP_PLACES, _ROWS_A_STRIP, _PLANAR, _TILE_PLACES = 273, 278, 284, 324
_DNG_VERSION = 50706
_SINGLE = (262, 266, 278, 284, 317)
_LISTS = (258, 273, 279, 320, 324, 325, 338, 339, 530)
_NEEDED = {_WIDTH, _HEIGHT, _COMPRESSION, _SAMPLES, _TILE_WIDTH, _TILE_HEIGHT, *_SINGLE, *_LISTS}
_NEEDED |= {292, 293, 347, 532}
# None, CCITT (3), LZW, JPEG, deflate (2), PackBits. Rarer ones are not worth their decoders' risk.
_COMPRESSIONS = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
_MAX_SAMPLES = 5


def read_tiff(data: bytes) -> Header:
    """Read the first directory and write a clean one: no metadata, no second page, no loops."""
    if data[2:4] in (b"\x2b\0", b"\0\x2b"):
        raise UnusableError("it is a BigTIFF; save it as an ordinary TIFF, JPEG or PNG")
    if data[8:10] == b"CR":
        raise UnusableError("it is a camera's raw file (CR2); develop it into a JPEG first")
    directory = read_directory(data)
    if _DNG_VERSION in directory.entries:
        raise UnusableError("it is a camera's raw file (DNG); develop it into a JPEG first")
    _check(directory)
    return Header(
        format="TIFF",
        width=directory.number(_WIDTH, 0),
        height=directory.number(_HEIGHT, 0),
        orientation=orientation(data),
        exif=data,
        bits=max(directory.numbers(_BITS) or (1,)),
        tile_pixels=directory.number(_TILE_WIDTH, 0) * directory.number(_TILE_HEIGHT, 0),
        essence=_essence(directory),
    )


def _check(directory: Directory) -> None:
    compression = directory.number(_COMPRESSION, 1)
    if compression not in _COMPRESSIONS:
        raise UnusableError(
            f"it is a TIFF with rare compression {compression}; save it as JPEG or PNG"
        )
    samples = directory.number(_SAMPLES, 1)
    if not 1 <= samples <= _MAX_SAMPLES:
        raise UnusableError(f"it has {samples} channels; save it as an RGB picture")
    for tag in _SINGLE:
        directory.number(tag, 0)
    for tag in _LISTS:
        directory.numbers(tag)
    places = directory.numbers(_TILE_PLACES) or directory.numbers(_STRIP_PLACES)
    if len(places) < _pieces(directory) * (samples if directory.number(_PLANAR, 1) == 2 else 1):
        raise UnusableError("some of its strips or tiles are missing; it is damaged, save it again")


def _pieces(directory: Directory) -> int:
    """Return in how many strips or tiles its size must come; a decoder leaves the others black."""
    width, height = directory.number(_WIDTH, 0), directory.number(_HEIGHT, 0)
    wide, high = directory.number(_TILE_WIDTH, 0), directory.number(_TILE_HEIGHT, 0)
    if _TILE_PLACES not in directory.entries:
        wide, high = width, directory.number(_ROWS_A_STRIP, height)
    return -(-width // max(1, wide)) * -(-height // max(1, high))


def _essence(directory: Directory) -> tuple[bytes | memoryview, ...]:
    """Return the same file with a shorter directory, written over the old one.

    Nothing is appended, so a decoder that runs past the end of a file that was cut off notices.
    """
    kept = [tag for tag in sorted(directory.entries) if tag in _NEEDED]
    for tag in kept:
        directory.place(tag)
    clean = struct.pack(directory.order + "H", len(kept))
    clean += b"".join(directory.entries[tag] for tag in kept) + b"\0\0\0\0"
    view, start = memoryview(directory.data), directory.start
    return (view[:start], clean, view[start + len(clean) :])
