# SPDX-License-Identifier: Apache-2.0
"""The QDQ variant of a model by ONNX Runtime's own `quantize_static`: per channel, int8 weights, uint8 activations."""

import logging
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static


def images(model, count, seed=7):
    """`count` feeds of smooth noise of unit variance: {input name: float32 array of its shape}."""
    rng = np.random.Generator(np.random.Philox(seed))
    for _ in range(count):
        feed = {}
        for value in model.graph.input:
            shape = [d.dim_value for d in value.type.tensor_type.shape.dim]
            coarse = rng.standard_normal((*shape[:2], -(-shape[2] // 8), -(-shape[3] // 8)), np.float32)
            smooth = coarse.repeat(8, 2).repeat(8, 3)[:, :, : shape[2], : shape[3]]
            feed[value.name] = (0.8 * smooth + 0.6 * rng.standard_normal(shape, np.float32)).astype(np.float32)
        yield feed


class _Reader(CalibrationDataReader):
    def __init__(self, model, count):
        self.feeds = images(model, count)

    def get_next(self):
        return next(self.feeds, None)


def quantize(model, calibration=4):
    """A float model (BatchNormalization folded first, as ONNX Runtime does) → its QDQ model."""
    logging.getLogger().setLevel(logging.ERROR)  # quantize_static recommends what is done here already
    with tempfile.TemporaryDirectory() as folder:
        float_path, folded, out = (str(Path(folder, n)) for n in ("float.onnx", "folded.onnx", "qdq.onnx"))
        onnx.save(model, float_path)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = folded
        options.log_severity_level = 3
        onnxruntime.InferenceSession(float_path, options, providers=["CPUExecutionProvider"])
        quantize_static(
            folded,
            out,
            _Reader(model, calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return onnx.load(out)


def main():
    """`python -m tests.zoo.qdq MODEL OUT`: the QDQ form of any float model with picture inputs."""
    source, target = sys.argv[1:]
    onnx.save(quantize(onnx.load(source)), target)


if __name__ == "__main__":
    main()
