"""How pictures come in: from sources to committed inputs, one transaction for each batch."""

import threading
import uuid
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256

from nearsight import pictures
from nearsight.adding.ingest import Batch, Entry, Known, Outcome, Part, Prepared, ingest
from nearsight.adding.items import Details, Item, RegionDetails, details_of
from nearsight.adding.known_regions import KnownRegions, new_annotation
from nearsight.embedders import Embedded, Embedder
from nearsight.engine import Engine
from nearsight.errors import ArgumentError, ModelError, PictureError
from nearsight.pictures import Limits, Loaded, Source, decode
from nearsight.truth import NewEmbedding, NewInput, Truth
from nearsight.values.patching import encode
from nearsight.values.region import BoundingBox

_ID_DIGITS = 32  # of the content's SHA-256 in hex: 128 bits


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """How adding goes: `processed` inputs are in, `to_process` pictures are being added right now
    by this app, and `errors` have failed since it was opened.
    """

    processed: int
    to_process: int
    errors: int


@dataclass(frozen=True, slots=True)
class Rules:
    """How one call adds: within which limits, whether twice, whether with what EXIF says."""

    limits: Limits
    allow_duplicate: bool
    exif: bool


class Adding:
    """Adds pictures to one truth."""

    def __init__(self, truth: Truth, engine: Engine, embedder: Embedder) -> None:
        """Add to `truth` what `embedder` makes of pictures, and let `engine` follow."""
        self._truth = truth
        self._engine = engine
        self._embedder = embedder
        self._known_regions = KnownRegions(truth)
        self._counting = threading.Lock()
        self._under_way = 0
        self._failed = 0

    def status(self) -> StatusCounts:
        """How far it is."""
        with self._counting:
            return StatusCounts(self._truth.inputs.count(), self._under_way, self._failed)

    def __call__(
        self, source: object, common: Details, rules: Rules
    ) -> Generator[Outcome, None, None]:
        """Add what `source` stands for; each outcome comes once it is durable."""
        started = ended = 0

        def counted() -> Iterator[tuple[Source | PictureError, Details]]:
            nonlocal started
            for found in _each(source, common):
                started += 1
                self._count(under_way=1)
                yield found

        outcomes = ingest(
            counted(),
            lambda found: self._prepare(*found, rules),
            self._embedder,
            lambda batch, embedded: self._commit(batch, embedded, rules),
        )
        try:
            for outcome in outcomes:
                ended += 1
                self._count(under_way=-1, failed=outcome.status == "failed")
                yield outcome
        finally:
            outcomes.close()
            self._count(under_way=ended - started)

    def _count(self, under_way: int, failed: bool = False) -> None:
        with self._counting:
            self._under_way += under_way
            self._failed += failed

    # -- before the commit ---------------------------------------------------------------------

    def _prepare(self, found: Source | PictureError, details: Details, rules: Rules) -> Entry:
        """Read and decode one source, unless it is in already."""
        if isinstance(found, PictureError):
            return Outcome(found.source, "failed", error=found)
        try:
            loaded = found.load(rules.limits)
            if (known := self._known(loaded.digest, details, rules)) is not None:
                new = self._known_regions.new(known, loaded.digest, loaded.name, details)
                return Known(loaded.name, known, details, self._parts(loaded, details, new, rules))
            picture = decode(loaded, rules.limits, details.crop)
            whole = Part(self._embedder.prepare(picture))
            parts = self._parts(loaded, details, details.regions, rules)
            return Prepared(picture, details, (whole, *parts), picture.thumbnail())
        except PictureError as error:
            return Outcome(error.source, "failed", error=error)

    def _parts(
        self, loaded: Loaded, details: Details, regions: Iterable[RegionDetails], rules: Rules
    ) -> tuple[Part, ...]:
        """What the model has to look at of these regions."""
        parts = []
        for region in regions:
            box = region.box if details.crop is None else region.box.inside(details.crop)
            picture = decode(loaded, rules.limits, box)
            parts.append(Part(self._embedder.prepare(picture), region))
        return tuple(parts)

    def _known(self, digest: bytes, details: Details, rules: Rules) -> str | None:
        """The id under which a picture is in already, by its content or by a URL that was given."""
        if rules.allow_duplicate:
            return None
        table = self._truth.inputs
        by_url = None if details.url is None else table.id_of_url(details.url)
        return by_url or table.id_of_content(digest, details.crop)

    # -- the commit ----------------------------------------------------------------------------

    def _commit(self, batch: Batch, embedded: Embedded | None, rules: Rules) -> list[Outcome]:
        """Store a batch in one transaction; its outcomes are promises from then on."""
        settled = [entry for entry in batch if not isinstance(entry, Prepared)]
        if len(settled) == len(batch) and not any(map(_says, settled)):
            return [_outcome(entry) for entry in settled]  # nothing is new and nothing is said
        results = self._results(embedded)
        with self._truth.writing():
            outcomes = [
                entry
                if isinstance(entry, Outcome)
                else self._stored(entry, [next(results) for _ in entry.parts], rules)
                for entry in batch
            ]
        self._engine.catch_up()
        return outcomes

    def _stored(
        self, entry: Known | Prepared, results: list[NewEmbedding | None], rules: Rules
    ) -> Outcome:
        """Keep one picture, or what is said of it, now that nobody else can write."""
        if isinstance(entry, Prepared) and (known := self._known_by_now(entry, rules)) is not None:
            if isinstance(known, Outcome):
                return known
            entry, results = known, results[1:]
        embeddings = [result for result in results if result is not None]
        if len(embeddings) < len(results):
            return _failed(entry.name, "the model sees nothing in it that could be compared")
        if isinstance(entry, Prepared):
            return self._store(entry, embeddings, rules)
        return self._say(entry, embeddings)

    def _known_by_now(self, entry: Prepared, rules: Rules) -> Known | Outcome | None:
        """What was prepared as new, if it has come in meanwhile, or why it cannot be taken so."""
        digest, details = entry.picture.digest, entry.details
        if (known := self._known(digest, details, rules)) is None:
            return None
        try:
            self._known_regions.new(known, digest, entry.name, details)
        except PictureError as error:
            return Outcome(error.source, "failed", error=error)
        return Known(entry.name, known, details, entry.parts[1:])

    def _say(self, entry: Known, embeddings: list[NewEmbedding]) -> Outcome:
        """What is said of a picture that is in already is said of its input, and of its regions."""
        seen = [part.region for part in entry.parts if part.region is not None]
        if not self._known_regions.merge(entry.id, entry.details.regions, seen, embeddings):
            return _failed(entry.name, "it or its regions were deleted meanwhile; add it again")
        self._truth.annotations.say([entry.id], entry.details.concepts)
        return Outcome(entry.name, "duplicate", entry.id)

    def _store(self, entry: Prepared, embeddings: list[NewEmbedding], rules: Rules) -> Outcome:
        """Insert one picture."""
        picture, details = entry.picture, entry.details
        if details.id is not None and self._truth.annotations.has(details.id):
            why = f"the id {details.id!r} is taken; give another, or delete it"
            return _failed(picture.name, why)
        id_ = details.id or self._free_id(picture.digest, details.crop)
        self._truth.inputs.add([_new_input(id_, entry, embeddings, rules.exif)])
        return Outcome(picture.name, "added", id_)

    def _free_id(self, digest: bytes, crop: BoundingBox | None) -> str:
        """An id made of the content, so that a picture has the same in every database."""
        content = digest if crop is None else sha256(digest + repr(tuple(crop)).encode()).digest()
        id_ = content.hex()[:_ID_DIGITS]
        return uuid.uuid4().hex if self._truth.annotations.has(id_) else id_

    def _results(self, embedded: Embedded | None) -> Iterator[NewEmbedding | None]:
        """What the model makes of each part; None of one that it makes nothing of."""
        if embedded is None:
            return
        check_shapes(embedded, self._embedder)
        usable = self._engine.accepts(embedded.vectors, embedded.probabilities)
        rows = zip(embedded.vectors, embedded.probabilities, usable.tolist(), strict=True)
        for vector, probabilities, is_usable in rows:
            yield NewEmbedding(vector, probabilities) if is_usable else None


