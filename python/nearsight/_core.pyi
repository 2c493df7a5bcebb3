"""The C++ core, as Python sees it. `nearsight.engine` and `nearsight.vectors` import it; tests hold
this stub to it.

Arrays are copied, then checked, then used with the GIL released. float32 and uint64, C order; other
numeric dtypes are converted once on the way in. Values that cannot be used raise ValueError,
objects that are no arrays of numbers TypeError; what the operating system refuses is an OSError.
"""

from collections.abc import Sequence
from typing import Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

__version__: str

class CorruptionError(Exception):
    """A cache file is damaged: drop the cache and rebuild it from the truth."""

# name, dim (1 to 65536), how numbers are stored (i8: bytes times one f32 a row), what a score is
Field = tuple[str, int, Literal["f32", "f32+i8", "f16", "i8"], Literal["cosine", "dot"]]
# field, query of the field's dim, weight, curve of the dot product before it is weighted and summed
Term = tuple[str, NDArray[np.float32], float, Literal["linear", "log"]]
# weight, squash, bias, terms: a score of weight * squash(bias + the sum of the terms)
Rank = tuple[float, Literal["linear", "sigmoid", "exp"], float, Sequence[Term]]

def kernel() -> str:
    """Name the kernel that searches use: the best one, or the one NEARSIGHT_KERNEL names.

    ValueError: the environment names a kernel that this CPU does not have.
    """

def available_kernels() -> list[str]:
    """Name the kernels that this CPU can run, the scalar reference first and the best last."""

def score_rows(
    kernel: str, query: ArrayLike, rows: ArrayLike, dim: int | None = None
) -> NDArray[np.float32]:
    """Dot products of query [>= dim] with rows [n, >= dim] (float16 rows by the float16 kernel)."""

def crc32c(kernel: str, data: bytes) -> int:
    """CRC-32C (Castagnoli, RFC 3720)."""

@final
class RowMask:
    """Which rows of one snapshot may be found. Masks of two snapshots don't mix: ValueError."""

    def count(self) -> int: ...
    def __and__(self, other: RowMask) -> RowMask: ...
    def __or__(self, other: RowMask) -> RowMask: ...

