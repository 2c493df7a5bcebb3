"""What a text names: your own concepts and general ones, the longest name at each place."""

import pytest

from nearsight import ArgumentError
from nearsight.knowledge import ConceptTree, OwnNames, read

TREE = ConceptTree.load()
OWN = OwnNames(
    {"rex": "Rex", "a1": "Rex the dog", "dog": "dog", "ポチ": "ポチ", "1": "赤い車", "★": "★"}
)


def named(text: str, language: str | None = None, own: OwnNames = OWN) -> list[tuple[str, object]]:
    found = read(text, own, TREE, language).named
    return [(one.words, one.own or [c.name for c in one.general]) for one in found]


def test_own_names_and_ids_are_found_beside_general_ones() -> None:
    assert named("REX on a sports car") == [("REX", ("rex",)), ("sports car", ["sports car"])]
    assert named("a1 and a cat") == [("a1", ("a1",)), ("cat", ["cat"])]


def test_the_longest_name_wins_and_your_own_where_they_are_equal() -> None:
    assert named("rex the dog") == [("rex the dog", ("a1",))]
    assert named("a dog") == [("dog", ("dog",))]
    golden = OwnNames({"g": "golden", "p": "retriever puppy"})
    assert named("golden retriever", own=golden) == [("golden retriever", ["Golden Retriever"])]
    assert named("golden", own=golden) == [("golden", ("g",))]


def test_plurals_are_found() -> None:
    assert named("two Rexes", own=OwnNames({"r": "rex"})) == [("Rexes", ("r",))]


def test_names_that_are_not_written_apart_are_found_in_a_run() -> None:
    assert named("庭のポチと猫", "ja") == [("ポチ", ("ポチ",)), ("猫", ["cat"])]
    assert named("赤い車が走る", "ja") == [("赤い車", ("1",))]
    assert named("ポチョムキン", "ja") == []


def test_a_name_that_several_concepts_bear_means_all_of_them() -> None:
    assert named("max", own=OwnNames({"a": "Max", "b": "max"})) == [("max", ("a", "b"))]


def test_what_is_not_read_is_said() -> None:
    assert read("rex playing on the grass", OWN, TREE).unread == ("playing", "grass")
    assert read("白い犬", OWN, TREE, "ja").unread == ()
    assert read("rex playing", OWN).unread == ("playing",)


@pytest.mark.parametrize("text", ["", " ", "!?", "★", "\u200d"])
def test_a_text_without_words_names_nothing(text: str) -> None:
    assert read(text, OWN, TREE) == read(text, OwnNames({}), TREE)
    assert read(text, OWN, TREE).named == ()


def test_a_language_without_names_is_refused() -> None:
    with pytest.raises(ArgumentError, match="names in en, af"):
        read("dog", OWN, TREE, "xx")


def test_a_long_text_of_many_names_is_read() -> None:
    assert len(read("rex dog " * 1000, OWN, TREE).named) == 2000
