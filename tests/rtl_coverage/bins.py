# SPDX-License-Identifier: Apache-2.0
"""Functional coverage: kinds of instructions that ran, and against what memory (rtl/cosim/instruction_coverage.h)."""

import collections
import itertools
import pathlib

MEMORIES = ["prompt", "its_bandwidth", "pauses"]
WIDTHS = [8, 16]
TAILS = ["whole", "tail"]
STENCIL_OPS = ["depthwise", "maximum", "average", "nearest", "bilinear", "add", "multiply", "identity"]


def expected() -> set[str]:
    """All bins that programs must fill."""
    bins = set()
    for source, weights, result, channels, pixels in itertools.product(WIDTHS, WIDTHS, WIDTHS, TAILS, TAILS):
        bins.add(f"conv {source}x{weights}to{result} channels_{channels} pixels_{pixels}")
    for op, width, pixels in itertools.product(STENCIL_OPS, WIDTHS, TAILS):
        bins.add(f"stencil.{op} {width}to{width} pixels_{pixels}")
    for opcode, row, start in itertools.product(["load", "save"], TAILS, TAILS):
        bins.add(f"{opcode} row_{row} start_{start}")
    for space in ["weights", "conv_params", "stencil_params", "coefficients", "tables"]:
        bins.add(f"load_const.{space} bytes_whole")
    return {f"{kind} {memory}" for kind in bins for memory in MEMORIES}


def table(folder: pathlib.Path, bad: list[str]) -> str:
    """A line an opcode: bins filled of those expected, instructions in all; adds the empty ones to `bad`."""
    counts: dict[str, int] = collections.Counter()
    for file in folder.glob("*.bins"):
        for line in file.read_text().splitlines():
            name, count = line.rsplit(" ", 1)
            counts[name] += int(count)
    lines = ["| opcode × widths × tails × memory | instructions | bins filled |", "| --- | --- | --- |"]
    wanted = expected()
    for opcode in sorted({name.split()[0] for name in wanted | set(counts)}):
        own = [name for name in wanted if name.split()[0] == opcode]
        filled = sum(counts[name] > 0 for name in own)
        instructions = sum(count for name, count in counts.items() if name.split()[0] == opcode)
        lines.append(f"| `{opcode}` | {instructions} | {filled} of {len(own)} |")
    bad.extend(f"never ran: {name}" for name in sorted(wanted) if counts[name] == 0)
    return "\n".join(lines)
