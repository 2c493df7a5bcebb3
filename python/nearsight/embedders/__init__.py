"""Models that turn pictures into vectors. Importing this loads neither model nor runtime."""

import os

from nearsight.embedders.card import Card, read_card
from nearsight.embedders.embedder import Embedded, Embedder
from nearsight.embedders.grid import Grid
from nearsight.embedders.likeness import Likeness
from nearsight.embedders.onnx import OnnxEmbedder
from nearsight.errors import ArgumentError, ModelError, NotFoundError

__all__ = ["Card", "Embedded", "Embedder", "Grid", "Likeness", "OnnxEmbedder", "load"]


def load(name: str = "general", threads: int | None = None) -> Embedder:
    """Return the embedder called `name`: an installed model, or "grid", which needs none.

    `threads` compute one batch; None means all processors but one (at least 1), which is left to
    decode pictures. Raises `NotFoundError` for an unknown name, `ModelError` for a damaged
    installation, `ArgumentError` for less than one thread.
    """
    if threads is not None and threads < 1:
        raise ArgumentError(f"threads={threads!r}: give at least 1, or None to choose")
    if name == Grid.name:
        return Grid()
    from importlib.resources import files  # here and not above, to keep `import nearsight` light

    models = files("nearsight") / "_assets" / "models"
    if not models.is_dir():
        raise ModelError(f"{models} is missing: nearsight's models are not installed; install it")
    names = sorted(entry.name for entry in models.iterdir() if entry.is_dir())
    if name not in names:
        raise NotFoundError(f"no model is called {name!r}; there are {', '.join([*names, 'grid'])}")
    return OnnxEmbedder(read_card(models / name), threads or max(1, _processors() - 1))


def _processors() -> int:
    """How many processors this process may use, which a container may have narrowed."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
