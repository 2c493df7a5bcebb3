"""A concept, as the old client spells it."""

from nearsight.clarifai.wire import Json


class Concept:
    """A concept: its name first, then its id. `value` is 1 or True where it is shown, 0 where not.

    >>> Concept("cute cat", "id1").dict()
    {'name': 'cute cat', 'id': 'id1'}
    """

    def __init__(
        self,
        concept_name: str | None = None,
        concept_id: str | None = None,
        app_id: str | None = None,
        created_at: str | None = None,
        value: float | bool | None = None,
    ) -> None:
        """Hold what is known of it."""
        self.concept_name = concept_name
        self.concept_id = concept_id
        self.app_id = app_id
        self.created_at = created_at
        self.value = value

    def dict(self) -> Json:
        """What is known of it, as JSON-ready values."""
        known = {
            "name": self.concept_name,
            "id": self.concept_id,
            "app_id": self.app_id,
            "created_at": self.created_at,
            "value": self.value,
        }
        return {name: value for name, value in known.items() if value is not None}

    def __repr__(self) -> str:
        """Its name and id."""
        return f"Concept({self.concept_name!r}, {self.concept_id!r})"


class ConceptInput(Concept):
    """A concept said of a region: the documents import it, with the id first.

    >>> ConceptInput(id="people", value=True).dict()
    {'id': 'people', 'value': True}
    """

    def __init__(
        self, id: str | None = None, value: float | bool = True, name: str | None = None
    ) -> None:
        """Say of something that it is shown (or, `value=False`, not)."""
        super().__init__(concept_name=name, concept_id=id, value=value)
