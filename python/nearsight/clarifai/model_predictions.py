"""What a model says of pictures, and what is said back: the part of `Model` that predicts."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from io import BytesIO
from typing import Any

from nearsight.clarifai.concept import Concept
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError, asking
from nearsight.clarifai.feedback import FeedbackInfo
from nearsight.clarifai.feeding_back import feed_back
from nearsight.clarifai.image import Image, no_videos
from nearsight.clarifai.output_info import ModelOutputConfig, ModelOutputInfo
from nearsight.clarifai.predicting import predicted
from nearsight.clarifai.predictor import predictor
from nearsight.clarifai.public_models import PublicModel
from nearsight.clarifai.region import Region
from nearsight.clarifai.wire import Json


class ModelPredictions(ABC):
    """The part of `Model` that predicts, and that takes feedback on it."""

    api: Database
    model_id: str
    public: PublicModel | None

    @abstractmethod
    def shown(self) -> Json:
        """The model as on the wire."""

    # -- predicting ----------------------------------------------------------------------------

    def predict(
        self, inputs: Iterable[Image], model_output_info: ModelOutputInfo | None = None
    ) -> Json:
        """What pictures show, the most probable concepts first, as the service's JSON.

        Raises `ApiError`: 10010 if some of the pictures cannot be used, 10020 if none can; its
        `response.json()["outputs"]` has the others'.
        """
        listed = list(inputs)
        if not all(isinstance(image, Image) for image in listed):
            raise UserError("predict: give a list of Image objects")
        config = (model_output_info and model_output_info.output_config) or ModelOutputConfig()
        shown = self.shown()
        with asking("POST", f"models/{self.model_id}/outputs"):
            return predicted(shown, listed, predictor(self.api, self.model_id, self.public, config))

    def predict_by_url(
        self,
        url: str,
        lang: str | None = None,
        is_video: bool = False,
        min_value: float | None = None,
        max_concepts: int | None = None,
        select_concepts: Iterable[Concept | str] | None = None,
    ) -> Json:
        """What the picture at a local path or file:// URL shows."""
        image = _picture(is_video, url=url)
        return self._predicted(image, lang, min_value, max_concepts, select_concepts)

    def predict_by_filename(
        self,
        filename: str,
        lang: str | None = None,
        is_video: bool = False,
        min_value: float | None = None,
        max_concepts: int | None = None,
        select_concepts: Iterable[Concept | str] | None = None,
    ) -> Json:
        """What the picture in a file shows."""
        image = _picture(is_video, filename=filename)
        return self._predicted(image, lang, min_value, max_concepts, select_concepts)

    def predict_by_bytes(
        self,
        raw_bytes: bytes,
        lang: str | None = None,
        is_video: bool = False,
        min_value: float | None = None,
        max_concepts: int | None = None,
        select_concepts: Iterable[Concept | str] | None = None,
    ) -> Json:
        """What the picture in the bytes of a file shows."""
        image = _picture(is_video, file_obj=BytesIO(raw_bytes))
        return self._predicted(image, lang, min_value, max_concepts, select_concepts)

    def predict_by_base64(
        self,
        base64_bytes: str | bytes,
        lang: str | None = None,
        is_video: bool = False,
        min_value: float | None = None,
        max_concepts: int | None = None,
        select_concepts: Iterable[Concept | str] | None = None,
    ) -> Json:
        """What the picture in the base64 of a file shows."""
        image = _picture(is_video, base64=base64_bytes)
        return self._predicted(image, lang, min_value, max_concepts, select_concepts)

    def _predicted(
        self,
        image: Image,
        language: str | None,
        min_value: float | None,
        max_concepts: int | None,
        select_concepts: Iterable[Concept | str] | None,
    ) -> Json:
        config = ModelOutputConfig(
            language=language,
            min_value=min_value,
            max_concepts=max_concepts,
            select_concepts=select_concepts,
        )
        return self.predict([image], ModelOutputInfo(output_config=config))

    # -- feedback ------------------------------------------------------------------------------

    def send_concept_feedback(
        self,
        input_id: str,
        url: str,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        feedback_info: FeedbackInfo | None = None,
    ) -> None:
        """Say what a picture shows and what not: kept as an annotation, learned from by trainings.

        A picture that is not in yet comes in, with this id.
        """
        self.send_region_feedback(
            input_id, url, concepts, not_concepts, feedback_info=feedback_info
        )

    def send_region_feedback(
        self,
        input_id: str,
        url: str,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        regions: list[Region] | None = None,
        feedback_info: FeedbackInfo | None = None,
    ) -> None:
        """Say what parts of a picture show: kept as annotations of regions."""
        image = Image(
            url=url,
            image_id=input_id,
            concepts=None if concepts is None else list(concepts),
            not_concepts=None if not_concepts is None else list(not_concepts),
            regions=regions,
            feedback_info=feedback_info,
        )
        with asking("POST", f"models/{self.model_id}/feedback"):
            feed_back(self.api, self.model_id, self.public, image)


def _picture(is_video: bool, **given: Any) -> Image:
    if is_video:
        no_videos()
    return Image(**given)
