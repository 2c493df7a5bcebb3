"""Filters as the dictionaries of the hosted service spell them: its SDK's, its wire's, and `ands`.

    {"concepts": [{"id": "dog", "value": 1}], "metadata": {"trip": "Nice"}}             the SDK's
    {"annotation": {"data": {"concepts": [{"id": "dog", "value": 0}]}}, "negate": true} the wire's
    {"input": {"data": {"concepts": [{"name": "dog"}]}}}                 in the older list `ands`

What several things mean together, as the service documents it:

- What one dictionary asks besides each other has to hold, and so have several filters. Of several
  concepts in one filter one is enough, and so of several input types and status codes, which are
  also enough for each other; of several concepts in one item of `ands` every one has to hold.
- `metadata` contain the value of at least one key, however nested; in `ands`, of every key.
- The times of `last_updated_time_range` belong to it.
- A concept's `value` is 1 when it is left out; 0 asks for what was said not to show it.
- `negate` turns the whole filter round. Empty values ask for nothing, but unknown keys are refused.

There are no datasets, and pictures only: filters on other input types match nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nearsight.errors import ArgumentError
from nearsight.filters import fields, instant
from nearsight.filters.building import annotated, box, metadata, within
from nearsight.filters.statement import Filter, either, every
from nearsight.values.document import Node
from nearsight.values.text import shown

_TYPES = ("image", "video", "text", "audio")
_STATUSES = {30000: "processed", 30001: "to_process", 30002: "failed", 30003: "to_process"}
_UNITS = {"mile": "miles", "kilometer": "km", "degree": "degrees", "radian": "radians"}
_DEFAULT_MILES = 10
_WIRE = {"annotation", "input", "negate", "last_updated_time_range"}


@dataclass(frozen=True, slots=True)
class HostedConcept:
    """A concept as the service's dictionaries spell it: `name` is its id if that is given."""

    name: str
    value: bool
    language: str | None
    is_id: bool


def filter_of(mapping: Mapping[str, Any], place: str = "filter") -> Filter | None:
    """What one dictionary of the list `filters` asks for; None for an empty one.

    Raises `ArgumentError` that names the place of what is not understood.
    """
    node = Node(mapping, place)
    with node.named():
        return _wire(node) if _WIRE & node.object().keys() else _of_sdk(node)


def filter_of_and(item: Node) -> Filter | None:
    """What one item of the list `ands` restricts to, by its `input` or its `annotation`."""
    with item.named():
        return _wire(item, each=True)


def concepts_of(node: Node) -> list[HostedConcept]:
    """The concepts in a list of `{"id" | "name", "value", "language"}`."""
    return [_concept(each) for each in node.list()]


def _concept(node: Node) -> HostedConcept:
    found = node.filled("id", "name", "value", "language", "app_id", "user_id")
    name = found.get("id", found.get("name"))
    if name is None:
        raise node.error("say which concept, by its id or its name")
    value = found["value"].flag() if "value" in found else True
    language = found["language"].text() if "language" in found else None
    return HostedConcept(name.text(), value, language, "id" in found)


def _of_sdk(node: Node) -> Filter | None:
    found = node.filled(
        "concepts",
        "metadata",
        "geo_point",
        "image_url",
        "input_types",
        "input_status_code",
        "input_dataset_ids",
        "image_bytes",
        "text_raw",
    )
    for key in ("image_bytes", "text_raw"):
        if key in found:
            raise found[key].error("a filter compares no pictures and texts: put it in a rank")
    parts = [read(found[key]) for key, read in _SDK.items() if key in found]
    enough: list[Filter] = []
    if "input_types" in found:
        enough += [_type(each) for each in found["input_types"].list()]
    if "input_status_code" in found:
        enough.append(_status(found["input_status_code"]))
    if "input_dataset_ids" in found:
        raise _no_datasets(found["input_dataset_ids"])
    parts += [either(enough)] if enough else []
    return every(parts) if parts else None


def _wire(node: Node, *, each: bool = False) -> Filter | None:
    found = node.filled(*_WIRE, *(["output"] if each else []))
    parts: list[Filter] = []
    if "annotation" in found:
        parts += _annotation(found["annotation"], each)
    if "input" in found:
        parts += _input(found["input"], each)
    if "last_updated_time_range" in found:
        parts += _changed(found["last_updated_time_range"])
    if not parts:
        return None
    return ~every(parts) if "negate" in found and found["negate"].flag() else every(parts)


def _annotation(node: Node, each: bool) -> list[Filter]:
    found = node.filled("id", "input_id", "user_id", "worker", "data")
    parts = [fields.annotation(found["id"].text())] if "id" in found else []
    parts += [fields.id(found["input_id"].text())] if "input_id" in found else []
    parts += [fields.by(found["user_id"].text())] if "user_id" in found else []
    if "worker" in found:
        user = found["worker"].filled("user").get("user")
        author = user.filled("id").get("id") if user else None
        parts += [fields.by(author.text())] if author else []
    return parts + (_data(found["data"], each) if "data" in found else [])


