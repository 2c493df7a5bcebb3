"""Several ranks at once, whole queries, pages, and thresholds."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from planted import Planted, plain

import nearsight
from nearsight import Hits, Item, Query, Rank
from nearsight.errors import ArgumentError, NotFoundError

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
COLOURS = {
    "red": RED,
    "green": GREEN,
    "blue": BLUE,
    "purple": (128, 0, 128),
    "olive": (120, 130, 10),
    "white": (255, 255, 255),
}


def unit(colour: tuple[int, int, int]) -> np.ndarray[Any, Any]:
    vector = np.array([*np.array(colour) / 255, 1.0])
    return np.asarray(vector / np.linalg.norm(vector))


def cosine(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    return float(unit(one) @ unit(other))


def share(colour: tuple[int, int, int], channel: int) -> float:
    return colour[channel] / sum(colour)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[nearsight.App]:
    path = tmp_path_factory.mktemp("combined") / "photos.ns"
    with nearsight.open(path, model=Planted()) as opened:
        opened.inputs.add([Item(plain(colour), id=name) for name, colour in COLOURS.items()])
        yield opened


def scores(hits: Hits) -> dict[str, float]:
    return {hit.id: hit.score for hit in hits}


@pytest.mark.parametrize(
    ("asked", "ranks"),
    [
        ({"concept": ["lemon", "apple"]}, [{"concept": "lemon"}, {"concept": "apple"}]),
        ({"concept": ("lemon",)}, [{"concept": "lemon"}]),
        ({"text": ["lemon", "an apple"]}, [{"text": "lemon"}, {"text": "an apple"}]),
        ({"input": ["red", "blue"]}, [{"input": "red"}, {"input": "blue"}]),
        ({"region": ["red", "blue"]}, [{"region": "red"}, {"region": "blue"}]),
    ],
)
def test_a_list_is_as_many_ranks(
    app: nearsight.App, asked: dict[str, Any], ranks: list[dict[str, str]]
) -> None:
    hits = app.search(**asked)
    assert scores(hits) == pytest.approx(scores(app.search.query(ranks)))
    assert len(hits.understood) == len(ranks)
    assert scores(app.search.annotations(**asked)) == scores(hits)


@pytest.mark.parametrize("name", ["image", "unlike", "input", "region", "text", "concept"])
def test_a_list_of_nothing_is_refused(app: nearsight.App, name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"{name}=\[\] names nothing to rank by"):
        app.search(**{name: []})  # type: ignore[arg-type]


def test_ranks_together_are_their_mean(app: nearsight.App) -> None:
    hits = app.search(image=plain(RED), concept="lemon")
    assert scores(hits) == {
        name: pytest.approx(((1 + cosine(colour, RED)) / 2 + share(colour, 2)) / 2, abs=2e-3)
        for name, colour in COLOURS.items()
    }
    assert hits.scores.tolist() == sorted(hits.scores.tolist(), reverse=True)
    assert hits.understood == ("pictures like <array 8x8x3 uint8>", hits.understood[1])
    assert hits[0].cosine is None


def test_examples_and_counter_examples(app: nearsight.App) -> None:
    hits = app.search(image=[plain(RED), plain(BLUE)], unlike=plain(GREEN))
    assert hits.ids[0] == "purple"
    expected = {
        name: (
            (1 + cosine(colour, RED)) / 2
            + (1 + cosine(colour, BLUE)) / 2
            + 1
            - (1 + cosine(colour, GREEN)) / 2
        )
        / 3
        for name, colour in COLOURS.items()
    }
    assert scores(hits) == {name: pytest.approx(v, abs=1e-5) for name, v in expected.items()}
    assert hits.understood[-1].startswith("not: pictures like")


def test_examples_that_cancel_out_leave_the_order_of_adding(app: nearsight.App) -> None:
    hits = app.search(image=plain(RED), unlike=plain(RED))
    assert hits.ids == list(COLOURS)
    assert set(hits.scores.tolist()) == {0.5}


def test_weights_and_value_zero(app: nearsight.App) -> None:
    hits = app.search.query(
        [{"concept": "tabby", "weight": 3}, {"concept": "lemon", "value": 0}, {"input": "green"}]
    )
    assert scores(hits) == {
        name: pytest.approx(
            (3 * share(colour, 0) + 1 - share(colour, 2) + (1 + cosine(colour, GREEN)) / 2) / 5,
            abs=2e-3,
        )
        for name, colour in COLOURS.items()
    }


def test_a_concept_of_value_zero_finds_what_does_not_have_it(app: nearsight.App) -> None:
    hits = app.search.query([{"concept": "tabby", "value": 0}], k=6)
    assert hits[0].id == "green"
    assert hits[0].score == pytest.approx(1.0)
    assert hits[5].id == "red"
    assert hits[5].score == pytest.approx(0.0, abs=1e-6)


def test_the_hosted_services_dictionaries(app: nearsight.App) -> None:
    ranks = [{"annotation": {"data": {"concepts": [{"name": "tabby", "value": 1}]}}}]
    filters = [{"annotation": {"data": {"concepts": [{"id": "tidy", "value": 0}]}}}]
    app.inputs.update("purple", not_concepts=["tidy"])
    app.inputs.update("red", concepts=["tidy"])
    assert app.search.query(ranks)[0].id == "red"
    assert app.search.query(ranks, filters).ids == ["purple"]
    assert app.search.query([{"annotation": {"input_id": "blue"}}])[0].id == "blue"
    whole = {"query": {"ranks": ranks, "filters": filters}}
    assert app.search.ask(whole).ids == ["purple"]
    assert app.search.query([{}], [{"annotation": {}}], k=9).ids == list(COLOURS)


def test_a_query_is_a_value(app: nearsight.App) -> None:
    query = Query((Rank("concept", "lemon"),), nearsight.predicted("lemon", 0.4))
    assert app.search.ask(query).ids == ["blue", "purple"]
    assert app.search.ask(query.to_json()).ids == ["blue", "purple"]


def test_filters_of_a_query_hold_all(app: nearsight.App) -> None:
    filters = ["lemon >= 0.2", nearsight.predicted("tabby", 0.2)]
    assert app.search.query(filters=filters).ids == ["purple", "white"]
    hits = app.search.query(filters=filters)
    assert set(hits.scores.tolist()) == {1.0}


def test_pages_of_a_query_neither_repeat_nor_skip(app: nearsight.App) -> None:
    ranks = [{"image": plain(RED)}]
    pages = [app.search.query(ranks, k=4, page=page) for page in (1, 2, 3)]
    assert [len(page) for page in pages] == [4, 2, 0]
    assert [hit.rank for page in pages for hit in page] == [1, 2, 3, 4, 5, 6]
    assert [id_ for page in pages for id_ in page.ids] == app.search(image=plain(RED)).ids


@pytest.mark.parametrize("of", ["inputs", "annotations"])
def test_pages_are_of_one_moment(tmp_path: Path, of: Any) -> None:
    with nearsight.open(tmp_path / "pages.ns", model=Planted()) as app:
        app.inputs.add([Item(plain((n, 9, 9)), id=f"i{n:02}") for n in range(1, 31)])
        expected = [hit.id for hit in app.search(image=plain(RED), k=30)]
        pages = app.search.pages(per_page=7, image=plain(RED), of=of)
        found = next(pages).ids
        app.inputs.add(plain(RED), id="later")
        app.annotations.add(expected[25], by="somebody", id="said later")
        app.inputs.delete(expected[20])
        sizes = []
        for page in pages:
            found += page.ids
            sizes.append(len(page))
        assert found == [id_ for id_ in expected if id_ != expected[20]]
        assert sizes == [7, 6, 7, 2]


def test_a_least_score(app: nearsight.App) -> None:
    everything = app.search(image=plain(RED), k=6)
    least = everything[2].score
    assert app.search(image=plain(RED), min_score=least).ids == everything.ids[:3]
    assert app.search(image=plain(RED), min_score=1.0).ids == ["red"]
    assert app.search(where="tabby >= 0.1", min_score=1.0).ids == [
        "red",
        "purple",
        "olive",
        "white",
    ]
    for wrong in (-0.1, 1.1, float("nan"), "x", True):
        with pytest.raises(ArgumentError, match="min_score"):
            app.search(image=plain(RED), min_score=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"page": 0}, ArgumentError, "page=0"),
        ({"k": 0}, ArgumentError, "0"),
        ({"ranks": [{"concept": "tabbi"}]}, NotFoundError, "Did you mean"),
        ({"ranks": {"concept": "tabby"}}, ArgumentError, "give a list of ranks"),
        ({"ranks": [{"concpt": "tabby"}]}, ArgumentError, "concpt"),
        ({"ranks": [{"concept": "tabby", "weight": 0}]}, ArgumentError, "weight"),
        ({"ranks": [{"concept": "tabby"}] * 65}, ArgumentError, "65 terms; at most 64"),
        ({"filters": "tabby"}, ArgumentError, "give a list of filters"),
        ({"of": "videos"}, ArgumentError, "'inputs' or for 'annotations'"),
        ({"ranks": [{"region": "gone"}]}, NotFoundError, "no annotation has the id 'gone'"),
    ],
)
def test_queries_that_cannot_be_run(
    app: nearsight.App, asked: dict[str, Any], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        app.search.query(**asked)


def test_a_crop_or_language_needs_what_it_is_of(app: nearsight.App) -> None:
    with pytest.raises(ArgumentError, match="give image= or input="):
        app.search(concept="tabby", crop=(0, 0, 1, 1))
    with pytest.raises(ArgumentError, match="give text= or concept="):
        app.search(image=plain(RED), language="ja")
    with pytest.raises(ArgumentError, match="names nothing to rank by"):
        app.search(image=[])


def test_a_text_finds_concepts_of_your_own_and_general_ones(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "own.ns", model=Planted()) as app:
        app.inputs.add([Item(plain(colour), id=name) for name, colour in COLOURS.items()])
        app.concepts.create("r", "Rex")
        app.inputs.update(["red", "purple"], concepts=["r"])
        app.models.create("pets", concepts=["r"]).train()
        by_concept = scores(app.search(concept="Rex"))
        assert scores(app.search(concept="r")) == by_concept
        assert app.search(text="rex").understood == ("rex → model pets version 1",)
        assert scores(app.search(text="my rex")) == by_concept
        lemon = scores(app.search(concept="lemon"))
        both = app.search(text="Rex with a lemon")
        assert scores(both) == {
            name: pytest.approx((by_concept[name] + lemon[name]) / 2, abs=1e-6) for name in COLOURS
        }
