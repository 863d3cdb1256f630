# SPDX-License-Identifier: Apache-2.0
"""Fixtures: a small model, its input, its program."""

import numpy as np
import onnx
import pytest

from tests.e2e import models
from tests.e2e.program import PROGRAM, heddle


def pytest_configure():
    """Nothing here makes sense without the program."""
    if not PROGRAM.is_file():
        pytest.exit(f"no program at {PROGRAM} (build it with ./check build)", 1)


@pytest.fixture(scope="session")
def network(tmp_path_factory):
    """Path of a small float model."""
    path = tmp_path_factory.mktemp("network") / "network.onnx"
    onnx.save(models.small_network(), path)
    return path


@pytest.fixture(scope="session")
def picture(network):
    """Path of an input (.npz) for that model."""
    path = network.with_name("input.npz")
    np.savez(path, x=np.random.Generator(np.random.Philox(3)).standard_normal((1, 3, 16, 16)).astype(np.float32))
    return path


@pytest.fixture(scope="session")
def program(network):
    """Path of its program for the default overlay."""
    path = network.with_name("network.heddle")
    outcome = heddle("compile", network, "--precision", "int8", "-o", path)
    assert outcome.code == 0, outcome.err
    return path
