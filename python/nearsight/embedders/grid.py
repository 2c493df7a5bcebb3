"""An embedder that needs no model: where which colours and edges are.

It finds copies, crops of a few per cent and pictures of the same layout, in about a millisecond,
wherever no network can run. It knows nothing of what a picture shows.
"""

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nearsight.embedders.embedder import Embedded
from nearsight.embedders.preprocess import central_crop
from nearsight.errors import ModelError

if TYPE_CHECKING:
    from nearsight.pictures import Picture

_SIDE = 64
_CELLS = 4
_DIRECTIONS = 8
_CROP = 0.95
# Edges are weaker numbers than colours; this makes the two parts weigh about the same.
_EDGE_WEIGHT = 4.0
# Keeps a plain grey picture, which has neither colour nor edges, from having no direction at all.
_CONSTANT = 0.01
_RECIPE = f"grid 1 {_SIDE} {_CELLS} {_DIRECTIONS} {_CROP} {_EDGE_WEIGHT} {_CONSTANT}"


class Grid:
    """4 x 4 cells: mean colour, contrast and edges in 8 directions of each; see `Embedder`."""

    name = "grid"
    dim = _CELLS * _CELLS * (3 + 1 + _DIRECTIONS + 1)
    labels: tuple[str, ...] = ()

    @cached_property
    def fingerprint(self) -> str:
        """Hex SHA-256 of the recipe: there are no weights."""
        import hashlib  # here and not above, to keep `import nearsight` light

        return hashlib.sha256(_RECIPE.encode()).hexdigest()

    def prepare(self, picture: "Picture") -> NDArray[np.uint8]:
        """Return the picture's central square as uint8[64, 64, 3], RGB."""
        return np.asarray(central_crop(picture.pixels, _SIDE, _CROP, "bilinear"), np.uint8)

    def embed(self, pixels: NDArray[np.uint8]) -> Embedded:
        """Embed uint8[n, 64, 64, 3]. Exactly the same row for the same pixels, in any batch."""
        if pixels.dtype != np.uint8 or pixels.shape[1:] != (_SIDE, _SIDE, 3):
            raise ModelError(
                f"model 'grid' takes uint8[n, {_SIDE}, {_SIDE}, 3], not"
                f" {pixels.dtype}{list(pixels.shape)}; make it with prepare()"
            )
        colours = (pixels.astype(np.float32) - 127.5) / 127.5
        grey = colours.mean(axis=3)
        parts = (_cells(colours), _contrast(grey), _EDGE_WEIGHT * _cells(_edges(grey)))
        constant = np.full((len(pixels), _CELLS, _CELLS, 1), _CONSTANT, np.float32)
        vectors = np.concatenate([*parts, constant], axis=3, dtype=np.float32)
        return Embedded(
            vectors.reshape(len(pixels), self.dim), np.zeros((len(pixels), 0), np.float32)
        )


def _cells(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Means of float32[n, side, side, m] over each cell: [n, cells, cells, m]."""
    step = _SIDE // _CELLS
    blocks = values.reshape(len(values), _CELLS, step, _CELLS, step, values.shape[-1])
    means: NDArray[np.float32] = blocks.mean(axis=(2, 4))
    return means


def _contrast(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    variance = _cells(grey[..., None] ** 2) - _cells(grey[..., None]) ** 2
    deviation: NDArray[np.float32] = np.sqrt(np.maximum(variance, 0))
    return deviation


def _edges(grey: NDArray[np.float32]) -> NDArray[np.float32]:
    """The gradient's strength, sorted into 8 directions: float32[n, side, side, 8]."""
    down, right = np.gradient(grey, axis=(1, 2)) if len(grey) else (grey, grey)
    turn = np.arctan2(down, right) / (2 * np.pi) * _DIRECTIONS
    nearest = np.round(turn).astype(np.int64) % _DIRECTIONS
    strength = np.hypot(down, right).astype(np.float32)
    sorted_: NDArray[np.float32] = strength[..., None] * (
        nearest[..., None] == np.arange(_DIRECTIONS)
    )
    return sorted_
