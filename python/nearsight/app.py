"""An app: one open database with everything one can do to it."""

from dataclasses import dataclass
from os import PathLike, fspath
from pathlib import Path
from types import TracebackType

from nearsight import embedders
from nearsight.annotations import Annotations
from nearsight.concepts import Concepts
from nearsight.embedders import Embedder
from nearsight.engine import Engine, kernel
from nearsight.errors import ArgumentError
from nearsight.filtering import Filtering
from nearsight.inputs import Inputs
from nearsight.models import Models
from nearsight.naming import Naming
from nearsight.ranking import Rankings
from nearsight.search import Search
from nearsight.text import checked_text
from nearsight.truth import Truth, commits


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

    def __init__(self, path: Path, embedder: Embedder, *, read_only: bool) -> None:
        """Open the truth and its engine; use `nearsight.open`."""
        self.path = path
        self.model = embedder.name
        self._truth = Truth(path, read_only=read_only)
        try:
            self._truth.adopt_model(
                embedder.name, embedder.fingerprint, embedder.dim, embedder.labels
            )
            self._engine = Engine(
                self._truth,
                embedder.dim,
                len(embedder.labels),
                _cache_of(path),
            )
        except BaseException:
            self._truth.close()
            raise
        naming = Naming(self._truth, embedder)
        rankings = Rankings(self._truth, self._engine, embedder, naming)
        filtering = Filtering(self._truth, self._engine, naming)
        self.inputs = Inputs(self._truth, self._engine, embedder, naming, filtering)
        self.annotations = Annotations(self._truth, self._engine, embedder)
        self.concepts = Concepts(self._truth, self._engine, embedder)
        self.models = Models(self._truth, self._engine, embedder)
        self.search = Search(self._truth, self._engine, rankings, filtering)

    def refresh(self) -> None:
        """See what other processes have committed since the last refresh or change."""
        self._engine.catch_up()

    def info(self) -> Info:
        """What this app is and holds."""
        return Info(
            path=self.path,
            model=self.model,
            inputs=len(self.inputs),
            annotations=len(self.annotations),
            said=self._truth.concepts.counts(),
            models=len(self.models),
            commits=commits(self._truth.generation),
            size_bytes=sum(_size(self.path.with_name(self.path.name + s)) for s in ("", "-wal")),
            cache_bytes=sum(_size(file) for file in _cache_of(self.path).glob("*")),
            kernel=kernel(),
        )

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
    path: str | PathLike[str], *, model: str | Embedder = "general", read_only: bool = False
) -> App:
    """Open the database at `path`, or create it there.

    `model` is the name of an installed model or an `Embedder` of your own; a database keeps to the
    one it was made with. `read_only` neither creates nor changes a database (SQLite may put empty
    -wal and -shm files beside it).

    Raises `NotFoundError` (no such folder; with `read_only`, no such file), `DatabaseError` (not a
    nearsight database), `VersionError`, `ModelMismatchError`, `CorruptionError`, `DataLossError`.

    >>> import nearsight, tempfile
    >>> with nearsight.open(tempfile.mkdtemp() + "/photos.ns") as app:
    ...     len(app.inputs)
    0
    """
    try:
        given = Path(fspath(path))
    except TypeError as error:
        raise ArgumentError(f"path={path!r}: give the path of a file, e.g. photos.ns") from error
    checked_text(str(given), "path")
    if not given.name:
        raise ArgumentError(f"path={path!r}: give the path of a file, e.g. photos.ns")
    embedder = embedders.load(model) if isinstance(model, str) else model
    if not all(hasattr(embedder, name) for name in ("fingerprint", "prepare", "embed")):
        raise ArgumentError(f"model={model!r}: give the name of a model, or an Embedder")
    return App(given.absolute(), embedder, read_only=read_only)


def _cache_of(path: Path) -> Path:
    """The folder of derived files: beside the database, and deletable at any moment."""
    return path.with_name(path.name + "-cache")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _plain(value: object) -> object:
    return str(value) if isinstance(value, Path) else value
