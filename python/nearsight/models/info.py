"""What a custom model is, at one moment."""

from dataclasses import asdict, dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What a model is. `versions` are numbers; `current` is the one in use, None if untrained."""

    id: str
    name: str
    type: str
    concepts: tuple[str, ...]
    concepts_mutually_exclusive: bool
    closed_environment: bool
    hyper_parameters: dict[str, float]
    versions: tuple[int, ...]
    current: int | None
    added_at: datetime

    def to_dict(self) -> dict[str, object]:
        """The facts as JSON-ready values; `added_at` in ISO 8601, UTC."""
        return asdict(self) | {"added_at": self.added_at.isoformat()}
