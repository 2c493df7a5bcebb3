"""What a picture's header says, found by our own readers before any decoder sees the file."""

from collections.abc import Iterable
from dataclasses import dataclass

from nearsight.pictures.unusable import UnusableError
from nearsight.values.region import BoundingBox

__all__ = ["SHORT_SIDE", "Header", "parts", "shrinkage"]

SHORT_SIDE = 256
"""Decoded pictures are shrunk while their short side stays at least this long, in pixels."""

_SCANS_PER_PASS = 16
_JPEG_SHRINKAGE = 8


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
    exif: the TIFF structure with its EXIF tags; empty if there is none.
    bits: bits a channel.
    frames: frames that a decoder has to walk over to give the first one; 1 where it need not.
    scans: passes over the pixels (JPEG); 1 for every other format.
    buffered: the decoder holds all pixels at full size (all but single-scan JPEG).
    tile_pixels: pixels of one tile, which a decoder may hold beside the picture (TIFF).
    box: the part of the displayed picture that is wanted; None for all of it.
    least: by how much to shrink at least, so that a part of a huge picture fits the limits.
    essence: the parts of the file that make up the pixels of its first frame, in order. The decoder
        is given these alone, so no comment, profile, thumbnail or second frame can harm it.
    """

    format: str
    width: int
    height: int
    essence: tuple[bytes | memoryview, ...]
    orientation: int = 1
    exif: bytes = b""
    bits: int = 8
    frames: int = 1
    scans: int = 1
    buffered: bool = True
    tile_pixels: int = 0
    box: BoundingBox | None = None
    least: int = 1

    def __post_init__(self) -> None:
        """Refuse sizes that no picture has."""
        if self.width < 1 or self.height < 1:
            raise UnusableError(
                f"its size is {self.width} x {self.height} pixels; it shows nothing"
            )

    @property
    def displayed(self) -> tuple[int, int]:
        """Width and height of what is wanted, as it is meant to be looked at, in pixels."""
        left, upper, right, lower = self.part((self.width, self.height))
        across, down = right - left, lower - upper
        return (down, across) if self.orientation >= 5 else (across, down)

    @property
    def shrinkage(self) -> int:
        """By how much to shrink: a part like a picture that was cropped before it was saved."""
        return max(self.least, shrinkage(*self.displayed))

    @property
    def decoder_shrinkage(self) -> int:
        """By how much a decoder of JPEG shrinks, which costs less than decoding in full."""
        return min(_JPEG_SHRINKAGE, self.shrinkage)

    def part(self, decoded: tuple[int, int]) -> tuple[int, int, int, int]:
        """Where in a decoded picture of this size, as stored, the wanted part lies."""
        width, height = decoded[::-1] if self.orientation >= 5 else decoded
        box = (self.box or BoundingBox(0, 0, 1, 1)).pixels(width, height)
        return unoriented(box, (width, height), self.orientation)

    @property
    def pixels_held(self) -> int:
        """How many pixels the decoder holds at once; many scans count as more work, so as more."""
        pixels = max(self.width * self.height, self.tile_pixels)
        if self.buffered:
            return int(pixels * -(-self.scans // _SCANS_PER_PASS))
        return -(-pixels // self.decoder_shrinkage**2)

    def shrinkage_left(self, decoded: tuple[int, int]) -> int:
        """By how much to shrink still, when the decoder gave this size (JPEG's does some of it)."""
        done = max(1, round(max(self.width, self.height) / max(decoded)))
        return max(1, self.shrinkage // done)

    def file(self) -> bytes:
        """Return the smallest file of the same format that has the same pixels."""
        return b"".join(self.essence)


def unoriented(
    box: tuple[int, int, int, int], size: tuple[int, int], orientation: int
) -> tuple[int, int, int, int]:
    """Where a box (left, upper, right, lower) of a displayed picture of `size` lies as stored."""
    left, upper, right, lower = box
    width, height = size
    if orientation in (2, 3, 6, 7):
        left, right = width - right, width - left
    if orientation in (3, 4, 7, 8):
        upper, lower = height - lower, height - upper
    return (upper, left, lower, right) if orientation >= 5 else (left, upper, right, lower)


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
