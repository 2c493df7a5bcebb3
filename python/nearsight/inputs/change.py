"""What one update does to one input."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nearsight.adding.items import said_of
from nearsight.errors import ArgumentError
from nearsight.truth import Input, Truth
from nearsight.values.geo import GeoPoint, point
from nearsight.values.patching import checked, encode, merged, without

_ACTIONS = ("merge", "overwrite", "remove")


@dataclass(frozen=True, slots=True)
class Change:
    """What one update does to one input."""

    action: str
    said: dict[str, bool]
    metadata: dict[str, Any] | None
    geo: GeoPoint | None
    touches_geo: bool

    @staticmethod
    def of(
        action: str,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        geo: object = None,
    ) -> "Change":
        """Check it. Raises `ArgumentError`."""
        if action not in _ACTIONS:
            raise ArgumentError(f"action={action!r}: give 'merge', 'overwrite' or 'remove'")
        return Change(
            action,
            said_of(concepts, not_concepts),
            None if metadata is None else checked(metadata),
            None if geo is None or action == "remove" else point(geo),
            geo is not None,
        )

    def apply(self, old: Input, truth: Truth) -> None:
        """Make it, inside of a transaction."""
        if self.said and self.action != "merge":
            truth.annotations.unsay(old.id, self.said if self.action == "remove" else None)
        if self.said and self.action != "remove":
            truth.annotations.say([old.id], self.said)
        if self.metadata is not None:
            truth.inputs.set_metadata(old.id, encode(checked(self._patched(old.metadata))))
        if self.touches_geo:
            truth.inputs.set_geo(old.id, self.geo)

    def _patched(self, old: dict[str, Any]) -> dict[str, Any]:
        patch = self.metadata or {}
        if self.action == "merge":
            joined: dict[str, Any] = merged(old, patch)
            return joined
        return without(old, patch) if self.action == "remove" else patch
