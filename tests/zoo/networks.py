# SPDX-License-Identifier: Apache-2.0
"""The list of networks: who builds each, its published input size and MAC count, and the size of the quick checks."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.zoo import classifiers, dense, inception_v4


@dataclass(frozen=True)
class Network:
    """`gmac`: published multiply-accumulates (10^9) at `size`; `tolerance`: how far a rounded figure may be off."""

    build: Callable
    size: int
    small: int
    gmac: float
    tolerance: float
    source: str


NETWORKS = {
    "vgg16": Network(classifiers.vgg16, 224, 32, 15.5, 0.005, "Sze et al., arXiv 1703.09039, table II: 15.5 G"),
    "resnet50": Network(
        classifiers.resnet50, 224, 64, 3.86, 0.01, "He et al., arXiv 1512.03385, table 1: 3.8 G; 3.86 G in full"
    ),
    "googlenet": Network(classifiers.googlenet, 224, 64, 1.58, 0.01, "Caffe's bvlc_googlenet: 1.58 G"),
    "inception_v4": Network(
        inception_v4.inception_v4, 299, 107, 12.27, 0.01, "timm: 12.28 G; 12.27 G with 1,000 classes"
    ),
    "mobilenetv2": Network(
        classifiers.mobilenetv2, 224, 64, 0.300, 0.01, "Sandler et al., arXiv 1801.04381, table 4: 300 M"
    ),
    "yolov2": Network(
        dense.yolov2,
        448,
        64,
        62.94 / 2 * (448 / 608) ** 2,
        0.002,
        "the authors' page, YOLOv2 608x608: 62.94 GFLOP, by area",
    ),
    "tiny_yolov2": Network(
        dense.tiny_yolov2, 416, 64, 6.97 / 2, 0.005, "the authors' page, Tiny YOLO (VOC): 6.97 GFLOP"
    ),
    "openpose_v2": Network(dense.openpose_v2, 384, 64, 0.933, 0.005, "the published graph at 384x384: 0.933 G"),
    "unet": Network(dense.unet, 512, 64, 12, 0.1, "about 12 G at base width 16"),
}
