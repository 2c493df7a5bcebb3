"""The slow plain-Python app that the fast one is held to: `test_sequences` drives both.

It keeps everything in dictionaries in the order of adding, makes the cosines and probabilities with
numpy, one at a time, and knows neither SQL nor indexes. What it borrows: the planted embedder (as
an eye for pixels), the concept tree's leaves, `teach` (a head is a function of its examples; which
examples these are is decided here) and the meaning of single filters, `oracle.meets`.

A method raises what the app must raise, before it changes anything.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from oracle import meets
from sights import (
    Expected,
    Seen,
    SlowInput,
    SlowModel,
    SlowSaid,
    Source,
    cut,
    head_probability,
    is_file,
    joined,
    key_of,
    own_region,
    patched,
    record,
    seen,
    takes,
)

from nearsight.errors import (
    ArgumentError,
    ModelError,
    NotFoundError,
    PictureError,
    TrainingError,
)
from nearsight.filters import And, Annotated, Filter, Has, Is, Not, Or, Predicted, Unsaid
from nearsight.knowledge import ConceptTree
from nearsight.ranks import Rank
from nearsight.teaching import NO, PRESUMED, YES, Settings, teach

TREE = ConceptTree.load()
TEXTS = {"tabby": ["tabby"], "a tabby on a sports car": ["tabby", "sports car"]}


class Slow:
    """All of an app."""

    def __init__(self) -> None:
        self.inputs: dict[str, SlowInput] = {}
        self.said: dict[str, SlowSaid] = {}
        self.concepts: dict[str, str] = {}
        self.models: dict[str, SlowModel] = {}
        self.clock = 0

    def _tick(self) -> int:
        self.clock += 1
        return self.clock

    # -- inputs --------------------------------------------------------------------------------

    def add(self, source: Source, known: Mapping[str, Any], twice: bool, new_id: str) -> str:
        """One picture: "added" under `new_id`, "duplicate of …" or "failed"."""
        same = None if twice else self._known(source, known, new_id)
        if same is not None:
            if not takes(same, source, known):
                return "failed"
            self._say(same.primary, known["said"])
            return f"duplicate of {same.id}"
        pixels = cut(source.pixels, known["crop"])
        parts = [pixels, *(cut(pixels, region["box"]) for region in known["regions"])]
        sights = [seen(part) for part in parts]
        if None in sights or known["id"] in self.said:
            return "failed"
        id_ = known["id"] or new_id
        assert id_ not in self.said, "an id that is taken was given out"
        new = SlowInput(
            *(id_, source, known["url"] or source.url, known["crop"]),
            *(known["metadata"], known["geo"], pixels),
        )
        self.inputs[id_] = new
        self._attach(SlowSaid(id_, new, {}, self._tick(), seen=sights[0]), known["said"])
        return "added"

    def add_region(
        self, owner: str, region: Mapping[str, Any], ids: Iterator[str], *, is_new: bool
    ) -> None:
        """A region that came with a picture, under the next id that the app gave."""
        one = self.inputs[owner]
        if not is_new and (there := own_region(one, region["box"])) is not None:
            there.text = there.text if region["text"] is None else region["text"]
            self._say(there, region["said"])
            return
        look, id_ = seen(cut(one.pixels, region["box"])), next(ids)
        said = SlowSaid(id_, one, {}, self._tick(), region["box"], region["text"], "", look)
        self._attach(said, region["said"])

    def _known(self, source: Source, known: Mapping[str, Any], likely: str) -> SlowInput | None:
        """By its URL, or by its content; where that is two, and one as new, `likely` may be it."""
        by_url = None if known["url"] is None else self._of_url(known["url"])
        same = (
            one
            for one in self.inputs.values()
            if one.source.content == source.content and one.crop == known["crop"]
        )
        found = [one for one in (by_url, next(same, None)) if one is not None]
        return next((one for one in found if one.id == likely), found[0]) if found else None

    def _of_url(self, url: str) -> SlowInput | None:
        return next((one for one in self.inputs.values() if one.url == url), None)

    def _attach(self, said: SlowSaid, concepts: Mapping[str, bool]) -> None:
        said.row = self._tick() if said.seen is not None else 0
        said.owner.said[said.id] = self.said[said.id] = said
        self._say(said, concepts)

    def _say(self, said: SlowSaid, concepts: Mapping[str, bool]) -> None:
        said.changed = None
        for concept, value in concepts.items():
            self.concepts.setdefault(concept, concept)
            said.concepts[concept] = value

    def input(self, id_: str) -> SlowInput:
        if id_ not in self.inputs:
            raise NotFoundError(id_)
        return self.inputs[id_]

    def update(self, changes: Mapping[str, Mapping[str, Any]], action: str) -> None:
        for id_ in changes:
            self.input(id_)
        for id_, change in changes.items():
            one = self.inputs[id_]
            one.primary.changed = None
            self._change_said(one.primary, change["said"], action)
            if change["metadata"] is not None:
                one.metadata = patched(one.metadata, change["metadata"], action)
            if change["geo"] is not None:
                one.geo = None if action == "remove" else change["geo"]

    def _change_said(self, said: SlowSaid, change: Mapping[str, bool], action: str) -> None:
        if action == "overwrite" and change:
            said.concepts.clear()
        if action != "remove":
            self._say(said, change)
            return
        for concept in change:
            said.concepts.pop(concept, None)

    def delete(self, ids: Iterable[str]) -> list[str]:
        gone = [id_ for id_ in dict.fromkeys(ids) if id_ in self.inputs]
        for id_ in gone:
            for said in self.inputs.pop(id_).said:
                del self.said[said]
        return gone

    def correct(self, id_: str, names: Sequence[str], value: bool) -> None:
        ids = [found for name in names for found in self.predictable(name)]
        one = self.input(id_)
        one.primary.changed = None
        for concept in dict.fromkeys(ids):
            if value and one.corrections.get(concept) is False:
                del one.corrections[concept]
            else:
                one.corrections[concept] = value

    def predictions(self, id_: str, at_least: float) -> dict[str, float]:
        """By concept; of several concepts of one name the most probable."""
        one = self.input(id_)
        look = one.primary.seen
        assert look is not None
        sums = {c.id: look.shows(c.leaves) for c in TREE if c.shown}
        ranked = sorted((c for c in sums if sums[c] >= at_least), key=lambda c: -sums[c])
        named: dict[str, str] = {}
        for concept in ranked:
            named.setdefault(TREE[concept].name, concept)
        found = {c: sums[c] for c in named.values() if c not in one.corrections}
        return found | {c: 1.0 for c, belongs in one.corrections.items() if belongs}

    # -- annotations ---------------------------------------------------------------------------

    def annotate(self, asked: Sequence[Mapping[str, Any]], new_ids: Sequence[str]) -> None:
        """Several at once, all or none. `asked` has what the app is given, and "said"."""
        looks: list[Seen | None] = []
        for each in asked:
            owner = self.input(each["input"])
            looks.append(None if each["box"] is None else self._region(owner, each))
        taken = set(self.said)
        for each in asked:
            if each["id"] in taken:
                raise ArgumentError(each["id"])
            taken |= {each["id"]} - {None}
        assert len(new_ids) == len(asked)
        for each, look, id_ in zip(asked, looks, new_ids, strict=True):
            owner = self.inputs[each["input"]]
            assert id_ not in self.said
            assert each["id"] in (None, id_)
            said = SlowSaid(
                id_, owner, {}, self._tick(), each["box"], each["text"], each["by"], look
            )
            self._attach(said, each["said"])

    def _region(self, owner: SlowInput, asked: Mapping[str, Any]) -> Seen:
        picture = asked["picture"]
        content = owner.source.content if picture is None else picture.content
        if (picture is None and not is_file(owner.url)) or content != owner.source.content:
            raise PictureError(owner.id, "no pixels, or others")
        if (look := seen(cut(owner.pixels, asked["box"]))) is None:
            raise ModelError("black")
        return look

    def annotation(self, id_: str) -> SlowSaid:
        if id_ not in self.said:
            raise NotFoundError(id_)
        return self.said[id_]

    def change_annotation(
        self, id_: str, said: Mapping[str, bool], text: str | None, action: str
    ) -> None:
        one = self.annotation(id_)
        one.changed = None
        self._change_said(one, said, action)
        if text is not None:
            one.text = None if action == "remove" else text

    def delete_annotations(self, ids: Iterable[str]) -> list[str]:
        wanted = dict.fromkeys(ids)
        if self.inputs.keys() & wanted.keys():
            raise ArgumentError("a primary one")
        gone = [id_ for id_ in wanted if id_ in self.said]
        for id_ in gone:
            del self.said.pop(id_).owner.said[id_]
        return gone

    # -- concepts ------------------------------------------------------------------------------

    def create_concepts(self, ids: Sequence[str], names: Sequence[str]) -> None:
        if len(set(ids)) < len(ids) or any(id_ in self.concepts or id_ in TREE for id_ in ids):
            raise ArgumentError("taken")
        self.concepts |= dict(zip(ids, names, strict=True))

    def rename(self, id_: str, name: str) -> None:
        if id_ in TREE:
            raise ArgumentError("general")
        if id_ not in self.concepts:
            raise NotFoundError(id_)
        self.concepts[id_] = name

    def counts(self, concept: str) -> tuple[int, int]:
        values = [said.concepts[concept] for said in self.said.values() if concept in said.concepts]
        return sum(values), len(values) - sum(values)

    def own(self, name: str) -> str | None:
        """The id of the concept with this id, else of the oldest with this name."""
        if name in self.concepts:
            return name
        return next((id_ for id_, called in self.concepts.items() if called == name), None)

    def predictable(self, name: str) -> list[str]:
        """What corrections of predictions by this name are about."""
        ids = [concept.id for concept in TREE.named(name)]
        if ids and self.taught(name) is None:
            return ids
        if (own := self.own(name)) is None:
            raise NotFoundError(name)
        return list(dict.fromkeys([*ids, own]))

    # -- models --------------------------------------------------------------------------------

    def create_model(
        self, id_: str, concepts: Sequence[str], exclusive: bool, closed: bool
    ) -> None:
        if id_ in self.models:
            raise ArgumentError(id_)
        for concept in concepts:
            self.concepts.setdefault(concept, concept)
        self.models[id_] = SlowModel(list(concepts), exclusive, closed, self._tick())

    def update_model(self, id_: str, concepts: Sequence[str], action: str) -> None:
        model = self.models[id_]
        if action == "remove":
            if not set(concepts) <= set(model.concepts):
                raise NotFoundError("no such concept in it")
            model.concepts = [c for c in model.concepts if c not in concepts]
            return
        for concept in concepts:
            self.concepts.setdefault(concept, concept)
        kept = model.concepts if action == "merge" else []
        model.concepts = list(dict.fromkeys([*kept, *concepts]))

    def train(self, id_: str) -> None:
        model = self.models[id_]
        if not model.concepts:
            raise TrainingError("no concepts")
        told: dict[SlowInput, None] = {}
        heads = {}
        for concept in model.concepts:
            stances = self._lesson(model, concept)
            examples = sorted(stances, key=lambda said: said.row)
            told |= {s.owner: None for s in examples if stances[s] != PRESUMED}
            heads[concept], _ = teach(
                np.array([s.seen.vector for s in examples]),  # type: ignore[union-attr]
                np.array([s.seen.predictions for s in examples]),  # type: ignore[union-attr]
                np.array([stances[s] for s in examples], np.int8),
                Settings(),
                (*TREE.named(self.concepts[concept], "en"), *TREE.named(concept, "en")),
            )
        model.trained += 1
        model.current = model.trained
        model.versions[model.trained] = (self._tick(), heads, list(told))

    def _lesson(self, model: SlowModel, concept: str) -> dict[SlowSaid, int]:
        """What shows the concept, what does not, and what is presumed not to."""
        yes, no = self._examples(concept, True), self._examples(concept, False)
        labelled = yes | no
        if model.exclusive:
            for other in model.concepts:
                no |= set() if other == concept else self._examples(other, True) - labelled
        labelled |= no
        stances = dict.fromkeys(yes - no, YES) | dict.fromkeys(no - yes, NO)
        owners = {said.owner for said in labelled}
        if not model.closed:
            free = [one.primary for one in self.inputs.values() if one not in owners]
            stances |= dict.fromkeys(free, PRESUMED)
        if YES not in stances.values() or set(stances.values()) == {YES}:
            raise TrainingError(concept)
        return stances

    def _examples(self, concept: str, value: bool) -> set[SlowSaid]:
        return {s.shown for s in self.said.values() if s.concepts.get(concept) is value}

    def use(self, id_: str, number: int) -> None:
        model = self.models[id_]
        if number not in model.versions:
            raise NotFoundError(str(number))
        model.current = number

    def delete_version(self, id_: str, number: int) -> None:
        model = self.models[id_]
        if number not in model.versions:
            raise NotFoundError(str(number))
        del model.versions[number]
        if model.current == number:
            model.current = max(model.versions, default=None)

    def taught(self, name: str) -> Any:
        """The head in use for a concept: of the version that was trained last."""
        concept = self.own(name)
        found = [
            (*model.versions[model.current][:1], model.number, model.versions[model.current][1])
            for model in self.models.values()
            if model.current is not None and concept in model.concepts
        ]
        heads = [(at, number, heads[concept]) for at, number, heads in found if concept in heads]
        return max(heads, key=lambda each: each[:2])[2] if heads else None

    # -- scores --------------------------------------------------------------------------------

    def probability(self, name: str, look: Seen) -> float:
        """Raises what the app raises for a name that nothing is predicted of."""
        if (head := self.taught(name)) is not None:
            return head_probability(head, look)
        if general := TREE.named(name):
            return look.shows({leaf for concept in general for leaf in concept.leaves})
        if any(self.own(name) in model.concepts for model in self.models.values()):
            raise TrainingError(name)
        raise NotFoundError(name)

    def check_ranks(self, ranks: Sequence[Rank], files: Mapping[str, Source]) -> list[Any]:
        """Each rank as a function of what is seen, with its weight."""
        return [(rank.weight, self._scorer(rank, files)) for rank in ranks]

    def _scorer(self, rank: Rank, files: Mapping[str, Source]) -> Any:
        if rank.kind == "concept":
            self.probability(str(rank.of), seen(np.full((1, 1, 3), 9, np.uint8)))  # type: ignore[arg-type]
            return lambda look: self.probability(str(rank.of), look)
        if rank.kind == "text":
            words = TEXTS[str(rank.of)]
            return lambda look: self._mean([self.probability(word, look) for word in words])
        direction = self._direction(rank, files)
        return lambda look: (1 + float(look.unit @ direction)) / 2

    @staticmethod
    def _mean(probabilities: Sequence[float]) -> float:
        """The geometric one, for which what is not there at all has a probability of 1e-7."""
        if len(probabilities) == 1:
            return probabilities[0]
        return math.prod(max(p, 1e-7) for p in probabilities) ** (1 / len(probabilities))

    def _direction(self, rank: Rank, files: Mapping[str, Source]) -> NDArray[np.float64]:
        if rank.kind == "region":
            look = self.annotation(str(rank.of)).shown.seen
        elif rank.kind == "image" and not str(rank.of).startswith("http"):
            look = seen(cut(files[key_of(rank.of)].pixels, rank.crop))
        else:
            return self._of_input(rank)
        if look is None:
            raise ModelError("black")
        return look.unit

    def _of_input(self, rank: Rank) -> NDArray[np.float64]:
        one = self._of_url(str(rank.of)) if rank.kind == "image" else self.inputs.get(str(rank.of))
        if one is None:
            raise NotFoundError(str(rank.of))
        if rank.crop is not None:
            if not is_file(one.url):
                raise PictureError(one.id, "no pixels")
            if (look := seen(cut(one.pixels, rank.crop))) is None:
                raise ModelError("black")
            return look.unit
        mean = np.mean([said.seen.unit for said in one.rows if said.seen], axis=0)
        return mean / np.linalg.norm(mean)

    # -- filters and hits ----------------------------------------------------------------------

    def matching(self, where: Filter | None, of: str) -> list[Any]:
        """The inputs or the annotations that meet a filter, in the order of adding."""
        self._check(where)
        if of == "inputs":
            return [one for one in self.inputs.values() if self.holds(where, one, None)]
        return [s for s in self.said.values() if self.holds(where, s.owner, s)]

    def _check(self, where: Filter | None) -> None:
        """Raise for the first concept that there is not."""
        match where:
            case And(parts) | Or(parts):
                for part in parts:
                    self._check(part)
            case Not(part):
                self._check(part)
            case Annotated(name) | Unsaid(name):
                if self.own(name) is None:
                    raise NotFoundError(name)
            case Predicted(name):
                self.probability(name, seen(np.full((1, 1, 3), 9, np.uint8)))  # type: ignore[arg-type]

    def holds(self, where: Filter | None, one: SlowInput, single: SlowSaid | None) -> bool:
        """Of an input, with all that is said of it; or of a single annotation."""
        asked = [single] if single is not None else [*one.said.values()]
        match where:
            case And(parts):
                return all(self.holds(part, one, single) for part in parts)
            case Or(parts):
                return any(self.holds(part, one, single) for part in parts)
            case Not(part):
                return not self.holds(part, one, single)
            case Annotated(name, value):
                return any(said.concepts.get(self.own(name)) is value for said in asked)  # type: ignore[arg-type]
            case Unsaid(name):
                return not any(self.own(name) in said.concepts for said in asked)
            case Predicted(name, at_least):
                return self._predicted(name, at_least, one)
            case Is("annotation", value):
                return any(said.id == value for said in asked)
            case Is("by", value):
                return any(said.by == value for said in asked)
            case Has("region"):
                return any(said.box is not None for said in asked)
        return meets(where, record(one))

    def _predicted(self, name: str, at_least: float, one: SlowInput) -> bool:
        found = any(self.probability(name, s.seen) >= at_least for s in one.rows if s.seen)
        for id_ in self.predictable(name):
            found = one.corrections.get(id_, found)
        return found

    def hits(
        self, ranks: Sequence[Rank], where: Filter | None, of: str, files: Mapping[str, Source]
    ) -> list[Expected]:
        """All hits, best first; of what scores the same, the oldest."""
        scorers = self.check_ranks(ranks, files)
        found = self.matching(where, of)
        if not ranks:
            return [Expected(each.id, 1.0, (n,), None) for n, each in enumerate(found)]
        every = [
            _best(each, scorers) if of == "inputs" else _shown(each, scorers) for each in found
        ]
        return sorted(every, key=lambda hit: (-hit.score, hit.age))


def _best(one: SlowInput, scorers: Sequence[Any]) -> Expected:
    rows = [(joined(scorers, said.seen), said) for said in one.rows if said.seen]  # type: ignore[arg-type]
    score, said = max(rows, key=lambda row: (row[0], -row[1].row))
    rivals = [s for other, s in rows if s is not said and abs(other - score) < 1e-3]
    region = None if said is one.primary else said.id
    sure = all(rival.seen is said.seen for rival in rivals)
    return Expected(one.id, score, (said.row,), said.seen, region, sure)


def _shown(said: SlowSaid, scorers: Sequence[Any]) -> Expected:
    shown = said.shown
    assert shown.seen is not None
    age = (shown.row, int(shown is not said), said.number)
    return Expected(said.id, joined(scorers, shown.seen), age, shown.seen, said.id)
