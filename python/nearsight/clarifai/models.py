"""`app.models`: your own models, and the public ones that this device answers for."""

from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from nearsight.clarifai.database import Database
from nearsight.clarifai.errors import MISSING, UserError, asking, refusal, status
from nearsight.clarifai.model import Model
from nearsight.clarifai.public_models import PUBLIC_MODELS, public_model
from nearsight.clarifai.records import concept_ids, own_model
from nearsight.clarifai.wire import Json


class Models:
    """The models of an app. Names are looked up here each time: the cache is a plain list."""

    def __init__(self, api: Database) -> None:
        """Speak for the models of `api`; use `app.models`."""
        self.api = api

    # -- finding -------------------------------------------------------------------------------

    def get(
        self,
        model_name: str | None = None,
        model_id: str | None = None,
        model_type: str | None = None,
    ) -> Model:
        """The model with this id or name: one of yours, else a public one.

        Raises `ApiError` (11101) for an unknown one, and for a public one that nothing on this
        device answers for, which says what to do instead.
        """
        asked = model_name if model_id is None else model_id
        with asking("GET", f"models/{asked}"):
            if own := self._own(model_name, model_id):
                return Model(self.api, model_id=own)
            public = public_model(model_name, model_id, model_type)
            if public is None or (model_type is not None and public.kind != model_type):
                raise _missing(asked, f"no model is called {asked!r}; app.models.get_all() has all")
            # Raises where there is nothing, and says what to do instead.
            self.api.native.models.get(public.native or public.name)
            return Model(self.api, model_id=public.id)

    def _own(self, name: str | None, id_: str | None) -> str | None:
        if own := own_model(self.api, name if id_ is None else id_):
            return own.id
        named = (one.id for one in self.api.native.models if name is not None and one.name == name)
        return next(named, None)

    def search(self, model_name: str, model_type: str | None = None) -> list[Model] | None:
        """The models with a name (`*` for anything), if given of one type; None without any."""
        found = [
            model
            for model in self.get_all()
            if fnmatchcase(model.model_name.casefold(), model_name.casefold())
            and model_type in (None, model.output_info["type"])
        ]
        return found or None

    def get_all(self, public_only: bool = False, private_only: bool = False) -> Iterator[Model]:
        """All models: the public ones that this device answers for, then yours."""
        if not private_only:
            for public in PUBLIC_MODELS:
                if public.native is not None:
                    yield Model(self.api, model_id=public.id)
        if not public_only:
            for own in self.api.native.models:
                yield Model(self.api, model_id=own.id)

    def get_by_page(
        self,
        public_only: bool = False,
        private_only: bool = False,
        page: int = 1,
        per_page: int = 20,
    ) -> list[Model]:
        """A page of them, counted from 1.

        The document's example, `get_by_page(2, 20)`, means the page and its length: so do two
        numbers here.
        """
        if type(public_only) is int and type(private_only) is int:
            page, per_page, public_only, private_only = public_only, private_only, False, False
        if page < 1 or per_page < 1:
            raise UserError(f"page={page!r}, per_page={per_page!r}: both count from 1")
        found = list(self.get_all(public_only, private_only))
        return found[(page - 1) * per_page : page * per_page]

    def init_model_cache(self) -> dict[tuple[str, str | None], str]:
        """The ids of the public models by (name, type); of the general one by (name, None), too."""
        cache: dict[tuple[str, str | None], str] = {}
        for public in PUBLIC_MODELS:
            if public.native is not None:
                cache[public.name, public.kind] = public.id
                cache.setdefault((public.name, None), public.id)
        return cache

    def clear_model_cache(self) -> None:
        """Do nothing: names are looked up each time."""

    # -- making and deleting -------------------------------------------------------------------

    def create(
        self,
        model_id: str,
        model_name: str | None = None,
        concepts: Iterable[str] | None = None,
        concepts_mutually_exclusive: bool = False,
        closed_environment: bool = False,
        hyper_parameters: Mapping[str, Any] | None = None,
    ) -> Model:
        """Make a model that is to recognise `concepts`, which may be added later."""
        with asking("POST", "models"):
            own = self.api.native.models.create(
                model_id,
                name=model_name,
                concepts=concept_ids(self.api, concepts or []),
                concepts_mutually_exclusive=concepts_mutually_exclusive,
                closed_environment=closed_environment,
                hyper_parameters=hyper_parameters,
            )
            return Model(self.api, model_id=own.id)

    def delete(self, model_id: str, version_id: str | None = None) -> Json:
        """Delete a model with all its versions, or one of its versions; the reply as JSON."""
        if version_id is not None:
            return self.get(model_id=model_id).delete_version(version_id)
        with asking("DELETE", f"models/{model_id}"):
            self.api.native.models.delete(model_id)
            return {"status": status()}

    def delete_all(self) -> Json:
        """Delete all models of yours; the reply as JSON."""
        with asking("DELETE", "models"):
            self.api.native.models.delete(all=True)
            return {"status": status()}


def _missing(asked: str | None, details: str) -> Exception:
    return refusal("GET", f"models/{asked}", 404, MISSING, details)
