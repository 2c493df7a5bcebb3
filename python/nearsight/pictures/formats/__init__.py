"""The formats that nearsight reads, told apart by their content, never by a file's name."""

import struct

from nearsight.pictures.formats.bmp import read_bmp
from nearsight.pictures.formats.gif import read_gif
from nearsight.pictures.formats.jpeg import read_jpeg
from nearsight.pictures.formats.kind import appearance, sniff
from nearsight.pictures.formats.png import read_png
from nearsight.pictures.formats.tiff import read_tiff
from nearsight.pictures.formats.webp import read_webp
from nearsight.pictures.header import Header
from nearsight.pictures.unusable import UnusableError

__all__ = ["read_header", "sniff"]

_READERS = {
    "JPEG": read_jpeg,
    "PNG": read_png,
    "WEBP": read_webp,
    "GIF": read_gif,
    "BMP": read_bmp,
    "TIFF": read_tiff,
}


def read_header(data: bytes) -> Header:
    """Read the header of a picture without decoding it: fast, and safe on hostile bytes.

    Raises UnusableError, which says what else the bytes look like, or what is wrong with them.
    """
    kind = sniff(data)
    if kind is None:
        raise UnusableError(appearance(data))
    try:
        return _READERS[kind](data)
    except UnusableError:
        raise
    except (IndexError, ValueError, struct.error) as error:
        raise UnusableError(
            f"the {kind} file was cut off or is damaged; copy or download it again"
        ) from error
