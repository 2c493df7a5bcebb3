"""A whole query: what orders, what restricts, and whether inputs or annotations are wanted.

>>> asked = Query.from_json({"ranks": [{"concept": "dog"}], "where": "beach and not cat"})
>>> asked.to_json()["where"]
{'and': [{'annotated': 'beach'}, {'not': {'annotated': 'cat'}}]}
>>> Query.from_hosted({"query": {"ranks": [{"annotation": {"data": {"concepts": [
...     {"id": "dog", "value": 1}]}}}], "language": "ja"}}).ranks
(Rank(kind='concept', of='dog', weight=1.0, crop=None, language=None),)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from nearsight.errors import ArgumentError
from nearsight.filters import Filter, every, from_json, to_filter, to_json
from nearsight.filters.hosted import filter_of, filter_of_and
from nearsight.filters.json import is_spelled
from nearsight.ranks import Rank, to_ranks
from nearsight.ranks.hosted import ranks_of_and
from nearsight.values.document import Node
from nearsight.values.text import shown

__all__ = ["Of", "Query", "to_filters"]

Of: TypeAlias = Literal["inputs", "annotations"]

_HOSTED = ("query", "searches", "filters", "ands", "language")
_BESIDE = {
    "pagination": "page= and k=",
    "min_value": "min_score=",
    "user_app_id": "the database that is open",
}


@dataclass(frozen=True, slots=True)
class Query:
    """Order by `ranks` together what meets `where`; a hit per input, or one per annotation."""

    ranks: tuple[Rank, ...] = ()
    where: Filter | None = None
    of: Of = "inputs"

    def __post_init__(self) -> None:
        """Read ranks and filter as searches do. Raises `ArgumentError` for what is none."""
        object.__setattr__(self, "ranks", to_ranks(self.ranks))
        object.__setattr__(self, "where", to_filter(self.where))
        if self.of not in ("inputs", "annotations"):
            raise ArgumentError(f"of={shown(self.of)}: search for 'inputs' or for 'annotations'")

    @classmethod
    def read(cls, value: "Query | Mapping[str, Any]", of: Of = "inputs") -> "Query":
        """A query from itself, from its JSON or from the hosted service's; `of`, if it is not said.

        Raises `ArgumentError` that names the place of what is not understood.
        """
        if isinstance(value, Query):
            return value
        if not isinstance(value, Mapping):
            raise ArgumentError(f"query={shown(value)}: give a Query or a dictionary")
        is_hosted = any(key in value for key in (*_HOSTED, *_BESIDE))
        return cls.from_hosted(value, of) if is_hosted else cls.from_json({"of": of, **value})

    def to_json(self) -> dict[str, Any]:
        """As plain JSON types. Raises `ArgumentError` for a picture that is neither file nor bytes.

        `from_json` reads it back.
        """
        written: dict[str, Any] = {"ranks": [rank.to_dict() for rank in self.ranks], "of": self.of}
        if self.where is not None:
            written["where"] = to_json(self.where)
        return written

    @classmethod
    def from_json(cls, mapping: Mapping[str, Any]) -> "Query":
        """The query of `{"ranks": […], "where": …, "of": …}`, each of which may be left out.

        `where` is a filter as JSON, one line, or a list of those, which all hold. Raises
        `ArgumentError` that names the place, as `query.ranks[0].weight`.
        """
        node = Node(mapping, "query")
        found = node.object("ranks", "where", "of")
        ranks = to_ranks(_list(found.get("ranks")), place="query.ranks")
        where = _where(found["where"]) if "where" in found else None
        return cls(ranks, where, found["of"].value if "of" in found else "inputs")  # type: ignore[arg-type]

    @classmethod
    def from_hosted(cls, mapping: Mapping[str, Any], of: Of = "inputs") -> "Query":
        """The query of the hosted service's JSON; its endpoint says what it is `of`.

        `{"query": {"ranks": […], "filters": […], "ands": […], "language": …}}`, what is in it, or
        `{"searches": [one of those]}`. See `nearsight.filters.hosted` and `nearsight.ranks.hosted`
        for their items. Raises `ArgumentError` that names the place of what is not understood.
        """
        node = _inner(Node(mapping, "search"))
        found = node.filled("ranks", "filters", "ands", "language")
        language = found["language"].text() if "language" in found else None
        place = f"{node.place}.ranks"
        ranks = to_ranks(_list(found.get("ranks")), language=language, place=place)
        where = to_filters(_list(found.get("filters")), place=f"{node.place}.filters")
        parts = [] if where is None else [where]
        for item in found["ands"].list() if "ands" in found else []:
            ranks += tuple(ranks_of_and(item, language))
            part = filter_of_and(item)
            parts += [] if part is None else [part]
        return cls(ranks, every(parts) if parts else None, of)


def to_filters(values: Iterable[object], place: str = "filters") -> Filter | None:
    """What a list of filters means, which all hold: anything that `where=` takes, or dictionaries.

    A dictionary is our JSON or the hosted service's. Raises `ArgumentError` naming the place.
    """
    if isinstance(values, str | bytes | Mapping | Filter) or not isinstance(values, Iterable):
        raise ArgumentError(f"{place}={shown(values)}: give a list of filters")
    read = (_filter(each, f"{place}[{n}]") for n, each in enumerate(values))
    parts = [part for part in read if part is not None]
    return to_filter(every(parts)) if parts else None


def _filter(value: Any, place: str) -> Filter | None:
    is_hosted = isinstance(value, Mapping) and not is_spelled(value)
    return filter_of(value, place) if is_hosted else _where(Node(value, place))


def _where(node: Node) -> Filter | None:
    if isinstance(node.value, Mapping) and is_spelled(node.value):
        return from_json(node.value, node.place)
    with node.named():
        return to_filter(node.value)  # type: ignore[arg-type]


def _inner(node: Node) -> Node:
    """The object that holds the ranks and filters."""
    if "searches" in node.object():
        node.filled("searches", *_BESIDE)
        searches = node["searches"].list()
        if len(searches) != 1:
            raise node.error(f"{len(searches)} searches; give one at a time")
        _refuse_beside(node)
        node = searches[0]
    _refuse_beside(node)
    if "query" in node.object():
        node.filled("query", "algorithm", "metric")  # every search is exact, by the angle
        return node["query"]
    return node


def _refuse_beside(node: Node) -> None:
    for key, instead in _BESIDE.items():
        if key in node.object():
            raise node[key].error(f"this is no part of a query: give {instead} beside it")


def _list(node: Node | None) -> list[Any]:
    return [] if node is None else [each.value for each in node.list()]
