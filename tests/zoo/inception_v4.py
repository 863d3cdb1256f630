# SPDX-License-Identifier: Apache-2.0
"""Inception-v4: Szegedy et al., arXiv 1602.07261, figures 3 to 9."""

from tests.zoo.builder import Builder


def inception_v4(size, seed=1, classes=1000):
    """Input size in pixels (299 in the paper, at least 75) → ONNX model."""
    b = Builder("inception_v4", seed)
    x = _stem(b, b.input(3, size, size))
    for i in range(4):
        x = _block_a(b, x, f"a{i}")
    x = _reduction_a(b, x, "reduction_a")
    for i in range(7):
        x = _block_b(b, x, f"b{i}")
    x = _reduction_b(b, x, "reduction_b")
    for i in range(3):
        x = _block_c(b, x, f"c{i}")
    return b.model(b.softmax(b.dense(b.global_pool(x, "pool"), classes, "fc")))


def _chain(b, x, name, layers):
    """Convolutions one after the other: (channels, kernel[, stride]); stride 2 has no padding."""
    for i, (channels, kernel, *stride) in enumerate(layers):
        step = stride[0] if stride else 1
        x = b.conv(x, channels, kernel, f"{name}.conv{i}", stride=step, pad=None if step == 1 else 0)
    return x


def _mean(b, x, name):
    return b.pool("AveragePool", x, 3, 1, name, pad=1, count_include_pad=0)


def _stem(b, x):
    x = b.conv(x, 32, 3, "stem.conv0", stride=2, pad=0)
    x = b.conv(x, 32, 3, "stem.conv1", pad=0)
    x = b.conv(x, 64, 3, "stem.conv2")
    x = b.concat(
        [b.pool("MaxPool", x, 3, 2, "stem.pool0"), b.conv(x, 96, 3, "stem.conv3", stride=2, pad=0)], "stem.mixed0"
    )
    left = b.conv(b.conv(x, 64, 1, "stem.left.conv0"), 96, 3, "stem.left.conv1", pad=0)
    right = _chain(b, x, "stem.right", [(64, 1), (64, (1, 7)), (64, (7, 1))])
    x = b.concat([left, b.conv(right, 96, 3, "stem.right.conv3", pad=0)], "stem.mixed1")
    return b.concat(
        [b.conv(x, 192, 3, "stem.conv4", stride=2, pad=0), b.pool("MaxPool", x, 3, 2, "stem.pool1")], "stem.mixed2"
    )


def _block_a(b, x, n):
    return b.concat(
        [
            b.conv(_mean(b, x, n + ".pool"), 96, 1, n + ".proj"),
            b.conv(x, 96, 1, n + ".1x1"),
            _chain(b, x, n + ".3x3", [(64, 1), (96, 3)]),
            _chain(b, x, n + ".double", [(64, 1), (96, 3), (96, 3)]),
        ],
        n,
    )


def _reduction_a(b, x, n):
    return b.concat(
        [
            b.pool("MaxPool", x, 3, 2, n + ".pool"),
            b.conv(x, 384, 3, n + ".3x3", stride=2, pad=0),
            _chain(b, x, n + ".double", [(192, 1), (224, 3), (256, 3, 2)]),
        ],
        n,
    )


def _block_b(b, x, n):
    return b.concat(
        [
            b.conv(_mean(b, x, n + ".pool"), 128, 1, n + ".proj"),
            b.conv(x, 384, 1, n + ".1x1"),
            _chain(b, x, n + ".7x7", [(192, 1), (224, (1, 7)), (256, (7, 1))]),
            _chain(b, x, n + ".double", [(192, 1), (192, (1, 7)), (224, (7, 1)), (224, (1, 7)), (256, (7, 1))]),
        ],
        n,
    )


def _reduction_b(b, x, n):
    return b.concat(
        [
            b.pool("MaxPool", x, 3, 2, n + ".pool"),
            _chain(b, x, n + ".3x3", [(192, 1), (192, 3, 2)]),
            _chain(b, x, n + ".7x7", [(256, 1), (256, (1, 7)), (320, (7, 1)), (320, 3, 2)]),
        ],
        n,
    )


def _block_c(b, x, n):
    wide = b.conv(x, 384, 1, n + ".split")
    deep = _chain(b, x, n + ".deep", [(384, 1), (448, (1, 3)), (512, (3, 1))])
    return b.concat(
        [
            b.conv(_mean(b, x, n + ".pool"), 256, 1, n + ".proj"),
            b.conv(x, 256, 1, n + ".1x1"),
            b.conv(wide, 256, (1, 3), n + ".split.1x3"),
            b.conv(wide, 256, (3, 1), n + ".split.3x1"),
            b.conv(deep, 256, (3, 1), n + ".deep.3x1"),
            b.conv(deep, 256, (1, 3), n + ".deep.1x3"),
        ],
        n,
    )
