"""How well concepts are learned from five photographs each, and how honest the report on it is.

    python tests/e2e/taught_concepts.py

Teaches every concept that at least eight of Debian's tuxpaint stamps show (by the ground truth of
concept_precision.py) to models of their own: five stamps drawn at random are said to show it, and
nothing is said of the others. Then it searches for the concept. The average precision is that among
all other stamps, of the concept taught under three names: its own ("bird"), one that means nothing
("concept 7, draw 0"), and that of another concept in the table. Beside it stands the one that the
training under its own name reported, which has seen no more than the five. Four draws, always the
same ones. Exit status 1 if a mean misses what is promised below.

What to know of the numbers:

- The other stamps are searched, so they are also what the training took as presumed negatives,
  those that show the concept among them; as in a collection of which five pictures are labelled.
- The concepts are WordNet's, and so is the tree in which a model looks for what examples share. To
  show how much that helps, the column "plain" is a plain mean of the five embeddings, which knows
  nothing of WordNet. Of 26 folders of the stamps ("halloween", "space"), taught under names that
  mean nothing, the mean is 0.60. All concepts of the table are ones whose names the tree knows;
  what people teach often is not, and for that the column "unnamed" is the one to look at.
- The ground truth is strict: of "tool", a pair of scissors is wrong. A head that is told of all
  stamps what they show reaches 0.82 on those it has not seen (ten folds): more than that cannot be
  had from these embeddings, and a search for the concept by its own name reaches 0.77.
- How the two judges of a model are weighed was fitted to every other of the concepts, but with the
  results of all of them in sight.
- How much of its belief a model gives to a name, a half, was chosen with all of them in sight, too:
  more does slightly better under the own name and worse under a wrong one. Of 0.1, 0.5, 0.9 and
  0.99 the means under the own name are 0.769, 0.773, 0.775 and 0.776 on every other concept
  (unnamed 0.752), and 0.838, 0.842, 0.844 and 0.845 on the rest (unnamed 0.815).
- The fewer the examples, the more a name counts. Of one, two and three: 0.73, 0.79 and 0.81 under
  the own name, 0.62, 0.71 and 0.75 unnamed, 0.56, 0.68 and 0.74 under the name of something else.
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
LEAST_NAMED = 0.80  # mean average precision, taught under its own name
LEAST_UNNAMED = 0.75  # under a name that means nothing; the draw of the examples moves it by 0.02
MOST_LOST = 0.01  # of that, by the name of something else
MOST_APART = 0.1  # reported from measured: the means of five examples; a concept, half labelled

# named, unnamed, misnamed, reported, mean of embeddings, seconds
Row = tuple[float, float, float, float, float, float]


def main() -> int:
    """Print the table; 0 if all promises hold."""
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
        print("named  unnamed  misnamed  reported  plain  concept              stamps")
        other = dict(zip(shown, np.roll(list(shown), len(shown) // 2).tolist(), strict=True))
        rows = np.array(
            [row for name in shown for row in table(app, name, other[name], shown[name])]
        )
        halves = np.array([pair for name in shown for pair in labelled(app, name, shown[name])])
    *means, seconds = rows.mean(0)
    named, unnamed, misnamed, reported, _ = means
    print(f"{line(means)}  mean of {len(shown)} concepts")
    tell_apart(rows[:, [0, 3]])
    measured, told = halves.mean(0)
    print(f"half of the stamps labelled, unnamed: {measured:.3f}, reported {told:.3f}")
    off = tell_apart(halves)
    print(f"one training: {1000 * seconds:.0f} ms")
    good = named >= LEAST_NAMED and unnamed >= LEAST_UNNAMED and unnamed - misnamed <= MOST_LOST
    honest = abs(named - reported) <= MOST_APART and off <= MOST_APART
    return 0 if good and honest else 1


def line(means: list[float]) -> str:
    """The means of a row, below the heads of their columns."""
    return "{:5.3f}  {:7.3f}  {:8.3f}  {:8.3f}  {:5.3f}".format(*means)


def tell_apart(rows: np.ndarray) -> float:
    """Print how far reported lies from measured; return it for the mean of one concept."""
    apart = rows[:, 1] - rows[:, 0]
    concept = np.abs(apart.reshape(-1, DRAWS).mean(1)).mean()
    print(
        f"    reported and measured, apart: means {abs(apart.mean()):.3f}, "
        f"one concept {concept:.3f}, one training {np.abs(apart).mean():.3f}"
    )
    return float(concept)


def table(app: nearsight.App, name: str, other: str, right: list[str]) -> Iterator[Row]:
    """Teach a concept in every draw; print the means, yield the rows."""
    random = np.random.default_rng([len(right), *name.encode()])
    number = len(app.models)
    rows = [
        taught(app, f"concept {number}, draw {draw}", (name, other), right, random)
        for draw in range(DRAWS)
    ]
    print(f"{line(np.mean(rows, 0)[:-1].tolist())}  {name:20} {len(right):6}")
    yield from rows


def taught(
    app: nearsight.App,
    concept: str,
    names: tuple[str, str],
    right: list[str],
    random: np.random.Generator,
) -> Row:
    """Teach the concept with five of the inputs that show it, and judge the search for it.

    `names` are its own and a wrong one; `concept`, its id, means nothing.
    """
    assert not ConceptTree.load().named(concept)
    examples = [right[i] for i in random.permutation(len(right))[:TAUGHT]]
    app.inputs.add([app.inputs[id].path for id in examples], concepts=[concept])
    model = app.models.create(concept, concepts=[concept])
    found: dict[str, float] = {}
    for name in (concept, names[1], names[0]):
        app.concepts.update(concept, name=name)
        start = time.perf_counter()
        report = model.train().reports[concept]
        seconds = time.perf_counter() - start
        order = app.search(concept=concept, k=len(app.inputs)).ids
        found[name] = average_precision(order, examples, right)
    assert report.average_precision is not None
    plain = average_precision(nearest_to_mean(app, examples), examples, right)
    named, unnamed, misnamed = (found[name] for name in (names[0], concept, names[1]))
    return named, unnamed, misnamed, report.average_precision, plain, seconds


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
