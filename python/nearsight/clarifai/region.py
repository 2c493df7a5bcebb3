"""Parts of a picture and what is said of them, as the old client spells it."""

from collections.abc import Iterable, Mapping

from nearsight.clarifai.concept import Concept
from nearsight.clarifai.wire import Json


class BoundingBox:
    """A box: fractions 0..1 of the picture's height and width, from its top left corner."""

    def __init__(
        self, top_row: float, left_col: float, bottom_row: float, right_col: float
    ) -> None:
        """Hold the four sides."""
        self.top_row = top_row
        self.left_col = left_col
        self.bottom_row = bottom_row
        self.right_col = right_col

    @property
    def sides(self) -> tuple[float, float, float, float]:
        """Top, left, bottom, right."""
        return self.top_row, self.left_col, self.bottom_row, self.right_col

    def dict(self) -> Json:
        """As on the wire."""
        names = ("top_row", "left_col", "bottom_row", "right_col")
        return {"bounding_box": dict(zip(names, self.sides, strict=True))}


class RegionInfo:
    """Where a region is, and whether a prediction there was right (`feedback_type`)."""

    def __init__(self, bbox: BoundingBox | None = None, feedback_type: str | None = None) -> None:
        """Hold both."""
        self.bbox = bbox
        self.feedback_type = feedback_type

    def dict(self) -> Json:
        """As on the wire."""
        where = self.bbox.dict() if self.bbox else {}
        said = {"feedback": self.feedback_type} if self.feedback_type else {}
        return {"region_info": where, **said}


class Appearance:
    """Concepts that are said of one side of a face."""

    wire = ""

    def __init__(self, concepts: Iterable[Concept]) -> None:
        """Hold the concepts, each with its value."""
        self.concepts = list(concepts)

    def dict(self) -> Json:
        """As on the wire."""
        return {self.wire: {"concepts": [concept.dict() for concept in self.concepts]}}


class FaceIdentity(Appearance):
    """Whose face it is."""

    wire = "identity"


class FaceAgeAppearance(Appearance):
    """How old the face looks."""

    wire = "age_appearance"


class FaceGenderAppearance(Appearance):
    """What gender the face looks."""

    wire = "gender_appearance"


class FaceMulticulturalAppearance(Appearance):
    """Which descent the face looks."""

    wire = "multicultural_appearance"


class Face:
    """What is said of a face."""

    def __init__(
        self,
        identity: FaceIdentity | None = None,
        age_appearance: FaceAgeAppearance | None = None,
        gender_appearance: FaceGenderAppearance | None = None,
        multicultural_appearance: FaceMulticulturalAppearance | None = None,
    ) -> None:
        """Hold what is known."""
        self.identity = identity
        self.age_appearance = age_appearance
        self.gender_appearance = gender_appearance
        self.multicultural_appearance = multicultural_appearance

    @property
    def appearances(self) -> list[Appearance]:
        """All that is said."""
        sides = (self.identity, self.age_appearance, self.gender_appearance)
        return [side for side in (*sides, self.multicultural_appearance) if side is not None]

    def dict(self) -> Json:
        """As on the wire."""
        parts = [appearance.dict() for appearance in self.appearances]
        return {"face": {name: value for part in parts for name, value in part.items()}}


class Region:
    """A part of a picture with its concepts, or with a face."""

    def __init__(
        self,
        region_info: RegionInfo,
        concepts: Iterable[Concept] | None = None,
        face: Face | None = None,
    ) -> None:
        """Hold where it is and what is said of it."""
        self.region_info = region_info
        self.concepts = None if concepts is None else list(concepts)
        self.face = face

    @property
    def said(self) -> Mapping[str, bool]:
        """Every concept that is said of it, its face's too, and whether it is shown there."""
        spoken = list(self.concepts or [])
        for appearance in self.face.appearances if self.face else []:
            spoken += appearance.concepts
        return {
            str(concept.concept_id or concept.concept_name): concept.value is None
            or bool(concept.value)
            for concept in spoken
        }

    def dict(self) -> Json:
        """As on the wire."""
        data: Json = self.face.dict() if self.face else {}
        if self.concepts:
            data["concepts"] = [concept.dict() for concept in self.concepts]
        return {**self.region_info.dict(), **({"data": data} if data else {})}
