"""Picture: one decoded picture."""

from __future__ import annotations

from dataclasses import dataclass, replace
from io import BytesIO
from typing import TYPE_CHECKING

from nearsight.errors import ArgumentError
from nearsight.pictures.exif import UNKNOWN, Exif
from nearsight.pictures.pixels import has_holes
from nearsight.values.region import BoundingBox, bounding_box

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Picture", "part_name"]

_THUMBNAIL_QUALITY = 80


@dataclass(frozen=True, eq=False)
class Picture:
    """A decoded picture.

    name: what messages call it: the path as given, or "<bytes>", "<array 480x640x3>", …
    uri: `file://…` of the file it came from, or None.
    digest: SHA-256 (32 bytes) of the file's bytes; of arrays and PIL images, of shape and pixels.
    format: "JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"; "ARRAY" for arrays and PIL images.
    width, height: pixels of the original as it is meant to be looked at.
    size_bytes: size of the file, or of the pixels of an array.
    pixels: PIL image, RGB, upright, on white; smaller than the original when that is big, but never
        below 256 pixels on the short side by shrinking.
    alpha: opacity of those pixels, PIL image "L" of the same size; None if nothing is transparent.
    exif: what the camera wrote into the file.
    box: the part of the original that this is; None for all of it.
    """

    name: str
    uri: str | None
    digest: bytes
    format: str
    width: int
    height: int
    size_bytes: int
    pixels: Image
    alpha: Image | None = None
    exif: Exif = UNKNOWN
    box: BoundingBox | None = None

    @property
    def transparent(self) -> bool:
        """Whether any pixel lets the background through."""
        return self.alpha is not None

    def crop(self, box: BoundingBox) -> Picture:
        """Return a part of it as a picture, cut out of the pixels that were decoded.

        `open(…, crop=box)` decodes a small part of a big picture with more pixels. Digest, size in
        bytes, format and EXIF stay those of the file. Raises ArgumentError for what is no box.
        """
        box = bounding_box(box)
        left, upper, right, lower = box.pixels(self.width, self.height)
        place = box.pixels(*self.pixels.size)
        alpha = self.alpha.crop(place) if self.alpha else None
        return replace(
            self,
            name=part_name(self.name, box),
            width=right - left,
            height=lower - upper,
            pixels=self.pixels.crop(place),
            alpha=alpha if alpha and has_holes(alpha) else None,
            box=box.inside(self.box) if self.box else box,
        )

    def thumbnail(self, longest: int = 160) -> bytes:
        """Return it as a small JPEG, at most `longest` pixels wide and high; never enlarged.

        Raises ArgumentError when `longest` is not a whole number of at least 1.
        """
        if not isinstance(longest, int) or longest < 1:
            raise ArgumentError(f"thumbnail(longest={longest!r}): give a whole number above 0")
        from PIL.Image import Resampling

        scale = min(1.0, longest / max(self.pixels.size))
        size = (max(1, round(self.pixels.width * scale)), max(1, round(self.pixels.height * scale)))
        small = self.pixels.resize(size, Resampling.BILINEAR, reducing_gap=2.0)
        file = BytesIO()
        small.save(file, "JPEG", quality=_THUMBNAIL_QUALITY)
        return file.getvalue()


def part_name(name: str, box: BoundingBox | None) -> str:
    """What a message calls a part of a picture.

    >>> part_name("beach.jpg", BoundingBox(0, 0.25, 0.5, 1))
    'beach.jpg, part (0, 0.25, 0.5, 1)'
    """
    return f"{name}, part ({', '.join(f'{edge:.4g}' for edge in box)})" if box else name
