"""LanceDB: a table in a folder, with lists of one-bit codes, rescored in single precision."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.drawing import BLOCK
from nearsight.bench.peers.peer import Flags, Ids, Peer, Vectors, column, padded

_RESCORED = 20  # candidates for each of the k that are wanted


class Lancedb(Peer):
    """IVF_RQ; each mask is a column of true and false, asked for before the search."""

    package = "lancedb"
    knob = "nprobes"
    values = (1, 4, 16, 64, 256)
    parameters: ClassVar[dict[str, object]] = {"partitions": "4 √n", "refine_factor": _RESCORED}

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Write the table, then make the index; it takes the threads that it finds."""
        config: Any = import_module("lancedb.index").IvfRq
        batches = cls._batches(rows, 0, masks)
        table = _table(path, next(batches))
        for batch in batches:
            table.add(batch)
        lists = max(1, min(int(4 * len(rows) ** 0.5), len(rows) // 256))
        table.create_index("e", config=config(distance_type="dot", num_partitions=lists))

    @staticmethod
    def _batches(rows: Vectors, first: int, masks: dict[str, Flags]) -> Iterator[Any]:
        arrow: Any = import_module("pyarrow")
        for begin in range(0, len(rows), BLOCK):
            block = np.asarray(rows[begin : begin + BLOCK])
            part = slice(begin, begin + len(block))
            flat = arrow.array(block.ravel())
            yield arrow.table(
                {
                    "id": arrow.array(np.arange(first + begin, first + begin + len(block))),
                    "e": arrow.FixedSizeListArray.from_arrays(flat, rows.shape[1]),
                    **{column(name): arrow.array(mask[part]) for name, mask in masks.items()},
                }
            )

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Open the folder."""
        self._table = _table(path)

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One after the other."""
        return padded([self._one(query, k, value, within) for query in queries], k)

    def _one(self, query: Vectors, k: int, value: float, within: Any) -> list[int]:
        asked = self._table.search(query, vector_column_name="e").distance_type("dot")
        asked = (
            asked.nprobes(int(value)).refine_factor(_RESCORED).limit(k).select(["id", "_distance"])
        )
        if within:
            asked = asked.where(within, prefilter=True)
        return list(asked.to_arrow()["id"].to_pylist())

    def restriction(self, name: str, mask: Flags) -> Any:
        """Ask for the column that the build made."""
        return column(name)

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Append a fragment, which is searched by comparing; no mask lets these through."""
        names = [name for name in self._table.schema.names if name.startswith("in_")]
        masks = {name.removeprefix("in_"): np.zeros(len(rows), bool) for name in names}
        for batch in self._batches(rows, int(ids[0]), masks):
            self._table.add(batch)

    def remove(self, ids: Ids) -> None:
        """Delete."""
        self._table.delete(f"id in ({', '.join(map(str, ids.tolist()))})")


def _table(path: Path, content: Any = None) -> Any:
    db: Any = import_module("lancedb").connect(path)
    return db.open_table("bench") if content is None else db.create_table("bench", content)
