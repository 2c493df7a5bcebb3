"""Filters on what is known of an input besides concepts, metadata and place.

>>> str(url("https://example.org/cat.jpg") | id("a", "b"))
':url = "https://example.org/cat.jpg" or :id = "a" or :id = "b"'
>>> str(added(since="2024", before="2024-03"))
':added >= 2024-01-01T00:00:00Z and :added < 2024-03-01T00:00:00Z'
"""

from nearsight.errors import ArgumentError
from nearsight.filters.instant import compared
from nearsight.filters.properties import FIELDS, PARTS, Has, Is, Operator, Time
from nearsight.filters.statement import Filter, either, every
from nearsight.values.text import checked_text, shown

_OPERATORS: dict[str, Operator] = {
    "on": "=",
    "since": ">=",
    "after": ">",
    "before": "<",
    "until": "<=",
}


def id(*ids: str) -> Filter:
    """Inputs with one of these ids."""
    return any_of("id", *ids)


def url(*urls: str) -> Filter:
    """Inputs that came from one of these URLs, exactly as they were given."""
    return any_of("url", *urls)


def type(*types: str) -> Filter:
    """Inputs of one of these types; there are images only, so that other types match nothing."""
    return any_of("type", *types)


def status(*statuses: str) -> Filter:
    """Inputs that are "processed", which all are that can be searched."""
    return any_of("status", *statuses)


def name(*names: str) -> Filter:
    """Inputs with one of these names: of a file, its path as it was added, or the end of that."""
    return any_of("name", *names)


def format(*formats: str) -> Filter:
    """Inputs of one of these formats: "JPEG", "PNG"…; "ARRAY" is what was no file."""
    return any_of("format", *formats)


def annotation(*ids: str) -> Filter:
    """Inputs that have an annotation with one of these ids."""
    return any_of("annotation", *ids)


def by(*authors: str) -> Filter:
    """Inputs that one of these authors annotated; "" is the app's own."""
    return any_of("by", *authors)


def any_of(field: str, *values: str) -> Filter:
    """Inputs of which the field has one of these values. Raises `ArgumentError`."""
    if field not in FIELDS:
        raise ArgumentError(f"an input has no {shown(field)}: ask for one of {', '.join(FIELDS)}")
    if not values:
        raise ArgumentError(f"filters.{field}(): give at least one value")
    return either(Is(field, checked_text(value, field)) for value in values)


def has(what: str) -> Filter:
    """Inputs that have a "geo" (a place), a "region", or a "crop"."""
    for part in PARTS:
        if what == part:
            return Has(part)
    raise ArgumentError(f"has({shown(what)}): ask for one of {', '.join(PARTS)}")


def added(
    on: object = None,
    *,
    since: object = None,
    after: object = None,
    before: object = None,
    until: object = None,
) -> Filter:
    """Inputs that were added on a day (month, year), or since … until, or after … before it.

    Each takes a datetime (UTC if naive), a date, or ISO 8601 text; a date, "2024-06" and "2024" are
    meant whole: `until` includes their last moment, `after` begins when they are over.
    """
    return _when("added", on=on, since=since, after=after, before=before, until=until)


def changed(
    on: object = None,
    *,
    since: object = None,
    after: object = None,
    before: object = None,
    until: object = None,
) -> Filter:
    """Inputs that were last changed then; see `added`."""
    return _when("changed", on=on, since=since, after=after, before=before, until=until)


def _when(field: Time, **moments: object) -> Filter:
    given = {word: moment for word, moment in moments.items() if moment is not None}
    if not given:
        raise ArgumentError(f"{field}(): say when: on=, since=, after=, before= or until=")
    return every(compared(field, _OPERATORS[word], moment) for word, moment in given.items())
