"""Pictures in memory: the bytes of a file, base64, data: URLs, numpy arrays, PIL images."""

from __future__ import annotations

import base64
import binascii
from functools import partial
from math import prod
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from nearsight.pictures.formats import sniff
from nearsight.pictures.limits import Limits
from nearsight.pictures.pixels import from_array
from nearsight.pictures.source import Source
from nearsight.pictures.unusable import UnusableError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["is_base64", "of_array", "of_base64", "of_bytes", "of_data_url", "of_image"]

_SNIFFED = 4096
_LETTERS = 24


def of_bytes(data: bytes | bytearray | memoryview) -> Source:
    """Return the content of a picture file; bytes that are base64 text of one are told apart."""
    view = memoryview(data)
    start = bytes(view[:_SNIFFED]) if view.ndim == 1 and view.itemsize == 1 else b""
    if sniff(start) is None and is_base64(start.decode("latin-1")):
        return of_base64(bytes(data))
    return Source("<bytes>", None, partial(_read_bytes, data))


def _read_bytes(data: bytes | bytearray | memoryview, limits: Limits) -> bytes:
    limits.check_bytes(memoryview(data).nbytes)
    return bytes(data)


def is_base64(text: str) -> bool:
    """Tell whether the text begins like base64 of a picture file.

    >>> is_base64("iVBORw0KGgoAAAANSUhEUgAAAAEAAAAB"), is_base64("holiday.jpg")
    (True, False)
    """
    letters = "".join(text[:_SNIFFED].split())[:_LETTERS]
    try:
        return len(letters) == _LETTERS and sniff(_from_base64(letters)) is not None
    except UnusableError:
        return False


def of_base64(text: str | bytes) -> Source:
    """Return a picture file written in base64 (RFC 4648, also URL-safe; white space is skipped)."""
    return Source("<base64>", None, partial(_read_base64, text))


def _read_base64(text: str | bytes, limits: Limits) -> bytes:
    limits.check_bytes(len(text) * 3 // 4 - 3)
    return _from_base64(text)


def _from_base64(text: str | bytes) -> bytes:
    try:
        raw = text.encode("ascii") if isinstance(text, str) else text
        raw = b"".join(raw.split()).rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
        return base64.b64decode(raw + b"=" * (-len(raw) % 4), validate=True)
    except (UnicodeError, binascii.Error) as error:
        raise UnusableError(f"its base64 is damaged ({error}); encode the file again") from error


def of_data_url(url: str) -> Source:
    """Return the picture within a `data:` URL (RFC 2397), base64 or percent-encoded."""
    return Source("<data: URL>", None, partial(_read_data_url, url))


def _read_data_url(url: str, limits: Limits) -> bytes:
    head, comma, body = url.partition(",")
    if not comma:
        raise UnusableError("the data: URL has no comma; write data:image/jpeg;base64,…")
    limits.check_bytes(len(body) // 3)
    raw = unquote_to_bytes(body)
    return _read_base64(raw, limits) if head.lower().endswith(";base64") else raw


def of_array(array: NDArray[np.generic]) -> Source:
    """Return the pixels of an array, as `from_array` takes them; copied when loaded."""
    name = f"<array {'x'.join(map(str, array.shape))} {array.dtype}>"
    return Source(name, None, partial(_read_array, array))


def _read_array(array: NDArray[np.generic], limits: Limits) -> Image:
    from PIL import Image

    limits.check_pixels(prod(array.shape[:2]))
    return Image.fromarray(from_array(array))


def of_image(image: Image) -> Source:
    """Return a PIL image, opened or made by the caller; copied when loaded."""
    return Source(f"<PIL image {image.width}x{image.height}>", None, partial(_read_image, image))


def _read_image(image: Image, limits: Limits) -> Image:
    limits.check_pixels(prod(image.size))
    if not prod(image.size):
        raise UnusableError("it has no pixels")
    try:
        own = image.copy()
    # It may not be decoded yet, and decoders raise any exception there is.
    except Exception as error:
        raise UnusableError(f"Pillow cannot read it ({error})") from error
    own.format = image.format
    return own
