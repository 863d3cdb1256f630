# SPDX-License-Identifier: Apache-2.0
"""TensorFlow frozen graph, SavedModel or Keras file to ONNX, through tf2onnx.

Inputs and outputs of rank 4 become channels-first (NCHW), as the rest of heddle expects; --keep-layout leaves them as
they are. Batch normalisation in training mode is kept as such.
"""

import argparse
import os
import sys
from pathlib import Path

# The newest operator set that tf2onnx writes.
OPSET = 18
INSTALL = ".venv/bin/python -m pip install -r requirements-tensorflow.txt"


class ConversionError(Exception):
    """The model cannot be converted. `code` is the exit code: 1 bad input, 3 unsupported."""

    def __init__(self, message, code=1):
        super().__init__(message)
        self.code = code


def convert(source, output, inputs=None, outputs=None, keep_layout=False, opset=OPSET):
    """Writes the ONNX model of `source` to `output`.

    `inputs`, `outputs`: tensor names of a frozen graph (`name` or `name:0`); by default its placeholders, and the
    tensors that nobody reads. Raises ConversionError.
    """
    source = Path(source)
    if not source.exists():
        raise ConversionError(f"{source}: no such file or directory")
    load = _loader(source)
    _require_packages()
    try:
        model = load(source, inputs, outputs, keep_layout, opset)
    except ConversionError:
        raise
    except Exception as error:  # tf2onnx and TensorFlow raise whatever they like
        raise ConversionError(f"{source}: {type(error).__name__}: {_first_line(error)}") from error
    _restore_training_mode(model.graph)
    _plain_names(model.graph)
    unknown = sorted({n.op_type for n in model.graph.node if n.domain not in ("", "ai.onnx")})
    if unknown:
        raise ConversionError(f"{source}: operators without an ONNX form: {', '.join(unknown)}", 3)
    Path(output).write_bytes(model.SerializeToString())


def _loader(source):
    if source.is_dir():
        if not (source / "saved_model.pb").is_file():
            raise ConversionError(f"{source}: a directory without saved_model.pb is no SavedModel")
        return _saved_model
    if source.suffix not in LOADERS:
        known = ", ".join(LOADERS)
        raise ConversionError(f"{source}: unknown kind of file; known: {known}, and directories of SavedModels")
    if source.stat().st_size == 0:
        raise ConversionError(f"{source}: the file is empty")
    return LOADERS[source.suffix]


def _require_packages():
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    for name, package in (("tensorflow", "tensorflow-cpu"), ("tf2onnx", "tf2onnx")):
        try:
            __import__(name)
        except ImportError as error:
            reason = "is not installed" if getattr(error, "name", None) == name else f"cannot be imported ({error})"
            raise ConversionError(f"the Python package {package} {reason}; install it with: {INSTALL}") from error


def _frozen_graph(source, inputs, outputs, keep_layout, opset):
    import tensorflow as tf
    import tf2onnx

    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(source.read_bytes())
    except Exception as error:  # the exception's type depends on the protobuf package
        raise ConversionError(f"{source}: not a TensorFlow graph: {_first_line(error)}") from error
    if not graph.node:
        raise ConversionError(f"{source}: the graph has no nodes")
    inputs = _tensors(graph, inputs) if inputs else _placeholders(graph)
    outputs = _tensors(graph, outputs) if outputs else _sinks(graph)
    if not inputs or not outputs:
        raise ConversionError(f"{source}: the graph has no {'inputs' if not inputs else 'outputs'}; name them")
    images = ([], []) if keep_layout else _images(tf, graph, inputs, outputs)
    return tf2onnx.convert.from_graph_def(
        graph,
        input_names=inputs,
        output_names=outputs,
        opset=opset,
        inputs_as_nchw=images[0],
        outputs_as_nchw=images[1],
    )[0]


def _tensors(graph, names):
    """Complete tensor names, checked against the graph's nodes."""
    nodes = {n.name for n in graph.node}
    tensors = [name if ":" in name else name + ":0" for name in names]
    for tensor in tensors:
        if tensor.rsplit(":", 1)[0] not in nodes:
            raise ConversionError(f"no node {tensor.rsplit(':', 1)[0]!r} in the graph{_similar(tensor, nodes)}")
    return tensors


def _similar(tensor, nodes):
    import difflib

    near = difflib.get_close_matches(tensor.rsplit(":", 1)[0], nodes, 3)
    return f"; did you mean {', '.join(near)}?" if near else ""


def _placeholders(graph):
    return [n.name + ":0" for n in graph.node if n.op == "Placeholder"]


def _sinks(graph):
    """First outputs of the nodes that nobody reads, leaves without effect set aside."""
    read = {i.lstrip("^").split(":")[0] for n in graph.node for i in n.input}
    aside = {"Const", "NoOp", "Assert", "Placeholder"}
    return [n.name + ":0" for n in graph.node if n.name not in read and n.op not in aside]


def _images(tf, graph, inputs, outputs):
    """The inputs and outputs of rank 4."""
    with tf.Graph().as_default() as scope:
        tf.import_graph_def(graph, name="")
        return tuple([t for t in names if scope.get_tensor_by_name(t).shape.rank == 4] for names in (inputs, outputs))


def _saved_model(source, inputs, outputs, keep_layout, opset):
    import tensorflow as tf

    if inputs or outputs:
        raise ConversionError(
            "a SavedModel names its own inputs and outputs; --inputs and --outputs are for frozen graphs"
        )
    model = tf.saved_model.load(str(source))
    signatures = getattr(model, "signatures", {})
    if not signatures:
        raise ConversionError(f"{source}: the SavedModel has no signature, so nothing says what to call")
    name = "serving_default" if "serving_default" in signatures else sorted(signatures)[0]
    function = signatures[name]
    arguments = function.structured_input_signature[1]
    specs = [tf.TensorSpec(s.shape, s.dtype, name=n) for n, s in sorted(arguments.items())]
    order = [s.name for s in specs]
    results = sorted(function.structured_outputs)
    call = tf.function(
        lambda *values: [tf.identity(function(**dict(zip(order, values, strict=True)))[r], r) for r in results]
    )
    return _function(call, specs, keep_layout, opset)


