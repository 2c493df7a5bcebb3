"""What became of all that one call was given to add."""

from collections import Counter
from dataclasses import dataclass

from nearsight.adding.ingest import Outcome
from nearsight.errors import PictureError

_SHOWN_FAILURES = 3


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """What became of all sources of one `add`, in their order."""

    outcomes: tuple[Outcome, ...]

    @property
    def added(self) -> list[str]:
        """The ids of the inputs that are new."""
        return [o.id for o in self.outcomes if o.status == "added" and o.id is not None]

    @property
    def duplicates(self) -> list[str]:
        """The ids of the inputs that were in already."""
        return [o.id for o in self.outcomes if o.status == "duplicate" and o.id is not None]

    @property
    def failed(self) -> list[PictureError]:
        """Why the others could not be added."""
        return [o.error for o in self.outcomes if o.error is not None]

    def __repr__(self) -> str:
        """How many of each, and why the first few failed; an `add` may have had a million."""
        why = "".join(f"; {error}" for error in self.failed[:_SHOWN_FAILURES])
        more = len(self.failed) - _SHOWN_FAILURES
        return f"<Report {self}{why}{f'; and {more} more' if more > 0 else ''}>"

    def __str__(self) -> str:
        """One line: how many of each."""
        counts = Counter(outcome.status for outcome in self.outcomes)
        return ", ".join(f"{counts[s]} {s}" for s in ("added", "duplicate", "failed"))
