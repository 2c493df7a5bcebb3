"""Regions of pictures that are in already: what is new of them is added, the rest says more."""

import uuid
from collections.abc import Iterable, Sequence

from nearsight.adding.items import Details, RegionDetails
from nearsight.errors import PictureError
from nearsight.truth import NewAnnotation, NewEmbedding, Truth


def new_annotation(region: RegionDetails, embedding: NewEmbedding) -> NewAnnotation:
    """A region on its way into the truth, as the app's own."""
    id_ = uuid.uuid4().hex
    return NewAnnotation(id_, region.concepts, region.box, region.text, "", embedding)


class KnownRegions:
    """The regions of one truth's inputs, each known by its box."""

    def __init__(self, truth: Truth) -> None:
        """Keep them in `truth`."""
        self._truth = truth

    def new(self, id_: str, digest: bytes, name: str, details: Details) -> list[RegionDetails]:
        """Those of an item's regions that its input `id_` has not.

        `digest` and `name` are the picture's: it may be another one that came from the same URL.
        Raises `PictureError` for one, whose regions are not the input's.
        """
        if not details.regions:
            return []
        one = self._truth.inputs.get([id_]).get(id_)
        if one is not None and (one.content, one.crop) != (digest.hex(), details.crop):
            raise PictureError(
                name,
                f"{id_!r}, which is in already, came from its url as another picture or crop, so "
                "its regions cannot be told: use app.annotations.add, or allow_duplicate=True",
            )
        return [region for region in details.regions if self._like(id_, region) is None]

    def merge(
        self,
        id_: str,
        regions: Iterable[RegionDetails],
        seen: Sequence[RegionDetails],
        embeddings: Sequence[NewEmbedding],
    ) -> bool:
        """Add regions of an input, of which `seen` have `embeddings`, inside of a transaction.

        False, and nothing is done, if the input or one that has none is there no longer.
        """
        places = [(region, self._like(id_, region)) for region in regions]
        looks = {id(region): embedding for region, embedding in zip(seen, embeddings, strict=True)}
        gone = any(there is None and id(region) not in looks for region, there in places)
        if gone or (places and not self._truth.inputs.has(id_)):
            return False
        for region, there in places:
            if (there := there or self._like(id_, region)) is None:  # it may come twice
                self._truth.annotations.add(id_, new_annotation(region, looks[id(region)]))
                continue
            self._truth.annotations.say([there], region.concepts)
            if region.text is not None:
                self._truth.annotations.set_text(there, region.text)
        return True

    def _like(self, id_: str, region: RegionDetails) -> str | None:
        return self._truth.annotations.with_box(id_, region.box)
