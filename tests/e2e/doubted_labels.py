"""How well a model finds labels that are wrong, and chooses what to ask about next.

    python tests/e2e/doubted_labels.py

On Debian's tuxpaint stamps, with the ground truth of concept_precision.py, for every concept that
at least eight of them show:

- suspects: every stamp is labelled, but an eighth of those that show the concept (one at least) are
  said not to, and as many others are said to show it. The precision is that among the first n
  suspects, n being half of the labels that were planted; the recall that among the first ten.
- suggest, where at least twenty show it: three of the stamps are said to show the concept. Ten more
  are labelled truthfully: those that the model suggests, or ten at random. The average precision of
  a search, before and after, is that among all stamps but these 23.

Exit status 1 if a mean misses what is promised below.
"""

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from concept_precision import STAMPS, relevant, what_stamps_show

import nearsight
from nearsight.knowledge import ConceptTree

LEAST_STAMPS = 8
LEAST_ASKED = 20
TAUGHT, ASKED = 3, 10
LEAST_PRECISION = 0.7
LEAST_GAIN = 0.01  # of ten suggested labels over ten at random


def main() -> int:
    """Print both tables' means; 0 if both promises hold."""
    tree = ConceptTree.load()
    truth = what_stamps_show(tree)
    names = dict.fromkeys(concept.name for concept in tree if concept.shown)
    shown = {name: relevant(tree.named(name), truth) for name in names}
    shown = {name: right for name, right in shown.items() if len(right) >= LEAST_STAMPS}
    many = {name: right for name, right in shown.items() if len(right) >= LEAST_ASKED}
    with tempfile.TemporaryDirectory() as folder, nearsight.open(Path(folder) / "s.ns") as app:
        ids = add(app, list(truth))
        found = np.array([wrong_labels(app, ids, *item) for item in shown.items()])
        gains = np.array([asked(app, ids, *item) for item in many.items()])
    print(f"suspects: precision {found[:, 0].mean():.3f}, recall {found[:, 1].mean():.3f}")
    start, suggested, random = gains.mean(0)
    print(f"suggest: {start:.3f} → {suggested:.3f}; ten at random: {random:.3f}")
    good = found[:, 0].mean() >= LEAST_PRECISION and suggested - random >= LEAST_GAIN
    return 0 if good else 1


def wrong_labels(
    app: nearsight.App, ids: dict[str, str], name: str, right: set[str]
) -> tuple[float, float]:
    """Plant wrong labels of a concept: the precision and the recall of the suspects."""
    random = np.random.default_rng([*name.encode()])
    yes, no = sorted(right & ids.keys()), sorted(ids.keys() - right)
    count = max(1, len(yes) // 8)
    wrong = {str(s) for s in random.choice(yes, count, False)}
    wrong |= {str(s) for s in random.choice(no, count, False)}
    say(app, name, right ^ wrong, ids.items())
    model = app.models.create(f"own {name}", concepts=[name])
    suspects = [suspect.input.id for suspect in model.suspects(max(count, ASKED))]
    planted = [id_ in {ids[stamp] for stamp in wrong} for id_ in suspects]
    return sum(planted[:count]) / count, sum(planted[:ASKED]) / len(wrong)


def asked(
    app: nearsight.App, ids: dict[str, str], name: str, right: set[str]
) -> tuple[float, float, float]:
    """The average precision before, after ten suggested labels, and after ten at random."""
    random = np.random.default_rng([1, *name.encode()])
    stamps = {id_: stamp for stamp, id_ in ids.items()}
    taught = {str(s) for s in random.choice(sorted(right & ids.keys()), TAUGHT, False)}
    rest = sorted(ids.keys() - taught)
    orders: list[list[str]] = []
    known = set(taught)
    for how in ("nothing", "suggest", "random"):
        concept = f"{name} {how}"
        say(app, concept, right, ((stamp, ids[stamp]) for stamp in taught))
        model = app.models.create(f"own {concept}", concepts=[concept])
        model.train()
        more = [] if how == "nothing" else [str(s) for s in random.choice(rest, ASKED, False)]
        if how == "suggest":
            more = [stamps[suggestion.input.id] for suggestion in model.suggest(ASKED)]
        say(app, concept, right, ((stamp, ids[stamp]) for stamp in more))
        model.train()
        known |= set(more)
        hits = app.search(concept=concept, k=len(ids)).ids
        orders.append([stamps[id_] for id_ in hits])
    before, suggested, others = (average_precision(order, known, right) for order in orders)
    return before, suggested, others


def add(app: nearsight.App, stamps: list[str]) -> dict[str, str]:
    """Add the stamps; their ids by stamp, without those that are copies of another."""
    report = app.inputs.add([STAMPS / stamp for stamp in stamps])
    assert not report.failed, report.failed[0]
    return {str(Path(input.name).relative_to(STAMPS)): input.id for input in app.inputs}


def say(app: nearsight.App, concept: str, right: set[str], ids: Iterable[tuple[str, str]]) -> None:
    """Say of all these stamps, with their ids, whether they show it."""
    listed = list(ids)
    yes = [id_ for stamp, id_ in listed if stamp in right]
    no = [id_ for stamp, id_ in listed if stamp not in right]
    app.inputs.update(yes, concepts=[concept])
    app.inputs.update(no, not_concepts=[concept])


def average_precision(order: list[str], known: set[str], right: set[str]) -> float:
    """The mean precision at the stamps that are right, those that are known left out."""
    hits = np.isin([stamp for stamp in order if stamp not in known], list(right))
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


if __name__ == "__main__":
    sys.exit(main())
