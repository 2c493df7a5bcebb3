"""A database's life: random changes through the public package, and what it must hold after each.

The state of a database is known from the changes that were made to it, so what is found after a
crash can be compared with what was promised. A change is one transaction. Everything that it says
of an input comes in three tables (metadata, concept, place) and has to be found in all of them.
"""

import random
from dataclasses import dataclass

from planted import plain

import nearsight
from nearsight import Item

MOST = 300  # inputs; from then on more are deleted than added
State = dict[str, str]  # of each input and model by its id, what was said of it last


@dataclass(frozen=True, slots=True)
class Change:
    """One transaction: what is done to the inputs `ids`, and what is said of them by it."""

    act: str
    ids: tuple[str, ...] = ()
    said: str = ""

    def after(self, state: State) -> State:
        """What a database that held `state` holds after it."""
        if self.act in ("delete", "forget"):
            return {id_: said for id_, said in state.items() if id_ not in self.ids}
        return state | dict.fromkeys(self.ids, self.said)


def plan(state: State, step: int, chance: random.Random) -> Change:
    """Choose the next change to a database that holds `state`."""
    known = sorted(id_ for id_ in state if not id_.startswith("model "))
    act = chance.choices(
        ["add", "update", "delete", "teach", "forget", "compact", "backup"],
        [40, 35, 15, 4, 3, 1, 1],
    )[0]
    mark = f"{step}-{chance.randrange(1 << 30)}"
    if act == "teach":
        return Change("teach", (f"model {mark}",), mark)
    if act == "forget":
        return Change("forget", tuple(sorted({*state} - {*known})[:1]))
    if act in ("compact", "backup"):
        return Change(act)
    if len(known) > MOST:
        return Change("delete", tuple(chance.sample(known, MOST // 2)))
    if act == "add" or len(known) < 10:
        return Change("add", tuple(f"{mark}-{n}" for n in range(chance.randint(1, 16))), mark)
    if act == "delete":
        return Change("delete", tuple(chance.sample(known, chance.randint(1, 10))))
    return Change(
        "update", tuple(chance.sample(known, chance.randint(1, min(60, len(known))))), mark
    )


def make(app: nearsight.App, change: Change) -> None:
    """Make the change; when this returns, it was acknowledged."""
    ids, said = list(change.ids), change.said
    if change.act == "add":
        report = app.inputs.add([_item(id_, said) for id_ in ids], allow_duplicate=True)
        assert report.added == ids, report
    elif change.act == "update":
        app.inputs.update(ids, **_details(said), action="overwrite")
    elif change.act == "delete":
        app.inputs.delete(ids)
    elif change.act == "teach":
        app.models.create(said, concepts=["a concept"])
    elif change.act == "forget":
        for id_ in ids:
            app.models.delete(id_.removeprefix("model "))
    elif change.act == "compact":
        app.compact()
    else:
        app.backup(app.path.with_name("backup.ns"), overwrite=True)


def _item(id_: str, said: str) -> Item:
    colour = [1 + byte % 255 for byte in id_.encode()[-3:]]
    return Item(plain(colour), id=id_, **_details(said))


def _details(said: str) -> dict[str, object]:
    return {"concepts": [said], "metadata": {"said": said}, "geo": _place(said)}


def _place(said: str) -> tuple[float, float]:
    number = int(said.split("-")[1])
    return (number % 90, number % 180)


def held(app: nearsight.App) -> State:
    """What the database holds. What is there in part, or not searchable, is said to be so."""
    state = {f"model {model.id}": model.id for model in app.models}
    found = set(app.search(k=10**6).ids)
    near = set(app.search(image=plain((9, 9, 9)), k=10**6).ids)
    for record in app.inputs:
        said = str(record.metadata.get("said"))
        whole = record.concepts == {said: True} and record.geo == _place(said)
        searched = {record.id} <= found & near
        state[record.id] = said if whole and searched else f"a part of {said}"
        found.discard(record.id)
    return state | dict.fromkeys(found, "found but not there")
