"""Names in other languages: what they mean, how texts are read, how right the table is."""

import hashlib
import sys
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from types import ModuleType

import pytest

from nearsight import ArgumentError, NotFoundError
from nearsight.knowledge import ConceptTree
from nearsight.knowledge.lexicon import Lexicon
from nearsight.knowledge.lexicons import Lexicons
from nearsight.knowledge.pattern import Pattern

RECIPE = Path(__file__).parents[2] / "models" / "languages"
STAMPS = Path("/usr/share/tuxpaint/stamps")
TREE = ConceptTree.load()
DOG, CAT, PERSON, TRAIN = "n02084071", "n02121620", "n00007846", "n04468005"


@pytest.fixture(scope="module")
def recipe() -> Iterator[tuple[ModuleType, ModuleType]]:
    """Give names.py and precision.py; they import their neighbours by name, as scripts do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(RECIPE)
        import names
        import precision

        yield names, precision
        for name in ("names", "precision", "alignment", "wordnets"):
            sys.modules.pop(name, None)


def named(name: str, language: str | None = None) -> list[str]:
    return [concept.name for concept in TREE.named(name, language)]


def read(text: str, language: str | None = None) -> list[tuple[str, str]]:
    return [(words, found[0].name) for words, found in TREE.in_text(text, language)]


# ---- the table


def test_the_table_is_the_one_that_the_recipe_pins(
    recipe: tuple[ModuleType, ModuleType],
) -> None:
    table = (files("nearsight.knowledge") / "names.tsv").read_bytes()
    assert hashlib.sha256(table).hexdigest() == recipe[0].TABLE_SHA256


def test_the_table_carries_the_notices_of_its_sources() -> None:
    notice = (files("nearsight.knowledge") / "NOTICE").read_text(encoding="utf-8")
    for source in ("Unicode-3.0", "OFA-Sys", "Mehdi Cherti", "openWordnet-PT", "Bruno Kessler"):
        assert source in notice


def test_every_row_is_of_a_concept_and_names_it() -> None:
    for language in Lexicons.load().languages:
        concepts = TREE.matching("*", language)
        assert len(concepts) >= 250, language
        assert all(TREE.named(name, language) for name in filter(None, spoken(language))), language


def spoken(language: str) -> list[str | None]:
    return [TREE.name(concept, language) for concept in TREE]


def test_translations_by_people_who_knew_nothing_of_us_agree(
    recipe: tuple[ModuleType, ModuleType],
) -> None:
    """The README's table: in every language most of what is known is right, and enough is known."""
    scores = recipe[1].measure(TREE, STAMPS)
    assert set(scores) == set(Lexicons.load().languages)
    for language, score in scores.items():
        assert score.right >= 0.84 * score.known, (language, score.wrong)
        assert score.near >= 0.9 * score.known, (language, score.wrong)
        assert score.known >= 0.25 * score.asked, language
    assert sum(s.right for s in scores.values()) >= 0.92 * sum(s.known for s in scores.values())
    assert sum(s.known for s in scores.values()) >= 0.48 * sum(s.asked for s in scores.values())


# ---- names


@pytest.mark.parametrize(
    ("language", "name"),
    [
        ("ja", "犬"), ("ja", "イヌ"), ("ja", "いぬ"), ("zh", "狗"), ("zh-Hant", "狗"), ("ko", "개"),
        ("de", "hund"), ("de", "Hunde"), ("fr", "chien"), ("es", "perros"), ("it", "cane"),
        ("pt", "cachorro"), ("ru", "СОБАКА"), ("ar", "كلب"), ("ar", "الكلب"), ("he", "הכלב"),
        ("hi", "कुत्ता"), ("th", "สุนัข"), ("tr", "köpek"), ("nl", "honden"), ("en", "dogs"),
    ],
)  # fmt: skip
def test_a_dog_is_a_dog_in_every_language(language: str, name: str) -> None:
    assert named(name, language) == ["dog"]


@pytest.mark.parametrize("name", ["犬", "собака", "chien", "कुत्ता", "perro", "개"])
def test_without_a_language_a_word_of_another_is_understood(name: str) -> None:
    assert named(name) == ["dog"]


def test_katakana_hiragana_and_half_width_are_one_spelling() -> None:
    assert named("リンゴ", "ja") == named("りんご", "ja") == named("ﾘﾝｺﾞ", "ja") == ["apple"]


def test_a_person_is_named_though_no_class_is_one() -> None:
    assert named("人", "ja") == named("人", "zh") == named("人") == ["person"]
    assert len(TREE[PERSON].leaves) >= 1


@pytest.mark.parametrize("word", ["mouse", "cane", "pan", "gift", "mist", "can"])
def test_an_english_word_is_no_other_languages_unless_asked(word: str) -> None:
    assert TREE.spoken_in(word) in ((), ("en",))
    assert TREE.named(word) == TREE.named(word, "en")
    assert named("cane", "it") == ["dog"]


def test_a_language_that_is_asked_for_is_the_only_one() -> None:
    assert named("dog", "ja") == []
    assert named("犬", "de") == []
    assert named("犬", "en") == []


def test_languages_are_known_by_their_usual_tags() -> None:
    assert named("狗", "zh_TW") == named("狗", "zh-CN") == named("狗", "zh-Hans-SG") == ["dog"]
    assert named("hund", "nb") == named("cachorro", "pt_BR") == named("cachorro", "PT") == ["dog"]


@pytest.mark.parametrize("language", ["xx", "", "japanese", 7, None])
def test_an_unknown_language_is_refused_with_those_there_are(language: object) -> None:
    with pytest.raises(ArgumentError, match="names in en, af, am, ar"):
        TREE.name(TREE[DOG], language)  # type: ignore[arg-type]


