# SPDX-License-Identifier: Apache-2.0
"""Writes the network as ONNX, layer by layer, with the batch normalisations folded into the convolutions."""

import os

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from network import BLOCKS, EPSILON, FINE_BLOCK, INPUT_SCALE, MAP_SCALE, STAGES
from targets import CHANNELS, STRIDE


class Writer:
    """Collects nodes and weights; `values` are the weights by the names that network.parameters gives them."""

    def __init__(self, values):
        self.values, self.nodes, self.weights = values, [], []
        self.constant("relu6/min", np.float32(0))
        self.constant("relu6/max", np.float32(6))

    def constant(self, name, array):
        """Adds an array; gives its name."""
        self.weights.append(numpy_helper.from_array(np.asarray(array), name))
        return name

    def node(self, kind, inputs, name, **attributes):
        """Adds a node; gives the name of its output."""
        self.nodes.append(helper.make_node(kind, inputs, [name + ":0"], name=name, **attributes))
        return name + ":0"

    def _folded(self, name, kernel):
        """Weights OxIxHxW and bias with the normalisation that follows layer `name`."""
        def get(part):
            return self.values[f"{name}.bn/{part}"].astype(np.float64)

        factor = get("gamma") / np.sqrt(get("variance") + EPSILON)
        return kernel * factor[:, None, None, None], get("beta") - get("mean") * factor

    def conv(self, x, name, kernel, bias, stride=1, groups=1):
        """A convolution with SAME padding as TensorFlow places it: for a stride of 2 below and to the right."""
        path, side = name.replace(".", "/"), kernel.shape[2]
        low = 1 if side == 3 and stride == 1 else 0
        high = 1 if side == 3 else 0
        inputs = [x, self.constant(path + "/weight", kernel.astype(np.float32)),
                  self.constant(path + "/bias", bias.astype(np.float32))]
        return self.node("Conv", inputs, path, kernel_shape=[side, side], strides=[stride, stride],
                         pads=[low, low, high, high], group=groups)

    def relu6(self, x, name):
        """Limits to 0..6."""
        return self.node("Clip", [x, "relu6/min", "relu6/max"], name.replace(".", "/") + "/relu6")

    def pointwise(self, x, name, act=True):
        """A 1x1 convolution, its normalisation and perhaps ReLU6."""
        kernel = self.values[name + "/kernel"].astype(np.float64).T[:, :, None, None]
        y = self.conv(x, name, *self._folded(name, kernel))
        return self.relu6(y, name) if act else y

    def depthwise(self, x, name, stride=1):
        """A depthwise convolution, its normalisation and ReLU6; 1x1 where the layer has no weights of its own."""
        if name + "/kernel" in self.values:
            kernel = self.values[name + "/kernel"].astype(np.float64).transpose(2, 3, 0, 1)
        else:
            kernel = np.ones((len(self.values[name + ".bn/gamma"]), 1, 1, 1))
        y = self.conv(x, name, *self._folded(name, kernel), stride=stride, groups=len(kernel))
        return self.relu6(y, name)


def _backbone(writer, x):
    """The features at 1/8 of the picture."""
    kernel = writer.values["backbone.conv/kernel"].astype(np.float64).transpose(3, 2, 0, 1)
    kernel, bias = writer._folded("backbone.conv", kernel)
    x = writer.relu6(writer.conv(x, "backbone.conv", kernel * INPUT_SCALE, bias, stride=2), "backbone.conv")
    channels = 16
    for index, (outputs, stride, expansion) in enumerate(BLOCKS):
        name, entry = f"backbone.block{index}", x
        if expansion > 1:
            x = writer.pointwise(x, name + ".expand")
        x = writer.pointwise(writer.depthwise(x, name + ".dw", stride), name + ".project", act=False)
        if stride == 1 and outputs == channels:
            x = writer.node("Add", [x, entry], f"backbone/block{index}/add")
        channels = outputs
        if index == FINE_BLOCK:
            fine = x
    factors = writer.constant("enlarge/factors", np.array([1, 1, 2, 2], np.float32))
    x = writer.node("Resize", [x, "", factors], "enlarge", mode="linear",
                    coordinate_transformation_mode="asymmetric", nearest_mode="floor")
    return writer.node("Concat", [fine, x], "features", axis=1)


def _branch(writer, x, name, scale):
    """One branch of a stage; scale: of its maps."""
    for index in range(1, 5):
        x = writer.pointwise(writer.depthwise(x, f"{name}.conv{index}.dw"), f"{name}.conv{index}.pw")
    x = writer.depthwise(x, f"{name}.conv5.dw")
    last = f"{name}.conv5.pw"
    kernel = writer.values[last + "/kernel"].astype(np.float64).T[:, :, None, None]
    return writer.conv(x, last, scale * kernel, scale * writer.values[last + "/bias"].astype(np.float64))


def make_onnx(values, stages=STAGES, size=192):
    """The ONNX model: `image` 1x3xSxS (BGR, 0..255) to `heat_paf` 1x57x(S/8)x(S/8)."""
    writer = Writer(values)
    features = x = _backbone(writer, "image")
    for stage in range(1, stages + 1):
        scale = 1 / MAP_SCALE if stage == stages else 1.0
        paf = _branch(writer, x, f"stage{stage}.paf", scale)
        heat = _branch(writer, x, f"stage{stage}.heat", scale)
        if stage < stages:
            x = writer.node("Concat", [paf, heat, features], f"stage{stage + 1}/concat", axis=1)
    writer.nodes.append(helper.make_node("Concat", [heat, paf], ["heat_paf"], name="heat_paf", axis=1))
    cells = size // STRIDE
    graph = helper.make_graph(
        writer.nodes, "demo_pose",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])],
        [helper.make_tensor_value_info("heat_paf", TensorProto.FLOAT, [1, CHANNELS, cells, cells])], writer.weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8,
                              producer_name="heddle models/export.py")
    onnx.checker.check_model(model, full_check=True)
    return model


def write_onnx(values, path, stages=STAGES, size=192):
    """Writes the model to `path` at once, so that a reader never sees half of it."""
    partial = path.with_suffix(".partial")
    onnx.save(make_onnx(values, stages, size), partial)
    os.replace(partial, path)
