"""What to search for, as the old client spells it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any

from nearsight.clarifai.errors import UserError
from nearsight.clarifai.geo import Geo, GeoLimit, GeoPoint
from nearsight.clarifai.wire import Json


class SearchTerm(ABC):
    """One thing that is searched for: an `InputSearchTerm` or an `OutputSearchTerm`."""

    @abstractmethod
    def dict(self) -> Json:
        """As on the wire."""


class InputSearchTerm(SearchTerm):
    """What has to be so: said by people, or true of the input. Restricts, every hit scores 1.

    One of: `url` and `input_id` (exactly), `concept` (a name) and `concept_id`, which people said
    of the input (with `value=False`: said not to be there), `metadata` that it contains, and `geo`,
    a `Geo`, or a `GeoPoint` with a `geo_limit` beside.
    """

    def __init__(
        self,
        url: str | None = None,
        input_id: str | None = None,
        concept: str | None = None,
        concept_id: str | None = None,
        value: bool = True,
        metadata: Mapping[str, Any] | None = None,
        geo: Geo | GeoPoint | None = None,
        geo_limit: GeoLimit | None = None,
    ) -> None:
        """Raises `UserError` for none or several of them."""
        self.url = url
        self.input_id = input_id
        self.concept = concept
        self.concept_id = concept_id
        self.value = value
        self.metadata = metadata
        if isinstance(geo, GeoPoint):
            geo = Geo(geo_point=geo, geo_limit=geo_limit or GeoLimit())
        self.geo = geo
        _given(self, "url", "input_id", "concept", "concept_id", "metadata", "geo")

    def dict(self) -> Json:
        """As on the wire."""
        if self.url is not None:
            return {"input": {"data": {"image": {"url": self.url}}}}
        if self.input_id is not None:
            return {"input": {"id": self.input_id, "data": {"image": {}}}}
        if self.metadata is not None:
            return {"input": {"data": {"metadata": self.metadata}}}
        if self.geo is not None:
            return {"input": {"data": self.geo.dict()}}
        return {"input": {"data": {"concepts": [_concept(self)]}}}


class OutputSearchTerm(SearchTerm):
    """What the best hits are most like: orders, and gives the scores.

    One of: a picture by `url` (local, or known), `base64` or `input_id`, if wanted with a `crop`;
    or a predicted `concept` (a name) or `concept_id` (with `value=False`: the less the better).
    """

    def __init__(
        self,
        url: str | None = None,
        base64: str | bytes | None = None,
        input_id: str | None = None,
        concept: str | None = None,
        concept_id: str | None = None,
        value: bool = True,
        crop: Any = None,
    ) -> None:
        """Raises `UserError` for none or several of them."""
        self.url = url
        self.base64 = base64
        self.input_id = input_id
        self.concept = concept
        self.concept_id = concept_id
        self.value = value
        self.crop = crop
        _given(self, "url", "base64", "input_id", "concept", "concept_id")

    def dict(self) -> Json:
        """As on the wire."""
        if self.concept is not None or self.concept_id is not None:
            return {"output": {"data": {"concepts": [_concept(self)]}}}
        image: Json = {"crop": self.crop} if self.crop else {}
        if self.input_id is not None:
            return {"output": {"input": {"id": self.input_id, "data": {"image": image}}}}
        image |= {"url": self.url} if self.url is not None else {"base64": self.base64}
        return {"output": {"input": {"data": {"image": image}}}}


class SearchQueryBuilder:
    """Terms that all count: `InputSearchTerm`s restrict, `OutputSearchTerm`s order together.

    >>> query = SearchQueryBuilder(language="zh")
    >>> query.add_term(OutputSearchTerm(concept="狗"))
    >>> query.dict()["ands"]
    [{'output': {'data': {'concepts': [{'name': '狗', 'value': True}]}}}]
    """

    def __init__(self, language: str | None = None) -> None:
        """Start without any term; `language` is that of predicted concepts' names."""
        self.terms: list[SearchTerm] = []
        self.language = language

    def add_term(self, term: SearchTerm) -> None:
        """Add a term. Raises `UserError` for anything else."""
        if not isinstance(term, InputSearchTerm | OutputSearchTerm):
            raise UserError(f"{term!r:.80}: give an InputSearchTerm or an OutputSearchTerm")
        self.terms.append(term)

    def dict(self) -> Json:
        """The query as on the wire."""
        query: Json = {"ands": [term.dict() for term in self.terms]}
        return query if self.language is None else query | {"language": self.language}


def _given(term: SearchTerm, *names: str) -> None:
    given = [name for name in names if getattr(term, name) is not None]
    if len(given) != 1:
        kind = type(term).__name__
        got = "nothing" if not given else " and ".join(given)
        raise UserError(f"{kind}: give one of {', '.join(names)}, not {got}; add a term for each")


def _concept(term: InputSearchTerm | OutputSearchTerm) -> Json:
    known = {"name": term.concept, "id": term.concept_id}
    return {name: text for name, text in known.items() if text is not None} | {
        "value": bool(term.value)
    }
