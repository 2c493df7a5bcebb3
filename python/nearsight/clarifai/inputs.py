"""`app.inputs`: pictures going in, coming back, and going away."""

from collections.abc import Iterable, Iterator, Mapping
from io import BytesIO
from typing import Any

from nearsight.clarifai.adding import add
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError, asking, status
from nearsight.clarifai.geo import Geo
from nearsight.clarifai.image import Image
from nearsight.clarifai.outputs import InputOutputs
from nearsight.clarifai.patches import InputPatches
from nearsight.clarifai.records import to_image
from nearsight.clarifai.searches import InputSearches
from nearsight.clarifai.status import ApiStatus, InputCounts


class Inputs(InputSearches, InputPatches, InputOutputs):
    """The pictures of an app. Batches may have any size: 128 was a limit of the network's."""

    def __init__(self, api: Database) -> None:
        """Speak for the inputs of `api`; use `app.inputs`."""
        self.api = api

    # -- adding --------------------------------------------------------------------------------

    def create_image(self, image: Image) -> Image:
        """Add a picture; the picture as it is kept.

        Raises `ApiError` for a picture that cannot be read (30002), an id that is taken, and a url
        that is in already (both 30100), unless its `allow_dup_url` is set.
        """
        return self.bulk_create_images([image])[0]

    def bulk_create_images(self, images: Iterable[Image]) -> list[Image]:
        """Add pictures, any number of them; those that were just created, in their order.

        Raises `ApiError` if some could not be added: the others are in, and the error's
        `response.json()["inputs"]` says of each what became of it.
        """
        listed = list(images)
        if not all(isinstance(image, Image) for image in listed):
            raise UserError("images: give a list of Image objects")
        with asking("POST", "inputs"):
            created = add(self.api, listed)
            return [to_image(self.api, self.api.native.inputs[id_]) for id_ in created]

    def create_image_from_url(
        self,
        url: str,
        image_id: str | None = None,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        crop: Iterable[float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        geo: Geo | None = None,
        allow_duplicate_url: bool = False,
    ) -> Image:
        """Add the picture at a local path or file:// URL. Nothing is ever downloaded."""
        return self.create_image(
            Image(
                url=url,
                image_id=image_id,
                concepts=concepts,
                not_concepts=not_concepts,
                crop=crop,
                metadata=metadata,
                geo=geo,
                allow_dup_url=allow_duplicate_url,
            )
        )

    def create_image_from_filename(
        self,
        filename: str,
        image_id: str | None = None,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        crop: Iterable[float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        geo: Geo | None = None,
        allow_duplicate_url: bool = False,
    ) -> Image:
        """Add a file; the same file again is another input."""
        return self.create_image(
            Image(
                filename=filename,
                image_id=image_id,
                concepts=concepts,
                not_concepts=not_concepts,
                crop=crop,
                metadata=metadata,
                geo=geo,
                allow_dup_url=allow_duplicate_url,
            )
        )

    def create_image_from_bytes(
        self,
        img_bytes: bytes,
        image_id: str | None = None,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        crop: Iterable[float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        geo: Geo | None = None,
        allow_duplicate_url: bool = False,
    ) -> Image:
        """Add a picture from the bytes of its file (JPEG, PNG, …)."""
        return self.create_image(
            Image(
                file_obj=BytesIO(img_bytes),
                image_id=image_id,
                concepts=concepts,
                not_concepts=not_concepts,
                crop=crop,
                metadata=metadata,
                geo=geo,
                allow_dup_url=allow_duplicate_url,
            )
        )

    def create_image_from_base64(
        self,
        base64_bytes: str | bytes,
        image_id: str | None = None,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        crop: Iterable[float] | None = None,
        metadata: Mapping[str, Any] | None = None,
        geo: Geo | None = None,
        allow_duplicate_url: bool = False,
    ) -> Image:
        """Add a picture from the base64 of its file."""
        return self.create_image(
            Image(
                base64=base64_bytes,
                image_id=image_id,
                concepts=concepts,
                not_concepts=not_concepts,
                crop=crop,
                metadata=metadata,
                geo=geo,
                allow_dup_url=allow_duplicate_url,
            )
        )

    # The document's examples call two of them by other names.
    create_image_filename = create_image_from_filename

    def create_image_bytes(
        self, img_bytes: bytes | None = None, base64_bytes: str | bytes | None = None
    ) -> Image:
        """Add a picture from either; the document's examples call the two methods above so."""
        if img_bytes is not None:
            return self.create_image_from_bytes(img_bytes)
        if base64_bytes is not None:
            return self.create_image_from_base64(base64_bytes)
        raise UserError("create_image_bytes: give img_bytes or base64_bytes")

    # -- looking -------------------------------------------------------------------------------

    def get(self, input_id: str) -> Image:
        """The input with this id. Raises `ApiError` (11101) if there is none."""
        with asking("GET", f"inputs/{input_id}"):
            return to_image(self.api, self.api.native.inputs[input_id])

    def get_all(self, ignore_error: bool = False) -> Iterator[Image]:
        """All inputs in the order of adding. None of them ever is in error here."""
        with asking("GET", "inputs"):
            for record in self.api.native.inputs:
                yield to_image(self.api, record)

    def get_by_page(
        self, page: int = 1, per_page: int = 20, ignore_error: bool = False
    ) -> list[Image]:
        """A page of them, counted from 1; empty past the end."""
        with asking("GET", "inputs"):
            records = self.api.native.inputs.list(page=page, per_page=per_page)
            return [to_image(self.api, record) for record in records]

    def check_status(self) -> InputCounts:
        """How many inputs are in, are being added by this program, and failed since it began."""
        with asking("GET", "inputs/status"):
            counts = self.api.native.inputs.status()
            names = ("processed", "to_process", "errors")
            return InputCounts({"counts": {name: getattr(counts, name) for name in names}})

    # -- erasing -------------------------------------------------------------------------------

    def delete(self, input_id: str | list[str]) -> ApiStatus:
        """Delete an input, or a list of them; an empty list deletes nothing.

        Raises `ApiError` (11101) if no input has that one id, `UserError` for an empty id.
        """
        if not input_id and not isinstance(input_id, list):
            raise UserError("delete: give the id of an input; delete_all() deletes all of them")
        with asking("DELETE", "inputs"):
            inputs = self.api.native.inputs
            inputs.delete(inputs[input_id].id if isinstance(input_id, str) else input_id)
            return ApiStatus(status())

    def delete_all(self) -> ApiStatus:
        """Delete all inputs. Concepts and models stay."""
        with asking("DELETE", "inputs"):
            self.api.native.inputs.delete(all=True)
            return ApiStatus(status())
