"""What concepts are called in English: names and lemmas, and how a text is searched for them."""

from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from nearsight.knowledge.concept import GeneralConcept
from nearsight.knowledge.match import Match
from nearsight.knowledge.words import key, singulars, words

# No concept's name is longer, counted in words.
_LONGEST = 6
# Names of concepts that in a sentence are nearly always another word.
_NOT_IN_TEXT = frozenset(("can",))

# Words that join others and name nothing.
_JOINING = (
    "a an and at by for from in into is its near of on over some that the their these this those "
    "to under with picture pictures photo photos image images show me"
)
_UNSPOKEN = frozenset(_JOINING.split())


class English:
    """The English names of concepts; immutable."""

    def __init__(self, concepts: Iterable[GeneralConcept]) -> None:
        """Know the names and lemmas of `concepts`."""
        self._by_name: dict[str, list[GeneralConcept]] = {}
        self._by_lemma: dict[str, list[GeneralConcept]] = {}
        for concept in concepts:
            self._by_name.setdefault(key(concept.name), []).append(concept)
            for lemma in {key(lemma) for lemma in concept.lemmas}:
                self._by_lemma.setdefault(lemma, []).append(concept)

    def meaning(self, name: str) -> tuple[str, ...]:
        """Return the ids of the concepts that a name means: see `ConceptTree.named`."""
        for singular in singulars(key(name)):
            for known in (self._by_name, self._by_lemma):
                if singular in known:
                    return tuple(concept.id for concept in known[singular])
        return ()

    def matches(self, text: str) -> Iterator[Match]:
        """Yield the names in a text, the longest first where several begin."""
        found = words(text)
        start = 0
        while start < len(found):
            for end in range(min(start + _LONGEST, len(found)), start, -1):
                phrase = " ".join(word for word, _, _ in found[start:end])
                ids = () if phrase in _NOT_IN_TEXT else self.meaning(phrase)
                if ids:
                    first, last = found[start][1], found[end - 1][2]
                    yield Match(text[first:last], first, last, ids)
                    break
            else:
                end = start + 1
            start = end

    def names(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield every name and lemma, folded, with the ids of the concepts it means."""
        for known in (self._by_name, self._by_lemma):
            for name, concepts in known.items():
                yield name, tuple(concept.id for concept in concepts)

    def suggest(self, name: str, n: int) -> list[str]:
        """Return up to `n` names that somebody who typed `name` could have meant."""
        wanted = key(name)
        holding = [known for known in self._by_name if wanted and wanted in known.split()]
        close = get_close_matches(wanted, [*self._by_name, *self._by_lemma], n, 0.7)
        found = dict.fromkeys(self._spelling(known) for known in [*holding, *close])
        return list(found)[:n]

    def _spelling(self, known: str) -> str:
        """How a name that was folded for comparison is really written."""
        if known in self._by_name:
            return self._by_name[known][0].name
        return next(lemma for lemma in self._by_lemma[known][0].lemmas if key(lemma) == known)


def unread(text: str, matches: Iterable[Match]) -> list[str]:
    """Return the words of a text that are in none of its names, folded, each once.

    Articles, prepositions and what says that pictures are asked for are left out.
    """
    read = {word for match in matches for word, _, _ in words(match.words)}
    left = [word for word, _, _ in words(text) if word not in read | _UNSPOKEN]
    return list(dict.fromkeys(left))
