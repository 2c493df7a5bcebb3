"""From what was loaded to a Picture. Safe to call from several threads at once.

Pillow's plugin class for the sniffed format is called directly instead of `PIL.Image.open`: no
other plugin ever sees the bytes, and Pillow's process-wide guard against big pictures, which would
warn of pictures that our own limits allow, is neither needed nor touched. `Header.essence` spares
the plugins everything but pixels, and the user Pillow's warnings about the rest.
`PIL.ImageFile.LOAD_TRUNCATED_IMAGES` belongs to the application: left at its default, a picture
that was cut off is refused.
"""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

from nearsight.errors import PictureError
from nearsight.pictures.formats import read_header
from nearsight.pictures.formats.ifd import orientation
from nearsight.pictures.header import SHORT_SIDE, Header, UnusableError
from nearsight.pictures.limits import Limits
from nearsight.pictures.picture import Picture
from nearsight.pictures.pixels import averages, oriented, shrunk, to_rgb

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from nearsight.pictures.source import Loaded

__all__ = ["decode"]

_MAX_DETAIL = 120


def decode(loaded: Loaded, limits: Limits | None = None) -> Picture:
    """Decode one loaded picture, shrunk by 2, 4, 8, … while its short side stays at least 256.

    Raises PictureError when its header breaks a limit, or when the picture is damaged, cut off or
    of a kind that nearsight does not read.
    """
    try:
        header = _header(loaded)
        (limits or Limits()).check(header)
        pixels, transparent = _pixels(loaded.data, header)
    except UnusableError as error:
        raise PictureError(loaded.name, str(error)) from error.__cause__
    width, height = header.displayed
    return Picture(
        name=loaded.name,
        uri=loaded.uri,
        digest=loaded.digest,
        format=header.format,
        width=width,
        height=height,
        size_bytes=loaded.size_bytes,
        pixels=pixels,
        transparent=transparent,
    )


def _header(loaded: Loaded) -> Header:
    """Arrays and PIL images have no header of their own, but a size and perhaps an orientation."""
    if isinstance(loaded.data, bytes):
        return read_header(loaded.data)
    image = loaded.data
    turned = orientation(image.info.get("exif") or b"")
    return Header("ARRAY", image.width, image.height, (), orientation=turned)


def _pixels(data: bytes | Image, header: Header) -> tuple[Image, bool]:
    try:
        image = _decoded(header) if isinstance(data, bytes) else data
        if averages(image):
            image = shrunk(image, header.shrinkage_left(image.size))
        rgb, transparent = to_rgb(image)
        small = shrunk(rgb, header.shrinkage_left(rgb.size))
        return oriented(small, header.orientation), transparent
    except UnusableError:
        raise
    # Decoders answer damaged files with any exception there is, so all of them are caught here.
    except Exception as error:
        raise UnusableError(_reason(error, header.format)) from error


def _decoded(header: Header) -> ImageFile:
    image = _plugin(header.format)(BytesIO(header.file()))
    if image.size != (header.width, header.height):
        raise UnusableError("its header contradicts itself; the file is damaged, save it again")
    if header.format == "JPEG":
        image.draft(None, (SHORT_SIDE, SHORT_SIDE))
    image.load()
    return image


def _plugin(kind: str) -> type[ImageFile]:
    """Return Pillow's class for one format; importing it registers nothing but itself."""
    from importlib import import_module

    module, name = {
        "JPEG": ("JpegImagePlugin", "JpegImageFile"),
        "PNG": ("PngImagePlugin", "PngImageFile"),
        "WEBP": ("WebPImagePlugin", "WebPImageFile"),
        "GIF": ("GifImagePlugin", "GifImageFile"),
        "BMP": ("BmpImagePlugin", "BmpImageFile"),
        "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    }[kind]
    plugin: type[ImageFile] = getattr(import_module(f"PIL.{module}"), name)
    return plugin


def _reason(error: Exception, kind: str) -> str:
    if isinstance(error, MemoryError):
        return "there is not enough memory to decode it; resize it, or free some memory"
    # With a cause it is Python's own complaint about missing bytes, which helps nobody.
    detail = "" if error.__cause__ else " ".join(str(error).split())[:_MAX_DETAIL]
    if "truncated" in detail.lower():
        return f"the {kind} file ends before its pixels do; copy or download it again"
    detail = f" ({detail})" if detail else ""
    return f"the {kind} file is damaged{detail}; save or download it again"
