# SPDX-License-Identifier: Apache-2.0
"""`heddle.convert`; what needs TensorFlow is skipped without it."""
