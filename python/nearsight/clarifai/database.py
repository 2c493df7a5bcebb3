"""Where the old client's app lives now: one nearsight database, opened once in a process."""

import os
import weakref
from functools import cached_property
from itertools import count
from pathlib import Path

import nearsight
from nearsight.clarifai.errors import asking

DEFAULT = "clarifai.ns"  # in the current folder
_PER_PAGE = 1000


class Database:
    """An opened nearsight app, shared by every `ClarifaiApp` of its path.

    The old tutorials make a new app in each snippet and close none of them, so that the last one
    that is forgotten closes the file.
    """

    def __init__(self, path: Path) -> None:
        """Open the file, or create it; use `at`."""
        self.native = nearsight.open(path)
        self.app_id = path.stem
        self.close = weakref.finalize(self, self.native.close)

    def general_ids(self, name: str) -> list[str]:
        """The ids of the general model's concepts with this name; of anything else, itself."""
        return self._general.get(name, [name])

    @cached_property
    def _general(self) -> dict[str, list[str]]:
        """Name → ids of the general model's concepts: some thirty names mean two of them."""
        found: dict[str, list[str]] = {}
        for page in count(1):
            concepts = self.native.concepts.list(page, _PER_PAGE, source="general")
            for concept in concepts:
                found.setdefault(concept.name, []).append(concept.id)
            if len(concepts) < _PER_PAGE:
                break
        return found

    @staticmethod
    def at(path: str | os.PathLike[str] | None) -> "Database":
        """The database at `path`, else where NEARSIGHT_DB says, else clarifai.ns in this folder."""
        with asking("OPEN", "database"):
            given = path or os.environ.get("NEARSIGHT_DB") or DEFAULT
            where = Path(os.path.realpath(given))
            found = _OPENED.get((os.getpid(), where))
            if found is None or not found.close.alive:
                found = _OPENED[os.getpid(), where] = Database(where)
            return found


_OPENED: "weakref.WeakValueDictionary[tuple[int, Path], Database]" = weakref.WeakValueDictionary()
