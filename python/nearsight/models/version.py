"""One training of a model."""

from dataclasses import dataclass
from datetime import datetime

from nearsight.teaching import Report


@dataclass(frozen=True, slots=True)
class Version:
    """One training of a model: `reports` by concept. `number` counts from 1, never used twice."""

    number: int
    trained_at: datetime
    reports: dict[str, Report]

    def to_dict(self) -> dict[str, object]:
        """The version as JSON-ready values; `trained_at` in ISO 8601, UTC."""
        return {
            "number": self.number,
            "trained_at": self.trained_at.isoformat(),
            "reports": {concept: report.to_dict() for concept, report in self.reports.items()},
        }