def _each(source: object, common: Details) -> Iterator[tuple[Source | PictureError, Details]]:
    """Every picture that `source` stands for, with what is known of it."""
    for found in pictures.find(source, keep=Item):
        if isinstance(found, Item):
            try:
                details = details_of(found).under(common)
            except ArgumentError as error:  # one bad item never stops the rest
                name = found.source if isinstance(found.source, str) else "<item>"
                refused = PictureError(name, str(error))
                refused.__cause__ = error  # tells a wrong argument from a picture that is none
                yield refused, common
                continue
            for inner in pictures.find(found.source):
                yield inner, details
        else:
            yield found, common


def _says(entry: Entry) -> bool:
    return isinstance(entry, Known) and bool(entry.details.concepts or entry.details.regions)


def _outcome(entry: Outcome | Known) -> Outcome:
    """What a picture that need not be stored has come to."""
    return Outcome(entry.name, "duplicate", entry.id) if isinstance(entry, Known) else entry


def _failed(name: str, reason: str) -> Outcome:
    return Outcome(name, "failed", error=PictureError(name, reason))


def _new_input(id_: str, entry: Prepared, embeddings: list[NewEmbedding], exif: bool) -> NewInput:
    picture, details = entry.picture, entry.details
    metadata, geo = details.metadata, details.geo
    if exif:
        if said := picture.exif.metadata():
            metadata = {"exif": said} | metadata
        geo = geo or picture.exif.geo
    return NewInput(
        id=id_,
        content=picture.digest,
        name=picture.name.removesuffix(pictures.part_name("", details.crop)),
        url=details.url or picture.uri,
        format=picture.format,
        width=picture.width,
        height=picture.height,
        size_bytes=picture.size_bytes,
        thumbnail=entry.thumbnail,
        embedding=embeddings[0],
        concepts=details.concepts,
        metadata=encode(metadata),
        geo=geo,
        crop=details.crop,
        regions=tuple(map(new_annotation, details.regions, embeddings[1:])),
    )


def check_shapes(embedded: Embedded, embedder: Embedder) -> None:
    """Hold a model to its promises. Raises `ModelError`."""
    rows = len(embedded.vectors)
    wanted = ((rows, embedder.dim), (rows, len(embedder.labels)))
    got = (embedded.vectors.shape, embedded.probabilities.shape)
    if got != wanted:
        raise ModelError(
            f"the model {embedder.name!r} answered with arrays of {got[0]} and {got[1]}; its dim "
            f"and labels promise {wanted[0]} and {wanted[1]}"
        )
