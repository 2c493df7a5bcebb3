"""Plots as SVG, drawn by hand: time beside recall, and filters by the share that they let through.

>>> picture = curves("A title", "x", "y", [Curve("one", [(1, 2), (10, 3)])], Scale.powers([1, 10]))
>>> picture.startswith("<svg") and "A title" in picture
True
"""

import math
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import NamedTuple, Self

from nearsight.bench.bars import fastest
from nearsight.bench.drawing import CORRELATED
from nearsight.bench.measure import Record
from nearsight.bench.peers import OURS, PEERS

_WIDTH, _HEIGHT = 860, 520
_LEFT, _RIGHT, _TOP, _BOTTOM = 72, 190, 48, 60
_COLOURS = ("#1f77b4", "#2ca02c", "#9467bd", "#8c564b", "#e377c2", "#17becf", "#bcbd22", "#7f7f7f")
_DASHES = ("", "6 3", "2 3", "8 3 2 3")
_OURS = "#d62728"
_REACHED = 0.99  # of a filtered search
_NEAREST = 0.0005  # to a recall of 1, which would lie infinitely far away
_RECALLS = (0.5, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 1.0)


class Curve(NamedTuple):
    """A name and its points, in the axes' own units; `hollow` ones are marked as such."""

    name: str
    points: list[tuple[float, float]]
    hollow: frozenset[int] = frozenset()


class Scale(NamedTuple):
    """Where a value lies, growing; and which values are written beside the axis, as what."""

    at: Callable[[float], float]
    ticks: list[tuple[float, str]]
    first: float
    last: float

    @classmethod
    def powers(cls, values: Iterable[float]) -> Self:
        """A logarithmic one, from a power of ten to another, with 2 and 5 between where few."""
        seen = list(values)
        low, high = math.floor(math.log10(min(seen))), math.ceil(math.log10(max(seen)))
        high = max(high, low + 1)
        steps = (1, 2, 5) if high - low < 4 else (1,)
        ticks = [s * 10.0**e for e in range(low, high) for s in steps] + [10.0**high]
        return cls(math.log10, [(each, f"{each:g}") for each in ticks], 10.0**low, 10.0**high)

    @classmethod
    def recalls(cls, values: Iterable[float]) -> Self:
        """One on which 0.9, 0.99 and 0.999 lie equally far apart."""
        least = min([*values, 0.9])
        ticks = [(each, f"{each:g}") for each in _RECALLS if each >= least]
        first = max([each for each in _RECALLS if each <= least], default=max(0.0, least))
        return cls(lambda r: -math.log10(max(_NEAREST, 1 - r)), ticks, first, 1.0)

    def share(self, value: float) -> float:
        """From 0 at the axis' beginning to 1 at its end."""
        low, high = self.at(self.first), self.at(self.last)
        return (self.at(value) - low) / (high - low)


def curves(title: str, x: str, y: str, drawn: list[Curve], across: Scale) -> str:
    """The plot as the text of an SVG file; up is logarithmic."""
    up = Scale.powers(value for curve in drawn for _, value in curve.points)
    wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM

    def place(point: tuple[float, float]) -> tuple[float, float]:
        return _LEFT + wide * across.share(point[0]), _TOP + high * (1 - up.share(point[1]))

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}"'
        f' font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="white"/>',
        _text(_LEFT, 28, title, "start", size=16),
        _text(_LEFT + wide / 2, _HEIGHT - 16, x, "middle"),
        f'<g transform="rotate(-90 20 {_TOP + high / 2})">',
        _text(20, _TOP + high / 2, y, "middle"),
        "</g>",
    ]
    for value, said in across.ticks:
        at = place((value, up.first))[0]
        parts += [_line(at, _TOP, at, _TOP + high), _text(at, _TOP + high + 20, said, "middle")]
    for value, said in up.ticks:
        at = place((across.first, value))[1]
        parts += [_line(_LEFT, at, _LEFT + wide, at), _text(_LEFT - 8, at + 4, said, "end")]
    for line, curve in enumerate(drawn):
        parts += _curve(curve, line, place)
    return "\n".join([*parts, "</svg>\n"])


