"""faiss: flat, lists of bytes, graphs, and one-bit or product codes with rescoring in f16."""

from importlib import import_module
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nearsight.bench.drawing import BLOCK
from nearsight.bench.peers.peer import THREADS, Flags, Ids, Peer, UnableError, Vectors


class Flat(Peer):
    """Every vector compared; others differ by `factory`, faiss' own word for a kind of index."""

    package = "faiss-cpu"
    exact = True
    factory: ClassVar[str] = "Flat"

    @classmethod
    def build(cls, rows: Vectors, path: Path, masks: dict[str, Flags]) -> None:
        """Train on the first rows, which lie in no order, add all, and save."""
        faiss = _threads(THREADS)
        lists = int(4 * len(rows) ** 0.5)
        parts = max(p for p in range(1, 1 + rows.shape[1] // 4) if rows.shape[1] % p == 0)
        kind = cls.factory.format(lists=lists, parts=parts)
        index = faiss.index_factory(rows.shape[1], kind, faiss.METRIC_INNER_PRODUCT)
        index.train(np.asarray(rows[: max(10_000, 50 * lists)]))
        for begin in range(0, len(rows), BLOCK):
            index.add(np.asarray(rows[begin : begin + BLOCK]))
        faiss.write_index(index, str(path))

    def __init__(self, path: Path, rows: Vectors) -> None:
        """Read the whole file into memory."""
        self._faiss = _threads(1)
        self._index = self._faiss.read_index(str(path))

    def search(self, queries: Vectors, k: int, value: float, within: Any = None) -> Ids:
        """One query or several."""
        found = self._index.search(queries, k, params=self._asked(value, within))[1]
        return np.asarray(found, np.int64)

    def _asked(self, value: float, within: Any) -> Any:
        return self._faiss.SearchParameters(sel=within)

    def restriction(self, name: str, mask: Flags) -> Any:
        """A bit for each row."""
        return self._faiss.IDSelectorBitmap(np.packbits(mask, bitorder="little"))

    def add(self, ids: Ids, rows: Vectors) -> None:
        """Append; it numbers rows itself."""
        if len(ids) and ids[0] != self._index.ntotal:
            raise UnableError("numbers rows itself, from 0")
        self._index.add(rows)

    def remove(self, ids: Ids) -> None:
        """Remove, where its kind of index can without another number for every later row."""
        if type(self) is Flat:
            raise UnableError("cannot remove without renumbering")
        try:
            self._index.remove_ids(ids)
        except RuntimeError:
            raise UnableError("cannot remove") from None


class Lists(Flat):
    """4 √n lists; vectors as bytes."""

    exact = False
    knob = "nprobe"
    values = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
    factory = "IVF{lists},SQ8"
    parameters: ClassVar[dict[str, object]] = {"factory": factory}

    def _asked(self, value: float, within: Any) -> Any:
        return self._faiss.SearchParametersIVF(nprobe=int(value), sel=within)


class OneBit(Lists):
    """RaBitQ in FastScan's order, rescored in f16."""

    factory = "IVF{lists},RaBitQfs,Refine(SQfp16)"
    parameters: ClassVar[dict[str, object]] = {"factory": factory}
    rescored = 20  # candidates for each of the k that are wanted

    def _asked(self, value: float, within: Any) -> Any:
        inner = self._inner(int(value), within)
        asked = self._faiss.IndexRefineSearchParameters
        return asked(k_factor=self.rescored, base_index_params=inner)

    def _inner(self, probes: int, within: Any) -> Any:
        return self._faiss.IVFRaBitQSearchParameters(nprobe=probes, sel=within)


class Products(OneBit):
    """Product codes of four bits in FastScan's order, rescored in f16."""

    factory = "IVF{lists},PQ{parts}x4fs,Refine(SQfp16)"
    parameters: ClassVar[dict[str, object]] = {"factory": factory}

    def _inner(self, probes: int, within: Any) -> Any:
        return self._faiss.SearchParametersIVF(nprobe=probes, sel=within)


class OneBitFarther(OneBit):
    """The same with more candidates, for queries and data that one bit does not tell apart."""

    built_as = "faiss-ivf-rabitq"
    rescored = 60


class ProductsFarther(Products):
    """The same with more candidates."""

    built_as = "faiss-ivf-pq"
    rescored = 60


class Graph(Flat):
    """HNSW, single precision."""

    exact = False
    knob = "ef"
    values = (16, 32, 64, 128, 256, 512, 1024)
    factory = "HNSW32,Flat"
    parameters: ClassVar[dict[str, object]] = {"factory": factory, "efConstruction": 40}

    def _asked(self, value: float, within: Any) -> Any:
        return self._faiss.SearchParametersHNSW(efSearch=int(value), sel=within)


def _threads(count: int) -> Any:
    faiss: Any = import_module("faiss")
    faiss.omp_set_num_threads(count)
    return faiss
