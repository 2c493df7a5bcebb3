"""`app.concepts`: what can be said of inputs, concepts of your own and the general model's.

A concept of your own is there once it was created, or said of an input, or given to a model. Its id
is for good; its name can change. What is said of inputs and given to models is said by id; searches
and filters take names as well. The general model's concepts have WordNet's ids and fixed names,
are kinds of each other, and have names in other languages, too.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from itertools import islice

from nearsight.concepts.concept import Concept, Source
from nearsight.concepts.described import described
from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, ModelError, NotFoundError
from nearsight.knowledge import ALIASES, ConceptTree, GeneralConcept, Pattern
from nearsight.truth import Truth
from nearsight.values.text import checked_text, shown

_LONGEST = 200  # characters, of ids and of names
_MOST_A_PAGE = 1000


# A list of them: in the class, whose method `list` is one, the name has another meaning.
Listed = list[Concept]


class Concepts:
    """The concepts of one app: your own, in the order in which they came, then the general ones."""

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder) -> None:
        """Stand for the concepts of `truth` and for those that `embedder` predicts."""
        self._truth = truth
        self._engine = engine
        try:
            self._tree: ConceptTree | None = ConceptTree.of_labels(embedder.labels)
        except ModelError:
            self._tree = None

    def __repr__(self) -> str:
        """Whose they are."""
        return f"<nearsight.Concepts of {str(self._truth.path)!r}>"

    # -- making and naming ---------------------------------------------------------------------

    def create(self, id: str, name: str | None = None) -> Concept:
        """Create a concept of your own, called `name` or like its id.

        Raises `ArgumentError`: the id is taken, or is not 1 to 200 characters without a "/".
        """
        return self.bulk_create([id], None if name is None else [name])[0]

    def bulk_create(self, ids: Iterable[str], names: Iterable[str] | None = None) -> Listed:
        """Create several concepts, all of them or none, called like their ids unless `names` say.

        Raises `ArgumentError`: an id is taken or comes twice, is not 1 to 200 characters without a
        "/", or there are not as many names as ids.
        """
        wanted = _named(ids, names)
        with self._truth.writing():
            for taken in self._records(map(self._meant, wanted)):
                raise ArgumentError(
                    f"id={taken.id!r}: there is a concept with this id already, called "
                    f"{taken.name!r}. Choose another id, or use app.concepts.get({taken.id!r})"
                )
            self._truth.concepts.create(wanted)
        self._engine.catch_up()
        return self._records(wanted)

    def update(self, id: str, name: str) -> Concept:
        """Rename a concept of your own.

        Raises `NotFoundError`, `ArgumentError` (a general concept, an empty name).
        """
        return self.bulk_update([id], [name])[0]

    def bulk_update(self, ids: Iterable[str], names: Iterable[str]) -> Listed:
        """Rename several concepts of your own, all of them or none.

        Raises `NotFoundError`, `ArgumentError` (a general concept, an empty name, not as many names
        as ids, an id twice).
        """
        wanted = _named(ids, _several("names", names))
        with self._truth.writing():
            for id in wanted:
                if self.get(id).source == "general":
                    raise ArgumentError(
                        f"id={id!r}: the general model's concepts keep their names. Create one of "
                        "your own: app.concepts.create(id, name)"
                    )
            self._truth.concepts.rename(wanted)
        self._engine.catch_up()
        return self._records(wanted)

    # -- looking up ----------------------------------------------------------------------------

    def get(self, id: str) -> Concept:
        """Return the concept with this id. Raises `NotFoundError`, with ids and names like it."""
        wanted = self._meant(checked_text(id, "id"))
        for concept in self._records([wanted]):
            return concept
        close = self._close(wanted[:_LONGEST])
        hint = f" Did you mean {', '.join(close)}?" if close else ""
        raise NotFoundError(f"no concept has the id {wanted[:_LONGEST]!r}.{hint}")

    def _close(self, id: str) -> tuple[str, ...]:
        """Ids that somebody who wrote `id` could have meant, those of general ones with names."""
        names = self._truth.concepts.names()
        called = [known for known, name in names.items() if name.casefold() == id.casefold()]
        close = [*called, *get_close_matches(id, names, 3)]
        if self._tree:
            general = self._tree.named(id) or [
                concept for name in self._tree.suggest(id, 3) for concept in self._tree.named(name)
            ]
            close += [f"{concept.id} ({concept.name})" for concept in general]
        return tuple(dict.fromkeys(close))[:5]

    def __getitem__(self, id: str) -> Concept:
        """Return the concept with this id. Raises `NotFoundError`."""
        return self.get(id)

    def __contains__(self, id: object) -> bool:
        """Is there a concept with this id?"""
        return isinstance(id, str) and bool(self._records([self._meant(id)]))

    def __len__(self) -> int:
        """How many there are, general ones included."""
        return len(self._ids(None))

    def __iter__(self) -> Iterator[Concept]:
        """Your own in the order in which they came, then the general ones in the tree's order."""
        ids = iter(self._ids(None))
        while some := list(islice(ids, _MOST_A_PAGE)):
            yield from self._records(some)

    def list(self, page: int = 1, per_page: int = 20, source: Source | None = None) -> Listed:
        """Return a page of concepts, counted from 1; past the last one it is empty.

        `source` restricts them to your "own" or to the "general" ones. Raises `ArgumentError` (a
        page below 1, `per_page` outside 1..1000, another source).
        """
        _check_count("page", page)
        _check_count("per_page", per_page, _MOST_A_PAGE)
        if source not in (None, "own", "general"):
            raise ArgumentError(f'source={source!r}: give "own", "general" or None for both')
        ids = self._ids(source)
        return self._records(ids[(page - 1) * per_page : page * per_page])

    def search(self, pattern: str, language: str | None = None) -> Listed:
        """Return the concepts with a name that fits: your own first, then the general ones.

        In a pattern `*` stands for anything, without one it is a whole name; case does not count.
        With a language, general concepts are sought and called by their names in it (in English
        where there is no sure one). Raises `ArgumentError` (no text, an unknown language).
        """
        fits = Pattern(checked_text(pattern, "pattern")).fits
        names = self._truth.concepts.names()
        own = [id for id, name in names.items() if fits(name) and not self._general(id)]
        general = self._tree.matching(pattern, language) if self._tree else []
        return self._records([*own, *(concept.id for concept in general)], language)

    # -- the tree ------------------------------------------------------------------------------

    def parents(self, id: str) -> Listed:
        """Return what a concept is a kind of, one step up; of your own concepts, nothing.

        Raises `NotFoundError`.
        """
        known = self._general(self.get(id).id)
        return self._records(known.parents) if known else []

    def children(self, id: str) -> Listed:
        """Return the kinds of a concept, one step down; of your own concepts, nothing.

        Raises `NotFoundError`.
        """
        known = self._general(self.get(id).id)
        kinds = self._tree.children(known.id) if self._tree and known else []
        return self._records(kind.id for kind in kinds)

    # -- ids and records -----------------------------------------------------------------------

    def _general(self, id: str) -> GeneralConcept | None:
        return self._tree[id] if self._tree and id in self._tree else None

    def _meant(self, id: str) -> str:
        """The id itself, without space around it, or the one of ours that a known alias means."""
        bare = id.strip()
        return ALIASES.get(bare, bare) if self._tree else bare

    def _ids(self, source: Source | None) -> tuple[str, ...]:
        """In order, the ids of your own concepts, of the general ones, or of both."""
        general = tuple(concept.id for concept in self._tree or ())
        if source == "general":
            return general
        own = tuple(id for id in self._truth.concepts.names() if not self._general(id))
        return own if source == "own" else own + general

    def _records(self, ids: Iterable[str], language: str | None = None) -> Listed:
        """The concepts with these ids, in their order; those that there are not are left out."""
        return described(self._truth, self._tree, ids, language)


