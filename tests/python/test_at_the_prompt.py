"""What somebody who types at Python's prompt sees: how objects show themselves, what is refused."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from planted import Planted, plain

import nearsight
from nearsight import Query, Rank, filters, metadata
from nearsight.errors import ArgumentError, NotFoundError

RED, GREEN = plain((255, 0, 0)), plain((0, 255, 0))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        app.inputs.add(RED, id="red")
        yield app


def test_everything_that_is_shown_says_what_it_is_also_when_the_app_is_closed(
    app: nearsight.App,
) -> None:
    shown = [app.inputs, app.annotations, app.concepts, app.models, app.search]
    shown += [app.models.create("none"), *app.models.ready, metadata("camera.iso")]
    for thing in shown:
        assert " at 0x" not in repr(thing)
    assert repr(app.models["none"]) == "<nearsight.Model 'none': no concepts>"
    handle = app.models["none"]
    app.close()
    assert [repr(thing) for thing in (*shown, handle)]
    assert repr(app).endswith("closed>")


def test_a_report_is_short_and_says_why_the_first_few_failed(app: nearsight.App) -> None:
    report = app.inputs.add([f"typo{n}.jpg" for n in range(200)])
    assert repr(report).startswith("<Report 0 added, 0 duplicate, 200 failed; typo0.jpg: there is")
    assert repr(report).endswith("and 197 more>")


def test_a_hit_shows_its_place_score_and_input(app: nearsight.App) -> None:
    hit = app.search(k=1)[0]
    assert repr(hit) == f"<Hit 1: {hit.input.name!r} 1.000, id 'red'>"


@pytest.mark.parametrize(
    "said",
    [
        lambda app: app.inputs.add(GREEN, concepts={"warm": False}),
        lambda app: app.inputs.update("red", concepts={"warm": False}),
        lambda app: app.annotations.add("red", not_concepts={"warm": True}),
        lambda app: app.models.create("m", concepts={"warm": True}),
        lambda app: app.inputs.merge_predictions("red", {"warm": 0.5}),
    ],
)
def test_the_values_of_a_dictionary_are_not_silently_lost(
    app: nearsight.App, said: Callable[[nearsight.App], object]
) -> None:
    """`Input.concepts` is {name: said or denied}: given back as a list, what was denied is said."""
    with pytest.raises(ArgumentError, match="give a list"):
        said(app)


@pytest.mark.parametrize("n", [-1, "3", 2.5, True])
def test_a_number_of_predictions_is_a_whole_one(app: nearsight.App, n: object) -> None:
    with pytest.raises(ArgumentError, match="n="):
        app.inputs.predictions("red", n=n)  # type: ignore[arg-type]


def test_a_query_is_read_when_it_is_made(app: nearsight.App) -> None:
    query = Query([{"input": "red"}], where="not has(geo)")  # type: ignore[arg-type, list-item]
    assert query == Query((Rank("input", "red"),), where=~nearsight.has("geo"))
    assert app.search.ask(query).ids == ["red"]
    for ranks in (Rank("input", "red"), ("red",), 5):
        with pytest.raises(ArgumentError, match="rank"):
            Query(ranks)  # type: ignore[arg-type]


def test_a_mistyped_key_of_a_rank_is_told_the_keys_of_ours(app: nearsight.App) -> None:
    for rank in ({"txt": "dog"}, {"txt": {}}):
        with pytest.raises(ArgumentError, match="no key 'txt' here; known are image, input"):
            app.search.query([rank])
    with pytest.raises(ArgumentError, match="rank by one of image, input"):
        app.search.query([{"weight": 2}])


def test_a_wrong_number_is_named_as_it_was_given(app: nearsight.App) -> None:
    with pytest.raises(ArgumentError, match=r"^per_page=0"):
        next(app.search.pages(per_page=0))


def test_annotations_are_added_from_a_list(app: nearsight.App) -> None:
    with pytest.raises(ArgumentError, match="list of dictionaries"):
        app.annotations.bulk_add({"input": "red"})  # type: ignore[arg-type]


@pytest.mark.parametrize("line", ["dog > 0.5", "dog<0.5", "dog <= 0.5", '"dog" != 1'])
def test_another_comparison_of_a_probability_says_how_to_write_it(line: str) -> None:
    with pytest.raises(ArgumentError, match=r"needs >= .*not dog >= 0.5"):
        filters.parse(line)


@pytest.mark.parametrize("name", ["my dog", "'my dog'", "not", 'a "b', "🐶"])
def test_the_filter_that_an_error_proposes_can_be_read(app: nearsight.App, name: str) -> None:
    app.inputs.update("red", concepts=[name])
    with pytest.raises(NotFoundError) as untaught:
        app.search(concept=name)
    assert proposed(untaught.value) == nearsight.annotated(name)


def test_the_filter_by_prediction_that_an_error_proposes_can_be_read(app: nearsight.App) -> None:
    with pytest.raises(NotFoundError) as unsaid:
        app.inputs.count(nearsight.annotated("sports car"))
    assert proposed(unsaid.value) == nearsight.predicted("sports car", 0.5)


def proposed(error: NotFoundError) -> filters.Filter:
    found = re.search(r"where=(.*?)(, or|$)", str(error))
    assert found is not None
    return filters.parse(ast.literal_eval(found[1]))
