# SPDX-License-Identifier: Apache-2.0
"""Options of the commands: pictures and how they are prepared, shapes, precision, reports as text, folders, boards."""

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from tests.e2e import models
from tests.e2e.models import model, node, weights
from tests.e2e.program import heddle
from tests.e2e.test_commands import done, signal_to_noise_db


def fails(*words, code=1):
    """Runs the program, expects this exit code, and returns its diagnostics."""
    outcome = heddle(*words)
    assert outcome.code == code, f"{words}: exit {outcome.code}: {outcome.err[:800]}"
    return outcome.err


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with two pictures that no size of a model matches."""
    folder = tmp_path_factory.mktemp("pictures")
    random = np.random.Generator(np.random.Philox(5))
    for name, size in (("a.png", (40, 24)), ("b.jpg", (21, 33))):
        pixels = random.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
        Image.fromarray(pixels).resize(size).save(folder / name)
    return folder


@pytest.fixture(scope="module")
def labels(tmp_path_factory):
    path = tmp_path_factory.mktemp("labels") / "labels.txt"
    path.write_text("".join(f"animal {i}\n" for i in range(10)))
    return path


def test_pictures_are_classified(network, pictures, labels, tmp_path):
    report = json.loads(
        done("run", network, "--input", pictures, "--output", tmp_path / "out", "--labels", labels, "--top", 3,
             "--scale", 0.01, "--precision", "int8", "--json")
    )  # fmt: skip
    assert [Path(row["input"]).name for row in report["results"]] == ["a.png", "b.jpg"]
    for row in report["results"]:
        top = row["outputs"][0]["top"]
        scores = np.load(tmp_path / "out" / (Path(row["input"]).stem + ".npz"))["y"].ravel()
        assert [c["class"] for c in top] == list(np.argsort(-scores, kind="stable")[:3])
        assert top[0]["label"] == f"animal {top[0]['class']}"
    assert report["macs"] == report["overlay_macs"] and "Conv" in report["overlay_ops"]
    text = done("run", network, "--input", pictures / "a.png", "--labels", labels, "--precision", "int8")
    assert text.count("animal") == 5


def test_program_carries_labels_and_preprocessing(network, pictures, labels, tmp_path):
    options = ["--labels", labels, "--mean", "10,20,30", "--scale", "0.02", "--fit", "crop", "--resize", "nearest"]
    done("compile", network, *options, "--calibration", pictures, "--precision", "int8", "-o", tmp_path / "p.heddle")
    for name, words in (("p", [tmp_path / "p.heddle"]), ("m", [network, *options, "--calibration", pictures])):
        more = ["--precision", "int8"] if name == "m" else []
        done("run", *words, *more, "--input", pictures / "b.jpg", "--output", tmp_path / f"{name}.npy")
    np.testing.assert_array_equal(np.load(tmp_path / "p.npy"), np.load(tmp_path / "m.npy"))
    assert "animal" in done("run", tmp_path / "p.heddle", "--input", pictures / "b.jpg")


@pytest.mark.parametrize(
    "words",
    [
        ["--channels", "bgr"],
        ["--fit", "pad"],
        ["--resize", "nearest"],
        ["--mean", "128"],
        ["--scale", "0.5,0.25,2"],
    ],
    ids=" ".join,
)
def test_every_option_for_pictures_changes_the_result(words, pictures, tmp_path):
    network = tmp_path / "conv.onnx"
    onnx.save(models.conv(), network)
    for name, more in (("plain", []), ("changed", words)):
        done("run", network, *more, "--input", pictures / "b.jpg", "--output", tmp_path / f"{name}.npy",
             "--backend", "float")  # fmt: skip
    assert not np.array_equal(np.load(tmp_path / "plain.npy"), np.load(tmp_path / "changed.npy"))


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--size", "16"], "HEIGHTxWIDTH"),
        (["--mean", "1,2"], "one number or three"),
        (["--fit", "squeeze"], "squeeze"),
        (["--channels", "cmyk"], "cmyk"),
        (["--shape", "x=1x"], "NAME=DIM"),
        (["--shape", "x"], "NAME=DIM"),
        (["--method", "best"], "entropy"),
        (["--labels", "absent.txt"], "absent.txt"),
        (["--output", "y.txt"], ".npz or .npy"),
        (["--disable-pass", "fold-batch-nrm"], "fold-batch-norm"),
    ],
    ids=str,
)
def test_options_that_make_no_sense(words, says, network, pictures):
    assert says in fails("run", network, "--input", pictures / "a.png", "--precision", "int8", *words)


def dynamic_network():
    """Any batch, height and width."""
    dynamic = model([node("Conv", "x w", "a", pads=[1, 1, 1, 1]), node("Relu", "a", "y")], {"w": weights(4, 3, 3, 3)})
    dynamic.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, "h", "w"]))
    return dynamic


def test_dynamic_shapes_are_bound(tmp_path):
    path = tmp_path / "dynamic.onnx"
    onnx.save(dynamic_network(), path)
    x = np.random.Generator(np.random.Philox(1)).standard_normal((3, 3, 6, 7)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    found = {}
    for backend in ("float", "reference", "functional"):
        done("run", path, "--shape", "x=3x3x6x7", "--input", tmp_path / "x.npy", "--output", tmp_path / "y.npy",
             "--backend", backend, "--precision", "int8")  # fmt: skip
        found[backend] = np.load(tmp_path / "y.npy")
    assert found["float"].shape == (3, 4, 6, 7)
    np.testing.assert_array_equal(found["reference"], found["functional"])
    assert signal_to_noise_db(found["float"], found["functional"]) > 25


@pytest.mark.parametrize("method", ["minmax", "percentile", "mse", "entropy"])
def test_range_methods(method, network, picture):
    report = json.loads(
        done("validate", network, "--input", picture, "--method", method, "--precision", "int8", "--no-equalization",
             "--no-bias-correction", "--json")
    )  # fmt: skip
    assert report["equal"] and report["results"][0]["output_sqnr_db"][0] > 15


def test_quantised_model_runs_on_the_float_backend(tmp_path):
    path, given, out = tmp_path / "q.onnx", tmp_path / "x.npz", tmp_path / "y.npz"
    onnx.save(models.quantized(scale=0.02, zero_point=128), path)
    x = np.random.Generator(np.random.Philox(9)).standard_normal((1, 3, 8, 8)).astype(np.float32)
    np.savez(given, x=x)
    done("run", path, "--input", given, "--output", out, "--backend", "float")
    exact = np.load(out)["y"]
    done("run", path, "--input", given, "--output", out)
    assert signal_to_noise_db(exact, np.load(out)["y"]) > 25
    assert "already" in heddle("quantize", path, "-o", tmp_path / "again.onnx").err


def test_reports_as_text(network, picture, tmp_path):
    validated = done("validate", network, "--input", picture, "--precision", "int8")
    assert "all levels agree in every bit" in validated and "classifier" in validated
    quantised = done("quantize", network, "--precision", "int16", "-o", tmp_path / "q.onnx")
    assert "classifier" in quantised and "dB" in quantised
    compiled = done("compile", network, "--precision", "int8")
    assert "classifier" in compiled and "zcu102" in compiled
    assert done("compile", network, "--precision", "int8", "--quiet") == ""
    nodes = done("inspect", network, "--nodes")
    assert "residual" in nodes and "classifier" in nodes


def test_explain_says_what_became_of_a_node(network):
    text = done("compile", network, "--precision", "int8", "--quiet", "--explain", "softmax", "--explain", "depthwise")
    assert "runs on the host" in text and "cycles (estimate)" in text
    assert "did you mean 'residual'" in fails("compile", network, "--precision", "int8", "--explain", "residul")


def test_graph_is_printed_after_a_pass(network):
    outcome = heddle("inspect", network, "--dump-ir", "merge-clips", "--disable-pass", "fuse-activations")
    assert outcome.code == 0 and "after merge-clips" in outcome.err
    everything = heddle("inspect", network, "--dump-ir", "all")
    assert everything.err.count("after ") > 10


def batch_norm_in_training():
    """A convolution and a batch normalisation without stored statistics."""
    return model(
        [
            node("Conv", "x w", "a", pads=[1, 1, 1, 1]),
            node("BatchNormalization", "a s b m v", "n m2 v2", "norm", training_mode=1),
            node("Relu", "n", "y"),
        ],
        {
            "w": weights(4, 3, 3, 3),
            "s": np.full(4, 2, np.float32),
            "b": weights(4, seed=2),
            "m": np.zeros(4, np.float32),
            "v": np.ones(4, np.float32),
        },
        {"x": [1, 3, 16, 16]},
    )


def test_batch_normalisation_is_frozen_from_inputs(picture, tmp_path):
    path = tmp_path / "training.onnx"
    onnx.save(batch_norm_in_training(), path)
    said = fails("run", path, "--input", picture, code=3)
    assert "norm" in said and "--freeze-batchnorm" in said
    done("run", path, "--input", picture, "--freeze-batchnorm", picture, "--backend", "float",
         "--output", tmp_path / "y.npy")  # fmt: skip
    y = np.load(tmp_path / "y.npy")
    assert y.min() == 0 and 0.2 < y.max() < 20


def test_reduce_without_a_failure(network, tmp_path):
    said = fails("reduce", network, "-o", tmp_path / "small.onnx")
    assert "nothing to shrink" in said and not (tmp_path / "small.onnx").exists()


def test_reduce_keeps_the_input_that_fails(network, picture, tmp_path):
    script = tmp_path / "has_gemm.sh"
    script.write_text('test -s "$INPUT" && grep -q Gemm "$MODEL"\n')
    done("reduce", network, "--input", picture, "-o", tmp_path / "small.onnx", "--command", f"sh {script}")
    small = onnx.load(tmp_path / "small.onnx")
    with np.load(tmp_path / "small.npz") as kept:
        assert set(kept) == {value.name for value in small.graph.input}


def test_backends_that_are_not_here_say_why(network, picture):
    said = fails("run", network, "--input", picture, "--precision", "int8", "--backend", "xrt", code=3)
    assert "libxrt" in said or "HEDDLE_XCLBIN" in said  # without the plug-in, without a card


def test_unknown_backend_names_the_nearest(network, picture):
    said = fails("run", network, "--input", picture, "--precision", "int8", "--backend", "funktional")
    assert "functional" in said


def test_program_files_run_on_devices_only(program, picture):
    assert "model instead" in fails("run", program, "--input", picture, "--backend", "float")


def test_convert_needs_a_model(tmp_path):
    assert "absent.pb" in fails("convert", tmp_path / "absent.pb", "-o", tmp_path / "x.onnx")


def test_pose_needs_a_pose_network(network, pictures):
    assert "57" in fails("pose", pictures / "a.png", "--model", network, "--precision", "int8")


def test_pose_draws_one_picture_and_knows_the_boards(tmp_path):
    picture = next((p for p in sorted(Path("models/pictures").glob("*.*")) if p.suffix in (".png", ".jpg")), None)
    if picture is None or not Path("models/demo_pose.onnx").is_file():
        pytest.skip("no demo model in models/")
    text = done("pose", picture, "-o", tmp_path / "drawn.jpg", "--boards", "--threads", 1)
    with Image.open(tmp_path / "drawn.jpg") as drawn, Image.open(picture) as original:
        assert drawn.size == original.size
    assert json.loads((tmp_path / "drawn.json").read_text())["picture"] == str(picture)
    for overlay in json.loads(done("overlays", "--json")):
        assert overlay["name"] in text


def test_bench_measures_the_demo_model():
    if not (Path(".venv/bin/python").is_file() and Path("models/demo_pose.onnx").is_file()):
        pytest.skip("no .venv or no demo model")
    rows = {row["row"]: row for row in json.loads(done("bench", "accuracy", "--pictures", 4, "--json"))}
    assert rows["demo-pck-float"]["goal"] == 0.8 and 0 <= rows["demo-pck-int8"]["value"] <= 1
    assert rows["demo-pck-int8"]["reference"] == rows["demo-pck-float"]["value"]
    assert "--images" in fails("bench", "accuracy", "--pose-model", "models/demo_pose.onnx")


def test_overlays_of_ones_own_are_found_through_the_environment(network, picture, tmp_path, monkeypatch):
    (tmp_path / "overlays").mkdir()
    mine = Path("overlays/zu2.toml").read_text()
    (tmp_path / "overlays/mine.toml").write_text(mine)
    monkeypatch.setenv("HEDDLE_DATA", str(tmp_path))
    assert "mine" in {row["name"] for row in json.loads(done("overlays", "--json"))}
    done("run", network, "--input", picture, "--precision", "int8", "--overlay", "mine")
