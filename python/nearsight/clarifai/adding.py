"""Putting `Image`s in, with the service's answer to each."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import nearsight
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import (
    INPUT_DUPLICATE,
    INPUT_FAILED,
    INPUT_OK,
    INVALID,
    MIXED,
    ApiError,
    UserError,
    refusal,
    status,
)
from nearsight.clarifai.image import Image
from nearsight.clarifai.records import (
    address_of,
    concept_ids,
    known_under,
    not_downloaded,
    place_of,
)
from nearsight.clarifai.region import Region
from nearsight.clarifai.wire import Json


@dataclass(frozen=True, slots=True)
class Refused:
    """Why an image cannot be added."""

    code: int
    details: str


def add(api: Database, images: list[Image]) -> list[str]:
    """Add all that can be added; their ids. Raises one `ApiError` that tells of all the others."""
    checked = list(_checked(api, images))
    items = [entry for entry in checked if isinstance(entry, nearsight.Item)]
    report = api.native.inputs.add(
        items, allow_duplicate=True, exif=False
    )  # as the service: no EXIF
    outcomes = iter(report.outcomes)
    answers = [_answer(entry, outcomes) for entry in checked]
    refused = [answer for answer in answers if isinstance(answer, Refused)]
    if refused:
        raise _error(images, answers, refused)
    return [answer for answer in answers if isinstance(answer, str)]


def _checked(api: Database, images: list[Image]) -> Iterator[nearsight.Item | Refused]:
    ids: set[str] = set()
    addresses: set[str] = set()
    for image in images:
        refused = _refused(api, image, ids, addresses)
        yield refused or _item(api, image)
        if refused is None:
            ids.add(str(image.input_id))
            addresses.add("" if image.url is None else address_of(image.url))


def _refused(api: Database, image: Image, ids: set[str], addresses: set[str]) -> Refused | None:
    id_ = image.input_id
    if id_ is not None and (id_ in ids or id_ in api.native.inputs):
        return Refused(INPUT_DUPLICATE, f"an input has the id {id_!r} already: choose another")
    if image.url is not None and not image.allow_dup_url:
        address = address_of(image.url)
        if address in addresses or known_under(api, address) is not None:
            details = f"{image.url} is in already: allow it with allow_duplicate_url=True"
            return Refused(INPUT_DUPLICATE, details)
    source = image.source()
    if isinstance(source, Path) and not source.is_file():  # a folder would be many pictures
        return Refused(INPUT_FAILED, f"{source}: there is no such file")
    if source is None and image.web_address is not None:
        return Refused(INPUT_FAILED, not_downloaded(image.web_address))
    if source is None:
        nothing = "no picture: give a url (a local path), filename, file_obj or base64"
        return Refused(INPUT_FAILED, nothing)
    return None


def _item(api: Database, image: Image) -> nearsight.Item:
    return nearsight.Item(
        image.source(),
        id=uuid4().hex if image.input_id is None else image.input_id,
        concepts=concept_ids(api, image.concepts or []),
        not_concepts=concept_ids(api, image.not_concepts or []),
        metadata=image.metadata,
        geo=place_of(image.geo),
        crop=image.crop,
        url=image.web_address,
        regions=[region_of(region) for region in image.regions or []],
    )


def region_of(region: Region) -> nearsight.Region:
    """A region with what is said of it, as native calls take it."""
    if region.region_info.bbox is None:
        raise UserError("Region: give its RegionInfo a bbox=BoundingBox(…)")
    said = region.said
    return nearsight.Region(
        region.region_info.bbox.sides,
        concepts=[id_ for id_, value in said.items() if value],
        not_concepts=[id_ for id_, value in said.items() if not value],
    )


def _answer(entry: nearsight.Item | Refused, outcomes: Iterator[Any]) -> str | Refused:
    """The new input's id, or why there is none."""
    if isinstance(entry, Refused):
        return entry
    outcome = next(outcomes)
    if outcome.id is not None:
        return str(outcome.id)
    misuse = outcome.error.__cause__
    if isinstance(misuse, nearsight.ArgumentError):
        return Refused(INVALID, str(misuse))
    return Refused(INPUT_FAILED, str(outcome.error))


def _error(images: list[Image], answers: list[str | Refused], refused: list[Refused]) -> ApiError:
    """What the service answers a batch of which something was refused."""
    told: list[Json] = []
    for image, answer in zip(images, answers, strict=True):
        if isinstance(answer, Refused):
            told.append({"id": image.input_id, "status": status(answer.code, answer.details)})
        else:
            told.append({"id": answer, "status": status(INPUT_OK)})
    mixed = len(refused) < len(images)
    code, http = (MIXED, 207) if mixed else (refused[0].code, 400)
    details = "; ".join(dict.fromkeys(answer.details for answer in refused[:3]))
    more = f"; and {len(refused) - 3} more" if len(refused) > 3 else ""
    return refusal("POST", "inputs", http, code, details + more, inputs=told)
