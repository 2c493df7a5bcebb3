"""What is known of a picture before it is in: an item to add, and the regions in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nearsight.errors import ArgumentError
from nearsight.values.geo import GeoPoint, point
from nearsight.values.patching import checked
from nearsight.values.region import BoundingBox, bounding_box, part
from nearsight.values.text import checked_text, shown

__all__ = [
    "Details",
    "Item",
    "Region",
    "RegionDetails",
    "checked_id",
    "checked_ids",
    "details_of",
    "said_of",
]

MAX_ID = 200


@dataclass(frozen=True, slots=True)
class Region:
    """A box of a picture, and what is said of it: see `Item`.

    `box` is (top, left, bottom, right) in fractions 0..1 of the picture as it is displayed.
    """

    box: object
    concepts: Iterable[str] = ()
    not_concepts: Iterable[str] = ()
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One picture to add, and what is known of it: `app.inputs.add([Item("a.jpg", id="a"), …])`.

    `source` is anything that `add` takes. The rest is what `add` takes for all of its pictures,
    here for this one: it is added to that, and wins where both say something. Of a picture that is
    in already the concepts and the regions are heeded: a region of the same box says more, others
    are added.
    """

    source: object
    id: str | None = None
    concepts: Iterable[str] = ()
    not_concepts: Iterable[str] = ()
    metadata: Mapping[str, Any] | None = None
    geo: object = None
    crop: object = None
    url: str | None = None
    regions: Iterable[Region] = ()


@dataclass(frozen=True, slots=True)
class RegionDetails:
    """A checked `Region`."""

    box: BoundingBox
    concepts: dict[str, bool]
    text: str | None


@dataclass(frozen=True, slots=True)
class Details:
    """A checked `Item` without its source."""

    id: str | None
    concepts: dict[str, bool]
    metadata: dict[str, Any]
    geo: GeoPoint | None
    crop: BoundingBox | None
    url: str | None
    regions: tuple[RegionDetails, ...]

    def under(self, common: "Details") -> "Details":
        """These details, and of `common` what they say nothing of."""
        return Details(
            self.id or common.id,
            common.concepts | self.concepts,
            common.metadata | self.metadata,
            self.geo or common.geo,
            self.crop or common.crop,
            self.url or common.url,
            self.regions or common.regions,
        )


def details_of(item: Item) -> Details:
    """The details of an item, checked. Raises `ArgumentError` for what cannot be kept."""
    return Details(
        None if item.id is None else checked_id(item.id),
        said_of(item.concepts, item.not_concepts),
        checked(item.metadata),
        None if item.geo is None else point(item.geo),
        part(item.crop),
        None if item.url is None else checked_url(item.url),
        tuple(_region(region) for region in _listed("regions", item.regions)),
    )


def _region(region: object) -> RegionDetails:
    if not isinstance(region, Region):
        raise ArgumentError(f"regions: {shown(region)} is no nearsight.Region(box, concepts=…)")
    return RegionDetails(
        bounding_box(region.box),
        said_of(region.concepts, region.not_concepts),
        None if region.text is None else checked_text(region.text, "text"),
    )


def checked_id(id_: object, what: str = "id") -> str:
    """An id of 1 to 200 characters without a slash. Raises `ArgumentError`."""
    if not isinstance(id_, str) or not id_.strip() or "/" in id_ or len(id_) > MAX_ID:
        raise ArgumentError(f"{what}={shown(id_)}: give 1 to {MAX_ID} characters without a /")
    return checked_text(id_, what)


def checked_ids(ids: str | Iterable[str]) -> list[str]:
    """An id, or several, each once; they may be of nothing. Raises `ArgumentError`."""
    if isinstance(ids, bytes | Mapping) or not isinstance(ids, Iterable):
        raise ArgumentError(f"ids={shown(ids)}: give an id, or a list of them")
    listed = [ids] if isinstance(ids, str) else ids
    return [*dict.fromkeys(checked_text(id_, "id") for id_ in listed)]


def checked_url(url: object) -> str:
    """Where a picture came from, as text; it is never fetched. Raises `ArgumentError`."""
    if not isinstance(url, str) or not url.strip():
        raise ArgumentError(f"url={shown(url)}: give text, such as https://example.org/a.jpg")
    return checked_text(url.strip(), "url")


def said_of(concepts: Iterable[str], not_concepts: Iterable[str]) -> dict[str, bool]:
    """Both lists as one; a concept in both is a contradiction. Raises `ArgumentError`."""
    said = dict.fromkeys(_names("concepts", concepts), True)
    denied = dict.fromkeys(_names("not_concepts", not_concepts), False)
    if both := sorted(said.keys() & denied.keys()):
        raise ArgumentError(f"{both[0]!r} is in concepts and in not_concepts: choose one")
    return said | denied


def _names(argument: str, names: Iterable[str]) -> list[str]:
    listed = _listed(argument, names)
    for name in listed:
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError(f"{argument}: {shown(name)} is no concept; give names as text")
    return [checked_text(name.strip(), argument) for name in listed]


def _listed(argument: str, several: Iterable[Any]) -> list[Any]:
    if isinstance(several, str):
        raise ArgumentError(f"{argument}={several!r}: give a list, {argument}=[{several!r}]")
    if isinstance(several, Mapping):  # such as Input.concepts, whose False would be lost
        raise ArgumentError(
            f"{argument}={shown(several)}: give a list, not a dictionary; what a picture does not "
            "show goes into not_concepts="
        )
    if not isinstance(several, Iterable):
        raise ArgumentError(f"{argument}={shown(several)}: give a list")
    return list(several)
