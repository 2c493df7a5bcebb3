"""zvec: a collection in a folder, with a graph or with lists of one-bit codes."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

from nearsight.bench.peers.peer import THREADS, Flags, Ids, Peer, Vectors, column, padded

_M, _EF = 16, 200
_BATCH = 1000  # documents that it takes at a time


class Graph(Peer):
    """HNSW; each mask is a column of its own with an index of its own."""

    package = "zvec"
    knob = "ef"
    values: ClassVar[tuple[float, ...]] = (16, 32, 64, 128, 256, 512, 1024)
    parameters: ClassVar[dict[str, object]] = {"m": _M, "ef_construction": _EF}

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Insert documents, then optimize, which makes the index."""
        zvec = _library()
        columns = {column(name): mask for name, mask in masks.items()}
        fields = [
            zvec.FieldSchema(name, zvec.DataType.INT32, index_param=zvec.InvertIndexParam())
            for name in columns
        ]
        kind = zvec.DataType.VECTOR_FP32
        vector = zvec.VectorSchema(
            "v", kind, rows.shape[1], index_param=cls._index(zvec, len(rows))
        )
        schema = zvec.CollectionSchema(name="bench", fields=fields, vectors=vector)
        collection = zvec.create_and_open(path=str(path), schema=schema)
        for begin in range(0, len(rows), _BATCH):
            collection.insert(
                [
                    zvec.Doc(
                        id=str(i),
                        vectors={"v": rows[i].tolist()},
                        fields={name: int(mask[i]) for name, mask in columns.items()},
                    )
                    for i in range(begin, min(begin + _BATCH, len(rows)))
                ]
            )
        collection.optimize(option=zvec.OptimizeOption(concurrency=THREADS))
        collection.flush()

    @classmethod
    def _index(cls, zvec: Any, n: int) -> Any:
        return zvec.HnswIndexParam(metric_type=zvec.MetricType.IP, m=_M, ef_construction=_EF)

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Open the folder."""
        self._zvec = _library()
        self._collection: Any = self._zvec.open(path=str(path))
        self._columns = [field.name for field in self._collection.schema.fields]

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One after the other; it has no batches."""
        return padded([self._one(query, k, value, within) for query in queries], k)

    def _one(self, query: Vectors, k: int, value: float, within: Any) -> list[int]:
        asked = self._zvec.Query("v", vector=query.tolist(), param=self._asked(value))
        found = self._collection.query(queries=asked, topk=k, filter=within, output_fields=[])
        return [int(doc.id) for doc in found]

    def _asked(self, value: float) -> Any:
        return self._zvec.HnswQueryParam(ef=int(value))

    def restriction(self, name: str, mask: Flags) -> Any:
        """Ask for the column that the build made."""
        return f"{column(name)} = 1"

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Insert documents that no mask lets through."""
        fields = dict.fromkeys(self._columns, 0)
        self._collection.insert(
            [
                self._zvec.Doc(id=str(i), vectors={"v": row.tolist()}, fields=fields)
                for i, row in zip(ids, rows, strict=True)
            ]
        )

    def remove(self, ids: Ids) -> None:
        """Delete documents."""
        self._collection.delete([str(i) for i in ids])


class OneBit(Graph):
    """Lists of RaBitQ codes."""

    knob = "nprobe"
    values = (1, 2, 4, 8, 16, 32, 64, 128, 256)
    parameters: ClassVar[dict[str, object]] = {"nlist": "4 √n"}

    @classmethod
    def _index(cls, zvec: Any, n: int) -> Any:
        return zvec.IvfRabitqIndexParam(metric_type=zvec.MetricType.IP, nlist=int(4 * n**0.5))

    def _asked(self, value: float) -> Any:
        return self._zvec.IvfRabitqQueryParam(nprobe=int(value))


def _library() -> Any:
    """The module, with one thread for queries; it may be told only once."""
    zvec: Any = import_module("zvec")
    global _told
    if not _told:
        zvec.init(query_threads=1, optimize_threads=THREADS, log_level=zvec.LogLevel.ERROR)
        _told = True
    return zvec


_told = False
