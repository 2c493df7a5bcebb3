"""What was aimed at, and whether it was met: ratios to the best peer within one run.

Of everybody the fastest setting counts that reaches the recall. A bar of which nothing was measured
is not mentioned. Up to 100 000 rows the fastest peer is to be matched, beyond that it is to be
halved; all others are the same for any number.
"""

from collections.abc import Iterable, Iterator

from nearsight.bench.measure import Record
from nearsight.bench.peers import OURS, PEERS

_FILTERED = 0.99  # the recall at which filters are compared
_UNCACHED = 250_000_000  # bytes of rows that no processor keeps to itself
_PROMISED = 0.005  # how far 200 queries' recall may lie below what is promised, by chance


def held(records: Iterable[Record]) -> Iterator[Record]:
    """Records of the part `bars`: `ratio` or `value`, `target`, `met`, and `beside` whom."""
    measured = [record for record in records if "note" not in record]
    n = int(str(measured[0]["n"])) if measured else 0
    for made in (_searches(measured, n), _exact(measured), _filters(measured), _rest(measured)):
        for who, facts in made:
            yield {"part": "bars", "who": who, **facts}


Bars = Iterator[tuple[str, Record]]


def fastest(
    records: Iterable[Record], recall: float, who: Iterable[str] | None = None
) -> Record | None:
    """The record with the least `median_ms` of those that reach a recall, of some people."""
    able = [
        record
        for record in records
        if _number(record, "recall") >= recall and (who is None or str(record["who"]) in who)
    ]
    return min(able, key=lambda record: _number(record, "median_ms"), default=None)


def _number(record: Record, key: str) -> float:
    return float(str(record[key]))


def _part(records: Iterable[Record], part: str, **facts: object) -> list[Record]:
    wanted = {"part": part, **facts}
    return [r for r in records if all(r.get(key) == value for key, value in wanted.items())]


def _others() -> list[str]:
    return [who for who in PEERS if who not in OURS]


def _beside(records: list[Record], recall: float, most: float) -> Record | None:
    """Ours beside the best of the others at that recall."""
    ours = fastest(records, recall, ["nearsight"])
    best = fastest(records, recall, _others())
    if best is None:
        return None
    if ours is None:
        return {"target": f"<= {most:g}", "met": False, "beside": "recall not reached"}
    return _ratio(ours, best, most)


def _ratio(ours: Record, other: Record, most: float, key: str = "median_ms") -> Record:
    ratio = _number(ours, key) / _number(other, key)
    named = " ".join(str(other[part]) for part in ("who", "knob") if part in other)
    return {
        "ratio": float(f"{ratio:.3g}"),
        "target": f"<= {most:g}",
        "met": ratio <= most,
        "beside": named,
    }


def _searches(records: list[Record], n: int) -> Bars:
    most = 1.0 if n <= 100_000 else 0.5
    for kind, recall in (("like", 0.99), ("unlike", 0.98)):
        some = _part(records, "search", queries=kind)
        if facts := _beside(some, recall, most):
            yield f"queries {kind} the rows, recall {recall}", facts
    for record in _part(records, "search", who="nearsight"):
        asked = float(str(record["knob"]).split()[1])
        yield (
            f"recall {asked:g} asked for, queries {record['queries']} the rows",
            {
                "value": record["recall"],
                "target": f">= {asked:g}",
                "met": _number(record, "recall") >= asked - _PROMISED,
            },
        )


def _exact(records: list[Record]) -> Bars:
    """Comparing every vector, one query or a batch at a time; beside the machine, and peers."""
    for stream in _part(records, "stream"):
        size = 4 * _number(stream, "n") * _number(stream, "dim")
        ours = fastest(_part(records, "search", queries="like"), 0, ["nearsight-exact"])
        if ours and size >= _UNCACHED:
            share = _number(stream, "median_ms") / _number(ours, "median_ms")
            facts: Record = {"value": float(f"{share:.3g}"), "target": ">= 0.95"}
            yield "exact, share of the read bandwidth", facts | {"met": share >= 0.95}
    for part, least in (("search", {"faiss-flat": 1.0}), ("batch", {"faiss-flat": 1 / 3.5})):
        mine = {r["who"]: r for r in _part(records, part, queries="like")}
        if (exact := mine.get("nearsight-exact")) is None:
            continue
        for who, most in {"numpy": 1.0, **least}.items():
            if who in mine:
                yield f"exact, {part}, beside {who}", _ratio(exact, mine[who], round(most, 3))
        if "nearsight-f16-exact" in mine:
            half = _ratio(mine["nearsight-f16-exact"], exact, 0.65)
            yield f"exact, {part}, f16 beside f32", half


def _filters(records: list[Record]) -> Bars:
    """Beside the best peer, and beside our own search without a filter or of the matches alone."""
    plain = fastest(_part(records, "search", queries="like"), _FILTERED, ["nearsight"])
    for mask in dict.fromkeys(str(r["mask"]) for r in _part(records, "filters")):
        some = _part(records, "filters", mask=mask)
        if facts := _beside(some, _FILTERED, 0.5):
            yield f"filter {mask}", facts
        ours = fastest(some, _FILTERED, ["nearsight"])
        scan = fastest(some, _FILTERED, ["nearsight-exact"])
        if plain is None or ours is None or scan is None:
            continue
        bounds = [(4.0, plain, "4 unfiltered"), (2.0, scan, "2 scans of the matches")]
        most, other, named = min(bounds, key=lambda one: one[0] * _number(one[1], "median_ms"))
        yield f"filter {mask}, beside itself", _ratio(ours, other, most) | {"beside": named}


def _rest(records: list[Record]) -> Bars:
    """Memory, opening, building, disk and changes."""
    for record in _part(records, "open", who="nearsight"):
        if "anonymous_mb" in record:
            yield "anonymous memory, MB", _at_most(record, "anonymous_mb", 64)
        yield "opened and first answer, warm, ms", _at_most(record, "warm_ms", 50)
        # The rows themselves lie there, too, and are the truth.
        derived: Record = {"share": round(_number(record, "disk_of_rows") - 1, 3)}
        yield "disk of what is derived, of the rows", _at_most(derived, "share", 0.7)
    builds = {record["who"]: record for record in _part(records, "build")}
    if {"nearsight", "hnswlib"} <= set(builds):
        ratio = _ratio(builds["nearsight"], builds["hnswlib"], 0.25, "seconds")
        yield "build", ratio | {"beside": "hnswlib; builds are not interleaved"}
    for record in _part(records, "changes", who="nearsight"):
        rate = _number(record, "rows_per_second")
        yield "rows added a second", {"value": rate, "target": ">= 5000", "met": rate >= 5000}
        yield "one row added, ms", _at_most(record, "one_ms", 1)


def _at_most(record: Record, key: str, most: float) -> Record:
    value = _number(record, key)
    return {"value": value, "target": f"<= {most:g}", "met": value <= most}
