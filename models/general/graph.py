"""EfficientNet-Lite0 as an ONNX graph, from the arrays of its published state dict.

Tan & Le, "EfficientNet" (2019); the Lite variant drops squeeze-and-excitation and uses ReLU6. The
weights come from TensorFlow, so the convolutions pad the TensorFlow way ('SAME': the odd pixel goes
to the end) and batch normalisation uses epsilon 1e-3. Batch normalisation is folded into the
convolutions in float64.

The picture's normalisation stays a step of the graph. It cannot be folded into the first
convolution, whose zero padding comes after it.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

Float = NDArray[np.float64]

EMBEDDING = 1280
CLASSES = 1000
EPSILON = 1e-3
OPSET = 13
IR_VERSION = 8


class Stage(NamedTuple):
    """Blocks of one kind in a row; only the first of them strides and changes the channels."""

    blocks: int
    kernel: int
    stride: int
    expand: int
    channels: int


STEM = 32
STAGES = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


class Tap(NamedTuple):
    """A value inside the growing graph: [n, channels, side, side]."""

    name: str
    channels: int
    side: int


def build_graph(
    weights: Mapping[str, NDArray[np.generic]], side: int, mean: float, std: float
) -> ModelProto:
    """Return the float32 model: uint8 [n, side, side, 3] RGB in, `embedding` and `logits` out."""
    graph = _Builder(weights)
    tap = graph.conv(
        graph.normalise(side, mean, std), "_conv_stem", "_bn0", "stem", STEM, 3, stride=2
    )
    number = 0
    for stage in STAGES:
        for position in range(stage.blocks):
            stride = stage.stride if position == 0 else 1
            tap = graph.block(tap, number, stage, stride)
            number += 1
    tap = graph.conv(tap, "_conv_head", "_bn1", "head", EMBEDDING, 1)
    graph.classify(tap)
    graph.refuse_leftovers()
    return graph.model(side)


class _Builder:
    def __init__(self, weights: Mapping[str, NDArray[np.generic]]) -> None:
        self._weights = weights
        self._unused = {name for name in weights if not name.endswith("num_batches_tracked")}
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._low = self._constant("relu6_low", np.array(0.0))
        self._high = self._constant("relu6_high", np.array(6.0))

    def normalise(self, side: int, mean: float, std: float) -> Tap:
        self._add("Cast", ["image"], "image_float", to=TensorProto.FLOAT)
        offset = self._constant("mean", np.array(float(mean)))
        self._add("Sub", ["image_float", offset], "image_centred")
        scale = self._constant("inverse_std", np.array(1 / std))
        self._add("Mul", ["image_centred", scale], "image_normal")
        return Tap(self._add("Transpose", ["image_normal"], "pixels", perm=[0, 3, 1, 2]), 3, side)

    def block(self, tap: Tap, number: int, stage: Stage, stride: int) -> Tap:
        """An inverted residual: widen, filter each channel by itself, narrow, add the input."""
        source, name = f"_blocks.{number}.", f"block{number}"
        inner, wide = tap, tap.channels * stage.expand
        if stage.expand != 1:
            inner = self.conv(
                inner, f"{source}_expand_conv", f"{source}_bn0", f"{name}_expand", wide, 1
            )
        inner = self.conv(
            inner,
            f"{source}_depthwise_conv",
            f"{source}_bn1",
            f"{name}_depthwise",
            wide,
            stage.kernel,
            stride=stride,
            groups=wide,
        )
        inner = self.conv(
            inner,
            f"{source}_project_conv",
            f"{source}_bn2",
            f"{name}_project",
            stage.channels,
            1,
            relu=False,
        )
        if stride != 1 or tap.channels != stage.channels:
            return inner
        return inner._replace(name=self._add("Add", [inner.name, tap.name], f"{name}_sum"))

    def conv(
        self,
        tap: Tap,
        source: str,
        norm: str,
        name: str,
        channels: int,
        kernel: int,
        *,
        stride: int = 1,
        groups: int = 1,
        relu: bool = True,
    ) -> Tap:
        """A convolution with its batch normalisation folded in, then ReLU6 unless it is linear."""
        weight, bias = self._fold(source, norm)
        side = -(-tap.side // stride)
        padding = max((side - 1) * stride + kernel - tap.side, 0)
        before, after = padding // 2, padding - padding // 2
        inputs = [
            tap.name,
            self._constant(f"{name}_weight", weight),
            self._constant(f"{name}_bias", bias),
        ]
        value = self._add(
            "Conv",
            inputs,
            name,
            kernel_shape=[kernel, kernel],
            strides=[stride, stride],
            group=groups,
            pads=[before, before, after, after],
        )
        if relu:
            value = self._add("Clip", [value, self._low, self._high], f"{name}_relu6")
        return Tap(value, channels, side)

    def classify(self, tap: Tap) -> None:
        pooled = self._add("GlobalAveragePool", [tap.name], "pooled")
        self._add("Flatten", [pooled], "embedding", axis=1)
        inputs = [
            "embedding",
            self._constant("classifier_weight", self._take("_fc.weight")),
            self._constant("classifier_bias", self._take("_fc.bias")),
        ]
        self._add("Gemm", inputs, "logits", transB=1)

    def refuse_leftovers(self) -> None:
        if self._unused:
            raise ValueError(f"weights that no part of the graph uses: {sorted(self._unused)}")

    def model(self, side: int) -> ModelProto:
        tensor = helper.make_tensor_value_info
        graph = helper.make_graph(
            self._nodes,
            "efficientnet_lite0",
            [tensor("image", TensorProto.UINT8, ["n", side, side, 3])],
            [
                tensor("embedding", TensorProto.FLOAT, ["n", EMBEDDING]),
                tensor("logits", TensorProto.FLOAT, ["n", CLASSES]),
            ],
            self._constants,
        )
        return helper.make_model(
            graph,
            opset_imports=[helper.make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="nearsight",
        )

    def _fold(self, source: str, norm: str) -> tuple[Float, Float]:
        scale = self._take(f"{norm}.weight") / np.sqrt(self._take(f"{norm}.running_var") + EPSILON)
        bias = self._take(f"{norm}.bias") - self._take(f"{norm}.running_mean") * scale
        return self._take(f"{source}.weight") * scale[:, None, None, None], bias

    def _take(self, name: str) -> Float:
        self._unused.discard(name)
        return self._weights[name].astype(np.float64)

    def _constant(self, name: str, value: Float) -> str:
        dense = np.ascontiguousarray(value, np.float32).reshape(value.shape)
        self._constants.append(numpy_helper.from_array(dense, name))
        return name

    def _add(self, operator: str, inputs: list[str], output: str, **attributes: Any) -> str:
        self._nodes.append(helper.make_node(operator, inputs, [output], output, **attributes))
        return output
