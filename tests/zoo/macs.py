# SPDX-License-Identifier: Apache-2.0
"""Multiply-accumulates of a model with known shapes, by the textbook formula (padding counts too)."""

import math


def count(model):
    """(MACs of convolutions and transposed convolutions, MACs of Gemm and MatMul) for one run of `model`."""
    graph = model.graph
    shapes = {
        v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
        for v in (*graph.value_info, *graph.input, *graph.output)
    }
    shapes |= {w.name: list(w.dims) for w in graph.initializer}
    conv = dense = 0
    for node in graph.node:
        if node.op_type == "Conv":
            conv += math.prod(shapes[node.output[0]]) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type == "ConvTranspose":
            conv += math.prod(shapes[node.input[0]]) * math.prod(shapes[node.input[1]][1:])
        elif node.op_type in ("Gemm", "MatMul"):
            inner = shapes[node.input[0]][-1]
            dense += math.prod(shapes[node.output[0]]) * inner
    return conv, dense
