"""What was found in a text: words of it, where they stand, and what they mean."""

from typing import NamedTuple


class Match(NamedTuple):
    """`words` are the text's own, text[start:end]; `ids` are those of the concepts they mean."""

    words: str
    start: int
    end: int
    ids: tuple[str, ...]
