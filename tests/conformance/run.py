# SPDX-License-Identifier: Apache-2.0
"""Runs the node cases through the program, in float and on the functional machine, and counts what becomes of them.

Passing: float within 1e-4, functional within 3 % of the range. Unsupported: exit code 3 with a message that names the
operator. Anything else is wrong or a crash. Fails if there is any of these, or if too few pass.
"""

import argparse
import collections
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import onnx

from tests.conformance.cases import load

FLOAT_TOLERANCE = 1e-4
RANGE_TOLERANCE = 0.03
LEAST_PASSING = 350
LEAST_ON_OVERLAY = 80
# What the array or the stencil computes; moving or converting data is no computation.
COMPUTE = {
    "Conv", "ConvTranspose", "ConvInteger", "QLinearConv", "Gemm", "MatMul", "MatMulInteger", "QLinearMatMul",
    "MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "Upsample", "Add", "Sub", "Mul", "Div",
    "Sum", "Max", "Min", "Relu", "Clip", "LeakyRelu", "PRelu", "Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "Elu",
    "Mish", "Swish", "BatchNormalization", "ReduceMean",
}  # fmt: skip


@dataclass
class Verdict:
    """What became of a case: 'pass', 'wrong', 'crash' or 'unsupported', and why; what the overlay computed."""

    name: str
    op: str
    kind: str
    reason: str = ""
    overlay: list[str] = field(default_factory=list)


def difference(got, expected, backend):
    """Why `got` is not what is expected, or None."""
    got, expected = np.asarray(got), np.asarray(expected)
    if got.shape != expected.shape:
        return f"shape {list(got.shape)}, expected {list(expected.shape)}"
    if got.dtype != expected.dtype:
        return f"type {got.dtype}, expected {expected.dtype}"
    if not expected.size or expected.dtype.kind not in "fiub":
        return None if np.array_equal(got, expected) else "values differ"
    exact, value = expected.astype(np.float64), got.astype(np.float64)
    finite = np.isfinite(exact)
    if not np.array_equal(value[~finite], exact[~finite], equal_nan=True):
        return "other infinities or NaNs"
    error = np.abs(value[finite] - exact[finite])
    if not error.size:
        return None
    magnitudes = exact[finite]
    if backend == "float":
        limit = FLOAT_TOLERANCE * np.maximum(1, np.abs(magnitudes))
        if expected.dtype == np.float16:
            limit = np.maximum(limit, np.abs(magnitudes) * 2.0**-10)
    else:
        spread = max(magnitudes.max(), 0) - min(magnitudes.min(), 0)
        limit = np.full_like(error, RANGE_TOLERANCE * spread)
        if expected.dtype.kind in "iu":
            limit = np.maximum(limit, 1)  # one step of an integer result
    worst = int(np.argmax(error - limit))
    if not error[worst] <= limit[worst]:
        return f"{backend}: error {error[worst]:.4g} exceeds {limit[worst]:.4g} (element {worst})"
    return None


def plain(array):
    """`array` in a type that NumPy's files have: 2- and 4-bit integers take a byte, bfloat16 becomes float32."""
    array = np.asarray(array)
    names = {"int2": np.int8, "int4": np.int8, "uint2": np.uint8, "uint4": np.uint8, "bfloat16": np.float32}
    return array.astype(names.get(array.dtype.name, array.dtype))


def calibratable(case):
    """Whether all inputs are finite: other ones have no range to quantise."""
    arrays = [plain(a) for inputs, _ in case.data for a in inputs.values()]
    return all(np.isfinite(a).all() for a in arrays if a.dtype.kind == "f")


