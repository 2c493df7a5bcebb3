"""From what is asked to hits: one rank, an optional filter, one call into the engine.

Scores. A picture's score is (1 + cosine) / 2: 1 for the same picture, 0.5 for an unrelated
direction. A concept's score is its probability, of a general concept the sum over all the kinds it
covers. A text that names several concepts scores their geometric mean, so that all of them have to
be there.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight import pictures
from nearsight.embedders import Embedder
from nearsight.engine import EMBEDDING, PREDICTION, CacheDamaged, Engine, RowMask, Snapshot
from nearsight.errors import ArgumentError, ModelError, NotFoundError
from nearsight.filters import And, Annotated, Filter, Not, Or, Predicted, Where, to_filter
from nearsight.hits import Hit, Hits
from nearsight.knowledge import Concept, ConceptTree
from nearsight.truth import Truth

Vector = NDArray[np.float32]

_MAX_NAMED = 64  # concepts in a text: as many terms as one search of the core takes


@dataclass(frozen=True, slots=True)
class Rank:
    """What orders: the engine's terms, how their sum becomes a score, and both in words."""

    terms: list[Any]
    score: Callable[[float], float]
    understood: tuple[str, ...] = ()
    is_cosine: bool = False


class Search:
    """The searches of one app."""

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder) -> None:
        """Search `truth` through `engine`; `embedder` turns query pictures into vectors."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder

    def __call__(
        self,
        *,
        image: object = None,
        input: str | None = None,
        text: str | None = None,
        concept: str | None = None,
        k: int = 20,
        offset: int = 0,
        where: Where = None,
    ) -> Hits:
        """The best `k` hits after the first `offset`, among inputs that meet `where`.

        Rank by exactly one of: `image` (any source of one picture: path, bytes, array, PIL image…),
        `input` (the id of an input, which finds itself first), `text`, `concept` (a name or id).
        Without any of them every input that meets `where` is a hit of score 1, in the order of
        adding. Returns min(k, matches - offset) hits: exact, ties by age.

        Raises `ArgumentError` (more than one rank, k < 1, offset < 0, an unreadable `where`),
        `NotFoundError` (no such file, input or concept), `PictureError` (an unusable picture).
        """
        _check_page(k, offset)
        rank = self._rank(image=image, input=input, text=text, concept=concept)
        restriction = to_filter(where)
        try:
            found = self._run(rank, restriction, k, offset)
        except CacheDamaged as damage:
            self._engine.rebuild(str(damage))
            found = self._run(rank, restriction, k, offset)
        return self._hits(rank, *found, offset)

    # -- ranks ---------------------------------------------------------------------------------

    def _rank(self, **given: Any) -> Rank | None:
        asked = {name: value for name, value in given.items() if value is not None}
        if len(asked) > 1:
            raise ArgumentError(f"search by one of {', '.join(sorted(asked))}, not by several")
        for name, value in asked.items():
            rank: Rank = getattr(self, f"_by_{name}")(value)
            return rank
        return None

    def _by_image(self, image: object) -> Rank:
        picture = pictures.open(image)
        vector = self._embedder.embed(self._embedder.prepare(picture)[None]).vectors[0]
        if not self._engine.accepts(vector[None])[0]:
            raise ModelError(f"{picture.name}: the model gives no direction for this picture")
        return _by_vector(vector, f"pictures like {picture.name}")

    def _by_input(self, id_: str) -> Rank:
        vectors = self._truth.embeddings.of_input(id_)
        if not vectors:
            raise NotFoundError(f"no input has the id {id_!r}")
        unit = [vector / np.linalg.norm(vector) for vector in vectors]
        return _by_vector(np.mean(unit, axis=0, dtype=np.float32), f"pictures like {id_}")

    def _by_concept(self, concept: str) -> Rank:
        found = self.general_concepts(concept)
        return _by_probability([found], (_in_words(concept, found),))

    def _by_text(self, text: str) -> Rank:
        if not isinstance(text, str) or not text.strip():
            raise ArgumentError(f"text={text!r}: give some words")
        named = _each_once(self._tree.in_text(text))
        if not named:
            raise NotFoundError(
                f"text={text[:200]!r} names no concept that this model knows. Try a common noun "
                "such as dog, car, flower or boat."
            )
        if len(named) > _MAX_NAMED:
            raise ArgumentError(
                f"text={text[:200]!r}… names {len(named)} concepts; at most {_MAX_NAMED} are "
                "ranked by at once. Say it shorter."
            )
        words = tuple(_in_words(words, concepts) for words, concepts in named)
        return _by_probability([concepts for _, concepts in named], words)

    @property
    def _tree(self) -> ConceptTree:
        if not self._embedder.labels:
            raise ModelError(
                f"the model {self._embedder.name!r} predicts no concepts: search by image instead"
            )
        return ConceptTree.load()

    def general_concepts(self, name: str) -> list[Concept]:
        """The model's concepts that a name or id means. Raises `NotFoundError` with close names."""
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError(f"concept={name!r}: give a name or an id")
        if found := self._tree.named(name):
            return found
        if self._truth.concepts.has(name):
            raise NotFoundError(
                f"{name!r} is a concept of your own, which no model predicts yet: "
                f"use it as a filter, where={name!r}"
            )
        raise NotFoundError(f"no concept is named {name!r}.{_did_you_mean(self._tree, name)}")

    # -- filters -------------------------------------------------------------------------------

    def _mask(self, snapshot: Snapshot, where: Filter) -> RowMask:
        match where:
            case Annotated(concept, value):
                return snapshot.mask_of(self._annotated(concept, value))
            case Predicted(concept, at_least):
                weights = ConceptTree.load().weights(self.general_concepts(concept))
                return snapshot.at_least(PREDICTION, weights, at_least)
            case And(parts):
                masks = [self._mask(snapshot, part) for part in parts]
                return _folded(RowMask.__and__, masks)
            case Or(parts):
                masks = [self._mask(snapshot, part) for part in parts]
                return _folded(RowMask.__or__, masks)
            case Not(part):
                return snapshot.invert(self._mask(snapshot, part))
        embeddings = self._truth.inputs.meeting(where)
        if embeddings is not None:
            return snapshot.mask_of(embeddings)
        raise ArgumentError(f"{where!r} is no filter that this search knows")

    def _annotated(self, concept: str, value: bool) -> NDArray[np.uint64]:
        if not self._truth.concepts.has(concept):
            raise NotFoundError(
                f"no input is annotated with {concept!r}. To filter by what the model predicts, "
                f"write where='{concept} >= 0.5'"
            )
        return self._truth.concepts.annotated(concept, value)

    # -- running -------------------------------------------------------------------------------

    def _run(
        self, rank: Rank | None, where: Filter | None, k: int, offset: int
    ) -> tuple[NDArray[np.uint64], Vector]:
        snapshot = self._engine.snapshot()
        mask = None if where is None else self._mask(snapshot, where)
        if rank is None:
            ids = snapshot.ids(mask)[offset : offset + k]
            return ids, np.ones(len(ids), np.float32)
        return snapshot.search(rank.terms, k, offset, mask)

    def _hits(self, rank: Rank | None, ids: NDArray[np.uint64], sums: Vector, offset: int) -> Hits:
        owners = self._truth.embeddings.owners(ids.tolist())
        records = self._truth.inputs.get([owner for owner in owners if owner is not None])
        hits = []
        for position, (owner, raw) in enumerate(zip(owners, sums.tolist(), strict=True)):
            if owner is None or owner not in records:
                continue  # erased by somebody else since the snapshot was taken
            score = raw if rank is None else rank.score(raw)
            cosine = raw if rank is not None and rank.is_cosine else None
            hits.append(Hit(records[owner], score, offset + position + 1, cosine))
        return Hits(hits, () if rank is None else rank.understood, self._truth.inputs.thumbnail)


