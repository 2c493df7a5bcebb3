"""How names are compared: without case, punctuation or accents' variants, plurals as singulars."""

import re
import unicodedata
from collections.abc import Iterator

# Vowel signs and the like: parts of words that Python's \w does not count among them.
_MARKS = "".join(
    chr(code) for code in range(0x300, 0x1D00) if unicodedata.category(chr(code)) in ("Mn", "Mc")
)
_WORD = re.compile(rf"[^\W_](?:['\u2019]?[^\W_]|[{_MARKS}\u200c\u200d])*")
# Spellings that mean the same word: katakana as hiragana, dotless i, Cyrillic yo, and without
# apostrophes, joiners, the dot that lower case leaves above a Turkish i, Arabic vowel signs and
# the stroke that stretches Arabic letters.
_SAME = (
    {code: code - 0x60 for code in range(0x30A1, 0x30F7)}
    | {0x131: "i", 0x451: "\u0435"}
    | dict.fromkeys(map(ord, "'\u2019\u0307\u200c\u200d\u0640\u0670"))
    | dict.fromkeys(range(0x64B, 0x653))
)
_IRREGULAR = {
    "fungi": "fungus",
    "geese": "goose",
    "hippopotami": "hippopotamus",
    "oxen": "ox",
    "people": "person",
    "titmice": "titmouse",
}
_ENDINGS = (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("s", ""), ("es", ""))


def words(text: str) -> list[tuple[str, int, int]]:
    """Return the words of `text`, folded for comparison, each with where it starts and ends.

    >>> words("St. Bernard's_dog")
    [('st', 0, 2), ('bernards', 4, 13), ('dog', 14, 17)]
    """
    return [(fold(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]


def key(name: str) -> str:
    """Return what two spellings of one name have in common.

    >>> key("Jack-o'-lantern") == key("jack_o_lantern")
    True
    """
    return " ".join(word for word, _, _ in words(name))


def singulars(key: str) -> Iterator[str]:
    """Yield `key` itself, then what its last word (before "of") could be the plural of.

    >>> list(singulars("grey wolves"))
    ['grey wolves', 'grey wolf', 'grey wolfe', 'grey wolve', 'grey wolv']
    """
    yield key
    thing, of, what = key.partition(" of ")
    start, space, last = thing.rpartition(" ")
    if last in _IRREGULAR:
        yield start + space + _IRREGULAR[last] + of + what
    for ending, singular in _ENDINGS:
        if last.endswith(ending) and len(last) > len(ending) + 1:
            yield start + space + last[: -len(ending)] + singular + of + what


def fold(text: str) -> str:
    """Return what is compared of a word: NFKC, without case, one spelling where several mean it.

    >>> fold("リンゴ"), fold("ﾘﾝｺﾞ"), fold("İSTANBUL")
    ('りんご', 'りんご', 'istanbul')
    """
    return unicodedata.normalize("NFKC", text).casefold().translate(_SAME)
