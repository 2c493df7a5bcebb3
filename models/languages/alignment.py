"""Words that mean the same, found by the emoji that two languages' CLDR annotations give them to.

CLDR (unicode.org) describes every emoji in many languages: with a name and with keywords. A German
and an English word that describe the same emoji, and no others, mean the same; how nearly is the
Jaccard index of the two sets, in which an emoji counts double for the word that names it.

A word is aligned with all English keywords, whether or not they name a concept: "playa" goes with
"beach", and, were there no such concept, with nothing, rather than with "pool".
"""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

Emoji = dict[str, float]  # by emoji: how much a word is about it

LEAST = 0.35  # how nearly the same a word and its English one have to be, 0..1
# A word that describes so many emoji need not fit its English one as well: translators differ in
# what they call "beach", and yet little else is on these emoji.
_MANY = 4
_LEAST_OF_MANY = 0.25
_BESIDE = 0.8  # of the likeness of the nearest English word, where that names no concept
# What the names of emoji add to what they show: "dog face", "OK button". Only of languages in which
# the rest is a word as it stands.
_AFTERTHOUGHTS = {
    "am": (" ፊት",),
    "ar": ("وجه ",),
    "bg": ("муцуна на ",),
    "ca": ("cara de ",),
    "en": (" face", " button"),
    "es": ("cara de ",),
    "fa": ("صورت ",),
    "fr": ("tête de ",),
    "gl": ("cara de ",),
    "id": ("wajah ",),
    "it": ("muso di ",),
    "ja": ("の顔",),
    "km": ("មុខ",),
    "ko": (" 얼굴",),
    "mk": ("глава на ",),
    "ms": ("muka ",),
    "pt": ("rosto de ",),
    "th": ("หน้า",),
    "vi": ("mặt ",),
    "zh": ("脸", "头"),
    "zh-Hant": ("臉", "頭"),
}


class Keywords:
    """The words of one language's annotations."""

    def __init__(self, key: Callable[[str], str], annotations: Path) -> None:
        """Read a folder's annotations.json; words are the same if their `key` is."""
        read = json.loads((annotations / "annotations.json").read_text(encoding="utf-8"))
        self.key = key
        self.emoji: dict[str, Emoji] = {}
        afterthoughts = _AFTERTHOUGHTS.get(annotations.name, ())
        self.written: dict[str, str] = {}  # by key: how the word is spelled, in names if possible
        for emoji, facts in read["annotations"].get("annotations", {}).items():
            for name in facts.get("tts", []):
                bare = name
                for added in afterthoughts:
                    bare = bare.removesuffix(added).removeprefix(added)
                self._add(key(bare), bare, emoji, 2.0)
                self._add(key(name), name, emoji, 1.0)
            for word in facts.get("default", []):
                self._add(key(word), word, emoji, 1.0)

    def _add(self, known: str, written: str, emoji: str, weight: float) -> None:
        if known:
            about = self.emoji.setdefault(known, {})
            about[emoji] = max(weight, about.get(emoji, 0.0))
            if weight > 1:
                self.written[known] = written
            self.written.setdefault(known, written)


class English(Keywords):
    """The English words, which others are aligned with."""

    def __init__(self, key: Callable[[str], str], annotations: Path) -> None:
        """Read a folder's annotations.json."""
        super().__init__(key, annotations)
        self._words: dict[str, set[str]] = {}
        for word, about in self.emoji.items():
            for emoji in about:
                self._words.setdefault(emoji, set()).add(word)

    def nearest(self, about: Emoji) -> list[tuple[float, str]]:
        """Return the words that share an emoji, best first: how nearly they have the same, 0..1."""
        near = {word for emoji in about for word in self._words.get(emoji, ())}
        return sorted(((_likeness(about, self.emoji[word]), word) for word in near), reverse=True)


def aligned(
    words: Keywords, english: English, meanings: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, str, str, float]]:
    """Yield (word, its English word, concept's id, likeness) for every word that means a concept.

    `meanings` are the concepts of English words.
    """
    for known, about in words.emoji.items():
        for likeness, word in _translations(about, english.nearest(about), meanings):
            for id in meanings[word]:
                yield words.written[known], word, id, likeness


def _translations(
    about: Emoji, ranked: list[tuple[float, str]], meanings: Mapping[str, tuple[str, ...]]
) -> list[tuple[float, str]]:
    """Choose among the English words those that mean concepts, if they are sure enough.

    Where several are as near, half of them have to mean concepts; all of them for a word that is
    but one keyword of one emoji, which may say anything of it ("loyal" of the dog).
    """
    best = ranked[0][0] if ranked else 0.0
    nearest = [(likeness, word) for likeness, word in ranked if likeness >= 0.999 * best]
    telling = [(likeness, word) for likeness, word in nearest if word in meanings]
    needed = len(nearest) if sum(about.values()) == 1 else len(nearest) / 2
    if best >= LEAST and len(telling) >= needed:
        return telling
    if best >= _LEAST_OF_MANY and len(about) >= _MANY:
        beside = [(likeness, word) for likeness, word in ranked if likeness >= _BESIDE * best]
        return [(likeness, word) for likeness, word in beside if word in meanings][:1]
    return []


def _likeness(one: Emoji, other: Emoji) -> float:
    shared = sum(min(weight, other[emoji]) for emoji, weight in one.items() if emoji in other)
    return shared / (sum(one.values()) + sum(other.values()) - shared)