def run_case(heddle, case, backend, folder):
    """One case on one backend: (kind, reason, overlay operators)."""
    for index, (inputs, expected) in enumerate(case.data):
        paths = [str(Path(folder, f"{n}{index}")) for n in ("in.npz", "out.npz")]
        model, given, result = str(Path(folder, "model.onnx")), paths[0] + ".npz", paths[1] + ".npz"
        np.savez(given, **{name: plain(array) for name, array in inputs.items()})
        command = [heddle, "run", model, "--input", given, "--output", result, "--backend", backend, "--json"]
        if backend == "functional":
            command += ["--precision", "int8"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
        except subprocess.TimeoutExpired:
            return "crash", "no answer within 60 s", []
        if done.returncode == 3:
            words = done.stderr + done.stdout
            named = case.op in words or re.search(r"which is not supported", words)
            return ("unsupported", _last(words), []) if named else ("wrong", "exit 3 without " + case.op, [])
        if done.returncode:
            kind = "crash" if done.returncode < 0 or done.returncode == 2 else "wrong"
            return kind, f"exit {done.returncode}: {_last(done.stderr)}", []
        with np.load(result) as results:
            for name, value in expected.items():
                if name not in results:
                    return "wrong", f"no output {name}", []
                why = difference(results[name], plain(value), backend)
                if why:
                    return "wrong", f"{name}: {why}", []
    return "pass", "", overlay_operators(done.stdout)


def overlay_operators(text):
    """The compute operators that the overlay ran, from the program's JSON."""
    return sorted(set(json.loads(text).get("overlay_ops", [])) & COMPUTE)


def _last(text):
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0][:160] if lines else "no message"


def judge(heddle, case):
    """Both backends; the float one first."""
    with tempfile.TemporaryDirectory() as folder:
        onnx.save(case.model, Path(folder, "model.onnx"))
        for backend in ("float", "functional") if calibratable(case) else ("float",):
            kind, reason, overlay = run_case(heddle, case, backend, folder)
            if kind != "pass":
                return Verdict(case.name, case.op, kind, f"{backend}: {reason}")
    return Verdict(case.name, case.op, "pass", overlay=overlay)


def cached_cases(cache):
    """Making the cases takes some seconds, so they are kept beside the build, for this version of the package."""
    path = Path(cache, f"node_cases_{onnx.__version__}.pickle")
    stamp = Path(__file__).with_name("cases.py").stat().st_mtime
    if path.exists() and path.stat().st_mtime > stamp:
        return pickle.loads(path.read_bytes())
    cases = load()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(cases))
    return cases


def table(verdicts):
    """Readable summary; returns the list of goals that are not met."""
    count = collections.Counter(v.kind for v in verdicts)
    on_overlay = sum(bool(v.overlay) for v in verdicts)
    for kind in ("wrong", "crash"):
        for v in verdicts:
            if v.kind == kind:
                print(f"{kind:<6} {v.name}: {v.reason}")
    unsupported = collections.defaultdict(list)
    for v in verdicts:
        if v.kind == "unsupported":
            unsupported[v.op].append(v)
    if unsupported:
        print("unsupported (exit code 3):")
        for op in sorted(unsupported):
            print(f"  {op}: {unsupported[op][0].reason}")
            for v in unsupported[op]:
                print(f"    {v.name}")
    print(f"{len(verdicts)} cases: {count['pass']} pass, {on_overlay} of them computed on the overlay, "
          f"{count['unsupported']} unsupported, {count['wrong']} wrong, {count['crash']} crash")  # fmt: skip
    missed = [f"{count[k]} {k}" for k in ("wrong", "crash") if count[k]]
    if count["pass"] < LEAST_PASSING:
        missed.append(f"{count['pass']} pass, at least {LEAST_PASSING} should")
    if on_overlay < LEAST_ON_OVERLAY:
        missed.append(f"{on_overlay} on the overlay, at least {LEAST_ON_OVERLAY} should")
    return missed


def main(argv=None):
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.run", description=__doc__.split("\n")[0])
    parser.add_argument("--heddle", default=os.environ.get("HEDDLE", "build/release/heddle"))
    parser.add_argument("--only", default="", help="cases whose name contains this; the goals are not checked")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--cache", default="build/check", help="folder that keeps the cases")
    parser.add_argument("--json", type=Path, help="write all verdicts to this file")
    args = parser.parse_args(argv)
    if not Path(args.heddle).is_file():
        print(f"conformance: no program at {args.heddle} (build it with ./check build)", file=sys.stderr)
        return 1
    start = time.monotonic()
    cases = [c for c in cached_cases(args.cache) if args.only in c.name]
    with ThreadPoolExecutor(args.jobs) as pool:
        verdicts = list(pool.map(lambda case: judge(str(Path(args.heddle).resolve()), case), cases))
    missed = table(verdicts)
    print(f"{time.monotonic() - start:.0f} s")
    if args.json:
        args.json.write_text(json.dumps([asdict(v) for v in verdicts], indent=1))
    if missed and not args.only:
        print("not reached: " + "; ".join(missed))
        return 1
    return int(any(v.kind in ("wrong", "crash") for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
