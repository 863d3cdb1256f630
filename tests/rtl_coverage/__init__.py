# SPDX-License-Identifier: Apache-2.0
"""Coverage of rtl/ by its tests."""
