# SPDX-License-Identifier: Apache-2.0
"""The backend node cases of the onnx package, for the operators of CNNs: `python -m tests.conformance.run --help`."""
