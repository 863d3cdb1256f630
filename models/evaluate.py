# SPDX-License-Identifier: Apache-2.0
"""Share of visible joints that a model finds in unseen renderings (PCK at a tenth of the person's box)."""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort

from decode import decode, score_picture
from render import VISIBLE, render

NAMES = ("nose", "neck", "r.shoulder", "r.elbow", "r.wrist", "l.shoulder", "l.elbow", "l.wrist", "r.hip", "r.knee",
         "r.ankle", "l.hip", "l.knee", "l.ankle", "r.eye", "l.eye", "r.ear", "l.ear")


def to_input(pixels):
    """RGB picture, uint8 HxWx3, to the network's input: float32 1x3xHxW, BGR, 0..255."""
    return np.ascontiguousarray(pixels[None, :, :, ::-1].transpose(0, 3, 1, 2), np.float32)


def session(path, threads=0, exact=False):
    """An ONNX Runtime session on the processor; threads 0: as many as it likes.

    exact: a quantised model is run as its graph says. The int8 kernels that ONNX Runtime would put in its place add
    pairs of products in 16 bits on processors without VNNI, which overflow: the output then loses 10 dB.
    """
    options = ort.SessionOptions()
    if exact:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = threads
    return ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def evaluate(path, split="validation", count=100, size=192, seed=2024, threads=0, exact=False):
    """(right, visible, persons found less persons there): counts for each of the 18 joints, and the latter's sum."""
    network = session(path, threads, exact)
    right, total, surplus = np.zeros(18, int), np.zeros(18, int), 0
    for index in range(count):
        pixels, people = render(seed, split, index, size)
        maps = network.run(None, {"image": to_input(pixels)})[0][0].transpose(1, 2, 0)
        found = decode(maps)
        truth = [(np.column_stack([joints[:, :2], joints[:, 2] == VISIBLE]), box) for joints, box in people]
        one, all_ = score_picture(found, truth)
        right, total, surplus = right + one, total + all_, surplus + len(found) - len(people)
    return right, total, surplus


def quantise(path, target, size=192, seed=2024, count=50):
    """Writes an int8 copy of the model (weights per channel), with ranges from `count` calibration renderings."""
    from onnxruntime import quantization as q

    class Reader(q.CalibrationDataReader):
        """Feeds calibration renderings."""

        def __init__(self):
            self.rest = iter(range(count))

        def get_next(self):
            """The next input, or None."""
            index = next(self.rest, None)
            return None if index is None else {"image": to_input(render(seed, "calibration", index, size)[0])}

    q.quantize_static(str(path), str(target), Reader(), per_channel=True, activation_type=q.QuantType.QInt8,
                      weight_type=q.QuantType.QInt8, quant_format=q.QuantFormat.QDQ,
                      extra_options={"ActivationSymmetric": False})


def main():
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, default=Path(__file__).with_name("demo_pose.onnx"))
    parser.add_argument("--split", default="test")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--size", type=int, default=192)
    parser.add_argument("--seed", type=int, default=2024)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--int8", action="store_true", help="quantise to int8 with ONNX Runtime first")
    a = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = a.model
        if a.int8:
            path = Path(folder) / "int8.onnx"
            quantise(a.model, path, a.size, a.seed)
        right, total, surplus = evaluate(path, a.split, a.count, a.size, a.seed, a.threads, a.int8)
    for name, r, t in zip(NAMES, right, total, strict=True):
        print(f"{name:11} {r / max(t, 1):.3f}  {r}/{t}")
    print(f"PCK@0.1 {right.sum() / total.sum():.4f} on {a.count} pictures ({total.sum()} joints), "
          f"persons found less persons there: {surplus:+d}")


if __name__ == "__main__":
    main()
