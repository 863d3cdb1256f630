# SPDX-License-Identifier: Apache-2.0
"""The program as users call it. Models are small and made on the spot."""
