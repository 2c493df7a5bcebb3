"""What a text names: concepts of your own, by the names you gave them, and general ones."""

import unicodedata
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nearsight.knowledge.concept import GeneralConcept
from nearsight.knowledge.english import unread
from nearsight.knowledge.lexicon import is_unspaced, stands_alone
from nearsight.knowledge.match import Match
from nearsight.knowledge.tree import ConceptTree
from nearsight.knowledge.words import fold, key, singulars, words


@dataclass(frozen=True, slots=True)
class Named:
    """Words of a text and what they name: ids of your own concepts, or general concepts."""

    words: str
    own: tuple[str, ...]
    general: tuple[GeneralConcept, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text names, in its order, and its words that name nothing."""

    named: tuple[Named, ...]
    unread: tuple[str, ...]


class OwnNames:
    """The names of concepts of your own, and how a text is searched for them."""

    def __init__(self, names: Mapping[str, str]) -> None:
        """Know `names`, by id; an id names its concept, too."""
        self._apart: dict[str, tuple[str, ...]] = {}
        self._joined: dict[str, tuple[str, ...]] = {}
        for id, name in names.items():
            for known in dict.fromkeys((key(name), key(id))):
                table = self._joined if is_unspaced(known) else self._apart
                if known:
                    table[known] = (*table.get(known, ()), id)
        self._longest = max((known.count(" ") + 1 for known in self._apart), default=0)

    def matches(self, text: str) -> list[Match]:
        """Return the names in a text (NFKC), the longest where several overlap, in their order.

        >>> OwnNames({"rex": "Rex", "a1": "Rex the dog"}).matches("my rex, the dog")
        [Match(words='rex, the dog', start=3, end=15, ids=('a1',))]
        """
        return longest([*self._in_words(text), *self._in_run(text)])

    def _in_words(self, text: str) -> Iterator[Match]:
        found = words(text)
        for start in range(len(found)):
            for end in range(start + 1, min(start + self._longest, len(found)) + 1):
                phrase = " ".join(word for word, _, _ in found[start:end])
                for singular in singulars(phrase):
                    if ids := self._apart.get(singular):
                        first, last = found[start][1], found[end - 1][2]
                        yield Match(text[first:last], first, last, ids)
                        break

    def _in_run(self, text: str) -> Iterator[Match]:
        folded = fold(text)
        folded = folded if len(folded) == len(text) else text
        for known, ids in self._joined.items():
            start = folded.find(known)
            while start >= 0:
                end = start + len(known)
                if stands_alone(text, start, end):
                    yield Match(text[start:end], start, end, ids)
                start = folded.find(known, start + 1)


def read(
    text: str, own: OwnNames, tree: ConceptTree | None = None, language: str | None = None
) -> Reading:
    """Find what a text names; at one place the longest name counts, of equal ones your own.

    >>> tree = ConceptTree.load()
    >>> [named.words for named in read("rex on a sports car", OwnNames({"rex": "Rex"}), tree).named]
    ['rex', 'sports car']

    Raises `ArgumentError` for a language in which `tree` has no names.
    """
    text = unicodedata.normalize("NFKC", text)
    yours = own.matches(text)
    general = tree.matches(text, language) if tree else []
    mine = set(yours)
    named = tuple(_named(match, match in mine, tree) for match in longest([*yours, *general]))
    left = tree.unread(text, language) if tree else unread(text, ())
    said = {word for match in yours for word, _, _ in words(match.words)}
    return Reading(named, tuple(word for word in left if word not in said))


def _named(match: Match, is_own: bool, tree: ConceptTree | None) -> Named:
    if is_own or tree is None:
        return Named(match.words, match.ids, ())
    return Named(match.words, (), tuple(tree[id] for id in match.ids))


def longest(matches: list[Match]) -> list[Match]:
    """Return the longest of overlapping matches, of equal ones the first, in the text's order.

    >>> longest([Match("car", 7, 10, ("a",)), Match("sports car", 0, 10, ("b",))])
    [Match(words='sports car', start=0, end=10, ids=('b',))]
    """
    kept: list[Match] = []
    for match in sorted(matches, key=lambda match: match.start - match.end):
        place = bisect_left(kept, match.start, key=_start)
        after_last = place == 0 or kept[place - 1].end <= match.start
        before_next = place == len(kept) or match.end <= kept[place].start
        if after_last and before_next:
            kept.insert(place, match)
    return kept


def _start(match: Match) -> int:
    return match.start
