"""Everything that can be done with an app, at random, beside the slow one: see `test_sequences`."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from agreement import TOLERANCE, check_hits, same_annotation, same_input
from drawn import ACTIONS, AUTHORS, IDS, MODELS, NAMES, SAID, Drawn, pictures
from planted import Planted
from sights import asks_nothing, key_of
from slow import TREE, Slow

import nearsight
from nearsight import Hits, Item, Region
from nearsight.errors import ArgumentError, NearsightError
from nearsight.filters import Annotated, Filter, Has, Predicted, to_json

EYE = Planted()


class Steps:
    """One sequence: the apps, and the slow one beside them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "photos.ns"
        self.sources = pictures(folder)
        self.files = {key_of(source.given): source for source in self.sources}
        self.slow = Slow()
        self.log: list[str] = []
        self.apps: list[nearsight.App | None] = [None, None, None]
        self._app(0)

    def close(self) -> None:
        for app in self.apps:
            if app is not None:
                app.close()

    def _app(self, n: int) -> nearsight.App:
        """The app of this number: the last one is read-only."""
        app = self.apps[n]
        if app is None:
            app = nearsight.open(self.path, model=EYE, read_only=n == 2)
            self.apps[n] = app
        return app

    def step(self, seed: int) -> None:
        self.drawn = Drawn(seed, self.slow, self.sources)
        step = self.drawn.one(EVERYTHING)
        step(self)
        if step in CHANGES:
            self.compare()

    # -- the two sides -------------------------------------------------------------------------

    def writer(self) -> nearsight.App:
        """One of two; what the other one wrote it need not have seen."""
        return self._app(0 if self.drawn.chance(0.8) else 1)

    def reader(self) -> nearsight.App:
        app = self._app(self.drawn.one([0, 0, 0, 1, 2]))
        app.refresh()
        return app

    def both(
        self, what: str, fast: Callable[[], Any], slow: Callable[[Any], Any]
    ) -> tuple[Any, Any] | None:
        """Do it on both sides, and let both fail alike; `slow` is given what `fast` said."""
        self.log.append(what)
        said, error = None, None
        try:
            said = fast()
        except NearsightError as raised:
            error = raised
        try:
            expected = slow(said)
        except NearsightError as raised:
            assert type(error) is type(raised), f"{what}: {error!r}, but expected {raised!r}"
            return None
        if error is not None:
            raise AssertionError(f"{what}: nothing is wrong with it") from error
        return said, expected

    def compare(self) -> None:
        """All records are what they should be, in the order of adding."""
        app = self.reader()
        inputs, said = [*app.inputs], [*app.annotations]
        assert [one.id for one in inputs] == [*self.slow.inputs]
        assert [one.id for one in said] == [*self.slow.said]
        assert (len(app.inputs), len(app.annotations)) == (len(inputs), len(said))
        for annotation in said:
            same_annotation(annotation, self.slow.said[annotation.id])
        for one in inputs:
            same_input(one, self.slow.inputs[one.id])
        own = {c.id: c for c in app.concepts.list(source="own", per_page=1000)}
        assert [*own] == [id_ for id_ in self.slow.concepts if id_ not in TREE]
        for id_, concept in own.items():
            assert concept.name == self.slow.concepts[id_]
            assert (concept.positives, concept.negatives) == self.slow.counts(id_), id_
        assert [model.id for model in app.models] == [*self.slow.models]
        for filter_ in self._telling():
            found = self.slow.matching(filter_, "inputs")
            assert app.inputs.count(filter_) == len(found), filter_

    def _telling(self) -> list[Filter]:
        """What shows that the columns have followed: all that is said, and every correction."""
        said = [Annotated(c, value) for c in self.slow.concepts for value in (True, False)]
        return [*said, Predicted("tabby", 0.0), Predicted("lemon", 0.0), Has("geo"), Has("region")]

    # -- inputs --------------------------------------------------------------------------------

    def add(self) -> None:
        d, app = self.drawn, self.writer()
        common, twice = d.known(0.3), d.chance(0.15)
        items = []
        for _ in range(d.rng.randint(1, 4)):
            items.append((d.source(), d.known() | {"regions": d.regions()}))
        given = [Item(source.given, **spelled(known)) for source, known in items]
        arguments = spelled(common)
        del arguments["regions"]
        self.log.append(
            f"add {[(source.content, known) for source, known in items]}, {common}, {twice}"
        )
        report = app.inputs.add(given, **arguments, allow_duplicate=twice, exif=d.chance(0.5))
        for outcome, (source, known) in zip(report.outcomes, items, strict=True):
            whole = under(known, common)
            result = self.slow.add(source, whole, twice, outcome.id or "")
            duplicate = f"duplicate of {outcome.id}"
            assert result == (duplicate if outcome.status == "duplicate" else outcome.status)
            if outcome.id is not None:
                listed = [a.id for a in app.annotations.list(outcome.id, per_page=1000)]
                new = iter([id_ for id_ in listed if id_ not in self.slow.said])
                for region in whole["regions"]:
                    self.slow.add_region(outcome.id, region, new, is_new=result == "added")

    def update(self) -> None:
        d, app, action = self.drawn, self.writer(), self.drawn.one(ACTIONS)
        change = self._change()
        ids = d.inputs()
        self.both(
            f"update {ids} {change} {action}",
            lambda: app.inputs.update(ids, **spelled(change), action=action),
            lambda _: self.slow.update(dict.fromkeys(ids, change), action),
        )

    def bulk_update(self) -> None:
        d, app, action = self.drawn, self.writer(), self.drawn.one(ACTIONS)
        changes = {id_: self._change() for id_ in d.inputs()}
        given = {id_: spelled(change) for id_, change in changes.items()}
        self.both(
            f"bulk_update {changes} {action}",
            lambda: app.inputs.bulk_update(given, action=action),
            lambda _: self.slow.update(changes, action),
        )

    def _change(self) -> dict[str, Any]:
        d = self.drawn
        known = d.known(0.8)
        return {
            "said": known["said"],
            "metadata": d.metadata() if d.chance(0.5) else None,
            "geo": known["geo"],
        }

    def delete(self) -> None:
        d, app = self.drawn, self.writer()
        kind = d.rng.random()
        if kind < 0.6:
            ids = d.inputs()
            asked: dict[str, Any] = {"ids": ids}
        elif kind < 0.97 or len(self.slow.inputs) < 6:
            where = d.filter()
            asked = {"where": self._spelled(where)}
        else:
            asked = {"all": True}

        def slow(_: Any) -> list[str]:
            if "ids" in asked:
                return self.slow.delete(ids)
            if "where" in asked and asks_nothing(where):
                raise ArgumentError("all")
            found = self.slow.matching(None if "all" in asked else where, "inputs")
            return self.slow.delete([one.id for one in found])

        if "where" in asked and len(self.slow.inputs) > 5 and d.chance(0.8):
            return  # filters often mean half of all there is
        result = self.both(f"delete {asked}", lambda: app.inputs.delete(**asked), slow)
        assert result is None or result[0] == result[1]

    def correct(self) -> None:
        d, app = self.drawn, self.writer()
        id_, names, value = d.input(), [d.predicted_name() for _ in range(2)], d.chance(0.5)
        change = app.inputs.merge_predictions if value else app.inputs.remove_predictions
        self.both(
            f"{'merge' if value else 'remove'}_predictions {id_} {names}",
            lambda: change(id_, names),
            lambda _: self.slow.correct(id_, names, value),
        )

    def predictions(self) -> None:
        app, id_ = self.reader(), self.drawn.input()
        result = self.both(
            f"predictions {id_}",
            lambda: app.inputs.predictions(id_, n=3000, at_least=0.05),
            lambda _: self.slow.predictions(id_, 0.05),
        )
        if result is not None:
            # Of general concepts of one name, either may be there where they are as probable.
            found = {c.name if c.id in TREE else (c.id, c.name): p for c, p in result[0]}
            assert found == {
                TREE[c].name if c in TREE else (c, self.slow.concepts[c]): pytest.approx(
                    p, abs=TOLERANCE
                )
                for c, p in result[1].items()
            }

    # -- annotations ---------------------------------------------------------------------------

    def annotate(self) -> None:
        d, app = self.drawn, self.writer()
        asked = []
        for _ in range(d.one([1, 1, 1, 2])):
            owner = self.slow.inputs.get(id_ := d.input())
            picture = None if owner is None or d.chance(0.3) else owner.source
            picture = d.source() if d.chance(0.05) else picture
            asked.append(
                {
                    "input": id_,
                    "box": d.box() if d.chance(0.5) else None,
                    "said": d.said(),
                    "text": d.text(),
                    "by": d.one(AUTHORS),
                    "id": d.one(IDS) if d.chance(0.3) else None,
                    "picture": picture,
                }
            )
        given = [
            {**spelled(each), "picture": None if each["picture"] is None else each["picture"].given}
            for each in asked
        ]
        self.both(
            f"annotate {asked}",
            lambda: app.annotations.bulk_add(given),
            lambda made: self.slow.annotate(asked, [one.id for one in made or ()]),
        )

    def change_annotation(self) -> None:
        d, app, action = self.drawn, self.writer(), self.drawn.one(ACTIONS)
        id_, said, text = d.annotation(), d.said(), d.text()
        self.both(
            f"annotations.update {id_} {said} {text} {action}",
            lambda: app.annotations.update(
                id_, **spelled({"said": said}), text=text, action=action
            ),
            lambda _: self.slow.change_annotation(id_, said, text, action),
        )

    def delete_annotations(self) -> None:
        d, app = self.drawn, self.writer()
        others = [id_ for id_, said in self.slow.said.items() if id_ != said.owner.id]
        ids = d.some(others, 2) + ([d.annotation()] if d.chance(0.2) else [])
        result = self.both(
            f"annotations.delete {ids}",
            lambda: app.annotations.delete(ids),
            lambda _: self.slow.delete_annotations(ids),
        )
        assert result is None or result[0] == result[1]

    def list_annotations(self) -> None:
        d, app = self.drawn, self.reader()
        id_, page, per_page = d.input(), d.rng.randint(1, 3), d.rng.randint(1, 4)
        result = self.both(
            f"annotations.list {id_} {page} {per_page}",
            lambda: app.annotations.list(id_, page=page, per_page=per_page),
            lambda _: [*self.slow.input(id_).said],
        )
        if result is not None:
            expected = result[1][(page - 1) * per_page : page * per_page]
            assert [said.id for said in result[0]] == expected

    # -- concepts and models -------------------------------------------------------------------

    def create_concept(self) -> None:
        d, app = self.drawn, self.writer()
        ids = [d.one([*SAID, "poppy", "oak", "elm"]) for _ in range(d.one([1, 2]))]
        names = [d.one([*NAMES, id_]) for id_ in ids]
        self.both(
            f"concepts.bulk_create {ids} {names}",
            lambda: app.concepts.bulk_create(ids, names),
            lambda _: self.slow.create_concepts(ids, names),
        )

    def rename_concept(self) -> None:
        d, app = self.drawn, self.writer()
        id_, name = d.one(SAID), d.one([*NAMES, "rex", "lemon"])
        self.both(
            f"concepts.update {id_} {name}",
            lambda: app.concepts.update(id_, name),
            lambda _: self.slow.rename(id_, name),
        )

    def create_model(self) -> None:
        d, app = self.drawn, self.writer()
        id_, concepts = d.one(MODELS), d.some(SAID[:3], 2)
        exclusive, closed = d.chance(0.3), d.chance(0.3)
        self.both(
            f"models.create {id_} {concepts} {exclusive} {closed}",
            lambda: app.models.create(
                id_,
                concepts=concepts,
                concepts_mutually_exclusive=exclusive,
                closed_environment=closed,
            ),
            lambda _: self.slow.create_model(id_, concepts, exclusive, closed),
        )

    def change_model(self) -> None:
        d, app = self.drawn, self.writer()
        if not self.slow.models:
            return
        id_ = d.one([*self.slow.models])
        model, concepts = app.models[id_], d.some(SAID[:4], 2)
        number = d.one([1, 2, *self.slow.models[id_].versions])
        kind, action = d.rng.random(), d.one(ACTIONS)
        if kind < 0.4:
            self.both(
                f"update model {id_} {concepts} {action}",
                lambda: model.update(concepts=concepts, action=action),  # type: ignore[union-attr]
                lambda _: self.slow.update_model(id_, concepts, action),
            )
        elif kind < 0.6:
            self.both(
                f"use {id_} {number}",
                lambda: model.use(number),  # type: ignore[union-attr]
                lambda _: self.slow.use(id_, number),
            )
        elif kind < 0.8:
            self.both(
                f"delete_version {id_} {number}",
                lambda: model.delete_version(number),  # type: ignore[union-attr]
                lambda _: self.slow.delete_version(id_, number),
            )
        else:
            self.both(
                f"delete model {id_}",
                lambda: app.models.delete(id_),
                lambda _: self.slow.models.pop(id_),
            )

    def train(self) -> None:
        d, app = self.drawn, self.writer()
        if not self.slow.models:
            return
        id_ = d.one([*self.slow.models])
        model = app.models[id_]
        self.both(f"train {id_}", lambda: model.train(), lambda _: self.slow.train(id_))  # type: ignore[union-attr]
        slow = self.slow.models[id_]
        assert (model.current, list(model.concepts)) == (slow.current, slow.concepts)  # type: ignore[union-attr]
        for number, (_, _, told) in slow.versions.items():
            there = [one.id for one in told if self.slow.inputs.get(one.id) is one]
            ages = [*self.slow.inputs]
            found = [one.id for one in model.inputs(number, per_page=1000)]  # type: ignore[union-attr]
            assert found == sorted(there, key=ages.index)

    # -- looking -------------------------------------------------------------------------------

    def _spelled(self, where: Filter) -> Any:
        """As Python, as one line, or as JSON."""
        return self.drawn.one([where, str(where), to_json(where)])

    def list_where(self) -> None:
        d, app, where = self.drawn, self.reader(), self.drawn.filter()
        page, per_page, spelled_ = d.rng.randint(1, 3), d.rng.randint(1, 9), self._spelled(where)
        result = self.both(
            f"list and count {where}",
            lambda: (
                app.inputs.list(where=spelled_, page=page, per_page=per_page),
                app.inputs.count(spelled_),
            ),
            lambda _: [one.id for one in self.slow.matching(where, "inputs")],
        )
        if result is not None:
            (found, count), expected = result
            assert [o.id for o in found] == expected[(page - 1) * per_page : page * per_page]
            assert count == len(expected)

    def search(self) -> None:
        d, app = self.drawn, self.reader()
        of, ranks = d.one(["inputs", "inputs", "annotations"]), d.ranks()
        where = d.filter() if d.chance(0.6) else None
        k, page, least = d.one([1, 2, 5, 50]), d.one([1, 1, 2]), None
        result = self.both(
            f"search {of} {ranks} {where} {k} {page}",
            lambda: app.search.query(
                [r.to_dict() if isinstance(r.of, str) and d.chance(0.5) else r for r in ranks],
                [] if where is None else [self._spelled(where)],
                of=of,
                k=k,
                page=page,
            ),
            lambda _: self.slow.hits(ranks, where, of, self.files),
        )
        if result is None:
            return
        hits, expected = result
        check_hits(hits, expected, of, (page - 1) * k, k)
        if expected and d.chance(0.3):  # again, with a threshold
            least = d.one(expected).score - 0.01
            if 0 <= least <= 1 and all(abs(hit.score - least) > TOLERANCE for hit in expected):
                hits = app.search.query(
                    ranks, [] if where is None else [where], of=of, k=k, page=page, min_score=least
                )
                expected = [hit for hit in expected if hit.score >= least]
                check_hits(hits, expected, of, (page - 1) * k, k)

    def pages(self) -> None:
        """One after the other, by keywords."""
        d, app = self.drawn, self.reader()
        of, ranks = d.one(["inputs", "annotations"]), d.ranks()
        ranks = ranks if len(ranks) == 1 else []
        where = d.filter() if d.chance(0.5) else None
        asked: dict[str, Any] = {rank.kind: rank.of for rank in ranks}
        asked |= {} if not ranks or ranks[0].crop is None else {"crop": ranks[0].crop}
        result = self.both(
            f"pages {of} {asked} {where}",
            lambda: [*app.search.pages(per_page=d.rng.randint(1, 7), of=of, where=where, **asked)],
            lambda _: self.slow.hits(ranks, where, of, self.files),
        )
        if result is not None:
            pages, expected = result
            hits = Hits([hit for page in pages for hit in page])
            check_hits(hits, expected, of, 0, len(expected) + 1)

    # -- apps ----------------------------------------------------------------------------------

    def reopen(self) -> None:
        """Close some or all of the apps; sometimes the cache is lost meanwhile."""
        d = self.drawn
        closed = [n for n in range(3) if d.chance(0.5)]
        self.log.append(f"close {closed}")
        for n in closed:
            app = self.apps[n]
            if app is not None:
                app.close()
            self.apps[n] = None
        if not any(self.apps) and d.chance(0.4):
            self.log.append("lose the cache")
            shutil.rmtree(self.path.with_name("photos.ns-cache"), ignore_errors=True)


