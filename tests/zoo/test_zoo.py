# SPDX-License-Identifier: Apache-2.0
"""The zoo's models are valid ONNX with the shapes that they state, run, and keep their activations in range."""

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.zoo.build import build
from tests.zoo.macs import count
from tests.zoo.networks import NETWORKS
from tests.zoo.qdq import images, quantize


def _run(model):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, next(images(model, 1)))


@pytest.mark.parametrize("name", NETWORKS)
def test_small_network(name):
    model = build(name, NETWORKS[name].small)
    onnx.checker.check_model(onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True))
    assert len({n.name for n in model.graph.node}) == len(model.graph.node)
    for out in _run(model):
        assert np.isfinite(out).all()
        assert 1e-4 < out.std() < 30  # class probabilities are the small ones


@pytest.mark.parametrize("name", ["mobilenetv2", "openpose_v2"])
def test_published_macs_hold_and_weights_repeat(name):
    first, second = build(name), build(name)
    assert sum(count(first)) / 1e9 == pytest.approx(NETWORKS[name].gmac, rel=NETWORKS[name].tolerance)
    assert first.SerializeToString() == second.SerializeToString()


def test_other_macs_are_refused(monkeypatch):
    import dataclasses

    monkeypatch.setitem(NETWORKS, "openpose_v2", dataclasses.replace(NETWORKS["openpose_v2"], gmac=1.0))
    with pytest.raises(ValueError, match="0.9333 GMAC"):
        build("openpose_v2")


def test_local_response_normalisation_is_an_option():
    kinds = [n.op_type for n in build("googlenet", 64, lrn=True).graph.node]
    assert kinds.count("LRN") == 2
    assert "LRN" not in [n.op_type for n in build("googlenet", 64).graph.node]


def test_qdq_variant_is_close_to_the_float_model():
    model = build("openpose_v2", 64)
    quantized = quantize(model)
    kinds = {n.op_type for n in quantized.graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds and "BatchNormalization" not in kinds
    exact, approximate = _run(model)[0], _run(quantized)[0]
    assert np.abs(exact - approximate).mean() < 0.2 * exact.std()
