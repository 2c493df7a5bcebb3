"""An app: one open database with everything one can do to it."""

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType

from nearsight import embedders
from nearsight.annotations import Annotations
from nearsight.checkup import Checkup, check
from nearsight.concepts import Concepts, Naming
from nearsight.embedders import Embedder
from nearsight.engine import Engine, cache_of, forgotten, kernel
from nearsight.errors import ArgumentError, DataLossError
from nearsight.inputs import Inputs
from nearsight.models import Models
from nearsight.pictures import Limits
from nearsight.search import Filtering, Rankings, Search
from nearsight.truth import Durability, Truth, back_up, commits, require_free
from nearsight.values.flag import checked_flag
from nearsight.values.text import checked_text, shown


@dataclass(frozen=True, slots=True)
class Info:
    """What an app is and holds. Sizes in bytes, of the file with its log and of its cache.

    `said` maps the concepts people used to how many annotations say so, and how many deny it.
    """

    path: Path
    model: str
    inputs: int
    annotations: int
    said: dict[str, tuple[int, int]]
    models: int
    commits: int
    size_bytes: int
    cache_bytes: int
    kernel: str

    def to_dict(self) -> dict[str, object]:
        """The facts as JSON-ready values."""
        return {name: _plain(getattr(self, name)) for name in self.__slots__}


