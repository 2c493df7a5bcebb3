"""What was asked, as `app.search` takes it: read, checked, and refused where it is not meant so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypedDict

from nearsight.errors import ArgumentError
from nearsight.filters import Where
from nearsight.ranks import Rank
from nearsight.search.query import Of
from nearsight.search.ranking import Ranking
from nearsight.values.region import part
from nearsight.values.text import shown

_OTHER_NAMES = {
    **dict.fromkeys(("limit", "top_k", "topk", "top", "n", "n_results"), "k"),
    **dict.fromkeys(("filter", "filters"), "where"),
    **dict.fromkeys(("picture", "photo", "near", "file", "path"), "image"),
    **dict.fromkeys(("query", "words", "q"), "text"),
    **dict.fromkeys(("id", "input_id"), "input"),
    "skip": "offset",
    "lang": "language",
    "threshold": "min_score",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what orders, what restricts, and of what kind the hits are."""

    ranking: Ranking | None
    where: Where
    of: Of
    min_score: float | None


Several: TypeAlias = str | Sequence[str] | None


class Question(TypedDict, total=False):
    """What can be asked: see `Search.__call__`."""

    image: object
    unlike: object
    input: Several
    region: Several
    text: Several
    concept: Several
    crop: object
    language: str | None
    where: Where
    min_score: float | None


def ranks_of(asked: Question) -> list[Rank]:
    """What a question orders by. Raises `ArgumentError` for words about nothing."""
    box = part(crop := asked.get("crop"))
    language = asked.get("language")
    ranks = [Rank("image", each, 1.0, box) for each in _each(asked, "image")]
    ranks += [Rank("image", each, -1.0) for each in _each(asked, "unlike")]
    ranks += [Rank("input", each, 1.0, box) for each in _each(asked, "input")]
    ranks += [Rank("region", each) for each in _each(asked, "region")]
    words = [Rank("text", each, language=language) for each in _each(asked, "text")]
    words += [Rank("concept", each, language=language) for each in _each(asked, "concept")]
    if crop is not None and asked.get("image") is None and asked.get("input") is None:
        raise ArgumentError("crop= is a part of a picture: give image= or input= with it")
    if language is not None and not words:
        raise ArgumentError("language= is of words: give text= or concept= with it")
    return [*ranks, *words]


def _each(asked: Question, name: str) -> Sequence[object]:
    """One thing to rank by, or each of a list."""
    several = asked.get(name)
    if several is None:
        return ()
    if not isinstance(several, list | tuple):
        return (several,)
    if not several:
        raise ArgumentError(f"{name}={several!r} names nothing to rank by: leave it out")
    return several


def check_named(unnamed: tuple[object, ...], unknown: Iterable[str]) -> None:
    """Say how it is meant, where a search was written as another library would have it."""
    if unnamed:
        raise ArgumentError(
            f"search({shown(unnamed[0])}): say what it is: text=, concept=, image= or input="
        )
    for name in unknown:
        meant = _OTHER_NAMES.get(name)
        hint = f"did you mean {meant}=?" if meant else "see help(nearsight.Search)"
        raise ArgumentError(f"search({name}=…): there is no such argument; {hint}")


def check_score(min_score: object) -> None:
    """Raises `ArgumentError` for what is neither None nor a number in 0..1."""
    if min_score is None:
        return
    if isinstance(min_score, bool) or not isinstance(min_score, int | float):
        raise ArgumentError(f"min_score={shown(min_score)}: give a number in 0..1")
    if not 0 <= min_score <= 1:
        raise ArgumentError(f"min_score={min_score!r}: scores lie in 0..1")
