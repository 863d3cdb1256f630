# SPDX-License-Identifier: Apache-2.0
"""The Python side of heddle. `python -m heddle.convert` turns TensorFlow and Keras models into ONNX."""

__version__ = "0.1.0"
