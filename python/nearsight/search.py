"""From what is asked to hits: ranks order what filters let through.

`ranking` says how scores are made, `filtering` what filters mean, `naming` what concepts' names do.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Never, TypedDict, Unpack

from nearsight.engine import CacheDamaged, DocSet, Engine, RowMask, View, threads
from nearsight.errors import ArgumentError, DatabaseError
from nearsight.filtering import Filtering
from nearsight.filters import Where
from nearsight.hits import Hit, Hits
from nearsight.paging import check_whole, slice_of
from nearsight.query import Of, Query, to_filters
from nearsight.ranking import Ranking, Rankings
from nearsight.ranks import Rank, to_ranks
from nearsight.region import bounding_box
from nearsight.text import shown
from nearsight.truth import Truth

_OTHER_NAMES = {
    **dict.fromkeys(("limit", "top_k", "topk", "top", "n", "n_results"), "k"),
    **dict.fromkeys(("filter", "filters"), "where"),
    **dict.fromkeys(("picture", "photo", "near", "file", "path"), "image"),
    **dict.fromkeys(("query", "words", "q"), "text"),
    **dict.fromkeys(("id", "input_id"), "input"),
    "skip": "offset",
    "lang": "language",
    "threshold": "min_score",
}
_PAGE = 200
_GROWTH = 4  # rows are asked for so many times more, until there are hits enough


@dataclass(frozen=True, slots=True)
class Asked:
    """One question: what orders, what restricts, and of what kind the hits are."""

    ranking: Ranking | None
    where: Where
    of: Of
    min_score: float | None


@dataclass(frozen=True, slots=True)
class _Found:
    """A hit before its details are known. `key` is the id of what is found, each once."""

    key: str
    input: str
    annotation: str | None
    total: float


class Question(TypedDict, total=False):
    """What can be asked: see `Search.__call__`."""

    image: object
    unlike: object
    input: str | None
    region: str | None
    text: str | None
    concept: str | None
    crop: object
    language: str | None
    where: Where
    min_score: float | None


class Search:
    """The searches of one app."""

    def __init__(
        self,
        truth: Truth,
        engine: Engine,
        rankings: Rankings,
        filtering: Filtering,
    ) -> None:
        """Search `truth` through `engine`; `rankings` orders and `filtering` restricts."""
        self._truth = truth
        self._engine = engine
        self._rankings = rankings
        self._filtering = filtering

    def __repr__(self) -> str:
        """Of what."""
        return f"<nearsight.Search of {str(self._truth.path)!r}>"

    def __call__(
        self,
        *unnamed: Never,
        image: object = None,
        unlike: object = None,
        input: str | None = None,
        region: str | None = None,
        text: str | None = None,
        concept: str | None = None,
        crop: object = None,
        language: str | None = None,
        where: Where = None,
        min_score: float | None = None,
        k: int = 20,
        offset: int = 0,
        **unknown: Never,
    ) -> Hits:
        """The best `k` hits after the first `offset`, among inputs that meet `where`.

        Rank by one or more of: `image` (any source of one picture: path, bytes, array, PIL image…,
        or an http URL that an input was added with; or a list of them), `unlike` (the same, of
        what is not wanted), `input` (the id of an input; if it has regions, the mean of it and
        them), `region` (the id of an annotation), `text`, `concept` (a name or id). Several weigh
        the same. `crop`, (top, left, bottom, right) in fractions, takes a part of the image or
        input; `language` says which one the text or concept is in ("ja").

        Without any of them every input that meets `where` is a hit of score 1, in the order of
        adding. Hits below `min_score` are left out. Returns min(k, matches - offset) hits: exact,
        no input twice (the best of its embeddings counts), ties by age.

        Raises `ArgumentError` (k < 1, offset < 0, an unreadable `where`), `NotFoundError` (no such
        file, input or concept), `PictureError` (an unusable picture), `TrainingError` (a concept of
        your own that no model has learned yet).
        """
        _check_named(unnamed, unknown)
        question = Question(
            image=image,
            unlike=unlike,
            input=input,
            region=region,
            text=text,
            concept=concept,
            crop=crop,
            language=language,
            where=where,
            min_score=min_score,
        )
        return self._run(self._asked("inputs", question), k, offset)

    def annotations(
        self, *unnamed: Never, k: int = 20, offset: int = 0, **asked: Unpack[Question]
    ) -> Hits:
        """Like `app.search(...)`, with one hit for each annotation: `hit.annotation`.

        An annotation of a region is scored by its region, the others by the whole picture. Filters
        on what is said ask of each annotation by itself: two concepts that two annotations say are
        not said by any one.
        """
        _check_named(unnamed, asked.keys() - Question.__annotations__)
        return self._run(self._asked("annotations", asked), k, offset)

    def query(
        self,
        ranks: Iterable[Rank | Mapping[str, Any]] = (),
        filters: Iterable[object] = (),
        *,
        of: Of = "inputs",
        language: str | None = None,
        k: int = 20,
        page: int = 1,
        min_score: float | None = None,
    ) -> Hits:
        """Search by lists of ranks and filters, as dictionaries or as our own objects.

        Ranks are joined by their weights; filters have to hold all. Dictionaries are read in two
        spellings: ours (`{"image": "a.jpg", "weight": 2}`, see `nearsight.ranks`; filters as
        `nearsight.filters.to_json` writes them) and the hosted service's. `of="annotations"` finds
        annotations; `k` is the size of a page and `page` counts from 1.

        Raises what `app.search(...)` does.
        """
        query = Query(to_ranks(ranks, language=language), to_filters(filters), of)
        return self.ask(query, k=k, page=page, min_score=min_score)

    def ask(
        self,
        query: Query | Mapping[str, Any],
        *,
        k: int = 20,
        page: int = 1,
        min_score: float | None = None,
    ) -> Hits:
        """Run a whole `nearsight.Query`, or a dictionary that stands for one, as JSON has it.

        Raises what `app.search(...)` does.
        """
        asked = Query.read(query)
        check_whole("page", page)
        check_whole("k", k)
        _check_score(min_score)
        ranking = self._rankings.of(asked.ranks)
        return self._run(Asked(ranking, asked.where, asked.of, min_score), k, (page - 1) * k)

    def pages(
        self, *unnamed: Never, per_page: int = 20, of: Of = "inputs", **asked: Unpack[Question]
    ) -> Iterator[Hits]:
        """All hits of `app.search(...)`, page by page, none twice and none skipped.

        All pages are of the moment when the first one was asked for: what is added meanwhile is
        not in them, and what is erased meanwhile is left out of its page.
        """
        _check_named(unnamed, asked.keys() - Question.__annotations__)
        slice_of(1, per_page)
        question = self._asked(Query(of=of).of, asked)
        everything = self._found(question, self._engine.view(), per_page)
        rank = 1
        while page := self._next_page(everything, per_page):
            hits = [hit for hit in self._hits(question, page, rank) if hit is not None]
            yield Hits(hits, _understood(question), self._truth.inputs.thumbnail)
            rank += len(page)

    def _next_page(self, everything: Iterator[_Found | None], per_page: int) -> list[_Found | None]:
        try:
            return list(islice(everything, per_page))
        except CacheDamaged as damage:
            self._engine.rebuild(str(damage))
            raise DatabaseError(
                "the cache was found damaged between two pages, and was rebuilt: ask for the pages "
                "again from the first one"
            ) from damage

    # -- questions -----------------------------------------------------------------------------

    def _asked(self, of: Of, asked: Question) -> Asked:
        box = None if asked.get("crop") is None else bounding_box(asked["crop"])
        language = asked.get("language")
        ranks = [Rank("image", each, 1.0, box) for each in _each(asked.get("image"))]
        ranks += [Rank("image", each, -1.0) for each in _each(asked.get("unlike"))]
        if (input_ := asked.get("input")) is not None:
            ranks.append(Rank("input", input_, 1.0, box))
        if (region := asked.get("region")) is not None:
            ranks.append(Rank("region", region))
        if (text := asked.get("text")) is not None:
            ranks.append(Rank("text", text, language=language))
        if (concept := asked.get("concept")) is not None:
            ranks.append(Rank("concept", concept, language=language))
        if box is not None and not any(rank.crop for rank in ranks):
            raise ArgumentError("crop= is a part of a picture: give image= or input= with it")
        if language is not None and text is None and concept is None:
            raise ArgumentError("language= is of words: give text= or concept= with it")
        min_score = asked.get("min_score")
        _check_score(min_score)
        return Asked(self._rankings.of(ranks), asked.get("where"), of, min_score)

    def _run(self, asked: Asked, k: int, offset: int) -> Hits:
        check_whole("k", k)
        check_whole("offset", offset, 0)
        hits = self._complete(asked, k, offset)
        if hits is None:  # somebody else erased some of them: look again at what there is now
            self._engine.catch_up()
            hits = self._complete(asked, k, offset)
        if hits is None:
            raise DatabaseError("the hits were erased as fast as they were found; search again")
        return Hits(hits, _understood(asked), self._truth.inputs.thumbnail)

    def _complete(self, asked: Asked, k: int, offset: int) -> list[Hit] | None:
        """The hits with all their details; None if some have been erased meanwhile."""
        end = min(offset + k, sys.maxsize)
        offset = min(offset, end)
        found = self._engine.answer(
            lambda view: list(islice(self._found(asked, view, end), offset, end))
        )
        hits = self._hits(asked, found, offset + 1)
        complete = [hit for hit in hits if hit is not None]
        return complete if len(complete) == len(hits) else None

    # -- finding -------------------------------------------------------------------------------

    def _found(self, asked: Asked, view: View, at_once: int) -> Iterator[_Found | None]:
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
    ) -> Iterator[_Found | None]:
        """The inputs or annotations that embeddings belong to, in their order."""
        owners = self._truth.embeddings.owners(ids)
        for id_, total in zip(ids, totals, strict=True):
            if id_ not in owners:
                yield None
                continue
            own, *others = owners[id_]
            if of == "inputs":
                region = None if own.annotation == own.input else own.annotation
                yield _Found(own.input, own.input, region, total)
                continue
            for owner in (own, *others):
                if docs.has(owner.number):
                    yield _Found(owner.annotation, owner.input, owner.annotation, total)

    def _unranked(self, docs: DocSet, view: View, of: Of) -> Iterator[_Found | None]:
        """What meets the filter, in the order of adding."""
        found = view.docs.owners(docs) if of == "inputs" else view.docs.docs(docs)
        for start in range(0, len(found), _PAGE):
            numbers = found[start : start + _PAGE].tolist()
            if of == "inputs":
                ids = self._truth.inputs.ids_of(numbers)
                for number in numbers:
                    id_ = ids.get(number)
                    yield None if id_ is None else _Found(id_, id_, None, 1.0)
            else:
                said = self._truth.annotations.numbered(numbers)
                for number in numbers:
                    each = said.get(number)
                    yield None if each is None else _Found(each.id, each.input, each.id, 1.0)

    def _hits(self, asked: Asked, found: list[_Found | None], first: int) -> list[Hit | None]:
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


def _understood(asked: Asked) -> tuple[str, ...]:
    return () if asked.ranking is None else asked.ranking.understood


def _each(several: object) -> Sequence[object]:
    """One picture, or each of a list."""
    if several is None:
        return ()
    if not isinstance(several, list | tuple):
        return (several,)
    if not several:
        raise ArgumentError("image=[] and unlike=[] name no picture: leave them out")
    return several


def _check_named(unnamed: tuple[object, ...], unknown: Iterable[str]) -> None:
    """Say how it is meant, where a search was written as another library would have it."""
    if unnamed:
        raise ArgumentError(
            f"search({shown(unnamed[0])}): say what it is: text=, concept=, image= or input="
        )
    for name in unknown:
        meant = _OTHER_NAMES.get(name)
        hint = f"did you mean {meant}=?" if meant else "see help(nearsight.Search)"
        raise ArgumentError(f"search({name}=…): there is no such argument; {hint}")


def _check_score(min_score: object) -> None:
    if min_score is None:
        return
    if isinstance(min_score, bool) or not isinstance(min_score, int | float):
        raise ArgumentError(f"min_score={shown(min_score)}: give a number in 0..1")
    if not 0 <= min_score <= 1:
        raise ArgumentError(f"min_score={min_score!r}: scores lie in 0..1")
