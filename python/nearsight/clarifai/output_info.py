"""What a prediction is to hold, as the old client spells it."""

from collections.abc import Iterable
from typing import Any

from nearsight.clarifai.concept import Concept
from nearsight.clarifai.wire import Json


class ModelOutputConfig:
    """Limits of a prediction: its language, the least value, how many concepts, and which."""

    def __init__(
        self,
        mutually_exclusive: bool = False,
        closed_environment: bool = False,
        language: str | None = None,
        min_value: float | None = None,
        max_concepts: int | None = None,
        select_concepts: Iterable[Concept | str] | None = None,
    ) -> None:
        """Hold them. `select_concepts` may be `Concept`s, names or ids."""
        self.concepts_mutually_exclusive = mutually_exclusive
        self.closed_environment = closed_environment
        self.language = language
        self.min_value = min_value
        self.max_concepts = max_concepts
        self.select_concepts = None if select_concepts is None else list(select_concepts)

    @property
    def selected(self) -> list[str] | None:
        """The ids, else the names, of the concepts that are wanted; None for all."""
        if self.select_concepts is None:
            return None
        return [
            one if isinstance(one, str) else str(one.concept_id or one.concept_name)
            for one in self.select_concepts
        ]

    def dict(self) -> Json:
        """As on the wire."""
        config: Json = {
            "concepts_mutually_exclusive": self.concepts_mutually_exclusive,
            "closed_environment": self.closed_environment,
        }
        for name in ("language", "min_value", "max_concepts"):
            if (value := getattr(self, name)) is not None:
                config[name] = value
        if self.select_concepts is not None:
            config["select_concepts"] = [_wire(concept) for concept in self.select_concepts]
        return {"output_config": config}


class ModelOutputInfo:
    """Concepts and limits of a prediction, together."""

    def __init__(
        self,
        concepts: Iterable[Concept] | None = None,
        output_config: ModelOutputConfig | None = None,
    ) -> None:
        """Hold both."""
        self.concepts = None if concepts is None else list(concepts)
        self.output_config = output_config

    def dict(self) -> Json:
        """As on the wire."""
        info: Json = self.output_config.dict() if self.output_config else {}
        if self.concepts:
            info["data"] = {"concepts": [_wire(concept) for concept in self.concepts]}
        return {"output_info": info}


def _wire(concept: Concept | str) -> Any:
    return {"id": concept} if isinstance(concept, str) else concept.dict()
