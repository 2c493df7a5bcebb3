"""Real embeddings: of photos and drawings, of parts of them, and of both mirrored.

A ninth of the pictures is held out and asked with: as they are and mirrored (queries like the
rows), and four of them side by side in one (unlike the rows: no picture in there shows such).
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nearsight import NotFoundError, PictureError, embedders, pictures
from nearsight.bench.drawing import QUERIES, Vectors, units
from nearsight.embedders import Embedder

Pixels = NDArray[np.uint8]

FOLDERS = (Path("/usr/share/tuxpaint/stamps"), Path("/usr/share/doc/opencv-doc/examples/data"))
_EACH = 9  # one picture of so many is held out
_PART = 0.7  # of each side
_BATCH = 16


def embedded(
    folder: Path | None, path: Path, seed: int, model: str = "general"
) -> tuple[Vectors, Vectors, Vectors]:
    """Unit rows f32[n, d] in a mapped file, and two kinds of queries f32[200, d].

    The pictures are those of `folder`, else what Debian's tuxpaint-stamps-default and opencv-doc
    bring. `NotFoundError` where there are too few to be asked with.
    """
    embedder = embedders.load(model)
    kept, held = _divided([folder] if folder else [one for one in FOLDERS if one.is_dir()])
    if len(held) < 4:
        raise NotFoundError(
            "found fewer than 36 pictures that can be used: name a folder of more with --folder"
        )
    random = np.random.default_rng(seed)
    like = islice(_repeated(view for each in held for view in (each, each[:, ::-1])), QUERIES)
    quads = (random.choice(len(held), 4, replace=False) for _ in range(QUERIES))
    unlike = (_together([held[i] for i in quad]) for quad in quads)
    queries = [_embedded(embedder, views) for views in (like, unlike)]
    made = _embedded(embedder, (view for each in kept for view in _views(each)))
    rows = np.memmap(path, np.float32, "w+", shape=made.shape)
    rows[:] = made
    return rows, queries[0], queries[1]


def _divided(folders: Iterable[Path]) -> tuple[list[Pixels], list[Pixels]]:
    """What is searched, and what is held out, each content once."""
    known: set[bytes] = set()
    parts: tuple[list[Pixels], list[Pixels]] = ([], [])
    for source in (source for folder in folders for source in pictures.find(folder)):
        try:
            picture = pictures.open(source)
        except PictureError:
            continue
        if picture.digest not in known:
            known.add(picture.digest)
            parts[len(known) % _EACH == 0].append(np.asarray(picture.pixels, np.uint8))
    return parts


def _views(pixels: Pixels) -> Iterator[Pixels]:
    """The picture, its middle, its upper left and its lower right part, and all mirrored."""
    height, width = (max(1, int(_PART * side)) for side in pixels.shape[:2])
    down, right = pixels.shape[0] - height, pixels.shape[1] - width
    for view in (
        pixels,
        pixels[down // 2 :, right // 2 :][:height, :width],
        pixels[:height, :width],
        pixels[down:, right:],
    ):
        yield view
        yield view[:, ::-1]


def _together(four: list[Pixels]) -> Pixels:
    """Four pictures in one, each cut to the size of the smallest."""
    height, width = (min(each.shape[axis] for each in four) for axis in (0, 1))
    cut = [each[:height, :width] for each in four]
    return np.vstack([np.hstack(cut[:2]), np.hstack(cut[2:])])


def _repeated(views: Iterable[Pixels]) -> Iterator[Pixels]:
    """Without end."""
    seen = []
    for view in views:
        seen.append(view)
        yield view
    while True:
        yield from seen


def _embedded(embedder: Embedder, views: Iterable[Pixels]) -> Vectors:
    """Unit vectors of pictures, f32[n, d]."""
    prepared = (embedder.prepare(pictures.open(np.ascontiguousarray(view))) for view in views)
    found = []
    while some := list(islice(prepared, _BATCH)):
        found.append(embedder.embed(np.stack(some)).vectors)
    return units(np.concatenate(found))
