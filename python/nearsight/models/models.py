"""The models of one app: custom ones, and beside them those that come with nearsight."""

from collections.abc import Iterable, Iterator, Mapping

from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, NotFoundError
from nearsight.knowledge import Pattern
from nearsight.models.arguments import (
    check_id,
    checked_name,
    concept_names,
    is_text,
)
from nearsight.models.hosted import HERE, resolve
from nearsight.models.model import Model
from nearsight.models.parameters import HyperParameters
from nearsight.models.ready import ReadyModel, ready_models
from nearsight.pictures import Limits
from nearsight.truth import Truth
from nearsight.values.flag import checked_flag
from nearsight.values.paging import slice_of

AnyModel = Model | ReadyModel
Found = list[AnyModel]  # the class below has a method called list
Ids = list[str]
Ready = list[ReadyModel]

TYPES = ("concept", "embed", "color", "focus")


class Models:
    """The models of one app: `len` and iteration are about your own, `in` and `[id]` about all.

    Those that come with nearsight are "general" (what a picture shows), its views "food", "travel"
    and "apparel", "embed" (its vector), "color" and "focus"; they also answer to what the hosted
    service calls them ("general-v1.3"), and no model of your own can take any of these ids.

    >>> import nearsight, tempfile
    >>> with nearsight.open(tempfile.mkdtemp() + "/photos.ns") as app:
    ...     app.models.create("pets", concepts=["rex", "tom"])
    ...     [model.id for model in app.models.search("*general*")]
    <nearsight.Model 'pets': rex, tom>
    ['general']
    """

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder, limits: Limits) -> None:
        """Keep models in `truth`; they learn from what `embedder` makes of pictures."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder
        self._limits = limits

    def __repr__(self) -> str:
        """Whose they are."""
        return f"<nearsight.Models of {str(self._truth.path)!r}>"

    # -- creating and deleting -----------------------------------------------------------------

    def create(
        self,
        id_: str,
        *,
        concepts: Iterable[str] = (),
        name: str | None = None,
        concepts_mutually_exclusive: bool = False,
        closed_environment: bool = False,
        hyper_parameters: Mapping[str, object] | HyperParameters | None = None,
    ) -> Model:
        """Create a model that is to recognise `concepts`; train it once inputs are annotated.

        `concepts_mutually_exclusive`: a picture shows one of them at most. `closed_environment`:
        learn from what was said alone, that is, only inputs said not to show a concept count as not
        showing it. `hyper_parameters`: see `nearsight.HyperParameters`.

        Raises `ArgumentError` (an id that is taken, also by a model that comes with nearsight,
        empty, longer than 200 characters or with a /), `ReadOnlyError`.
        """
        check_id(id_)
        if self._ready_named(HERE.get(id_.strip().lower(), id_)):
            raise ArgumentError(
                f"app.models[{id_!r}] is a model that comes with nearsight: choose another id, "
                f"such as {f'my-{id_}'!r}"
            )
        names, parameters = concept_names(concepts), HyperParameters.of(hyper_parameters)
        called = id_ if name is None else checked_name(name)
        exclusive = checked_flag("concepts_mutually_exclusive", concepts_mutually_exclusive)
        closed = checked_flag("closed_environment", closed_environment)
        with self._truth.writing():
            if self._truth.models.get(id_) is not None:
                raise ArgumentError(
                    f"a model has the id {id_!r} already: go on with "
                    f"app.models[{id_!r}], or choose another"
                )
            table = self._truth.models
            table.create(id_)
            table.describe(id_, called, exclusive, closed, parameters.to_dict())
            table.add_concepts(id_, names)
        self._engine.catch_up()
        return self._handle(id_)

    def delete(self, ids: str | Iterable[str] | None = None, *, all: bool = False) -> Ids:
        """Delete models of your own with their versions; what was said of inputs stays.

        One id, several (an empty list deletes nothing), or `all=True`; all or nothing. Returns the
        ids. Raises `NotFoundError`, `ArgumentError`, `ReadOnlyError`.
        """
        if (ids is None) != (all is True):
            raise ArgumentError(
                "delete: give an id, a list of ids, or all=True, and only one of them"
            )
        with self._truth.writing():
            gone = self._truth.models.ids() if ids is None else _ids(ids)
            for id_ in gone:
                if not is_text(id_) or not self._truth.models.delete(id_):
                    raise NotFoundError(f"no model of yours has the id {id_!r}")
        self._engine.catch_up()
        return gone

    # -- finding -------------------------------------------------------------------------------

    def get(self, id_: str, type: str | None = None) -> AnyModel:
        """The model with this id, or the one that the hosted service calls so.

        `type` tells apart what has one name there: get("general-v1.3", type="embed").

        Raises `NotFoundError`, saying how to bring one that the device does not have.
        """
        found: AnyModel | None = None
        if is_text(id_) and self._truth.models.get(id_) is not None:
            found = self._handle(id_)
        elif is_text(id_):
            meant = resolve(id_)
            wanted = "embed" if (meant, type) == ("general", "embed") else meant
            found = self._ready_named(wanted)
        if found is None or type not in (None, found.type):
            of_type = "" if type is None else f" of the type {type!r}"
            raise NotFoundError(f"no model{of_type} has the id {id_!r}")
        return found

    @property
    def ready(self) -> Ready:
        """The models that come with nearsight."""
        return ready_models(self._embedder, self._engine, self._limits)

    def _ready_named(self, id_: str) -> ReadyModel | None:
        return next((model for model in self.ready if model.id == id_), None)

    def list(self, page: int = 1, per_page: int = 20) -> Found:
        """All models by pages, your own first; a page past the end is empty."""
        return [*self, *self.ready][slice_of(page, per_page)]

    def search(self, name: str = "*", type: str | None = None) -> Found:
        """The models whose id or name fits, your own first; `*` stands for anything.

        Upper and lower case are alike. `type` is "concept", "embed", "color" or "focus". Those that
        come with nearsight also go by what the hosted service calls them.

        Raises `ArgumentError`, `NotFoundError` (a public model that the device does not have).
        """
        if not is_text(name):
            raise ArgumentError(f"name={name!r}: give a name, with * for anything")
        resolve(name)
        if type not in (None, *TYPES):
            raise ArgumentError(f"type={type!r}: give one of {', '.join(TYPES)}")
        pattern = Pattern(name)
        models: Found = [*self, *self.ready]
        return [
            model
            for model in models
            if type in (None, model.type) and any(map(pattern.fits, _names(model)))
        ]

    def _handle(self, id_: str) -> Model:
        return Model(id_, self._truth, self._engine, self._embedder, self._limits)

    def __getitem__(self, id_: str) -> AnyModel:
        """The model with this id; see `get`. Raises `NotFoundError`."""
        return self.get(id_)

    def __contains__(self, id_: object) -> bool:
        """Is there a model with this id?"""
        try:
            return is_text(id_) and self.get(id_) is not None
        except NotFoundError:
            return False

    def __len__(self) -> int:
        """How many models of your own there are."""
        return len(self._truth.models.ids())

    def __iter__(self) -> Iterator[Model]:
        """Your own models in the order they were created."""
        return map(self._handle, self._truth.models.ids())


def _ids(ids: str | Iterable[str]) -> Ids:
    if not isinstance(ids, str | Iterable):
        raise ArgumentError(f"delete({ids!r}): give an id, or a list of ids")
    return [ids] if isinstance(ids, str) else list(dict.fromkeys(ids))


def _names(model: AnyModel) -> Ids:
    """What a model goes by."""
    hosted = [] if isinstance(model, Model) else [n for n, id_ in HERE.items() if id_ == model.id]
    return [model.id, model.name, *hosted]
