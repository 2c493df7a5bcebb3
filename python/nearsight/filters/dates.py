"""Dates in metadata: ISO 8601 texts, which compare by their characters as the times do.

A year, a month, a day or a second is meant whole: it is what begins with its text.

>>> from datetime import date
>>> str(compared(("exif", "taken"), "<=", stretch_of(date(2024, 6, 30))))
'@exif.taken < "2024-07-01"'
"""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from nearsight.errors import ArgumentError
from nearsight.filters.properties import Compared, Operator
from nearsight.filters.statement import Filter, either, every
from nearsight.values.text import shown

TAKEN = ("exif", "taken")  # where adding puts the date that a camera wrote


class Stretch(NamedTuple):
    """The first text that belongs to it, and the first that is past it."""

    start: str
    end: str


def stretch_of(moment: object) -> Stretch:
    """A datetime (to the second), a day, or the number of a year. Raises `ArgumentError`."""
    if isinstance(moment, datetime) and moment.tzinfo is not None:
        raise ArgumentError(
            f"{shown(moment)}: metadata hold the camera's own time; give one without a zone"
        )
    try:
        if isinstance(moment, datetime):
            second = moment.replace(microsecond=0)
            return Stretch(second.isoformat(), (second + timedelta(seconds=1)).isoformat())
        if isinstance(moment, date):
            return Stretch(moment.isoformat(), (moment + timedelta(days=1)).isoformat())
        if isinstance(moment, int):
            date(moment, 1, 1)
            return Stretch(f"{moment:04}", f"{moment + 1:04}")
    except (ValueError, OverflowError):
        pass
    raise ArgumentError(f"{shown(moment)} is no date: give a year, a datetime.date or a datetime")


def read(text: str) -> Stretch:
    """What `2024-06`, `2024-06-01` or `2024-06-01T12:30` means. Raises `ArgumentError`."""
    try:
        if len(text) == len("2024-06"):
            first = date.fromisoformat(f"{text}-01")
            past = date(first.year + first.month // 12, first.month % 12 + 1, 1)
            return Stretch(text, past.isoformat()[: len(text)])
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ArgumentError(f"{shown(text)} is no date: write 2024-06 or 2024-06-01") from None
    return stretch_of(moment if "T" in text.upper() else moment.date())


def compared(path: tuple[str, ...], operator: Operator, stretch: Stretch) -> Filter:
    """The text at the end of `path` compares so with all of a stretch of time."""
    since, before = Compared(path, ">=", stretch.start), Compared(path, "<", stretch.end)
    earlier, later = Compared(path, "<", stretch.start), Compared(path, ">=", stretch.end)
    return {
        "=": every((since, before)),
        "!=": either((earlier, later)),
        "<": earlier,
        "<=": before,
        ">": later,
        ">=": since,
    }[operator]