def _input(node: Node, each: bool) -> list[Filter]:
    found = node.filled("id", "data", "status", "dataset_ids")
    parts = [fields.id(found["id"].text())] if "id" in found else []
    enough: list[Filter] = []
    if "data" in found:
        data = found["data"]
        parts += _data(data, each, *_TYPES)
        bare = (kind for kind in _TYPES if kind in data.object() and not data[kind].filled("url"))
        enough += [fields.type(kind) for kind in bare]
    if "status" in found:
        code = found["status"].filled("code", "description").get("code")
        enough += [] if code is None else [_status(code)]
    if "dataset_ids" in found:
        raise _no_datasets(found["dataset_ids"])
    return parts + ([either(enough)] if enough else [])


def _data(node: Node, each: bool, *types: str) -> list[Filter]:
    """What `data` asks for; `each`: every concept and every key of the metadata has to be so.

    Of `types` only empty ones are understood, apart from an image's URL.
    """
    found = node.filled("concepts", "metadata", "geo", "regions", *{"image", *types})
    for kind in {*types} - {"image"}:
        if kind in found:
            raise found[kind].error(f"any {kind} is meant: write {{}}")
    parts: list[Filter] = []
    if "concepts" in found:
        parts.append((every if each else either)(_said(found["concepts"])))
    if "metadata" in found:
        parts.append(_contains(found["metadata"], each=each))
    if "geo" in found:
        parts += _geo(found["geo"])
    if "regions" in found:
        parts += [_region(region) for region in found["regions"].list()]
    if "image" in found and (url := found["image"].filled("url").get("url")):
        parts.append(fields.url(url.text()))
    return parts


def _said(node: Node) -> list[Filter]:
    parts = []
    for place, concept in zip(node.list(), concepts_of(node), strict=True):
        if concept.language and not concept.is_id:
            raise place.error(
                "a filter takes a concept's id, or the name that it was given: leave out the "
                "language, or rank by it"
            )
        parts.append(annotated(concept.name, concept.value))
    return parts


def _contains(node: Node, *, each: bool = False) -> Filter:
    asked = {key: member.value for key, member in node.object().items()}
    with node.named():
        if each:
            return metadata(asked)
        return either(metadata({key: value}) for key, value in asked.items())


def _region(node: Node) -> Filter:
    """Annotations of a box are asked for by an empty one."""
    info = node.object("region_info").get("region_info")
    if info is None or "bounding_box" not in info.object("bounding_box"):
        raise node.error('of regions, {"region_info": {"bounding_box": {}}} can be asked for')
    if not info["bounding_box"].is_empty:
        raise info["bounding_box"].error("any box is meant: leave its sides out")
    return fields.has("region")


def _type(node: Node) -> Filter:
    if node.value not in _TYPES:
        raise node.error(f"{shown(node.value)} is none of {', '.join(_TYPES)}")
    return fields.type(node.text())


def _status(node: Node) -> Filter:
    for code, status in _STATUSES.items():
        if node.value == code:
            return fields.status(status)
    raise node.error(f"{shown(node.value)} is none of {', '.join(map(str, _STATUSES))}")


def _no_datasets(node: Node) -> ArgumentError:
    return node.error(
        "there are no datasets: say in the metadata which set an input belongs to, and filter by "
        'that, {"metadata": {"set": …}}'
    )


def _changed(node: Node) -> list[Filter]:
    found = node.filled("start_time", "end_time")
    parts = []
    if "start_time" in found:
        parts.append(instant.compared("changed", ">=", found["start_time"].text()))
    if "end_time" in found:
        parts.append(instant.compared("changed", "<=", found["end_time"].text()))
    return parts


def _geo(node: Node) -> list[Filter]:
    found = node.filled("geo_point", "geo_limit", "geo_box")
    if "geo_box" in found:
        if "geo_point" in found:
            raise node.error("give a geo_point or a geo_box, not both")
        corners = found["geo_box"].list()
        if len(corners) != 2:
            raise found["geo_box"].error("give two opposite corners")
        points = [corner.object("geo_point").get("geo_point", corner) for corner in corners]
        return [box(*map(_place, points))]
    if "geo_point" not in found:
        raise node.error("give a geo_point or a geo_box")
    limit = found["geo_limit"].filled("type", "value") if "geo_limit" in found else {}
    distance = limit["value"].number() if "value" in limit else _DEFAULT_MILES
    unit = _unit(limit["type"]) if "type" in limit else "miles"
    return [within(*_place(found["geo_point"]), **{unit: distance})]


def _unit(node: Node) -> str:
    name = node.text().lower().removeprefix("within").removesuffix("s")
    if name not in _UNITS:
        known = ", ".join(f"within{unit.title()}s" for unit in _UNITS)
        raise node.error(f"{shown(node.value)} is none of {known}")
    return _UNITS[name]


def _place(node: Node) -> tuple[float, float]:
    found = node.object("longitude", "latitude")
    if len(found) != 2:
        raise node.error("give longitude and latitude")
    return found["latitude"].number(), found["longitude"].number()


def _near(node: Node) -> Filter:
    """The SDK's: the limit lies in the point, in kilometres."""
    found = node.object("longitude", "latitude", "geo_limit")
    place = Node({key: found[key].value for key in found if key != "geo_limit"}, node.place)
    if "geo_limit" in found:
        return within(*_place(place), km=found["geo_limit"].number())
    return within(*_place(place), miles=_DEFAULT_MILES)


_SDK: dict[str, Callable[[Node], Filter]] = {
    "concepts": lambda node: either(_said(node)),
    "metadata": _contains,
    "geo_point": _near,
    "image_url": lambda node: fields.url(node.text()),
}
