# SPDX-License-Identifier: Apache-2.0
"""Median latency of a model in ONNX Runtime, as JSON: the other side of `heddle bench sim`."""

import argparse
import json
import statistics
import time

import numpy as np
import onnxruntime


def median_seconds(path, threads, runs):
    """Seconds of the median of `runs` inferences after two that are not counted; default options, CPU provider."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    rng = np.random.Generator(np.random.Philox(3))
    feeds = {i.name: rng.random(i.shape, np.float32) for i in session.get_inputs()}
    times = []
    for run in range(runs + 2):
        start = time.perf_counter()
        session.run(None, feeds)
        if run >= 2:
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def main():
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--runs", type=int, default=10)
    args = parser.parse_args()
    print(json.dumps({"median_seconds": median_seconds(args.model, args.threads, args.runs)}))


if __name__ == "__main__":
    main()
