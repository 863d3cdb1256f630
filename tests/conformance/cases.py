# SPDX-License-Identifier: Apache-2.0
"""Which node cases there are, and how a case becomes a model as exporters write it: parameters are initialisers."""

import warnings
from dataclasses import dataclass

import numpy as np
import onnx
from onnx import numpy_helper

# Operator -> the inputs that stay inputs. All others (weights, limits, shapes, axes, scales, ...) are parameters.
ALL = None
DATA_INPUTS = {
    **dict.fromkeys(("Add", "Sub", "Mul", "Div", "Sum", "Max", "Min", "Concat", "MaxUnpool"), ALL),
    **dict.fromkeys(("Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "Gemm", "MatMul", "MatMulInteger"), (0,)),
    **dict.fromkeys(("QLinearMatMul", "QuantizeLinear", "DequantizeLinear", "Cast"), (0,)),
    **dict.fromkeys(("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "ReduceMean"), (0,)),
    **dict.fromkeys(("BatchNormalization", "InstanceNormalization", "LRN", "Softmax", "Dropout", "Identity"), (0,)),
    **dict.fromkeys(("Relu", "Clip", "LeakyRelu", "PRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish"), (0,)),
    **dict.fromkeys(("Elu", "Mish", "Swish", "Split", "Slice", "Pad", "Resize", "Upsample"), (0,)),
    **dict.fromkeys(("DepthToSpace", "SpaceToDepth", "Reshape", "Flatten", "Squeeze", "Unsqueeze"), (0,)),
    **dict.fromkeys(("Transpose", "Shape", "Constant"), (0,)),
}


@dataclass
class Case:
    """One node case: `model` with frozen parameters, and for each data set its inputs and outputs by name."""

    name: str
    op: str
    model: onnx.ModelProto
    data: list[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]


def load():
    """All cases for the operators above, without the twins that expand a function into its body, in name order."""
    from onnx.backend.test.loader import load_model_tests

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the generators divide by zero on purpose
        tests = load_model_tests(kind="node")
    cases = [freeze(t) for t in tests if "_expanded" not in t.name and _operator(t) in DATA_INPUTS]
    return sorted(cases, key=lambda case: case.name)


def _operator(test):
    nodes = test.model.graph.node
    return nodes[0].op_type if len(nodes) == 1 else None


def freeze(test):
    """The case with every parameter input of its first data set as an initialiser.

    Later data sets that have other parameters are left out: they are other models.
    """
    model = onnx.ModelProto()
    model.CopyFrom(test.model)
    node, graph = model.graph.node[0], model.graph
    keep = DATA_INPUTS[node.op_type]
    data_names = {n for i, n in enumerate(node.input) if keep is ALL or i in keep}
    first = _arrays((i.name for i in graph.input), test.data_sets[0][0])
    parameters = {name: value for name, value in first.items() if name not in data_names}
    for name, value in parameters.items():
        graph.initializer.append(numpy_helper.from_array(value, name))
    kept = [i for i in graph.input if i.name not in parameters]
    names = [i.name for i in graph.input]
    del graph.input[:]
    graph.input.extend(kept)
    outputs = [o.name for o in graph.output]
    data = []
    for inputs, expected in test.data_sets:
        feed = _arrays(names, inputs)
        if all(np.array_equal(feed[n], v, equal_nan=_is_float(v)) for n, v in parameters.items()):
            data.append(({n: feed[n] for n in names if n not in parameters}, _arrays(outputs, expected)))
    return Case(test.name, node.op_type, model, data)


def _arrays(names, values):
    """Names with values as arrays; a sequence or an empty optional becomes an array of objects."""

    def array(value):
        if isinstance(value, onnx.TensorProto):
            return numpy_helper.to_array(value)
        return np.array(value, object) if isinstance(value, list) or value is None else np.asarray(value)

    return {name: array(value) for name, value in zip(names, values, strict=False)}


def _is_float(value):
    return np.issubdtype(value.dtype, np.floating)
