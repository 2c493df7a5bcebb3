"""The nouns of WordNet 3.0, read from its own files (wndb(5WN) describes them)."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Synset:
    """A set of words for one thing; the first is the usual one. `parents` are its hypernyms."""

    id: str
    lemmas: tuple[str, ...]
    parents: tuple[str, ...]


class WordNet:
    """All noun synsets by id ("n02084071" is the dog), and how often texts use a word for them."""

    def __init__(self, folder: Path) -> None:
        """Read data.noun, index.noun and cntlist.rev."""
        self.synsets = {synset.id: synset for synset in _synsets(folder / "data.noun")}
        self._senses = dict(_senses(folder / "index.noun"))
        self._counts = dict(_counts(folder / "cntlist.rev"))

    def senses(self, word: str) -> tuple[str, ...]:
        """Return the ids of a word's senses, the usual one first."""
        return self._senses.get(word.lower(), ())

    def count(self, word: str, id: str) -> int:
        """Return how often `word` means `id` in the texts that WordNet's authors tagged."""
        return self._counts.get((word.lower(), self.senses(word).index(id) + 1), 0)

    def ancestors(self, id: str) -> set[str]:
        """Return every hypernym above `id`, without it."""
        found: set[str] = set()
        waiting = list(self.synsets[id].parents)
        while waiting:
            above = waiting.pop()
            if above not in found:
                found.add(above)
                waiting += self.synsets[above].parents
        return found


def _lines(path: Path) -> Iterator[list[str]]:
    """The fields of each line, without the licence (indented) and the gloss (after a bar)."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("  "):
            yield line.partition(" | ")[0].split()


def _synsets(path: Path) -> Iterator[Synset]:
    for offset, _file, _kind, word_count, *rest in _lines(path):
        words = int(word_count, 16)
        lemmas = tuple(word.replace("_", " ") for word in rest[: 2 * words : 2])
        pointers = rest[2 * words + 1 :]
        parents = [
            f"n{target}"
            for symbol, target in zip(pointers[::4], pointers[1::4], strict=False)
            if symbol in ("@", "@i")
        ]
        yield Synset(f"n{offset}", lemmas, tuple(parents))


def _senses(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    for word, _kind, count, *rest in _lines(path):
        yield word.replace("_", " "), tuple(f"n{offset}" for offset in rest[-int(count) :])


def _counts(path: Path) -> Iterator[tuple[tuple[str, int], int]]:
    for key, sense, count in _lines(path):
        word, _, place = key.partition("%")
        if place.startswith("1:"):
            yield (word.replace("_", " "), int(sense)), int(count)