@final
class Snapshot:
    """What one commit published. Never changes; any thread may use it at any time.

    Whatever reads rows raises CorruptionError when it meets a damaged block, and returns nothing.
    """

    @property
    def generation(self) -> int: ...
    def __len__(self) -> int: ...
    def search(
        self,
        ranks: Sequence[Rank],
        k: int,
        offset: int = 0,
        mask: RowMask | None = None,
        threads: int = 1,
    ) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Ids and scores of rows [offset, offset + k) of the order: score falling, then id rising.

        A row's score is the sum over the ranks of weight * squash(bias + its terms), a term being
        weight * curve(dot(query, row)): 1 to 64 terms in all, at least one a rank. k >= 1. Always
        min(k, matches - offset) rows. A single rank orders by what it squashes, so that rows keep
        their order where the squashed scores are too close to differ. Up to `threads` threads share
        the work, here and below: what is found is the same.
        """

    def search_many(
        self,
        field: str,
        queries: ArrayLike,
        k: int,
        mask: RowMask | None = None,
        threads: int = 1,
    ) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        """Ids and scores [q, min(k, matches)] for queries [q, dim] of one field, by dot product.

        Rows are read once for all queries, so that one costs a fraction of a search; scores agree
        with the search's within 1e-5 of the lengths of query and row.
        """

    def mask_of(self, ids: ArrayLike) -> RowMask:
        """The live rows with these ids [n]; unknown ids are left out."""

    def mask_of_docs(self, columns: ColumnsSnapshot, docs: DocSet) -> RowMask:
        """The live rows that stand for documents of `columns`: `mask_of(columns.rows(docs))`."""

    def at_least(self, ranks: Sequence[Rank], threshold: float, threads: int = 1) -> RowMask:
        """The live rows to which a search by these ranks gives a score of at least `threshold`."""

    def all(self) -> RowMask: ...
    def invert(self, mask: RowMask) -> RowMask:
        """The live rows that the mask leaves out."""

    def ids(self, mask: RowMask | None = None) -> NDArray[np.uint64]:
        """The ids of the live rows (that the mask allows), ascending."""

    def verify(self) -> None:
        """Check every block of every file; CorruptionError names the first that is damaged."""

@final
class Index:
    """Rows of vectors, cached in a directory, derived from the truth and rebuilt from it."""

    @staticmethod
    def open(
        directory: str, truth: bytes, fields: Sequence[Field], read_only: bool = False
    ) -> Index:
        """Open the cache in a directory, made if missing ('': in memory only). `truth`: 16 bytes.

        A cache that can't be used (damaged, newer, of another truth or other fields) is set aside:
        generation is 0 and dropped_because says why. With `read_only` the directory has to exist
        and is never changed.
        """

    @property
    def generation(self) -> int: ...
    @property
    def last_id(self) -> int: ...
    @property
    def dropped_because(self) -> str: ...
    def accepts(self, field: str, rows: ArrayLike) -> NDArray[np.bool_]:
        """Which rows [n, dim] append would take: finite and, for a cosine field, not all zero."""

    def append(self, ids: ArrayLike, vectors: Sequence[ArrayLike]) -> None:
        """Add rows, unseen until commit: ids [n] above last_id, vectors [n, dim] for each field.

        All or nothing: a row that is refused raises ValueError with its id.
        """

    def erase(self, ids: ArrayLike) -> None:
        """Forget rows, unseen until commit; unknown ids are harmless."""

    def commit(self, generation: int) -> None:
        """Publish what came since the last commit; `generation` never falls.

        Past 32 MiB of fresh rows they go to disk here. Where that fails they are published all the
        same and stay in memory: seal says what is wrong.
        """

    def seal(self) -> None:
        """Write everything that was committed, so that the next open has nothing to replay.

        ValueError: there are changes that were not committed. OSError: it could not be written;
        what is in memory, and the cache that was there before, are as good as before.
        """

    def snapshot(self) -> Snapshot: ...

# path (no NUL), value: a number (int of 64 bits or float), a text, a bool, None, or a point
# (latitude, longitude) in degrees
Fact = tuple[str, float | int | str | bool | tuple[float, float] | None]

@final
class DocSet:
    """Which documents of one snapshot. Sets of two snapshots don't mix: ValueError."""

    def count(self) -> int: ...
    def has(self, doc: int) -> bool: ...
    def __and__(self, other: DocSet) -> DocSet: ...
    def __or__(self, other: DocSet) -> DocSet: ...

@final
class ColumnsSnapshot:
    """What one commit published. Never changes; any thread may use it at any time.

    A document is found by a path if one of its facts there fits. Kinds never mix: a number equals
    no text and no bool; ints and floats are equal, and are ordered, exactly. Texts are ordered by
    code points. Whatever reads facts raises CorruptionError when it meets a damaged block.
    """

    @property
    def generation(self) -> int: ...
    def __len__(self) -> int: ...
    def all(self) -> DocSet: ...
    def equal(
        self, path: str, value: float | int | str | bool | tuple[float, float] | None
    ) -> DocSet: ...
    def between(
        self,
        path: str,
        low: float | str | None,
        high: float | str | None,
        low_open: bool = False,
        high_open: bool = False,
    ) -> DocSet:
        """The documents with a number, or a text, from `low` to `high`; None: no bound there.

        An open bound is itself outside. ValueError: no bound at all, bounds of two kinds, NaN.
        """

    def exists(self, path: str, prefix: bool = False) -> DocSet:
        """The documents with any value on this path, or on any path that begins so."""

    def within(self, path: str, latitude: float, longitude: float, km: float) -> DocSet:
        """The documents with a point at most `km` away, on a sphere of radius 6371.0088 km."""

    def box(self, path: str, south: float, west: float, north: float, east: float) -> DocSet:
        """The documents with a point in the box, edges included; date line: west > east."""

    def polygon(self, path: str, corners: Sequence[tuple[float, float]]) -> DocSet:
        """The documents with a point in the polygon of at least 3 corners, edges included.

        Even-odd rule in the plane of degrees. An edge takes the shorter way round; a polygon round
        a pole holds the pole that is nearer to its corners.
        """

    def of_docs(self, docs: ArrayLike) -> DocSet:
        """The documents with these ids [n]; unknown ids are left out, here and below."""

    def of_rows(self, rows: ArrayLike) -> DocSet:
        """The documents that these rows [n] stand for; row 0 stands for none."""

    def of_owners(self, owners: ArrayLike) -> DocSet: ...
    def family(self, docs: DocSet) -> DocSet:
        """The documents whose owner has a document in the set."""

    def invert(self, docs: DocSet) -> DocSet:
        """The documents that the set leaves out."""

    def docs(self, docs: DocSet) -> NDArray[np.uint64]:
        """The ids of the documents, ascending."""

    def rows(self, docs: DocSet) -> NDArray[np.uint64]:
        """The rows that stand for the documents, ascending, each once, without 0."""

    def owners(self, docs: DocSet) -> NDArray[np.uint64]:
        """The owners of the documents, ascending, each once."""

    def count_owners(self, docs: DocSet) -> int:
        """How many owners the documents have: `len(owners(docs))`."""

    def verify(self) -> None:
        """Check every block of every file; CorruptionError names the first that is damaged."""

