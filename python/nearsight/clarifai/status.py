"""Statuses: of a request, and of the inputs that are being added."""

from collections.abc import Mapping
from typing import Any

from nearsight.clarifai.errors import OK, status
from nearsight.clarifai.wire import Json


class ApiStatus:
    """A `code` and what it means."""

    def __init__(self, item: Mapping[str, Any]) -> None:
        """Read the `status` of a reply."""
        self.code: int = item["code"]
        self.description: str = item["description"]

    def dict(self) -> Json:
        """As on the wire."""
        return {"status": {"code": self.code, "description": self.description}}

    def __repr__(self) -> str:
        """Both."""
        return f"ApiStatus({self.code}, {self.description!r})"


class InputCounts:
    """How many inputs are in, are being added, and could not be added.

    The old document's example asks it for `code` and `description`, which the old client did not
    have: here they say that the question was answered.
    """

    def __init__(self, item: Mapping[str, Any]) -> None:
        """Read the `counts` of a reply."""
        counts = item["counts"]
        self.processed: int = counts["processed"]
        self.to_process: int = counts["to_process"]
        self.errors: int = counts["errors"]
        self.code: int = OK
        self.description: str = status()["description"]

    def dict(self) -> Json:
        """As on the wire."""
        names = ("processed", "to_process", "errors")
        return {"counts": {name: getattr(self, name) for name in names}}

    def __repr__(self) -> str:
        """The counts."""
        return f"InputCounts({self.dict()['counts']})"
