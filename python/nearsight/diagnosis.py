"""Is this installation sound? Checks with evidence, the engine's ranking on bare vectors, and
databases of invented inputs for measuring.

Nothing here touches a database of yours.
"""

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearsight import app, embedders
from nearsight.adding.items import Item, details_of
from nearsight.embedders import Embedded, Embedder, OnnxEmbedder
from nearsight.embedders.card import read_card
from nearsight.engine import EMBEDDING, Index, fields, kernel
from nearsight.engine import version as core_version
from nearsight.errors import ArgumentError, NearsightError
from nearsight.truth import NewAnnotation, NewEmbedding, NewInput, Truth
from nearsight.values.patching import encode

__all__ = ["Check", "diagnose", "exact_search", "invent"]

_TRUTH = b"no truth behind "  # 16 bytes, where an index in memory wants the id of its truth
_SELF = 0.999  # the least score of a picture against itself

Ranked = tuple[NDArray[np.uint64], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked: what was seen, and what to do about it where it is not `ok`."""

    name: str
    ok: bool
    evidence: str
    remedy: str

    def to_dict(self) -> dict[str, object]:
        """The check as JSON-ready values; no remedy where none is needed."""
        remedy = {} if self.ok else {"remedy": self.remedy}
        return {"check": self.name, "ok": self.ok, "evidence": self.evidence, **remedy}


class _UnsoundError(Exception):
    """A check saw something that should not be."""


def diagnose(model: str = "general") -> Iterator[Check]:
    """Check the installation, one thing after the other; takes about a second.

    >>> all(check.ok for check in diagnose("grid"))
    True
    """
    install = "install nearsight again: pip install --force-reinstall nearsight"
    yield _check("packages", install, _packages)
    yield _check("core", install, _core)
    yield _check("ranking", "set NEARSIGHT_KERNEL=scalar and report this as a bug", _ranking)
    yield _check(f"model {model}", install, lambda: _model(model))
    yield _check("offline round trip", install, lambda: _round_trip(model))
    yield _check("telemetry", "set ORT_DISABLE_TELEMETRY=1 before Python starts", _telemetry)


def exact_search(rows: NDArray[np.float32]) -> Callable[[NDArray[np.float32], int], Ranked]:
    """The engine's exact cosine search over rows f32[n, dim], in memory, without a database.

    The function that is returned takes a query f32[dim] and k, and gives row numbers u64[k] and
    cosines f32[k], best first, ties by row. It computes in the thread that calls it. Raises
    `ValueError` for rows that have no direction (zero or not finite).

    >>> rows = np.eye(3, dtype=np.float32)
    >>> exact_search(rows)(rows[1], 1)[0].tolist()
    [1]
    """
    index = Index.open("", _TRUTH, fields(rows.shape[1], 0))
    index.append(np.arange(1, len(rows) + 1, dtype=np.uint64), [rows])  # 0 is no id
    index.commit(1)
    snapshot = index.snapshot()

    def search(query: NDArray[np.float32], k: int) -> Ranked:
        ids, cosines = snapshot.search(
            [(1.0, "linear", 0.0, [(EMBEDDING, query, 1.0, "linear")])], k
        )
        return ids - np.uint64(1), cosines.astype(np.float32)

    return search


def invent(
    path: Path, embedder: Embedder, batches: Iterable[tuple[Sequence[Item], Embedded]]
) -> None:
    """Make a new database of inputs that never were pictures, as fast as it can be written.

    Each batch is one transaction: items whose `source` is left out, and the rows that `embedder`
    would give them, one for each item followed by one for each of its regions. Their thumbnails are
    empty. Open it afterwards: its cache is derived then.

    Raises `ArgumentError` (a file that exists, an item that has no id).
    """
    if path.exists():
        raise ArgumentError(f"{path} is there already: invented inputs get a new database")
    truth = Truth(path)
    try:
        truth.adopt_model(embedder.name, embedder.fingerprint, embedder.dim, embedder.labels)
        for items, embedded in batches:
            rows = map(NewEmbedding, embedded.vectors, embedded.probabilities)
            with truth.writing():
                truth.inputs.add(_invented(item, rows) for item in items)
    finally:
        truth.close()


def _invented(item: Item, rows: Iterator[NewEmbedding]) -> NewInput:
    known = details_of(item)
    if known.id is None:
        raise ArgumentError("an invented input has no content that an id could be made of: give it")
    return NewInput(
        *(known.id, known.id.encode(), known.id, known.url, "png", 1, 1, 1, b"", next(rows)),
        *(known.concepts, encode(known.metadata), known.geo, known.crop),
        tuple(
            NewAnnotation(f"{known.id}#{i}", said.concepts, said.box, said.text, "", next(rows))
            for i, said in enumerate(known.regions)
        ),
    )


def _check(name: str, remedy: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look(), remedy)
    except (NearsightError, _UnsoundError, _NetworkUsedError, ImportError, OSError) as error:
        return Check(name, False, str(error) or type(error).__name__, remedy)


def _packages() -> str:
    """The versions of all that nearsight needs; apsw's begins with that of the SQLite inside it."""
    from importlib.metadata import requires, version  # slow to import

    wanted = [line for line in requires("nearsight") or [] if "extra ==" not in line]
    names = [re.split(r"[^\w.-]", line)[0] for line in wanted]
    if not names:
        raise _UnsoundError("the list of what nearsight needs is not installed with it")
    python = f"{sys.implementation.name} {sys.version.split()[0]} on {sys.platform}"
    return ", ".join([python, *(f"{name} {version(name)}" for name in names)])


def _core() -> str:
    from importlib.metadata import version

    if core_version != version("nearsight"):
        raise _UnsoundError(f"the core is {core_version}, the package {version('nearsight')}")
    return f"version {core_version}, kernel {kernel()!r}"


def _ranking() -> str:
    """Does the kernel of this processor rank as numpy in double precision does?"""
    random = np.random.default_rng(7)
    rows = random.standard_normal((1000, 131)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    found, cosines = exact_search(rows)(rows[42], 10)
    exact = rows.astype(np.float64) @ rows[42].astype(np.float64)
    worst = float(np.abs(cosines - exact[found.astype(np.intp)]).max())
    if found.tolist() != np.argsort(-exact, kind="stable")[:10].tolist() or worst > 1e-5:
        raise _UnsoundError(f"the order differs from numpy's, or scores do, by {worst:.1e}")
    return f"1000 vectors rank as in double precision, scores within {worst:.1e}"


def _model(name: str) -> str:
    from importlib.resources import files  # slow to import

    if not isinstance(embedders.load(name), OnnxEmbedder):
        return "computes without a model file"
    card = read_card(files("nearsight") / "_assets" / "models" / name)
    for file in card.files:
        card.read(file.name)  # compares the file with its SHA-256
    pins = ", ".join(f"{file.name} {file.sha256[:12]}…" for file in card.files)
    return f"{card.title}, {card.licence}; SHA-256 as in its card: {pins}"


def _round_trip(name: str) -> str:
    from tempfile import TemporaryDirectory

    with TemporaryDirectory(prefix="nearsight-doctor-") as folder, _offline() as events:
        sockets = _open_sockets()
        path = Path(folder) / "check.ns"
        pictures = [_pattern(turn) for turn in range(3)]
        with app.open(path, model=name) as opened:
            added = opened.inputs.add(pictures).added
        with app.open(path, model=name) as opened:
            hits = opened.search(image=pictures[1], k=3)
        opened_since = _open_sockets() - sockets
    if len(added) != 3 or not hits or hits[0].id != added[1] or hits[0].score < _SELF:
        raise _UnsoundError(
            f"of {len(added)} pictures a search found {hits!r}, not the one asked for"
        )
    if opened_since:
        raise _UnsoundError(f"{len(opened_since)} sockets were opened meanwhile")
    return (
        f"3 pictures embedded, stored, reopened, found again (score {hits[0].score:.4f}); "
        f"{len(events)} attempts to use the network, no socket opened"
    )


def _pattern(turn: int) -> NDArray[np.uint8]:
    """A picture of stripes and a gradient, different for each turn."""
    ramp = np.linspace(0, 255, 256, dtype=np.float32)
    stripes = 127 + 127 * np.sin(ramp * (0.1 + 0.2 * turn))
    planes = [np.add.outer(ramp, stripes) / 2, np.tile(stripes, (256, 1)), np.tile(ramp, (256, 1))]
    return np.rot90(np.stack(planes, axis=2), turn).astype(np.uint8)


# ---- no network: Python's own sockets are refused, and native code's would be seen


class _NetworkUsedError(Exception):
    """Something wanted to use the network."""


_attempts: list[str] | None = None  # a list while the network is closed
_hooked = False


@contextmanager
def _offline() -> Iterator[list[str]]:
    """Refuse every use of Python's socket functions inside; yields the attempts that were made."""
    global _attempts, _hooked
    if not _hooked:  # an audit hook cannot be taken off again, so there is only ever one
        sys.addaudithook(_refuse)
        _hooked = True
    _attempts = []
    try:
        yield _attempts
    finally:
        _attempts = None


def _refuse(event: str, _args: tuple[object, ...]) -> None:
    if _attempts is not None and event.startswith("socket."):
        _attempts.append(event)
        raise _NetworkUsedError(f"{event} was called, and refused")


def _telemetry() -> str:
    """Does the model's runtime collect what it does? From 1.32 on, unless it was told not to."""
    kept = sorted(target for target in _open_files() if "/.onnxruntime/" in target)
    if kept:
        raise _UnsoundError(f"onnxruntime collects telemetry into {kept[0]}")
    loaded = "loaded, and" if "onnxruntime" in sys.modules else "not loaded:"
    return f"onnxruntime is {loaded} no file of its telemetry is open"


def _open_sockets() -> set[str]:
    """The sockets that this process holds, whoever opened them."""
    return {target for target in _open_files() if target.startswith("socket:")}


def _open_files() -> set[str]:
    """What this process holds open, whoever opened it; empty where /proc is missing."""
    links = Path("/proc/self/fd")
    found: set[str] = set()
    for link in links.iterdir() if links.is_dir() else ():
        try:
            found.add(str(link.readlink()))
        except OSError:  # the descriptor that reads this folder is closed by now
            continue
    return found
