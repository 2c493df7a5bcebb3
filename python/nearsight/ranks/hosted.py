"""Ranks as the dictionaries of the hosted service spell them: its SDK's, its wire's, and `ands`.

    {"image_url": …}, {"image_bytes": …}, {"text_raw": …}, {"concepts": [{"id": "dog"}]}  the SDK's
    {"annotation": {"data": {"concepts": [{"name": "dog", "value": 0}]}}}                 the wire's
    {"output": {"data": {"concepts": [{"name": "dog"}]}}}                  in the older list `ands`

Every concept, picture, text and id in them becomes one rank. A concept's value is 1 when it is left
out; 0, as well as `negate`, asks for what does not show it: a weight of -1. Empty ones ask nothing.
"""

import base64
import binascii
from dataclasses import replace
from typing import Any

from nearsight.filters.hosted import concepts_of
from nearsight.ranks.rank import Rank
from nearsight.values.document import Node

_WIRE = ("annotation", "input", "negate")
_SDK = ("image_url", "image_bytes", "text_raw", "concepts")
_FILTERS = ("metadata", "geo_point", "input_types", "input_dataset_ids", "input_status_code")
KEYS = frozenset((*_WIRE, *_SDK, *_FILTERS))


def ranks_of(node: Node, language: str | None = None) -> list[Rank]:
    """The ranks that one item of the list `ranks` stands for; `language` of a whole query.

    Raises `ArgumentError` that names the place of what is not understood.
    """
    if set(_WIRE) & node.object().keys():
        return _wire(node, language)
    found = node.filled(*_SDK, *_FILTERS)
    for key in _FILTERS:
        if key in found:
            raise found[key].error("this restricts and does not order: put it in a filter")
    ranks = _concepts(found["concepts"], language) if "concepts" in found else []
    if "image_url" in found:
        ranks.append(Rank("image", found["image_url"].text()))
    if "image_bytes" in found:
        ranks.append(Rank("image", bytes_of(found["image_bytes"])))
    if "text_raw" in found:
        ranks.append(Rank("text", found["text_raw"].text(), language=language))
    return ranks


def ranks_of_and(item: Node, language: str | None = None) -> list[Rank]:
    """What one item of the list `ands` orders by: its `output`."""
    found = item.filled("output", "input", "annotation", "negate")
    if "output" not in found:
        return []
    with item.named():
        output = found["output"].filled("data", "input")
        ranks = _data(output["data"], language) if "data" in output else []
        ranks += _input(output["input"], language) if "input" in output else []
        return _negated(ranks, found.get("negate"))


def _wire(node: Node, language: str | None) -> list[Rank]:
    found = node.filled(*_WIRE)
    ranks = _annotation(found["annotation"], language) if "annotation" in found else []
    if "input" in found:  # as one of the service's own samples has it
        ranks += _input(found["input"], language)
    return _negated(ranks, found.get("negate"))


def _negated(ranks: list[Rank], negate: Node | None) -> list[Rank]:
    if negate is None or not negate.flag():
        return ranks
    return [replace(rank, weight=-rank.weight) for rank in ranks]


def _annotation(node: Node, language: str | None) -> list[Rank]:
    found = node.filled("id", "input_id", "data")
    ranks = [Rank("region", found["id"].text())] if "id" in found else []
    if "input_id" in found:
        ranks.append(Rank("input", found["input_id"].text()))
    return ranks + (_data(found["data"], language) if "data" in found else [])


def _input(node: Node, language: str | None) -> list[Rank]:
    found = node.filled("id", "data")
    if "id" not in found:
        return _data(found["data"], language) if "data" in found else []
    return [Rank("input", found["id"].text(), crop=_crop(found.get("data")))]


def _data(node: Node, language: str | None) -> list[Rank]:
    found = node.filled("concepts", "image", "text")
    ranks = _concepts(found["concepts"], language) if "concepts" in found else []
    if "image" in found:
        ranks += _image(found["image"], node)
    if "text" in found and (raw := found["text"].filled("raw").get("raw")):
        ranks.append(Rank("text", raw.text(), language=language))
    return ranks


def _concepts(node: Node, language: str | None) -> list[Rank]:
    return [
        Rank(
            "concept",
            concept.name,
            1.0 if concept.value else -1.0,
            language=None if concept.is_id else concept.language or language,
        )
        for concept in concepts_of(node)
    ]


def _image(node: Node, data: Node) -> list[Rank]:
    found = node.filled("url", "base64", "crop")
    if "url" in found and "base64" in found:
        raise node.error("give a url or base64, not both")
    if "url" in found:
        return [Rank("image", found["url"].text(), crop=_crop(data))]
    return [Rank("image", bytes_of(found["base64"]), crop=_crop(data))] if "base64" in found else []


def _crop(data: Node | None) -> Any:
    """The crop of the image in `data`, which may be none."""
    image = data.filled("concepts", "image", "text").get("image") if data else None
    crop = image.filled("url", "base64", "crop").get("crop") if image else None
    return None if crop is None else [number.number() for number in crop.list()]


def bytes_of(node: Node) -> bytes:
    """Bytes as they are, or the text of JSON, which is base64."""
    if isinstance(node.value, bytes | bytearray | memoryview):
        return bytes(node.value)
    try:
        return base64.b64decode(node.text(), validate=True)
    except (binascii.Error, ValueError):
        raise node.error("this is neither bytes nor base64") from None
