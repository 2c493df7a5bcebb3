"""What a picture's header says, found by our own readers before any decoder sees the file."""

from collections.abc import Iterable
from dataclasses import dataclass

__all__ = ["SHORT_SIDE", "Header", "UnusableError", "parts", "shrinkage"]

SHORT_SIDE = 256
"""Decoded pictures are shrunk while their short side stays at least this long, in pixels."""

_SCANS_PER_PASS = 16
_JPEG_SHRINKAGE = 8


class UnusableError(ValueError):
    """Why a file cannot be used, as one sentence with the cure; it knows no file name yet."""


def shrinkage(width: int, height: int) -> int:
    """By how much a picture of this size is shrunk when decoded: 1, 2, 4, 8, …

    >>> shrinkage(4000, 3000), shrinkage(640, 480), shrinkage(100_000, 1)
    (8, 1, 1)
    """
    ratio = min(width, height) // SHORT_SIDE
    return int(1 << (ratio.bit_length() - 1)) if ratio else 1


@dataclass(frozen=True)
class Header:
    """A picture as its header describes it.

    width, height: pixels as stored (before orientation), both at least 1.
    orientation: EXIF orientation 1..8; what is missing or invalid is 1.
    bits: bits a channel.
    frames: frames that a decoder has to walk over to give the first one; 1 where it need not.
    scans: passes over the pixels (JPEG); 1 for every other format.
    buffered: the decoder holds all pixels at full size (all but single-scan JPEG).
    tile_pixels: pixels of one tile, which a decoder may hold beside the picture (TIFF).
    essence: the parts of the file that make up the pixels of its first frame, in order. The decoder
        is given these alone, so no comment, profile, thumbnail or second frame can harm it.
    """

    format: str
    width: int
    height: int
    essence: tuple[bytes | memoryview, ...]
    orientation: int = 1
    bits: int = 8
    frames: int = 1
    scans: int = 1
    buffered: bool = True
    tile_pixels: int = 0

    def __post_init__(self) -> None:
        """Refuse sizes that no picture has."""
        if self.width < 1 or self.height < 1:
            raise UnusableError(
                f"its size is {self.width} x {self.height} pixels; it shows nothing"
            )

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height as the picture is meant to be looked at, in pixels."""
        turned = self.orientation >= 5
        return (self.height, self.width) if turned else (self.width, self.height)

    @property
    def pixels_held(self) -> int:
        """How many pixels the decoder holds at once; many scans count as more work, so as more."""
        pixels = max(self.width * self.height, self.tile_pixels)
        if self.buffered:
            return int(pixels * -(-self.scans // _SCANS_PER_PASS))
        shrunk = min(_JPEG_SHRINKAGE, shrinkage(self.width, self.height))
        return -(-pixels // (shrunk * shrunk))

    def shrinkage_left(self, decoded: tuple[int, int]) -> int:
        """By how much to shrink still, when the decoder gave this size (JPEG's does some of it)."""
        done = max(1, round(max(self.width, self.height) / max(decoded)))
        return max(1, shrinkage(self.width, self.height) // done)

    def file(self) -> bytes:
        """Return the smallest file of the same format that has the same pixels."""
        return b"".join(self.essence)


def parts(data: bytes, spans: Iterable[tuple[int, int]]) -> tuple[memoryview, ...]:
    """Views of `data` from start to stop of each span; touching spans become one view."""
    merged: list[tuple[int, int]] = []
    for start, stop in spans:
        if merged and merged[-1][1] == start:
            merged[-1] = (merged[-1][0], stop)
        else:
            merged.append((start, stop))
    view = memoryview(data)
    return tuple(view[start:stop] for start, stop in merged)
