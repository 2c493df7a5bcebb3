"""The inputs of an app: `app.inputs`."""

from collections.abc import Generator, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from nearsight.adding import Adding, Report, Rules, StatusCounts
from nearsight.adding.ingest import Outcome
from nearsight.adding.items import Item, checked_ids, details_of
from nearsight.concepts import Concept
from nearsight.concepts.naming import Naming
from nearsight.embedders import Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, NotFoundError
from nearsight.filters import Where, asks_nothing, to_filter
from nearsight.inputs.change import Change
from nearsight.pictures import Limits, alone, is_several
from nearsight.search.filtering import Filtering
from nearsight.truth import Input, Truth
from nearsight.values.flag import checked_flag
from nearsight.values.paging import check_whole, slice_of
from nearsight.values.text import checked_text, shown

Ids = list[str]  # the class below has a method called list

_PAGE = 200
_ATTEMPTS = 3
_CHANGES = ("concepts", "not_concepts", "metadata", "geo")


class Inputs:
    """The inputs of one app: `len`, `in`, iteration and `[id]` work as on a mapping's values."""

    def __init__(
        self,
        truth: Truth,
        engine: Engine,
        embedder: Embedder,
        naming: Naming,
        filtering: Filtering,
        limits: Limits,
    ) -> None:
        """Keep inputs in `truth` and searchable in `engine`; `filtering` answers `where=`."""
        self._truth = truth
        self._engine = engine
        self._naming = naming
        self._filtering = filtering
        self._limits = limits
        self._adding = Adding(truth, engine, embedder)

    def __repr__(self) -> str:
        """Whose they are."""
        return f"<nearsight.Inputs of {str(self._truth.path)!r}>"

    # -- adding --------------------------------------------------------------------------------

    def add(
        self,
        source: object,
        *,
        id: str | None = None,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        geo: object = None,
        crop: object = None,
        url: str | None = None,
        allow_duplicate: bool = False,
        exif: bool = True,
        limits: Limits | None = None,
    ) -> Report:
        """Add pictures and report on each; of several, one bad picture never stops the rest.

        `source` is a path, folder (searched recursively), glob, file:// URL, bytes, base64, open
        file, numpy array, PIL image, a `nearsight.Item` (a source with what is known of this one),
        or an iterable of these. What follows is for all of the pictures:

        - `id`: 1 to 200 characters without a /; only one picture can have it. Without, an id is
          made of the content.
        - `concepts`, `not_concepts`: what is said of them, and said not to be; of pictures that are
          in already, too. These are ids of concepts: one that there is not becomes a concept of
          your own, called like its id (also where another bears it as its name).
        - `metadata`, a JSON object, and `geo`, (latitude, longitude) in degrees, of what is new.
          With `exif`, the date, camera and settings that the file names lie in metadata["exif"],
          and its GPS position is the place, unless something else is given.
        - `crop`: (top, left, bottom, right) in fractions 0..1: only this part is the input.
        - `url`: where it came from, if not from the file: any text, never fetched.

        Content (with its crop) or a given `url` that is in already is not added again, unless
        `allow_duplicate`. When this returns, what it reports survives power loss.

        Where `source` is no list and one picture or none is all that it stands for, what is wrong
        with that is raised: `NotFoundError` (there is no such file), `PictureError`. In a list, in
        a folder or in a glob's files it is reported (`report.failed`).

        Raises `ArgumentError` (values that cannot be kept), `ReadOnlyError`, `DatabaseError` (such
        as a full disk: what was reported before is kept).
        """
        outcomes = self.adding(
            source,
            id=id,
            concepts=concepts,
            not_concepts=not_concepts,
            metadata=metadata,
            geo=geo,
            crop=crop,
            url=url,
            allow_duplicate=allow_duplicate,
            exif=exif,
            limits=limits,
        )
        report = Report(tuple(outcomes))
        if len(report.outcomes) == len(report.failed) == 1 and not is_several(source):
            raise alone(report.failed[0]) from report.failed[0].__cause__
        return report

    def adding(
        self,
        source: object,
        *,
        id: str | None = None,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        geo: object = None,
        crop: object = None,
        url: str | None = None,
        allow_duplicate: bool = False,
        exif: bool = True,
        limits: Limits | None = None,
    ) -> Generator[Outcome, None, None]:
        """Like `add`, but yields each outcome as soon as it is durable. Closing it stops adding."""
        if limits is not None and not isinstance(limits, Limits):
            raise ArgumentError(f"limits={shown(limits)}: give nearsight.pictures.Limits(…)")
        common = Item(None, id, concepts, not_concepts, metadata, geo, crop, url)
        duplicates = checked_flag("allow_duplicate", allow_duplicate)
        rules = Rules(limits or self._limits, duplicates, checked_flag("exif", exif))
        return self._adding(source, details_of(common), rules)

    def status(self) -> StatusCounts:
        """How many inputs are in, and how adding goes in this app."""
        return self._adding.status()

    # -- changing ------------------------------------------------------------------------------

    def update(
        self,
        ids: str | Iterable[str],
        *,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        geo: object = None,
        action: str = "merge",
    ) -> list[Input]:
        """Change what is said of inputs, in one transaction; the inputs as they are now.

        | | "merge" | "overwrite" | "remove" |
        |---|---|---|---|
        | concepts | said, too; a later word wins | all that is said of it | taken back, yes or no |
        | metadata | merged, deeply | replaced | the keys taken away, however deep |
        | geo | replaced | replaced | taken away, whatever it was |

        What is not given stays as it is. Merging appends to lists, an empty object or list
        replaces, null changes nothing (`patching.merged`).

        Raises `NotFoundError` for an unknown id (nothing is changed), `ArgumentError`,
        `ReadOnlyError`.
        """
        change = Change.of(action, concepts, not_concepts, metadata, geo)
        return self._change(dict.fromkeys(checked_ids(ids), change))

    def bulk_update(
        self, changes: Mapping[str, Mapping[str, Any]], *, action: str = "merge"
    ) -> list[Input]:
        """Change each input in its own way, in one transaction; the inputs as they are now.

        `changes` maps ids to what `update` takes: `{"a": {"concepts": ["dog"], "geo": (1, 2)}}`.
        Raises what `update` does; then nothing is changed.
        """
        if not isinstance(changes, Mapping):
            raise ArgumentError(f"changes={shown(changes)}: give a dictionary, {{id: {{…}}}}")
        wanted = {}
        for id_, change in changes.items():
            unknown = [*set(change) - {*_CHANGES}] if isinstance(change, Mapping) else [change]
            if unknown:
                wrong = shown(min(unknown, key=str))
                raise ArgumentError(
                    f"changes[{id_!r}]: {wrong}; give some of {', '.join(_CHANGES)}"
                )
            wanted[checked_text(id_, "id")] = Change.of(action, **change)
        return self._change(wanted)

    def _change(self, changes: Mapping[str, Change]) -> list[Input]:
        with self._truth.writing():
            for id_, change in changes.items():
                change.apply(self.get(id_), self._truth)
        self._engine.catch_up()
        records = self._truth.inputs.get(list(changes))
        return [records[id_] for id_ in changes if id_ in records]

    # -- erasing -------------------------------------------------------------------------------

    def delete(
        self,
        ids: str | Iterable[str] | None = None,
        *,
        where: Where = None,
        all: bool = False,
    ) -> list[str]:
        """Delete inputs with all that is known of them; the ids that were there.

        By their `ids`, by a filter, or `all=True`: one of the three. Unknown ids are no error, and
        an empty list deletes nothing; a filter that asks nothing is refused. What is deleted is
        what meets the filter at that moment, whatever others add and change meanwhile; they need
        not wait while it is looked for.

        Raises `ArgumentError`, `ReadOnlyError`.
        """
        if not isinstance(all, bool) or (ids is not None) + (where is not None) + all != 1:
            raise ArgumentError("delete: give ids, or where=, or all=True, and only one of them")
        if where is not None and asks_nothing(to_filter(where)):
            raise ArgumentError(f"where={shown(where)} asks nothing; to delete all, say all=True")
        erased = self._erase_where(where) if ids is None else self._erase(checked_ids(ids))
        self._engine.catch_up()
        return erased

    def _erase(self, ids: Ids) -> Ids:
        if not ids:
            return []
        with self._truth.writing():
            return self._truth.inputs.erase(ids)

    def _erase_where(self, where: Where) -> Ids:
        """What meets `where` at the commit, filtered while others may still write.

        Where somebody has, it is filtered again, and in the end while nobody can.
        """
        for _ in range(_ATTEMPTS):
            generation, numbers = self._filtering.inputs_at(where)
            ids = [*self._truth.inputs.ids_of(numbers.tolist()).values()]
            with self._truth.alone():
                if self._truth.generation == generation:
                    self._truth.advance()
                    return self._truth.inputs.erase(ids)
        with self._engine.caught_up():
            numbers = self._filtering.inputs(where)
            ids = [*self._truth.inputs.ids_of(numbers.tolist()).values()]
            self._truth.advance()
            return self._truth.inputs.erase(ids)

    # -- predictions ---------------------------------------------------------------------------

    def predictions(
        self, id_: str, n: int = 20, at_least: float = 0.0, *, language: str | None = None
    ) -> list[tuple[Concept, float]]:
        """The `n` most probable concepts of an input with probabilities of `at_least`, 0..1.

        Concepts that were merged into them have probability 1, those that were removed are left
        out. With a `language` ("ja"), those concepts that have a name in it bear that.

        Raises `NotFoundError`, `ArgumentError`. Empty if the app's model predicts no concepts.
        """
        check_whole("n", n, 0)
        if isinstance(at_least, bool) or not isinstance(at_least, int | float):
            raise ArgumentError(f"at_least={shown(at_least)}: give a number in 0..1")
        if not 0 <= at_least <= 1:
            raise ArgumentError(f"at_least={at_least!r}: a probability lies in 0..1")
        probabilities = self._truth.embeddings.probabilities(checked_text(id_, "id"))
        if probabilities is None:
            raise NotFoundError(f"no input has the id {id_!r}")
        corrections = self._truth.inputs.corrections(id_)
        found = {c: 1.0 for c, belongs in corrections.items() if belongs}
        if len(probabilities):
            seen = self._naming.tree.top(probabilities, n + len(corrections), at_least)
            found |= {concept.id: p for concept, p in seen if concept.id not in corrections}
        concepts = self._naming.described(islice(found, n), language)
        return [(concept, found[concept.id]) for concept in concepts]

    def merge_predictions(self, id_: str, concepts: Iterable[str]) -> None:
        """Say that concepts (names or ids) belong to an input's predictions, with probability 1.

        What was removed before comes back as the model predicts it. `predictions` and filters by
        prediction (`where="dog >= 0.5"`) follow; ranks go by what the model says.

        Raises `NotFoundError` (no such input or concept), `ArgumentError`, `ReadOnlyError`.
        """
        ids = self._naming.ids_of(concepts)
        with self._truth.writing():
            table, id_ = self._truth.inputs, self.get(id_).id
            removed = {c for c, value in table.corrections(id_).items() if not value}
            table.uncorrect(id_, [c for c in ids if c in removed])
            table.correct(id_, {c: True for c in ids if c not in removed})
        self._engine.catch_up()

    def remove_predictions(self, id_: str, concepts: Iterable[str]) -> None:
        """Say that concepts (names or ids) do not belong to an input's predictions.

        Raises what `merge_predictions` does, and is undone by it.
        """
        ids = self._naming.ids_of(concepts)
        with self._truth.writing():
            self._truth.inputs.correct(self.get(id_).id, dict.fromkeys(ids, False))
        self._engine.catch_up()

    # -- looking up ----------------------------------------------------------------------------

    def get(self, id_: str) -> Input:
        """The input with this id. Raises `NotFoundError`."""
        found = self._truth.inputs.get([checked_text(id_, "id")])
        if id_ not in found:
            raise NotFoundError(f"no input has the id {id_!r}")
        return found[id_]

    def list(self, *, where: Where = None, page: int = 1, per_page: int = 20) -> "list[Input]":
        """A page of inputs in the order of adding, of those that meet `where`.

        Past the last page: an empty list. Raises `ArgumentError` (page or per_page below 1).
        """
        rows = slice_of(page, per_page)
        if where is None:
            return self._truth.inputs.page(rows.start, per_page)
        return self._truth.inputs.numbered(self._filtering.inputs(where)[rows].tolist())

    def count(self, where: Where = None) -> int:
        """How many inputs meet `where`; without it, how many there are."""
        return len(self) if where is None else self._filtering.count(where)

    def thumbnail(self, id_: str) -> bytes:
        """An input as a JPEG whose longest side has at most 160 px. Raises `NotFoundError`."""
        jpeg = self._truth.inputs.thumbnail(checked_text(id_, "id"))
        if jpeg is None:
            raise NotFoundError(f"no input has the id {id_!r}")
        return jpeg

    def __getitem__(self, id_: str) -> Input:
        """The input with this id. Raises `NotFoundError`."""
        return self.get(id_)

    def __contains__(self, id_: object) -> bool:
        """Is there an input with this id?"""
        try:
            return self._truth.inputs.has(checked_text(id_, "id"))
        except ArgumentError:
            return False

    def __len__(self) -> int:
        """How many inputs there are."""
        return self._truth.inputs.count()

    def __iter__(self) -> Iterator[Input]:
        """All inputs in the order they were added; adding and deleting meanwhile is safe."""
        number, page = self._truth.inputs.after(0, _PAGE)
        while page:
            yield from page
            number, page = self._truth.inputs.after(number, _PAGE)
