"""From what is asked to what the engine ranks by.

Every rank has a score in 0..1 of its own. A picture's is (1 + cosine) / 2: 1 for the same picture,
0.5 for an unrelated direction. A concept's is its probability, of a general concept the sum over
all the kinds it covers. A text that names several general concepts scores their geometric mean, so
that all of them have to be there; concepts of your own join it in an arithmetic one.

Several ranks are joined as a weighted mean: sum(|w| s) / sum(|w|), where s is the rank's score, or
1 - score where its weight w is negative.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nearsight.concepts.naming import Naming, checked_name
from nearsight.embedders import Embedder
from nearsight.engine import EMBEDDING, PREDICTION, Engine, EngineRank, EngineTerm
from nearsight.errors import ArgumentError, NotFoundError
from nearsight.knowledge import GeneralConcept
from nearsight.looking import embed_picture, embed_query, part_of
from nearsight.pictures import Limits
from nearsight.ranks import Rank
from nearsight.teaching import Head
from nearsight.truth import Truth
from nearsight.values.region import BoundingBox
from nearsight.values.text import checked_text

Vector = NDArray[np.float32]

_DENIALS = frozenset(("not", "no", "without", "except", "never"))
_MAX_TERMS = 64  # as many as one search of the core takes; each concept in a text is one
_HTTP = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranking:
    """What orders: the engine's ranks, what to add to their sum, and all of it in words."""

    ranks: tuple[EngineRank, ...]
    constant: float
    understood: tuple[str, ...]
    is_cosine: bool

    def score(self, total: float) -> float:
        """The score in 0..1 of what the engine's ranks sum up to; rounding may not leave it."""
        return min(1.0, max(0.0, total + self.constant))


@dataclass(frozen=True, slots=True)
class _Direction:
    """A rank by likeness to a unit vector."""

    vector: Vector
    understood: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Probability:
    """A rank by what is predicted; its squashed sum lies in 0..1."""

    rank: EngineRank
    understood: tuple[str, ...]


class Rankings:
    """Makes rankings for one app."""

    def __init__(
        self, truth: Truth, engine: Engine, embedder: Embedder, naming: Naming, limits: Limits
    ) -> None:
        """Query pictures go through `embedder`; names of concepts mean what `naming` says."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder
        self._limits = limits
        self._naming = naming

    def of(self, ranks: Sequence[Rank]) -> Ranking | None:
        """One ranking of all these ranks; None of none. Raises what `Search` says."""
        if not ranks:
            return None
        total = sum(abs(rank.weight) for rank in ranks)
        parts = [
            (rank.weight / total * share, part)
            for rank in ranks
            for share, part in self._parts(rank)
        ]
        joined: list[EngineRank] = []
        direction = np.zeros(self._embedder.dim, np.float64)
        constant = -sum(min(weight, 0.0) for weight, _ in parts)
        for weight, part in parts:
            if isinstance(part, _Direction):
                direction += weight / 2 * part.vector
                constant += weight / 2
            else:
                joined.append((weight, *part.rank[1:]))
        if len(joined) < len(parts):
            joined.append((1.0, "linear", 0.0, (_along(direction),)))
        if (terms := sum(len(rank[3]) for rank in joined)) > _MAX_TERMS:
            raise ArgumentError(
                f"{len(ranks)} ranks have {terms} terms; at most {_MAX_TERMS} at once. "
                "Pictures, inputs and regions are one together, a concept is 1 to 3: give fewer"
            )
        understood = [
            f"not: {words}" if weight < 0 else words
            for weight, part in parts
            for words in part.understood
        ]
        (weight, part), *others = parts
        is_cosine = not others and weight > 0 and isinstance(part, _Direction)
        return Ranking(tuple(joined), constant, tuple(understood), is_cosine)

    def _parts(self, rank: Rank) -> list[tuple[float, _Direction | _Probability]]:
        """What one rank is made of, with shares that sum up to 1."""
        if rank.kind == "image":
            return [(1.0, self._by_image(rank.of, rank.crop))]
        if rank.kind == "input":
            return [(1.0, self._by_input(checked_text(rank.of, "input"), rank.crop))]
        if rank.kind == "region":
            return [(1.0, self._by_region(checked_text(rank.of, "region")))]
        if rank.kind == "concept":
            return [(1.0, self._by_concept(checked_name(rank.of), rank.language))]
        return [*self._by_text(checked_text(rank.of, "text"), rank.language)]

    # -- likeness ------------------------------------------------------------------------------

    def _by_image(self, image: object, crop: BoundingBox | None) -> _Direction:
        if isinstance(image, str) and _HTTP.match(image.strip()):
            known = self._truth.inputs.id_of_url(image.strip())
            if known is None:
                raise NotFoundError(
                    f"no input came from {image.strip()!r}, and nearsight uses no network: give "
                    "the picture itself, or its path"
                )
            return self._by_input(known, crop)
        picture, result = embed_query(image, self._embedder, self._engine, self._limits, crop)
        return _direction(result.vectors, f"pictures like {_shown(picture.name, crop)}")

    def _by_input(self, id_: str, crop: BoundingBox | None) -> _Direction:
        if crop is not None:
            record = self._truth.inputs.get([id_]).get(id_)
            if record is not None:
                part = part_of(
                    record, crop, self._limits, cure="search by image= instead, with the same crop="
                )
                result = embed_picture(part, self._embedder, self._engine)
                return _direction(result.vectors, f"pictures like {_shown(id_, crop)}")
        vectors = self._truth.embeddings.of_input(id_)
        if not vectors:
            raise NotFoundError(f"no input has the id {id_!r}")
        return _direction(vectors, f"pictures like {id_}")

    def _by_region(self, id_: str) -> _Direction:
        vectors = self._truth.embeddings.of_annotation(id_)
        if not vectors:
            raise NotFoundError(f"no annotation has the id {id_!r}")
        return _direction(vectors, f"pictures like the region {id_}")

    # -- concepts ------------------------------------------------------------------------------

    def _by_concept(self, name: str, language: str | None) -> _Probability:
        if language is None and (taught := self._naming.taught(name)):
            return _Probability(head_rank(taught[0]), (f"{name} → {taught[1]}",))
        found = self._naming.general(name, language)
        rank = concepts_rank([self._naming.tree.weights(found)])
        return _Probability(rank, (_in_words(name, found),))

    def _by_text(self, text: str, language: str | None) -> Iterator[tuple[float, _Probability]]:
        """General concepts by their geometric mean, each of your own by itself."""
        reading = self._naming.reading(text, language)
        named = {(each.own, each.general): each for each in reading.named}  # "a dog, a dog": once
        own = [(each.words, id_) for each in named.values() for id_ in each.own]
        general = [each for each in named.values() if each.general]
        count = len(own) + len(general)
        _check_words(text, reading.unread, count)
        for words, id_ in own:
            if taught := self._naming.taught(id_):
                yield 1 / count, _Probability(head_rank(taught[0]), (f"{words} → {taught[1]}",))
        left = reading.unread
        understood = [_in_words(each.words, each.general) for each in general]
        understood += [f"not understood: {', '.join(left)}"] if left else []
        if general:
            weights = [self._naming.tree.weights(each.general) for each in general]
            yield len(general) / count, _Probability(concepts_rank(weights), tuple(understood))


def head_rank(head: Head) -> EngineRank:
    """A taught concept's probability as a rank of the engine's."""
    terms = [_along(head.direction)]
    if len(head.evidence):
        terms.append((PREDICTION, head.evidence, 1.0, "linear"))
    if head.trust > 0:
        terms.append((PREDICTION, head.mixture, head.trust, "log"))
    return (1.0, "sigmoid", head.bias, terms)


def concepts_rank(weights: Sequence[Vector]) -> EngineRank:
    """General concepts' probability, of several the geometric mean; f32[labels] of weights each."""
    if len(weights) == 1:
        return (1.0, "linear", 0.0, [(PREDICTION, weights[0], 1.0, "linear")])
    terms: list[EngineTerm] = [(PREDICTION, each, 1 / len(weights), "log") for each in weights]
    return (1.0, "exp", 0.0, terms)


