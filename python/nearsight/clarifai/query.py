"""From the old client's terms to the ranks and filters of `app.search.query`."""

from functools import reduce
from operator import or_
from typing import Any, Literal, TypeAlias

import nearsight
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError
from nearsight.clarifai.geo import Geo
from nearsight.clarifai.image import Image
from nearsight.clarifai.records import address_of, own_ids, source_of
from nearsight.clarifai.terms import InputSearchTerm, OutputSearchTerm, SearchTerm

Likeness: TypeAlias = Literal["image", "input"]

_UNITS = {
    "withinMiles": "miles",
    "withinKilometers": "km",
    "withinDegrees": "degrees",
    "withinRadians": "radians",
}


class Query:
    """Ranks and filters, growing term by term."""

    def __init__(self, api: Database, language: str | None = None) -> None:
        """Start with none; concepts' names are looked up in `api`, predicted ones in `language`."""
        self.api = api
        self.language = language
        self.ranks: list[nearsight.Rank] = []
        self.filters: list[nearsight.filters.Filter] = []
        self.impossible = False  # a concept is asked for that nobody ever used

    def add(self, term: SearchTerm) -> None:
        """Take a term in."""
        if isinstance(term, InputSearchTerm):
            self._restrict(term)
        elif isinstance(term, OutputSearchTerm):
            self._add_rank(term)

    def rank(self, kind: Likeness, of: object, crop: Any = None) -> None:
        """Order by likeness to a picture, if wanted to a part of it."""
        self.ranks.append(nearsight.Rank(kind, of, crop=crop or None))

    def check(self) -> None:
        """Raise `UserError` if nothing was asked for."""
        if not self.ranks and not self.filters and not self.impossible:
            raise UserError("nothing to search for: add a term to the SearchQueryBuilder first")

    def _add_rank(self, term: OutputSearchTerm) -> None:
        weight = 1.0 if term.value else -1.0
        if term.concept is not None:
            rank = nearsight.Rank("concept", term.concept, weight, language=self.language)
            self.ranks.append(rank)
        elif term.concept_id is not None:
            self.ranks.append(nearsight.Rank("concept", term.concept_id, weight))
        elif term.input_id is not None:
            self.rank("input", term.input_id, term.crop)
        else:
            picture = Image(url=term.url, base64=term.base64)
            self.rank("image", source_of(self.api, picture), term.crop)

    def _restrict(self, term: InputSearchTerm) -> None:
        if term.concept is not None or term.concept_id is not None:
            self._annotated(term.concept, term.concept_id, bool(term.value))
        else:
            self.filters.append(_filter(term))

    def _annotated(self, name: str | None, id_: str | None, value: bool) -> None:
        ids = own_ids(self.api, name) if name is not None else _used(self.api, id_)
        if ids:
            said = [nearsight.annotated(one, value) for one in ids]
            self.filters.append(reduce(or_, said))
        else:
            self.impossible = True


def _used(api: Database, id_: str | None) -> list[str]:
    """The id of a concept that somebody made or said, if it is one."""
    concepts = api.native.concepts
    if id_ is None or id_ not in concepts or concepts[id_].added_at is None:
        return []
    return [concepts[id_].id]


def _filter(term: InputSearchTerm) -> nearsight.filters.Filter:
    if term.url is not None:
        return nearsight.filters.Is("url", address_of(term.url.strip()))
    if term.input_id is not None:
        return nearsight.filters.Is("id", term.input_id)
    if term.metadata is not None:
        return nearsight.metadata(term.metadata)
    if term.geo is not None:
        return _place(term.geo)
    raise UserError("InputSearchTerm: nothing to search for")


def _place(geo: Geo) -> nearsight.filters.Filter:
    if geo.geo_box is not None:
        corners = (geo.geo_box.point1, geo.geo_box.point2)
        return nearsight.box(*((corner.latitude, corner.longitude) for corner in corners))
    if geo.geo_point is None or geo.geo_limit is None:
        raise UserError("geo: give a GeoPoint with a GeoLimit, or a GeoBox")
    unit = {_UNITS[geo.geo_limit.limit_type]: geo.geo_limit.limit_range}
    return nearsight.within(geo.geo_point.latitude, geo.geo_point.longitude, **unit)
