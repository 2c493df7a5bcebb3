"""Random values for `test_sequences`: pictures, facts, filters and ranks, few enough to meet."""

import io
import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from sights import Source, cut, seen
from slow import TEXTS, Slow

from nearsight.errors import NotFoundError, TrainingError
from nearsight.filters import (
    Annotated,
    Compared,
    Exists,
    Filter,
    Has,
    Is,
    Predicted,
    Unsaid,
    When,
    Within,
    box,
    metadata,
    polygon,
)
from nearsight.filters.properties import COMPARISONS, PARTS
from nearsight.knowledge import ConceptTree
from nearsight.ranks import Rank

T = TypeVar("T")

SIDE = 16  # pixels: a box of quarters in a crop of quarters ends between pixels
COLOURS = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (200, 200, 40), (90, 0, 160), (0, 0, 0)]
IDS = ["a", "b", "c", "d d", "é", "f", "r1", "r2", "r3"]
URLS = ["https://example.org/1", "https://example.org/2"]
TABBY = ConceptTree.load().named("tabby")[0].id
SAID = ["rex", "tidy", "beach day", "lemon", TABBY]
NAMES = ["Rex", "tidy", "Sunny"]
PREDICTED = ["tabby", "sports car", "lemon", "cat", "vehicle", "rex", "Rex", "tidy"]
AUTHORS = ["", "anna", "model:pets/1"]
MODELS = ["pets", "m2"]
ACTIONS = ["merge", "merge", "overwrite", "remove"]
PLACES = [(0.0, 0.0), (48.0, 2.0), (48.0, 3.0), (10.0, 179.0), (10.0, -179.0), (90.0, 0.0)]
KEYS = ["a", "b", "tags", "c.d"]
SCALARS = [None, True, False, 0, 1, 1.0, 1.5, -(2**63), "x", "1", ""]