class App:
    """An open database. Use it as a context manager, or call `close`. Thread-safe.

    `inputs` holds the pictures, `annotations` what is said of them and of regions in them,
    `concepts` the words for that; `models` learn from it; `search(...)` finds pictures again (see
    `Search.__call__`).
    """

    def __init__(
        self,
        path: Path,
        embedder: Embedder,
        *,
        read_only: bool,
        durability: Durability,
        limits: Limits,
    ) -> None:
        """Open the truth and its engine; use `nearsight.open`."""
        self.path = path
        self.model = embedder.name
        _require_not_emptied(path)
        self._truth = Truth(path, read_only=read_only, durability=durability)
        try:
            self._truth.adopt_model(
                embedder.name, embedder.fingerprint, embedder.dim, embedder.labels
            )
            self._engine = Engine(
                self._truth,
                embedder.dim,
                len(embedder.labels),
                cache_of(path),
            )
        except BaseException:
            self._truth.close()
            raise
        naming = Naming(self._truth, embedder)
        rankings = Rankings(self._truth, self._engine, embedder, naming, limits)
        filtering = Filtering(self._truth, self._engine, naming)
        self.inputs = Inputs(self._truth, self._engine, embedder, naming, filtering, limits)
        self.annotations = Annotations(self._truth, self._engine, embedder, limits)
        self.concepts = Concepts(self._truth, self._engine, embedder)
        self.models = Models(self._truth, self._engine, embedder, limits)
        self.search = Search(self._truth, self._engine, rankings, filtering)

    def refresh(self) -> None:
        """Take in now what other processes have committed, so that the next search need not.

        Every read does so by itself: it sees all that was committed before it began.
        """
        self._engine.catch_up()

    def info(self) -> Info:
        """What this app is and holds."""
        sizes = [_size(self.path.with_name(self.path.name + s)) for s in ("", "-wal")]
        with self._truth.snapshot():
            return Info(
                path=self.path,
                model=self.model,
                inputs=len(self.inputs),
                annotations=len(self.annotations),
                said=self._truth.concepts.counts(),
                models=len(self.models),
                commits=commits(self._truth.generation),
                size_bytes=sum(sizes),
                cache_bytes=sum(_size(file) for file in cache_of(self.path).glob("*")),
                kernel=kernel(),
            )

    def check(self) -> Checkup:
        """Look at every page of the file and every block of its cache; see `nearsight.check`."""
        with self._truth.reading():  # refuses what was closed
            path = self.path
        return check(path)

    def backup(self, path: str | PathLike[str], *, overwrite: bool = False) -> Path:
        """Copy what is committed now to a file of its own at `path`, and return its path.

        Others may read and write meanwhile. The copy appears whole or not at all, on the medium,
        checked page by page and without what was erased. A file that is there is replaced only
        with `overwrite`, together with its cache; one that is open never.

        To restore, open the backup and back it up to where the database was.

        Raises `ArgumentError` (there is a file, or it is open), `NotFoundError` (no such folder),
        `DatabaseError` (disk full, or the place is in use), `CorruptionError`.
        """
        target = _checked_path(path)
        require_free(target, overwrite=overwrite)
        with forgotten(cache_of(target)):
            back_up(self._truth, target, overwrite=overwrite)
        return target

    def repair(self) -> None:
        """Build the cache again from the file. (For a damaged file there is `nearsight.salvage`.)

        Damage that a search meets is repaired like that by itself.
        """
        self._engine.rebuild("its repair was asked for")

    def compact(self) -> int:
        """Rewrite the file and its cache without what was erased; how many bytes that freed.

        Afterwards nothing of a deleted input is left in them: no embedding, no thumbnail, no
        metadata. (What a custom model learned from it stays until that version is deleted, and
        nothing can be said of other copies, or of what the medium keeps of overwritten blocks.)
        Takes as much of the disk again while it works, and nobody can write meanwhile.

        Raises `ReadOnlyError`; `DatabaseError` where another app has the cache, another process
        keeps reading, or the disk is full: nothing is lost then.
        """
        before = self._bytes()
        self._engine.compact()
        return before - self._bytes()

    def _bytes(self) -> int:
        info = self.info()
        return info.size_bytes + info.cache_bytes

    def close(self) -> None:
        """Write the cache and close the file; a second time does nothing."""
        if not self._truth.closed:
            try:
                self._engine.close()
            finally:
                self._truth.close()

    def __enter__(self) -> "App":
        """The app itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def __repr__(self) -> str:
        """Where and what."""
        closed = ", closed" if self._truth.closed else ""
        return f"<nearsight.App {str(self.path)!r}, model {self.model!r}{closed}>"


def open(
    path: str | PathLike[str],
    *,
    model: str | Embedder = "general",
    read_only: bool = False,
    durability: Durability = "full",
    limits: Limits | None = None,
) -> App:
    """Open the database at `path`, or create it there.

    `model` is the name of an installed model or an `Embedder` of your own; a database keeps to the
    one it was made with. `read_only` neither creates nor changes a database (SQLite may put empty
    -wal and -shm files beside it).

    What was acknowledged survives the end of the process, however it ends. With `durability="full"`
    it survives a power cut, too; with `"fast"`, which does not wait for the medium, a power cut may
    take the newest changes away, each whole and the last ones first.

    `limits` bound every picture that this app decodes, added or only looked at. With
    `nearsight.Limits(worker=True)` processes of their own decode them, so that a picture made to do
    harm can do none here.

    Raises `NotFoundError` (no such folder; with `read_only`, no such file), `DatabaseError` (not a
    nearsight database), `VersionError`, `ModelMismatchError`, `CorruptionError`, `DataLossError`.

    >>> import nearsight, tempfile
    >>> with nearsight.open(tempfile.mkdtemp() + "/photos.ns") as app:
    ...     len(app.inputs)
    0
    """
    given = _checked_path(path)
    if durability not in ("full", "fast"):
        raise ArgumentError(f'durability={durability!r}: give "full" or "fast"')
    embedder = embedders.load(model) if isinstance(model, str) else model
    if not all(hasattr(embedder, name) for name in ("fingerprint", "prepare", "embed")):
        raise ArgumentError(f"model={model!r}: give the name of a model, or an Embedder")
    checked_flag("read_only", read_only)
    if limits is not None and not isinstance(limits, Limits):
        raise ArgumentError(f"limits={shown(limits)}: give nearsight.Limits(…)")
    return App(
        given, embedder, read_only=read_only, durability=durability, limits=limits or Limits()
    )


def _require_not_emptied(path: Path) -> None:
    """Make no new database of a file that has a cache and so was one: its content was lost."""
    try:
        is_emptied = path.is_file() and not path.stat().st_size
        is_emptied = is_emptied and (cache_of(path) / "manifest").exists()
    except OSError:
        return  # opening it says why
    if is_emptied:
        raise DataLossError(
            f"{path} is empty, but was a database, as {cache_of(path)} shows. Restore a copy of "
            "it; or, to begin anew, delete that folder."
        )


def _checked_path(path: str | PathLike[str]) -> Path:
    try:
        given = Path(fspath(path))
    except TypeError as error:
        raise ArgumentError(f"path={path!r}: give the path of a file, e.g. photos.ns") from error
    checked_text(str(given), "path")
    if not given.name:
        raise ArgumentError(f"path={path!r}: give the path of a file, e.g. photos.ns")
    return given.absolute()


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
