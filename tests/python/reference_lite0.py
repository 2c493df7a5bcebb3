"""EfficientNet-Lite0 in plain numpy, to hold the ONNX graph against: slow, float64, no folding.

Written from the architecture's description (Tan & Le 2019, and the Lite variant's notes):
TensorFlow's 'SAME' padding, batch normalisation with epsilon 1e-3 after each convolution, ReLU6,
no squeeze-and-excitation. It shares no code with the recipe but the reader of the weights.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# (times, kernel, stride, expansion, channels out), as the paper's table 1 has it
PAPER_TABLE = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


def forward(
    weights: Mapping[str, NDArray[np.generic]], pixels: NDArray[np.uint8]
) -> tuple[Array, Array]:
    """Return embedding[n, 1280] and logits[n, 1000] of uint8[n, 224, 224, 3]."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}
    x = relu6(norm(w, "_bn0", conv((pixels - 127.0) / 128.0, w["_conv_stem.weight"], 2)))
    number = 0
    for times, _kernel, first_stride, expansion, channels in PAPER_TABLE:
        for position in range(times):
            stride = first_stride if position == 0 else 1
            x = block(w, f"_blocks.{number}.", x, stride, expansion, channels)
            number += 1
    x = relu6(norm(w, "_bn1", conv(x, w["_conv_head.weight"], 1)))
    embedding = x.mean(axis=(1, 2))
    return embedding, embedding @ w["_fc.weight"].T + w["_fc.bias"]


def block(
    w: Mapping[str, Array], name: str, x: Array, stride: int, expansion: int, channels: int
) -> Array:
    y = x
    if expansion > 1:
        y = relu6(norm(w, f"{name}_bn0", conv(y, w[f"{name}_expand_conv.weight"], 1)))
    y = relu6(norm(w, f"{name}_bn1", depthwise(y, w[f"{name}_depthwise_conv.weight"], stride)))
    y = norm(w, f"{name}_bn2", conv(y, w[f"{name}_project_conv.weight"], 1))
    assert y.shape[3] == channels
    return x + y if stride == 1 and x.shape[3] == channels else y


def conv(x: Array, weight: Array, stride: int) -> Array:
    return sum(
        tap @ weight[:, :, row, column].T for row, column, tap in taps(x, weight.shape[2], stride)
    )


def depthwise(x: Array, weight: Array, stride: int) -> Array:
    return sum(
        tap * weight[:, 0, row, column] for row, column, tap in taps(x, weight.shape[2], stride)
    )


def taps(x: Array, kernel: int, stride: int):
    """Yield for each place in the kernel what it sees of every output pixel: [n, out, out, c]."""
    side = x.shape[1]
    out = -(-side // stride)
    total = max((out - 1) * stride + kernel - side, 0)
    edges = (total // 2, total - total // 2)
    padded = np.pad(x, ((0, 0), edges, edges, (0, 0)))
    reach = (out - 1) * stride + 1
    for row in range(kernel):
        for column in range(kernel):
            yield (
                row,
                column,
                padded[:, row : row + reach : stride, column : column + reach : stride],
            )


def norm(w: Mapping[str, Array], name: str, x: Array) -> Array:
    centred = (x - w[f"{name}.running_mean"]) / np.sqrt(w[f"{name}.running_var"] + 1e-3)
    return centred * w[f"{name}.weight"] + w[f"{name}.bias"]


def relu6(x: Array) -> Array:
    return np.clip(x, 0, 6)