@final
class Columns:
    """The facts of documents, cached in a directory, derived from the truth and rebuilt from it."""

    @staticmethod
    def open(directory: str, truth: bytes, read_only: bool = False) -> Columns:
        """Open the cache in a directory, by the rules of `Index.open` ('': in memory only).

        An index may have its cache in the same directory.
        """

    @property
    def generation(self) -> int: ...
    @property
    def dropped_because(self) -> str: ...
    def put(
        self,
        docs: ArrayLike,
        owners: ArrayLike,
        rows: ArrayLike,
        facts: Sequence[Sequence[Fact]],
    ) -> None:
        """Add documents, unseen until commit; what is known of those that exist is replaced.

        docs, owners and rows [n] and a sequence of facts for each; row 0: no row stands for it.
        All or nothing: ValueError names the document and the fact that cannot be kept.
        """

    def erase(self, docs: ArrayLike) -> None:
        """Forget documents, unseen until commit; unknown ids are harmless."""

    def commit(self, generation: int) -> None:
        """Publish what came since the last commit; `generation` never falls.

        Past 4 MiB of fresh facts they go to disk here, as those of an `Index` do.
        """

    def seal(self) -> None:
        """Write everything that was committed; raises what `Index.seal` raises."""

    def snapshot(self) -> ColumnsSnapshot: ...

@final
class Choice:
    """Which vectors may be found: those that it was made of, as far as they are still there."""

    def count(self) -> int: ...

@final
class Vectors:
    """Vectors under ids of the caller's, searched by cosine; the directory is the truth."""

    @staticmethod
    def create(directory: str, dim: int, dtype: str, index: str) -> Vectors:
        """Make one in an empty or missing directory ('': in memory).

        `dtype` is 'f32' or 'f16', `index` 'codes' or 'hnsw'.
        """

    @staticmethod
    def open(directory: str, read_only: bool) -> Vectors: ...
    @property
    def dim(self) -> int: ...
    @property
    def dtype(self) -> str: ...
    @property
    def index(self) -> str: ...
    @property
    def coded(self) -> int: ...
    @property
    def optimized(self) -> float: ...
    @property
    def was_cancelled(self) -> bool: ...
    def __len__(self) -> int: ...
    def ids(self) -> NDArray[np.uint64]: ...
    def read(self, ids: ArrayLike) -> NDArray[np.float32]: ...
    def has(self, ids: ArrayLike) -> NDArray[np.bool_]: ...
    def add(self, ids: ArrayLike, vectors: ArrayLike) -> None: ...
    def update(self, ids: ArrayLike, vectors: ArrayLike) -> None: ...
    def remove(self, ids: ArrayLike) -> None: ...
    def choose_ids(self, ids: ArrayLike) -> Choice: ...
    def choose_flags(self, flags: NDArray[np.bool_]) -> Choice: ...
    def search(
        self,
        queries: ArrayLike,
        k: int,
        recall: float,
        exact: bool,
        allow: Choice | None,
        threads: int,
    ) -> tuple[NDArray[np.uint64], NDArray[np.float32], bool, float]:
        """Ids and cosines [n, min(k, matches)] of queries [n, dim], whether exact, least recall."""

    def flush(self) -> None: ...
    def verify(self) -> None: ...
    def start_optimizing(self, threads: int, retrain: bool) -> None: ...
    def wait(self, seconds: float) -> bool: ...
    def cancel(self) -> None: ...
    def raise_outcome(self) -> None: ...
