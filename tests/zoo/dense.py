# SPDX-License-Identifier: Apache-2.0
"""Networks whose output is a map: YOLOv2, Tiny-YOLOv2, OpenPose-V2, U-Net. Each function: input size → ONNX model."""

import numpy as np

from tests.zoo.builder import Builder
from tests.zoo.classifiers import inverted_residual


def yolov2(size, seed=1, outputs=425):
    """Redmon and Farhadi, arXiv 1612.08242: Darknet-19, passthrough as SpaceToDepth, 5 anchors x (5 + 80 classes)."""
    b = Builder("yolov2", seed)
    x = b.input(3, size, size)
    for stage, widths in enumerate(
        ((32,), (64,), (128, 64, 128), (256, 128, 256), (512, 256, 512, 256, 512), (1024, 512, 1024, 512, 1024))
    ):
        if stage:
            x = b.pool("MaxPool", x, 2, 2, f"pool{stage}")
        for layer, channels in enumerate(widths):
            x = b.conv(x, channels, 1 if layer % 2 else 3, f"stage{stage}.conv{layer}", act="Leaky")
        if stage == 4:
            fine = x
    x = b.conv(b.conv(x, 1024, 3, "head.conv0", act="Leaky"), 1024, 3, "head.conv1", act="Leaky")
    fine = b.conv(fine, 64, 1, "passthrough", act="Leaky")
    fine = b.op("SpaceToDepth", "reorg", [fine], 256, fine.height // 2, fine.width // 2, True, blocksize=2)
    x = b.conv(b.concat([fine, x], "route"), 1024, 3, "head.conv2", act="Leaky")
    return b.model(b.conv(x, outputs, 1, "boxes", act=None, norm=False))


def tiny_yolov2(size, seed=1, outputs=125):
    """The small network of the same paper (VOC): the last pool has stride 1 and pads at the bottom and right."""
    b = Builder("tiny_yolov2", seed)
    x = b.input(3, size, size)
    for i, channels in enumerate((16, 32, 64, 128, 256, 512)):
        x = b.conv(x, channels, 3, f"conv{i}", act="Leaky")
        x = (
            b.pool("MaxPool", x, 2, 2, f"pool{i}")
            if i < 5
            else b.pool("MaxPool", x, 2, 1, f"pool{i}", pads=[0, 0, 1, 1])
        )
    x = b.conv(b.conv(x, 1024, 3, "conv6", act="Leaky"), 1024, 3, "conv7", act="Leaky")
    return b.model(b.conv(x, outputs, 1, "boxes", act=None, norm=False))


def openpose_v2(size, seed=1):
    """FlexCNN's case study: MobileNetV2 of width 0.5, features at 1/8 and enlarged 1/16, six stages of width 64, two
    branches each (19 heat maps, 38 affinity maps); normalisation and ReLU6 behind every depthwise layer."""
    b = Builder("openpose_v2", seed)
    x = b.conv(b.input(3, size, size, "image"), 16, 3, "conv1", stride=2, pad="same", act="Relu6")
    for i, (channels, stride) in enumerate(
        (
            (8, 1),
            (16, 2),
            (16, 1),
            (16, 2),
            (16, 1),
            (16, 1),
            (32, 2),
            (32, 1),
            (32, 1),
            (32, 1),
            (48, 1),
            (48, 1),
            (48, 1),
        )
    ):
        x = inverted_residual(b, x, channels, stride, 6 if i else 1, f"block{i}")
        if i == 5:
            fine = x
    scales = b.constant("double", np.array([1, 1, 2, 2], np.float32))
    coarse = b.op(
        "Resize",
        "upsample",
        [x, "", scales],
        x.channels,
        2 * x.height,
        2 * x.width,
        mode="linear",
        coordinate_transformation_mode="asymmetric",
    )
    features = b.concat([fine, coarse], "features")
    maps = features
    for stage in range(1, 7):
        width = 256 if stage == 1 else 64
        heat = _branch(b, maps, 19, width, f"stage{stage}.heat")
        paf = _branch(b, maps, 38, width, f"stage{stage}.paf")
        maps = b.concat(
            [heat, paf, features] if stage < 6 else [heat, paf], f"stage{stage}" if stage < 6 else "heat_paf"
        )
    return b.model(maps)


def _branch(b, x, outputs, width, name):
    """Three separable 3x3 layers of 64 channels, then two separable 1x1 layers."""
    for i, (kernel, channels) in enumerate(((3, 64), (3, 64), (3, 64), (1, width), (1, outputs))):
        x = b.conv(x, x.channels, kernel, f"{name}.conv{i}.depthwise", group=x.channels, act="Relu6")
        x = b.conv(x, channels, 1, f"{name}.conv{i}.pointwise", act="Relu" if i < 4 else None)
    return x


def unet(size, seed=1, base=16, classes=19):
    """Ronneberger et al., arXiv 1505.04597, with padded convolutions, four scales down, transposed convolutions up."""
    b = Builder("unet", seed)
    x = b.input(3, size, size)
    skips = []
    for level in range(5):
        if level:
            x = b.pool("MaxPool", x, 2, 2, f"down{level}.pool")
        for i in range(2):
            x = b.conv(x, base << level, 3, f"down{level}.conv{i}")
        skips.append(x)
    for level in range(3, -1, -1):
        x = b.conv_transpose(x, base << level, 2, f"up{level}.transpose", act=None)
        x = b.concat([skips[level], x], f"up{level}.concat")
        for i in range(2):
            x = b.conv(x, base << level, 3, f"up{level}.conv{i}")
    return b.model(b.conv(x, classes, 1, "logits", act=None, norm=False))
