"""Names that are known in part: a pattern in which * stands for anything."""

import re

from nearsight.knowledge.words import fold

_GAP = re.compile(r"[\W_]+")


class Pattern:
    """What a name has to look like. Compared as names are: without case, hyphens and the like.

    >>> Pattern("Hot*").fits("hot dog"), Pattern("hot").fits("hot dog")
    (True, False)
    """

    def __init__(self, pattern: str) -> None:
        """Read a pattern; without a * it is a whole name."""
        self._parts = [_GAP.sub(" ", fold(part)) for part in pattern.strip().split("*")]

    def fits(self, name: str) -> bool:
        """Does a name, folded or not, look like this? Takes time in proportion to both lengths."""
        name = _GAP.sub(" ", fold(name))
        if len(self._parts) == 1:
            return name == self._parts[0]
        first, *inner, last = self._parts
        if len(name) < len(first) + len(last):
            return False
        if not (name.startswith(first) and name.endswith(last)):
            return False
        place, end = len(first), len(name) - len(last)
        for part in inner:
            place = name.find(part, place, end)
            if place < 0:
                return False
            place += len(part)
        return True
