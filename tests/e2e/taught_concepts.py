"""How well concepts are learned from five photographs each, and how honest the report on it is.

    python tests/e2e/taught_concepts.py

Teaches every concept that at least eight of Debian's tuxpaint stamps show (by the ground truth of
concept_precision.py) to models of their own: five stamps drawn at random are said to show it, and
nothing is said of the others. Then it searches for the concept. The average precision is that among
all other stamps; beside it stands the one that the training reported, which has seen no more than
the five. Four draws, always the same ones. Exit status 1 if a mean misses what is promised below.

What to know of the numbers:

- The other stamps are searched, so they are also what the training took as presumed negatives,
  those that show the concept among them; as in a collection of which five pictures are labelled.
- The concepts are WordNet's, and so is the tree in which a model looks for what examples share. To
  show how much that helps, the third column is a plain mean of the five embeddings, which knows
  nothing of WordNet. Of 26 folders of the stamps ("halloween", "space") the mean is 0.60.
- The ground truth is strict: of "tool", a pair of scissors is wrong. A head that is told of all
  stamps what they show reaches 0.82 on those it has not seen (ten folds): more than that cannot be
  had from these embeddings, and a search for the concept by its own name reaches 0.77.
- How the two judges of a model are weighed was chosen on every other of the concepts.
- What five examples report says little of one concept: "apart" is the mean distance of reported
  from measured of one training, and of one concept's mean of four. Below it stands what is reported
  and measured where half of the stamps are labelled, in models that presume nothing: that is close.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from concept_precision import STAMPS, relevant, what_stamps_show

import nearsight
from nearsight.knowledge import ConceptTree

TAUGHT = 5
LEAST_STAMPS = 8
DRAWS = 4
LEAST_PRECISION = 0.75  # mean average precision; the draw of the examples moves it by 0.02
MOST_APART = 0.1  # reported from measured: the means of five examples; a concept, half labelled

Row = tuple[float, float, float, float]  # measured, reported, mean of embeddings, seconds


def main() -> int:
    """Print the table; 0 if both promises hold."""
    tree = ConceptTree.load()
    truth = what_stamps_show(tree)
    names = dict.fromkeys(concept.name for concept in tree if concept.shown)
    categories = {name: relevant(tree.named(name), truth) for name in names}
    with tempfile.TemporaryDirectory() as folder, nearsight.open(Path(folder) / "s.ns") as app:
        report = app.inputs.add([STAMPS / stamp for stamp in truth])
        assert not report.failed, report.failed[0]
        by_name = {Path(input.name): input.id for input in app.inputs}
        shown = {
            name: sorted(by_name[STAMPS / stamp] for stamp in right if STAMPS / stamp in by_name)
            for name, right in categories.items()
        }
        shown = {name: right for name, right in shown.items() if len(right) >= LEAST_STAMPS}
        print("measured  reported  plain  concept              stamps")
        rows = np.array([row for name in shown for row in table(app, name, shown[name])])
        halves = np.array([pair for name in shown for pair in labelled(app, name, shown[name])])
    measured, reported, plain, seconds = rows.mean(0)
    print(f"{measured:8.3f}  {reported:8.3f}  {plain:5.3f}  mean of {len(shown)} concepts")
    tell_apart(rows)
    print(f"{halves[:, 0].mean():8.3f}  {halves[:, 1].mean():8.3f}  half of the stamps labelled")
    off = tell_apart(halves)
    print(f"one training: {1000 * seconds:.0f} ms")
    honest = abs(measured - reported) <= MOST_APART and off <= MOST_APART
    return 0 if measured >= LEAST_PRECISION and honest else 1


def tell_apart(rows: np.ndarray) -> float:
    """Print how far reported lies from measured; return it for the mean of one concept."""
    apart = rows[:, 1] - rows[:, 0]
    concept = np.abs(apart.reshape(-1, DRAWS).mean(1)).mean()
    print(
        f"    reported and measured, apart: means {abs(apart.mean()):.3f}, "
        f"one concept {concept:.3f}, one training {np.abs(apart).mean():.3f}"
    )
    return float(concept)


def table(app: nearsight.App, name: str, right: list[str]) -> Iterator[Row]:
    """Teach a concept in every draw; print the means, yield the rows."""
    random = np.random.default_rng([len(right), *name.encode()])
    rows = [taught(app, f"{name}, draw {n}", right, random) for n in range(DRAWS)]
    measured, reported, plain, _ = np.mean(rows, 0)
    print(f"{measured:8.3f}  {reported:8.3f}  {plain:5.3f}  {name:20} {len(right):6}")
    yield from rows


def taught(app: nearsight.App, concept: str, right: list[str], random: np.random.Generator) -> Row:
    """Teach the concept with five of the inputs that show it, and judge the search for it."""
    examples = [right[i] for i in random.permutation(len(right))[:TAUGHT]]
    app.inputs.add([app.inputs[id].path for id in examples], concepts=[concept])
    model = app.models.create(concept, concepts=[concept])
    start = time.perf_counter()
    report = model.train().reports[concept]
    seconds = time.perf_counter() - start
    assert report.average_precision is not None
    found = average_precision(app.search(concept=concept, k=len(app.inputs)).ids, examples, right)
    plain = average_precision(nearest_to_mean(app, examples), examples, right)
    return found, report.average_precision, plain, seconds


def labelled(app: nearsight.App, name: str, right: list[str]) -> Iterator[tuple[float, float]]:
    """Say of half of all stamps whether they show it; yield measured and reported, draw by draw."""
    everything = [input.id for input in app.inputs]
    for draw in range(DRAWS):
        random = np.random.default_rng([draw, *name.encode()])
        half = set(random.permutation(right)[: len(right) // 2].tolist())
        others = sorted(set(everything) - set(right))
        half |= set(random.permutation(others)[: len(others) // 2].tolist())
        concept = f"{name}, half {draw}"
        app.inputs.add([app.inputs[id].path for id in half & set(right)], concepts=[concept])
        app.inputs.add([app.inputs[id].path for id in half - set(right)], not_concepts=[concept])
        model = app.models.create(concept, concepts=[concept], closed_environment=True)
        reported = model.train().reports[concept].average_precision
        order = app.search(concept=concept, k=len(everything)).ids
        assert reported is not None
        yield average_precision(order, sorted(half), right), reported


def nearest_to_mean(app: nearsight.App, examples: list[str]) -> list[str]:
    """The inputs by the sum of their cosines to the examples."""
    sums: dict[str, float] = {}
    for example in examples:
        for hit in app.search(input=example, k=len(app.inputs)):
            sums[hit.id] = sums.get(hit.id, 0.0) + (hit.cosine or 0.0)
    return sorted(sums, key=lambda id: -sums[id])


def average_precision(order: list[str], examples: list[str], right: list[str]) -> float:
    """The mean precision at the inputs that are right, the examples left out."""
    others = [id for id in order if id not in set(examples)]
    hits = np.isin(others, right)
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


if __name__ == "__main__":
    sys.exit(main())
