"""From sources to committed inputs: decoding overlaps embedding, embedding overlaps committing.

    sources ─► decode (threads) ─► embed (one thread, the model's own threads inside) ─► commit

Every stage is bounded, so memory does not grow with the number of pictures. Outcomes come in the
order of the sources, each only after its batch was committed: an outcome is an acknowledgement.
"""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from nearsight.adding.items import Details, RegionDetails
from nearsight.embedders import Embedded, Embedder
from nearsight.errors import NearsightError, PictureError
from nearsight.pictures import Picture

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

BATCH = 16
_DECODED_AHEAD = 2 * BATCH
_EMBEDDED_AHEAD = 2
_MAX_DECODERS = 4

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one source.

    `status` is "added", "duplicate" (its content is in already, under `id`; what was said of it and
    its regions is in now, too) or "failed" (`error` says why, and `id` is None).
    """

    source: str
    status: Literal["added", "duplicate", "failed"]
    id: str | None = None
    error: PictureError | None = None

    def to_dict(self) -> dict[str, object]:
        """The outcome as JSON-ready values."""
        reason = None if self.error is None else self.error.reason
        return {"source": self.source, "status": self.status, "id": self.id, "reason": reason}


@dataclass(frozen=True, slots=True)
class Part:
    """What gets an embedding: a picture or, with `region`, a box of it.

    `pixels` is uint8[h, w, 3] as the embedder wants them.
    """

    pixels: NDArray[np.uint8]
    region: RegionDetails | None = None


@dataclass(frozen=True, slots=True)
class Prepared:
    """A picture on its way: the whole of it is the first part."""

    picture: Picture
    details: Details
    parts: tuple[Part, ...]
    thumbnail: bytes

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.picture.name


@dataclass(frozen=True, slots=True)
class Known:
    """A picture that is in already, under `id`; what `details` say of it is said of the input.

    `parts` are those of its regions that the input does not have yet.
    """

    name: str
    id: str
    details: Details
    parts: tuple[Part, ...] = ()


Entry = Outcome | Known | Prepared
Batch = list[Entry]
Commit = Callable[[Batch, Embedded | None], list[Outcome]]


def ingest(
    sources: Iterable[T],
    prepare: Callable[[T], Entry],
    embedder: Embedder,
    commit: Commit,
) -> Generator[Outcome, None, None]:
    """Run the pipeline. `commit` stores a batch and returns its outcomes, now acknowledged.

    Closing the iterator (as Ctrl-C does) commits what has been embedded and drops what has not: at
    most one batch that was being embedded, and pictures that were only decoded.
    """
    from concurrent.futures import ThreadPoolExecutor  # here, to keep `import nearsight` light

    decoding = ThreadPoolExecutor(min(os.cpu_count() or 1, _MAX_DECODERS), "nearsight-decode")
    embedding = ThreadPoolExecutor(1, "nearsight-embed")
    ahead: deque[tuple[Batch, Future[Embedded | None]]] = deque()
    try:
        for batch in _batches(_mapped(decoding, prepare, sources)):
            ahead.append((batch, embedding.submit(_embed, embedder, batch)))
            if len(ahead) > _EMBEDDED_AHEAD:
                yield from _commit_next(ahead, commit)
        while ahead:
            yield from _commit_next(ahead, commit)
    finally:
        decoding.shutdown(wait=False, cancel_futures=True)  # they may wait for a lock of ours
        embedding.shutdown(wait=True, cancel_futures=True)
        # Best effort: nothing of this was acknowledged, and what ended the run is not to be hidden.
        with suppress(NearsightError):
            while ahead and not ahead[0][1].cancelled() and ahead[0][1].exception() is None:
                _commit_next(ahead, commit)


def _commit_next(
    ahead: deque[tuple[Batch, "Future[Embedded | None]"]], commit: Commit
) -> list[Outcome]:
    embedded = ahead[0][1].result()
    batch, _ = ahead.popleft()  # only now: an interrupted wait leaves the batch to be drained
    return commit(batch, embedded)


def _embed(embedder: Embedder, batch: Batch) -> Embedded | None:
    """What the model makes of all parts, in their order."""
    pixels = [part.pixels for e in batch if not isinstance(e, Outcome) for part in e.parts]
    slices = [pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)]
    results = [embedder.embed(np.stack(some)) for some in slices]
    if len(results) < 2:
        return results[0] if results else None
    return Embedded(
        np.concatenate([result.vectors for result in results]),
        np.concatenate([result.probabilities for result in results]),
    )


def _mapped(pool: "ThreadPoolExecutor", call: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Like `pool.map`, in order, but never more than a few items ahead of the consumer."""
    ahead: deque[Future[R]] = deque()
    for item in items:
        ahead.append(pool.submit(call, item))
        if len(ahead) > _DECODED_AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


def _batches(entries: Iterator[Entry]) -> Iterator[Batch]:
    """Cut the stream into batches, the unit of embedding and of commits."""
    batch: Batch = []
    for entry in entries:
        batch.append(entry)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
