"""Points and stretches of time, from what people write."""

import re
from datetime import UTC, date, datetime, time, timedelta

from nearsight.errors import ArgumentError
from nearsight.filters.properties import Operator, Time, When
from nearsight.filters.statement import Filter, every
from nearsight.values.text import shown


def compared(field: Time, operator: Operator, moment: object) -> Filter:
    """The input was `added` or `changed` then; a day, a month or a year is meant as a whole.

    `moment` is a datetime (UTC if it is naive), a date, or text: ISO 8601, also `2024-06` or
    `2024`. `= 2024-06-01` is any time of that day, `<=` includes it, `>` begins the day after.
    Raises `ArgumentError`.
    """
    start, end = _stretch(moment)
    if start == end:
        return When(field, operator, start)
    since, before = When(field, ">=", start), When(field, "<", end)
    if operator in ("=", "!="):
        during = every((since, before))
        return during if operator == "=" else ~during
    return {
        "<": When(field, "<", start),
        "<=": before,
        ">": When(field, ">=", end),
        ">=": since,
    }[operator]


def _stretch(moment: object) -> tuple[datetime, datetime]:
    """When it begins and when it is over, in UTC: the same for an instant."""
    try:
        if isinstance(moment, str):
            moment = _read(moment)
        if isinstance(moment, datetime):
            moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
            return moment, moment
        if isinstance(moment, date):
            moment = (moment, moment + timedelta(days=1))
        if isinstance(moment, tuple):
            start, end = (datetime.combine(day, time(), UTC) for day in moment)
            return start, end
    except (ValueError, OverflowError):
        pass
    raise ArgumentError(
        f"{shown(moment)} is no time: give a datetime, a date, or text as 2024-06-01 or "
        "2024-06-01T12:00:00Z"
    )


def _read(text: str) -> datetime | date | tuple[date, date]:
    text = text.strip()
    if found := re.fullmatch(r"(\d{4})(?:-(\d\d))?", text, re.ASCII):
        year, month = int(found[1]), int(found[2] or 0)
        if not month:
            return date(year, 1, 1), date(year + 1, 1, 1)
        return date(year, month, 1), date(year + month // 12, month % 12 + 1, 1)
    try:
        return date.fromisoformat(text)
    except ValueError:
        return datetime.fromisoformat(text)
