"""Exact search in one thread: the engine, numpy's BLAS product, and hnswlib's brute force.

All three hold the same unit vectors as float32 and are asked the same queries in turn. Beside them
numpy reads the vectors once: a search that looks at all of their bytes takes as long at least. The
limits on threads reach numpy's BLAS only before numpy is loaded, so all runs in a fresh Python.
"""

import json
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from nearsight import diagnosis
from nearsight.bench.measure import ONE_THREAD, Record, in_new_python, middle, take_turns

_CENTRES = 1000
_SPREAD = 0.7  # of a vector around its centre, beside the centre's length of 1
_ROUNDS_BEFORE = 3  # to warm up: caches, page tables, clock
_BANDWIDTH = 0.95
_TOLERANCE = 1e-5  # between two ways to sum 512 float32 products

Vectors = NDArray[np.float32]
Found = tuple[NDArray[np.intp], Vectors]
Searcher = Callable[[Vectors], Found]

_CODE = """
import sys
from nearsight.bench.search import measure
measure(*map(int, sys.argv[1:]))
"""


def run(
    n: int = 100_000, dim: int = 512, k: int = 10, rounds: int = 51, seed: int = 1
) -> list[Record]:
    """One record for each searcher, fastest or not; `agrees` says whether it found the same."""
    return in_new_python(_CODE, n, dim, k, rounds, seed, environment=ONE_THREAD)


def measure(n: int, dim: int, k: int, rounds: int, seed: int) -> None:
    """Measure in this process, and print the records."""
    rows, queries = clustered(n, dim, rounds + _ROUNDS_BEFORE, seed)
    k = min(k, n)
    searchers = {"nearsight": _nearsight(rows, k), "numpy": _numpy(rows, k)}
    if _version("hnswlib"):
        searchers["hnswlib"] = _hnswlib(rows, k)
    players = {name: _player(search, queries) for name, search in searchers.items()}
    players["memory"] = lambda _: rows.view(np.int32).max()
    seconds = take_turns(players, len(queries))
    base: Record = {"bench": "search", "n": n, "dim": dim, "k": k, "threads": 1, "rounds": rounds}
    for name, search in searchers.items():
        agrees = _agrees(search, searchers["numpy"], queries)
        measured = _beside(seconds[name], seconds["nearsight"], agrees)
        print(json.dumps({**base, "who": name, "version": _version(name), **measured}))
    if "hnswlib" not in searchers:
        note = "not installed: pip install 'nearsight[bench]'"
        print(json.dumps({**base, "who": "hnswlib", "note": note}))
    read = _beside(seconds["memory"], seconds["nearsight"], True)
    met = cast(float, read["times_of_nearsight"]) >= _BANDWIDTH
    target = f">= {_BANDWIDTH} times of nearsight: all bytes of the vectors, read once"
    print(json.dumps({**base, "who": "memory", **read, "target": target, "met": met}))


def clustered(n: int, dim: int, queries: int, seed: int) -> tuple[Vectors, Vectors]:
    """Unit vectors f32[n, dim] around 1000 centres, as embeddings lie, and queries between them."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((_CENTRES, dim), np.float32) / np.float32(dim**0.5)
    noise = np.float32(_SPREAD / dim**0.5)

    def draw(count: int) -> Vectors:
        drawn = random.standard_normal((count, dim), np.float32) * noise
        drawn += centres[random.integers(_CENTRES, size=count)]
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        return drawn

    return draw(n), draw(queries)


def _beside(times: list[float], ours: list[float], agrees: bool) -> Record:
    counted, others = times[_ROUNDS_BEFORE:], ours[_ROUNDS_BEFORE:]
    return {
        "median_ms": middle([1000 * t for t in counted]),
        "best_ms": middle([1000 * min(counted)]),
        "times_of_nearsight": middle([a / b for a, b in zip(counted, others, strict=True)]),
        "agrees": agrees,
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _player(search: Searcher, queries: Vectors) -> Callable[[int], object]:
    return lambda turn: search(queries[turn])


def _agrees(one: Searcher, other: Searcher, queries: Vectors) -> bool:
    """Do both find the same, but for vectors whose scores are equal within rounding?"""
    return all(_same(one(query), other(query)) for query in queries[:10])


def _same(one: Found, other: Found) -> bool:
    if one[1].shape != other[1].shape or np.abs(one[1] - other[1]).max() > _TOLERANCE:
        return False
    edge = other[1][-1] + _TOLERANCE
    clear = [set(rows[scores > edge].tolist()) for rows, scores in (one, other)]
    return clear[0] <= set(other[0].tolist()) and clear[1] <= set(one[0].tolist())


def _nearsight(rows: Vectors, k: int) -> Searcher:
    ranked = diagnosis.exact_search(rows)

    def search(query: Vectors) -> Found:
        found, cosines = ranked(query, k)
        return found.astype(np.intp), cosines

    return search


def _numpy(rows: Vectors, k: int) -> Searcher:
    def search(query: Vectors) -> Found:
        cosines = rows @ query
        best = np.argpartition(cosines, len(cosines) - k)[len(cosines) - k :]
        order = best[np.argsort(-cosines[best])]
        return order, cosines[order]

    return search


def _hnswlib(rows: Vectors, k: int) -> Searcher:
    """Inner products of unit vectors: what it computes fastest that orders like the cosine."""
    import hnswlib  # type: ignore[import-untyped]

    index: Any = hnswlib.BFIndex(space="ip", dim=rows.shape[1])
    index.init_index(max_elements=len(rows))
    index.add_items(rows)

    def search(query: Vectors) -> Found:
        found, distances = index.knn_query(query, k=k, num_threads=1)
        return found[0].astype(np.intp), 1 - distances[0]

    return search