def _keras(source, inputs, outputs, keep_layout, opset):
    import keras
    import tensorflow as tf

    if inputs or outputs:
        raise ConversionError(
            "a Keras file names its own inputs and outputs; --inputs and --outputs are for frozen graphs"
        )
    model = keras.saving.load_model(source, compile=False)
    if not getattr(model, "inputs", None):
        raise ConversionError(f"{source}: the model's input shape is unknown; save it after it was built")
    specs = [tf.TensorSpec(t.shape, t.dtype, name=t.name) for t in model.inputs]
    names = [t.name for t in model.outputs]

    def call(*values):
        results = model(list(values) if len(values) > 1 else values[0], training=False)
        results = results if isinstance(results, list | tuple) else [results]
        return [tf.identity(r, n) for r, n in zip(results, names, strict=True)]

    return _function(tf.function(call), specs, keep_layout, opset)


def _function(call, specs, keep_layout, opset):
    """A TensorFlow function of tensors to ONNX, with its variables frozen."""
    import tensorflow as tf
    import tf2onnx
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    frozen = convert_variables_to_constants_v2(call.get_concrete_function(*specs))
    inputs, outputs = [t.name for t in frozen.inputs], [t.name for t in frozen.outputs]
    graph = frozen.graph.as_graph_def(add_shapes=True)
    images = ([], []) if keep_layout else _images(tf, graph, inputs, outputs)
    return tf2onnx.convert.from_graph_def(
        graph,
        input_names=inputs,
        output_names=outputs,
        opset=opset,
        inputs_as_nchw=images[0],
        outputs_as_nchw=images[1],
    )[0]


def _restore_training_mode(graph):
    """Makes normalisation by the statistics of its own input one operator again.

    tf2onnx spells TensorFlow's training mode out as reductions that feed BatchNormalization. As one operator in
    training mode it can be recognised, and frozen later. It has no stored statistics: those become mean 0, variance 1.
    """
    import numpy as np
    from onnx import helper, numpy_helper

    producer = {output: node for node in graph.node for output in node.output}
    channels = {w.name: w.dims[0] for w in graph.initializer if len(w.dims) == 1}
    for node in graph.node:
        if node.op_type != "BatchNormalization" or not _is_mean_of(producer, node.input[3], node.input[0]):
            continue
        count = channels[node.input[1]]
        for index, what, value in ((3, "mean", 0), (4, "variance", 1)):
            name = f"{node.name}/no_{what}"
            graph.initializer.append(numpy_helper.from_array(np.full(count, value, np.float32), name))
            node.input[index] = name
        node.attribute.append(helper.make_attribute("training_mode", 1))
        node.output.extend([f"{node.name}/running_mean", f"{node.name}/running_variance"])
    _drop_unread(graph)


def _plain_names(graph):
    """Takes TensorFlow's `:0` off the names of inputs and outputs: they are what users type."""
    used = {name for node in graph.node for name in (*node.input, *node.output)}
    plain = {v.name: v.name[:-2] for v in (*graph.input, *graph.output) if v.name.endswith(":0")}
    plain = {name: short for name, short in plain.items() if short not in used}
    for value in (*graph.input, *graph.output):
        value.name = plain.get(value.name, value.name)
    for node in graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                names[index] = plain.get(name, name)


def _is_mean_of(producer, name, x):
    """Is `name` the mean of tensor `x`, perhaps squeezed?"""
    node = producer.get(name)
    while node is not None and node.op_type == "Squeeze":
        node = producer.get(node.input[0])
    return node is not None and node.op_type == "ReduceMean" and node.input[0] == x


def _drop_unread(graph):
    """Removes nodes, from the last to the first, and constants that nobody reads."""
    read = {o.name for o in graph.output}
    kept = []
    for node in reversed(graph.node):
        if read.intersection(node.output):
            kept.append(node)
            read.update(node.input)
    constants = [w for w in graph.initializer if w.name in read]
    del graph.node[:], graph.initializer[:]
    graph.node.extend(reversed(kept))
    graph.initializer.extend(constants)


LOADERS = {".pb": _frozen_graph, ".keras": _keras, ".h5": _keras, ".hdf5": _keras}


def _first_line(error):
    return next((line.strip() for line in str(error).splitlines() if line.strip()), "no message")


def main(argv=None):
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="heddle convert", description=__doc__.split("\n")[0])
    parser.add_argument("model", help="frozen graph (.pb), SavedModel directory, .keras, .h5")
    parser.add_argument("-o", "--output", type=Path, required=True, help="ONNX file to write")
    names = {"type": lambda text: [n for n in text.split(",") if n], "metavar": "NAME[,NAME...]"}
    parser.add_argument("--inputs", help="input tensors of a frozen graph (default: its placeholders)", **names)
    parser.add_argument("--outputs", help="output tensors of a frozen graph (default: those nobody reads)", **names)
    parser.add_argument("--keep-layout", action="store_true", help="leave images as NHWC")
    args = parser.parse_args(argv)
    try:
        convert(args.model, args.output, args.inputs, args.outputs, args.keep_layout)
    except ConversionError as error:
        print(f"heddle convert: {error}", file=sys.stderr)
        return error.code
    except OSError as error:
        print(f"heddle convert: {error}", file=sys.stderr)
        return 1
    print(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
