"""app.concepts: your own and the general ones, made, named, found, paged and walked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from planted import Planted, plain

import nearsight
from nearsight import ArgumentError, NotFoundError, ReadOnlyError
from nearsight.concepts import Concept, Concepts
from nearsight.embedders import Grid

DOG, CAT = "n02084071", "n02121620"


def of(app: nearsight.App, embedder: Any = None) -> Concepts:
    return Concepts(app._truth, app._engine, embedder or Planted())


@pytest.fixture
def app(tmp_path: Path) -> Iterator[nearsight.App]:
    with nearsight.open(tmp_path / "photos.ns", model=Planted()) as app:
        yield app


@pytest.fixture
def concepts(app: nearsight.App) -> Concepts:
    return of(app)


def ids(found: list[Concept]) -> list[str]:
    return [concept.id for concept in found]


# -- making and naming -------------------------------------------------------------------------


def test_a_concept_is_created_and_found_again(concepts: Concepts) -> None:
    made = concepts.create("rex", "Rex the dog")
    assert made == concepts.get("rex") == concepts["rex"]
    assert (made.id, made.name, made.source, made.language) == ("rex", "Rex the dog", "own", None)
    assert (made.positives, made.negatives) == (0, 0)
    assert made.added_at is not None
    assert abs(datetime.now(UTC) - made.added_at) < timedelta(minutes=5)
    assert "rex" in concepts
    assert "Rex the dog" not in concepts


def test_what_is_said_of_inputs_is_said_by_id_whatever_the_names(app: nearsight.App) -> None:
    app.concepts.create("rex", "Rexy")
    (id_,) = app.inputs.add(plain((9, 200, 9)), concepts=["rex"]).added
    assert app.inputs.count("Rexy") == 1  # a filter takes the name as well
    app.inputs.update(id_, concepts=["Rexy"])
    own = app.concepts.list(source="own")
    assert {concept.id: concept.positives for concept in own} == {"rex": 1, "Rexy": 1}


def test_names_default_to_ids(concepts: Concepts) -> None:
    assert concepts.create("rex").name == "rex"
    assert [made.name for made in concepts.bulk_create(["猫", "b c"])] == ["猫", "b c"]
    assert [made.name for made in concepts.bulk_create(iter("xy"), ["X", "Y"])] == ["X", "Y"]
    assert concepts.bulk_create([]) == []


def test_concepts_last_when_the_app_is_closed(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "a.ns", model=Planted()) as app:
        of(app).bulk_create(["a", "b"], ["A", "B"])
        of(app).update("b", "Bee")
    with nearsight.open(tmp_path / "a.ns", model=Planted()) as app:
        assert [(c.id, c.name) for c in of(app).list(source="own")] == [("a", "A"), ("b", "Bee")]


@pytest.mark.parametrize("taken", ["rex", " rex ", DOG, "ai_8S2Vq3cR"])
def test_an_id_that_is_taken_is_refused_and_nothing_is_created(
    concepts: Concepts, taken: str
) -> None:
    concepts.create("rex")
    with pytest.raises(ArgumentError, match="already"):
        concepts.bulk_create(["new", taken])
    assert ids(concepts.list(source="own")) == ["rex"]


def test_an_id_that_comes_twice_is_refused(concepts: Concepts) -> None:
    with pytest.raises(ArgumentError, match="'a' comes 2 times"):
        concepts.bulk_create(["a", "b", "a "])
    assert concepts.list(source="own") == []


@pytest.mark.parametrize("id", ["", "  ", "a/b", "x" * 201, "a\0b", "\ud800", 7, None, b"a", ["a"]])
def test_a_bad_id_is_refused(concepts: Concepts, id: Any) -> None:
    with pytest.raises(ArgumentError):
        concepts.create(id)
    with pytest.raises(ArgumentError):
        concepts.bulk_create(["good", id])
    assert concepts.list(source="own") == []


@pytest.mark.parametrize("name", ["", " ", "x" * 201, "a\0b", 7, ["a"]])
def test_a_bad_name_is_refused(concepts: Concepts, name: Any) -> None:
    concepts.create("rex")
    with pytest.raises(ArgumentError):
        concepts.create("max", name)
    with pytest.raises(ArgumentError):
        concepts.update("rex", name)
    assert [(c.id, c.name) for c in concepts.list(source="own")] == [("rex", "rex")]


@pytest.mark.parametrize(
    ("ids", "names"), [("ab", None), ({"a": 1}, None), (7, None), (["a"], "A"), (["a"], ["A", "B"])]
)
def test_bulk_takes_lists_of_one_length(concepts: Concepts, ids: Any, names: Any) -> None:
    with pytest.raises(ArgumentError):
        concepts.bulk_create(ids, names)
    concepts.create("a")
    if names is not None:
        with pytest.raises(ArgumentError):
            concepts.bulk_update(ids, names)


def test_long_ids_without_ascii_are_fine(concepts: Concepts) -> None:
    assert concepts.create("猫" * 200).id == "猫" * 200


def test_own_concepts_are_renamed_together(concepts: Concepts) -> None:
    concepts.bulk_create(["a", "b"])
    found = concepts.bulk_update(["b", "a"], ["Bee", "Aye"])
    assert [(c.id, c.name) for c in found] == [("b", "Bee"), ("a", "Aye")]
    assert concepts["a"].name == "Aye"


def test_general_concepts_and_unknown_ones_are_not_renamed(concepts: Concepts) -> None:
    concepts.create("a")
    with pytest.raises(ArgumentError, match="keep their names"):
        concepts.bulk_update(["a", DOG], ["Aye", "Wau"])
    with pytest.raises(NotFoundError):
        concepts.bulk_update(["a", "b"], ["Aye", "Bee"])
    assert concepts["a"].name == "a"
    assert concepts[DOG].name == "dog"


def test_a_read_only_app_makes_no_concepts(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "a.ns", model=Planted()) as app:
        of(app).create("rex")
    with nearsight.open(tmp_path / "a.ns", model=Planted(), read_only=True) as app:
        with pytest.raises(ReadOnlyError):
            of(app).create("max")
        with pytest.raises(ReadOnlyError):
            of(app).update("rex", "Rex")
        assert of(app)["rex"].name == "rex"


# -- looking up --------------------------------------------------------------------------------


def test_what_is_said_of_inputs_is_counted(app: nearsight.App, concepts: Concepts) -> None:
    colours = [(250, 10 * n, 20) for n in range(5)]
    app.inputs.add(map(plain, colours[:3]), concepts=["rosso", DOG])
    app.inputs.add(map(plain, colours[3:]), not_concepts=["rosso"])
    rosso, dog = concepts["rosso"], concepts[DOG]
    assert (rosso.source, rosso.positives, rosso.negatives) == ("own", 3, 2)
    assert (dog.source, dog.name, dog.positives, dog.negatives) == ("general", "dog", 3, 0)
    assert dog.added_at is not None
    assert concepts[CAT].added_at is None
    assert len(concepts) == 1861


def test_an_unknown_id_names_those_like_it(concepts: Concepts) -> None:
    concepts.create("rex", "Bello")
    for asked, meant in [("rexx", "rex"), ("bello", "rex"), ("dog", DOG), ("doggg", "dog")]:
        with pytest.raises(NotFoundError, match=f"Did you mean .*{meant}"):
            concepts.get(asked)
    with pytest.raises(NotFoundError, match="'qwertyuiop'"):
        _ = concepts["qwertyuiop"]
    for bad in (7, None, "a\0", "\ud800"):
        assert bad not in concepts
        with pytest.raises(ArgumentError):
            concepts.get(bad)  # type: ignore[arg-type]


def test_ids_of_the_documents_examples_are_understood(concepts: Concepts) -> None:
    assert concepts["ai_8S2Vq3cR"] == concepts[DOG]
    assert "ai_ZKJ48TFz" in concepts


def test_own_concepts_come_first_and_pages_end(concepts: Concepts) -> None:
    concepts.bulk_create(["z", "a"])
    everything = list(concepts)
    assert len(everything) == len(concepts) == 1862
    assert ids(everything[:3]) == ["z", "a", "n01440764"]
    paged = [c for page in range(1, 5) for c in concepts.list(page, per_page=500)]
    assert paged == everything
    assert concepts.list(5, 500) == concepts.list(10**9, 1000) == []
    assert len(concepts.list()) == 20
    assert ids(concepts.list(1, 1, source="general")) == ["n01440764"]
    assert ids(concepts.list(source="own")) == ["z", "a"]


@pytest.mark.parametrize(
    "asked",
    [
        {"page": 0}, {"page": -1}, {"page": True}, {"page": 1.0}, {"page": "1"}, {"per_page": 0},
        {"per_page": -1}, {"per_page": 1001}, {"per_page": None}, {"source": "mine"},
    ],
)  # fmt: skip
def test_a_bad_page_is_refused(concepts: Concepts, asked: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match=next(iter(asked))):
        concepts.list(**asked)


def test_a_model_that_predicts_nothing_leaves_your_own(tmp_path: Path) -> None:
    with nearsight.open(tmp_path / "a.ns", model="grid") as app:
        concepts = of(app, Grid())
        concepts.create("rex")
        assert ids(list(concepts)) == ["rex"]
        assert ids(concepts.search("*")) == ["rex"]
        assert DOG not in concepts
        assert concepts.parents("rex") == concepts.children("rex") == []


# -- searching ---------------------------------------------------------------------------------


def test_names_are_searched_own_ones_first(concepts: Concepts) -> None:
    concepts.bulk_create(["d2", "d1", "猫2"], ["Dogge", "dog", "猫の耳"])
    assert ids(concepts.search("DOG*"))[:3] == ["d2", "d1", DOG]
    assert ids(concepts.search("dog")) == ["d1", DOG]
    assert ids(concepts.search("猫*", "ja"))[0] == "猫2"
    assert concepts.search("nothing like it") == []


def test_a_language_translates_general_names(concepts: Concepts) -> None:
    (dog,) = concepts.search("犬", "ja")
    assert (dog.id, dog.name, dog.language) == (DOG, "犬", "ja")
    assert len(concepts.search("狗*", "zh")) >= 1
    assert concepts.search("狗*", "zh_CN")[0].language == "zh"
    (person,) = concepts.search("人", "ja")
    assert person.name == "人"
    assert (concepts[DOG].name, concepts[DOG].language) == ("dog", "en")


@pytest.mark.parametrize("asked", [("dog", "xx"), (7, None), (None, None), ("a\0", None)])
def test_a_bad_search_is_refused(concepts: Concepts, asked: Any) -> None:
    with pytest.raises(ArgumentError):
        concepts.search(*asked)


# -- the tree ----------------------------------------------------------------------------------


def test_the_tree_is_walked(concepts: Concepts) -> None:
    concepts.create("rex")
    assert [c.name for c in concepts.parents(DOG)] == ["canine", "domestic animal"]
    assert "Dalmatian" in [c.name for c in concepts.children("ai_8S2Vq3cR")]
    assert concepts.parents("rex") == concepts.children("rex") == []
    for walk in (concepts.parents, concepts.children):
        with pytest.raises(NotFoundError):
            walk("nobody")
