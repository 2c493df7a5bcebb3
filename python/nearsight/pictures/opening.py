"""The shortest way to one picture: `open`."""

from __future__ import annotations

import os
from itertools import islice

from nearsight.errors import ArgumentError, NearsightError, NotFoundError, PictureError
from nearsight.pictures.decoder import decode
from nearsight.pictures.file import path_name
from nearsight.pictures.limits import Limits
from nearsight.pictures.picture import Picture
from nearsight.pictures.walk import find
from nearsight.values.region import BoundingBox, part


def open(what: object, limits: Limits | None = None, crop: BoundingBox | None = None) -> Picture:
    """Find, load and decode exactly one picture, or the part of it that `crop` says.

    `what` is anything that `find` takes. Raises NotFoundError when there is no such file,
    PictureError when it cannot be used, ArgumentError when it stands for several pictures.
    """
    box = part(crop)
    found = list(islice(find(what), 2))
    if not found:
        raise NotFoundError("no picture was given")
    if len(found) > 1:
        raise ArgumentError(
            f"{_called(what)}: one picture is needed here, and this stands for several; give one"
        )
    try:
        if isinstance(found[0], PictureError):
            raise found[0]
        bounds = limits or Limits()
        return decode(found[0].load(bounds), bounds, box)
    except PictureError as error:
        raise alone(error) from error.__cause__


def alone(error: PictureError) -> NearsightError:
    """What is raised where this is wrong with the one picture that was asked for.

    `NotFoundError` for a file that is not there, `ArgumentError` for what was said of it amiss.
    """
    if isinstance(error.__cause__, FileNotFoundError | NotADirectoryError):
        return NotFoundError(str(error))
    return error.__cause__ if isinstance(error.__cause__, ArgumentError) else error


def _called(what: object) -> str:
    """What a message calls it: paths and globs by themselves, all else by its type."""
    if isinstance(what, str | os.PathLike):
        return path_name(os.fsdecode(what))
    return f"<{type(what).__name__}>"
