"""From a question to hits: what filters let through, in the order that the ranking gives."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from nearsight.engine import DocSet, Engine, RowMask, View, threads
from nearsight.search.filtering import Filtering
from nearsight.search.hits import Hit
from nearsight.search.query import Of
from nearsight.search.question import Asked
from nearsight.search.ranking import Ranking
from nearsight.truth import Truth

_PAGE = 200
_GROWTH = 4  # rows are asked for so many times more, until there are hits enough


@dataclass(frozen=True, slots=True)
class Found:
    """A hit before its details are known. `key` is the id of what is found, each once."""

    key: str
    input: str
    annotation: str | None
    total: float


class Finding:
    """Finds things in one app."""

    def __init__(self, truth: Truth, engine: Engine, filtering: Filtering) -> None:
        """Find in `engine` what `filtering` lets through; details come from `truth`."""
        self._truth = truth
        self._engine = engine
        self._filtering = filtering

    def detailed(self, asked: Asked, k: int, offset: int) -> list[Hit | None]:
        """The hits with all their details; None for each that has been erased meanwhile."""
        end = min(offset + k, sys.maxsize)
        offset = min(offset, end)
        found = self._engine.answer(
            lambda view: list(islice(self.found(asked, view, end), offset, end))
        )
        return self.hits(asked, found, offset + 1)

    def found(self, asked: Asked, view: View, at_once: int) -> Iterator[Found | None]:
        """All hits in their order; None for what was erased after `view` was published.

        `at_once` is how many rows are ranked first; every further time, four times as many.
        """
        docs = self._filtering.matches(asked.where, view, asked.of)
        if asked.ranking is None:
            yield from self._unranked(view.docs.all() if docs is None else docs, view, asked.of)
            return
        mask = None if docs is None else _mask(docs, view, asked.of)
        docs = view.docs.all() if docs is None else docs  # not what is said after the view was made
        least = 0.0 if asked.min_score is None else asked.min_score
        seen: set[str] = set()
        start, size = 0, min(at_once, len(view.rows) + 1)
        while True:
            ids, totals = view.rows.search(asked.ranking.ranks, size, start, mask, threads())
            found = self._of_rows(ids.tolist(), totals.tolist(), docs, asked.of)
            for each in found:
                if each is not None and asked.ranking.score(each.total) < least:
                    return
                if each is None or each.key not in seen:
                    yield each
                    seen |= {each.key} if each is not None else set()
            if len(ids) < size:
                return
            start, size = start + size, _GROWTH * size

    def _of_rows(
        self, ids: list[int], totals: list[float], docs: DocSet, of: Of
    ) -> Iterator[Found | None]:
        """The inputs or annotations that embeddings belong to, in their order."""
        owners = self._truth.embeddings.owners(ids)
        for id_, total in zip(ids, totals, strict=True):
            if id_ not in owners:
                yield None
                continue
            own, *others = owners[id_]
            if of == "inputs":
                region = None if own.annotation == own.input else own.annotation
                yield Found(own.input, own.input, region, total)
                continue
            for owner in (own, *others):
                if docs.has(owner.number):
                    yield Found(owner.annotation, owner.input, owner.annotation, total)

    def _unranked(self, docs: DocSet, view: View, of: Of) -> Iterator[Found | None]:
        """What meets the filter, in the order of adding."""
        found = view.docs.owners(docs) if of == "inputs" else view.docs.docs(docs)
        for start in range(0, len(found), _PAGE):
            numbers = found[start : start + _PAGE].tolist()
            if of == "inputs":
                ids = self._truth.inputs.ids_of(numbers)
                for number in numbers:
                    id_ = ids.get(number)
                    yield None if id_ is None else Found(id_, id_, None, 1.0)
            else:
                said = self._truth.annotations.numbered(numbers)
                for number in numbers:
                    each = said.get(number)
                    yield None if each is None else Found(each.id, each.input, each.id, 1.0)

    def hits(self, asked: Asked, found: list[Found | None], first: int) -> list[Hit | None]:
        """The details of what was found, ranked from `first`; None of what has been erased."""
        there = [each for each in found if each is not None]
        records = self._truth.inputs.get([each.input for each in there])
        said = self._truth.annotations.get(
            [e.annotation for e in there if e.annotation is not None]
        )
        hits: list[Hit | None] = []
        for rank, each in enumerate(found, first):
            record = None if each is None else records.get(each.input)
            if each is None or record is None:
                hits.append(None)
                continue
            annotation = None if each.annotation is None else said.get(each.annotation)
            if annotation is None and each.annotation is not None:
                hits.append(None)
                continue
            hits.append(Hit(record, *_scored(asked.ranking, each.total, rank), annotation))
        return hits


def _scored(ranking: Ranking | None, total: float, rank: int) -> tuple[float, int, float | None]:
    """The score, the rank, and the raw cosine if the score is made of one."""
    if ranking is None:
        return 1.0, rank, None
    return ranking.score(total), rank, (2 * total if ranking.is_cosine else None)


def _mask(docs: DocSet, view: View, of: Of) -> RowMask:
    """The embeddings that documents are ranked by.

    What somebody else says of a whole picture has none of its own: it is ranked by the picture's.
    """
    if of == "annotations":
        of_wholes = view.docs.family(docs & view.docs.invert(view.docs.exists("box")))
        docs = docs | (of_wholes & view.docs.exists("id"))
    return view.rows.mask_of_docs(view.docs, docs)
