"""What nearsight's records look like in the replies of the hosted service."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import nearsight
from nearsight.clarifai.errors import INPUT_OK, status

Json = dict[str, Any]

GENERAL_APP = "main"  # where the hosted service keeps what belongs to no user


def instant(when: datetime) -> str:
    """An instant as the wire writes it.

    >>> instant(datetime(2017, 6, 29, 12, tzinfo=UTC))
    '2017-06-29T12:00:00Z'
    """
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def concept_json(id_: str, name: str, app_id: str, **more: Any) -> Json:
    """A concept."""
    return {"id": id_, "name": name, "app_id": app_id, **more}


def input_json(
    record: nearsight.Input,
    regions: list[nearsight.Annotation],
    names: Mapping[str, str],
    app_id: str,
) -> Json:
    """An input with what is said of it; `names` of its concepts by id, where they are others."""
    said = {id_: record.concepts[id_] for id_ in record.concepts}
    data: Json = {"image": _image(record)}
    if said:
        data["concepts"] = _concepts(said, names, app_id)
    if record.metadata:
        data["metadata"] = record.metadata
    if record.geo is not None:
        place = {"longitude": record.geo.longitude, "latitude": record.geo.latitude}
        data["geo"] = {"geo_point": place}
    if regions:
        data["regions"] = [region_json(region, names, app_id) for region in regions]
    return {
        "id": record.id,
        "created_at": instant(record.added_at),
        "modified_at": instant(record.changed_at),
        "status": status(INPUT_OK),
        "data": data,
    }


def region_json(region: nearsight.Annotation, names: Mapping[str, str], app_id: str) -> Json:
    """A region of an input with what is said of it."""
    top, left, bottom, right = region.box or (0.0, 0.0, 1.0, 1.0)
    box = {"top_row": top, "left_col": left, "bottom_row": bottom, "right_col": right}
    return {
        "id": region.id,
        "region_info": {"bounding_box": box},
        "data": {"concepts": _concepts(region.concepts, names, app_id)},
    }


def _image(record: nearsight.Input) -> Json:
    image: Json = {}
    if record.url is not None:
        image["url"] = record.url
    if record.crop is not None:
        image["crop"] = list(record.crop)
    return image


def _concepts(said: Mapping[str, bool], names: Mapping[str, str], app_id: str) -> list[Json]:
    return [
        concept_json(id_, names.get(id_, id_), app_id, value=int(value))
        for id_, value in said.items()
    ]
