"""From a filter to the documents that meet it: set algebra in the engine, never a loop over rows.

A document is an annotation. Asked for inputs, every statement is one about an input and all its
annotations: whatever meets it brings its whole family along. Asked for annotations, a statement
about what is said, by whom and where in the picture is one about each single annotation; the others
are about its input.
"""

import json
from collections.abc import Callable
from functools import reduce
from operator import eq, ge, gt, le, lt, ne
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight.concepts.naming import Naming
from nearsight.engine import ColumnsSnapshot, DocSet, Engine, RowMask, View, threads
from nearsight.errors import ArgumentError
from nearsight.filters import (
    And,
    Annotated,
    Box,
    Compared,
    Contains,
    Exists,
    Filter,
    Has,
    Is,
    Not,
    Or,
    Polygon,
    Predicted,
    Unsaid,
    When,
    Where,
    Within,
    to_filter,
)
from nearsight.search.query import Of
from nearsight.search.ranking import concepts_rank, head_rank
from nearsight.truth import Truth
from nearsight.truth.facts import ELEMENT, LIST, OBJECT, below, instant, metadata_path
from nearsight.values.patching import contains

_SINGLE = (Annotated, Unsaid)  # about single annotations, where those are asked for
_SINGLE_FIELDS = ("annotation", "by")
_PARTS = {"geo": "geo", "crop": "crop", "region": "box"}


class Filtering:
    """The filters of one app."""

    def __init__(self, truth: Truth, engine: Engine, naming: Naming) -> None:
        """Answer from the facts of `engine`; names of concepts mean what `naming` says."""
        self._truth = truth
        self._engine = engine
        self._naming = naming

    def matches(self, where: Where, view: View, of: Of = "inputs") -> DocSet | None:
        """The documents that meet `where`, of inputs whole families; None if it asks nothing."""
        asked = to_filter(where)
        return None if asked is None else self._meeting(asked, view, of)

    def inputs(self, where: Where) -> NDArray[np.uint64]:
        """The numbers of the inputs that meet `where`, in the order of adding."""
        return self.inputs_at(where)[1]

    def inputs_at(self, where: Where) -> tuple[int, NDArray[np.uint64]]:
        """The same, and the generation of the truth that they are of."""

        def owners(view: View) -> tuple[int, NDArray[np.uint64]]:
            found = self.matches(where, view)
            docs = view.docs.all() if found is None else found
            return view.generation, view.docs.owners(docs)

        return self._engine.answer(owners)

    def count(self, where: Where) -> int:
        """How many inputs meet `where`."""

        def count(view: View) -> int:
            found = self.matches(where, view)
            return view.docs.count_owners(view.docs.all() if found is None else found)

        return self._engine.answer(count)

    def _meeting(self, asked: Filter, view: View, of: Of) -> DocSet:
        match asked:
            case And(parts):
                return reduce(DocSet.__and__, [self._meeting(p, view, of) for p in parts])
            case Or(parts):
                return reduce(DocSet.__or__, [self._meeting(p, view, of) for p in parts])
            case Not(part):
                return view.docs.invert(self._meeting(part, view, of))
            case Unsaid(concept):
                said = self._lifted(view.docs.exists(self._said(concept)), asked, view, of)
                return view.docs.invert(said)
        return self._lifted(self._stated(asked, view), asked, view, of)

    def _lifted(self, found: DocSet, asked: Filter, view: View, of: Of) -> DocSet:
        single = isinstance(asked, _SINGLE) or (
            isinstance(asked, Is) and asked.field in _SINGLE_FIELDS
        )
        single = single or (isinstance(asked, Has) and asked.what == "region")
        return found if single and of == "annotations" else view.docs.family(found)

    def _stated(self, asked: Filter, view: View) -> DocSet:
        """The documents that bear the facts which a statement asks for."""
        docs = view.docs
        match asked:
            case Annotated(concept, value):
                return docs.equal(self._said(concept), value)
            case Predicted(concept, at_least):
                return self._predicted(concept, at_least, view)
            case Contains(text):
                return self._containing(json.loads(text), docs)
            case Compared(path, operator, value):
                return _compared(docs, metadata_path(path), operator, value)
            case Exists(path):
                return _existing(docs, metadata_path(path))
            case Is(field, text):
                return docs.equal(field, text)
            case When(field, operator, moment):
                return _compared(docs, field, operator, instant(moment))
            case Has(what):
                return docs.exists(_PARTS[what])
            case Within(latitude, longitude, km):
                return docs.within("geo", latitude, longitude, km)
            case Box(south, west, north, east):
                return docs.box("geo", south, west, north, east)
            case Polygon(corners):
                return docs.polygon("geo", list(corners))
        raise ArgumentError(f"{asked!r} is no filter that this search knows")

    def _said(self, concept: str) -> str:
        return f"said:{self._naming.own(concept)}"

    # -- predictions ---------------------------------------------------------------------------

    def _predicted(self, concept: str, at_least: float, view: View) -> DocSet:
        """What the model predicts, and what people corrected in that."""
        if taught := self._naming.taught(concept):
            rank = head_rank(taught[0])
        else:
            found = self._naming.general(concept)
            rank = concepts_rank([self._naming.tree.weights(found)])
        predicted = docs_of(view.rows.at_least([rank], at_least, threads()), view)
        for id_ in self._naming.ids_of([concept]):
            path = f"corrected:{id_}"
            wrong = view.docs.invert(view.docs.family(view.docs.equal(path, False)))
            predicted = (predicted & wrong) | view.docs.equal(path, True)
        return predicted

    # -- metadata ------------------------------------------------------------------------------

    def _containing(self, pattern: dict[str, Any], docs: ColumnsSnapshot) -> DocSet:
        """The documents whose metadata contain `pattern`.

        Facts do not tell which values of a list's elements lie in one and the same element. Where
        the pattern asks that of several, what bears all the facts is read and compared.
        """
        found = _bearing(docs, metadata_path(()), pattern)
        if not _ties(pattern):
            return found
        owners = docs.owners(found).tolist()
        kept = [
            number
            for number, metadata in self._truth.inputs.metadata_of(owners)
            if contains(metadata, pattern)
        ]
        return docs.of_owners(np.array(kept, np.uint64))