def test_names_are_given_in_the_language() -> None:
    assert TREE.name(TREE[DOG], "ja") == "犬"
    assert TREE.name(TREE[CAT], "de") == "Katze"
    assert TREE.name(TREE[DOG]) == TREE.name(TREE[DOG], "en-GB") == "dog"
    assert TREE.name(TREE["n00001740"], "de") is None
    assert TREE.languages[:3] == ("af", "am", "ar")
    assert len(TREE.languages) == 51


def test_words_say_in_which_languages_they_are_understood() -> None:
    assert TREE.spoken_in("dog") == TREE.spoken_in(DOG) == ("en",)
    assert TREE.spoken_in("犬") == ("ja",)
    assert {"de", "da", "no", "sv"} <= set(TREE.spoken_in("Fisch") + TREE.spoken_in("fisk"))
    assert TREE.spoken_in("qwertz") == ()


@pytest.mark.parametrize(
    ("id", "concept"),
    [
        ("ai_8S2Vq3cR", DOG), ("ai_mFqxrph2", CAT), ("ai_HLmqFqBf", TRAIN), ("ai_fvlBqXZR", TRAIN),
        ("ai_ZKJ48TFz", PERSON), ("ai_l8TKp2h5", PERSON),
    ],
)  # fmt: skip
def test_ids_of_the_documents_examples_mean_our_concepts(id: str, concept: str) -> None:
    assert [found.id for found in TREE.named(id)] == [concept]
    assert [found.id for found in TREE.named(id, "ja")] == [concept]


# ---- texts


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("ja", "白い犬と猫", [("犬", "dog"), ("猫", "cat")]),
        ("ja", "犬が走る", [("犬", "dog")]),
        ("ja", "いぬとねこ", [("いぬ", "dog")]),
        ("zh", "一只白狗在草地上", [("狗", "dog")]),
        ("ko", "강아지와 고양이가", [("강아지와", "dog"), ("고양이가", "cat")]),
        ("de", "Ein Hund auf der Wiese", [("Hund", "dog")]),
        ("fr", "l'éléphant et l\u2019orange", [("éléphant", "elephant"), ("orange", "orange")]),
        ("th", "หมาป่าในป่า", [("หมาป่า", "wolf")]),
        ("ar", "الكلب والقط", [("الكلب", "dog"), ("والقط", "cat")]),
    ],
)
def test_texts_are_read_in_their_language(
    language: str, text: str, found: list[tuple[str, str]]
) -> None:
    assert read(text, language) == found
    assert read(text) == found


@pytest.mark.parametrize("text", ["人参", "静かに", "馬鹿", "犬小屋"])
def test_a_letter_within_another_word_is_no_name(text: str) -> None:
    assert read(text, "ja") == []


@pytest.mark.parametrize(
    "text", ["the sunset", "sunset and night", "a gift with mist", "night sky", "", " ", "!?"]
)
def test_an_english_text_that_names_nothing_is_not_read_as_another(text: str) -> None:
    assert read(text) == []


def test_english_goes_first() -> None:
    assert read("dog 猫") == [("dog", "dog")]
    assert TREE.unread("dog 猫") == ["猫"]


def test_of_another_language_no_word_counts_as_unread() -> None:
    assert TREE.unread("ein Hund auf der Wiese") == []
    assert TREE.unread("白い犬", "ja") == []
    assert TREE.unread("sunset") == ["sunset"]


def test_readings_that_most_languages_share_win() -> None:
    lexicons = Lexicons("[aa]\nn1\tfoo\t\n[bb]\nn2\tfoo\t\n[cc]\nn2\tfoo\t\n")
    assert lexicons.matches("foo") == [("foo", 0, 3, ("n2",))]
    assert lexicons.matches("foo", "aa") == [("foo", 0, 3, ("n1",))]


def test_a_name_of_several_concepts_means_all_of_them() -> None:
    lexicon = Lexicon("de", {"n1": ("Bank",), "n2": ("", "bank", "Ufer")})
    assert lexicon.meaning("BANK") == ("n1", "n2")
    assert lexicon.name("n2") is None


# ---- walking


def test_parents_and_children_are_each_others() -> None:
    for concept in TREE:
        assert all(concept in TREE.children(parent.id) for parent in TREE.parents(concept.id))
    assert [parent.name for parent in TREE.parents(DOG)] == ["canine", "domestic animal"]
    assert "Dalmatian" in [child.name for child in TREE.children(DOG)]
    assert TREE.children("n01440764") == TREE.parents("n00001740") == []


def test_walking_from_nowhere_is_an_error() -> None:
    for walk in (TREE.parents, TREE.children):
        with pytest.raises(NotFoundError, match="'n0'"):
            walk("n0")


# ---- patterns


def matching(pattern: str, language: str | None = None) -> list[str]:
    return [concept.name for concept in TREE.matching(pattern, language)]


def test_patterns_find_names_by_part() -> None:
    assert matching("dog*") == ["dog", "dog sled"]
    assert matching("Dog") == ["dog"]
    assert matching("*SHARK") == sorted(matching("*shark"), key=str.lower)
    assert "great white shark" in matching("*shark")
    assert matching("hot*dog") == ["hot dog"]
    assert len(matching("*")) == len(TREE)
    assert matching("zzz*") == matching("") == []


def test_patterns_are_of_the_language() -> None:
    assert matching("狗*", "zh") == matching("狗*") == ["dog", "dog sled"]
    assert len(matching("*狗*", "zh")) >= 15
    assert matching("dog*", "zh") == []


def test_a_pattern_of_many_stars_is_no_trap() -> None:
    assert not Pattern("*a" * 2000 + "b").fits("a" * 1999)
    assert Pattern("*a" * 2000).fits("a" * 2000)
