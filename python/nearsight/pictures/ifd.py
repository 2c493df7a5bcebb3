"""Image file directories of a TIFF structure, as TIFF and EXIF have them (TIFF 6.0, 2).

No chain is ever followed: one directory is read, at the place that is asked for.
"""

import math
import struct
from dataclasses import dataclass

from nearsight.pictures.unusable import UnusableError

__all__ = ["EXIF", "Directory", "orientation", "read_directory"]

_ORIENTATION = 274
EXIF = b"Exif\0\0"
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
_CODES = {1: "B", 3: "H", 4: "I"}
_RATIONALS = {5: "I", 10: "i"}
_TEXT = {2, 7, 129}  # ASCII, undefined, and the UTF-8 of Exif 3.0
_MAX_VALUES = 1 << 18
_MAX_FRACTIONS = 8


@dataclass(frozen=True)
class Directory:
    """One directory: where it starts, struct's "<" or ">", each tag's 12 raw bytes."""

    data: bytes
    start: int
    order: str
    entries: dict[int, bytes]

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Return the whole numbers of a tag; none when it is absent or of another type.

        Raises UnusableError when they lie outside the file or are too many.
        """
        kind, count = self._shape(tag)
        if kind not in _CODES:
            return ()
        place = self.place(tag)
        if count > _MAX_VALUES:
            raise UnusableError(f"its tag {tag} has {count:,} values; the file is damaged")
        return struct.unpack(f"{self.order}{count}{_CODES[kind]}", place)

    def number(self, tag: int, default: int) -> int:
        """Return the only number of a tag, or the default when the tag is absent."""
        found = self.numbers(tag)
        if len(found) > 1:
            raise UnusableError(f"its tag {tag} should be one number; the file is damaged")
        return found[0] if found else default

    def fractions(self, tag: int) -> tuple[float, ...]:
        """Return the rationals of a tag; NaN where a denominator is zero.

        None when the tag is absent, of another type, or has more of them than any tag means.
        """
        kind, count = self._shape(tag)
        if kind not in _RATIONALS or count > _MAX_FRACTIONS:
            return ()
        raw = struct.unpack(f"{self.order}{2 * count}{_RATIONALS[kind]}", self.place(tag))
        pairs = zip(raw[::2], raw[1::2], strict=True)
        return tuple(over / under if under else math.nan for over, under in pairs)

    def text(self, tag: int) -> bytes:
        """Return the bytes of a text up to its first NUL; none when it is no text or absent."""
        kind, count = self._shape(tag)
        if kind not in _TEXT or count > _MAX_VALUES:
            return b""
        return self.place(tag).partition(b"\0")[0]

    def _shape(self, tag: int) -> tuple[int, int]:
        """Return type and count of a tag; type 0 when it is absent."""
        entry = self.entries.get(tag)
        kind, count = struct.unpack_from(self.order + "HI", entry, 2) if entry else (0, 0)
        return kind, count

    def place(self, tag: int) -> bytes:
        """Return a tag's value; raises UnusableError when it lies outside the file."""
        kind, count = self._shape(tag)
        entry = self.entries[tag]
        size = _SIZES.get(kind, 0) * count
        if size <= 4:
            return entry[8 : 8 + size]
        (start,) = struct.unpack_from(self.order + "I", entry, 8)
        if start + size > len(self.data):
            raise UnusableError(
                f"its tag {tag} points outside the file; it was cut off or is damaged"
            )
        return self.data[start : start + size]


def read_directory(data: bytes, start: int | None = None) -> Directory:
    """Read the directory at `start`, or the first; a tag that comes twice keeps its first entry.

    Raises UnusableError or struct.error when there is none.
    """
    order = {b"II": "<", b"MM": ">"}.get(data[:2], "")
    if not order or struct.unpack_from(order + "H", data, 2)[0] != 42:
        raise UnusableError("its TIFF header is damaged")
    if start is None:
        (start,) = struct.unpack_from(order + "I", data, 4)
    (count,) = struct.unpack_from(order + "H", data, start)
    entries: dict[int, bytes] = {}
    for place in range(start + 2, start + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from(order + "H10x", data, place)
        entries.setdefault(tag, data[place : place + 12])
    return Directory(data, start, order, entries)


def orientation(exif: bytes) -> int:
    """EXIF orientation, 1 to 8. Whatever is missing, damaged or out of range counts as 1.

    >>> orientation(b"nonsense")
    1
    """
    try:
        found = read_directory(exif.removeprefix(EXIF)).number(_ORIENTATION, 1)
    except (UnusableError, struct.error):
        return 1
    return found if 1 <= found <= 8 else 1
