"""Feedback: what somebody says of a prediction, kept where trainings find it."""

import json
from pathlib import Path
from typing import Any

from nearsight.clarifai.adding import add, region_of
from nearsight.clarifai.database import Database
from nearsight.clarifai.image import Image
from nearsight.clarifai.public_models import PublicModel
from nearsight.clarifai.records import concept_ids, own_model


def feed_back(api: Database, model_id: str, public: PublicModel | None, image: Image) -> None:
    """Keep what `image` says of itself as annotations; the picture comes in if it is not.

    A custom model keeps it as its `feedbacks`. A public one, which never learns here, has no place
    for it: it becomes annotations by `feedback:MODEL`, with the `FeedbackInfo` as text.
    """
    if image.input_id not in api.native.inputs:
        add(api, [Image(url=image.url, image_id=image.input_id, allow_dup_url=True)])
    said = {
        "concepts": concept_ids(api, image.concepts or []),
        "not_concepts": concept_ids(api, image.not_concepts or []),
    }
    info = {} if image.feedback_info is None else image.feedback_info.dict()["feedback_info"]
    told = {name: value for name, value in info.items() if value is not None}
    if own := own_model(api, model_id):
        regions = [region_of(region) for region in image.regions or []]
        # As the service does, take concepts that there were not yet.
        own.feedback(image.input_id, **said, regions=regions, info=told, new_concepts=True)
    elif public is not None:
        _annotate(api, f"feedback:{public.name}", said, json.dumps(told), image)


def _annotate(api: Database, by: str, said: dict[str, list[str]], text: str, image: Image) -> None:
    whole: list[dict[str, Any]] = [said] if any(said.values()) else []
    source = image.source()
    pixels = source if isinstance(source, Path) and source.is_file() else None
    regions = [
        {
            "box": region.box,
            "concepts": region.concepts,
            "not_concepts": region.not_concepts,
            "picture": pixels,
        }
        for region in map(region_of, image.regions or [])
    ]
    kept = {"input": image.input_id, "by": by, "text": text}
    api.native.annotations.bulk_add([kept | each for each in (*whole, *regions)])
