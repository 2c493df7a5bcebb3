"""The pixels of an input that is in: they stay where they came from, only a thumbnail is kept."""

from nearsight import pictures
from nearsight.errors import PictureError
from nearsight.pictures import Limits, Loaded, Picture
from nearsight.region import BoundingBox
from nearsight.truth import Input

_CURE = "give the picture with picture="


def part_of(record: Input, box: BoundingBox, picture: object = None, cure: str = _CURE) -> Picture:
    """The `box` of an input, decoded from `picture` or, if that is None, from where it came from.

    `box` is in fractions of the input as it is in: of its crop, if it has one. Raises
    `PictureError` where the picture cannot be read or is not the one that was added; `cure` says
    what to do then.
    """
    loaded = _loaded(record, record.path if picture is None else picture, cure)
    if loaded.digest.hex() != record.content:
        raise PictureError(
            record.name,
            f"{loaded.name} is not the picture that was added as {record.id!r} (its content "
            f"differs); {cure}",
        )
    whole = box if record.crop is None else box.inside(record.crop)
    return pictures.decode(loaded, Limits(), whole)


def _loaded(record: Input, source: object, cure: str) -> Loaded:
    missing = "its pixels are needed, and only a thumbnail is kept"
    if source is None:
        raise PictureError(record.name, f"{missing}; {cure}")
    found = list(pictures.find(source))
    if len(found) != 1:
        raise PictureError(record.name, f"{missing}; {len(found)} pictures were given; {cure}")
    try:
        if isinstance(found[0], PictureError):
            raise found[0]
        return found[0].load(Limits())
    except PictureError as error:
        raise PictureError(record.name, f"{missing}; {error}; {cure}") from error
