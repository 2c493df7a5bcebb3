"""How fast pictures go in, beside what the model alone can do, and how much memory that takes.

`add` reads, decodes, embeds, stores and makes durable; its opponent only embeds pictures that are
decoded and framed already, in the same batches, with the same session and threads. So the ratio
says what all the rest costs, and 1 cannot be passed.
"""

import json
import resource
import sys
import tempfile
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import nearsight
from nearsight import NotFoundError, PictureError, embedders, pictures
from nearsight.bench.measure import Record, in_new_python, middle, take_turns
from nearsight.embedders import Embedder
from nearsight.pictures import Source

_BATCH = 16  # as `add` uses
_TARGET = 0.85
_FLAT = 1.15  # how much memory may grow where there are four times the pictures

_MEMORY_CODE = """
import sys
from nearsight.bench.ingest import print_memory
print_memory(sys.argv[1], int(sys.argv[2]), sys.argv[3])
"""


def run(
    folder: Path,
    files: int = 256,
    rounds: int = 3,
    threads: int | None = None,
    model: str = "general",
) -> list[Record]:
    """The rates of both, their ratio, and the memory at n and 4 n files.

    Raises `NotFoundError` if the folder holds no picture.
    """
    embedder = embedders.load(model, threads)
    chosen, pixels = _decodable(folder, files, embedder)

    def add(_: int) -> None:
        with (
            tempfile.TemporaryDirectory(prefix="nearsight-bench-") as home,
            nearsight.open(Path(home) / "bench.ns", model=embedder) as app,
        ):
            app.inputs.add(chosen)

    def embed(_: int) -> None:
        for start in range(0, len(pixels), _BATCH):
            embedder.embed(pixels[start : start + _BATCH])

    embed(0)  # loads the model
    seconds = take_turns({"nearsight add": add, "the model alone": embed}, rounds)
    facts: Record = {"bench": "ingest", "folder": str(folder), "files": len(chosen)}
    facts |= {"model": model, "threads": threads or "all but one", "rounds": rounds}
    return [*_rates(facts, seconds, len(chosen)), *_memory(facts, folder, len(chosen))]


def contents(folder: Path) -> Iterator[Source | bytes]:
    """The pictures of a folder without end: from the second time on with bytes behind their end.

    Those change the content's digest, so that nothing is skipped as known, and not the picture.
    """
    found = [source for source in pictures.find(folder) if isinstance(source, Source)]
    if not found:
        raise NotFoundError(f"{folder} holds no pictures: name a folder that does")
    yield from found
    for turn in count(1):
        for source in found:
            data = source.load().data
            if isinstance(data, bytes):
                yield data + turn.to_bytes(4, "big")


def _decodable(
    folder: Path, files: int, embedder: Embedder
) -> tuple[list[Source | bytes], NDArray[np.uint8]]:
    """Pictures that can be used, no content twice, and what the model sees of them."""
    chosen: dict[bytes, Source | bytes] = {}
    pixels: list[NDArray[np.uint8]] = []
    for tried, content in enumerate(contents(folder)):
        if len(chosen) == files:
            break
        if not chosen and tried >= 1000:
            raise NotFoundError(f"none of the pictures in {folder} can be used")
        try:
            picture = pictures.open(content)
        except PictureError:
            continue
        if picture.digest not in chosen:
            chosen[picture.digest] = content
            pixels.append(embedder.prepare(picture))
    return list(chosen.values()), np.stack(pixels)


def _rates(facts: Record, seconds: dict[str, list[float]], files: int) -> Iterator[Record]:
    for name, times in seconds.items():
        yield {**facts, "who": name, "files_per_second": middle([files / t for t in times])}
    added, alone = seconds["nearsight add"], seconds["the model alone"]
    ratio = middle([b / a for a, b in zip(added, alone, strict=True)])
    yield {
        **facts,
        "who": "add over the model alone",
        "ratio": ratio,
        "target": f">= {_TARGET}",
        "met": ratio >= _TARGET,
    }


def _memory(facts: Record, folder: Path, files: int) -> Iterator[Record]:
    peaks: list[float] = []
    for number in (files, 4 * files):
        (record,) = in_new_python(_MEMORY_CODE, folder, number, facts["model"])
        peaks.append(float(str(record["peak_mb"])))
        yield {**facts, **record}
    growth = float(f"{peaks[1] / peaks[0]:.3g}")
    yield {
        **facts,
        "who": "memory at four times the files",
        "ratio": growth,
        "target": f"<= {_FLAT}",
        "met": growth <= _FLAT,
    }


def print_memory(folder: str, files: int, model: str) -> None:
    """Add so many pictures in this process, and print the most memory that it ever held."""
    with (
        tempfile.TemporaryDirectory(prefix="nearsight-bench-") as home,
        nearsight.open(Path(home) / "bench.ns", model=model) as app,
    ):
        endless = contents(Path(folder))
        report = app.inputs.adding(next(endless) for _ in range(files))
        added = sum(outcome.status == "added" for outcome in report)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak_bytes = peak if sys.platform == "darwin" else 1024 * peak
    record = {"who": "memory", "files": files, "added": added}
    print(json.dumps({**record, "peak_mb": round(peak_bytes / 1e6, 1)}))
