"""The inputs of an app: adding, looking up, erasing."""

from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nearsight import pictures
from nearsight.embedders import Embedded, Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, ModelError, NotFoundError, PictureError
from nearsight.geo import GeoPoint, point
from nearsight.ingest import Batch, Outcome, Prepared, ingest, prepare
from nearsight.knowledge import Concept, ConceptTree
from nearsight.patching import checked, encode, merged, without
from nearsight.pictures import Limits
from nearsight.text import checked_text
from nearsight.truth import Input, NewInput, Truth

_PAGE = 200
_ID_DIGITS = 32  # of the content's SHA-256 in hex: 128 bits


@dataclass(frozen=True, slots=True)
class Report:
    """What became of all sources of one `add`, in their order."""

    outcomes: tuple[Outcome, ...]

    @property
    def added(self) -> list[str]:
        """The ids of the inputs that are new."""
        return [o.id for o in self.outcomes if o.status == "added" and o.id is not None]

    @property
    def duplicates(self) -> list[str]:
        """The ids of the inputs whose content was in already."""
        return [o.id for o in self.outcomes if o.status == "duplicate" and o.id is not None]

    @property
    def failed(self) -> list[PictureError]:
        """Why the others could not be added."""
        return [o.error for o in self.outcomes if o.error is not None]

    def __str__(self) -> str:
        """One line: how many of each."""
        counts = Counter(outcome.status for outcome in self.outcomes)
        return ", ".join(f"{counts[s]} {s}" for s in ("added", "duplicate", "failed"))


