"""`app.concepts`: people's own concepts and the general model's."""

from collections.abc import Iterator, Sequence

import nearsight
from nearsight.clarifai.concept import Concept
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import CONCEPT_INVALID, UserError, asking, refusal
from nearsight.clarifai.wire import GENERAL_APP, instant


class Concepts:
    """The concepts of an app: yours, then those of the general model (app_id "main")."""

    def __init__(self, api: Database) -> None:
        """Speak for the concepts of `api`; use `app.concepts`."""
        self.api = api

    def create(self, concept_id: str, concept_name: str | None = None) -> Concept:
        """Make a concept; its name is its id where none is given.

        Raises `ApiError` (40003) for an id that is taken.
        """
        return self.bulk_create([concept_id], None if concept_name is None else [concept_name])[0]

    def bulk_create(
        self, concept_ids: Sequence[str], concept_names: Sequence[str] | None = None
    ) -> list[Concept]:
        """Make several, all or none; their names are their ids where none are given."""
        ids, names = _lists(concept_ids, concept_names)
        native = self.api.native.concepts
        with asking("POST", "concepts"):
            if taken := [id_ for id_ in ids if id_ in native or ids.count(id_) > 1]:
                details = f"duplicate: a concept has the id {taken[0]!r} already"
                raise refusal("POST", "concepts", 400, CONCEPT_INVALID, details)
            native.bulk_create(ids, names)
            return [self._concept(native[id_]) for id_ in ids]

    def get(self, concept_id: str) -> Concept | None:
        """The concept with this id, or None."""
        with asking("GET", f"concepts/{concept_id}"):
            native = self.api.native.concepts
            return self._concept(native[concept_id]) if concept_id in native else None

    def get_all(self) -> Iterator[Concept]:
        """All concepts: yours first."""
        with asking("GET", "concepts"):
            yield from map(self._concept, self.api.native.concepts)

    def get_by_page(self, page: int = 1, per_page: int = 20) -> list[Concept]:
        """A page of them, counted from 1; empty past the end."""
        with asking("GET", "concepts"):
            found = self.api.native.concepts.list(page=page, per_page=per_page)
            return [self._concept(concept) for concept in found]

    def search(self, term: str, lang: str | None = None) -> Iterator[Concept]:
        """The concepts with a name: exactly, or with `*` for anything; case does not count.

        With `lang` the names in that language are looked at, and given.
        """
        with asking("POST", "concepts/searches"):
            yield from map(self._concept, self.api.native.concepts.search(term, language=lang))

    def update(self, concept_id: str, concept_name: str, action: str = "overwrite") -> Concept:
        """Give a concept of yours another name. Raises `ApiError` (11101) for any other."""
        return self.bulk_update([concept_id], [concept_name], action)[0]

    def bulk_update(
        self, concept_ids: Sequence[str], concept_names: Sequence[str], action: str = "overwrite"
    ) -> list[Concept]:
        """Give several concepts of yours other names, all or none."""
        if action != "overwrite":
            raise UserError(f"action={action!r}: names of concepts are overwritten, 'overwrite'")
        ids, names = _lists(concept_ids, concept_names)
        native = self.api.native.concepts
        with asking("PATCH", "concepts"):
            for id_ in ids:
                if native[id_].source != "own":
                    raise nearsight.NotFoundError(f"{id_!r} is no concept of yours: it stays")
            native.bulk_update(ids, names)
            return [self._concept(native[id_]) for id_ in ids]

    def _concept(self, concept: nearsight.Concept) -> Concept:
        own = concept.source == "own"
        added = None if concept.added_at is None else instant(concept.added_at)
        return Concept(
            concept_name=concept.name,
            concept_id=concept.id,
            app_id=self.api.app_id if own else GENERAL_APP,
            created_at=added,
        )


def _lists(ids: Sequence[str], names: Sequence[str] | None) -> tuple[list[str], list[str]]:
    if isinstance(ids, str) or isinstance(names, str):
        raise UserError("concept_ids and concept_names: give lists")
    listed = list(ids)
    if names is not None and len(names) != len(listed):
        raise UserError(f"{len(listed)} concept_ids and {len(names)} concept_names: give as many")
    return listed, listed if names is None else list(names)
