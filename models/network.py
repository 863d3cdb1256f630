# SPDX-License-Identifier: Apache-2.0
"""The pose network in Keras: MobileNetV2 of width 0.5, then stages of width 64 that refine heat and affinity maps.

Layer names are those of the ONNX file: `backbone.block3.expand`, `stage2/heat/conv3.dw`, ...
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
import keras
import tensorflow as tf

from targets import HEAT, PAF

STAGES = 6
INPUT_SCALE = 1 / 64  # of pixels 0..255; export folds it into the first convolution
MAP_SCALE = 4.0  # the stages give maps this much enlarged, so that they and the features share a range where they meet
MOMENTUM = 0.98  # of the running statistics
EPSILON = 1e-3

# Output channels, stride and expansion of the blocks; block 5 gives the features at 1/8, the last one those at 1/16.
BLOCKS = ((8, 1, 1), (16, 2, 6), (16, 1, 6), (16, 2, 6), (16, 1, 6), (16, 1, 6), (32, 2, 6), (32, 1, 6), (32, 1, 6),
          (32, 1, 6), (48, 1, 6), (48, 1, 6), (48, 1, 6))
FINE_BLOCK = 5


@keras.saving.register_keras_serializable(package="heddle")
class Enlarge(keras.layers.Layer):
    """Bilinear enlargement to twice the size with asymmetric coordinates, as TensorFlow 1 did it."""

    def call(self, x):
        """NxHxWxC to Nx2Hx2WxC."""
        shape = tf.shape(x)
        return tf.raw_ops.ResizeBilinear(images=x, size=2 * shape[1:3], align_corners=False, half_pixel_centers=False)

    def compute_output_shape(self, shape):
        """Shape of the result."""
        return (shape[0], *(None if n is None else 2 * n for n in shape[1:3]), shape[3])


@keras.saving.register_keras_serializable(package="heddle")
class Norm(keras.layers.Layer):
    """Batch normalisation and, if `act`, ReLU6, by the fused kernels: Keras's own ones take twice the time here."""

    def __init__(self, act, **kwargs):
        super().__init__(**kwargs)
        self.act = act

    def build(self, shape):
        """Makes the weights, one of each a channel."""
        def make(name, start, train):
            return self.add_weight(shape=(shape[-1],), initializer=start, name=name, trainable=train)

        self.gamma, self.beta = make("gamma", "ones", True), make("beta", "zeros", True)
        self.mean, self.variance = make("mean", "zeros", False), make("variance", "ones", False)

    def call(self, x, training=False):
        """NxHxWxC to the same shape."""
        weights = {"scale": self.gamma, "offset": self.beta, "epsilon": EPSILON}
        if training:
            x, mean, variance = tf.compat.v1.nn.fused_batch_norm(x, is_training=True, **weights)
            for running, now in ((self.mean, mean), (self.variance, variance)):
                running.assign(MOMENTUM * running + (1 - MOMENTUM) * now)
        else:
            x = tf.compat.v1.nn.fused_batch_norm(
                x, mean=self.mean, variance=self.variance, is_training=False, **weights)[0]
        return tf.nn.relu6(x) if self.act else x

    def compute_output_shape(self, shape):
        """Shape of the result."""
        return shape


@keras.saving.register_keras_serializable(package="heddle")
class Pointwise(keras.layers.Layer):
    """A 1x1 convolution as a product of matrices, whose gradient is three times as fast as the convolution's."""

    def __init__(self, channels, bias=False, **kwargs):
        super().__init__(**kwargs)
        self.channels, self.bias = channels, bias

    def build(self, shape):
        """Makes the weights: inputs x outputs, and a bias for each output if asked for."""
        self.kernel = self.add_weight(shape=(shape[-1], self.channels), initializer="glorot_uniform", name="kernel")
        self.offset = self.add_weight(shape=(self.channels,), initializer="zeros", name="bias") if self.bias else None

    def call(self, x):
        """NxHxWxC to NxHxWxchannels."""
        shape = tf.shape(x)
        y = tf.matmul(tf.reshape(x, (-1, x.shape[-1])), self.kernel)
        y = y if self.offset is None else y + self.offset
        return tf.reshape(y, tf.concat([shape[:3], [self.channels]], 0))

    def compute_output_shape(self, shape):
        """Shape of the result."""
        return (*shape[:3], self.channels)