class Inputs:
    """The inputs of one app: `len`, `in`, iteration and `[id]` work as on a mapping's values."""

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder) -> None:
        """Keep inputs in `truth` and searchable in `engine`."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder

    # -- adding --------------------------------------------------------------------------------

    def add(
        self,
        source: object,
        *,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        geo: object = None,
        limits: Limits | None = None,
    ) -> Report:
        """Add pictures and report on each; one bad picture never stops the rest.

        `source` is a path, folder (searched recursively), glob, file:// URL, bytes, base64, open
        file, numpy array, PIL image, or an iterable of these. `concepts` are said of all of them,
        `not_concepts` said not to be; of pictures that are in already, too. `metadata`, a JSON
        object, and `geo`, (latitude, longitude) in degrees, are given to all that are new. Content
        that is in is not added again. When this returns, what it reports survives power loss.

        Raises `ArgumentError` (concepts that are no names), `ReadOnlyError`, `DatabaseError` (such
        as a full disk: what was reported before is kept).
        """
        outcomes = self.adding(
            source,
            concepts=concepts,
            not_concepts=not_concepts,
            metadata=metadata,
            geo=geo,
            limits=limits,
        )
        return Report(tuple(outcomes))

    def adding(
        self,
        source: object,
        *,
        concepts: Iterable[str] = (),
        not_concepts: Iterable[str] = (),
        metadata: Mapping[str, Any] | None = None,
        geo: object = None,
        limits: Limits | None = None,
    ) -> Generator[Outcome, None, None]:
        """Like `add`, but yields each outcome as soon as it is durable. Closing it stops adding."""
        said = _Said(
            _said(concepts, not_concepts),
            encode(checked(metadata)),
            None if geo is None else point(geo),
        )
        bounds = limits or Limits()
        return ingest(
            pictures.find(source),
            lambda found: prepare(found, self._embedder, bounds, self._truth.inputs.id_of_content),
            self._embedder,
            lambda batch, embedded: self._commit(batch, embedded, said),
        )

    def _commit(self, batch: Batch, embedded: Embedded | None, said: "_Said") -> list[Outcome]:
        """Store a batch in one transaction; its outcomes are promises from then on."""
        known = [entry for entry in batch if isinstance(entry, Outcome)]
        if len(known) == len(batch) and not said.concepts:
            return known  # nothing is new and nothing is said
        with self._truth.writing():
            new, outcomes = self._sorted_out(batch, embedded, said)
            self._truth.inputs.add(new)
            if said.concepts:
                ids = [outcome.id for outcome in outcomes if outcome.id is not None]
                self._truth.concepts.annotate(ids, said.concepts)
        self._engine.catch_up()
        return outcomes

    def _sorted_out(
        self, batch: Batch, embedded: Embedded | None, said: "_Said"
    ) -> tuple[list[NewInput], list[Outcome]]:
        """Which pictures are new, now that nobody else can write."""
        new: dict[bytes, NewInput] = {}
        outcomes: list[Outcome] = []
        results = iter(self._results(embedded))
        for entry in batch:
            if isinstance(entry, Outcome):
                outcomes.append(entry)
                continue
            vector, probabilities, usable = next(results)
            name, digest = entry.picture.name, entry.picture.digest
            known = new[digest].id if digest in new else self._truth.inputs.id_of_content(digest)
            if known is not None:
                outcomes.append(Outcome(name, "duplicate", known))
            elif not usable:
                error = PictureError(name, "the model sees nothing in it that could be compared")
                outcomes.append(Outcome(name, "failed", error=error))
            else:
                new[digest] = _new_input(entry, vector, probabilities, said)
                outcomes.append(Outcome(name, "added", new[digest].id))
        return list(new.values()), outcomes

    def _results(self, embedded: Embedded | None) -> Iterable[tuple[Any, Any, bool]]:
        if embedded is None:
            return ()
        _check_shapes(embedded, self._embedder)
        usable = self._engine.accepts(embedded.vectors, embedded.probabilities)
        return zip(embedded.vectors, embedded.probabilities, usable.tolist(), strict=True)

    # -- changing --------------------------------------------------------------------------------

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
        if action not in ("merge", "overwrite", "remove"):
            raise ArgumentError(f"action={action!r}: give 'merge', 'overwrite' or 'remove'")
        said = _said(concepts, not_concepts)
        patch = None if metadata is None else checked(metadata)
        place = None if geo is None or action == "remove" else point(geo)
        wanted = _checked_ids(ids)
        with self._truth.writing():
            for id_ in wanted:
                self._update_metadata(self.get(id_), patch, action)
                self._update_concepts(id_, said, action)
                if geo is not None:
                    self._truth.inputs.set_geo(id_, place)
        self._engine.catch_up()
        return [self.get(id_) for id_ in wanted]

    def _update_metadata(self, old: Input, patch: dict[str, Any] | None, action: str) -> None:
        if patch is None:
            return
        new = patch
        if action == "merge":
            new = merged(old.metadata, patch)
        elif action == "remove":
            new = without(old.metadata, patch)
        self._truth.inputs.set_metadata(old.id, encode(checked(new)))

    def _update_concepts(self, id_: str, said: dict[str, bool], action: str) -> None:
        if not said:
            return
        if action == "remove":
            self._truth.concepts.unannotate(id_, said)
            return
        if action == "overwrite":
            self._truth.concepts.unannotate(id_)
        self._truth.concepts.annotate([id_], said)

    # -- erasing -------------------------------------------------------------------------------

    def delete(self, ids: str | Iterable[str]) -> list[str]:
        """Delete inputs with all that is known of them; the ids that were there.

        Unknown ids are no error and an empty list deletes nothing. Raises `ReadOnlyError`.
        """
        wanted = _checked_ids(ids)
        if not wanted:
            return []
        with self._truth.writing() as generation:
            erased = self._truth.inputs.erase(wanted, generation)
        self._engine.catch_up()
        return erased

    # -- looking up ----------------------------------------------------------------------------

    def get(self, id_: str) -> Input:
        """The input with this id. Raises `NotFoundError`."""
        found = self._truth.inputs.get([checked_text(id_, "id")])
        if id_ not in found:
            raise NotFoundError(f"no input has the id {id_!r}")
        return found[id_]

    def predictions(
        self, id_: str, n: int = 20, at_least: float = 0.0
    ) -> list[tuple[Concept, float]]:
        """The `n` most probable concepts of an input with probabilities of `at_least`, 0..1.

        Raises `NotFoundError`. Empty if the app's model predicts no concepts.
        """
        probabilities = self._truth.embeddings.probabilities(checked_text(id_, "id"))
        if probabilities is None:
            raise NotFoundError(f"no input has the id {id_!r}")
        if not len(probabilities):
            return []
        return ConceptTree.of_labels(self._embedder.labels).top(probabilities, n, at_least)

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


@dataclass(frozen=True, slots=True)
class _Said:
    """What one `add` says of all its pictures."""

    concepts: dict[str, bool]
    metadata: str
    geo: GeoPoint | None


def _new_input(
    entry: Prepared, vector: NDArray[np.float32], probabilities: NDArray[np.float32], said: _Said
) -> NewInput:
    picture = entry.picture
    return NewInput(
        id=picture.digest.hex()[:_ID_DIGITS],
        content=picture.digest,
        name=picture.name,
        uri=picture.uri,
        format=picture.format,
        width=picture.width,
        height=picture.height,
        size_bytes=picture.size_bytes,
        thumbnail=entry.thumbnail,
        vector=vector,
        probabilities=probabilities,
        metadata=said.metadata,
        geo=said.geo,
    )


def _check_shapes(embedded: Embedded, embedder: Embedder) -> None:
    rows = len(embedded.vectors)
    wanted = ((rows, embedder.dim), (rows, len(embedder.labels)))
    got = (embedded.vectors.shape, embedded.probabilities.shape)
    if got != wanted:
        raise ModelError(
            f"the model {embedder.name!r} answered with arrays of {got[0]} and {got[1]}; its dim "
            f"and labels promise {wanted[0]} and {wanted[1]}"
        )


def _said(concepts: Iterable[str], not_concepts: Iterable[str]) -> dict[str, bool]:
    """Both lists as one; a concept in both is a contradiction."""
    said = dict.fromkeys(_names("concepts", concepts), True)
    denied = dict.fromkeys(_names("not_concepts", not_concepts), False)
    if both := sorted(said.keys() & denied.keys()):
        raise ArgumentError(f"{both[0]!r} is in concepts and in not_concepts: choose one")
    return said | denied


def _names(argument: str, names: Iterable[str]) -> list[str]:
    if isinstance(names, str):
        raise ArgumentError(f"{argument}={names!r}: give a list, {argument}=[{names!r}]")
    if not isinstance(names, Iterable):
        raise ArgumentError(f"{argument}={names!r:.80}: give a list of names")
    listed = list(names)
    for name in listed:
        if not isinstance(name, str) or not name.strip():
            raise ArgumentError(f"{argument}: {name!r} is no concept; give names as text")
    return [checked_text(name.strip(), argument) for name in listed]


def _checked_ids(ids: str | Iterable[str]) -> list[str]:
    """Each id once."""
    if not isinstance(ids, Iterable):
        raise ArgumentError(f"ids={ids!r:.80}: give an id, or a list of them")
    listed = [ids] if isinstance(ids, str) else ids
    return list(dict.fromkeys(checked_text(id_, "id") for id_ in listed))
