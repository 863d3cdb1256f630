# SPDX-License-Identifier: Apache-2.0
"""Small models for the tests: each function returns a ModelProto."""

import numpy as np
from onnx import TensorProto, helper, numpy_helper


def weights(*shape, seed=1):
    """Seeded float32 numbers of about the size of trained weights."""
    return (np.random.Generator(np.random.Philox(seed)).standard_normal(shape) * 0.3).astype(np.float32)


def model(nodes, constants=None, inputs=None, outputs=("y",), opset=17, **graph_options):
    """A model from nodes; `inputs` maps names to shapes (default x: 1x3x8x8), outputs have no declared shape."""
    inputs = {"x": [1, 3, 8, 8]} if inputs is None else inputs
    graph = helper.make_graph(
        nodes,
        "test",
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs],
        [v if isinstance(v, TensorProto) else numpy_helper.from_array(v, k) for k, v in (constants or {}).items()],
        **graph_options,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)


def node(op, inputs, outputs, name=None, **attributes):
    """A node called `name`, or like its first output."""
    return helper.make_node(op, inputs.split(), outputs.split(), name or outputs.split()[0] + "_node", **attributes)


def conv(name="conv", **attributes):
    """One 3x3 convolution from 3 to 4 channels, from x to y."""
    return model([node("Conv", "x w", "y", name, **({"pads": [1, 1, 1, 1]} | attributes))], {"w": weights(4, 3, 3, 3)})


def small_network():
    """Convolution, depthwise convolution, pool, residual add, global pool, classifier."""
    return model(
        [
            node("Conv", "x w0 b0", "a", "first", pads=[1, 1, 1, 1], strides=[2, 2]),
            node("Relu", "a", "ar"),
            node("Conv", "ar w1", "b", "depthwise", pads=[1, 1, 1, 1], group=16),
            node("Clip", "b zero six", "bc"),
            node("Conv", "bc w2", "c", "pointwise"),
            node("Add", "c ar", "d", "residual"),
            node("MaxPool", "d", "e", "pool", kernel_shape=[2, 2], strides=[2, 2]),
            node("GlobalAveragePool", "e", "f", "mean"),
            node("Flatten", "f", "g"),
            node("Gemm", "g w3 b3", "h", "classifier", transB=1),
            node("Softmax", "h", "y", "softmax"),
        ],
        {
            "w0": weights(16, 3, 3, 3),
            "b0": weights(16, seed=2),
            "w1": weights(16, 1, 3, 3, seed=3),
            "w2": weights(16, 16, 1, 1, seed=4),
            "w3": weights(10, 16, seed=5),
            "b3": weights(10, seed=6),
            "zero": np.float32(0),
            "six": np.float32(6),
        },
        {"x": [1, 3, 16, 16]},
    )


def quantized(scale=0.1, zero_point=0, weight_scale=0.05):
    """x → QuantizeLinear → DequantizeLinear → Conv with a quantised weight → y."""
    return model(
        [
            node("QuantizeLinear", "x xs xz", "q", "quantize"),
            node("DequantizeLinear", "q xs xz", "d", "dequantize"),
            node("DequantizeLinear", "wq ws wz", "w", "dequantize_weight"),
            node("Conv", "d w", "y", "conv", pads=[1, 1, 1, 1]),
        ],
        {
            "xs": np.float32(scale),
            "xz": np.array(zero_point, np.uint8),
            "wq": (weights(4, 3, 3, 3) * 100).astype(np.int8),
            "ws": np.float32(weight_scale),
            "wz": np.int8(0),
        },
    )
