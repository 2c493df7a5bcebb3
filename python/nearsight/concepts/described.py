"""Concepts by their ids, with their names and with what was said of them."""

from collections.abc import Iterable

from nearsight.concepts.concept import Concept
from nearsight.knowledge import ENGLISH, ConceptTree
from nearsight.truth import Truth
from nearsight.truth.concepts import ConceptRecord


def described(
    truth: Truth, tree: ConceptTree | None, ids: Iterable[str], language: str | None = None
) -> list[Concept]:
    """The concepts with these ids, in their order; those that there are not are left out.

    `tree` holds the general ones, called by their names in `language` where they have one there.
    Raises `ArgumentError` (an unknown language).
    """
    wanted = list(dict.fromkeys(ids))
    used = truth.concepts.records(wanted)
    found = (_described(id, used.get(id), tree, language) for id in wanted)
    return [concept for concept in found if concept is not None]


def _described(
    id: str, used: ConceptRecord | None, tree: ConceptTree | None, language: str | None
) -> Concept | None:
    said = (used.positives, used.negatives, used.added_at) if used else (0, 0, None)
    if tree and id in tree:
        general = tree[id]
        name = tree.name(general, language) if language else None
        tag = tree.language(language) if language and name else ENGLISH
        return Concept(id, name or general.name, "general", tag, *said)
    return Concept(id, used.name, "own", None, *said) if used else None
