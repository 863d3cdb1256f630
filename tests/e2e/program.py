# SPDX-License-Identifier: Apache-2.0
"""Calls the program and measures what it took."""

import os
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SLOWER = float(os.environ.get("HEDDLE_SLOWER", "1"))  # how much more time an instrumented build gets
PROGRAM = Path(os.environ.get("HEDDLE", "build/release/heddle")).resolve()


@dataclass
class Outcome:
    """`code` is negative for a signal; `memory_mib` is the peak resident size."""

    code: int
    out: str
    err: str
    seconds: float
    memory_mib: float


def heddle(*words, limit_s=60):
    """Runs the program with these words; killed (code -9) after `limit_s` seconds, times SLOWER."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.monotonic()
        process = subprocess.Popen([PROGRAM, *map(str, words)], stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        timer = threading.Timer(limit_s * SLOWER, process.kill)
        timer.start()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
        return Outcome(process.returncode, *texts, time.monotonic() - start, usage.ru_maxrss / 1024)