def _look(name: str) -> tuple[str, str, bool]:
    """Colour, dashes, and whether it is ours: the same for a name in every plot."""
    if name in OURS:
        return _OURS, _DASHES[list(OURS).index(name) % len(_DASHES)], True
    number = list(PEERS).index(name) if name in PEERS else 0
    return _COLOURS[number % len(_COLOURS)], _DASHES[number // len(_COLOURS) % len(_DASHES)], False


def _curve(
    curve: Curve, line: int, place: Callable[[tuple[float, float]], tuple[float, float]]
) -> list[str]:
    """The line, its points, and its name at the right."""
    colour, dash, ours = _look(curve.name)
    style = f'stroke="{colour}" stroke-width="{3 if ours else 1.7}" stroke-dasharray="{dash}"'
    spots = [place(point) for point in curve.points]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    at, beside = _TOP + 10 + 20 * line, _WIDTH - _RIGHT + 16
    return [
        f'<polyline points="{path}" fill="none" {style}/>',
        *(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{4.5 if ours else 3.5}" stroke="{colour}"'
            f' fill="{"white" if i in curve.hollow else colour}"/>'
            for i, (x, y) in enumerate(spots)
        ),
        f'<line x1="{beside}" y1="{at - 4}" x2="{beside + 26}" y2="{at - 4}" {style}/>',
        _text(beside + 32, at, curve.name, "start"),
    ]


def _text(x: float, y: float, said: str, anchor: str, size: int = 13) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"'
    return f'<text {place} fill="#222">{escape(said)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    ends = f'x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
    return f'<line {ends} stroke="#ddd" stroke-width="1"/>'


def saved(records: list[Record], folder: Path) -> list[Path]:
    """Draw what the records allow into a folder (made if missing), and give the files."""
    folder.mkdir(parents=True, exist_ok=True)
    measured = [record for record in records if "recall" in record and "median_ms" in record]
    files: list[Path] = []
    for (part, kind), title in {
        ("search", "like"): "Queries like the rows, one at a time",
        ("search", "unlike"): "Queries unlike the rows, one at a time",
        ("batch", "like"): "Queries like the rows, 64 at a time",
    }.items():
        some = [r for r in measured if r["part"] == part and r.get("queries") == kind]
        if some:
            files.append(folder / f"{part}-{kind}.svg")
            files[-1].write_text(_by_recall(some, title), "utf-8")
    if some := [r for r in measured if r["part"] == "filters"]:
        files.append(folder / "filters.svg")
        files[-1].write_text(_by_share(some), "utf-8")
    return files


def _said(records: list[Record]) -> str:
    one = records[0]
    return f"n = {one['n']}, d = {one['dim']}, k = {one['k']}, one thread"


def _by_recall(records: list[Record], title: str) -> str:
    drawn = []
    for who in dict.fromkeys(str(r["who"]) for r in records):
        own = [r for r in records if r["who"] == who]
        points = sorted((float(str(r["recall"])), float(str(r["median_ms"]))) for r in own)
        drawn.append(Curve(who, points))
    across = Scale.recalls(recall for curve in drawn for recall, _ in curve.points)
    x = f"recall@{records[0]['k']}: right is better"
    y = "median ms a query: lower is better"
    return curves(f"{title} ({_said(records)})", x, y, drawn, across)


def _by_share(records: list[Record]) -> str:
    """Each one's fastest setting that reaches the recall; hollow is the best of one that cannot."""
    masks = {str(r["mask"]): float(str(r["matches"])) / float(str(r["n"])) for r in records}
    shares = {mask: 100 * share for mask, share in masks.items() if mask != CORRELATED}
    drawn = []
    for who in dict.fromkeys(str(r["who"]) for r in records):
        points: list[tuple[float, float]] = []
        hollow: set[int] = set()
        for mask, share in shares.items():
            own = [r for r in records if r["who"] == who and r["mask"] == mask]
            best = fastest(own, _REACHED)
            if best is None:
                hollow.add(len(points))
                best = max(own, key=lambda r: float(str(r["recall"])))
            points.append((share, float(str(best["median_ms"]))))
        drawn.append(Curve(who, points, frozenset(hollow)))
    across = Scale.powers(shares.values())
    x = f"% of the rows that may be found (hollow: recall {_REACHED} is not reached)"
    title = f"Filtered queries ({_said(records)})"
    return curves(title, x, "median ms a query: lower is better", drawn, across)
