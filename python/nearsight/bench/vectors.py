"""Approximate search of vectors: `nearsight.Index` beside hnswlib, usearch and faiss, one thread.

Seeded data as embeddings lie: unit vectors off the origin, in clusters of clusters, each spread in
a subspace of its own. Queries are of the same kind, or unlike the data, as the embeddings of texts
are beside those of pictures: another mean, weaker, noisier. Everybody is asked with several
settings, and each setting is a player of its own that takes its turns; what counts at a recall is
the fastest that reaches it. The truth is `Index.search(exact=True)`, which tests hold to numpy's.
"""

import json
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight import Index
from nearsight.bench.measure import ONE_THREAD, Record, in_new_python, middle, take_turns

Vectors = NDArray[np.float32]
Found = NDArray[np.integer[Any]]
Searcher = Callable[[Vectors], Found]

_QUERIES = 200
_BLOCK = 65_536
_KINDS = ("like", "unlike")
_SHARES = (0.0001, 0.001, 0.01, 0.1, 0.5)
_CODE = """
import sys
from nearsight.bench.vectors import measure
measure(*map(int, sys.argv[1:-1]), sys.argv[-1])
"""


def run(
    n: int = 100_000,
    dim: int = 512,
    k: int = 10,
    rounds: int = 5,
    seed: int = 1,
    against: str = "hnswlib,usearch,faiss",
) -> list[Record]:
    """Records of builds, of each setting (recall and median ms a query), and of masks by share."""
    return in_new_python(_CODE, n, dim, k, rounds, seed, against, environment=ONE_THREAD)


def measure(n: int, dim: int, k: int, rounds: int, seed: int, against: str) -> None:
    """Measure in this process, and print the records."""
    base: Record = {"bench": "vectors", "n": n, "dim": dim, "k": k, "threads": 1}
    with tempfile.TemporaryDirectory(prefix="nearsight-bench-") as folder:
        rows, queries, unlike = drawn(Path(folder) / "rows", n, dim, seed)
        index, built = _nearsight(Path(folder) / "index", rows)
        print(json.dumps({**base, "who": "nearsight", **built}), flush=True)
        asked = {"like": queries, "unlike": unlike}
        truth = {kind: index.search(asked[kind], k, exact=True).ids for kind in _KINDS}
        settings = {f"nearsight {r}": _of_ours(index, k, r) for r in (0.9, 0.95, 0.99, 0.999)}
        for name in filter(None, against.split(",")):
            record, theirs = _peer(name, rows, k)
            print(json.dumps({**base, "who": name, **record}), flush=True)
            settings |= theirs
        for kind in _KINDS:
            for who, record in _raced(settings, asked[kind], truth[kind], rounds).items():
                print(json.dumps({**base, "who": who, "queries": kind, **record}), flush=True)
        for record in _masks(index, queries, k, rounds, seed):
            print(json.dumps({**base, "who": "nearsight", "queries": "like", **record}), flush=True)
        index.close()


