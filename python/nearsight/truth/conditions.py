"""Filters on what the table of inputs holds, as SQL.

A condition is SQL about a row of `input` with the values for its question marks. Names and values
of users only ever travel as values, never as SQL.
"""

import json
import re
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from nearsight.filters import Box, Compared, Contains, Filter, Within
from nearsight.geo import EARTH_KM

Condition = tuple[str, list[Any]]

_PLAIN_KEY = re.compile(r"[\w \-]+")  # what a JSON path can name without escapes
_NUMBER = "in ('integer', 'real')"


def condition(asked: Filter) -> Condition | None:
    """The SQL of a filter about metadata or places; None for a filter about something else."""
    match asked:
        case Contains(text):
            return _Json().contains("metadata", "$", json.loads(text))
        case Compared(path, operator, value):
            return _Json().compared("metadata", "$", list(path), operator, value)
        case Within(latitude, longitude, km):
            return _within(latitude, longitude, km)
        case Box(south, west, north, east):
            joined = "and" if west <= east else "or"  # or: across the date line
            return (
                f"latitude between ? and ? and (longitude >= ? {joined} longitude <= ?)",
                [south, north, west, east],
            )
    return None


class _Json:
    """Writes conditions on one JSON value; every table in them gets a name of its own."""

    def __init__(self) -> None:
        self._names = count()

    def _name(self) -> str:
        return f"j{next(self._names)}"

    def contains(self, source: str, path: str, pattern: Any) -> Condition:
        """`pattern` is contained in the JSON at `path` of the SQL expression `source`."""
        if isinstance(pattern, dict):
            parts: list[Condition] = [(f"json_type({source}, ?) = 'object'", [path])]
            parts += [
                self._at(source, path, key, partial(self.contains, pattern=value))
                for key, value in pattern.items()
            ]
            return _all(parts)
        if isinstance(pattern, list):
            parts = [(f"json_type({source}, ?) = 'array'", [path])]
            parts += [self._has_element(source, path, element) for element in pattern]
            return _all(parts)
        return self._is(source, path, "=", pattern)

    def _has_element(self, source: str, path: str, element: Any) -> Condition:
        """Some element of the list at `path` contains this one."""
        name = self._name()
        if isinstance(element, dict | list):
            inner, values = self.contains(f"{name}.value", "$", element)
            kind = "object" if isinstance(element, dict) else "array"
            test = f"{name}.type = '{kind}' and {inner}"
        elif isinstance(element, bool) or element is None:
            test, values = f"{name}.type = ?", [json.dumps(element)]
        else:
            kind = "= 'text'" if isinstance(element, str) else _NUMBER
            test, values = f"{name}.type {kind} and {name}.value = ?", [element]
        return f"exists (select 1 from json_each({source}, ?) as {name} where {test})", [
            path,
            *values,
        ]

    def compared(
        self, source: str, path: str, steps: list[str], operator: str, value: Any
    ) -> Condition:
        """The value behind these keys compares so with `value`."""
        if not steps:
            return self._is(source, path, operator, value)
        key, *rest = steps
        return self._at(source, path, key, lambda s, p: self.compared(s, p, rest, operator, value))

    def _at(
        self, source: str, path: str, key: str, rest: Callable[[str, str], Condition]
    ) -> Condition:
        """`rest` holds for what lies under `key`."""
        if _PLAIN_KEY.fullmatch(key):
            found: Condition = rest(source, f'{path}."{key}"')
            return found
        name = self._name()
        # A key with quotes or dots cannot be part of a path: look at every key instead.
        inner, values = rest(f"json_object('v', json({name}.whole))", "$.v")
        whole = (
            "select key, case when type in ('object', 'array') then value"
            " when type in ('true', 'false', 'null') then type else json_quote(value) end as whole"
            f" from json_each({source}, ?)"
        )
        return f"exists (select 1 from ({whole}) as {name} where {name}.key = ? and {inner})", [
            path,
            key,
            *values,
        ]

    def _is(self, source: str, path: str, operator: str, value: Any) -> Condition:
        """The scalar at `path` is of the same kind and compares so."""
        if value is None:
            return f"json_type({source}, ?) = 'null'", [path]
        kinds = "= 'text'" if isinstance(value, str) else _NUMBER
        if isinstance(value, bool):
            kinds = "in ('true', 'false')"
        return (
            f"json_type({source}, ?) {kinds} and json_extract({source}, ?) {operator} ?",
            [path, path, value],
        )


def _within(latitude: float, longitude: float, km: float) -> Condition:
    """The haversine formula (Sinnott 1984); the index rules out latitudes that are too far."""
    reach = km / EARTH_KM * 57.29577951308232
    distance = (
        "2 * asin(min(1.0, sqrt(pow(sin(radians(latitude - ?) / 2), 2)"
        " + cos(radians(?)) * cos(radians(latitude)) * pow(sin(radians(longitude - ?) / 2), 2))))"
    )
    return (
        f"latitude between ? and ? and {distance} <= ?",
        [
            *(latitude - reach - 1e-6, latitude + reach + 1e-6),
            *(latitude, latitude, longitude, km / EARTH_KM + 1e-12),
        ],
    )


def _all(parts: list[Condition]) -> Condition:
    return (
        "(" + " and ".join(sql for sql, _ in parts) + ")",
        [value for _, values in parts for value in values],
    )
