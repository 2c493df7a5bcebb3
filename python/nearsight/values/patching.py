"""Metadata: one JSON object per input, and how two of them become one.

The rules of patching are those of the hosted service: merging goes deep into objects, appends to
lists, replaces everything else; an empty object or list replaces; null changes nothing.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from nearsight.errors import ArgumentError
from nearsight.values.text import checked_text, shown

Metadata = Mapping[str, Any]

MAX_BYTES = 1 << 20
_MAX_DEPTH = 64


def checked(metadata: Metadata | None) -> dict[str, Any]:
    """A copy that is a JSON object as JSON would give it back (tuples become lists).

    Raises `ArgumentError` naming the place of what JSON cannot hold: keys that are not text, NaN
    and infinity, whole numbers beyond 64 bits, other types, more than 64 levels or 1 MiB.
    """
    if metadata is None:
        return {}
    if not isinstance(metadata, Mapping):
        raise ArgumentError(f"metadata={shown(metadata)}: give a dictionary")
    plain: dict[str, Any] = _plain(metadata, "metadata", 0)
    if (size := len(encode(plain).encode())) > MAX_BYTES:
        raise ArgumentError(f"metadata: {size} bytes as JSON; at most {MAX_BYTES} are kept")
    return plain


def encode(metadata: Metadata) -> str:
    """As the truth keeps it."""
    return json.dumps(metadata, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def merged(old: Any, new: Any) -> Any:
    """What `old` becomes when `new` is merged into it.

    >>> merged({"a": {"b": 1}, "tags": ["x"]}, {"a": {"c": 2}, "tags": ["y"], "d": None})
    {'a': {'b': 1, 'c': 2}, 'tags': ['x', 'y']}
    """
    if isinstance(old, dict) and isinstance(new, dict) and new:
        patch = {key: value for key, value in new.items() if value is not None}
        return old | {key: merged(old.get(key), value) for key, value in patch.items()}
    if isinstance(old, list) and isinstance(new, list) and new:
        return old + new
    return new


def without(old: dict[str, Any], removed: Metadata) -> dict[str, Any]:
    """What is left of `old` when the keys of `removed` are taken away, as deep as it goes.

    >>> without({"a": {"b": 1, "c": 2}, "d": 3}, {"a": {"b": True}, "d": True})
    {'a': {'c': 2}}
    """
    left = dict(old)
    for key, value in removed.items():
        if isinstance(value, Mapping) and value and isinstance(left.get(key), dict):
            left[key] = without(left[key], value)
        else:
            left.pop(key, None)
    return left


def contains(value: Any, pattern: Any) -> bool:
    """Does JSON contain JSON: objects the keys, lists the elements, scalars themselves?

    >>> contains({"tags": ["x", "y"], "n": 1}, {"tags": ["y"]}), contains({"n": True}, {"n": 1})
    (True, False)
    """
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            key in value and contains(value[key], inner) for key, inner in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(contains(inner, element) for inner in value) for element in pattern
        )
    return isinstance(value, bool) == isinstance(pattern, bool) and bool(value == pattern)


def _plain(value: Any, place: str, depth: int) -> Any:
    if depth > _MAX_DEPTH:
        raise ArgumentError(f"{place[:80]}…: nested deeper than {_MAX_DEPTH} levels")
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise ArgumentError(f"{place}: the key {key!r} is not text")
            checked_text(key, place)
        return {key: _plain(each, f"{place}.{key}", depth + 1) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, f"{place}[{n}]", depth + 1) for n, each in enumerate(value)]
    return checked_scalar(value, place)


def checked_scalar(value: Any, place: str) -> Any:
    """`value`, if it is a JSON scalar; `place` names it in the `ArgumentError`."""
    if isinstance(value, str):
        return checked_text(value, place)
    if isinstance(value, float) and not math.isfinite(value):
        raise ArgumentError(f"{place} is {value}: JSON has no such number")
    if isinstance(value, int) and not isinstance(value, bool) and not -(2**63) <= value < 2**63:
        bits = value.bit_length()
        said = value if bits <= 128 else f"a number of {bits} bits"
        raise ArgumentError(f"{place} is {said}: whole numbers lie in -2**63..2**63 - 1")
    if value is None or isinstance(value, bool | int | float):
        return value
    raise ArgumentError(
        f"{place} is a {type(value).__name__}: metadata holds text, numbers, true, false, null, "
        "lists and dictionaries"
    )
