"""The concepts of the general model as a tree: 1000 leaves that it tells apart, 860 above them."""

import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property

import numpy as np
from numpy.typing import NDArray

from nearsight.errors import ArgumentError, ModelError, NotFoundError
from nearsight.knowledge.aliases import ALIASES
from nearsight.knowledge.concept import GeneralConcept
from nearsight.knowledge.english import English, unread
from nearsight.knowledge.lexicons import ENGLISH, Lexicons
from nearsight.knowledge.match import Match
from nearsight.knowledge.pattern import Pattern


class ConceptTree:
    """Knows names, kinds and sums of probabilities; immutable, safe to share between threads."""

    def __init__(self, table: str, lexicons: Lexicons | None = None) -> None:
        """Read a concept table (the comment at its head describes the columns).

        `lexicons` have the concepts' names in other languages.
        """
        self._lexicons = Lexicons("") if lexicons is None else lexicons
        lines = [line for line in table.splitlines() if line and not line.startswith("#")]
        rows = [line.split("\t") for line in lines[1:]]
        covered = _covered_leaves(rows)
        self._concepts = {
            id: GeneralConcept(
                id,
                name,
                tuple(lemmas.split("|")) if lemmas else (),
                tuple(parents.split()),
                tuple(sorted(covered[id])),
                shown == "1",
            )
            for id, _, shown, name, lemmas, parents in rows
        }
        self._leaf_count = sum(1 for row in rows if row[1])

    @staticmethod
    @cache
    def load() -> "ConceptTree":
        """Return the tree that comes with the package; every call returns the same one."""
        from importlib.resources import files  # here, to keep `import nearsight` light

        table = (files(__package__) / "concepts.tsv").read_text(encoding="utf-8")
        return ConceptTree(table, Lexicons.load())

    @staticmethod
    def of_labels(labels: tuple[str, ...]) -> "ConceptTree":
        """Return the tree if its leaves are `labels`, the columns of a model's predictions.

        Raises `ModelError` for a model without predictions or with columns of its own.
        """
        if not labels:
            raise ModelError("this model predicts no concepts: search by image instead")
        tree = ConceptTree.load()
        if labels != tree.leaf_ids:
            raise ModelError(
                f"this model predicts {len(labels)} concepts that are not, in this order, the "
                f"{len(tree.leaf_ids)} leaves of nearsight's concept tree: search by image instead"
            )
        return tree

    @cached_property
    def leaf_ids(self) -> tuple[str, ...]:
        """The ids of the leaves in the order of the model's columns."""
        return tuple(concept.id for concept in list(self)[: self._leaf_count])

    def __len__(self) -> int:
        """How many concepts there are."""
        return len(self._concepts)

    def __iter__(self) -> Iterator[GeneralConcept]:
        """All concepts: the leaves in the model's order, then those above them."""
        return iter(self._concepts.values())

    def __contains__(self, id: object) -> bool:
        """Is this a concept's id?"""
        return id in self._concepts

    def __getitem__(self, id: str) -> GeneralConcept:
        """Return the concept with this id. Raises `NotFoundError`."""
        if id not in self._concepts:
            raise NotFoundError(f"no concept has the id {id!r}; ids are WordNet's, like n02084071")
        return self._concepts[id]

    def parents(self, id: str) -> list[GeneralConcept]:
        """Return what a concept is a kind of, one step up. Raises `NotFoundError`."""
        return [self[parent] for parent in self[id].parents]

    def children(self, id: str) -> list[GeneralConcept]:
        """Return the kinds of a concept, one step down, in the tree's order; of a leaf none.

        Raises `NotFoundError`.
        """
        return list(self._children.get(self[id].id, ()))

    @property
    def languages(self) -> tuple[str, ...]:
        """The languages in which concepts have names (BCP 47 tags, sorted)."""
        return tuple(sorted((ENGLISH, *self._lexicons.languages)))

    def language(self, tag: str) -> str:
        """Return which of `languages` a tag means: "pt" for "pt_BR", "zh-Hant" for "zh-TW".

        Raises `ArgumentError` for a language that there is not.
        """
        return self._lexicons.resolve(tag)

    def name(self, concept: GeneralConcept, language: str = ENGLISH) -> str | None:
        """Return what a concept is called in a language; None if that is not known.

        Raises `ArgumentError` for a language that `languages` does not have.

        >>> tree = ConceptTree.load()
        >>> tree.name(tree["n02084071"], "ja")
        '犬'
        """
        language = self._lexicons.resolve(language)
        return concept.name if language == ENGLISH else self._lexicons[language].name(concept.id)

    def named(self, name: str, language: str | None = None) -> list[GeneralConcept]:
        """Return every concept that `name` means; empty if none does.

        An id means its concept. Otherwise a name beats a lemma, the exact word beats what it could
        be the plural of, and case, hyphens and underscores do not count. A name that several
        concepts bear means all of them. Without a language it is English, or, if it means nothing
        there, of any language in which it does: see `spoken_in`.

        Raises `ArgumentError` for a language that `languages` does not have.

        >>> [concept.id for concept in ConceptTree.load().named("Dogs")]
        ['n02084071']
        >>> [concept.name for concept in ConceptTree.load().named("собака")]
        ['dog']
        """
        wanted = self._asked(language)
        if (id := ALIASES.get(name, name)) in self._concepts:
            return [self._concepts[id]]
        ids = self._english.meaning(name) if wanted in (None, ENGLISH) else ()
        if ids or wanted == ENGLISH:
            return [self[id] for id in ids]
        meanings = self._lexicons.meanings(name, wanted).values()
        return self._in_order(id for ids in meanings for id in ids)

    def in_text(
        self, text: str, language: str | None = None
    ) -> list[tuple[str, list[GeneralConcept]]]:
        """Return the concepts that a text names, each with the words that name it, in their order.

        The longest name wins ("sports car", not "car"). Concepts that are not shown ("top",
        "structure") count only if the text names nothing else. Without a language the text is
        English, or, if it names nothing there, of the languages in which it names most.

        Raises `ArgumentError` for a language that `languages` does not have.

        >>> [words for words, concepts in ConceptTree.load().in_text("a red sports car")]
        ['sports car']
        >>> [words for words, concepts in ConceptTree.load().in_text("白い犬と猫", "ja")]
        ['犬', '猫']
        """
        return [(match.words, self._in_order(match.ids)) for match in self.matches(text, language)]

    def matches(self, text: str, language: str | None = None) -> list[Match]:
        """Return what `in_text` finds with the places where it stands in `text`.

        In a text that Unicode's NFKC changes they are those in NFKC(text).
        """
        wanted = self._asked(language)
        text = unicodedata.normalize("NFKC", text)
        found = list(self._english.matches(text)) if wanted in (None, ENGLISH) else []
        if found or wanted == ENGLISH:
            telling = [match for match in found if any(self[id].shown for id in match.ids)]
            return telling or found
        return self._lexicons.matches(text, wanted)

    def spoken_in(self, name: str) -> tuple[str, ...]:
        """Return the languages in which `name` means a concept: English alone if it does there.

        >>> ConceptTree.load().spoken_in("dog"), ConceptTree.load().spoken_in("犬")
        (('en',), ('ja',))
        """
        if name in self._concepts or name in ALIASES or self._english.meaning(name):
            return (ENGLISH,)
        return tuple(self._lexicons.meanings(name))

    def matching(self, pattern: str, language: str | None = None) -> list[GeneralConcept]:
        """Return the concepts with a name that fits `pattern`, by name, then by id.

        In a pattern `*` stands for anything; without one it is a whole name. Case, hyphens and
        underscores do not count. Without a language names are English ones, or, if none fits, those
        of all languages.

        Raises `ArgumentError` for a language that `languages` does not have.

        >>> [concept.name for concept in ConceptTree.load().matching("dog*")]
        ['dog', 'dog sled']
        """
        wanted = self._asked(language)
        fits = Pattern(pattern).fits
        ids = _fitting(fits, self._english.names()) if wanted in (None, ENGLISH) else set()
        if wanted != ENGLISH and not ids:
            for lexicon in self._lexicons.of(wanted):
                ids |= _fitting(fits, lexicon.names())
        return sorted((self[id] for id in ids), key=lambda found: (found.name.lower(), found.id))

    def unread(self, text: str, language: str | None = None) -> list[str]:
        """Return the words of a text that name no concept, folded; without articles and the like.

        Of a text in another language none are returned: what its small words are is not known.

        >>> ConceptTree.load().unread("a dog playing on the grass")
        ['playing', 'grass']
        """
        if self._asked(language) in (None, ENGLISH):
            matches = self.matches(text, ENGLISH)
            if matches or language is not None or not self.matches(text):
                return unread(text, matches)
        return []

    def suggest(self, name: str, n: int = 5) -> list[str]:
        """Return up to `n` names that somebody who typed `name` could have meant."""
        return self._english.suggest(name, n)

    def weights(self, concepts: Iterable[GeneralConcept]) -> NDArray[np.float32]:
        """Return float32[leaves], 1 where one of the concepts covers the leaf, else 0.

        Its product with a picture's probabilities is the probability that one of them is shown.
        """
        indicator = np.zeros(self._leaf_count, np.float32)
        for concept in concepts:
            indicator[list(concept.leaves)] = 1
        return indicator

    def top(
        self, probabilities: NDArray[np.float32], n: int = 20, at_least: float = 0.0
    ) -> list[tuple[GeneralConcept, float]]:
        """Return the `n` most probable concepts, those below `at_least` left out, with 0..1 each.

        `probabilities` is float32[leaves]. General concepts have the sum of what they cover, so
        "dog" comes before "beagle"; those that tell nothing ("artifact") are left out. No name
        comes twice: of concepts with one name the most probable is there.
        """
        if probabilities.shape != (self._leaf_count,):
            raise ArgumentError(
                f"probabilities of shape {probabilities.shape}: give one for each of the"
                f" {self._leaf_count} leaves"
            )
        concepts, leaves, starts = self._rolled_up
        sums = np.add.reduceat(probabilities[leaves].astype(np.float64), starts)
        found: dict[str, tuple[GeneralConcept, float]] = {}
        for i in np.argsort(-sums, kind="stable"):
            if len(found) >= n or sums[i] < at_least:
                break
            found.setdefault(concepts[i].name, (concepts[i], min(1.0, float(sums[i]))))
        return list(found.values())

    # -- names -----------------------------------------------------------------------------------

    def _asked(self, language: str | None) -> str | None:
        return None if language is None else self._lexicons.resolve(language)

    @cached_property
    def _english(self) -> English:
        return English(self)

    def _in_order(self, ids: Iterable[str]) -> list[GeneralConcept]:
        """The concepts with these ids, each once, in the tree's order."""
        wanted = set(ids)
        return [concept for concept in self if concept.id in wanted] if wanted else []

    @cached_property
    def _children(self) -> dict[str, list[GeneralConcept]]:
        kinds: dict[str, list[GeneralConcept]] = {}
        for concept in self:
            for parent in concept.parents:
                kinds.setdefault(parent, []).append(concept)
        return kinds

    # -- sums ------------------------------------------------------------------------------------

    @cached_property
    def _rolled_up(self) -> tuple[list[GeneralConcept], NDArray[np.intp], NDArray[np.intp]]:
        """The shown concepts, all their leaves in a row, and where each one's leaves start."""
        shown = [concept for concept in self if concept.shown]
        leaves = np.concatenate([np.array(concept.leaves, np.intp) for concept in shown])
        ends = np.cumsum([len(concept.leaves) for concept in shown])
        return shown, leaves, np.concatenate([[0], ends[:-1]]).astype(np.intp)


def _covered_leaves(rows: list[list[str]]) -> dict[str, set[int]]:
    """By id: the leaves at or below each concept."""
    parents = {row[0]: row[5].split() for row in rows}
    covered: dict[str, set[int]] = {id: set() for id in parents}
    for id, leaf, *_ in rows:
        waiting = [id] if leaf else []
        while waiting:
            above = waiting.pop()
            if int(leaf) not in covered[above]:
                covered[above].add(int(leaf))
                waiting += parents[above]
    return covered


def _fitting(fits: Callable[[str], bool], names: Iterable[tuple[str, tuple[str, ...]]]) -> set[str]:
    """The ids of the concepts with a name that fits."""
    return {id for name, ids in names if fits(name) for id in ids}
