"""What users tell of a model's predictions: annotations, so that the next training uses them."""

import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from itertools import islice

from nearsight import pictures
from nearsight.adding import Adding, Rules
from nearsight.adding.items import Item, RegionDetails, details_of
from nearsight.concepts import Naming
from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, NotFoundError, PictureError
from nearsight.looking import embed_picture, part_of
from nearsight.pictures import Limits
from nearsight.truth import Annotation, Input, NewAnnotation, NewEmbedding, Truth
from nearsight.values.text import checked_text, shown

BY = "feedback"


@dataclass(frozen=True, slots=True)
class FeedbackInfo:
    """Where feedback comes from, in words of your own: all of it optional text.

    `output_id` names the prediction, `search_id` the search, `session_id` and `end_user_id` the
    user, `event_type` what happened ("annotation", "click").
    """

    output_id: str | None = None
    search_id: str | None = None
    session_id: str | None = None
    end_user_id: str | None = None
    event_type: str | None = None

    def __post_init__(self) -> None:
        """Raises `ArgumentError` for what is no text."""
        for name, value in asdict(self).items():
            if value is not None:
                checked_text(value, f"info: {name}")

    @staticmethod
    def of(given: "FeedbackInfo | Mapping[str, str] | None") -> "FeedbackInfo":
        """Read what a user gave. Raises `ArgumentError` for an unknown name."""
        if given is None or isinstance(given, FeedbackInfo):
            return given or FeedbackInfo()
        known = [field.name for field in fields(FeedbackInfo)]
        if not isinstance(given, Mapping) or not set(given) <= set(known):
            raise ArgumentError(f"info={shown(given)}: give a dictionary of {', '.join(known)}")
        return FeedbackInfo(**given)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One piece of feedback: the annotation that it became (`added_at` says when), and its info."""

    annotation: Annotation
    info: FeedbackInfo


class FeedbackBox:
    """Takes feedback to one model, and shows what it took."""

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder, limits: Limits) -> None:
        """Keep it in `truth`; regions are seen by `embedder`."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder
        self._limits = limits
        self._naming = Naming(truth, embedder)

    def give(
        self, model: str, what: object, said: Item, info: FeedbackInfo, *, new_concepts: bool
    ) -> list[Feedback]:
        """Keep what is said of a picture and of regions in it; see `Model.feedback`."""
        details = details_of(said)
        if not details.concepts and not any(region.concepts for region in details.regions):
            raise ArgumentError(
                "feedback: give concepts=, not_concepts= or regions= that have some"
            )
        if not new_concepts:
            named = [*details.concepts, *(c for region in details.regions for c in region.concepts)]
            self._naming.require_known(named, "To keep a new one, say new_concepts=True")
        owner, picture = self._owner(what)
        new = [self._region(owner, region, picture) for region in details.regions]
        if details.concepts:
            new.insert(0, NewAnnotation(uuid.uuid4().hex, details.concepts, by=BY))
        kept = {name: value for name, value in asdict(info).items() if value is not None}
        with self._truth.writing():
            if not self._truth.inputs.has(owner.id):
                raise NotFoundError(f"no input has the id {owner.id!r}")
            for annotation in new:
                self._truth.annotations.add(owner.id, annotation)
                self._truth.models.keep_feedback(model, annotation.id, kept)
        self._engine.catch_up()
        given = self._truth.annotations.get([annotation.id for annotation in new])
        return [Feedback(annotation, info) for annotation in given.values()]

    def given(self, model: str) -> list[Feedback]:
        """All feedback to a model, the oldest first."""
        with self._truth.snapshot():
            rows = self._truth.models.feedback(model)
            found = self._truth.annotations.get([id_ for id_, _ in rows])
        return [Feedback(found[id_], FeedbackInfo(**info)) for id_, info in rows]

    def _owner(self, what: object) -> tuple[Input, object]:
        """The input, and the picture to take regions from (None: from where it came from)."""
        if isinstance(what, str) and self._truth.inputs.has(what):
            return self._truth.inputs.get([what])[what], None
        found = list(islice(pictures.find(what), 2))
        if len(found) != 1:
            raise ArgumentError(f"{shown(what)}: feedback is on one picture; give one, or an id")
        if isinstance(found[0], PictureError):
            raise found[0]
        adding = Adding(self._truth, self._engine, self._embedder)
        (outcome,) = adding(found[0], details_of(Item(None)), Rules(self._limits, False, True))
        if outcome.id is None:
            raise outcome.error or ArgumentError(f"{outcome.source} could not be added")
        return self._truth.inputs.get([outcome.id])[outcome.id], found[0]

    def _region(self, owner: Input, region: RegionDetails, picture: object) -> NewAnnotation:
        part = part_of(
            owner, region.box, self._limits, picture, cure="give the picture instead of its id"
        )
        result = embed_picture(part, self._embedder, self._engine)
        embedding = NewEmbedding(result.vectors[0], result.probabilities[0])
        return NewAnnotation(
            uuid.uuid4().hex, region.concepts, region.box, region.text, BY, embedding
        )
