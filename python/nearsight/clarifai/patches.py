"""`app.inputs`: changing what is said of pictures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError, asking
from nearsight.clarifai.image import Image
from nearsight.clarifai.records import concept_ids, place_of, to_image

_ACTIONS = ("merge", "overwrite", "remove")


class InputPatches:
    """The part of `Inputs` that changes them. Each call is one transaction: all of it, or nothing.

    "merge" adds to what is said and merges metadata deeply; "overwrite" puts what is given in the
    place of all that was said, or of all metadata; "remove" takes it away. Concepts and metadata
    that are not given stay.
    """

    api: Database

    def update(self, image: Image, action: str = "merge") -> Any:
        """Change what is said of the input with the image's id; the image as it is now.

        The document's example gives a list: that is `bulk_update`.
        """
        if isinstance(image, list | tuple):
            return self.bulk_update(image, action)
        return self.bulk_update([image], action)[0]

    def bulk_update(self, images: Sequence[Image], action: str = "merge") -> list[Image]:
        """Change what is said of the inputs with the images' ids; the images as they are now.

        Raises `ApiError` (11101) for an unknown id, `UserError` for another action and for an id
        that comes twice.
        """
        if action not in _ACTIONS:
            raise UserError(f"action={action!r}: give one of {', '.join(_ACTIONS)}")
        changes = {}
        for image in images:
            if not image.input_id:
                raise UserError("update: give each Image its image_id")
            if image.input_id in changes:
                raise UserError(f"update: {image.input_id!r} comes twice; give each input once")
            changes[image.input_id] = self._change(image)
        return self._changed(changes, action)

    def _change(self, image: Image) -> dict[str, Any]:
        """What the image gives, as native calls take it."""
        given = {
            "concepts": concept_ids(self.api, image.concepts or []),
            "not_concepts": concept_ids(self.api, image.not_concepts or []),
            "metadata": image.metadata,
            "geo": place_of(image.geo),
        }
        return {name: value for name, value in given.items() if value is not None}

    def _changed(self, changes: Mapping[str, Mapping[str, Any]], action: str) -> list[Image]:
        with asking("PATCH", "inputs"):
            records = self.api.native.inputs.bulk_update(changes, action=action)
            return [to_image(self.api, record) for record in records]

    # -- concepts ------------------------------------------------------------------------------

    def merge_concepts(
        self,
        input_id: str,
        concepts: Iterable[str],
        not_concepts: Iterable[str],
        overwrite: bool = False,
    ) -> Image:
        """Say more of an input; with `overwrite`, this instead of all that was said."""
        image = _saying(input_id, concepts, not_concepts)
        return self.bulk_update([image], "overwrite" if overwrite else "merge")[0]

    def add_concepts(
        self, input_id: str, concepts: Iterable[str], not_concepts: Iterable[str]
    ) -> Image:
        """Say more of an input: another name of `merge_concepts`."""
        return self.merge_concepts(input_id, concepts, not_concepts)

    def delete_concepts(self, input_id: str, concepts: Iterable[str]) -> Image:
        """Take back what was said of an input, that it shows these or that it does not."""
        return self.bulk_update([_saying(input_id, concepts, ())], "remove")[0]

    def bulk_merge_concepts(
        self, input_ids: str | Sequence[str], concept_lists: Sequence[Sequence[tuple[str, bool]]]
    ) -> list[Image]:
        """Say more of several inputs: for each a list of (concept, whether it is shown).

        The document's example gives one id without a list: that is a list of one.
        """
        images = []
        for id_, said in _pairs(input_ids, concept_lists):
            shown = [name for name, value in said if value]
            images.append(_saying(id_, shown, [name for name, value in said if not value]))
        return self.bulk_update(images)

    def bulk_delete_concepts(
        self, input_ids: str | Sequence[str], concept_lists: Sequence[Sequence[str]]
    ) -> list[Image]:
        """Take back what was said of several inputs: for each a list of concepts."""
        images = [_saying(id_, names, ()) for id_, names in _pairs(input_ids, concept_lists)]
        return self.bulk_update(images, "remove")

    # -- metadata ------------------------------------------------------------------------------

    def merge_metadata(self, input_id: str, metadata: Mapping[str, Any]) -> Image:
        """Merge an object into an input's metadata, deeply."""
        return self.bulk_update([Image(image_id=input_id, metadata=dict(metadata))])[0]


def _saying(id_: str, concepts: Iterable[str], not_concepts: Iterable[str]) -> Image:
    return Image(image_id=id_, concepts=list(concepts), not_concepts=list(not_concepts))


def _pairs(ids: str | Sequence[str], lists: Sequence[Sequence[Any]]) -> list[tuple[str, Any]]:
    listed = [ids] if isinstance(ids, str) else list(ids)
    if len(listed) != len(lists):
        raise UserError(f"{len(listed)} input ids and {len(lists)} lists of concepts: give as many")
    return list(zip(listed, lists, strict=True))
