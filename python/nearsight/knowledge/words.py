"""How names are compared: without case, punctuation or accents' variants, plurals as singulars."""

import re
import unicodedata
from collections.abc import Iterator

_WORD = re.compile(r"[^\W_]+(?:['\u2019][^\W_]+)*")
_APOSTROPHES = str.maketrans("", "", "'\u2019")
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
    return [(_fold(match[0]), match.start(), match.end()) for match in _WORD.finditer(text)]


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


def _fold(word: str) -> str:
    return unicodedata.normalize("NFKC", word).translate(_APOSTROPHES).casefold()
