# SPDX-License-Identifier: Apache-2.0
"""The exported hardware of every overlay: a complete folder whose sources pass lint."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.program import heddle

OVERLAYS = sorted(path.stem for path in (Path(__file__).parents[2] / "overlays").glob("*.toml"))
SCRIPTS = {
    "zcu102": ["vivado/package_ip.tcl", "vivado/block_design.tcl", "constraints.xdc"],
    "u200": ["vivado/package_ip.tcl", "xrt/kernel.xml", "xrt/build.sh"],
    "ecp5-85f": ["ecp5/build.sh"],
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_sources_pass_lint(overlay, tmp_path):
    """One folder is all that a tool needs; Verilator finds nothing to say about it."""
    folder = tmp_path / overlay
    outcome = heddle("rtl", overlay, "-o", folder)
    assert outcome.code == 0, outcome.err
    files = (folder / "sources.f").read_text().split()
    assert all((folder / file).is_file() for file in files)
    assert files[0] == "rtl/packages/overlay_pkg.sv" and "rtl/top/heddle_overlay.sv" in files
    if shutil.which("verilator") is None:
        pytest.skip("verilator is not installed")
    waived = ["-Wno-UNUSEDPARAM", "-Wno-VARHIDDEN"]
    command = [
        "verilator",
        "--lint-only",
        "-Wall",
        *waived,
        "-Irtl/common",
        "-y",
        "sim",
        "-f",
        "sources.f",
        "--top-module",
        "heddle_ip",
    ]
    lint = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert lint.returncode == 0, lint.stderr[:3000]


@pytest.mark.parametrize("overlay", SCRIPTS)
def test_scripts_are_filled_in(overlay, tmp_path):
    """Scripts fit the device, and no placeholder is left in them."""
    folder = tmp_path / overlay
    assert heddle("rtl", overlay, "-o", folder).code == 0
    for script in SCRIPTS[overlay]:
        text = (folder / script).read_text()
        assert "@OVERLAY@" not in text and "@PORTS@" not in text and "@PART@" not in text
    told = (folder / "README.md").read_text()
    assert ("Not run" in told) == (overlay != "ecp5-85f")


def test_full_folder_is_not_overwritten(tmp_path):
    """Somebody's files stay unless --force is given."""
    (tmp_path / "mine.txt").write_text("mine")
    outcome = heddle("rtl", "zu2", "-o", tmp_path)
    assert outcome.code == 1 and "not empty" in outcome.err
    assert heddle("rtl", "zu2", "-o", tmp_path, "--force").code == 0
    assert (tmp_path / "mine.txt").read_text() == "mine"
