# SPDX-License-Identifier: Apache-2.0
"""VGG16, ResNet-50, GoogLeNet and MobileNetV2, as in their papers. Each function: input size in pixels → ONNX model."""

from tests.zoo.builder import Builder


def vgg16(size, seed=1, classes=1000):
    """Simonyan and Zisserman, arXiv 1409.1556, configuration D. Small inputs get small fully connected layers."""
    b = Builder("vgg16", seed)
    x = b.input(3, size, size)
    for stage, (channels, layers) in enumerate(((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), 1):
        for layer in range(1, layers + 1):
            x = b.conv(x, channels, 3, f"conv{stage}_{layer}", norm=False)
        x = b.pool("MaxPool", x, 2, 2, f"pool{stage}")
    hidden = 4096 if size >= 224 else 256
    x = b.dense(x, hidden, "fc6", "Relu")
    x = b.dense(x, hidden, "fc7", "Relu")
    return b.model(b.softmax(b.dense(x, classes, "fc8")))


def resnet50(size, seed=1, classes=1000):
    """He et al., arXiv 1512.03385: the original, with the stride in the first 1x1 convolution of a block."""
    b = Builder("resnet50", seed)
    x = b.conv(b.input(3, size, size), 64, 7, "conv1", stride=2)
    x = b.pool("MaxPool", x, 3, 2, "pool1", pad=1)
    for stage, (width, blocks) in enumerate(((64, 3), (128, 4), (256, 6), (512, 3)), 2):
        for block in range(blocks):
            name, stride = f"res{stage}{chr(97 + block)}", 2 if stage > 2 and block == 0 else 1
            y = b.conv(x, width, 1, name + ".a", stride=stride)
            y = b.conv(y, width, 3, name + ".b")
            y = b.conv(y, 4 * width, 1, name + ".c", act=None, gamma=0.5)
            if block == 0:
                x = b.conv(x, 4 * width, 1, name + ".skip", stride=stride, act=None)
            x = b.add(y, x, name, "Relu")
    return b.model(b.softmax(b.dense(b.global_pool(x, "pool5"), classes, "fc")))


# Table 1 of the paper: 1x1, 3x3 reduce, 3x3, 5x5 reduce, 5x5, pool projection.
INCEPTIONS = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


def googlenet(size, seed=1, classes=1000, lrn=False):
    """Szegedy et al., arXiv 1409.4842, without the auxiliary heads; `lrn` adds the two response normalisations."""
    b = Builder("googlenet", seed)

    def normalise(x, name):
        if not lrn:
            return x
        return b.op("LRN", name, [x], x.channels, x.height, x.width, True, size=5, alpha=1e-4, beta=0.75, bias=1.0)

    x = b.conv(b.input(3, size, size), 64, 7, "conv1", stride=2, norm=False)
    x = normalise(b.pool("MaxPool", x, 3, 2, "pool1", ceil=True), "norm1")
    x = b.conv(x, 64, 1, "conv2.reduce", norm=False)
    x = normalise(b.conv(x, 192, 3, "conv2", norm=False), "norm2")
    x = b.pool("MaxPool", x, 3, 2, "pool2", ceil=True)
    for name, (c1, r3, c3, r5, c5, proj) in INCEPTIONS.items():
        n = "inception" + name
        if name in ("4a", "5a"):
            x = b.pool("MaxPool", x, 3, 2, f"pool{int(name[0]) - 1}", ceil=True)
        one = b.conv(x, c1, 1, n + ".1x1", norm=False)
        three = b.conv(b.conv(x, r3, 1, n + ".3x3.reduce", norm=False), c3, 3, n + ".3x3", norm=False)
        five = b.conv(b.conv(x, r5, 1, n + ".5x5.reduce", norm=False), c5, 5, n + ".5x5", norm=False)
        pool = b.conv(b.pool("MaxPool", x, 3, 1, n + ".pool", pad=1), proj, 1, n + ".pool.proj", norm=False)
        x = b.concat([one, three, five, pool], n)
    return b.model(b.softmax(b.dense(b.global_pool(x, "pool5"), classes, "fc")))


def mobilenetv2(size, seed=1, classes=1000):
    """Sandler et al., arXiv 1801.04381, width 1.0, with TensorFlow's padding at the strides."""
    b = Builder("mobilenetv2", seed)
    x = b.conv(b.input(3, size, size), 32, 3, "conv1", stride=2, pad="same", act="Relu6")
    index = 0
    for expansion, channels, repeats, first in (
        (1, 16, 1, 1),
        (6, 24, 2, 2),
        (6, 32, 3, 2),
        (6, 64, 4, 2),
        (6, 96, 3, 1),
        (6, 160, 3, 2),
        (6, 320, 1, 1),
    ):
        for repeat in range(repeats):
            x = inverted_residual(b, x, channels, first if repeat == 0 else 1, expansion, f"block{index}")
            index += 1
    x = b.conv(x, 1280, 1, "conv_last", act="Relu6")
    return b.model(b.softmax(b.dense(b.global_pool(x, "pool"), classes, "fc")))


def inverted_residual(b, x, channels, stride, expansion, name):
    """Expand, depthwise, project; added to the entry where shapes agree."""
    y = x if expansion == 1 else b.conv(x, expansion * x.channels, 1, name + ".expand", act="Relu6")
    y = b.conv(y, y.channels, 3, name + ".depthwise", stride=stride, pad="same", group=y.channels, act="Relu6")
    joined = stride == 1 and channels == x.channels
    y = b.conv(y, channels, 1, name + ".project", act=None, gamma=0.6 if joined else 1.0)
    return b.add(y, x, name + ".add") if joined else y
