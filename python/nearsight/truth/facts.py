"""What filters ask, flattened: every annotation as facts for the engine's columns.

A fact is a path and a value. The primary annotation of an input carries the input's facts, too.

| path | value | of |
|---|---|---|
| `said:<concept>` | true, false | every annotation |
| `by`, `annotation` | text | every annotation |
| `box` | true | annotations of a box |
| `id`, `url`, `name`, `format`, `type`, `status` | text | primary ones, from here on |
| `added`, `changed` | microseconds since 1970, UTC (`instant`) | |
| `geo` | (latitude, longitude) | |
| `crop` | true | inputs that are a part of a picture |
| `corrected:<concept>` | true, false | what people corrected in the predictions |
| `metadata` and keys (`metadata_path`) | text, number, true, false, null | every scalar |

An object's path ends in `{`, a list's in `[`, so that empty ones can be asked for as well; the
elements of a list share the path that ends in `[]`.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce
from hashlib import sha256
from typing import Any, NamedTuple

import apsw

from nearsight.truth.annotations import said_by
from nearsight.truth.database import LOOKUP_SLICE, Database, select
from nearsight.truth.records import as_time, commits

Value = str | int | float | bool | None | tuple[float, float]
Fact = tuple[str, Value]

OBJECT, LIST, ELEMENT = "{", "[", "[]"
_LONGEST_PATH = 256  # characters
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_quoted = json.JSONEncoder(ensure_ascii=False).encode


class Documents(NamedTuple):
    """Annotations for the columns: numbers, their inputs' numbers, embeddings (0: none), facts."""

    docs: list[int]
    owners: list[int]
    rows: list[int]
    facts: list[list[Fact]]


class FactTable:
    """The facts of annotations, and which of them changed since when."""

    def __init__(self, database: Database) -> None:
        """Work on `database`."""
        self._database = database

    def changed_since(self, generation: int, page: int) -> Iterator[Documents]:
        """What was added or changed after this generation, `page` annotations at a time.

        Each page is read by itself: what changes meanwhile is newer than the generation that the
        reader asked for before, and so comes again.
        """
        commit, number = commits(generation), 2**62  # nothing of that commit itself
        while True:
            with self._database.snapshot(), self._database.reading() as db:
                rows = select(
                    db,
                    "select annotation.changed, annotation.number, annotation.input,"
                    " coalesce(embedding.id, 0), annotation.id, box is not null, author"
                    " from annotation left join embedding"
                    " on embedding.annotation = annotation.number"
                    " where (changed, annotation.number) > (?, ?)"
                    " order by changed, annotation.number limit ?",
                    (commit, number, page),
                )
                found = self._documents(db, rows)
            if not rows:
                return
            yield found
            commit, number = rows[-1][:2]

    def erased_since(self, generation: int) -> list[int]:
        """The annotations that were erased after this generation."""
        with self._database.reading() as db:
            rows = select(
                db, "select annotation from erased_annotation where generation > ?", (generation,)
            )
        return [row[0] for row in rows]

    def _documents(self, db: apsw.Connection, rows: list[tuple[Any, ...]]) -> Documents:
        said = said_by(db, [row[1] for row in rows])
        inputs = _input_facts(db, [row[4] for row in rows])
        documents = Documents([], [], [], [])
        for _, number, owner, embedding, id_, is_box, author in rows:
            facts: list[Fact] = [("annotation", id_), ("by", author)]
            facts += [("box", True)] * is_box
            facts += [(f"said:{c}", value) for c, value in said.get(number, {}).items()]
            documents.docs.append(number)
            documents.owners.append(owner)
            documents.rows.append(embedding)
            documents.facts.append(facts + inputs.get(id_, []))
        return documents


def _input_facts(db: apsw.Connection, ids: Sequence[str]) -> dict[str, list[Fact]]:
    """The facts of those of these annotations that are primary, by id."""
    found: dict[str, list[Fact]] = {}
    for start in range(0, len(ids), LOOKUP_SLICE):
        wanted = ids[start : start + LOOKUP_SLICE]
        marks = ",".join("?" * len(wanted))
        for id_, url, name, format_, metadata, added, changed, lat, lon, crop in select(
            db,
            "select input.id, url, name, format, metadata, input.added_at, annotation.changed_at,"
            " latitude, longitude, crop is not null"
            f" from input join annotation on annotation.id = input.id where input.id in ({marks})",
            wanted,
        ):
            facts: list[Fact] = [("id", id_), ("format", format_)]
            facts += [("name", one) for one in dict.fromkeys((name, name.rpartition("/")[2]))]
            facts += [("type", "image"), ("status", "processed")]
            facts += [("added", instant(as_time(added))), ("changed", instant(as_time(changed)))]
            facts += [("url", url)] * (url is not None)
            facts += [("geo", (lat, lon))] * (lat is not None)
            facts += [("crop", True)] * crop
            facts += metadata_facts("metadata", json.loads(metadata))
            found[id_] = facts
        for id_, concept, value in select(
            db,
            "select input.id, concept, value from correction"
            f" join input on input.number = correction.input where input.id in ({marks})",
            wanted,
        ):
            found[id_].append((f"corrected:{concept}", bool(value)))
    return found


def instant(moment: datetime) -> int:
    """A time as columns keep it: microseconds since 1970, UTC, exact for every `datetime`."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def metadata_path(steps: Iterable[str]) -> str:
    """The path of what lies behind these keys of the metadata; no two share one."""
    return reduce(below, steps, "metadata")


def below(path: str, key: str) -> str:
    """The path of what lies behind a key of the object at `path`.

    A long one is told by its SHA-256, or 1 MiB of metadata could make gigabytes of paths: every
    value has its own, with all the keys above it.
    """
    spelled = f"{path}.{_quoted(key)}"
    if len(spelled) <= _LONGEST_PATH:
        return spelled
    return f"metadata#{sha256(spelled.encode()).hexdigest()}"


def metadata_facts(path: str, value: Any) -> list[Fact]:
    """A JSON value as facts, each once.

    >>> metadata_facts("metadata", {"a": [1, 1, "x"]})
    [('metadata{', True), ('metadata."a"[', True), ('metadata."a"[]', 1), ('metadata."a"[]', 'x')]
    """
    facts: list[Fact] = []
    _flatten(path, value, facts)
    return facts


def _flatten(path: str, value: Any, facts: list[Fact]) -> None:
    """Append the facts of a value: a million inputs go through here, so that no generators do."""
    if isinstance(value, dict):
        facts.append((path + OBJECT, True))
        for key, inner in value.items():
            _flatten(below(path, key), inner, facts)
    elif isinstance(value, list):
        facts.append((path + LIST, True))
        elements: list[Fact] = []
        for inner in value:
            _flatten(path + ELEMENT, inner, elements)
        facts += {(at, type(held), held): (at, held) for at, held in elements}.values()
    else:
        facts.append((path, value))
