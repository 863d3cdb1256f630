# SPDX-License-Identifier: Apache-2.0
"""Runs the tests of the hardware on models that count what they cover: lines, branches and toggles of each module.

Points that no test can reach are waived in rtl/coverage.toml, each with its reason.
"""

import argparse
import collections
import concurrent.futures
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

from tests.rtl_coverage import bins

ROOT = pathlib.Path(__file__).resolve().parents[2]
GOALS = {"line": 0.95, "branch": 0.95, "toggle": 0.90}
MOST_WAIVED = 0.03
MARK = "<!-- Below: python -m tests.rtl_coverage.run --write -->"


@dataclasses.dataclass(frozen=True)
class Point:
    """What is counted: a statement, a branch, or a bit that changes."""

    kind: str
    module: str
    line: int
    column: int
    what: str


def read(folder: pathlib.Path) -> dict[Point, int]:
    """Counts of all points, summed over the programs and over the instances and sizes of each module."""
    counts: dict[Point, int] = collections.Counter()
    for file in folder.glob("*.dat"):
        for line in file.read_text().splitlines():
            found = re.fullmatch(r"C '(.*)' (\d+)", line)
            if not found:
                continue
            fields = dict(field.split("\x02", 1) for field in found[1].split("\x01") if field)
            kind = fields["page"].split("/")[0].removeprefix("v_")
            module = pathlib.Path(fields["f"]).stem
            if kind in GOALS:
                counts[Point(kind, module, int(fields["l"]), int(fields["n"]), fields["o"])] += int(found[2])
    return counts


def waived(point: Point, waivers: list[dict]) -> dict | None:
    """The waiver of this point."""
    for waiver in waivers:
        if (
            waiver["module"] == point.module
            and waiver["kind"] == point.kind
            and re.fullmatch(waiver["what"], text(point))
        ):
            return waiver
    return None


def text(point: Point) -> str:
    """What waivers name a point by: the signal's bit, or the source line."""
    if point.kind == "toggle":
        return point.what
    return source(point.module)[point.line - 1].strip()


_sources: dict[str, list[str]] = {}


def source(module: str) -> list[str]:
    """Lines of a module's file."""
    if module not in _sources:
        (path,) = (ROOT / "rtl").glob(f"*/{module}.sv")
        _sources[module] = path.read_text().splitlines()
    return _sources[module]


def run(program: pathlib.Path, data: pathlib.Path) -> str:
    """Runs a test program; returns what it said if it failed."""
    environment = {**os.environ, "HEDDLE_RTL_COVERAGE": str(data)}
    done = subprocess.run([program, "--gtest_brief=1"], env=environment, capture_output=True, text=True)
    return f"{program.name}: {done.stdout[-2000:]}{done.stderr[-2000:]}" if done.returncode else ""


def module_table(counts: dict[Point, int], waivers: list[dict], bad: list[str]) -> str:
    """One line a module; adds what is below a goal to `bad`."""
    modules: dict[str, dict[str, list[int]]] = {}
    exempt = 0
    for point, count in counts.items():
        kinds = modules.setdefault(point.module, {kind: [0, 0, 0] for kind in GOALS})
        if count == 0 and waived(point, waivers):
            kinds[point.kind][2] += 1
            exempt += 1
        else:
            kinds[point.kind][1] += 1
            kinds[point.kind][0] += count > 0
    lines = ["| module | line | branch | toggle | points | waived |", "| --- | --- | --- | --- | --- | --- |"]
    for module, kinds in sorted(modules.items()):
        cells = []
        for kind, goal in GOALS.items():
            hit, points, _ = kinds[kind]
            cells.append(f"{100 * hit / points:.1f} %" if points else "–")
            if points and hit < goal * points:
                bad.append(f"{module}: {kind} {100 * hit / points:.1f} %")
        points, left_out = sum(k[1] + k[2] for k in kinds.values()), sum(k[2] for k in kinds.values())
        lines.append(f"| `{module}` | {' | '.join(cells)} | {points} | {left_out} |")
    lines.append(f"\n{len(counts)} points, {exempt} of them waived ({100 * exempt / max(len(counts), 1):.2f} %).")
    if exempt > MOST_WAIVED * len(counts):
        bad.append(f"more than {100 * MOST_WAIVED:.0f} % of the points are waived")
    return "\n".join(lines)


def list_missed(counts: dict[Point, int], waivers: list[dict], module: str) -> None:
    """Prints what no test reached in a module."""
    missed = [point for point, count in counts.items() if point.module == module and count == 0]
    for point in sorted(missed, key=dataclasses.astuple):
        note = "  (waived)" if waived(point, waivers) else ""
        print(f"{point.kind} {point.line}:{point.column} {point.what}  {text(point)}{note}")


def main() -> int:
    """Returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "rtl-coverage")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--report", action="store_true", help="run nothing, report what the last run counted")
    parser.add_argument("--missed", metavar="MODULE", help="list what no test reached in this module")
    parser.add_argument("--write", action="store_true", help="write the tables into docs/hardware/coverage.md")
    options = parser.parse_args()
    data = options.build / "coverage"
    if not options.report:
        shutil.rmtree(data, ignore_errors=True)
        data.mkdir()
        programs = sorted(path for path in options.build.glob("rtl_*") if path.is_file())
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            failed = [words for words in pool.map(lambda program: run(program, data), programs) if words]
        if failed:
            print("\n".join(failed))
            return 1
    counts = read(data)
    waivers = tomllib.loads((ROOT / "rtl" / "coverage.toml").read_text()).get("waiver", [])
    if options.missed:
        list_missed(counts, waivers, options.missed)
        return 0
    bad: list[str] = []
    tables = [module_table(counts, waivers, bad), bins.table(data, bad)]
    print("\n\n".join(tables))
    if options.write:
        page = ROOT / "docs" / "hardware" / "coverage.md"
        head = page.read_text().split(MARK)[0]
        page.write_text(head + MARK + "\n\n" + "\n\n".join(tables) + "\n")
    if bad:
        print("Below the goal:\n  " + "\n  ".join(bad), file=sys.stderr)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
