"""Stores a float model's weights as int8: a quarter of the size, the arithmetic stays float32.

Each output channel has its own scale (its largest weight becomes 127), and a DequantizeLinear node
gives the weights back. The runtime does that once while loading, if it is told to leave those nodes
alone (`session.disable_quant_qdq`); otherwise it runs them with every picture, twice as slowly.
"""

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

# The early layers are small and rounding them hurts most. With every layer rounded, the embeddings'
# cosine to the float model is 0.9965 on average (worst 0.989); with those up to this many numbers
# left alone it is 0.9990 (worst 0.998), for 0.2 MB. Measured on 101 photographs.
LARGEST_LEFT_ALONE = 10_000


def store_weights_as_int8(model: ModelProto) -> ModelProto:
    """Return a copy of `model` whose large weights (channels first) are int8 with a scale each."""
    smaller = ModelProto()
    smaller.CopyFrom(model)
    graph = smaller.graph
    kept: list[TensorProto] = []
    restore: list[NodeProto] = []
    for tensor in graph.initializer:
        if len(tensor.dims) < 2 or np.prod(tensor.dims) <= LARGEST_LEFT_ALONE:
            kept.append(tensor)
            continue
        kept += _quantise(tensor)
        inputs = [kept[-2].name, kept[-1].name]
        restore.append(helper.make_node("DequantizeLinear", inputs, [tensor.name], axis=0))
    nodes = restore + list(graph.node)
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    return smaller


def _quantise(tensor: TensorProto) -> list[TensorProto]:
    weights = numpy_helper.to_array(tensor)
    channels = weights.reshape(len(weights), -1)
    largest = np.abs(channels).max(axis=1)
    scales = np.where(largest > 0, largest, 1) / np.float32(127)
    steps = np.clip(np.round(channels / scales[:, None]), -127, 127).astype(np.int8)
    return [
        numpy_helper.from_array(steps.reshape(weights.shape), f"{tensor.name}_int8"),
        numpy_helper.from_array(scales.astype(np.float32), f"{tensor.name}_scale"),
    ]
