"""What goes into the truth and what comes out of it, as plain values."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np
from numpy.typing import NDArray

from nearsight.geo import GeoPoint

RANDOM_BITS = 24  # of a generation, the lowest


def commits(generation: int) -> int:
    """How many commits made this generation: the bits above the 24 random ones."""
    return generation >> RANDOM_BITS


@dataclass(frozen=True, slots=True)
class Input:
    """A picture in the database.

    `width` and `height` are in pixels as displayed (EXIF orientation applied), `size_bytes` is the
    size of the file it came from, `content` the SHA-256 of its bytes in hex, `concepts` what people
    said of it: True, it shows the concept; False, it does not. `metadata` is a JSON object of the
    user's, `geo` where the picture was taken or what it shows.
    """

    id: str
    name: str
    uri: str | None
    format: str
    width: int
    height: int
    size_bytes: int
    content: str
    added_at: datetime
    concepts: dict[str, bool] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    geo: GeoPoint | None = None

    @property
    def path(self) -> Path | None:
        """The file it was added from (it may have moved since), or None if it was not a file."""
        if self.uri is None:
            return None
        return Path(unquote_to_bytes(urlsplit(self.uri).path).decode("utf-8", "surrogateescape"))

    def to_dict(self) -> dict[str, object]:
        """The record as JSON-ready values; `added_at` in ISO 8601, UTC."""
        return {
            "id": self.id,
            "name": self.name,
            "uri": self.uri,
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "size_bytes": self.size_bytes,
            "content": self.content,
            "added_at": self.added_at.isoformat(),
            "concepts": dict(self.concepts),
            "metadata": deepcopy(self.metadata),
            "geo": None if self.geo is None else self.geo._asdict(),
        }


@dataclass(frozen=True, slots=True)
class NewInput:
    """An input on its way into the truth: `vector` f32[dim], `probabilities` f32[labels]."""

    id: str
    content: bytes
    name: str
    uri: str | None
    format: str
    width: int
    height: int
    size_bytes: int
    thumbnail: bytes
    vector: NDArray[np.float32]
    probabilities: NDArray[np.float32]
    metadata: str = "{}"
    geo: GeoPoint | None = None
