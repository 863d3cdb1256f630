# SPDX-License-Identifier: Apache-2.0
"""Share of visible joints that a model finds in unseen renderings, measured by `heddle bench accuracy`."""

import json
import subprocess
from pathlib import Path

PROGRAM = Path(__file__).resolve().parent.parent / "build/release/heddle"


def require_program():
    """Ends with a message where the program has not been built."""
    if not PROGRAM.is_file():
        raise SystemExit(f"{PROGRAM} is missing: ./check build makes it")


def evaluate(model, split="validation", count=100):
    """PCK@0.1 of the float model on the first `count` renderings of a split."""
    words = [PROGRAM, "bench", "accuracy", "--demo-model", model, "--split", split, "--pictures", str(count), "--json"]
    rows = json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)
    return next(row["value"] for row in rows if row["row"] == "demo-pck-float")