def _by_vector(vector: Vector, understood: str) -> Rank:
    term = (EMBEDDING, vector, 1.0, "linear")
    return Rank([term], lambda cosine: _unit((1 + cosine) / 2), (understood,), is_cosine=True)


def _by_probability(named: list[list[Concept]], understood: tuple[str, ...]) -> Rank:
    tree = ConceptTree.load()
    if len(named) == 1:
        return Rank([(PREDICTION, tree.weights(named[0]), 1.0, "linear")], _unit, understood)
    share = 1 / len(named)
    terms = [(PREDICTION, tree.weights(concepts), share, "log") for concepts in named]
    return Rank(terms, lambda log: _unit(math.exp(log)), understood)


def _each_once(named: list[tuple[str, list[Concept]]]) -> list[tuple[str, list[Concept]]]:
    """Without what a text names again: "dog, dogs and a dog" wants one dog."""
    first: dict[tuple[str, ...], tuple[str, list[Concept]]] = {}
    for words, concepts in named:
        first.setdefault(tuple(concept.id for concept in concepts), (words, concepts))
    return list(first.values())


def _unit(score: float) -> float:
    """Rounding may leave 0..1 by an ulp; a score may not."""
    return min(1.0, max(0.0, score))


def _folded(join: Callable[[RowMask, RowMask], RowMask], masks: list[RowMask]) -> RowMask:
    joined = masks[0]
    for mask in masks[1:]:
        joined = join(joined, mask)
    return joined


def _in_words(asked: str, concepts: list[Concept]) -> str:
    names = ", ".join(f"{concept.name} ({concept.id})" for concept in concepts)
    return f"{asked} → {names}"


def _did_you_mean(tree: ConceptTree, name: str) -> str:
    close = tree.suggest(name)
    return f" Did you mean {', '.join(close)}?" if close else ""


def _check_page(k: int, offset: int) -> None:
    for name, value, least in (("k", k, 1), ("offset", offset, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ArgumentError(f"{name}={value!r}: give a whole number of at least {least}")
