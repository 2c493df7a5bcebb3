"""What orders a search: by a picture, an input, a region of one, words or a concept.

>>> to_rank({"concept": "dog", "value": 0, "weight": 2})
Rank(kind='concept', of='dog', weight=-2.0, crop=None, language=None)
>>> to_ranks([{"image": "a.jpg", "crop": [0, 0, 0.5, 1]}, {"text": "red car"}])[0].to_dict()
{'image': 'a.jpg', 'crop': [0.0, 0.0, 0.5, 1.0]}

A dictionary has one key that says what to rank by (`image`, `input`, `region`, `text`, `concept`)
and may have `weight`, `crop` (of an image or an input: top, left, bottom, right as fractions),
`language` (of a text or a concept) and `value` (of a concept: 0 asks for what does not show it).
Pictures are paths, URLs, or `{"base64": …}`. The hosted service's dictionaries are understood too:
`nearsight.ranks.hosted`.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

from nearsight.errors import ArgumentError
from nearsight.ranks.hosted import KEYS, bytes_of, ranks_of
from nearsight.ranks.rank import KINDS, Rank
from nearsight.values.document import Node
from nearsight.values.text import shown

__all__ = ["Rank", "Ranked", "to_rank", "to_ranks"]

Ranked: TypeAlias = Rank | Mapping[str, Any]


def to_rank(value: Ranked, *, language: str | None = None, place: str = "rank") -> Rank:
    """One rank, from itself or a dictionary. Raises `ArgumentError` naming the place in it."""
    ranks = _read(value, language, place)
    if len(ranks) != 1:
        raise ArgumentError(f"{place}: {len(ranks)} ranks where one is wanted")
    return ranks[0]


def to_ranks(
    values: Iterable[Ranked], *, language: str | None = None, place: str = "ranks"
) -> tuple[Rank, ...]:
    """All of them; the hosted service's dictionaries may stand for several, or for none.

    `language` is that of every text and concept name that has none of its own.
    """
    if isinstance(values, str | bytes | Mapping | Rank) or not isinstance(values, Iterable):
        raise ArgumentError(f"{place}={shown(values)}: give a list of ranks")
    return tuple(
        rank for n, value in enumerate(values) for rank in _read(value, language, f"{place}[{n}]")
    )


def _read(value: object, language: str | None, place: str) -> list[Rank]:
    if isinstance(value, Rank):
        return [value]
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{place}: {shown(value)} is no rank: give a Rank or a dictionary")
    node = Node(value, place)
    with node.named():
        return ranks_of(node, language) if _is_hosted(value) else [_own(node, language)]


def _is_hosted(value: Mapping[Any, Any]) -> bool:
    """Is it the service's? An empty one is; what is mistyped is not, and will be told our keys."""
    if set(KINDS) & value.keys():
        return isinstance(value.get("input"), Mapping)
    return not value or bool(KEYS & value.keys())


def _own(node: Node, language: str | None) -> Rank:
    found = node.object(*KINDS, "weight", "crop", "language", "value")
    kinds = [kind for kind in KINDS if kind in found]
    if len(kinds) != 1:
        raise node.error(
            f"rank by one of {', '.join(kinds or KINDS)}; give several ranks for several"
        )
    (kind,) = kinds
    weight = found["weight"].number() if "weight" in found else 1.0
    if "value" in found:
        if kind != "concept":
            raise found["value"].error("only a concept has a value; give a negative weight")
        weight = weight if found["value"].flag() else -weight
    if "language" in found:
        language = found["language"].text()
    elif kind not in ("text", "concept"):
        language = None
    of = _picture(found[kind]) if kind == "image" else found[kind].text()
    return Rank(kind, of, weight, found["crop"].value if "crop" in found else None, language)  # type: ignore[arg-type]


def _picture(node: Node) -> object:
    if not isinstance(node.value, Mapping):
        return node.value
    found = node.object("base64")
    if not found:
        raise node.error('give a path, a URL or {"base64": …}')
    return bytes_of(found["base64"])
