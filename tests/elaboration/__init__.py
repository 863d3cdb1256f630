# SPDX-License-Identifier: Apache-2.0
"""Elaboration of the hardware by a second front end."""
