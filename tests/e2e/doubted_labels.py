"""How well a model finds labels that are wrong, and chooses what to ask about next.

    python tests/e2e/doubted_labels.py

On Debian's tuxpaint stamps, with the ground truth of concept_precision.py, for every concept that
at least eight of them show:

- suspects: every stamp is labelled, but an eighth of those that show the concept (one at least) are
  said not to, and as many others are said to show it. The precision is that among the first n
  suspects, n being half of the labels that were planted; the recall that among the first ten.
- suggest: half of the stamps are the collection, of which three are said to show the concept. Ten
  more are labelled truthfully: those that the model suggests, or ten at random. The average
  precision is that among the other half, which no training has seen.

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
    with tempfile.TemporaryDirectory() as folder:
        found = np.array([*wrong_labels(Path(folder), list(truth), shown)])
        gains = np.array([*asked(Path(folder), list(truth), shown)])
    print(f"suspects: precision {found[:, 0].mean():.3f}, recall {found[:, 1].mean():.3f}")
    start, suggested, random = gains.mean(0)
    print(f"suggest: {start:.3f} → {suggested:.3f}; ten at random: {random:.3f}")
    good = found[:, 0].mean() >= LEAST_PRECISION and suggested - random >= LEAST_GAIN
    return 0 if good else 1


def wrong_labels(
    folder: Path, stamps: list[str], shown: dict[str, set[str]]
) -> Iterable[tuple[float, float]]:
    """Plant wrong labels of each concept; yield precision and recall of the suspects."""
    with nearsight.open(folder / "suspects.ns") as app:
        ids = add(app, stamps)
        for name, right in shown.items():
            random = np.random.default_rng([*name.encode()])
            yes = sorted(right & ids.keys())
            no = sorted(ids.keys() - right)
            count = max(1, len(yes) // 8)
            wrong = {str(s) for s in random.choice(yes, count, False)}
            wrong |= {str(s) for s in random.choice(no, count, False)}
            say(app, name, right ^ wrong, ids)
            model = app.models.create(name, concepts=[name])
            suspects = [suspect.input.id for suspect in model.suspects(max(count, ASKED))]
            planted = [id_ in {ids[stamp] for stamp in wrong} for id_ in suspects]
            yield sum(planted[:count]) / count, sum(planted[:ASKED]) / len(wrong)


def asked(
    folder: Path, stamps: list[str], shown: dict[str, set[str]]
) -> Iterable[tuple[float, float, float]]:
    """Yield the average precision before, after ten suggested labels, and after ten others."""
    order = np.random.default_rng(1).permutation(stamps).tolist()
    here, unseen = order[::2], order[1::2]
    with nearsight.open(folder / "here.ns") as app, nearsight.open(folder / "unseen.ns") as other:
        ids, others = add(app, here), add(other, unseen)
        for name, right in shown.items():
            yes = [stamp for stamp in here if stamp in right and stamp in ids]
            wanted = {others[stamp] for stamp in right & others.keys()}
            if len(yes) <= TAUGHT or len(wanted) < 2:
                continue
            row = []
            for how in ("nothing", "suggest", "random"):
                concept = f"{name} {how}"
                say(app, concept, yes[:TAUGHT], dict.fromkeys(yes[:TAUGHT]))
                model = app.models.create(concept, concepts=[concept])
                model.train()
                random = np.random.default_rng([*name.encode()])
                rest = [stamp for stamp in ids if stamp not in yes[:TAUGHT]]
                more = {"random": random.choice(rest, ASKED, False).tolist(), "nothing": []}
                if how == "suggest":
                    by_id = {id_: stamp for stamp, id_ in ids.items()}
                    more[how] = [by_id[s.input.id] for s in model.suggest(ASKED)]
                say(app, concept, right & set(more[how]), dict.fromkeys(more[how]))
                model.train()
                row.append(average_precision(model, other, wanted))
            yield row[0], row[1], row[2]


def add(app: nearsight.App, stamps: list[str]) -> dict[str, str]:
    """Add the stamps; their ids by stamp, without those that are copies of another."""
    report = app.inputs.add([STAMPS / stamp for stamp in stamps])
    assert not report.failed, report.failed[0]
    return {str(Path(input.name).relative_to(STAMPS)): input.id for input in app.inputs}


def say(app: nearsight.App, concept: str, right: Iterable[str], stamps: dict[str, object]) -> None:
    """Say of all these stamps whether they show it."""
    right = set(right)
    yes = [STAMPS / stamp for stamp in stamps if stamp in right]
    no = [STAMPS / stamp for stamp in stamps if stamp not in right]
    app.inputs.add(yes, concepts=[concept])
    app.inputs.add(no, not_concepts=[concept])


def average_precision(model: nearsight.Model, other: nearsight.App, wanted: set[str]) -> float:
    """That of a search in another database, whose pictures the model has not seen."""
    (concept,) = model.concepts
    pictures = {input.id: input.path for input in other.inputs}
    scores = {id_: dict(model.predict(path))[concept] for id_, path in pictures.items()}
    hits = np.isin(sorted(scores, key=lambda id_: -scores[id_]), list(wanted))
    return float((np.cumsum(hits) / np.arange(1, len(hits) + 1))[hits].mean())


if __name__ == "__main__":
    sys.exit(main())
