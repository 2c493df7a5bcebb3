"""From what was loaded to a Picture. Safe to call from several threads at once.

Pillow's plugin class for the sniffed format is called directly instead of `PIL.Image.open`: no
other plugin ever sees the bytes, and Pillow's process-wide guard against big pictures, which would
warn of pictures that our own limits allow, is neither needed nor touched. `Header.essence` spares
the plugins everything but pixels, and the user Pillow's warnings about the rest.
`PIL.ImageFile.LOAD_TRUNCATED_IMAGES` belongs to the application: left at its default, a picture
that was cut off is refused.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

from nearsight.errors import PictureError
from nearsight.pictures.exif import read_exif
from nearsight.pictures.formats import read_header
from nearsight.pictures.header import Header
from nearsight.pictures.ifd import orientation
from nearsight.pictures.limits import Limits
from nearsight.pictures.picture import Picture, part_name
from nearsight.pictures.pixels import averages, cropped, oriented, shrunk, to_rgb
from nearsight.pictures.unusable import UnusableError

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFile import ImageFile

    from nearsight.pictures.source import Loaded
    from nearsight.values.region import BoundingBox

__all__ = ["decode", "pixels_of"]

_MAX_DETAIL = 120


def decode(
    loaded: Loaded, limits: Limits | None = None, crop: BoundingBox | None = None
) -> Picture:
    """Decode one loaded picture, shrunk by 2, 4, 8, … while its short side stays at least 256.

    With `crop` the result is that part of what is displayed, and its own short side counts: it has
    all the pixels it would have if it had been cropped before it was saved, but for a part of a
    JPEG so big that it must be shrunk to be decoded within the limits.

    Raises PictureError when its header breaks a limit, or when the picture is damaged, cut off or
    of a kind that nearsight does not read.
    """
    try:
        header = _header(loaded.data, limits or Limits(), crop)
        pixels, alpha = _pixels(loaded.data, header, limits or Limits())
    except UnusableError as error:
        raise PictureError(loaded.name, str(error)) from error.__cause__
    width, height = header.displayed
    return Picture(
        name=part_name(loaded.name, crop),
        uri=loaded.uri,
        digest=loaded.digest,
        format=header.format,
        width=width,
        height=height,
        size_bytes=loaded.size_bytes,
        pixels=pixels,
        alpha=alpha,
        exif=read_exif(header.exif),
        box=crop,
    )


def _header(data: bytes | Image, limits: Limits, crop: BoundingBox | None) -> Header:
    """Read and check the header; a part may have to be shrunk more than it needs to fit."""
    header = _read_header(data)
    if crop is not None:
        parts = (replace(header, box=crop, least=least) for least in (1, 2, 4, 8))
        header = min(parts, key=lambda part: part.pixels_held > limits.max_pixels)
    limits.check(header)
    return header


def _read_header(data: bytes | Image) -> Header:
    """Arrays and PIL images have no header of their own, but a size and perhaps EXIF."""
    if isinstance(data, bytes):
        return read_header(data)
    exif = data.info.get("exif") or b""
    return Header("ARRAY", data.width, data.height, (), orientation=orientation(exif), exif=exif)


def _pixels(data: bytes | Image, header: Header, limits: Limits) -> tuple[Image, Image | None]:
    """Have them decoded by a worker if that is wanted and possible, else decode them here."""
    if limits.worker and isinstance(data, bytes):
        from nearsight.pictures.crew import decoded_by_crew
        from nearsight.pictures.worker import NoWorkerError

        try:
            return decoded_by_crew(header, limits)
        except NoWorkerError as error:
            words = f"{error}, so pictures are decoded in this process, without Limits(worker=True)"
            warnings.warn(words, RuntimeWarning, stacklevel=3)
    return pixels_of(data, header)


def pixels_of(data: bytes | Image, header: Header) -> tuple[Image, Image | None]:
    """Decode RGB pixels and their opacity, which is None where nothing is transparent.

    Raises UnusableError when they cannot be decoded.
    """
    try:
        image = _decoded(header) if isinstance(data, bytes) else data
        left = header.shrinkage_left(image.size)
        image = cropped(image, header.part(image.size))
        if averages(image):
            image, left = shrunk(image, left), 1
        rgb, alpha = to_rgb(image)
        rgb = oriented(shrunk(rgb, left), header.orientation)
        return rgb, alpha and oriented(shrunk(alpha, left), header.orientation)
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
        times = header.decoder_shrinkage
        image.draft(None, (max(1, header.width // times), max(1, header.height // times)))
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
