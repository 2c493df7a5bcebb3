"""Feedback: what somebody says of a prediction, kept where trainings find it."""

import json
from pathlib import Path

from nearsight.clarifai.adding import add, region_of
from nearsight.clarifai.database import Database
from nearsight.clarifai.image import Image
from nearsight.clarifai.records import concept_ids


def feed_back(api: Database, model: str, image: Image) -> None:
    """Keep what `image` says as annotations by `feedback:model`; the picture comes in if it is not.

    Each feedback is an annotation of its own, with its `FeedbackInfo` as text.
    """
    if image.input_id not in api.native.inputs:
        add(api, [Image(url=image.url, image_id=image.input_id, allow_dup_url=True)])
    info = image.feedback_info
    kept = {
        "input": image.input_id,
        "by": f"feedback:{model}",
        "text": None if info is None else json.dumps(info.dict()["feedback_info"]),
    }
    said = []
    if image.concepts or image.not_concepts:
        said.append(
            {
                "concepts": concept_ids(api, image.concepts or []),
                "not_concepts": concept_ids(api, image.not_concepts or []),
            }
        )
    source = image.source()
    pixels = source if isinstance(source, Path) and source.is_file() else None
    for region in map(region_of, image.regions or []):
        names = ("box", "concepts", "not_concepts")
        said.append({name: getattr(region, name) for name in names} | {"picture": pixels})
    api.native.annotations.bulk_add([{**kept, **each} for each in said])
