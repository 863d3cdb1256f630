# SPDX-License-Identifier: Apache-2.0
"""The hardware in a second simulator."""
