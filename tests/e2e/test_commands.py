# SPDX-License-Identifier: Apache-2.0
"""The commands on good input: what they print, write, and that their results fit together."""

import json
import os
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from tests.e2e import models
from tests.e2e.program import PROGRAM, SLOWER, heddle

SHARED = Path(os.environ.get("HEDDLE_SHARED", "../shared"))
COMMANDS = [
    "doctor", "devices", "overlays", "inspect", "convert", "quantize", "compile", "run", "validate", "reduce", "asm",
    "disasm", "verify", "rtl", "pose", "bench",
]  # fmt: skip


def done(*words, limit_s=600):
    """Runs the program and expects success; returns what it printed."""
    outcome = heddle(*words, limit_s=limit_s)
    assert outcome.code == 0, f"{words}: exit {outcome.code}: {outcome.err[:800]}"
    return outcome.out


def onnxruntime_outputs(path, inputs, exact=False):
    """What ONNX Runtime gives. `exact`: node by node, as the model says; its fused int8 kernels may saturate."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    if exact:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(inputs))


def signal_to_noise_db(exact, value):
    """10 log10 of signal power over error power."""
    exact = exact.astype(np.float64)
    return 10 * np.log10((exact**2).sum() / max(((exact - value) ** 2).sum(), 1e-30))


def test_help_names_every_command():
    text = done("--help")
    for command in COMMANDS:
        assert command in text
        assert "--help" in done(command, "--help")


def test_lists():
    overlays = {row["name"]: row for row in json.loads(done("overlays", "--json"))}
    assert {"ecp5-85f", "zu2", "kv260", "zcu102", "u200"} <= set(overlays)
    devices = {row["name"] for row in json.loads(done("devices", "--json"))}
    assert {row["device"] for row in overlays.values()} <= devices
    assert "zcu102" in done("overlays") and "zu9" in done("devices")


def test_doctor_says_what_works():
    assert json.loads(done("doctor", "--json"))
    assert "tf2onnx" in done("doctor")


def test_inspect(network):
    report = json.loads(done("inspect", network, "--json"))
    assert report["operators"]["Conv"] == 3
    assert report["overlay_regions"] == 1 and report["overlay_share"] == 1
    assert [row["op"] for row in report["host"]] == ["Softmax"]
    assert "Softmax" in done("inspect", network)


@pytest.fixture(scope="module")
def results(network, picture, tmp_path_factory):
    """Outputs of the small model by backend; 'program' is the compiled program."""
    folder = tmp_path_factory.mktemp("results")
    found = {}
    for backend in ("float", "reference", "functional"):
        out = folder / f"{backend}.npz"
        done("run", network, "--input", picture, "--output", out, "--backend", backend, "--precision", "int8")
        found[backend] = np.load(out)["y"]
    return found


def test_float_backend_is_onnxruntime(network, picture, results):
    np.testing.assert_allclose(results["float"], onnxruntime_outputs(network, np.load(picture))[0], atol=1e-5)


def test_functional_machine_is_the_integer_reference(results):
    np.testing.assert_array_equal(results["functional"], results["reference"])


def test_functional_machine_is_close_to_float(results):
    assert signal_to_noise_db(results["float"], results["functional"]) > 20


def test_threads_and_repetition_change_nothing(network, picture, results, tmp_path):
    for threads in (1, 2):
        done("run", network, "--input", picture, "--output", tmp_path / "y.npz", "--precision", "int8",
             "--threads", threads, "--repeat", 3)  # fmt: skip
        np.testing.assert_array_equal(np.load(tmp_path / "y.npz")["y"], results["functional"])


def test_program_file_runs_without_the_model(network, picture, tmp_path):
    target, out = tmp_path / "p.heddle", tmp_path / "y.npz"
    done("compile", network, "--calibration", picture, "--precision", "int8", "-o", target)
    done("run", target, "--input", picture, "--output", out)
    done("run", network, "--input", picture, "--output", tmp_path / "m.npz", "--precision", "int8")
    np.testing.assert_array_equal(np.load(out)["y"], np.load(tmp_path / "m.npz")["y"])


def test_single_array_in_and_out(network, picture, results, tmp_path):
    np.save(tmp_path / "x.npy", np.load(picture)["x"])
    done("run", network, "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy", "--precision", "int8")
    np.testing.assert_array_equal(np.load(tmp_path / "y.npy"), results["functional"])


def test_compile_report(network, tmp_path):
    report = json.loads(done("compile", network, "--precision", "int8", "--json", "-o", tmp_path / "p.heddle"))
    assert report["layers"] and report["milliseconds"] > 0
    text = done("compile", network, "--precision", "int8", "--explain", "residual")
    assert "residual" in text and "estimate" in text


def test_every_overlay_gives_the_same_bits(network, picture, results, tmp_path):
    for row in json.loads(done("overlays", "--json")):
        out = tmp_path / f"{row['name']}.npz"
        done("run", network, "--overlay", row["name"], "--input", picture, "--output", out, "--precision", "int8")
        np.testing.assert_array_equal(np.load(out)["y"], results["functional"], row["name"])


def test_cycle_machine_gives_the_same_bits_and_counts(network, picture, results, program, tmp_path):
    out = tmp_path / "y.npz"
    done("run", network, "--input", picture, "--output", out, "--precision", "int8", "--backend", "cycle")
    np.testing.assert_array_equal(np.load(out)["y"], results["functional"])
    assert "conv" in done("run", program, "--timing-only")


@pytest.mark.parametrize(
    ("overlay", "folders"), [("zcu102", ["vivado"]), ("u200", ["vivado", "xrt"]), ("ecp5-85f", ["ecp5"])]
)
def test_rtl_writes_all_that_tools_need(overlay, folders, tmp_path):
    folder = tmp_path / "hardware"
    assert ("Not run" in done("rtl", overlay, "-o", folder)) == ("vivado" in folders)
    listed = (folder / "sources.f").read_text().split()
    assert len(listed) > 50 and all((folder / name).is_file() for name in listed)
    assert (folder / "README.md").is_file() and all((folder / name).is_dir() for name in folders)
    refused = heddle("rtl", overlay, "-o", folder)
    assert refused.code == 1 and "not empty" in refused.err


def test_disassembly_assembles_to_the_same_program(program, picture, tmp_path):
    done("disasm", program, "-o", tmp_path / "p.asm")
    done("asm", tmp_path / "p.asm", "-o", tmp_path / "again.heddle")
    done("verify", tmp_path / "again.heddle")
    assert done("disasm", tmp_path / "again.heddle") == (tmp_path / "p.asm").read_text()
    for path, name in ((program, "a"), (tmp_path / "again.heddle", "b")):
        done("run", path, "--input", picture, "--output", tmp_path / f"{name}.npz")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["y"], np.load(tmp_path / "b.npz")["y"])


def test_validate_agrees_at_all_levels(network):
    for precision in ("int8", "int16", "auto"):
        report = json.loads(done("validate", network, "--precision", precision, "--json"))
        assert report["equal"]
        assert min(report["results"][0]["output_sqnr_db"]) > 15


def test_quantized_model_is_accepted_elsewhere(network, picture, tmp_path):
    path, out = tmp_path / "q.onnx", tmp_path / "y.npz"
    report = json.loads(
        done("quantize", network, "--calibration", picture, "--precision", "int8", "-o", path, "--json")
    )
    assert report
    onnx.checker.check_model(onnx.load(path), full_check=True)
    elsewhere = onnxruntime_outputs(path, np.load(picture), exact=True)[0]
    done("run", path, "--input", picture, "--output", out)
    assert signal_to_noise_db(elsewhere, np.load(out)["y"]) > 40
    assert {w.name for w in onnx.load(path).graph.initializer} <= {
        name for node in onnx.load(path).graph.node for name in node.input
    }


def test_qdq_model_keeps_its_scales(tmp_path):
    path, given, out = tmp_path / "q.onnx", tmp_path / "x.npz", tmp_path / "y.npz"
    onnx.save(models.quantized(scale=0.02, zero_point=128), path)
    x = np.random.Generator(np.random.Philox(9)).standard_normal((1, 3, 8, 8)).astype(np.float32)
    np.savez(given, x=x)
    done("run", path, "--input", given, "--output", out)
    elsewhere = onnxruntime_outputs(path, {"x": x}, exact=True)[0]
    assert signal_to_noise_db(elsewhere, np.load(out)["y"]) > 25  # ours has an int8 output, whose scale we choose


def test_reduce_keeps_what_fails(network, tmp_path):
    script = tmp_path / "has_pool.sh"
    script.write_text('grep -q MaxPool "$MODEL"\n')
    done("reduce", network, "-o", tmp_path / "small.onnx", "--command", f"sh {script}")
    left = onnx.load(tmp_path / "small.onnx").graph.node
    assert "MaxPool" in [n.op_type for n in left] and len(left) <= 3


def test_outputs_that_are_not_asked_for_are_not_written(network, picture, tmp_path):
    before = set(tmp_path.iterdir())
    done("run", network, "--input", picture, "--precision", "int8")
    assert set(tmp_path.iterdir()) == before


def test_pose_finds_people_with_the_demo_model(tmp_path):
    if not (Path("models/demo_pose.onnx").is_file() and Path("models/pictures").is_dir()):
        pytest.skip("no demo model in models/")
    report = json.loads(done("pose", "models/pictures", "-o", tmp_path, "--json"))
    pictures = [p for p in Path("models/pictures").iterdir() if p.suffix in (".png", ".jpg")]
    assert len(report) == len(pictures)
    assert sum(len(row["people"]) for row in report) >= len(pictures) // 2
    for picture in pictures:
        assert (tmp_path / picture.with_suffix(".png").name).stat().st_size > 1000
        assert json.loads((tmp_path / picture.with_suffix(".json").name).read_text())["picture"]


def test_pose_on_the_published_network():
    model, photos = SHARED / "models/pose/pose_368x432.onnx", SHARED / "models/pose/photos"
    if not model.is_file():
        pytest.skip(f"no {model} (set HEDDLE_SHARED)")
    expected = json.loads((model.parent / "reference.json").read_text())
    some = sorted(photos.iterdir())[:2]
    report = json.loads(
        done(
            "pose",
            *some,
            "--model",
            model,
            "--json",
            "--channels",
            "bgr",
            "--resize",
            "bicubic",
            "--precision",
            "int16",
        )
    )
    for row in report:
        assert len(row["people"]) == len(expected[Path(row["picture"]).name]["368x432"])


def test_program_is_one_file_that_starts_quickly():
    outcome = heddle("--version")
    assert outcome.code == 0 and outcome.seconds < SLOWER
    assert PROGRAM.is_file()
