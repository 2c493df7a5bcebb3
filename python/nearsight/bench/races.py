"""Searching: everybody's settings take turns in one process, in one thread.

Each setting is a player. Its recall is found out before the race, so that everything is warm; the
settings beyond the first that misses nothing, or that finds no more than the one before the last,
are left out, since they are only slower. A player asks as many of the queries a turn as fit into
half a second.
"""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from nearsight.bench.builds import built, is_built
from nearsight.bench.collection import EVERYTHING, KINDS, Collection
from nearsight.bench.drawing import Flags
from nearsight.bench.measure import Record, middle, take_turns, tried
from nearsight.bench.peers import PEERS, Ids, Peer, UnableError

BATCH = 64
_TURN = 0.5  # seconds
_BEFORE = 2.0  # seconds for the recall, in which all queries are asked or as many as there is time
_ALL = 0.99995  # of a recall that only rounding keeps from 1
_STREAM = "reading all rows once"
_HALF = 0.5  # below it more may well find more, though a little more did not
_CODE = """
import json, sys
from nearsight.bench.races import measure
measure(**json.loads(sys.argv[1]))
"""


def run(home: Path, names: list[str], k: int, rounds: int, parts: list[str]) -> list[Record]:
    """Records of the parts `search` (one query at a time), `batch` and `filters`.

    Beside the first kind of query runs the machine: `stream`, the time to read all rows once.
    """
    there = [who for who in names if is_built(home, who)]
    asked = {"home": str(home), "names": there, "k": k, "rounds": rounds, "parts": parts}
    if not parts:
        return []
    nobody: Record = {"part": parts[0], "who": "everybody"}
    return [nobody | record for record in tried(_CODE, json.dumps(asked))]


def measure(home: str, names: list[str], k: int, rounds: int, parts: list[str]) -> None:
    """Race in this process, and print the records."""
    collection = Collection(Path(home))
    opened = {who: PEERS[who](built(Path(home), who), collection.rows) for who in names}
    arena = Arena(collection, opened, k, rounds)
    if "search" in parts:
        for kind in KINDS:
            _print({"part": "search", "queries": kind}, arena.race(kind))
    if "batch" in parts:
        _print({"part": "batch", "queries": "like", "batch": BATCH}, arena.race("like", BATCH))
    if "filters" in parts:
        for name, mask in collection.masks.items():
            facts: Record = {"part": "filters", "mask": name, "matches": int(mask.sum())}
            _print(facts, arena.race("like", 1, name, mask))


def _print(facts: Record, records: Iterator[Record]) -> None:
    for record in records:
        first = {"part": facts["part"], "who": record["who"]}
        print(json.dumps(first | facts | record), flush=True)


class Setting(NamedTuple):
    """One engine at one value of its knob; how many queries it is asked a turn."""

    who: str
    peer: Peer
    value: float
    within: Any
    recall: float
    queries: int

    @property
    def knob(self) -> str:
        """In words."""
        return f"{self.peer.knob} {self.value:g}" if self.peer.knob else "all"


class Arena(NamedTuple):
    """Everybody, opened."""

    collection: Collection
    opened: dict[str, Peer]
    k: int
    rounds: int

    def race(
        self, kind: str, batch: int = 1, name: str = EVERYTHING, mask: Flags | None = None
    ) -> Iterator[Record]:
        """A record of each setting; of those who cannot filter, why."""
        settings: list[Setting] = []
        for who, peer in self.opened.items():
            try:
                within = None if mask is None else peer.restriction(name, mask)
                settings += self._settings(who, kind, batch, within, name, mask)
            except UnableError as error:
                yield {"who": who, "note": str(error)}
        players = {str(i): self._player(each, kind, batch) for i, each in enumerate(settings)}
        if players and kind == "like" and batch == 1 and mask is None:
            players[_STREAM] = self._read
        seconds = take_turns(players, self.rounds) if players else {}
        for i, each in enumerate(settings):
            yield {
                "who": each.who,
                "knob": each.knob,
                "recall": round(each.recall, 4),
                "median_ms": middle([1000 * t / each.queries for t in seconds[str(i)]]),
            }
        if _STREAM in seconds:
            ms = middle([1000 * t for t in seconds[_STREAM]])
            yield {"part": "stream", "who": _STREAM, "median_ms": ms}

    def _settings(
        self, who: str, kind: str, batch: int, within: Any, name: str, mask: Flags | None
    ) -> Iterator[Setting]:
        peer, queries = self.opened[who], self.collection.queries[kind]
        recalls = [-1.0, -1.0]
        for value in peer.values:
            found: list[Ids] = []
            start = time.perf_counter()
            for begin in range(0, len(queries) - batch + 1, batch):
                found.append(peer.search(queries[begin : begin + batch], self.k, value, within))
                if (passed := time.perf_counter() - start) > _BEFORE:
                    break
            asked = batch * len(found)
            recall = self.collection.recall(np.concatenate(found), self.k, kind, mask, name)
            turn = max(1, min(len(found), int(_TURN * len(found) / passed)))
            yield Setting(who, peer, value, within, recall, min(asked, turn * batch))
            recalls.append(recall)
            if recall > _ALL or _HALF < recall <= recalls[-3]:
                break

    def _read(self, _turn: int) -> object:
        """All rows once, by the fastest reader at hand: a BLAS product of them with themselves."""
        numbers = self.collection.rows.reshape(-1)
        return numbers @ numbers

    def _player(self, setting: Setting, kind: str, batch: int) -> Callable[[int], object]:
        queries, k = self.collection.queries[kind], self.k
        peer, value, within = setting.peer, setting.value, setting.within
        batches = [queries[i : i + batch] for i in range(0, setting.queries, batch)]
        return lambda _turn: [peer.search(some, k, value, within) for some in batches]
