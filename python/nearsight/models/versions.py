"""The versions of one model, as the database has them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from nearsight.embedders import Embedder
from nearsight.errors import NotFoundError, TrainingError
from nearsight.models.version import Version
from nearsight.teaching import Head, Report
from nearsight.truth import HeadRecord, ModelRecord, Truth
from nearsight.values.text import shown


class Versions:
    """The trainings of one model. What it writes, it writes inside `with truth.writing()`."""

    def __init__(self, id_: str, truth: Truth, embedder: Embedder) -> None:
        """Stand for those of the model `id_` of `truth`, whose pictures `embedder` saw."""
        self._id = id_
        self._truth = truth
        self._dim = embedder.dim
        self._size = Head.size(embedder.dim, len(embedder.labels))

    def all(self) -> list[Version]:
        """Every version, the oldest first."""
        return [self._read(*found) for found in self._truth.models.versions(self._id)]

    def get(self, number: int) -> Version:
        """One version. Raises `NotFoundError`."""
        found = dict(self._truth.models.versions(self._id))
        if isinstance(number, bool) or not isinstance(number, int) or number not in found:
            has = ", ".join(map(str, found)) or "none yet"
            raise NotFoundError(
                f"the model {self._id!r} has no version {shown(number)}. It has: {has}"
            )
        return self._read(number, found[number])

    def _read(self, number: int, trained_at: datetime) -> Version:
        heads = self._truth.models.heads(self._id, number, self._size)
        return Version(number, trained_at, {c: Report(**head.report) for c, head in heads.items()})

    def add(self, taught: Mapping[str, tuple[Head, Report]], inputs: Any) -> int:
        """Keep what was learned of each concept, told of `inputs` (numbers); its own number."""
        heads = {
            concept: HeadRecord(head.weights, head.bias, report.to_dict())
            for concept, (head, report) in taught.items()
        }
        return self._truth.models.add_version(self._id, heads, inputs)

    def delete(self, number: int, current: int | None) -> None:
        """Delete one; if it is the `current` one, the newest of the others comes into use."""
        self._truth.models.delete_version(self._id, number)
        if current == number:
            left = [other for other, _ in self._truth.models.versions(self._id)]
            self._truth.models.use(self._id, left[-1] if left else None)

    def heads(self, record: ModelRecord, selected: Sequence[str] | None = None) -> dict[str, Head]:
        """By concept, the heads of the version in use; of the `selected` concepts, if not None.

        Raises `TrainingError` (there is no version), `NotFoundError` (no such concept).
        """
        if record.current is None:
            raise TrainingError(f"the model {self._id!r} was never trained: call its train() first")
        for concept in selected or ():
            if concept not in record.concepts:
                raise NotFoundError(f"the model {self._id!r} has no concept {concept!r}")
        stored = self._truth.models.heads(self._id, record.current, self._size)
        wanted = record.concepts if selected is None else selected
        return {
            c: Head.of(stored[c].weights, self._dim, stored[c].bias) for c in wanted if c in stored
        }
