"""Filters of every kind that let through from half of the inputs to a handful."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nearsight import added, annotated, box, metadata, polygon, predicted, within
from nearsight.bench.stock import RATES, Mask, Stock
from nearsight.filters import Filter

_EARTH_KM = 6371.0088
_CENTRE = (10.0, 20.0)


class Question(NamedTuple):
    """A filter, what it has to let through, and how SQLite is asked the same, where it can be."""

    kind: str
    rate: float
    where: Filter
    mask: Mask
    sql: str | None = None


def questions(stock: Stock, moments: list[datetime]) -> Iterator[Question]:
    """All of them; `moments` is when each of the first inputs was added that RATES ask for."""
    for turn, rate in enumerate(RATES):
        if rate * stock.n >= 1:
            yield from _of_values(stock, turn, rate)
            yield from _of_order(stock, rate, moments[turn])
            yield from _of_places(stock, rate)
    yield from _joined(stock)


def _of_values(stock: Stock, turn: int, rate: float) -> Iterator[Question]:
    masks = {kind: levels == turn for kind, levels in stock.levels.items()}
    nested = {"camera": {"maker": f"maker {turn}"}}
    leaf = stock.embedder.labels[turn]
    metadata_of = "select count(*) from facts where json_extract(metadata, '$.{}') = '{}'"
    said = "select count(*) from said where concept = '{}' and value = {}"
    of = (
        ("text", metadata({"level": f"level {turn}"}), "level", metadata_of, "level", "level"),
        ("nested", metadata(nested), "nested", metadata_of, "camera.maker", "maker"),
    )
    for kind, where, drawn, sql, path, word in of:
        yield Question(kind, rate, where, masks[drawn], sql.format(path, f"{word} {turn}"))
    yield Question("in a list", rate, metadata({"tags": [f"tag {turn}"]}), masks["tag"])
    yield Question(
        "said", rate, annotated(f"said {turn}"), masks["said"], said.format(f"said {turn}", 1)
    )
    yield Question(
        *("denied", rate, annotated(f"denied {turn}", False), masks["denied"]),
        said.format(f"denied {turn}", 0),
    )
    yield Question("predicted", rate, predicted(leaf, 0.5), masks["leaf"])


def _of_order(stock: Stock, rate: float, moment: datetime) -> Iterator[Question]:
    below = round(rate * stock.n)
    sql = f"select count(*) from facts where json_extract(metadata, '$.order') < {below}"
    yield Question("range", rate, metadata("order") < below, stock.order < below, sql)
    yield Question("date", rate, added(before=moment), np.arange(stock.n) < below)


def _of_places(stock: Stock, rate: float) -> Iterator[Question]:
    latitudes, longitudes = stock.places.T
    distances = _km(stock.places)
    km = float(np.partition(distances, below := round(rate * stock.n))[below]) - 1e-6
    yield Question("circle", rate, within(*_CENTRE, km=km), distances <= km)
    up, along = 60 * rate**0.5, 180 * rate**0.5
    in_box = (np.abs(latitudes) <= up) & (np.abs(longitudes) <= along)
    yield Question("box", rate, box((-up, -along), (up, along)), in_box)
    if rate <= 0.1:  # edges take the shorter way round
        in_diamond = np.abs(latitudes) / up + np.abs(longitudes) / along <= 1
        corners = [(up, 0), (0, along), (-up, 0), (0, -along)]
        yield Question("polygon", rate / 2, polygon(*corners), in_diamond)


def _joined(stock: Stock) -> Iterator[Question]:
    text, said, leaf = (stock.levels[kind] for kind in ("level", "said", "leaf"))
    half, tenth, hundredth = (metadata({"level": f"level {turn}"}) for turn in range(3))
    sea = annotated("said 1")
    yield Question("and", 0.05, half & sea, (text == 0) & (said == 1))
    yield Question("or", 0.19, tenth | sea, (text == 1) | (said == 1))
    yield Question("not", 0.9, ~tenth, text != 1)
    seen = predicted(stock.embedder.labels[0], 0.5)
    recent = metadata("order") < stock.n // 2
    where = (half | hundredth) & ~sea & seen & recent
    mask = ((text == 0) | (text == 2)) & (said != 1) & (leaf == 0) & (stock.order < stock.n // 2)
    yield Question("all of these", 0.115, where, mask)


def _km(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """The distance of each place from the centre, along the earth's surface."""
    (latitude, longitude), centre = np.radians(places.T), np.radians(_CENTRE)
    up, along = np.sin((latitude - centre[0]) / 2), np.sin((longitude - centre[1]) / 2)
    haversine = up**2 + np.cos(centre[0]) * np.cos(latitude) * along**2
    return np.asarray(2 * _EARTH_KM * np.arcsin(np.sqrt(haversine)))
