# SPDX-License-Identifier: Apache-2.0
"""Takes the zoo through the program: one overlay region with all convolutions, a legal program for every overlay, and
the functional machine equal to the integer reference in every bit.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import onnx

from tests.zoo.build import build
from tests.zoo.networks import NETWORKS
from tests.zoo.qdq import images


class Failed(Exception):
    """A check of a network did not hold."""


def heddle(program, *words, codes=(0,)):
    """Runs the program; its standard output. Failed if the exit code is another."""
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True)
    if done.returncode not in codes:
        lines = [line for line in (done.stderr + done.stdout).splitlines() if line.strip()]
        raise Failed(f"heddle {words[0]}: exit {done.returncode}: " + " | ".join(lines[:4])[:600])
    return done.stdout


def check_partition(program, model):
    """All convolutions in one overlay region; nodes of other kinds may stay on the host."""
    report = json.loads(heddle(program, "inspect", model, "--json"))
    convolutions = [
        f"{row['node']}: {row['reason']}" for row in report["host"] if row["op"] in ("Conv", "ConvTranspose")
    ]
    if convolutions:
        raise Failed("on the host: " + "; ".join(convolutions[:5]))
    if report["overlay_regions"] != 1:
        raise Failed(f"{report['overlay_regions']} overlay regions instead of 1")


def outputs(program, model, image, folder, *options):
    """Results of one run by name."""
    result = Path(folder, f"{Path(model).stem}_outputs.npz")
    heddle(program, "run", model, "--input", image, "--output", result, *options)
    with np.load(result) as arrays:
        return dict(arrays)


def check_overlay(program, model, overlay, image, expected, folder):
    """A legal program for the overlay, and the functional machine gives the bits of the integer reference.

    Without `expected` they are compared layer by layer; with it (the reference's results on `image`) at the outputs.
    """
    if expected is not None:
        found = outputs(program, model, image, folder, "--overlay", overlay)
        if found.keys() == expected.keys() and all(np.array_equal(found[name], expected[name]) for name in found):
            return
    heddle(program, "validate", model, "--overlay", overlay)
    if expected is not None:
        raise Failed(f"other results than the integer reference on {image}")


def check_network(program, name, overlays, full, folder):
    """All checks of one network: list of failures."""
    network = NETWORKS[name]
    model, quantized, image = (Path(folder, name + suffix) for suffix in (".onnx", "_int8.onnx", ".npz"))
    graph = build(name, None if full else network.small)
    onnx.save(graph, model)
    np.savez(image, **next(images(graph, 1)))
    del graph
    failures, expected = [], None
    try:
        check_partition(program, model)
        heddle(program, "quantize", model, "--precision", "int8", "-o", quantized)
        if full:  # the layers' comparison takes the float network too, once for every overlay
            expected = outputs(program, quantized, image, folder, "--backend", "reference")
    except Failed as failure:
        return [f"{name}: {failure}"]
    finally:
        model.unlink()
    for overlay in overlays:
        try:
            check_overlay(program, quantized, overlay, image, expected, folder)
        except Failed as failure:
            failures.append(f"{name} on {overlay}: {failure}")
    quantized.unlink()
    return failures


def main(argv=None):
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.run", description=__doc__.split(":")[0])
    parser.add_argument("names", nargs="*", default=list(NETWORKS), metavar="NAME", help="default: all")
    parser.add_argument("--heddle", default=os.environ.get("HEDDLE", "build/release/heddle"))
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--small", action="store_true", help="small inputs (default)")
    size.add_argument("--full", action="store_true", help="published input sizes")
    parser.add_argument("--overlay", action="append", help="only these overlays (default: zcu102, then all others)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    args = parser.parse_args(argv)
    if not Path(args.heddle).is_file():
        print(f"zoo: no program at {args.heddle} (build it with ./check build)", file=sys.stderr)
        return 1
    program = str(Path(args.heddle).resolve())
    known = [row["name"] for row in json.loads(heddle(program, "overlays", "--json"))]
    overlays = args.overlay or sorted(known, key=lambda name: (name != "zcu102", name))
    failures = []
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(1 if args.full else args.jobs) as pool:

        def judge(name):
            start = time.monotonic()
            found = check_network(program, name, overlays, args.full, folder)
            print(f"{name:<14} {'FAILED' if found else 'fine':<7} {time.monotonic() - start:6.1f} s", flush=True)
            return found

        for found in pool.map(judge, args.names):
            failures += found
    print("\n".join(failures) or f"{len(args.names)} networks on {len(overlays)} overlays: {', '.join(overlays)}")
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
