"""Filters and queries that a fuzzer wrote: one line, JSON, our objects, the hosted service's.

    python tests/fuzz/filters_target.py CORPUS [libFuzzer's options]

What is read has to come back the same from each of its spellings; what is not is an
`ArgumentError`. The first byte says what the others are.
"""

import json
from typing import Any

from drawn_json import Drawing
from fuzzing import fuzz, instrumented

with instrumented():
    from nearsight import filters
    from nearsight.errors import ArgumentError
    from nearsight.search.query import Query


def attempt(data: bytes) -> None:
    """One input; raises what is a finding."""
    kind, body = (data[0] % 5 if data else 0), data[1:]
    try:
        if kind == 0:
            _returns(filters.parse(body.decode("utf-8", "surrogateescape")))
        elif kind == 1:
            _read_json(body)
        elif kind == 2:
            _returns(filters.from_json(Drawing(body).value()))
        elif kind == 3:
            _query(Query.read(_object(Drawing(body).value())))
        else:
            _query(Query.from_hosted(_object(Drawing(body).value())))
    except ArgumentError as error:
        assert str(error), "an error without a message"


def _read_json(body: bytes) -> None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return
    found = filters.to_filter(value)
    if found is not None:
        _returns(found)


def _object(value: Any) -> Any:
    return value if isinstance(value, dict) else {"ranks": [value]}


def _returns(found: filters.Filter) -> None:
    written = json.loads(json.dumps(filters.to_json(found)))
    assert filters.from_json(written) == found, f"{written} is read as something else"
    line = str(found)
    assert filters.parse(line) == found, f"{line!r} is read as something else"


def _query(found: Query) -> None:
    if found.where is not None:
        _returns(found.where)


if __name__ == "__main__":
    fuzz(attempt)
