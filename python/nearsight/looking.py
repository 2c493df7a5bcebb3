"""Pictures that are looked at, not added: one that is asked about, or a part of one that is in.

The pixels of an input stay where they came from; only a thumbnail is kept.
"""

from nearsight import pictures
from nearsight.embedders import Embedded, Embedder
from nearsight.engine import Engine
from nearsight.errors import ModelError, PictureError
from nearsight.pictures import Limits, Loaded, Picture
from nearsight.truth import Input
from nearsight.values.region import BoundingBox

_CURE = "give the picture with picture="


def embed_query(
    image: object,
    embedder: Embedder,
    engine: Engine,
    limits: Limits,
    crop: BoundingBox | None = None,
) -> tuple[Picture, Embedded]:
    """One picture that is asked about, not added, or the `crop` of it, with its one embedding.

    Raises what `pictures.open` raises, and `ModelError` where the model gives it no direction.
    """
    picture = pictures.open(image, limits, crop)
    return picture, embed_picture(picture, embedder, engine)


def embed_picture(picture: Picture, embedder: Embedder, engine: Engine) -> Embedded:
    """What the model makes of one decoded picture; `ModelError` where it gives no direction."""
    result = embedder.embed(embedder.prepare(picture)[None])
    if not engine.accepts(result.vectors, result.probabilities)[0]:
        raise ModelError(f"{picture.name}: the model gives no direction for this picture")
    return result


def part_of(
    record: Input,
    box: BoundingBox,
    limits: Limits,
    picture: object = None,
    cure: str = _CURE,
) -> Picture:
    """The `box` of an input, decoded from `picture` or, if that is None, from where it came from.

    `box` is in fractions of the input as it is in: of its crop, if it has one. Raises
    `PictureError` where the picture cannot be read or is not the one that was added; `cure` says
    what to do then.
    """
    loaded = _loaded(record, record.path if picture is None else picture, limits, cure)
    if loaded.digest.hex() != record.content:
        raise PictureError(
            record.name,
            f"{loaded.name} is not the picture that was added as {record.id!r} (its content "
            f"differs); {cure}",
        )
    whole = box if record.crop is None else box.inside(record.crop)
    return pictures.decode(loaded, limits, whole)


def _loaded(record: Input, source: object, limits: Limits, cure: str) -> Loaded:
    missing = "its pixels are needed, and only a thumbnail is kept"
    if source is None:
        raise PictureError(record.name, f"{missing}; {cure}")
    found = list(pictures.find(source))
    if len(found) != 1:
        raise PictureError(record.name, f"{missing}; {len(found)} pictures were given; {cure}")
    try:
        if isinstance(found[0], PictureError):
            raise found[0]
        return found[0].load(limits)
    except PictureError as error:
        raise PictureError(record.name, f"{missing}; {error}; {cure}") from error
