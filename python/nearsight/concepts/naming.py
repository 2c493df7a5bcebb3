"""What a concept's name means.

A concept of your own that a model has learned wins over the general model's concept of the same
name; until it has learned, the general one is meant, and without one it is a `TrainingError`. Of
several models that have learned it, the one whose version in use was trained last is asked.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from nearsight.concepts.concept import Concept
from nearsight.concepts.described import described
from nearsight.embedders import Embedder
from nearsight.errors import ArgumentError, NotFoundError, TrainingError
from nearsight.filters.quoting import quoted_name
from nearsight.knowledge import ConceptTree, GeneralConcept, OwnNames, Reading, read
from nearsight.teaching import Head
from nearsight.truth import Truth
from nearsight.values.text import checked_text, shown

_MOST_CLOSE = 5


class Naming:
    """The names of one app: its own concepts and the general model's."""

    def __init__(self, truth: Truth, embedder: Embedder) -> None:
        """Own concepts are in `truth`, the others are those of `embedder`."""
        self._truth = truth
        self._embedder = embedder

    @property
    def tree(self) -> ConceptTree:
        """The concepts that the general model predicts."""
        return ConceptTree.of_labels(self._embedder.labels)

    def taught(self, name: str) -> tuple[Head, str] | None:
        """The head in use for a concept of your own, and which model's version it belongs to."""
        dim, labels = self._embedder.dim, len(self._embedder.labels)
        own = self._truth.concepts.id_of(checked_name(name))
        found = None if own is None else self._truth.models.head_of(own, Head.size(dim, labels))
        if found is None:
            return None
        model, version, stored = found
        return Head.of(stored.weights, dim, stored.bias), f"model {model} version {version}"

    def general(self, name: str, language: str | None = None) -> list[GeneralConcept]:
        """The model's concepts that a name or id means. Raises `NotFoundError` with close names."""
        name = checked_name(name)
        own = self._truth.concepts.id_of(name)
        custom = [] if own is None else self._truth.models.having(own)
        if (self._embedder.labels or not custom) and (found := self.tree.named(name, language)):
            return found
        if custom:
            raise TrainingError(
                f"{name!r} is a concept of the model {custom[0]!r}, which has not learned it yet: "
                f"call app.models[{custom[0]!r}].train() first"
            )
        if own is not None:
            raise NotFoundError(
                f"{name!r} is a concept of your own, which no model predicts yet: use it as a "
                f"filter, where={quoted_name(name)!r}, or teach it: "
                f"app.models.create(id, concepts=[{own!r}])"
            )
        raise NotFoundError(f"no concept is named {name!r}.{self._did_you_mean(name)}")

    def reading(self, text: str, language: str | None) -> Reading:
        """What a text names: concepts of your own that were taught, and general ones."""
        own = OwnNames(self._truth.concepts.taught())
        return read(text, own, self.tree if self._embedder.labels else None, language)

    def own(self, name: str) -> str:
        """The id of a concept that people used. Raises `NotFoundError` with close names."""
        name = checked_name(name)
        if (id_ := self._truth.concepts.id_of(name)) is not None:
            return id_
        cure = f" Did you mean {', '.join(close)}?" if (close := self._close_own(name)) else ""
        if self._is_general(name):
            asked = f"{quoted_name(name)} >= 0.5"
            cure += f" To filter by what the model predicts, write where={asked!r}"
        cure = cure or " app.concepts.list(source='own') says which concepts there are"
        raise NotFoundError(f"no input is annotated with {name!r}.{cure}")

    def require_known(self, names: Iterable[str], cure: str) -> None:
        """Raise `NotFoundError`, with close names and the `cure`, for one that no concept has."""
        for name in names:
            if self._truth.concepts.id_of(name) is None and not self._is_general(name):
                hint = self._did_you_mean(name)
                raise NotFoundError(f"no concept is called {name!r}.{hint} {cure}")

    def _is_general(self, name: str) -> bool:
        return bool(self._embedder.labels and self.tree.named(name))

    def _did_you_mean(self, name: str) -> str:
        """What the end of a message says of names like this one, people's own first."""
        general = self.tree.suggest(name) if self._embedder.labels else []
        close = list(dict.fromkeys([*self._close_own(name), *general]))[:_MOST_CLOSE]
        return f" Did you mean {', '.join(close)}?" if close else ""

    def _close_own(self, name: str) -> list[str]:
        by_key = {own.casefold(): own for own in self._truth.concepts.names().values()}
        close = get_close_matches(name.casefold(), by_key, _MOST_CLOSE)
        return [by_key[key] for key in close]

    def described(self, ids: Iterable[str], language: str | None = None) -> list[Concept]:
        """The concepts with these ids, as `app.concepts` has them; see `concepts.described`."""
        tree = self.tree if self._embedder.labels else None
        return described(self._truth, tree, ids, language)

    def ids_of(self, names: Iterable[str]) -> list[str]:
        """The ids of the concepts that these names mean: all of a general one's, and an own one's
        that was taught or that no general one is called like.

        Raises `NotFoundError`, `ArgumentError`.
        """
        if isinstance(names, str | Mapping) or not isinstance(names, Iterable):
            raise ArgumentError(f"concepts={shown(names)}: give a list of names or ids")
        found: list[str] = []
        for name in map(checked_name, names):
            general = self.tree.named(name) if self._embedder.labels else []
            own = self._truth.concepts.id_of(name)
            if not general and own is None:
                self.general(name)  # says that there is none, and which are like it
            found += [concept.id for concept in general]
            if not general or self.taught(name):
                found.append(self.own(name))
        return list(dict.fromkeys(found))


def checked_name(name: object) -> str:
    """A concept's name or id, without the spaces around it. Raises `ArgumentError`."""
    if not isinstance(name, str) or not name.strip():
        raise ArgumentError(f"concept={shown(name)}: give a name or an id")
    return checked_text(name.strip(), "concept")
