"""A million invented inputs, the same for every run: what is known of each, and who knows better.

All that is drawn lies in arrays, so that plain numpy says what every filter has to let through.
"""

from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight import Item, Region, embedders
from nearsight.embedders import Embedded
from nearsight.pictures import Picture

RATES = (0.5, 0.1, 0.01, 1e-3, 1e-4, 1e-5)  # of the inputs that have the value of a level
KINDS = ("level", "nested", "tag", "said", "denied", "leaf")
_OTHER = len(RATES)
_EVERY = 50  # input has a region with an embedding of its own
_BATCH = 1000
_LIKELY, _REST = 0.75, 0.25  # of two concepts of each input; exact as float16

Vectors = NDArray[np.float32]
Mask = NDArray[np.bool_]


class Fake:
    """An embedder that draws a direction from the picture's bytes, with the general labels."""

    name = "invented"

    def __init__(self, dim: int) -> None:
        """Draw vectors f32[dim]."""
        self.dim = dim
        self.labels = embedders.load("general").labels
        self.fingerprint = sha256(b"invented %d" % dim).hexdigest()

    def prepare(self, picture: Picture) -> NDArray[np.uint8]:
        """One pixel of it."""
        return np.asarray(picture.pixels.resize((1, 1)), np.uint8)

    def embed(self, pixels: NDArray[np.uint8]) -> Embedded:
        """A direction each."""
        drawn = [np.random.default_rng(each.ravel()).standard_normal(self.dim) for each in pixels]
        vectors = np.array(drawn, np.float32).reshape(len(pixels), self.dim)
        return Embedded(vectors, np.zeros((len(pixels), len(self.labels)), np.float32))


class Stock:
    """`n` inputs; input i is the i-th that is added."""

    def __init__(self, n: int, dim: int, seed: int = 1) -> None:
        """Draw them; `levels[kind]` u8[n] says which of the RATES' values each one has, if any."""
        random = np.random.default_rng(seed)
        self.n, self.embedder = n, Fake(dim)
        shares = [*RATES, 1 - sum(RATES)]
        drawn = random.choice(len(shares), (len(KINDS), n), p=shares).astype(np.uint8)
        self.levels = dict(zip(KINDS, drawn, strict=True))
        self.order = random.permutation(n)
        self.weight = random.standard_normal(n)
        self.places = random.random((n, 2)) * (120, 360) - (60, 180)  # degrees: no poles
        self._seed = seed

    def batches(self) -> Iterator[tuple[list[Item], Embedded]]:
        """What `nearsight.diagnosis.invent` takes."""
        for start in range(0, self.n, _BATCH):
            numbers = range(start, min(start + _BATCH, self.n))
            rows = np.searchsorted(self.owners, [numbers.start, numbers.stop])
            vectors = self.vectors[rows[0] : rows[1]]
            owners = self.owners[rows[0] : rows[1]]
            yield [self.item(i) for i in numbers], Embedded(vectors, self._predicted(owners))

    def item(self, i: int) -> Item:
        """What is known of input `i`."""
        level = {kind: int(levels[i]) for kind, levels in self.levels.items()}
        latitude, longitude = self.places[i].tolist()
        regions = [Region((0.1, 0.1, 0.5, 0.5), ["part"])] if i % _EVERY == 0 else []
        return Item(
            None,
            id=f"{i:07}",
            concepts=[f"said {level['said']}"],
            not_concepts=[f"denied {level['denied']}"],
            metadata=self._metadata(i, level),
            geo=(latitude, longitude),
            regions=regions,
        )

    def _metadata(self, i: int, level: dict[str, int]) -> dict[str, Any]:
        order = int(self.order[i])
        return {
            "level": f"level {level['level']}",
            "title": f"photo {order} of {self.n}",
            "camera": {
                "maker": f"maker {level['nested']}",
                "lens": {"mm": 10 + order % 100, "bright": order % 2 == 0},
            },
            "tags": [f"tag {level['tag']}", f"word {order % 1000}", f"word {order % 997}"],
            "order": order,
            "weight": float(self.weight[i]),
            "day": f"20{order % 30:02}-{1 + order % 12:02}-{1 + order % 28:02}",
        }

    # -- embeddings ----------------------------------------------------------------------------

    @cached_property
    def owners(self) -> NDArray[np.intp]:
        """The input of each embedding, ascending: its own first, then its region's."""
        return np.repeat(np.arange(self.n), 1 + (np.arange(self.n) % _EVERY == 0))

    @cached_property
    def vectors(self) -> Vectors:
        """Unit vectors f32[len(owners), dim]."""
        random = np.random.default_rng(self._seed)
        vectors = np.empty((len(self.owners), self.embedder.dim), np.float32)
        for start in range(0, len(vectors), _BATCH):
            some = vectors[start : start + _BATCH]
            random.standard_normal(some.shape, np.float32, out=some)
            some /= np.linalg.norm(some, axis=1, keepdims=True)
        return vectors

    def _predicted(self, owners: NDArray[np.intp]) -> Vectors:
        rows = np.arange(len(owners))
        probabilities = np.zeros((len(owners), len(self.embedder.labels)), np.float32)
        probabilities[rows, self.levels["leaf"][owners]] = _LIKELY
        probabilities[rows, 10 + self.order[owners] % 500] = _REST
        return probabilities

    def best(self, query: Vectors, mask: Mask, k: int) -> tuple[list[str], Vectors]:
        """The ids of the best `k` of the inputs in `mask`, and their cosines, by numpy."""
        rows = np.flatnonzero(mask[self.owners])
        few = 4 * len(rows) < len(self.owners)
        cosines = self.vectors[rows] @ query if few else (self.vectors @ query)[rows]
        some = min(2 * k, len(rows))  # an input may have two
        best = np.argpartition(cosines, len(rows) - some)[len(rows) - some :] if some else rows
        order = best[np.argsort(-cosines[best], kind="stable")]
        firsts = np.unique(self.owners[rows[order]], return_index=True)[1]
        order = order[np.sort(firsts)][:k]
        return [f"{i:07}" for i in self.owners[rows[order]]], cosines[order]
