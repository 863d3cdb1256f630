# SPDX-License-Identifier: Apache-2.0
"""libFuzzer targets, and the seeds that they start from."""