def drawn(path: Path, n: int, dim: int, seed: int) -> tuple[Vectors, Vectors, Vectors]:
    """Rows f32[n, dim] in a mapped file, queries like them and queries unlike them, [200, dim]."""
    random = np.random.default_rng(seed)
    clusters, inner = max(8, n // 500), min(dim, 48)
    scale = (np.arange(1, dim + 1) ** -0.4).astype(np.float32)
    scale /= np.linalg.norm(scale)
    above = random.standard_normal((96, dim), np.float32)
    centres = 0.65 * above[random.integers(96, size=clusters)]
    centres = (centres + 0.76 * random.standard_normal((clusters, dim), np.float32)) * scale
    mean = random.standard_normal(dim, np.float32)
    mean *= 0.95 / np.linalg.norm(mean)
    axes = random.standard_normal((64, inner, dim), np.float32) * scale / np.float32(inner**0.5)

    def some(count: int) -> Vectors:
        which = random.integers(clusters, size=count)
        made = centres[which] + mean
        for one in range(len(axes)):
            own = np.flatnonzero(which % len(axes) == one)
            made[own] += random.standard_normal((len(own), inner), np.float32) @ axes[one]
        made += random.standard_normal((count, dim), np.float32) * np.float32(0.3 / dim**0.5)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        return made

    rows = np.memmap(path, np.float32, "w+", shape=(n, dim))
    for begin in range(0, n, _BLOCK):
        rows[begin : begin + _BLOCK] = some(min(_BLOCK, n - begin))
    queries = some(_QUERIES)
    other = random.standard_normal(dim, np.float32)
    unlike = 0.45 * (queries - rows[:20_000].mean(0)) + other * np.float32(
        0.8 / np.linalg.norm(other)
    )
    unlike += random.standard_normal(unlike.shape, np.float32) * np.float32(0.25 / dim**0.5)
    unlike /= np.linalg.norm(unlike, axis=1, keepdims=True)
    return rows, queries, unlike


def _nearsight(folder: Path, rows: Vectors) -> tuple[Index, Record]:
    start = time.perf_counter()
    with Index(rows.shape[1], folder) as index:
        for begin in range(0, len(rows), _BLOCK):
            block = rows[begin : begin + _BLOCK]
            index.add(np.arange(begin, begin + len(block)), block)
        added = time.perf_counter()
        index.optimize(threads=2)
    built = time.perf_counter()
    derived = sum(file.stat().st_size for file in folder.glob("codes-*"))
    opening = time.perf_counter()
    index = Index.open(folder)
    index.search(rows[0], 10)
    opened = time.perf_counter()
    return index, {
        "add_seconds": middle([added - start]),
        "build_seconds": middle([built - added]),
        "open_and_first_ms": middle([1000 * (opened - opening)]),
        "derived_share": middle([derived / rows.nbytes]),
        **_memory(),
    }


def _memory() -> Record:
    status = Path("/proc/self/status")
    if not status.exists():
        return {"peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024}
    lines = (line.split() for line in status.read_text("ascii").splitlines())
    return {"anonymous_mb": next(int(line[1]) // 1024 for line in lines if line[0] == "RssAnon:")}


def _of_ours(index: Index, k: int, recall: float) -> Searcher:
    return lambda query: index.search(query, k, recall=recall).ids


def _peer(name: str, rows: Vectors, k: int) -> tuple[Record, dict[str, Searcher]]:
    """How long the other one takes to build, and its settings."""
    package = {"faiss": "faiss-cpu"}.get(name, name)
    try:
        found = version(package)
    except PackageNotFoundError:
        return {"note": f"not installed: pip install {package}"}, {}
    start = time.perf_counter()
    settings = dict(_PEERS[name](rows, k))
    seconds = middle([time.perf_counter() - start])
    return {"version": found, "build_seconds": seconds, **_memory()}, settings


def _hnswlib(rows: Vectors, k: int) -> Iterator[tuple[str, Searcher]]:
    index: Any = import_module("hnswlib").Index(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows), M=16, ef_construction=200)
    index.add_items(rows, num_threads=2)

    def asked(ef: int) -> Searcher:
        def search(query: Vectors) -> Found:
            index.set_ef(ef)
            return np.asarray(index.knn_query(query, k=k, num_threads=1)[0][0])

        return search

    for ef in (20, 40, 80, 160, 320, 640, 1280):
        if ef >= k:
            yield f"hnswlib ef {ef}", asked(ef)


def _usearch(rows: Vectors, k: int) -> Iterator[tuple[str, Searcher]]:
    index: Any = import_module("usearch.index").Index(ndim=rows.shape[1], metric="ip", dtype="f16")
    index.add(np.arange(len(rows)), np.asarray(rows), threads=2)

    def asked(ef: int) -> Searcher:
        def search(query: Vectors) -> Found:
            index.expansion_search = ef
            return np.asarray(index.search(query, k, threads=1).keys)

        return search

    for ef in (32, 64, 128, 256, 512):
        yield f"usearch ef {ef}", asked(ef)


def _faiss(rows: Vectors, k: int) -> Iterator[tuple[str, Searcher]]:
    faiss: Any = import_module("faiss")
    faiss.omp_set_num_threads(2)
    lists = int(4 * len(rows) ** 0.5)
    index: Any = faiss.index_factory(rows.shape[1], f"IVF{lists},SQ8", faiss.METRIC_INNER_PRODUCT)
    index.train(np.asarray(rows[: 50 * lists]))
    for begin in range(0, len(rows), _BLOCK):
        index.add(np.asarray(rows[begin : begin + _BLOCK]))
    faiss.omp_set_num_threads(1)

    def asked(probes: int) -> Searcher:
        def search(query: Vectors) -> Found:
            index.nprobe = probes
            return np.asarray(index.search(query[np.newaxis], k)[1][0])

        return search

    for probes in (4, 8, 16, 32, 64, 128, 256):
        yield f"faiss IVF-SQ8 nprobe {probes}", asked(probes)


_PEERS: dict[str, Callable[[Vectors, int], Iterator[tuple[str, Searcher]]]] = {
    "hnswlib": _hnswlib,
    "usearch": _usearch,
    "faiss": _faiss,
}


def _raced(
    settings: dict[str, Searcher], queries: Vectors, truth: Found, rounds: int
) -> dict[str, Record]:
    """Recall and median milliseconds a query of each setting; all take turns."""

    def player(search: Searcher) -> Callable[[int], object]:
        return lambda _turn: [search(query) for query in queries]

    seconds = take_turns({who: player(s) for who, s in settings.items()}, rounds + 1)
    return {
        who: {
            "recall": _recall(search, queries, truth),
            "median_ms": middle([1000 * t / len(queries) for t in seconds[who][1:]]),
        }
        for who, search in settings.items()
    }


def _recall(search: Searcher, queries: Vectors, truth: Found) -> float:
    shares = [
        len(set(search(query).tolist()) & set(best.tolist())) / max(1, len(best))
        for query, best in zip(queries, truth, strict=True)
    ]
    return round(float(np.mean(shares)), 4)


def _masks(index: Index, queries: Vectors, k: int, rounds: int, seed: int) -> Iterator[Record]:
    """The same through masks that let a random share through."""
    random = np.random.default_rng(seed)
    for share in _SHARES:
        mask = index.mask(random.random(len(index)) < share)
        truth = index.search(queries, k, allow=mask, exact=True).ids

        def search(query: Vectors, mask: Any = mask) -> Found:
            return index.search(query, k, allow=mask).ids

        yield {"allowed": share, **_raced({"": search}, queries, truth, rounds)[""]}
