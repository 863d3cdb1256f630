# SPDX-License-Identifier: Apache-2.0
"""Checks that are written in Python, run from the repository's root."""
