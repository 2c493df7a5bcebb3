"""From any pixels that Pillow or numpy hold to the RGB pixels that nearsight works with.

Wide values are scaled, never clipped; colour profiles are not applied (they move colours too little
to matter for likeness); whatever is transparent shows the white page behind it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nearsight.pictures.unusable import UnusableError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

__all__ = ["averages", "cropped", "from_array", "has_holes", "oriented", "shrunk", "to_rgb"]

_PLAIN = {"L", "RGB", "CMYK", "I", "F"}
_WITH_ALPHA = {"RGBA", "LA", "PA", "La", "RGBa"}


def from_array(array: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Copy an array to uint8 [h,w], [h,w,3] or [h,w,4]: grey, RGB or RGBA.

    Takes uint8 (0..255), bool, and floats in 0..1, of shape [h,w], [h,w,1], [h,w,3] or [h,w,4].
    Raises UnusableError, which tells shape and dtype, for anything else.
    """
    given = f"an array of shape {array.shape} and dtype {array.dtype}"
    if array.ndim not in (2, 3) or array.shape[2:] not in ((), (1,), (3,), (4,)) or not array.size:
        raise UnusableError(f"{given} is not a picture; give [h,w], [h,w,1], [h,w,3] or [h,w,4]")
    own = np.array(array, order="C", subok=False)
    if own.dtype == np.bool_:
        own = own.astype(np.uint8) * np.uint8(255)
    elif own.dtype.kind == "f":
        own = _from_fractions(own, given)
    elif own.dtype != np.uint8:
        raise UnusableError(f"{given} is not a picture; give uint8 in 0..255 or floats in 0..1")
    return own[:, :, 0] if own.shape[2:] == (1,) else own


def _from_fractions(values: NDArray[np.generic], given: str) -> NDArray[np.uint8]:
    with np.errstate(invalid="ignore", over="ignore"):
        floats = values.astype(np.float32)
    low, high = float(floats.min()), float(floats.max())
    if not (low >= 0.0 and high <= 1.0):
        raise UnusableError(f"{given} has values from {low:g} to {high:g}; floats must lie in 0..1")
    return np.asarray(np.rint(floats * np.float32(255)), np.uint8)


def averages(image: Image) -> bool:
    """Tell whether its values may be averaged as they are: no palette, no bits, no transparency.

    Such a picture is shrunk before it is converted, which saves most of the memory.
    """
    return image.mode in _PLAIN and "transparency" not in image.info


def to_rgb(image: Image) -> tuple[Image, Image | None]:
    """Return the loaded picture as RGB on white, and its opacity (L); None if it has no holes."""
    if image.mode == "F" or image.mode.startswith("I"):
        image = _from_wide(image)
    if image.mode not in _WITH_ALPHA and "transparency" not in image.info:
        return image.convert("RGB"), None
    layered = image.convert("RGBA")
    alpha = layered.getchannel("A")
    if not has_holes(alpha):
        return layered.convert("RGB"), None
    from PIL.Image import new

    page = new("RGB", layered.size, "white")
    page.paste(layered, mask=alpha)
    return page, alpha


def has_holes(alpha: Image) -> bool:
    """Tell whether any pixel of an opacity (L) lets the background through."""
    return alpha.getextrema()[0] != 255


def _from_wide(image: Image) -> Image:
    """16-bit integers keep their high byte; 32-bit ones and floats are stretched to 0..255."""
    from PIL.Image import fromarray

    values = np.asarray(image)
    # Modes "I;16…" and a PNG's "I" (before Pillow 11.3) hold 0..65535; other "I" may hold anything.
    sixteen = values.dtype.itemsize == 2 or (image.format == "PNG" and image.mode == "I")
    scaled = (values >> 8).astype(np.uint8) if sixteen else _stretched(values)
    grey = fromarray(scaled)
    key = image.info.get("transparency")
    if isinstance(key, int):
        grey.putalpha(fromarray(np.where(values == key, 0, 255).astype(np.uint8)))
    return grey


def _stretched(values: NDArray[np.generic]) -> NDArray[np.uint8]:
    """Floats within 0..1 are fractions of white; any other range is stretched from end to end."""
    with np.errstate(invalid="ignore"):
        floats = values.astype(np.float64)
    low, high = float(floats.min()), float(floats.max())
    if not np.isfinite([low, high]).all():
        raise UnusableError("some of its pixels are not numbers (NaN or infinite); save it as PNG")
    if values.dtype.kind == "f" and low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.asarray(np.rint((floats - low) * (255 / ((high - low) or 1.0))), np.uint8)


def cropped(image: Image, box: tuple[int, int, int, int]) -> Image:
    """Cut (left, upper, right, lower) out, if that is not all of it."""
    if box == (0, 0, *image.size):
        return image
    part = image.crop(box)
    part.format = image.format
    return part


def shrunk(image: Image, times: int) -> Image:
    """Average blocks of times x times pixels into one."""
    return image.reduce(times) if times > 1 else image


def oriented(image: Image, orientation: int) -> Image:
    """Turn the picture the way its EXIF orientation (1..8) says it is to be looked at."""
    from PIL.Image import Transpose

    turns = {
        2: Transpose.FLIP_LEFT_RIGHT,
        3: Transpose.ROTATE_180,
        4: Transpose.FLIP_TOP_BOTTOM,
        5: Transpose.TRANSPOSE,
        6: Transpose.ROTATE_270,
        7: Transpose.TRANSVERSE,
        8: Transpose.ROTATE_90,
    }
    return image.transpose(turns[orientation]) if orientation in turns else image
