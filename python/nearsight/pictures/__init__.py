"""Pictures: found wherever the user keeps them, read once, decoded safely.

    find(what) ─► Source ─► .load(limits) ─► Loaded ─► decode(loaded, limits) ─► Picture

`open(what)` does all of it for exactly one picture. Whatever is wrong with a picture is a
`PictureError` that names it; decoders only ever see files whose header our own readers accepted.
Importing this package does not import Pillow.
"""

from nearsight.pictures.decoder import decode
from nearsight.pictures.exif import Exif
from nearsight.pictures.limits import Limits
from nearsight.pictures.opening import alone, open
from nearsight.pictures.picture import Picture, part_name
from nearsight.pictures.source import Loaded, Source
from nearsight.pictures.walk import find, is_several

__all__ = [
    "Exif",
    "Limits",
    "Loaded",
    "Picture",
    "Source",
    "alone",
    "decode",
    "find",
    "is_several",
    "open",
    "part_name",
]
