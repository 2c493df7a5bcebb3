"""Names and texts in the one-line spelling: what stands bare, and what stands in quotes."""

import re

RESERVED = {"and", "or", "not"}
QUOTED = r'"(?:[^"\\]|\\.)*"'
WORD = r'(?!:)[^\s()=<>"!@{,]+'
STEP = rf"(?:[^\W\d][\w-]*|{QUOTED})"


def quoted_name(name: str) -> str:
    """A concept's name, in quotes if it could not be read as one word."""
    plain = "\\" not in name and name.lower() not in RESERVED and re.fullmatch(WORD, name)
    return name if plain else in_quotes(name)


def quoted_path(path: tuple[str, ...]) -> str:
    """The keys that lead to a value of the metadata, as `@camera."serial number"`."""
    return "@" + ".".join(s if re.fullmatch(r"[^\W\d][\w-]*", s) else in_quotes(s) for s in path)


def in_quotes(text: str) -> str:
    """The text between quotes; quotes and backslashes in it get a backslash."""
    return '"' + re.sub(r'(["\\])', r"\\\1", text) + '"'


def unquoted(text: str) -> str:
    """What stands between the quotes."""
    return re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL)