def _norm(x, name, act=True):
    return Norm(act, name=name + ".bn")(x)


def _conv(x, channels, kernel, stride, name, act=True):
    if kernel == 1:
        x = Pointwise(channels, name=name)(x)
    else:
        x = keras.layers.Conv2D(channels, kernel, stride, "same", use_bias=False, name=name)(x)
    return _norm(x, name, act)


def _depthwise(x, kernel, stride, name):
    # A 1x1 depthwise layer before a normalisation is that normalisation; export writes it as a layer of its own.
    if kernel > 1:
        x = keras.layers.DepthwiseConv2D(kernel, stride, "same", use_bias=False, name=name)(x)
    return _norm(x, name)


def _block(x, index, channels, stride, expansion):
    """An inverted residual block."""
    name, entry = f"backbone.block{index}", x
    if expansion > 1:
        x = _conv(x, expansion * x.shape[-1], 1, 1, name + ".expand")
    x = _depthwise(x, 3, stride, name + ".dw")
    x = _conv(x, channels, 1, 1, name + ".project", act=False)
    if stride == 1 and entry.shape[-1] == channels:
        x = keras.layers.Add(name=name + ".add")([x, entry])
    return x


def _backbone(x):
    x = _conv(x, 16, 3, 2, "backbone.conv")
    for index, (channels, stride, expansion) in enumerate(BLOCKS):
        x = _block(x, index, channels, stride, expansion)
        if index == FINE_BLOCK:
            fine = x
    return keras.layers.Concatenate(name="features")([fine, Enlarge(name="enlarge")(x)])


def _branch(x, name, middle, outputs):
    """Five depthwise-separable layers; the last one is linear."""
    for index, (kernel, channels) in enumerate(((3, 64), (3, 64), (3, 64), (1, middle)), 1):
        x = _depthwise(x, kernel, 1, f"{name}.conv{index}.dw")
        x = _conv(x, channels, 1, 1, f"{name}.conv{index}.pw")
    x = _depthwise(x, 1, 1, f"{name}.conv5.dw")
    return Pointwise(outputs, bias=True, name=f"{name}.conv5.pw")(x)


def build(stages=STAGES):
    """NHxWx3 (BGR, 0..255) to one Nx(H/8)x(W/8)x57 a stage: heat maps and affinities, MAP_SCALE times enlarged."""
    image = keras.Input((None, None, 3), name="image")
    features = _backbone(keras.layers.Rescaling(INPUT_SCALE, name="scale")(image))
    x, outputs = features, []
    for stage in range(1, stages + 1):
        middle = 256 if stage == 1 else 64
        paf = _branch(x, f"stage{stage}.paf", middle, PAF)
        heat = _branch(x, f"stage{stage}.heat", middle, HEAT)
        outputs.append(keras.layers.Concatenate(name=f"stage{stage}.maps")([heat, paf]))
        x = keras.layers.Concatenate(name=f"stage{stage + 1}.concat")([paf, heat, features])
    return keras.Model(image, outputs, name="demo_pose")


def parameters(model):
    """Weights by their layer's and their own name, as numpy arrays."""
    return {f"{layer.name}/{weight.name}": weight.numpy() for layer in model.layers for weight in layer.weights}


def load_parameters(model, values):
    """Sets all weights from `parameters`; a later stage without any takes those of the last stage that has some."""
    known = max(int(name[5]) for name in values if name.startswith("stage"))
    for layer in model.layers:
        for weight in layer.weights:
            name = f"{layer.name}/{weight.name}"
            if name not in values:
                name = f"stage{known}" + name[6:]
            weight.assign(values[name])
