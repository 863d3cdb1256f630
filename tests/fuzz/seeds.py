# SPDX-License-Identifier: Apache-2.0
"""`python -m tests.fuzz.seeds FOLDER` writes models for the importer's fuzzer to start from.

They are small networks and the node cases of the onnx package, each in two forms: the first input given, the others
constant; and all constant, so that folding executes the operator.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
from onnx import numpy_helper

from tests.e2e import models
from tests.e2e.models import model, node

MOST_BYTES = 2048  # large inputs slow the fuzzer down and say nothing more


def networks():
    """Small networks by name."""
    return {
        "network": models.small_network(),
        "convolution": models.conv(auto_pad="SAME_UPPER"),
        "quantized": models.quantized(),
        "old_forms": model([node("Clip", "x", "a", min=0.0, max=6.0), node("Dropout", "a", "y", ratio=0.5)], opset=7),
        "shapes": model(
            [node("Shape", "x", "s"), node("Gather", "s i", "n"), node("Concat", "n m", "t", axis=0),
             node("Reshape", "x t", "y")],
            {"i": np.array([0], np.int64), "m": np.array([-1], np.int64)},
        ),
    }  # fmt: skip


def node_cases():
    """The node cases by name, parameters frozen."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generators divide by zero on purpose
        tests = load_model_tests(kind="node")
    for test in tests:
        if "_expanded" in test.name or not test.data_sets:
            continue
        for suffix, given in (("", 1), ("_constant", 0)):
            frozen = freeze(test.model, test.data_sets[0][0], given)
            if frozen is not None:
                yield test.name + suffix, frozen


def freeze(original, inputs, given):
    """The model with all but its first `given` inputs as initialisers; None if one of them is no tensor."""
    frozen = onnx.ModelProto()
    frozen.CopyFrom(original)
    graph = frozen.graph
    parameters = list(zip(graph.input, inputs, strict=False))[given:]
    for value_info, value in parameters:
        if isinstance(value, list) or value is None:
            return None
        tensor = value if isinstance(value, onnx.TensorProto) else numpy_helper.from_array(np.asarray(value))
        graph.initializer.append(tensor)
        graph.initializer[-1].name = value_info.name
    del graph.input[given:]
    return frozen


def main(folder):
    """Writes all networks, and the node cases that are small enough."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    cases = {name: case for name, case in node_cases() if case.ByteSize() <= MOST_BYTES}
    for name, seed in (cases | networks()).items():
        onnx.save(seed, Path(folder, name + ".onnx"))


if __name__ == "__main__":
    main(sys.argv[1])
