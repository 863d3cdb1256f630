# SPDX-License-Identifier: Apache-2.0
"""The networks of the papers with seeded weights, built with `onnx.helper`: `python -m tests.zoo.build --help`."""