def docs_of(mask: RowMask, view: View) -> DocSet:
    """The documents whose own embeddings are in a mask."""
    return view.docs.of_rows(view.rows.ids(mask))


def _bearing(docs: ColumnsSnapshot, path: str, pattern: Any) -> DocSet:
    if isinstance(pattern, dict):
        parts = [docs.equal(path + OBJECT, True)]
        parts += [_bearing(docs, below(path, k), v) for k, v in pattern.items()]
        return reduce(DocSet.__and__, parts)
    if isinstance(pattern, list):
        parts = [docs.equal(path + LIST, True)]
        parts += [_bearing(docs, path + ELEMENT, element) for element in pattern]
        return reduce(DocSet.__and__, parts)
    return docs.equal(path, pattern)


def _ties(pattern: Any) -> bool:
    """Does it ask that several things lie in one and the same element of a list?"""
    if isinstance(pattern, dict):
        return any(map(_ties, pattern.values()))
    return isinstance(pattern, list) and not all(map(_is_one_thing, pattern))


def _is_one_thing(pattern: Any) -> bool:
    """Is it a scalar, or an object or list of at most one thing? Then one fact says all of it."""
    if not isinstance(pattern, dict | list):
        return True
    inner = [*pattern.values()] if isinstance(pattern, dict) else pattern
    return len(inner) < 2 and all(map(_is_one_thing, inner))


def _existing(docs: ColumnsSnapshot, path: str) -> DocSet:
    """Something is there: a scalar, an object or a list."""
    return docs.exists(path) | docs.exists(path + OBJECT) | docs.exists(path + LIST)


_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    "=": eq,
    "!=": ne,
    "<": lt,
    "<=": le,
    ">": gt,
    ">=": ge,
}


def _compared(docs: ColumnsSnapshot, path: str, operator: str, value: Any) -> DocSet:
    """The value at `path` is of the kind of `value` and compares so with it."""
    if isinstance(value, bool):
        held = [docs.equal(path, b) for b in (False, True) if _HOLDS[operator](b, value)]
        return reduce(DocSet.__or__, held, docs.of_docs(np.zeros(0, np.uint64)))
    parts = []
    if operator in ("<", "<=", "!="):
        parts.append(docs.between(path, None, value, high_open=operator != "<="))
    if operator in (">", ">=", "!="):
        parts.append(docs.between(path, value, None, low_open=operator != ">="))
    return reduce(DocSet.__or__, parts) if parts else docs.equal(path, value)
