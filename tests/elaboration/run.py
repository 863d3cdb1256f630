# SPDX-License-Identifier: Apache-2.0
"""Elaborates the exported hardware with slang: every overlay, and the corners of every parameter.

Run by the Python of build/hardware, which has pyslang.
"""

import argparse
import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib

from pyslang import driver

ROOT = pathlib.Path(__file__).resolve().parents[2]

# A small legal overlay for a device without limits that matter here.
BASE = {
    "device": "vu9p",
    "format": "int",
    "P": 3,
    "M": 8,
    "N": 4,
    "acc_depth": 64,
    "weight_cycles": 1,
    "winograd": "none",
    "stencil_pixels": 2,
    "post_lanes": 8,
    "regions": 4,
    "region_words": 128,
    "weight_words": 512,
    "weight_bits": [16, 8],
    "param_words": 512,
    "stencil_param_words": 512,
    "coefficient_words": 512,
    "tables": 2,
    "axi_ports": 2,
    "axi_bytes": 8,
    "ddr_gb_per_s": 2.4,
    "ddr_efficiency": 0.85,
    "clock_mhz": 200.0,
    "units": ["upsample", "average", "table", "multiply"],
}

# The least and the greatest legal value of each parameter, with what must go along.
CORNERS = [
    {"P": 1, "stencil_pixels": 1, "post_lanes": 4},
    {"P": 2},
    {"P": 32, "post_lanes": 16},
    {"N": 2, "M": 2, "post_lanes": 2},
    {"N": 2, "M": 6, "post_lanes": 4},
    {"N": 32, "M": 32, "post_lanes": 64},
    {"N": 64, "M": 64, "P": 1, "stencil_pixels": 1, "post_lanes": 64},
    {"M": 4},
    {"M": 64, "post_lanes": 12},
    {"acc_depth": 128},
    {"weight_cycles": 2},
    {"weight_cycles": 4},
    {"weight_cycles": 8},
    {"stencil_pixels": 1},
    {"stencil_pixels": 3},
    {"post_lanes": 4},
    {"post_lanes": 12},
    {"regions": 64, "region_words": 16},
    {"region_words": 1},
    {"region_words": 1 << 18},
    {"weight_words": 1},
    {"weight_words": 1 << 18},
    {"param_words": 64, "stencil_param_words": 64},
    {"param_words": 1 << 14, "stencil_param_words": 1 << 14},
    {"coefficient_words": 64},
    {"coefficient_words": 1 << 16},
    {"tables": 1},
    {"tables": 255},
    {"tables": 0, "units": ["upsample", "average", "multiply"]},
    {"axi_ports": 1},
    {"axi_ports": 16},
    {"axi_bytes": 4},
    {"axi_bytes": 128},
    {"units": [], "tables": 0},
    {"units": ["upsample"], "tables": 0},
    {"units": ["average"], "tables": 0},
    {"units": ["multiply"], "tables": 0},
    {"device": "z7020"},
    {"device": "ecp5-85f", "axi_ports": 1, "post_lanes": 4, "stencil_pixels": 1},
]


def to_toml(values: dict) -> str:
    """Writes values as TOML."""
    words = {key: str(value).replace("'", '"') if isinstance(value, list) else value for key, value in values.items()}
    return "".join(
        f'{key} = "{value}"\n' if isinstance(value, str) and not value.startswith("[") else f"{key} = {value}\n"
        for key, value in words.items()
    )


def named_overlays() -> list[pathlib.Path]:
    """Lists all overlay files of the project."""
    return sorted((ROOT / "overlays").glob("*.toml")) + sorted((ROOT / "tests" / "rtl" / "overlays").glob("*.toml"))


def elaborates(heddle: pathlib.Path, overlay: pathlib.Path, folder: pathlib.Path) -> str:
    """Returns what is wrong, or nothing."""
    done = subprocess.run(
        [heddle, "rtl", str(overlay), "-o", str(folder)],
        capture_output=True,
        text=True,
        env=os.environ | {"HEDDLE_DATA": str(ROOT)},
    )
    if done.returncode != 0:
        return done.stderr
    tool = driver.Driver()
    tool.addStandardArgs()
    models = " ".join(f"sim/{file.name}" for file in sorted((folder / "sim").glob("*.sv")))
    words = f"slang -DSYNTHESIS -I rtl/common -f sources.f {models} --top heddle_ip -Wno-unused"
    with contextlib.chdir(folder):
        read = tool.parseCommandLine(words, driver.CommandLineOptions()) and tool.processOptions()
        if not (read and tool.parseAllSources()):
            return "cannot be read"
        compilation = tool.createCompilation()
        tool.reportCompilation(compilation, True)
        return "" if tool.reportDiagnostics(True) else "slang reports errors (above)"


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--heddle", type=pathlib.Path, default=ROOT / "build" / "release" / "heddle")
    options = parser.parse_args()
    failed = 0
    with tempfile.TemporaryDirectory() as temporary:
        work = pathlib.Path(temporary)
        cases = [(file.stem, file) for file in named_overlays()]
        for number, change in enumerate(CORNERS):
            file = work / f"corner{number}.toml"
            file.write_text(to_toml(BASE | change))
            tomllib.loads(file.read_text())
            cases.append((", ".join(f"{key} = {value}" for key, value in change.items()), file))
        for name, file in cases:
            why = elaborates(options.heddle.resolve(), file, work / f"rtl_{file.stem}")
            if why:
                failed += 1
                print(f"{name}: {why}", flush=True)
    print(f"{len(cases) - failed} of {len(cases)} overlays elaborate")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
