"""What concepts are called in one language, and how a text of that language is searched for them.

Where words are written apart, a text is read word by word, the longest name first; of a word that
is no name, the endings and prefixes that the language's names often wear are taken off. Where words
are not written apart (Chinese, Japanese, Thai…), names are looked for in the run of letters; short
ones count only where they can stand by themselves, as 人 (person) does not in 人参 (carrot).
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

from nearsight.knowledge.match import Match
from nearsight.knowledge.words import fold, words

UNSPACED = frozenset(("ja", "km", "lo", "my", "th", "yue", "zh", "zh-Hant"))

# What the last word of a name may lose or change, tried in this order.
_ENDINGS: Mapping[str, str] = {
    "ca": "s es",
    "da": "en et er e ne",
    "de": "e en n er es s",
    "es": "s es",
    "fr": "s x",
    "gl": "s es",
    "it": "i:o i:e e:a",
    "ko": "가 이 는 은 를 을 와 과 의 에 도 들 에서 로 으로",
    "nl": "en s",
    "nn": "en et er a ar",
    "no": "en et er e ene",
    "pt": "s es",
    "sv": "en et n ar or:a er t",
}
# What its first word may lose.
_PREFIXES = {"ar": ("ال", "وال", "بال", "و"), "he": ("\u05d4", "\u05d5\u05d4", "\u05d5")}
_LEAST = {"ko": 1, "ar": 2, "he": 2}  # letters that must be left; elsewhere 3

_UNSPACED_LETTER = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005\u3041-\u30ff\u3400-\u9fff]"
)
_HAN = re.compile(r"[\u3005\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_HIRAGANA = re.compile(r"[\u3041-\u309f]")
_KATAKANA = re.compile(r"[\u30a1-\u30ff]")
_JOINING_HAN = frozenset("的在和与與跟上下里裡中是有一只隻個个张張了着著及或")
_PARTICLES = frozenset("がをはにとのでもへや")


class Lexicon:
    """The names of concepts in one language; immutable."""

    def __init__(self, language: str, rows: Mapping[str, tuple[str, ...]]) -> None:
        """Know `rows`: by a concept's id its names, the usual one first (empty if none is)."""
        self.language = language
        self._names = {id: names[0] for id, names in rows.items() if names[0]}
        self._meanings: dict[str, tuple[str, ...]] = {}
        for id, names in rows.items():
            for known in dict.fromkeys(self.key(name) for name in names if name):
                self._meanings[known] = (*self._meanings.get(known, ()), id)
        self._longest = max((self._size(known) for known in self._meanings), default=0)

    def key(self, name: str) -> str:
        """Return what is compared of a name: its words, folded."""
        apart = name.replace("'", " ").replace("\u2019", " ")
        return self._joint.join(word for word, _, _ in words(apart))

    def name(self, id: str) -> str | None:
        """Return what a concept is called, if that is known."""
        return self._names.get(id)

    def names(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """Yield every name that is known, folded, with the ids of the concepts it means."""
        yield from self._meanings.items()

    def meaning(self, name: str) -> tuple[str, ...]:
        """Return the ids of the concepts that a name means; empty if it means none."""
        for known in self._bare(self.key(name)):
            if known in self._meanings:
                return self._meanings[known]
        return ()

    def matches(self, text: str) -> Iterator[Match]:
        """Yield the names in a text (NFKC), the longest first where several begin."""
        yield from self._in_run(text) if self.language in UNSPACED else self._in_words(text)

    # -- words that are written apart ------------------------------------------------------------

    def _in_words(self, text: str) -> Iterator[Match]:
        found = words(text.replace("'", " ").replace("\u2019", " "))
        start = 0
        while start < len(found):
            for end in range(min(start + self._longest, len(found)), start, -1):
                phrase = " ".join(word for word, _, _ in found[start:end])
                if ids := self.meaning(phrase):
                    first, last = found[start][1], found[end - 1][2]
                    yield Match(text[first:last], first, last, ids)
                    break
            else:
                end = start + 1
            start = end

    def _bare(self, known: str) -> Iterator[str]:
        """Yield a folded name as it is, then without what it may have put on."""
        yield known
        least = _LEAST.get(self.language, 3)
        for change in _ENDINGS.get(self.language, "").split():
            ending, _, instead = change.partition(":")
            if known.endswith(ending) and len(known) >= len(ending) + least:
                yield known[: -len(ending)] + instead
        for prefix in _PREFIXES.get(self.language, ()):
            if known.startswith(prefix) and len(known) >= len(prefix) + least:
                yield known[len(prefix) :]

    # -- words in a run of letters ---------------------------------------------------------------

    def _in_run(self, text: str) -> Iterator[Match]:
        folded = fold(text)
        if len(folded) != len(text):  # a letter became two: positions would not fit
            folded = text
        start = 0
        while start < len(text):
            for end in range(min(start + self._longest, len(text)), start, -1):
                ids = self._meanings.get(folded[start:end])
                if ids and stands_alone(text, start, end):
                    yield Match(text[start:end], start, end, ids)
                    break
            else:
                end = start + 1
            start = end

    # -- keys ------------------------------------------------------------------------------------

    @property
    def _joint(self) -> str:
        return "" if self.language in UNSPACED else " "

    def _size(self, known: str) -> int:
        return len(known) if self.language in UNSPACED else known.count(" ") + 1


def is_unspaced(name: str) -> bool:
    """Is it written with letters of which words are not written apart?"""
    return _UNSPACED_LETTER.search(name) is not None


def stands_alone(text: str, start: int, end: int) -> bool:
    """Can text[start:end] be a word, by the letters around it?"""
    name, before, after = text[start:end], text[start - 1 : start], text[end : end + 1]
    if unicodedata.category(after or " ") in ("Mn", "Mc"):
        return False
    if _KATAKANA.match(name):
        return not (_KATAKANA.match(before) or _KATAKANA.match(after))
    if _HIRAGANA.match(name):
        return not (_HIRAGANA.match(before) or _HAN.match(before)) and (
            not _HIRAGANA.match(after) or (after in _PARTICLES and len(name) > 1)
        )
    if _HAN.match(name):
        return len(name) > 1 or not _HAN.match(after) or after in _JOINING_HAN
    return len(name) > 2 or name == text.strip()
