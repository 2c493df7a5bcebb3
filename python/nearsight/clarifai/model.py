"""One model: a custom one that is trained here, or what answers for a public one."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import nearsight
from nearsight.clarifai.concept import Concept
from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import UserError, asking, status
from nearsight.clarifai.image import Image
from nearsight.clarifai.model_predictions import ModelPredictions
from nearsight.clarifai.model_wire import own_json, public_json, version_json
from nearsight.clarifai.public_models import public_model
from nearsight.clarifai.records import concept_ids as ids_of
from nearsight.clarifai.records import names_of, own_model, to_image
from nearsight.clarifai.wire import Json, concept_json


class Model(ModelPredictions):
    """A model by its id: a handle, which says what the database has now."""

    def __init__(
        self, api: Database, item: Mapping[str, Any] | None = None, model_id: str | None = None
    ) -> None:
        """Stand for the model with an id, or the one that a reply shows; use `app.models`."""
        id_ = item["id"] if model_id is None and item is not None else model_id
        if not isinstance(id_, str):
            raise UserError(f"model_id={id_!r}: give the id of a model")
        self.api = api
        self.model_id = id_
        self.public = None if own_model(api, id_) else public_model(None, id_, None)

    def _native(self) -> nearsight.Model:
        """The custom model. Raises `UserError` for a public one, which cannot be changed."""
        if self.public is not None:
            raise UserError(
                f"{self.public.name} is a public model: make one of your own, "
                "app.models.create(id, concepts=[…]), to train or change it"
            )
        found = own_model(self.api, self.model_id)
        if found is None:
            raise nearsight.NotFoundError(f"no model has the id {self.model_id!r}")
        return found

    # -- what it is ----------------------------------------------------------------------------

    def dict(self) -> Json:
        """The model as on the wire."""
        return {"model": self.shown()}

    def shown(self) -> Json:
        """What `dict` shows, without the outermost name."""
        with asking("GET", f"models/{self.model_id}"):
            if self.public is not None:
                return public_json(self.public)
            return own_json(self._native(), self.api.app_id)

    @property
    def model_name(self) -> str:
        """What it is called."""
        return str(self.shown()["name"])

    @property
    def created_at(self) -> str | None:
        """When it was made; None of a public one."""
        found: str | None = self.shown()["created_at"]
        return found

    @property
    def app_id(self) -> str:
        """Where it belongs: "main" for public ones."""
        return str(self.shown()["app_id"])

    @property
    def output_info(self) -> Json:
        """Its type and its settings."""
        return dict(self.shown()["output_info"])

    @property
    def model_version(self) -> str:
        """The id of the version in use, "" before the first training."""
        return str(self.shown()["model_version"]["id"])

    @property
    def model_status_code(self) -> int:
        """21100: trained; 21102: not yet."""
        return int(self.shown()["model_version"]["status"]["code"])

    @property
    def concepts_mutually_exclusive(self) -> bool:
        """Does a picture show one of its concepts at most?"""
        return bool(self._setting("concepts_mutually_exclusive"))

    @property
    def closed_environment(self) -> bool:
        """Is a picture that shows none of its concepts never to be expected?"""
        return bool(self._setting("closed_environment"))

    @property
    def hyper_parameters(self) -> Any:
        """How a custom model learns, by name; None of a public one."""
        written = self._setting("hyper_parameters")
        return None if written is None else json.loads(written)

    def _setting(self, name: str) -> Any:
        return self.output_info.get("output_config", {}).get(name)

    @property
    def concepts(self) -> list[Concept]:
        """What a custom model recognises; of a public one nothing: see `app.concepts`."""
        if self.public is not None:
            return []
        names = names_of(self.api, self._native().concepts)
        return [Concept(name, id_, self.api.app_id) for id_, name in names.items()]

    def get_info(self, verbose: bool = False) -> Json:
        """The model as the service's JSON; `verbose` adds its concepts."""
        shown = self.shown()
        if verbose:
            info = shown["output_info"]
            concepts = [
                concept_json(str(one.concept_id), str(one.concept_name), self.api.app_id)
                for one in self.concepts
            ]
            shown = shown | {"output_info": info | {"data": {"concepts": concepts}}}
        return {"status": status(), "model": shown}

    def get_concept_ids(self) -> list[str]:
        """The ids of its concepts."""
        return [str(concept.concept_id) for concept in self.concepts]

    def get_inputs(
        self, version_id: str | None = None, page: int = 1, per_page: int = 20
    ) -> list[Image]:
        """The inputs that it learns from, or that a version has learned from."""
        with asking("GET", f"models/{self.model_id}/inputs"):
            number = None if version_id is None else self._number(version_id)
            records = self._native().inputs(version=number, page=page, per_page=per_page)
            return [to_image(self.api, record) for record in records]

    # -- changing ------------------------------------------------------------------------------

    def update(
        self,
        action: str = "merge",
        model_name: str | None = None,
        concepts_mutually_exclusive: bool | None = None,
        closed_environment: bool | None = None,
        concept_ids: Iterable[str] | None = None,
    ) -> "Model":
        """Change its name, settings or concepts; what is not given stays. The model itself.

        "merge" adds concepts, "remove" takes them away, "overwrite" puts them in place of all.
        """
        given = (model_name, concepts_mutually_exclusive, closed_environment, concept_ids)
        if all(value is None for value in given):
            return self
        with asking("PATCH", "models"):
            self._native().update(
                action=action,
                name=model_name,
                concepts=None if concept_ids is None else ids_of(self.api, concept_ids),
                concepts_mutually_exclusive=concepts_mutually_exclusive,
                closed_environment=closed_environment,
            )
        return self

    def merge_concepts(self, concept_ids: Iterable[str], overwrite: bool = False) -> "Model":
        """Recognise these, too; with `overwrite`, these only."""
        return self.update("overwrite" if overwrite else "merge", concept_ids=concept_ids)

    def add_concepts(self, concept_ids: Iterable[str]) -> "Model":
        """Recognise these, too: another name of `merge_concepts`."""
        return self.merge_concepts(concept_ids)

    def delete_concepts(self, concept_ids: Iterable[str]) -> "Model":
        """Recognise these no longer."""
        return self.update("remove", concept_ids=concept_ids)

    # -- training ------------------------------------------------------------------------------

    def train(self, sync: bool = True, timeout: float = 60) -> Any:
        """Learn from what is said of inputs now; the new version is in use at once.

        Takes milliseconds to seconds, so that `sync=False`, which gives the model as JSON instead
        of the model itself, comes back trained, too, and `timeout` is never reached.
        """
        with asking("POST", f"models/{self.model_id}/versions"):
            self._native().train()
        return self if sync else {"status": status(), "model": self.shown()}

    def list_versions(self) -> Json:
        """All versions, the newest first, as the service's JSON."""
        with asking("GET", f"models/{self.model_id}/versions"):
            found = [version_json(version) for version in self._native().versions]
            return {"status": status(), "model_versions": found[::-1]}

    def get_version(self, version_id: str) -> Json:
        """One version as the service's JSON. Raises `ApiError` (11101)."""
        with asking("GET", f"models/{self.model_id}/versions/{version_id}"):
            version = self._native().version(self._number(version_id))
            return {"status": status(), "model_version": version_json(version)}

    def delete_version(self, version_id: str) -> Json:
        """Delete a version; if it is in use, the newest of the others comes into use."""
        with asking("DELETE", f"models/{self.model_id}/versions/{version_id}"):
            self._native().delete_version(self._number(version_id))
            return {"status": status()}

    def _number(self, version_id: str) -> int:
        try:
            return int(version_id)
        except (TypeError, ValueError):
            raise nearsight.NotFoundError(
                f"the model {self.model_id!r} has no version {version_id!r}"
            ) from None
