"""What is said of pictures and of regions in them: `app.annotations`."""

import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nearsight.adding.items import checked_id, checked_ids, said_of
from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, NotFoundError
from nearsight.looking import embed_picture, part_of
from nearsight.pictures import Limits
from nearsight.truth import Annotation, Input, NewAnnotation, NewEmbedding, Truth
from nearsight.values.paging import slice_of
from nearsight.values.region import bounding_box
from nearsight.values.text import checked_text, shown

_PAGE = 200
_ACTIONS = ("merge", "overwrite", "remove")
_NEW = frozenset(("input", "box", "concepts", "not_concepts", "text", "by", "id", "picture"))


class Annotations:
    """The annotations of one app: `len`, `in`, iteration and `[id]` work as on a mapping's values.

    Every input has a *primary* one, with the input's id: what the app's user says of the whole
    picture (`app.inputs.add(…, concepts=…)`). Any number may be added, on the whole picture or on a
    region of it, by anybody. A region has an embedding of its own, so that pictures are found by
    what is inside of them.
    """

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder, limits: Limits) -> None:
        """Keep annotations in `truth`, searchable in `engine`, regions as `embedder` sees them."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder
        self._limits = limits

    def __repr__(self) -> str:
        """Whose they are."""
        return f"<nearsight.Annotations of {str(self._truth.path)!r}>"

    # -- adding --------------------------------------------------------------------------------

    def add(
        self,
        input: str,
        *,
        box: object = None,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        text: str | None = None,
        by: str = "",
        id: str | None = None,
        picture: object = None,
    ) -> Annotation:
        """Say something of an input, or of the region `box` of it.

        `box` is (top, left, bottom, right) in fractions 0..1 of the input; `by` says who: a name,
        or "model:…". A region's pixels are read from the file that the input was added from, if it
        is still the same; else give the `picture`.

        Raises `NotFoundError` (no such input), `ArgumentError` (an id that is taken, a box that
        reaches out of the picture), `PictureError` (the region's pixels cannot be had),
        `ReadOnlyError`.
        """
        asked = {"input": input, "box": box, "concepts": concepts, "not_concepts": not_concepts}
        return self.bulk_add([asked | {"text": text, "by": by, "id": id, "picture": picture}])[0]

    def bulk_add(self, annotations: Iterable[Mapping[str, Any]]) -> list[Annotation]:
        """Add annotations in one transaction, all or none: each a mapping of what `add` takes."""
        if isinstance(annotations, str | bytes | Mapping) or not isinstance(annotations, Iterable):
            raise ArgumentError(
                f"annotations={shown(annotations)}: give a list of dictionaries, "
                "[{'input': id, …}]"
            )
        new = [self._new(asked) for asked in annotations]
        with self._truth.writing():
            for owner, annotation in new:
                if not self._truth.inputs.has(owner.id):
                    raise NotFoundError(f"no input has the id {owner.id!r}")
                if self._truth.annotations.has(annotation.id):
                    raise ArgumentError(f"id={annotation.id!r} is taken: give another, or none")
                self._truth.annotations.add(owner.id, annotation)
        self._engine.catch_up()
        return [self.get(annotation.id) for _, annotation in new]

    def _new(self, asked: Mapping[str, Any]) -> tuple[Input, NewAnnotation]:
        if not isinstance(asked, Mapping):
            raise ArgumentError(f"{shown(asked)}: give a dictionary, {{'input': id, …}}")
        if unknown := sorted(set(asked) - _NEW, key=str):
            raise ArgumentError(f"{unknown[0]!r}: an annotation takes {', '.join(sorted(_NEW))}")
        if "input" not in asked:
            raise ArgumentError("an annotation needs the id of an input: {'input': id, …}")
        owner = self._input(asked["input"])
        box = None if asked.get("box") is None else bounding_box(asked["box"])
        text, id_ = asked.get("text"), asked.get("id")
        embedding = None
        if box is not None:
            part = part_of(owner, box, self._limits, asked.get("picture"))
            result = embed_picture(part, self._embedder, self._engine)
            embedding = NewEmbedding(result.vectors[0], result.probabilities[0])
        return owner, NewAnnotation(
            id=uuid.uuid4().hex if id_ is None else checked_id(id_),
            concepts=said_of(asked.get("concepts", ()), asked.get("not_concepts", ())),
            box=box,
            text=None if text is None else checked_text(text, "text"),
            by=checked_text(asked.get("by", ""), "by"),
            embedding=embedding,
        )

    def _input(self, id_: object) -> Input:
        found = self._truth.inputs.get([checked_text(id_, "input")])
        for record in found.values():
            return record
        raise NotFoundError(f"no input has the id {id_!r}")

    # -- changing --------------------------------------------------------------------------------

    def update(
        self,
        id_: str,
        *,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        text: str | None = None,
        action: str = "merge",
    ) -> Annotation:
        """Change what an annotation says; the annotation as it is now.

        | | "merge" | "overwrite" | "remove" |
        |---|---|---|---|
        | concepts | said, too; a later word wins | all that it says | taken back, yes or no |
        | text | replaced | replaced | taken away, whatever it was |

        What is not given stays as it is. Raises `NotFoundError`, `ArgumentError`, `ReadOnlyError`.
        """
        if action not in _ACTIONS:
            raise ArgumentError(f"action={action!r}: give 'merge', 'overwrite' or 'remove'")
        said = said_of(concepts, not_concepts)
        with self._truth.writing():
            table, id_ = self._truth.annotations, self.get(id_).id
            if said and action != "merge":
                table.unsay(id_, said if action == "remove" else None)
            if said and action != "remove":
                table.say([id_], said)
            if text is not None:
                kept = checked_text(text, "text")
                table.set_text(id_, None if action == "remove" else kept)
        self._engine.catch_up()
        return self.get(id_)

    def delete(self, ids: str | Iterable[str]) -> list[str]:
        """Delete annotations with their embeddings; the ids that were there.

        Unknown ids are no error and an empty list deletes nothing. Raises `ArgumentError` for a
        primary annotation, which goes with its input only (nothing is deleted), `ReadOnlyError`.
        """
        if not (wanted := checked_ids(ids)):
            return []
        with self._truth.writing():
            for id_ in wanted:
                if self._truth.inputs.has(id_):
                    raise ArgumentError(
                        f"{id_!r} is an input's primary annotation, which goes with the input: "
                        "delete that, or take back what it says with app.inputs.update"
                    )
            erased = self._truth.annotations.erase(wanted)
        self._engine.catch_up()
        return erased

    # -- looking up ----------------------------------------------------------------------------

    def get(self, id_: str) -> Annotation:
        """The annotation with this id. Raises `NotFoundError`."""
        found = self._truth.annotations.get([checked_text(id_, "id")])
        if id_ not in found:
            raise NotFoundError(f"no annotation has the id {id_!r}")
        return found[id_]

    def list(
        self, input: str | None = None, *, page: int = 1, per_page: int = 20
    ) -> "list[Annotation]":
        """A page of annotations in the order of adding, of all inputs or of one.

        Past the last page: an empty list. Raises `ArgumentError` (page or per_page below 1),
        `NotFoundError` (no such input).
        """
        rows = slice_of(page, per_page)
        owner = None if input is None else self._input(input).id
        return self._truth.annotations.page(rows.start, per_page, owner)

    def __getitem__(self, id_: str) -> Annotation:
        """The annotation with this id. Raises `NotFoundError`."""
        return self.get(id_)

    def __contains__(self, id_: object) -> bool:
        """Is there an annotation with this id?"""
        try:
            return self._truth.annotations.has(checked_text(id_, "id"))
        except ArgumentError:
            return False

    def __len__(self) -> int:
        """How many annotations there are, with the primary ones."""
        return self._truth.annotations.count()

    def __iter__(self) -> Iterator[Annotation]:
        """All annotations in the order they were added; changing them meanwhile is safe."""
        number, page = self._truth.annotations.after(0, _PAGE)
        while page:
            yield from page
            number, page = self._truth.annotations.after(number, _PAGE)