CHANGES = [
    *[Steps.add] * 5,
    *[Steps.update] * 4,
    *[Steps.bulk_update] * 2,
    *[Steps.delete] * 2,
    *[Steps.correct] * 2,
    *[Steps.annotate] * 5,
    *[Steps.change_annotation] * 3,
    *[Steps.delete_annotations] * 2,
    Steps.create_concept,
    Steps.rename_concept,
    Steps.create_model,
    Steps.change_model,
    Steps.train,
    *[Steps.reopen] * 2,
]
EVERYTHING = [
    *CHANGES,
    *[Steps.list_where] * 8,
    *[Steps.search] * 10,
    *[Steps.pages] * 3,
    Steps.predictions,
    Steps.list_annotations,
]


def spelled(known: dict[str, Any]) -> dict[str, Any]:
    """As the app is given it: two lists for what is said, and `Region`s."""
    rest = {key: value for key, value in known.items() if key != "said"}
    rest["concepts"] = [name for name, value in known["said"].items() if value]
    rest["not_concepts"] = [name for name, value in known["said"].items() if not value]
    if "regions" in rest:
        rest["regions"] = [Region(**spelled(region)) for region in rest["regions"]]
    return rest


def under(known: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """What is known of one picture, and of all of them what is not. The whole of it is no crop."""
    joined = {key: known[key] or common[key] for key in known}
    joined["crop"] = None if joined["crop"] == (0, 0, 1, 1) else joined["crop"]
    return joined | {key: common[key] | known[key] for key in ("said", "metadata")}
