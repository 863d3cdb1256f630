# SPDX-License-Identifier: Apache-2.0
"""Frozen cases still mean what they meant: the reference evaluator of the onnx package gives their outputs."""

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from tests.conformance.cases import DATA_INPUTS
from tests.conformance.run import cached_cases, difference


@pytest.fixture(scope="module")
def cases():
    return cached_cases("build/check")


def test_every_operator_has_cases(cases):
    assert {c.op for c in cases} == set(DATA_INPUTS)
    assert len([c for c in cases if c.op != "Cast"]) == 390


def test_only_data_inputs_are_left(cases):
    for case in cases:
        keep = DATA_INPUTS[case.op]
        node = case.model.graph.node[0]
        left = {i.name for i in case.model.graph.input}
        assert left <= {n for i, n in enumerate(node.input) if keep is None or i in keep}
        assert left == set(case.data[0][0])
        assert {n for n in node.input if n} <= left | {w.name for w in case.model.graph.initializer}


@pytest.mark.parametrize("op", ["Conv", "Resize", "Clip", "QLinearConv", "Slice", "Pad"])
def test_frozen_cases_give_the_expected_outputs(cases, op):
    judged = 0
    for case in (c for c in cases if c.op == op):
        evaluator = ReferenceEvaluator(case.model)
        for inputs, expected in case.data:
            for value, (name, want) in zip(evaluator.run(None, inputs), expected.items(), strict=True):
                assert difference(value, want, "functional") is None, (case.name, name)
                judged += 1
    assert judged


def test_difference_sees_what_differs():
    x = np.linspace(-1, 1, 8, dtype=np.float32)
    assert difference(x, x, "float") is None
    assert "shape" in difference(x[:4], x, "float")
    assert "type" in difference(x.astype(np.float64), x, "float")
    assert "exceeds" in difference(x + np.float32(2e-4), x, "float")
    assert difference(x + np.float32(0.05), x, "functional") is None
    assert "exceeds" in difference(x + np.float32(0.07), x, "functional")
    assert "NaN" in difference(x * np.nan, np.full(8, np.inf, np.float32), "float")
    assert "exceeds" in difference(np.full(8, np.nan, np.float32), x, "float")
