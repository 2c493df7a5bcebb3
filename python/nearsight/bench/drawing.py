"""Vectors as embeddings lie, drawn from a seed, and masks of them.

Unit vectors off the origin, in clusters of clusters, each spread in a subspace of its own. Queries
are of the same kind, or unlike the data, as the embeddings of texts are beside those of pictures:
another mean, weaker, noisier.
"""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
Flags = NDArray[np.bool_]

QUERIES = 200  # of each kind
BLOCK = 65_536  # rows that are drawn or handed over at a time
SHARES = {"0.01 %": 0.0001, "0.1 %": 0.001, "1 %": 0.01, "10 %": 0.1, "50 %": 0.5}
CORRELATED = "correlated"
_SHARE = 0.01  # of the correlated mask
_SAMPLE = 20_000  # rows that say where the middle of all lies


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
        return units(made)

    rows = np.memmap(path, np.float32, "w+", shape=(n, dim))
    for begin in range(0, n, BLOCK):
        rows[begin : begin + BLOCK] = some(min(BLOCK, n - begin))
    queries = some(QUERIES)
    other = random.standard_normal(dim, np.float32)
    unlike = 0.45 * (queries - rows[:_SAMPLE].mean(0)) + other * np.float32(
        0.8 / np.linalg.norm(other)
    )
    unlike += random.standard_normal(unlike.shape, np.float32) * np.float32(0.25 / dim**0.5)
    return rows, queries, units(unlike)


def units(vectors: Vectors) -> Vectors:
    """Bring vectors [n, dim] to unit length, in place."""
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def masks(rows: Vectors, seed: int) -> dict[str, Flags]:
    """Masks bool[n] by name: random shares, and a concept's: the hundredth that leans its way most.

    The concept is a row chosen at random, from the middle of all rows; few of the queries are like
    it, so most have to look far from where they would look by themselves.
    """
    random = np.random.default_rng(seed)
    made = {name: random.random(len(rows)) < share for name, share in SHARES.items()}
    for mask in made.values():
        mask[random.integers(len(rows))] = True  # an empty one would say nothing
    concept = rows[random.integers(len(rows))] - rows[:_SAMPLE].mean(0)
    leaning = rows @ concept
    made[CORRELATED] = leaning >= np.quantile(leaning, 1 - _SHARE)
    return made