def _along(direction: NDArray[np.floating]) -> EngineTerm:
    """direction · unit embedding, as a term: the engine makes queries unit vectors."""
    length = float(np.linalg.norm(direction))
    if length == 0:  # every direction is as good: weigh one with nothing
        return (EMBEDDING, np.ones(len(direction), np.float32), 0.0, "linear")
    return (EMBEDDING, (direction / length).astype(np.float32), length, "linear")


def _direction(vectors: Iterable[Vector], understood: str) -> _Direction:
    """Several embeddings of one input are averaged, each as long as the others."""
    unit = [vector / np.linalg.norm(vector) for vector in vectors]
    mean = np.mean(unit, axis=0, dtype=np.float32)
    length = float(np.linalg.norm(mean))
    return _Direction(
        np.asarray(mean / length, np.float32) if length > 0 else unit[0], (understood,)
    )


def _check_words(text: str, unread: Sequence[str], named: int) -> None:
    """Raise where a text names nothing, or too much, or says what is not wanted."""
    if not named:
        raise NotFoundError(
            f"text={text[:200]!r} names no concept that this model knows. Try a common noun "
            "such as dog, car, flower or boat."
        )
    if named > _MAX_TERMS:
        raise ArgumentError(
            f"text={text[:200]!r}… names {named} concepts; at most {_MAX_TERMS} are "
            "ranked by at once. Say it shorter."
        )
    if denied := _DENIALS & set(unread):
        raise ArgumentError(
            f"text={text[:200]!r}: a text is searched for what it names, and "
            f"{min(denied)!r} is not understood. Say what is not wanted with "
            "where='not dog >= 0.5'."
        )


def _shown(name: str, crop: BoundingBox | None) -> str:
    return name if crop is None else f"{name} in ({', '.join(f'{edge:g}' for edge in crop)})"


def _in_words(asked: str, concepts: Sequence[GeneralConcept]) -> str:
    names = ", ".join(f"{concept.name} ({concept.id})" for concept in concepts)
    return f"{asked} → {names}"
