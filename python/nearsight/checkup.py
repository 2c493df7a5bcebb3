"""Is a database sound? Its file and its cache, looked at as a whole."""

from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nearsight.engine import cache_damages, cache_of, forgotten
from nearsight.errors import CorruptionError
from nearsight.truth import Truth, damages, pages, require_free
from nearsight.truth import salvage as _salvage

__all__ = ["Checkup", "check", "salvage"]


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found wrong, a sentence each: in the file, and in the cache, which can be rebuilt.

    `pages` is how many pages the file has. It is `ok` if nothing was found.
    """

    path: Path
    pages: int
    file: tuple[str, ...]
    cache: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Is everything as nearsight wrote it?"""
        return not self.file and not self.cache

    def to_dict(self) -> dict[str, object]:
        """The findings as JSON-ready values."""
        return {
            "path": str(self.path),
            "ok": self.ok,
            "pages": self.pages,
            "file": list(self.file),
            "cache": list(self.cache),
        }


def check(path: str | PathLike[str]) -> Checkup:
    """Look at all of a database, open or not, and change nothing; it needs no model.

    Of the file: the checksum of every page, SQLite's structure, references between rows, tables and
    triggers, sizes of embeddings. Of the cache: every block of every file, that it belongs to the
    file and is not ahead of it, and that it holds what the file holds. The pages of a log that is
    not yet part of the file are looked at as far as SQLite reads them.

    Raises `NotFoundError`, `DatabaseError` (not a nearsight database), `VersionError`.

    >>> import nearsight, tempfile
    >>> path = tempfile.mkdtemp() + "/photos.ns"
    >>> nearsight.open(path).close()
    >>> nearsight.check(path).ok
    True
    """
    given = Path(path).absolute()
    found = tuple(damages(given))
    try:
        truth = Truth(given, read_only=True)
    except CorruptionError:
        return Checkup(given, pages(given), found, ())
    try:
        cache = tuple(cache_damages(truth, cache_of(given)))
    except CorruptionError as error:
        found, cache = found or (str(error),), ()
    finally:
        truth.close()
    return Checkup(given, pages(given), found, cache)


def salvage(path: str | PathLike[str], to: str | PathLike[str]) -> dict[str, tuple[int, int]]:
    """Save what can be read of a damaged database into a new file; rows kept and lost, by table.

    Nothing is guessed: what lies on a page that does not match its checksum is lost, and so is what
    means nothing without it (an input without its embedding). `path` is not changed, and `to` must
    not exist. Inputs that are lost can be added again: the rest counts as duplicates.

    Raises `CorruptionError` where nothing can be saved, `ArgumentError` (`to` exists, `path` is
    open here), `NotFoundError`, `DatabaseError`.

    >>> import nearsight, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> nearsight.open(folder + "/photos.ns").close()
    >>> nearsight.salvage(folder + "/photos.ns", folder + "/saved.ns")["input"]
    (0, 0)
    """
    target = Path(to).absolute()
    require_free(target, overwrite=False)
    with forgotten(cache_of(target)):
        return _salvage(Path(path).absolute(), target)
