"""From what is asked to hits: one rank, an optional filter, one call into the engine.

Scores. A picture's score is (1 + cosine) / 2: 1 for the same picture, 0.5 for an unrelated
direction. A concept's score is its probability, of a general concept the sum over all the kinds it
covers. A text that names several concepts scores their geometric mean, so that all of them have to
be there.

Names. A concept of your own that a model has learned wins over the general model's concept of the
same name; until it has learned, the general one is meant, and without one it is a `TrainingError`.
Of several models that have learned it, the one whose version in use was trained last is asked.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Never

import numpy as np
from numpy.typing import NDArray

from nearsight.embedders import Embedder
from nearsight.engine import EMBEDDING, PREDICTION, CacheDamaged, Engine, RowMask, Snapshot
from nearsight.errors import (
    ArgumentError,
    DatabaseError,
    NotFoundError,
    TrainingError,
)
from nearsight.filters import And, Annotated, Filter, Not, Or, Predicted, Where, to_filter
from nearsight.hits import Hit, Hits
from nearsight.ingest import embed_query
from nearsight.knowledge import Concept, ConceptTree
from nearsight.teaching import Head
from nearsight.text import checked_text
from nearsight.truth import Truth

Vector = NDArray[np.float32]

_DENIALS = frozenset(("not", "no", "without", "except", "never"))
_OTHER_NAMES = {
    **dict.fromkeys(("limit", "top_k", "topk", "top", "n", "n_results", "per_page"), "k"),
    **dict.fromkeys(("filter", "filters"), "where"),
    **dict.fromkeys(("picture", "photo", "near", "file", "path"), "image"),
    **dict.fromkeys(("query", "words", "q"), "text"),
    **dict.fromkeys(("id", "input_id"), "input"),
    "skip": "offset",
}
_MAX_NAMED = 64  # concepts in a text: as many terms as one search of the core takes


@dataclass(frozen=True, slots=True)
class Rank:
    """What orders: the engine's ranks, and what was understood, in words."""

    ranks: list[Any]
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
        *unnamed: Never,
        image: object = None,
        input: str | None = None,
        text: str | None = None,
        concept: str | None = None,
        k: int = 20,
        offset: int = 0,
        where: Where = None,
        **unknown: Never,
    ) -> Hits:
        """The best `k` hits after the first `offset`, among inputs that meet `where`.

        Rank by exactly one of: `image` (any source of one picture: path, bytes, array, PIL image…),
        `input` (the id of an input, which finds itself first), `text`, `concept` (a name or id).
        Without any of them every input that meets `where` is a hit of score 1, in the order of
        adding. Returns min(k, matches - offset) hits: exact, ties by age.

        Raises `ArgumentError` (more than one rank, k < 1, offset < 0, an unreadable `where`),
        `NotFoundError` (no such file, input or concept), `PictureError` (an unusable picture),
        `TrainingError` (a concept of your own that no model has learned yet).
        """
        _check_named(unnamed, unknown)
        _check_page(k, offset)
        rank = self._rank(image=image, input=input, text=text, concept=concept)
        restriction = to_filter(where)
        hits = self._found(rank, restriction, k, offset)
        if hits is None:  # somebody else erased some of them: look again at what there is now
            self._engine.catch_up()
            hits = self._found(rank, restriction, k, offset)
        if hits is None:
            raise DatabaseError("the hits were erased as fast as they were found; search again")
        return Hits(hits, () if rank is None else rank.understood, self._truth.inputs.thumbnail)

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
        picture, result = embed_query(image, self._embedder, self._engine)
        return _by_vector(result.vectors[0], f"pictures like {picture.name}")

    def _by_input(self, id_: str) -> Rank:
        vectors = self._truth.embeddings.of_input(checked_text(id_, "input"))
        if not vectors:
            raise NotFoundError(f"no input has the id {id_!r}")
        unit = [vector / np.linalg.norm(vector) for vector in vectors]
        return _by_vector(np.mean(unit, axis=0, dtype=np.float32), f"pictures like {id_}")

    def _by_concept(self, concept: str) -> Rank:
        if taught := self._taught(concept):
            head, model = taught
            return Rank(_by_head(head), (f"{concept.strip()} → {model}",))
        found = self._general_concepts(concept)
        return _by_probability([found], (_in_words(concept, found),))

    def _by_text(self, text: str) -> Rank:
        if not isinstance(text, str) or not text.strip():
            raise ArgumentError(f"text={text!r}: give some words")
        named = _each_once(self._tree.in_text(text))
        if not named:
            if self._taught(text):
                raise NotFoundError(
                    f"text={text!r} names no concept of the general model. A model of yours has "
                    f"learned it: search by concept={text.strip()!r}"
                )
            raise NotFoundError(
                f"text={text[:200]!r} names no concept that this model knows. Try a common noun "
                "such as dog, car, flower or boat."
            )
        if len(named) > _MAX_NAMED:
            raise ArgumentError(
                f"text={text[:200]!r}… names {len(named)} concepts; at most {_MAX_NAMED} are "
                "ranked by at once. Say it shorter."
            )
        return _by_probability([concepts for _, concepts in named], self._understood(text, named))

    def _understood(self, text: str, named: list[tuple[str, list[Concept]]]) -> tuple[str, ...]:
        unread = self._tree.unread(text)
        if denied := _DENIALS & set(unread):
            raise ArgumentError(
                f"text={text[:200]!r}: a text is searched for what it names, and "
                f"{min(denied)!r} is not understood. Say what is not wanted with "
                "where='not dog >= 0.5'."
            )
        read = [_in_words(words, concepts) for words, concepts in named]
        return (*read, f"not understood: {', '.join(unread)}") if unread else tuple(read)

    @property
    def _tree(self) -> ConceptTree:
        return ConceptTree.of_labels(self._embedder.labels)

    def _general_concepts(self, name: str) -> list[Concept]:
        """The model's concepts that a name or id means. Raises `NotFoundError` with close names."""
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError(f"concept={name!r}: give a name or an id")
        name = checked_text(name.strip(), "concept")
        custom = self._truth.models.having(name)
        if (self._embedder.labels or not custom) and (found := self._tree.named(name)):
            return found
        if custom:
            raise TrainingError(
                f"{name!r} is a concept of the model {custom[0]!r}, which has not learned it yet: "
                f"call app.models[{custom[0]!r}].train() first"
            )
        if self._truth.concepts.has(name):
            raise NotFoundError(
                f"{name!r} is a concept of your own, which no model predicts yet: use it as a "
                f"filter, where={name!r}, or teach it: app.models.create(id, concepts=[{name!r}])"
            )
        raise NotFoundError(f"no concept is named {name!r}.{_did_you_mean(self._tree, name)}")

    def _taught(self, name: object) -> tuple[Head, str] | None:
        """The head in use for a concept of your own, and which model's version it belongs to."""
        if not isinstance(name, str):
            return None
        dim, labels = self._embedder.dim, len(self._embedder.labels)
        own = checked_text(name.strip(), "concept")
        found = self._truth.models.head_of(own, Head.size(dim, labels))
        if found is None:
            return None
        model, version, stored = found
        return Head.of(stored.weights, dim, stored.bias), f"model {model} version {version}"

    # -- filters -------------------------------------------------------------------------------

    def _mask(self, snapshot: Snapshot, where: Filter) -> RowMask:
        match where:
            case Annotated(concept, value):
                return snapshot.mask_of(self._annotated(concept, value))
            case Predicted(concept, at_least):
                if taught := self._taught(concept):
                    return snapshot.at_least(_by_head(taught[0]), at_least)
                weights = self._tree.weights(self._general_concepts(concept))
                return snapshot.at_least(_of([(PREDICTION, weights, 1.0, "linear")]), at_least)
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
    ) -> tuple[NDArray[np.uint64], NDArray[np.float64]]:
        snapshot = self._engine.snapshot()
        mask = None if where is None else self._mask(snapshot, where)
        if rank is None:
            ids = snapshot.ids(mask)[offset : offset + k]
            return ids, np.ones(len(ids))
        return snapshot.search(rank.ranks, k, offset, mask)

    def _found(
        self, rank: Rank | None, where: Filter | None, k: int, offset: int
    ) -> list[Hit] | None:
        try:
            return self._hits(rank, *self._run(rank, where, k, offset), offset)
        except CacheDamaged as damage:
            self._engine.rebuild(str(damage))
            return self._hits(rank, *self._run(rank, where, k, offset), offset)

    def _hits(
        self, rank: Rank | None, ids: NDArray[np.uint64], scores: NDArray[np.float64], offset: int
    ) -> list[Hit] | None:
        """The details of what was found; None if some of it has been erased meanwhile."""
        owners = self._truth.embeddings.owners(ids.tolist())
        records = self._truth.inputs.get([owner for owner in owners if owner is not None])
        hits = []
        for position, (owner, raw) in enumerate(zip(owners, scores.tolist(), strict=True)):
            if owner is None or owner not in records:
                return None
            cosine = 2 * raw - 1 if rank is not None and rank.is_cosine else None
            hits.append(Hit(records[owner], _unit(raw), offset + position + 1, cosine))
        return hits


