"""Picture: one decoded picture, and `open`, the shortest way to it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from io import BytesIO
from itertools import islice
from typing import TYPE_CHECKING

from nearsight.errors import ArgumentError, NotFoundError, PictureError
from nearsight.pictures.limits import Limits

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Picture", "open"]

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
    transparent: whether any pixel of the original lets the background through.
    """

    name: str
    uri: str | None
    digest: bytes
    format: str
    width: int
    height: int
    size_bytes: int
    pixels: Image
    transparent: bool

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


def open(what: object, limits: Limits | None = None) -> Picture:
    """Find, load and decode exactly one picture.

    `what` is anything that `find` takes. Raises NotFoundError when there is no such file,
    PictureError when it cannot be used, ArgumentError when it stands for several pictures.
    """
    from nearsight.pictures.decoder import decode
    from nearsight.pictures.walk import find

    found = list(islice(find(what), 2))
    if not found:
        raise NotFoundError("no picture was given")
    if len(found) > 1:
        raise ArgumentError(
            f"{_called(what)}: one picture is needed here, and this stands for several; give one"
        )
    try:
        if isinstance(found[0], PictureError):
            raise found[0]
        bounds = limits or Limits()
        return decode(found[0].load(bounds), bounds)
    except PictureError as error:
        if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
            raise NotFoundError(str(error)) from error
        raise


def _called(what: object) -> str:
    """What a message calls it: paths and globs by themselves, all else by its type."""
    from nearsight.pictures.file import path_name

    if isinstance(what, str | os.PathLike):
        return path_name(os.fsdecode(what))
    return f"<{type(what).__name__}>"
