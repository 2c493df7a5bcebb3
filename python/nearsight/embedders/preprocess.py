"""Framing: from a picture of any shape to the square a model sees.

Photographs lose their margins: the model was evaluated on central crops and expects them. Cut-outs,
whose subject may touch every edge, are fitted whole on white. A cut-out is a picture with
transparency or one that stands on plain white, so that a JPEG copy of a transparent picture is
framed like its original. Neither ever changes the aspect. Values stay 0..255; the model normalises
them itself.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.Image import Image

    from nearsight.pictures import Picture

# Big pictures are first reduced by whole factors, to no less than this many times the target's
# side: three times faster on 2560 x 1920 pixels, and embeddings keep a cosine of 0.9993.
_GAP = 3.0
_WHITE = 243  # of 255, in every channel
_WHITE_BORDER = 0.2


def frame(picture: "Picture", size: int, crop: float, interpolation: str) -> NDArray[np.uint8]:
    """Return uint8[size, size, 3] RGB.

    `crop` in (0, 1] is the fraction of the short side that a photograph's central square keeps.
    """
    if picture.transparent or stands_on_white(picture.pixels):
        framed = fit_on_white(picture.pixels, size, interpolation)
    else:
        framed = central_crop(picture.pixels, size, crop, interpolation)
    return np.asarray(framed, np.uint8)


def stands_on_white(pixels: "Image") -> bool:
    """Is a fifth of the picture's outermost pixels white, but for what compression does to it?

    Copies of 411 cut-outs (JPEG, three quarters of the size, 10 % cropped) found their original
    first in 87 % of cases without this rule and in 97 % with it. A bright sky whitens less.
    """
    width, height = pixels.size
    right, bottom = width - 1, height - 1
    edges = (
        (0, 0, width, 1),
        (0, bottom, width, height),
        (0, 0, 1, height),
        (right, 0, width, height),
    )
    border = np.vstack([np.asarray(pixels.crop(edge)).reshape(-1, 3) for edge in edges])
    return bool(np.mean(border.min(axis=1) >= _WHITE) >= _WHITE_BORDER)


def central_crop(pixels: "Image", size: int, crop: float, interpolation: str) -> "Image":
    """Return the central square, `crop` of the short side wide, as size x size pixels."""
    width, height = pixels.size
    side = max(1, round(crop * min(width, height)))
    left, top = (width - side) // 2, (height - side) // 2
    box = (left, top, left + side, top + side)
    return pixels.resize((size, size), _filter(interpolation), box, _GAP)


def fit_on_white(pixels: "Image", size: int, interpolation: str) -> "Image":
    """Return the whole picture, centred on a white square of size x size pixels."""
    from PIL import Image

    scale = size / max(pixels.size)
    width, height = (max(1, round(side * scale)) for side in pixels.size)
    canvas = Image.new("RGB", (size, size), "white")
    small = pixels.resize((width, height), _filter(interpolation), None, _GAP)
    canvas.paste(small, ((size - width) // 2, (size - height) // 2))
    return canvas


def _filter(interpolation: str) -> int:
    from PIL.Image import Resampling

    return Resampling[interpolation.upper()]
