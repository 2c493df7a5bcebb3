"""Measures the names in other languages on the descriptions of Debian's tuxpaint stamps.

    python precision.py [STAMPS]        prints the table of README.md

A stamp has a short English description and translations of it by volunteers who knew nothing of us.
Where the English, without its article, names a concept, its translation should, too. Of each
language: how many such descriptions there are, the share of which the translation is known (hit),
and of these the share that means one of the concepts that the English means (precision), or one
directly above or below it (near). Ambiguous words and translators' liberties count as wrong.
"""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from nearsight.knowledge import ConceptTree, GeneralConcept

_ARTICLE = re.compile(
    r"^(an?|the|some|un|une|uno|una|unha|el|la|los|las|les?|lo|il|i|gli|uma?|os?|as?|eine?|einen|der"
    r"|die|das|een|de|het|en|ett?|ei|'n|egy|az|एक|ένας|μια|μία|ένα|bir|một)\s+|^(l|d|un)['\u2019]",
    re.IGNORECASE,
)
_END = re.compile(r"[.\u3002!\uff01|।؛,،\s]+$")
_TRANSLATION = re.compile(r"([\w@]+)\.utf8=(.*)")
_LOCALES = {"nb": "no", "zh_CN": "zh", "zh_TW": "zh-Hant", "pt_BR": "pt"}


@dataclass
class Score:
    """One language: descriptions, those that are known, rightly, or nearly so; what went wrong."""

    asked: int = 0
    known: int = 0
    right: int = 0
    near: int = 0
    wrong: list[str] = field(default_factory=list)


def bare(description: str) -> str:
    """Return a description without its article and its full stop."""
    return _ARTICLE.sub("", _END.sub("", description.strip(" .\t\u200b\u200c")))


def described(stamps: Path) -> Iterator[tuple[str, str, str]]:
    """Yield (English, locale, translation) of all stamps, each once."""
    seen = set()
    for file in sorted(stamps.rglob("*.txt")):
        english, *others = [*file.read_text("utf-8", errors="replace").splitlines(), ""]
        for line in others:
            if found := _TRANSLATION.match(line):
                pair = bare(english), found[1], bare(found[2])
                if all(pair) and pair not in seen and pair[0].lower() != pair[2].lower():
                    seen.add(pair)
                    yield pair


def measure(tree: ConceptTree, stamps: Path) -> dict[str, Score]:
    """Return the score of every language that both know."""
    scores: dict[str, Score] = {}
    for english, locale, translation in described(stamps):
        language = _LOCALES.get(locale, locale)
        meant = tree.named(english, "en")
        if meant and language in tree.languages and language != "en":
            score = scores.setdefault(language, Score())
            score.asked += 1
            if found := tree.named(translation, language):
                count(score, found, meant, f"{translation}: {english}, not {found[0].name}")
    return scores


def count(
    score: Score, found: list[GeneralConcept], meant: list[GeneralConcept], what: str
) -> None:
    """Count one known translation."""
    ids = {concept.id for concept in meant}
    around = ids.union(*(concept.parents for concept in meant))
    right = any(concept.id in ids for concept in found)
    score.known += 1
    score.right += right
    score.near += right or any({c.id, *c.parents} & around for c in found)
    if not right:
        score.wrong.append(what)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stamps", type=Path, nargs="?", default="/usr/share/tuxpaint/stamps")
    parser.add_argument("--wrong", action="store_true", help="print what is wrong, too")
    options = parser.parse_args()
    tree = ConceptTree.load()
    scores = measure(tree, options.stamps)
    print("| language | concepts | names | words asked | hit | precision | near |")
    print("|---|---|---|---|---|---|---|")
    for language in tree.languages:
        if language == "en":
            continue
        known = len(tree.matching("*", language))
        named = sum(1 for concept in tree if tree.name(concept, language))
        score = scores.get(language, Score())
        shares = [f"{part / max(1, score.known):.2f}" for part in (score.right, score.near)]
        hit = f"{score.known / max(1, score.asked):.2f}"
        print(f"| {language} | {known} | {named} | {score.asked} | {hit} | {' | '.join(shares)} |")
        if options.wrong:
            print("\n".join(f"    {wrong}" for wrong in score.wrong))


if __name__ == "__main__":
    main()