def pictures(folder: Path) -> list[Source]:
    """Twelve pictures, each as an array, as a PNG in memory and as that PNG in a file."""
    rng = random.Random("pictures")
    found = []
    for n in range(12):
        quarters = [rng.choice(COLOURS) for _ in range(4)]
        quarters = [quarters[0]] * 4 if n % 3 == 0 else quarters
        grid = np.array(quarters, np.uint8).reshape(2, 2, 3)
        pixels = grid.repeat(SIDE // 2, 0).repeat(SIDE // 2, 1)
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        path = folder / f"picture {n}.png"
        path.write_bytes(buffer.getvalue())
        found += [
            Source(pixels, ("array", hash(pixels.tobytes())), pixels),
            Source(buffer.getvalue(), ("PNG", hash(pixels.tobytes())), pixels),
            Source(path, ("PNG", hash(pixels.tobytes())), pixels, path.as_uri()),
        ]
    return found


class Drawn:
    """Everything that one seed decides, of what is there in `slow` or might be."""

    def __init__(self, seed: int, slow: Slow, sources: Sequence[Source]) -> None:
        self.rng = random.Random(seed)
        self.slow = slow
        self.sources = sources

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def one(self, several: Sequence[T]) -> T:
        return self.rng.choice(several)

    def some(self, several: Sequence[T], most: int = 3) -> list[T]:
        return self.rng.sample(several, self.rng.randint(0, min(most, len(several))))

    # -- facts ---------------------------------------------------------------------------------

    def input(self) -> str:
        return self._known([*self.slow.inputs])

    def inputs(self) -> list[str]:
        return list(dict.fromkeys(self.input() for _ in range(self.rng.randint(0, 3))))

    def annotation(self) -> str:
        return self._known([*self.slow.said])

    def _known(self, ids: Sequence[str]) -> str:
        return self.one(ids) if ids and self.chance(0.95) else self.one([*IDS, "nobody"])

    def source(self) -> Source:
        return self.one(self.sources)

    def box(self) -> tuple[float, float, float, float]:
        top, bottom = sorted(self.rng.sample(range(5), 2))
        left, right = sorted(self.rng.sample(range(5), 2))
        return top / 4, left / 4, bottom / 4, right / 4

    def said(self) -> dict[str, bool]:
        values = {name: self.chance(0.65) for name in self.some(SAID)}
        return dict(sorted(values.items(), key=lambda pair: not pair[1]))  # as two lists say it

    def metadata(self, depth: int = 0) -> dict[str, Any]:
        return {key: self._value(key, depth + 1) for key in self.some(KEYS)}

    def _value(self, key: str, depth: int) -> Any:
        """Of one key mostly of one kind, so that merging has something to merge."""
        kind = {"b": 0.0, "tags": 0.4}.get(key, 1.0) if self.chance(0.6) else self.rng.random()
        if depth < 3 and kind < 0.3:
            return self.metadata(depth)
        if depth < 3 and kind < 0.5:
            return [self._value("", depth + 1) for _ in range(self.rng.randint(0, 3))]
        return self.one(SCALARS)

    def known(self, share: float = 1.0) -> dict[str, Any]:
        """What is known of a picture; everything with this share of its usual chance."""
        maybe = lambda usual: self.chance(share * usual)  # noqa: E731
        return {
            "id": self.one(IDS) if maybe(0.3) else None,
            "said": self.said() if maybe(0.7) else {},
            "metadata": self.metadata() if maybe(0.6) else {},
            "geo": self.one(PLACES) if maybe(0.4) else None,
            "crop": self.box() if maybe(0.2) else None,
            "url": self.one(URLS) if maybe(0.15) else None,
            "regions": [],
        }

    def regions(self) -> list[dict[str, Any]]:
        count = self.rng.randint(1, 2) if self.chance(0.3) else 0
        return [{"box": self.box(), "said": self.said(), "text": self.text()} for _ in range(count)]

    def text(self) -> str | None:
        return self.one([None, "", "a poppy"])

    # -- filters -------------------------------------------------------------------------------

    def filter(self, depth: int = 0) -> Filter:
        kind = self.rng.random() if depth < 3 else 1.0
        if kind < 0.2:
            return self.filter(depth + 1) & self.filter(depth + 1)
        if kind < 0.4:
            return self.filter(depth + 1) | self.filter(depth + 1)
        if kind < 0.55:
            return ~self.filter(depth + 1)
        statements = (
            *(self._annotated, self._annotated, self._predicted, self._contains, self._compared),
            *(self._is, self._is, self._when, self._place),
            lambda: Unsaid(self._name()),
            lambda: Exists(self._path()),
            lambda: Has(self.one(PARTS)),
        )
        return self.one(statements)()

    def _name(self) -> str:
        """A concept that something could be said of: by id, by name, now and then unknown."""
        names = [*self.slow.concepts, *self.slow.concepts.values()]
        return self.one(names) if names and self.chance(0.98) else self.one([*SAID, *NAMES])

    def _annotated(self) -> Filter:
        return Annotated(self._name(), self.chance(0.7))

    def _predicted(self) -> Filter:
        """Not at an edge: there, rounding decides."""
        name, at_least = self.predicted_name(), self.rng.random()
        looks = [said.seen for said in self.slow.said.values() if said.seen]
        try:
            values = [self.slow.probability(name, look) for look in looks]
        except (NotFoundError, TrainingError):
            values = []
        while any(abs(value - at_least) < 1e-3 for value in values):
            at_least = self.rng.random()
        return Predicted(name, at_least)

    def predicted_name(self) -> str:
        taught = [name for model in self.slow.models.values() for name in model.concepts]
        if taught and self.chance(0.4):
            return self.one(taught)
        return self.one(PREDICTED if self.chance(0.3) else PREDICTED[:5])

    def _contains(self) -> Filter:
        return metadata(self.metadata() if self.chance(0.5) else self._some_of(self._there()))

    def _there(self) -> dict[str, Any]:
        inputs = [*self.slow.inputs.values()]
        return self.one(inputs).metadata if inputs else {}

    def _some_of(self, there: Any) -> Any:
        if isinstance(there, dict):
            return {key: self._some_of(there[key]) for key in self.some([*there])}
        return [self._some_of(e) for e in self.some(there)] if isinstance(there, list) else there

    def _path(self) -> tuple[str, ...]:
        there, path = self._there(), ()
        while isinstance(there, dict) and there and (not path or self.chance(0.7)):
            key = self.one([*there])
            there, path = there[key], (*path, key)
        return path or (self.one(KEYS),)

    def _compared(self) -> Filter:
        value = self.one([scalar for scalar in SCALARS if scalar is not None])
        return Compared(self._path(), self.one(COMPARISONS), value)

    def _is(self) -> Filter:
        one = self.slow.inputs.get(self.input())
        values = {
            "id": self.input(),
            "url": self.one(URLS) if one is None or one.url is None else one.url,
            "type": self.one(["image", "video"]),
            "status": self.one(["processed", "failed"]),
            "name": "nobody" if one is None else one.name,
            "format": "PNG" if one is None else one.format,
            "annotation": self.annotation(),
            "by": self.one(AUTHORS),
        }
        field = self.one([*values])
        return Is(field, values[field])  # type: ignore[arg-type]

    def _when(self) -> Filter:
        moments = [one.added for one in self.slow.inputs.values() if one.added]
        moments += [one.primary.changed for one in self.slow.inputs.values() if one.primary.changed]
        if not moments:
            return Has("geo")
        moment = self.one(moments) + timedelta(microseconds=self.one([-1, 0, 0, 1]))
        return When(self.one(["added", "changed"]), self.one(COMPARISONS), moment)  # type: ignore[arg-type]

    def _place(self) -> Filter:
        kind = self.rng.randrange(3)
        if kind == 0:
            return Within(*self.one(PLACES), self.one([0.0, 50.5, 300.5, 9000.5]))
        if kind == 1:
            return box(*self.rng.sample(PLACES, 2))
        return polygon(*self.rng.sample(PLACES[:5], 3))

    # -- ranks ---------------------------------------------------------------------------------

    def ranks(self) -> list[Rank]:
        count = self.one([0, 1, 1, 1, 1, 2, 3])
        return [
            self._rank(1.0 if count == 1 else self.one([1.0, 1.0, 2.5, -1.0])) for _ in range(count)
        ]

    def _rank(self, weight: float) -> Rank:
        kind = self.one(["image", "image", "input", "region", "concept", "concept", "text"])
        if kind == "image":
            crop = self.box() if self.chance(0.3) else None
            source = self.source()
            while not cut_is_seen(source, crop) and self.chance(0.9):
                source = self.source()
            return Rank("image", self.one(URLS) if self.chance(0.1) else source.given, weight, crop)
        if kind == "input":
            crop = self.box() if self.chance(0.2) else None
            return Rank("input", self.input(), weight, crop)
        if kind == "region":
            return Rank("region", self.annotation(), weight)
        if kind == "text":
            return Rank("text", self.one([*TEXTS]), weight)
        return Rank("concept", self.predicted_name(), weight)


def cut_is_seen(source: Source, crop: Any) -> bool:
    return seen(cut(source.pixels, crop)) is not None