def _named(ids: Iterable[str], names: Iterable[str] | None) -> dict[str, str]:
    """By id the names, checked. Raises `ArgumentError`."""
    wanted = [_id(id) for id in _several("ids", ids)]
    for id, times in Counter(wanted).items():
        if times > 1:
            raise ArgumentError(f"ids: {id!r} comes {times} times; give each id once")
    called = wanted if names is None else [_name(name) for name in _several("names", names)]
    if len(called) != len(wanted):
        raise ArgumentError(f"{len(wanted)} ids, but {len(called)} names: give as many as ids")
    return dict(zip(wanted, called, strict=True))


def _several(what: str, given: Iterable[str]) -> list[str]:
    if isinstance(given, str | bytes | Mapping) or not isinstance(given, Iterable):
        raise ArgumentError(f"{what}={shown(given)}: give a list")
    return list(given)


def _id(id: object) -> str:
    given = checked_text(id, "id").strip()
    if not 1 <= len(given) <= _LONGEST or "/" in given:
        raise ArgumentError(f"id={given[:_LONGEST]!r}: give 1 to {_LONGEST} characters without a /")
    return given


def _name(name: object) -> str:
    given = checked_text(name, "name").strip()
    if not 1 <= len(given) <= _LONGEST:
        raise ArgumentError(f"name={given[:_LONGEST]!r}: give 1 to {_LONGEST} characters")
    return given


def _check_count(what: str, value: object, most: int | None = None) -> None:
    if (
        isinstance(value, bool)
        or not isinstance(value, int)
        or value < 1
        or value > (most or value)
    ):
        asked = f"from 1 to {most}" if most else "of at least 1"
        raise ArgumentError(f"{what}={value!r}: give a whole number {asked}")
