"""An embedder that runs an ONNX model on the CPU."""

import os
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nearsight.embedders.card import Card
from nearsight.embedders.embedder import Embedded
from nearsight.embedders.preprocess import frame
from nearsight.errors import ModelError

if TYPE_CHECKING:
    from nearsight.pictures import Picture

_GRAPH = "image.onnx"
_LABELS = "labels.txt"
# Pictures that run through the graph together. Measured per picture, one thread: 5.4 ms at 1 to 4,
# 5.9 at 8, 6.4 at 16, where what passes between layers no longer fits the processor's cache.
_AT_ONCE = 4
# How a protocol buffer spells the key of a tensor that keeps its numbers in another file.
_EXTERNAL_DATA = b"\x0a\x08location"


class OnnxEmbedder:
    """The model in a folder: its card, its graph, its labels. See `Embedder` for the promise.

    `same_picture` and `same_subject` turn a cosine of two of its embeddings into a probability;
    they are None where that was not measured. The graph is read, checked against the card and
    loaded on the first `embed`. A forked process may go on embedding; what the runtime's threads
    did, the calling thread then does alone.
    """

    def __init__(self, card: Card, threads: int) -> None:
        """Describe the model at once; load it later. `threads` compute one batch."""
        self.name = card.name
        self.fingerprint = card.fingerprint
        self.dim = card.dim
        self.labels = tuple(card.read(_LABELS).decode().split())
        self.same_picture = card.same_picture
        self.same_subject = card.same_subject
        self._card = card
        self._threads = threads
        self._loading = Lock()
        self._session: Any = None

    def prepare(self, picture: "Picture") -> NDArray[np.uint8]:
        """Return the picture framed for the model: uint8[size, size, 3], RGB."""
        card = self._card
        return frame(picture, card.size, card.crop, card.interpolation)

    def embed(self, pixels: NDArray[np.uint8]) -> Embedded:
        """Embed uint8[n, size, size, 3], any n: it is cut into pieces that fit the cache.

        Raises `ModelError` for another shape or dtype, a missing or changed file, a runtime that is
        missing, and numbers that are not finite. A row differs by at most 1e-4 between batches.
        """
        self._check(pixels)
        vectors = np.empty((len(pixels), self.dim), np.float32)
        logits = np.empty((len(pixels), len(self.labels)), np.float32)
        for start in range(0, len(pixels), _AT_ONCE):
            piece = slice(start, start + _AT_ONCE)
            vectors[piece], logits[piece] = self._run(pixels[piece])
        if not (np.isfinite(vectors).all() and np.isfinite(logits).all()):
            raise ModelError(
                f"model {self.name!r} gave numbers that are not finite; its file is sound, so this"
                " is a fault of onnxruntime or of the processor: try another onnxruntime version"
            )
        return Embedded(vectors, softmax(logits))

    def _run(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        card = self._card
        outputs: list[NDArray[np.float32]] = self._loaded().run(
            [card.embedding, card.logits], {card.input: pixels}
        )
        return outputs

    def _check(self, pixels: NDArray[np.uint8]) -> None:
        wanted = (self._card.size, self._card.size, 3)
        if pixels.dtype != np.uint8 or pixels.ndim != 4 or pixels.shape[1:] != wanted:
            raise ModelError(
                f"model {self.name!r} takes uint8[n, {wanted[0]}, {wanted[1]}, 3], not"
                f" {pixels.dtype}{list(pixels.shape)}; make it with prepare()"
            )

    def _loaded(self) -> Any:
        with self._loading:
            if self._session is None:
                self._session = _session(self._card, self._threads)
            return self._session


def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return float32[n, m] rows that sum to 1, without overflow for any finite logits."""
    powers = np.exp(logits - logits.max(axis=1, keepdims=True, initial=-np.inf))
    rows: NDArray[np.float32] = powers / powers.sum(axis=1, keepdims=True)
    return rows


def _session(card: Card, threads: int) -> Any:
    graph = card.read(_GRAPH)
    if _EXTERNAL_DATA in graph:
        raise ModelError(
            f"model {card.name!r} keeps weights outside {_GRAPH}, where they cannot be checked;"
            " save it as one file"
        )
    try:
        onnxruntime = _runtime()
    except ImportError as error:
        raise ModelError(
            f"model {card.name!r} needs onnxruntime, which does not load here ({error});"
            " try: pip install --force-reinstall onnxruntime"
        ) from error
    try:
        return onnxruntime.InferenceSession(
            graph, _options(onnxruntime, threads), providers=["CPUExecutionProvider"]
        )
    except Exception as error:  # onnxruntime's own exceptions share no base class
        raise ModelError(
            f"model {card.name!r}: onnxruntime {onnxruntime.__version__} does not load it: {error}"
        ) from error


def _runtime() -> Any:
    """Import onnxruntime with its telemetry off.

    From 1.32 on it starts to collect while it is imported, into ~/.cache/Microsoft, and calls home
    some seconds later; by then only this variable has kept it from that. The function is for hosts
    that imported it before us: it stops the events, not the collector.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # type: ignore[import-untyped]

    onnxruntime.disable_telemetry_events()
    return onnxruntime


def _options(onnxruntime: Any, threads: int) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Turn int8 weights back into floats once, while loading, instead of with every picture.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    # Idle threads sleep instead of taking the core that decodes the next pictures.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return options
