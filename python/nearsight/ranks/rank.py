"""Rank: one thing to order by."""

import base64
import math
import os
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from nearsight.errors import ArgumentError
from nearsight.values.region import BoundingBox, part
from nearsight.values.text import checked_text, shown

Kind: TypeAlias = Literal["image", "input", "region", "text", "concept"]
KINDS: tuple[Kind, ...] = get_args(Kind)

_CROPPED = ("image", "input")
_SPOKEN = ("text", "concept")


@dataclass(frozen=True, slots=True)
class Rank:
    """What to order by: how like `of` something is, or with how much confidence it shows it.

    kind, of: an image (any source of one picture; an http URL means the input that was added with
    it), the id of an input, the id of an annotation (region), words (text), or a concept's name or
    id. weight: how much it counts beside other ranks; if negative, the less the better. crop: the
    part of the image or of the input that is meant. language: of the words or of the concept's
    name.

    Raises `ArgumentError` for what cannot be: a weight of 0, a crop of words, an empty text.
    """

    kind: Kind
    of: object
    weight: float = 1.0
    crop: BoundingBox | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        """Check, and keep a crop as a `BoundingBox`."""
        if self.kind not in KINDS:
            raise ArgumentError(f"rank {shown(self.kind)}: rank by one of {', '.join(KINDS)}")
        if self.kind == "image" and self.of is None:
            raise ArgumentError("rank image=None: give a picture")
        if self.kind != "image" and not checked_text(self.of, self.kind).strip():
            wanted = "some words" if self.kind == "text" else "a name or an id"
            raise ArgumentError(f"{self.kind}={self.of!r}: give {wanted}")
        weight = _finite(self.weight)
        if weight == 0:
            raise ArgumentError(
                f"weight={shown(self.weight)}: give a number other than 0, negative for the less "
                "the better"
            )
        object.__setattr__(self, "weight", weight)
        if self.crop is not None:
            self._only(_CROPPED, "crop")
            object.__setattr__(self, "crop", part(self.crop))
        if self.language is not None:
            self._only(_SPOKEN, "language")
            if not checked_text(self.language, "language").strip():
                raise ArgumentError("language='': give a code such as 'ja', or leave it out")

    def _only(self, kinds: tuple[str, ...], name: str) -> None:
        if self.kind not in kinds:
            value = getattr(self, name)
            raise ArgumentError(f"{name}={shown(value)}: only {' and '.join(kinds)} take one")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON types, which `to_rank` reads back.

        Raises `ArgumentError` for a picture that only exists in memory, bytes excepted.
        """
        written: dict[str, Any] = {self.kind: _written(self.of)}
        if self.weight != 1:
            written["weight"] = self.weight
        if self.crop is not None:
            written["crop"] = list(self.crop)
        if self.language is not None:
            written["language"] = self.language
        return written


def _written(of: object) -> object:
    if isinstance(of, str):
        return of
    if isinstance(of, os.PathLike):
        return os.fsdecode(of)
    if isinstance(of, bytes | bytearray | memoryview):
        return {"base64": base64.b64encode(of).decode("ascii")}
    raise ArgumentError(
        f"a picture that is a {type(of).__name__} cannot be written as JSON: give a file or bytes"
    )


def _finite(weight: object) -> float:
    """The weight as a float; 0 for what is none."""
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        return 0.0
    return float(weight) if abs(weight) <= 1e300 and math.isfinite(weight) else 0.0
