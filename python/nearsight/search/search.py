"""The searches of an app: `app.search`."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Never, Unpack

from nearsight.engine import CacheDamaged, Engine
from nearsight.errors import DatabaseError
from nearsight.filters import Where
from nearsight.ranks import Rank, to_ranks
from nearsight.search.filtering import Filtering
from nearsight.search.finding import Finding, Found
from nearsight.search.hits import Hits
from nearsight.search.query import Of, Query, to_filters
from nearsight.search.question import Asked, Question, Several, check_named, check_score, ranks_of
from nearsight.search.ranking import Rankings
from nearsight.truth import Truth
from nearsight.values.paging import check_whole, slice_of


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
        self._finding = Finding(truth, engine, filtering)

    def __repr__(self) -> str:
        """Of what."""
        return f"<nearsight.Search of {str(self._truth.path)!r}>"

    def __call__(
        self,
        *unnamed: Never,
        image: object = None,
        unlike: object = None,
        input: Several = None,
        region: Several = None,
        text: Several = None,
        concept: Several = None,
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
        or an http URL that an input was added with), `unlike` (the same, of what is not wanted),
        `input` (the id of an input; if it has regions, the mean of it and them), `region` (the id
        of an annotation), `text`, `concept` (a name or id). Each may be a list, and all of them
        weigh the same: `concept=["dog", "beach"]` scores the mean of both. `crop`, (top, left,
        bottom, right) in fractions, takes a part of the image or input; `language` says which one
        the text or concept is in ("ja").

        Without any of them every input that meets `where` is a hit of score 1, in the order of
        adding. Hits below `min_score` are left out. Returns min(k, matches - offset) hits: exact,
        no input twice (the best of its embeddings counts), ties by age.

        Raises `ArgumentError` (k < 1, offset < 0, an unreadable `where`), `NotFoundError` (no such
        file, input or concept), `PictureError` (an unusable picture), `TrainingError` (a concept of
        your own that no model has learned yet).
        """
        check_named(unnamed, unknown)
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
        check_named(unnamed, asked.keys() - Question.__annotations__)
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
        check_score(min_score)
        ranking = self._rankings.of(asked.ranks)
        return self._run(Asked(ranking, asked.where, asked.of, min_score), k, (page - 1) * k)

    def pages(
        self, *unnamed: Never, per_page: int = 20, of: Of = "inputs", **asked: Unpack[Question]
    ) -> Iterator[Hits]:
        """All hits of `app.search(...)`, page by page, none twice and none skipped.

        All pages are of the moment when the first one was asked for: what is added meanwhile is
        not in them, and what is erased meanwhile is left out of its page.
        """
        check_named(unnamed, asked.keys() - Question.__annotations__)
        slice_of(1, per_page)
        question = self._asked(Query(of=of).of, asked)
        everything = self._finding.found(question, self._engine.view(), per_page)
        rank = 1
        while page := self._next_page(everything, per_page):
            hits = [hit for hit in self._finding.hits(question, page, rank) if hit is not None]
            yield Hits(hits, _understood(question), self._truth.inputs.thumbnail)
            rank += len(page)

    def _next_page(self, everything: Iterator[Found | None], per_page: int) -> list[Found | None]:
        try:
            return list(islice(everything, per_page))
        except CacheDamaged as damage:
            self._engine.rebuild(str(damage))
            raise DatabaseError(
                "the cache was found damaged between two pages, and was rebuilt: ask for the pages "
                "again from the first one"
            ) from damage

    def _asked(self, of: Of, asked: Question) -> Asked:
        ranking = self._rankings.of(ranks_of(asked))
        check_score(min_score := asked.get("min_score"))
        return Asked(ranking, asked.get("where"), of, min_score)

    def _run(self, asked: Asked, k: int, offset: int) -> Hits:
        check_whole("k", k)
        check_whole("offset", offset, 0)
        hits = self._finding.detailed(asked, k, offset)
        if None in hits:  # somebody erased some of them: look again, and let nobody do so
            with self._engine.still():
                hits = self._finding.detailed(asked, k, offset)
        there = [hit for hit in hits if hit is not None]
        return Hits(there, _understood(asked), self._truth.inputs.thumbnail)


def _understood(asked: Asked) -> tuple[str, ...]:
    return () if asked.ranking is None else asked.ranking.understood
