"""Searching: what ranks, what restricts, what comes back."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from planted import CONCEPTS, Planted, plain

import nearsight
from nearsight import annotated, predicted
from nearsight.embedders import Grid
from nearsight.errors import ArgumentError, ModelError, NotFoundError, PictureError
from nearsight.knowledge import ConceptTree

RED, GREEN, BLUE = (255, 0, 0), (0, 255, 0), (0, 0, 255)
ORANGE = (255, 128, 0)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add([plain(RED), plain(ORANGE)], concepts=["warm"])
        app.inputs.add([plain(BLUE)], not_concepts=["warm"])
        app.inputs.add([plain(GREEN)])
        yield app


def colours(hits: nearsight.Hits) -> list[str]:
    names = {}
    for name, colour in {"red": RED, "orange": ORANGE, "blue": BLUE, "green": GREEN}.items():
        names[nearsight.pictures.open(plain(colour)).digest.hex()[:32]] = name
    return [names[id_] for id_ in hits.ids]


def test_a_picture_finds_itself_first_and_then_what_is_near(app: nearsight.App) -> None:
    hits = app.search(image=plain(RED))
    assert colours(hits) == ["red", "orange", "blue", "green"]
    assert hits[0].score >= 0.999
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert hits.exact


def test_the_score_is_the_cosine_brought_to_0_1(app: nearsight.App) -> None:
    red, orange = np.array([1, 0, 0, 1.0]), np.array([1, 128 / 255, 0, 1.0])
    cosine = red @ orange / np.linalg.norm(red) / np.linalg.norm(orange)
    hit = app.search(image=plain(RED))[1]
    assert hit.cosine == pytest.approx(cosine, abs=1e-6)
    assert hit.score == pytest.approx((1 + cosine) / 2, abs=1e-6)


def test_an_input_finds_itself_first(app: nearsight.App) -> None:
    id_ = app.search(image=plain(BLUE))[0].id
    assert app.search(input=id_).ids[0] == id_


def test_a_concept_ranks_by_its_probability(app: nearsight.App) -> None:
    red, green, _ = CONCEPTS
    hits = app.search(concept=red)
    assert colours(hits)[:2] == ["red", "orange"]
    assert hits[1].score == pytest.approx(255 / 383, abs=1e-3)
    assert hits[1].cosine is None
    assert colours(app.search(concept=green.upper()))[0] == "green"


def test_a_general_concept_sums_over_its_kinds(app: nearsight.App) -> None:
    assert colours(app.search(concept="animal"))[0] == "red"
    assert app.search(concept="animal")[0].score == pytest.approx(1, abs=1e-3)
    assert colours(app.search(concept="vehicle"))[0] == "green"
    assert colours(app.search(concept="fruit"))[0] == "blue"


def test_a_text_finds_concepts_by_their_names_and_says_so(app: nearsight.App) -> None:
    hits = app.search(text="a photo of some lemons")
    assert colours(hits)[0] == "blue"
    assert [words.split()[0] for words in hits.understood] == ["lemons"]


def test_words_that_were_not_understood_are_said(app: nearsight.App) -> None:
    hits = app.search(text="a sad tabby playing in the snow")
    assert hits.understood[1:] == ("not understood: sad, playing, snow",)


@pytest.mark.parametrize("text", ["not a tabby", "lemons, no tabby", "a lemon without a tabby"])
def test_a_text_that_denies_is_refused_instead_of_searched_for(
    app: nearsight.App, text: str
) -> None:
    with pytest.raises(ArgumentError, match="where='not dog"):
        app.search(text=text)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        ({"limit": 5}, "did you mean k="),
        ({"top_k": 5}, "did you mean k="),
        ({"filter": "warm"}, "did you mean where="),
        ({"query": "dog"}, "did you mean text="),
        ({"colour": "red"}, "no such argument"),
    ],
)
def test_a_wrong_argument_is_answered_with_the_right_one(
    app: nearsight.App, wrong: dict[str, object], hint: str
) -> None:
    with pytest.raises(ArgumentError, match=hint):
        app.search(**wrong)  # type: ignore[arg-type]


def test_an_argument_without_a_name_is_asked_for_one(app: nearsight.App) -> None:
    with pytest.raises(ArgumentError, match="say what it is: text="):
        app.search("dog")  # type: ignore[call-arg]


def test_a_text_of_two_concepts_wants_both(app: nearsight.App) -> None:
    hits = app.search(text="a tabby in a sports car")
    assert colours(hits)[0] == "orange"
    assert hits[0].score == pytest.approx(np.sqrt(255 / 383 * 128 / 383), abs=1e-3)


def test_a_text_that_repeats_itself_wants_nothing_more(app: nearsight.App) -> None:
    once, often = app.search(text="a lemon"), app.search(text="lemons, a lemon, LEMON " * 500)
    assert once.scores.tolist() == often.scores.tolist()
    assert len(often.understood) == 1


def test_a_text_that_names_everything_is_refused(app: nearsight.App) -> None:
    names = [c.name for c in ConceptTree.load() if len(c.leaves) == 1]
    with pytest.raises(ArgumentError, match="at most 64"):
        app.search(text=", ".join(names[:200]))


def test_filters_restrict_before_ranking(app: nearsight.App) -> None:
    assert colours(app.search(image=plain(GREEN), where="warm")) == ["orange", "red"]
    assert colours(app.search(image=plain(BLUE), where="warm = 0")) == ["blue"]
    assert colours(app.search(image=plain(RED), where="not warm")) == ["blue", "green"]
    assert colours(app.search(image=plain(GREEN), where="tabby >= 0.5")) == ["orange", "red"]
    both = annotated("warm") & ~predicted("tabby", 0.9)
    assert colours(app.search(image=plain(RED), where=both)) == ["orange"]
    either = annotated("warm", False) | predicted("vehicle", 0.9)
    assert colours(app.search(image=plain(BLUE), where=either)) == ["blue", "green"]
    assert colours(app.search(where=["warm", "tabby >= 0.9"])) == ["red"]


def test_without_a_rank_all_matches_score_1_in_the_order_of_adding(app: nearsight.App) -> None:
    hits = app.search(where="warm", k=9)
    assert colours(hits) == ["red", "orange"]
    assert hits.scores.tolist() == [1.0, 1.0]
    assert len(app.search(k=3)) == 3


def test_pages_neither_repeat_nor_skip(app: nearsight.App) -> None:
    whole = app.search(image=plain(RED), k=9).ids
    pages = [app.search(image=plain(RED), k=1, offset=n) for n in range(5)]
    assert [id_ for page in pages for id_ in page.ids] == whole
    assert [page[0].rank for page in pages[:4]] == [1, 2, 3, 4]
    assert len(pages[4]) == 0


def test_k_beyond_the_end_returns_all_there_are(app: nearsight.App) -> None:
    assert len(app.search(image=plain(RED), k=10**9)) == 4
    assert len(app.search(image=plain(RED), k=2**62, offset=2**62)) == 0


@pytest.mark.parametrize("k", [0, -1, 1.5, "5", True, None, float("nan")])
def test_k_is_a_positive_whole_number(app: nearsight.App, k: object) -> None:
    with pytest.raises(ArgumentError, match="k="):
        app.search(image=plain(RED), k=k)  # type: ignore[arg-type]


def test_ties_go_to_the_older_input(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "ties.ns", model=Planted()) as app:
        ids = app.inputs.add([plain(RED, size) for size in range(1, 40)]).added
        assert app.search(image=plain(RED), k=39).ids == ids
        assert app.search(image=plain(RED), k=5, offset=7).ids == ids[7:12]


@pytest.mark.parametrize(
    ("asked", "error", "why"),
    [
        ({"concept": "tabbi"}, NotFoundError, "Did you mean .*tabby"),
        ({"concept": "qqqqqq"}, NotFoundError, "no concept is named 'qqqqqq'"),
        ({"concept": ""}, ArgumentError, "give a name"),
        ({"concept": 3}, ArgumentError, "of type int; give text"),
        ({"concept": "warm"}, NotFoundError, "where='warm'"),
        ({"text": "zzzz"}, NotFoundError, "names no concept"),
        ({"text": "  "}, ArgumentError, "give some words"),
        ({"concept": "\udcff"}, ArgumentError, "not UTF-8"),
        ({"where": "\udcff"}, ArgumentError, "not UTF-8"),
        ({"input": "\udcff"}, ArgumentError, "not UTF-8"),
        ({"input": "unknown"}, NotFoundError, "'unknown'"),
        ({"image": "/no/such/file.jpg"}, NotFoundError, r"/no/such/file\.jpg"),
        ({"image": b"garbage"}, PictureError, "picture"),
        ({"image": plain((0, 0, 0))}, ModelError, "no direction"),
        ({"where": "nobody-said-this"}, NotFoundError, "nobody-said-this"),
        ({"where": "zzzz >= 0.5"}, NotFoundError, "zzzz"),
        ({"where": "warm and"}, ArgumentError, "at its end"),
    ],
)
def test_what_cannot_be_searched_says_why(
    app: nearsight.App, asked: dict[str, object], error: type[Exception], why: str
) -> None:
    with pytest.raises(error, match=why):
        app.search(**asked)  # type: ignore[arg-type]


def test_an_empty_database_has_no_hits(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "empty.ns", model=Planted()) as app:
        assert len(app.search(image=plain(RED))) == 0
        assert len(app.search(concept="dog")) == 0
        assert len(app.search()) == 0


def test_a_model_without_concepts_says_search_by_image(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "grid.ns", model=Grid()) as app:
        app.inputs.add([plain(RED), plain(BLUE)])
        with pytest.raises(ModelError, match="search by image"):
            app.search(concept="dog")
        assert app.inputs.predictions(app.search()[0].id) == []


def test_hits_are_a_sequence_that_leaves_as_json_and_html(app: nearsight.App) -> None:
    hits = app.search(image=plain(RED))
    assert isinstance(hits[1:3], nearsight.Hits)
    assert hits[1:3].ids == hits.ids[1:3]
    assert hits.scores.dtype == np.float32
    assert json.loads(json.dumps(hits.to_dicts()))[0]["input"]["concepts"] == {"warm": True}
    page = hits._repr_html_()
    assert page.count("data:image/jpeg;base64,") == 4
    assert repr(hits).startswith("<Hits 4: ")


def test_names_are_escaped_in_html(app: nearsight.App, tmp_path: Path) -> None:
    from PIL import Image

    evil = tmp_path / "<img src=x onerror=alert(1)>.png"
    Image.fromarray(plain((1, 2, 3))).save(evil)
    app.inputs.add(evil)
    page = app.search(image=plain((1, 2, 3)))._repr_html_()
    assert "<img src=x" not in page


def test_readers_are_right_while_a_writer_writes(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "busy.ns", model=Planted()) as app:
        app.inputs.add(plain(RED))
        failures: list[BaseException] = []
        done = threading.Event()

        def read() -> None:
            seen = 0
            try:
                while not done.is_set():
                    hits = app.search(image=plain(RED), k=1000)
                    assert hits[0].score >= 0.999
                    assert len(hits) >= seen
                    assert sorted(hits.scores.tolist(), reverse=True) == hits.scores.tolist()
                    seen = len(hits)
            except BaseException as error:
                failures.append(error)

        readers = [threading.Thread(target=read) for _ in range(3)]
        for reader in readers:
            reader.start()
        for n in range(12):
            app.inputs.add([plain((n + 1, m + 1, 9)) for m in range(8)])
        done.set()
        for reader in readers:
            reader.join()
        assert not failures
        assert len(app.search(image=plain(RED), k=1000)) == 97
