"""What goes into the truth and what comes out of it, as plain values."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote_to_bytes, urlsplit

import numpy as np
from numpy.typing import NDArray

from nearsight.values.geo import GeoPoint
from nearsight.values.region import BoundingBox

RANDOM_BITS = 24  # of a generation, the lowest


def commits(generation: int) -> int:
    """How many commits made this generation: the bits above the 24 random ones."""
    return generation >> RANDOM_BITS


def as_time(seconds: float) -> datetime:
    """A time as the truth keeps it, seconds since 1970, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


@dataclass(frozen=True, slots=True)
class Input:
    """A picture in the database.

    `width` and `height` are in pixels as displayed (EXIF orientation applied), of the part that
    `crop` names if there is one; `size_bytes` is the size of the file it came from, `content` the
    SHA-256 of its bytes in hex. `name` is what it was added by: a file's path as it was given or
    found, so that one from `add("photos/")` is called "photos/dog.jpg". `url` says where it came
    from: `file://…`, or whatever it was added with. `concepts` is what the app's user said of the
    whole picture: True, it shows the concept; False, it does not. `metadata` is a JSON object of
    the user's, `geo` where the picture was taken or what it shows. `type` and `status` are the
    hosted service's: every input is an image, and is processed when it is in.
    """

    id: str
    name: str
    url: str | None
    format: str
    width: int
    height: int
    size_bytes: int
    content: str
    added_at: datetime
    changed_at: datetime
    concepts: dict[str, bool] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    geo: GeoPoint | None = None
    crop: BoundingBox | None = None
    type: Literal["image"] = "image"
    status: Literal["processed"] = "processed"

    @property
    def path(self) -> Path | None:
        """The file it was added from (it may have moved since), or None if it was not a file."""
        if self.url is None or not self.url.startswith("file://"):
            return None
        return Path(unquote_to_bytes(urlsplit(self.url).path).decode("utf-8", "surrogateescape"))

    def to_dict(self) -> dict[str, object]:
        """The record as JSON-ready values; times in ISO 8601, UTC."""
        return {
            "id": self.id,
            "name": self.name,
            "url": self.url,
            "format": self.format,
            "width": self.width,
            "height": self.height,
            "size_bytes": self.size_bytes,
            "content": self.content,
            "added_at": self.added_at.isoformat(),
            "changed_at": self.changed_at.isoformat(),
            "concepts": dict(self.concepts),
            "metadata": deepcopy(self.metadata),
            "geo": None if self.geo is None else self.geo._asdict(),
            "crop": None if self.crop is None else self.crop._asdict(),
            "type": self.type,
            "status": self.status,
        }


@dataclass(frozen=True, slots=True)
class Annotation:
    """What somebody says of a picture (`box` is None) or of a box in it.

    `input` is the input's id, `concepts` maps ids to True (it shows the concept) or False (it does
    not), `by` says who: "" is the app's user, "model:…" a model, everything else is up to you.
    """

    id: str
    input: str
    box: BoundingBox | None
    concepts: dict[str, bool]
    text: str | None
    by: str
    added_at: datetime
    changed_at: datetime

    @property
    def is_primary(self) -> bool:
        """Is it what `app.inputs.add` and `update` say of the whole picture?"""
        return self.id == self.input

    def to_dict(self) -> dict[str, object]:
        """The record as JSON-ready values; times in ISO 8601, UTC."""
        return {
            "id": self.id,
            "input": self.input,
            "box": None if self.box is None else self.box._asdict(),
            "concepts": dict(self.concepts),
            "text": self.text,
            "by": self.by,
            "added_at": self.added_at.isoformat(),
            "changed_at": self.changed_at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class NewEmbedding:
    """What the model makes of a picture or box: `vector` f32[dim], `probabilities` f32[labels]."""

    vector: NDArray[np.float32]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class NewAnnotation:
    """An annotation on its way into the truth; with a box it needs the box's `embedding`."""

    id: str
    concepts: dict[str, bool] = field(default_factory=dict)
    box: BoundingBox | None = None
    text: str | None = None
    by: str = ""
    embedding: NewEmbedding | None = None


@dataclass(frozen=True, slots=True)
class NewInput:
    """An input on its way into the truth, with its embedding and what is said of it."""

    id: str
    content: bytes
    name: str
    url: str | None
    format: str
    width: int
    height: int
    size_bytes: int
    thumbnail: bytes
    embedding: NewEmbedding
    concepts: dict[str, bool] = field(default_factory=dict)
    metadata: str = "{}"
    geo: GeoPoint | None = None
    crop: BoundingBox | None = None
    regions: tuple[NewAnnotation, ...] = ()
