"""Source: where one picture is. Loaded: its content, read once, with its digest."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nearsight.errors import PictureError
from nearsight.pictures.limits import Limits
from nearsight.pictures.unusable import UnusableError

if TYPE_CHECKING:
    from PIL.Image import Image

__all__ = ["Loaded", "Source"]


@dataclass(frozen=True)
class Loaded:
    """The content of one picture.

    data: the file's bytes; for arrays and PIL images a PIL image that belongs to us alone.
    digest: SHA-256 (32 bytes) of those bytes; of arrays and PIL images, of mode, size and pixels.
    size_bytes: size of the file, or of the pixels.
    """

    name: str
    uri: str | None
    digest: bytes
    data: bytes | Image
    size_bytes: int


@dataclass(frozen=True)
class Source:
    """Where one picture is: `name` for people, `uri` (`file://…`) when it is a file, and a reader.

    `read` returns the content, within limits; it raises UnusableError when that cannot be done.
    """

    name: str
    uri: str | None
    read: Callable[[Limits], bytes | Image]

    def load(self, limits: Limits | None = None) -> Loaded:
        """Read the content once. Raises PictureError when it cannot be read or is too large."""
        try:
            data = self.read(limits or Limits())
        except UnusableError as error:
            raise PictureError(self.name, str(error)) from error.__cause__
        if isinstance(data, bytes):
            return Loaded(self.name, self.uri, _sha256(data), data, len(data))
        digest, size_bytes = _digest(data)
        return Loaded(self.name, self.uri, digest, data, size_bytes)


def _digest(image: Image) -> tuple[bytes, int]:
    pixels = image.tobytes()
    palette = image.palette.tobytes() if image.palette else b""
    transparency = image.info.get("transparency")
    key = f"{image.mode} {image.width}x{image.height} {transparency}\n".encode()
    return _sha256(key + palette + pixels), len(pixels)


def _sha256(data: bytes) -> bytes:
    import hashlib  # here and not above, to keep `import nearsight` light

    return hashlib.sha256(data).digest()
