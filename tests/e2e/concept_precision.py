"""How well predicted concepts find photographs that nobody annotated.

    python tests/e2e/concept_precision.py

prints, for every concept that at least five of Debian's tuxpaint stamps show, the precision among
the first five hits of a search for its name, and the mean over all of them. Exit status 1 if the
mean is below 0.8.

The rule of what a stamp shows, in which no model took part:

- Drawings are left out: the folders symbols, cartoon, roadsigns and flags.
- A stamp shows what the first line of its English description names: a noun of WordNet 3.0, in the
  sense that fits the folder ("orange" below food/fruit is the fruit). stamp_senses.tsv says which,
  and 19 stamps whose description names nothing that fits ("Boom!!!") show nothing.
- It shows every concept that WordNet has above that sense. One exception: everything below
  plants/flowers shows a flower, though for WordNet a rose is a shrub.
- No concept is picked: each one that the tree shows to users and that five stamps show is counted,
  searched by its name. A hit that merely looks right counts as wrong: of "antelope", every deer.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nearsight
from nearsight.knowledge import ConceptTree, GeneralConcept

STAMPS = Path("/usr/share/tuxpaint/stamps")
SENSES = Path(__file__).with_name("stamp_senses.tsv")
FLOWER = "n11669921"
FIRST = 5
LEAST_STAMPS = 5
TARGET = 0.8


def main() -> int:
    """Print the table; 0 if the mean reaches the target."""
    tree = ConceptTree.load()
    truth = what_stamps_show(tree)
    with tempfile.TemporaryDirectory() as folder, nearsight.open(Path(folder) / "s.ns") as app:
        report = app.inputs.add([STAMPS / stamp for stamp in truth])
        assert not report.failed, report.failed[0]
        precisions = dict(table(app, tree, truth))
    mean = sum(precisions.values()) / len(precisions)
    print(f"{mean:9.3f}  mean of {len(precisions)} concepts over {len(truth)} photographs")
    return 0 if mean >= TARGET else 1


def what_stamps_show(tree: ConceptTree) -> dict[str, set[str]]:
    """By stamp (path below the stamps' folder): the ids of all concepts that it shows."""
    lines = SENSES.read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    shown: dict[str, set[str]] = {}
    for stamp, _word, _synset, concepts in rows[1:]:
        nearest = set() if concepts == "-" else set(concepts.split())
        if stamp.startswith("plants/flowers/"):
            nearest.add(FLOWER)
        shown[stamp] = {id for concept in nearest for id in upwards(tree, concept)}
    return shown


def upwards(tree: ConceptTree, id: str) -> Iterator[str]:
    """The concept and everything above it."""
    yield id
    for parent in tree[id].parents:
        yield from upwards(tree, parent)


def table(
    app: nearsight.App, tree: ConceptTree, truth: dict[str, set[str]]
) -> Iterator[tuple[str, float]]:
    """Print and yield the precision of each concept's name, the best first."""
    names = dict.fromkeys(concept.name for concept in tree if concept.shown)
    searches = {name: relevant(tree.named(name), truth) for name in names}
    searches = {name: right for name, right in searches.items() if len(right) >= LEAST_STAMPS}
    found = {name: first_hits(app, name) for name in searches}
    precisions = {name: len(searches[name].intersection(found[name])) / FIRST for name in searches}
    print("precision  concept             stamps  wrong among the first five")
    for name in sorted(precisions, key=lambda name: (-precisions[name], name)):
        wrong = [Path(stamp).stem for stamp in found[name] if stamp not in searches[name]]
        print(f"{precisions[name]:9.1f}  {name:19} {len(searches[name]):6}  {', '.join(wrong)}")
        yield name, precisions[name]


def relevant(concepts: list[GeneralConcept], truth: dict[str, set[str]]) -> set[str]:
    """The stamps that show one of the concepts."""
    ids = {concept.id for concept in concepts}
    return {stamp for stamp, shown in truth.items() if shown & ids}


def first_hits(app: nearsight.App, name: str) -> list[str]:
    """The stamps that a search for the concept finds first."""
    hits = app.search(concept=name, k=FIRST)
    return [str(Path(hit.input.name).relative_to(STAMPS)) for hit in hits]


if __name__ == "__main__":
    sys.exit(main())
