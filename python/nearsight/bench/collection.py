"""What everybody searches: rows, queries and masks, what is right, and the indexes that were built.

All of it lies in one folder. One that is kept is used again, so that a run over a million vectors
need not wait for every engine to build its index once more:

    collection.json   what was drawn or embedded: `{"data", "n", "dim", "seed"}`
    rows              f32[n, dim], little-endian, nothing else
    q.npy, u.npy      queries like the rows and unlike them, f32[200, dim]
    masks.npz         which rows each mask lets through, bool[n]
    worst-K.npz       the K-th best cosine of each query in each mask, f32[200]
    built/WHO/        build.json (who, version, parameters, seconds …), and in `index` what the
                      engine itself saved there: a file or a folder, moved in by hand if need be
"""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearsight import ArgumentError
from nearsight.bench import drawing, photos
from nearsight.bench.drawing import Flags, Vectors
from nearsight.bench.measure import Record

KINDS = ("like", "unlike")
EVERYTHING = "all"  # the name of the mask that lets everything through
_FILES = {"like": "q.npy", "unlike": "u.npy"}
_TOLERANCE = 2e-6  # between two ways to sum float32 products

Ids = NDArray[np.int64]


class Collection:
    """The folder, opened; `rows` are mapped."""

    def __init__(self, folder: Path) -> None:
        """Open what `Collection.made` has made."""
        self.folder = folder
        facts = json.loads((folder / "collection.json").read_text("utf-8"))
        shape = (facts["n"], facts["dim"])
        self.facts: Record = facts
        self.rows: Vectors = np.memmap(folder / "rows", np.float32, "r", shape=shape)
        self.queries = {kind: np.load(folder / name) for kind, name in _FILES.items()}

    @classmethod
    def made(cls, folder: Path, facts: Record, source: Path | None = None) -> "Collection":
        """Open the folder, or fill it first.

        `facts` are `data` ("drawn" or "photos", of the folder `source`), `n`, `dim` and `seed`;
        photos know their own `n` and `dim`. `ArgumentError` if something else is kept there.
        """
        about = folder / "collection.json"
        if not about.exists():
            folder.mkdir(parents=True, exist_ok=True)
            facts = _filled(folder, facts, source)
            about.write_text(json.dumps(facts) + "\n", "utf-8")
        made = cls(folder)
        for key in ("data", "seed") if facts["data"] == "photos" else facts:
            if made.facts[key] != facts[key]:
                raise ArgumentError(
                    f"{folder} keeps {made.facts}, not {key} {facts[key]!r}: name another folder"
                )
        return made

    @property
    def masks(self) -> dict[str, Flags]:
        """Masks by name, drawn when they are first asked for."""
        file = self.folder / "masks.npz"
        if not file.exists():
            np.savez(file, **drawing.masks(self.rows, int(str(self.facts["seed"]))))  # type: ignore[arg-type]
        with np.load(file) as kept:
            return {name: kept[name] for name in kept.files}

    def worst(self, k: int, kind: str, mask: str = EVERYTHING) -> Vectors:
        """Give the k-th best cosine of each query, f32[200]; of fewer the worst."""
        file = self.folder / f"worst-{k}.npz"
        if not file.exists():
            np.savez(file, **_worst(self, k))  # type: ignore[arg-type]
        with np.load(file) as kept:
            found: Vectors = kept[f"{kind} {mask}"]
        return found

    def recall(self, found: Ids, k: int, kind: str, mask: Flags | None, name: str) -> float:
        """Say which share of the best k that was found for the first len(found) queries.

        `found` i64[m, any] are row numbers, below 0 where nothing was found. A row counts that is
        as good as the k-th best, within rounding; a repeated one or one outside the mask does not.
        """
        wanted = min(k, len(self.rows) if mask is None else int(mask.sum()))
        worst = self.worst(k, kind, name)
        right = 0
        for query, edge, ids in zip(self.queries[kind], worst, found, strict=False):
            rows = np.unique(ids[(ids >= 0) & (ids < len(self.rows))])
            rows = rows if mask is None else rows[mask[rows]]
            right += min(wanted, int(np.sum(self.rows[rows] @ query >= edge - _TOLERANCE)))
        return right / (wanted * len(found))


def _filled(folder: Path, facts: Record, source: Path | None) -> Record:
    """Draw or embed what is to be searched; what it is."""
    seed = int(str(facts["seed"]))
    if facts["data"] == "photos":
        rows, *queries = photos.embedded(source, folder / "rows", seed)
    else:
        n, dim = int(str(facts["n"])), int(str(facts["dim"]))
        rows, *queries = drawing.drawn(folder / "rows", n, dim, seed)
    for name, vectors in zip(_FILES.values(), queries, strict=True):
        np.save(folder / name, vectors)
    return {**facts, "n": len(rows), "dim": rows.shape[1]}


def _worst(collection: Collection, k: int) -> dict[str, Vectors]:
    """Of each kind of query and each mask, by numpy, in one pass over the rows."""
    masks = {EVERYTHING: np.ones(len(collection.rows), bool), **collection.masks}
    best: dict[str, Vectors] = {}
    for begin in range(0, len(collection.rows), drawing.BLOCK):
        block = collection.rows[begin : begin + drawing.BLOCK]
        for kind, queries in collection.queries.items():
            cosines = queries @ block.T
            for name, mask in masks.items():
                some = cosines[:, mask[begin : begin + len(block)]]
                before = best.get(f"{kind} {name}", some[:, :0])
                best[f"{kind} {name}"] = _best(np.hstack([before, _best(some, k)]), k)
    return {key: cosines.min(axis=1) for key, cosines in best.items()}


def _best(cosines: Vectors, k: int) -> Vectors:
    """The k greatest of each row, or all of them."""
    if cosines.shape[1] <= k:
        return cosines
    return np.partition(cosines, cosines.shape[1] - k, axis=1)[:, -k:]
