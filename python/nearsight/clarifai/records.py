"""Between nearsight's records and the old client's objects: `Image`s, and names of concepts."""

import os
from collections.abc import Iterable
from itertools import count
from pathlib import Path
from urllib.parse import quote

import nearsight
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import INPUT_FAILED, INPUT_OK, UserError, refusal, status
from nearsight.clarifai.geo import Geo, GeoPoint
from nearsight.clarifai.image import Image
from nearsight.clarifai.status import ApiStatus
from nearsight.clarifai.wire import Json, input_json

_PER_PAGE = 200


def to_json(api: Database, record: nearsight.Input) -> Json:
    """An input as on the wire."""
    regions = regions_of(api, record.id)
    said = {*record.concepts, *(id_ for region in regions for id_ in region.concepts)}
    return input_json(record, regions, names_of(api, said), api.app_id)


def regions_of(api: Database, id_: str) -> list[nearsight.Annotation]:
    """What is said of parts of an input."""
    found: list[nearsight.Annotation] = []
    for page in count(1):
        some = api.native.annotations.list(input=id_, page=page, per_page=_PER_PAGE)
        found += [annotation for annotation in some if annotation.box is not None]
        if len(some) < _PER_PAGE:
            break
    return found


def to_image(api: Database, record: nearsight.Input, score: float = 0.0) -> Image:
    """An input as an `Image` with the names of its concepts; None stands for nothing, as ever."""
    names = names_of(api, record.concepts)
    shown = [names[id_] for id_, value in record.concepts.items() if value]
    denied = [names[id_] for id_, value in record.concepts.items() if not value]
    image = Image(
        image_id=record.id,
        url=record.url,
        crop=record.crop,
        concepts=shown or None,
        not_concepts=denied or None,
        metadata=record.metadata or None,
        geo=None if record.geo is None else _geo(record.geo),
    )
    image.score = score
    image.status = ApiStatus(status(INPUT_OK))
    return image


def _geo(place: nearsight.GeoPoint) -> Geo:
    return Geo(GeoPoint(place.longitude, place.latitude))


def names_of(api: Database, ids: Iterable[str]) -> dict[str, str]:
    """What concepts are called, by id."""
    concepts = api.native.concepts
    return {id_: concepts[id_].name if id_ in concepts else id_ for id_ in ids}


def concept_ids(api: Database, names: Iterable[str]) -> list[str]:
    """The concepts that are meant by names (or ids): a name that no concept bears becomes an id."""
    return [next(iter(own_ids(api, name)), name) for name in names]


def own_ids(api: Database, name: str) -> list[str]:
    """The ids of people's concepts with this id or name; usually one, none for an unknown name."""
    concepts = api.native.concepts
    if name in concepts and concepts[name].source == "own":
        return [name]
    return [concept.id for concept in concepts.search(name) if concept.source == "own"]


def own_model(api: Database, id_: str | None) -> nearsight.Model | None:
    """People's own model with this id."""
    found = api.native.models[id_] if id_ is not None and id_ in api.native.models else None
    return found if isinstance(found, nearsight.Model) else None


def known_under(api: Database, address: str) -> nearsight.Input | None:
    """The input that came from this url."""
    came_from = nearsight.filters.Is("url", address)
    return next(iter(api.native.inputs.list(per_page=1, where=came_from)), None)


def address_of(url: str) -> str:
    """The url that an input has which was added by `url`: a local path becomes a file:// URL."""
    if url.lower().startswith(("http://", "https://", "file:")):
        return url
    return "file://" + quote(os.fsencode(Path(url).absolute()))


def place_of(geo: Geo | None) -> tuple[float, float] | None:
    """Where an input is: latitude first, as everywhere in nearsight but here."""
    if geo is None:
        return None
    if geo.geo_point is None or geo.geo_limit is not None:
        raise UserError("geo: of an input, give Geo(geo_point=GeoPoint(longitude, latitude))")
    return geo.geo_point.latitude, geo.geo_point.longitude


def source_of(api: Database, image: Image) -> object:
    """What a native search takes for a picture; an http URL that is known stands for its input."""
    source = image.source()
    if source is not None:
        return source
    if image.web_address is None:
        raise UserError("no picture: give a url (a local path), filename, file_obj or base64")
    if known_under(api, image.web_address) is not None:
        return image.web_address
    raise refusal("POST", "searches", 400, INPUT_FAILED, not_downloaded(image.web_address))


def not_downloaded(address: str) -> str:
    """Why a picture at an unknown address of the web cannot be used, and what to do."""
    return (
        f"{address} is not known here, and nothing is ever downloaded; give a local file "
        "(url='photos/dog.jpg'; or filename= beside the url, which is then its name)"
    )
