# SPDX-License-Identifier: Apache-2.0
"""A small layer language over `onnx.helper`: every call adds nodes to the graph and returns the new tensor.

Weights are drawn so that activations keep about unit variance through any depth: after a rectifier the gain is 2
(He et al., "Delving deep into rectifiers"), after a linear layer 1. Each tensor has a random stream of its own, keyed
by its name, so that a change of one layer leaves the weights of all others as they were.
"""

import zlib
from dataclasses import dataclass

import numpy as np
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
IR_VERSION = 8


@dataclass(frozen=True)
class Value:
    """A tensor: batch 1, `channels` x `height` x `width` (0 x 0: a vector); `rectified` if a ReLU made it."""

    name: str
    channels: int
    height: int
    width: int
    rectified: bool = False

    def info(self):
        """Its ONNX name, type and shape."""
        shape = [1, self.channels, self.height, self.width] if self.height else [1, self.channels]
        return helper.make_tensor_value_info(self.name, TensorProto.FLOAT, shape)


def normal(seed, name, shape):
    """Standard normal float32 numbers that depend only on the seed and the name."""
    key = np.array([seed, zlib.crc32(name.encode())], np.uint64)
    return np.random.Generator(np.random.Philox(key=key)).standard_normal(shape, np.float32)


class Builder:
    """Collects nodes and initialisers; `model` makes the ONNX model. Sizes are in pixels and channels."""

    def __init__(self, name, seed=1):
        self.name, self.seed = name, seed
        self.nodes, self.weights, self.inputs, self.values = [], [], [], []

    def input(self, channels, height, width, name="input"):
        """A graph input."""
        self.inputs.append(Value(name, channels, height, width))
        return self.inputs[-1]

    def constant(self, name, array):
        """An initialiser; returns its name."""
        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def op(self, kind, name, inputs, channels, height, width, rectified=False, **attributes):
        """Any one-output node whose result has the given size. Inputs are Values or names."""
        names = [i.name if isinstance(i, Value) else i for i in inputs]
        self.nodes.append(helper.make_node(kind, names, [name], name, **attributes))
        self.values.append(Value(name, channels, height, width, rectified))
        return self.values[-1]

    def conv(
        self, x, channels, kernel, name, stride=1, pad=None, group=1, act="Relu", norm=True, dilation=1, gamma=1.0
    ):
        """Convolution, then BatchNormalization (or a bias) and an activation. `kernel` and `pad`: a number or a pair.

        pad None: half the kernel (the same size at stride 1); 'same': TensorFlow's, more at the bottom and right.
        """
        kh, kw = (kernel, kernel) if isinstance(kernel, int) else kernel
        top, left, bottom, right = _pads(x, (kh, kw), stride, pad, dilation)
        fan_in = x.channels // group * kh * kw
        gain = 2.0 if x.rectified else 1.0
        weight = normal(self.seed, name + ".weight", (channels, x.channels // group, kh, kw))
        inputs = [x, self.constant(name + ".weight", weight * np.float32((gain / fan_in) ** 0.5))]
        if not norm:
            inputs.append(self.constant(name + ".bias", normal(self.seed, name + ".bias", channels) * np.float32(0.1)))
        height = (x.height + top + bottom - dilation * (kh - 1) - 1) // stride + 1
        width = (x.width + left + right - dilation * (kw - 1) - 1) // stride + 1
        y = self.op(
            "Conv",
            name,
            inputs,
            channels,
            height,
            width,
            kernel_shape=[kh, kw],
            strides=[stride] * 2,
            pads=[top, left, bottom, right],
            group=group,
            dilations=[dilation] * 2,
        )
        if norm:
            y = self.batch_norm(y, name + ".bn", gamma)
        return self.activation(y, act)

    def conv_transpose(self, x, channels, kernel, name, stride=2, act="Relu"):
        """Transposed convolution with a bias, without padding."""
        gain = 2.0 if x.rectified else 1.0
        taps = kernel * kernel / (stride * stride)
        weight = normal(self.seed, name + ".weight", (x.channels, channels, kernel, kernel))
        inputs = [
            x,
            self.constant(name + ".weight", weight * np.float32((gain / (x.channels * taps)) ** 0.5)),
            self.constant(name + ".bias", normal(self.seed, name + ".bias", channels) * np.float32(0.1)),
        ]
        size = [(n - 1) * stride + kernel for n in (x.height, x.width)]
        y = self.op("ConvTranspose", name, inputs, channels, *size, kernel_shape=[kernel] * 2, strides=[stride] * 2)
        return self.activation(y, act)

    def batch_norm(self, x, name, gamma=1.0):
        """Inference-mode normalisation whose statistics differ a little from channel to channel."""
        c = x.channels
        draw = lambda part, scale: normal(self.seed, name + part, c) * np.float32(scale)
        inputs = [
            x,
            self.constant(name + ".scale", np.float32(gamma) * (1 + np.clip(draw(".scale", 0.1), -0.5, 0.5))),
            self.constant(name + ".bias", draw(".bias", 0.1)),
            self.constant(name + ".mean", draw(".mean", 0.1)),
            self.constant(name + ".var", 1 + np.clip(draw(".var", 0.1), -0.5, 0.5)),
        ]
        return self.op("BatchNormalization", name, inputs, c, x.height, x.width, epsilon=1e-3)

    def activation(self, x, kind):
        """`kind`: None, 'Relu', 'Relu6' (written as Clip) or 'Leaky' (0.1)."""
        if kind is None:
            return x
        size = (x.channels, x.height, x.width)
        if kind == "Relu6":
            limits = [self._once("relu6.min", np.float32(0)), self._once("relu6.max", np.float32(6))]
            return self.op("Clip", x.name + ".relu6", [x, *limits], *size, rectified=True)
        if kind == "Leaky":
            return self.op("LeakyRelu", x.name + ".leaky", [x], *size, rectified=True, alpha=0.1)
        return self.op(kind, x.name + "." + kind.lower(), [x], *size, rectified=True)

    def _once(self, name, value):
        if all(w.name != name for w in self.weights):
            self.constant(name, np.array(value))
        return name

    def pool(self, kind, x, kernel, stride, name, pad=0, ceil=False, pads=None, **attributes):
        """MaxPool or AveragePool; `pads` overrides the symmetric `pad`."""
        pads = pads or [pad] * 4
        up = stride - 1 if ceil else 0
        height = (x.height + pads[0] + pads[2] - kernel + up) // stride + 1
        width = (x.width + pads[1] + pads[3] - kernel + up) // stride + 1
        return self.op(
            kind,
            name,
            [x],
            x.channels,
            height,
            width,
            x.rectified,
            kernel_shape=[kernel] * 2,
            strides=[stride] * 2,
            pads=pads,
            ceil_mode=int(ceil),
            **attributes,
        )

    def global_pool(self, x, name):
        """The mean over all pixels."""
        return self.op("GlobalAveragePool", name, [x], x.channels, 1, 1, x.rectified)

    def add(self, a, b, name, act=None):
        """Sum of two tensors of one shape."""
        return self.activation(self.op("Add", name, [a, b], a.channels, a.height, a.width), act)

    def concat(self, parts, name):
        """Channels of all parts, in order."""
        channels = sum(p.channels for p in parts)
        return self.op(
            "Concat", name, parts, channels, parts[0].height, parts[0].width, all(p.rectified for p in parts), axis=1
        )

    def dense(self, x, outputs, name, act=None):
        """Flatten where needed, then a Gemm with bias."""
        features = x.channels * max(x.height * x.width, 1)
        if x.height:
            x = self.op("Flatten", name + ".flatten", [x], features, 0, 0, x.rectified)
        weight = normal(self.seed, name + ".weight", (outputs, features)) * np.float32((2.0 / features) ** 0.5)
        inputs = [
            x,
            self.constant(name + ".weight", weight),
            self.constant(name + ".bias", normal(self.seed, name + ".bias", outputs) * np.float32(0.1)),
        ]
        return self.activation(self.op("Gemm", name, inputs, outputs, 0, 0, transB=1), act)

    def softmax(self, x, name="probabilities"):
        """Over the classes."""
        return self.op("Softmax", name, [x], x.channels, x.height, x.width, axis=1)

    def model(self, *outputs):
        """The model; `outputs` are Values whose names become those of the graph's outputs."""
        names = {o.name for o in outputs}
        graph = helper.make_graph(
            self.nodes,
            self.name,
            [v.info() for v in self.inputs],
            [o.info() for o in outputs],
            self.weights,
            value_info=[v.info() for v in self.values if v.name not in names],
        )
        return helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name="heddle-zoo"
        )


def _pads(x, kernel, stride, pad, dilation):
    if pad == "same":
        total = [
            max((-(-n // stride) - 1) * stride + dilation * (k - 1) + 1 - n, 0)
            for n, k in zip((x.height, x.width), kernel, strict=True)
        ]
        return total[0] // 2, total[1] // 2, total[0] - total[0] // 2, total[1] - total[1] // 2
    if pad is None:
        pad = tuple(dilation * (k - 1) // 2 for k in kernel)
    ph, pw = (pad, pad) if isinstance(pad, int) else pad
    return ph, pw, ph, pw
