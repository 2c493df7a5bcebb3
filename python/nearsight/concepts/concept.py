"""One concept of an app, with what was said of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Source = Literal["own", "general"]


@dataclass(frozen=True, slots=True)
class Concept:
    """Something that pictures show.

    `source` is "own" or "general". `language` is that of `name`, None where the name is your own.
    `positives` annotations say it of an input or region, `negatives` deny it. `added_at` is in UTC;
    None for a general concept that nothing was said of.
    """

    id: str
    name: str
    source: Source
    language: str | None
    positives: int
    negatives: int
    added_at: datetime | None
