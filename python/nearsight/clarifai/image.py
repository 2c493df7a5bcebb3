"""A picture, as the old client spells it: to be added, looked for, predicted, or found."""

import base64 as base_64
import binascii
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Never
from urllib.parse import unquote_to_bytes, urlsplit

from nearsight.clarifai.errors import UserError
from nearsight.clarifai.feedback import FeedbackInfo
from nearsight.clarifai.geo import Geo
from nearsight.clarifai.region import Region
from nearsight.clarifai.status import ApiStatus
from nearsight.clarifai.wire import Json


class Image:
    """A picture, from a `url` (a local path or file:// URL), file, bytes or base64.

    `crop` is [top, left, bottom, right] in fractions 0..1. An http URL is never fetched: it is the
    name of a picture, which says where it came from once it is in; put a picture in under such a
    name by giving its `filename` (or bytes) beside the `url`. Nothing is read before it is used.
    """

    def __init__(
        self,
        url: str | None = None,
        file_obj: Any = None,
        base64: str | bytes | None = None,
        filename: str | None = None,
        crop: Iterable[float] | None = None,
        image_id: str | None = None,
        concepts: Iterable[str] | None = None,
        not_concepts: Iterable[str] | None = None,
        regions: list[Region] | None = None,
        metadata: Mapping[str, Any] | None = None,
        geo: Geo | None = None,
        feedback_info: FeedbackInfo | None = None,
        allow_dup_url: bool = False,
    ) -> None:
        """Hold what is given. Raises `UserError` for what is not of its kind."""
        _check("concepts", concepts, list, tuple)
        _check("not_concepts", not_concepts, list, tuple)
        _check("metadata", metadata, dict)
        _check("geo", geo, Geo)
        _check("feedback_info", feedback_info, FeedbackInfo)
        _check("crop", crop, list, tuple)
        _check("regions", regions, list)
        self.url = url.strip() if isinstance(url, str) else url
        self.file_obj = getattr(file_obj, "buffer", file_obj)  # of a file opened as text: its bytes
        self.base64 = base64
        self.filename = filename
        self.crop = None if crop is None else list(crop)
        self.input_id = image_id
        self.concepts = None if concepts is None else list(concepts)
        self.not_concepts = None if not_concepts is None else list(not_concepts)
        self.regions = regions
        self.metadata = None if metadata is None else dict(metadata)
        self.geo = geo
        self.feedback_info = feedback_info
        self.allow_dup_url = allow_dup_url
        self.score: float = 0
        self.status: ApiStatus | None = None

    @property
    def web_address(self) -> str | None:
        """Its url, if that is one of the web: a name, never fetched."""
        if self.url is None or not self.url.lower().startswith(("http://", "https://")):
            return None
        return self.url

    def source(self) -> Path | bytes | None:
        """Where its pixels are: something that `app.inputs.add` takes, or None if nowhere here."""
        if self.filename is not None:
            return Path(self.filename)
        if self.base64 is not None:
            return _decoded(self.base64)
        if self.file_obj is not None:
            return self._read()
        if self.url is None or self.web_address:
            return None
        return _local(self.url)

    def dict(self) -> Json:
        """As on the wire, with the bytes of a file as base64."""
        data: Json = {"image": self._image()}
        said = [{"id": name, "value": True} for name in self.concepts or []]
        said += [{"id": name, "value": False} for name in self.not_concepts or []]
        if said:
            data["concepts"] = said
        if self.metadata:
            data["metadata"] = self.metadata
        if self.geo:
            data |= self.geo.dict()
        if self.regions:
            data["regions"] = [region.dict() for region in self.regions]
        found: Json = {"data": data}
        if self.input_id is not None:
            found["id"] = self.input_id
        return found | (self.feedback_info.dict() if self.feedback_info else {})

    def _image(self) -> Json:
        image: Json = {}
        if self.url is not None:
            image = {"url": self.url, "allow_duplicate_url": self.allow_dup_url}
        elif (content := self.content()) is not None:
            image["base64"] = base_64.b64encode(content).decode()
        if self.crop is not None:
            image["crop"] = self.crop
        return image

    def content(self) -> bytes | None:
        """The bytes of its file; None where only a url is known."""
        source = self.source()
        if isinstance(source, Path):
            return source.read_bytes()
        return source

    def _read(self) -> bytes:
        """The bytes of the open file, read once."""
        if not isinstance(self.file_obj, bytes):
            self.file_obj = bytes(self.file_obj.read())
        return self.file_obj

    def __repr__(self) -> str:
        """Its id, where it came from, and its score where it was found."""
        return f"Image({self.input_id!r}, url={self.url!r}, score={self.score:.3f})"


class Video:
    """A video: not looked at yet."""

    def __init__(
        self,
        url: str | None = None,
        file_obj: Any = None,
        base64: str | bytes | None = None,
        filename: str | None = None,
        video_id: str | None = None,
    ) -> None:
        """Raise `UserError`, which says what to do instead."""
        no_videos()


def no_videos() -> Never:
    """Raise the `UserError` of everything that asks for a video."""
    raise UserError(
        "videos are not looked at yet: take pictures from it (ffmpeg -i VIDEO -r 1 %d.jpg) and "
        "give those"
    )


def _local(url: str) -> Path:
    """The file at a file:// URL, or at a path."""
    if not url.lower().startswith("file:"):
        return Path(url)
    return Path(os.fsdecode(unquote_to_bytes(urlsplit(url).path)))


def _check(name: str, value: object, *kinds: type) -> None:
    if value is not None and not isinstance(value, kinds):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise UserError(f"{name}={value!r:.80}: give a {wanted}")


def _decoded(text: str | bytes) -> bytes:
    try:
        return base_64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise UserError(f"base64={text[:20]!r}…: this is no base64 ({error})") from error
