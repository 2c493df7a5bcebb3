"""What `slow` knows of pictures, inputs, annotations and models, and the arithmetic of scores."""

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from planted import Planted

from nearsight.filters import And, Contains, Filter, Or

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
EYE = Planted()


@dataclass(frozen=True, eq=False)
class Seen:
    """What the model makes of pixels: f32[4] and f32[1000], as a database keeps them."""

    vector: NDArray[np.float32]
    predictions: NDArray[np.float32]

    @property
    def unit(self) -> NDArray[np.float64]:
        vector = self.vector.astype(np.float64)
        return vector / np.linalg.norm(vector)

    def shows(self, leaves: Iterable[int]) -> float:
        return float(sum(float(self.predictions[leaf]) for leaf in leaves))


def seen(pixels: Pixels) -> Seen | None:
    """None where the model gives no direction: of black."""
    return _seen(pixels.tobytes(), pixels.shape)


@cache
def _seen(pixels: bytes, shape: tuple[int, ...]) -> Seen | None:
    image = Image.fromarray(np.frombuffer(pixels, np.uint8).reshape(shape))
    result = EYE.embed(EYE.prepare(SimpleNamespace(pixels=image))[None])  # type: ignore[arg-type]
    if not result.vectors.any():
        return None
    kept = result.probabilities[0].astype(np.float16).astype(np.float32)
    return Seen(result.vectors[0], kept)


def cut(pixels: Pixels, box: Box | None) -> Pixels:
    """The part of a picture; boxes of tests end between pixels."""
    if box is None:
        return pixels
    high, wide = pixels.shape[:2]
    top, left, bottom, right = box
    part = pixels[
        round(top * high) : round(bottom * high), round(left * wide) : round(right * wide)
    ]
    return np.ascontiguousarray(part)


@dataclass(frozen=True)
class Source:
    """A picture in one of its forms: `given` to the app; equal `content` is the same picture."""

    given: Any
    content: Any
    pixels: Pixels
    url: str | None = None


@dataclass(eq=False)
class SlowSaid:
    """An annotation; `row` is the age of its own embedding, if it has one."""

    id: str
    owner: "SlowInput"
    concepts: dict[str, bool]
    number: int
    box: Box | None = None
    text: str | None = None
    by: str = ""
    seen: Seen | None = None
    row: int = 0
    changed: datetime | None = None  # None: it may have changed, look it up

    @property
    def shown(self) -> "SlowSaid":
        """The one whose embedding it is ranked by and teaches with."""
        return self.owner.primary if self.box is None else self


@dataclass(eq=False)
class SlowInput:
    """An input, with the source it came from and the pixels that are left of that by the crop."""

    id: str
    source: Source
    url: str | None
    crop: Box | None
    metadata: dict[str, Any]
    geo: tuple[float, float] | None
    pixels: Pixels
    corrections: dict[str, bool] = field(default_factory=dict)
    said: dict[str, SlowSaid] = field(default_factory=dict)
    added: datetime | None = None
    name: str = ""
    format: str = ""

    @property
    def primary(self) -> SlowSaid:
        return self.said[self.id]

    @property
    def rows(self) -> list[SlowSaid]:
        """What has an embedding of its own, the oldest first."""
        return [said for said in self.said.values() if said.seen is not None]


@dataclass(eq=False)
class SlowModel:
    """A custom model: by version when it was trained, its heads, and the inputs it was told of."""

    concepts: list[str]
    exclusive: bool
    closed: bool
    number: int
    versions: dict[int, tuple[int, dict[str, Any], list[SlowInput]]] = field(default_factory=dict)
    current: int | None = None
    trained: int = 0


@dataclass(frozen=True)
class Expected:
    """A hit: which one, its score, and what decides between equal scores."""

    id: str
    score: float
    age: tuple[int, ...]
    seen: Seen | None
    region: str | None = None
    sure: bool = True  # is the region the only one that scores so high?


def joined(scorers: Sequence[Any], look: Seen) -> float:
    """The weighted mean; what is weighed negatively counts by what is missing to 1."""
    total = sum(abs(weight) for weight, _ in scorers)
    parts = (w * s(look) if w > 0 else -w * (1 - s(look)) for w, s in scorers)
    return float(sum(parts) / total)


def head_probability(head: Any, look: Seen) -> float:
    total = float(look.unit @ head.direction.astype(np.float64)) + head.bias
    predictions = look.predictions.astype(np.float64)
    total += float(predictions @ head.evidence.astype(np.float64))
    if head.trust > 0:
        total += head.trust * math.log(float(predictions @ head.mixture.astype(np.float64)))
    return 1 / (1 + math.exp(-total))


def record(one: SlowInput) -> dict[str, Any]:
    """What `oracle.meets` asks."""
    url = {} if one.url is None else {"url": one.url}
    return url | {
        "id": one.id,
        "type": "image",
        "status": "processed",
        "name": one.name,
        "format": one.format,
        "metadata": one.metadata,
        "geo": one.geo,
        "crop": one.crop,
        "added": one.added,
        "changed": one.primary.changed,
    }


def patched(old: Any, new: Any, action: str) -> Any:
    """Metadata after a change: what `inputs.update` says in its table."""
    if action == "overwrite":
        return new
    if action == "remove":
        left = {}
        for key, value in old.items():
            asked = new.get(key)
            if key in new and isinstance(asked, dict) and asked and isinstance(value, dict):
                left[key] = patched(value, asked, action)
            elif key not in new:
                left[key] = value
        return left
    if isinstance(old, dict) and isinstance(new, dict) and new:
        joined = dict(old)
        for key, value in new.items():
            if value is not None:
                joined[key] = patched(joined.get(key), value, action)
        return joined
    return [*old, *new] if isinstance(old, list) and isinstance(new, list) and new else new


def is_file(url: str | None) -> bool:
    return url is not None and url.startswith("file://")


def key_of(given: Any) -> str:
    """A source as the key of a dictionary."""
    return str(given) if not isinstance(given, np.ndarray | bytes) else repr(hash(bytes(given)))


def own_region(one: SlowInput, box: Box) -> SlowSaid | None:
    """What the app itself said first of this box of an input."""
    return next((said for said in one.said.values() if (said.box, said.by) == (box, "")), None)


def takes(one: SlowInput, source: Source, known: Mapping[str, Any]) -> bool:
    """Can the regions of a picture that is in already be those of its input?"""
    regions = known["regions"]
    if regions and (one.source.content, one.crop) != (source.content, known["crop"]):
        return False
    new = [region["box"] for region in regions if own_region(one, region["box"]) is None]
    return all(seen(cut(one.pixels, box)) is not None for box in new)


def asks_nothing(asked: Filter) -> bool:
    """Is it `{}`, which all metadata contain, alone or joined so that it lets all through?"""
    if isinstance(asked, Or):
        return any(asks_nothing(part) for part in asked.parts)
    if isinstance(asked, And):
        return all(asks_nothing(part) for part in asked.parts)
    return isinstance(asked, Contains) and json.loads(asked.json) == {}