def _by_vector(vector: Vector, understood: str) -> Rank:
    term = (EMBEDDING, vector, 1.0, "linear")
    return Rank([(0.5, "linear", 1.0, [term])], (understood,), is_cosine=True)


def _of(terms: list[Any]) -> list[Any]:
    """The sum of terms as it is."""
    return [(1.0, "linear", 0.0, terms)]


def _by_head(head: Head) -> list[Any]:
    """What a head makes of a row: a probability."""
    length = float(np.linalg.norm(head.direction))
    if length > 0:
        terms = [(EMBEDDING, head.direction / length, length, "linear")]
    else:  # every direction is as good: weigh one with nothing
        terms = [(EMBEDDING, np.ones_like(head.direction), 0.0, "linear")]
    terms += [(PREDICTION, head.evidence, 1.0, "linear")] * bool(len(head.evidence))
    terms += [(PREDICTION, head.mixture, head.trust, "log")] * (head.trust > 0)
    return [(1.0, "sigmoid", head.bias, terms)]


def _by_probability(named: list[list[Concept]], understood: tuple[str, ...]) -> Rank:
    tree = ConceptTree.load()
    if len(named) == 1:
        return Rank(_of([(PREDICTION, tree.weights(named[0]), 1.0, "linear")]), understood)
    share = 1 / len(named)
    terms = [(PREDICTION, tree.weights(concepts), share, "log") for concepts in named]
    return Rank([(1.0, "exp", 0.0, terms)], understood)


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


def _check_named(unnamed: tuple[object, ...], unknown: Mapping[str, object]) -> None:
    if unnamed:
        raise ArgumentError(
            f"search({unnamed[0]!r:.80}): say what it is: text=, concept=, image= or input="
        )
    for name in unknown:
        meant = _OTHER_NAMES.get(name)
        hint = f"did you mean {meant}=?" if meant else "see help(nearsight.Search)"
        raise ArgumentError(f"search({name}=…): there is no such argument; {hint}")


def _check_page(k: int, offset: int) -> None:
    for name, value, least in (("k", k, 1), ("offset", offset, 0)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise ArgumentError(f"{name}={value!r}: give a whole number of at least {least}")
