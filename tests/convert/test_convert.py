# SPDX-License-Identifier: Apache-2.0
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx.reference import ReferenceEvaluator

from heddle import convert

HAS_TENSORFLOW = all(importlib.util.find_spec(n) for n in ("tensorflow", "tf2onnx"))
needs_tensorflow = pytest.mark.skipif(not HAS_TENSORFLOW, reason="TensorFlow is not installed (./check --full does it)")
SHARED = Path(os.environ.get("HEDDLE_SHARED", "../shared"))


def _run(path, *arrays):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip((i.name for i in session.get_inputs()), arrays, strict=True)))


def _input_shapes(path):
    return [[d.dim_value for d in i.type.tensor_type.shape.dim] for i in onnx.load(path).graph.input]


@pytest.fixture(scope="module")
def keras_model():
    import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.Input((16, 12, 3), batch_size=1),
            keras.layers.Conv2D(8, 3, 2, "same", activation="relu"),
            keras.layers.BatchNormalization(),
            keras.layers.Conv2D(4, 3, padding="same"),
        ]
    )


@pytest.fixture(scope="module")
def picture():
    return np.random.default_rng(1).random((1, 16, 12, 3), np.float32)


@needs_tensorflow
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_keras_file(keras_model, picture, suffix, tmp_path):
    source, out = tmp_path / f"model{suffix}", tmp_path / "model.onnx"
    keras_model.save(source)
    convert.convert(source, out)
    assert _input_shapes(out) == [[1, 3, 16, 12]]
    want = np.asarray(keras_model(picture)).transpose(0, 3, 1, 2)
    np.testing.assert_allclose(_run(out, picture.transpose(0, 3, 1, 2))[0], want, atol=1e-5)


@needs_tensorflow
def test_saved_model_keeps_its_layout_when_asked(keras_model, picture, tmp_path):
    source, out = tmp_path / "saved", tmp_path / "model.onnx"
    keras_model.export(source)
    convert.convert(source, out, keep_layout=True)
    assert [s[1:] for s in _input_shapes(out)] == [[16, 12, 3]]
    np.testing.assert_allclose(_run(out, picture)[0], np.asarray(keras_model(picture)), atol=1e-5)


@pytest.fixture
def frozen(tmp_path):
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (1, 8, 8, 2), "image")
        y = tf.nn.conv2d(x, tf.ones((3, 3, 2, 4)), 2, "SAME", name="conv")
        tf.nn.relu(y, name="result")
        path = tmp_path / "graph.pb"
        path.write_bytes(graph.as_graph_def().SerializeToString())
    return path


@needs_tensorflow
def test_frozen_graph_finds_inputs_and_outputs(frozen, tmp_path):
    out = tmp_path / "model.onnx"
    convert.convert(frozen, out)
    model = onnx.load(out)
    assert [i.name for i in model.graph.input] == ["image"] and [o.name for o in model.graph.output] == ["result"]
    ones = np.ones((1, 2, 8, 8), np.float32)
    assert _run(out, ones)[0].shape == (1, 4, 4, 4)
    assert _run(out, ones)[0][0, 0, 0, 0] == 18


@needs_tensorflow
def test_frozen_graph_up_to_a_named_tensor(frozen, tmp_path):
    convert.convert(frozen, tmp_path / "model.onnx", outputs=["conv"])
    assert "Relu" not in [n.op_type for n in onnx.load(tmp_path / "model.onnx").graph.node]


@needs_tensorflow
def test_unknown_tensor_is_named_with_its_neighbours(frozen, tmp_path):
    with pytest.raises(convert.ConversionError, match=r"no node 'resalt'.*did you mean result"):
        convert.convert(frozen, tmp_path / "model.onnx", outputs=["resalt"])


@needs_tensorflow
def test_garbage_is_refused(tmp_path):
    path = tmp_path / "garbage.pb"
    path.write_bytes(b"\xff" * 100)
    with pytest.raises(convert.ConversionError, match="garbage.pb"):
        convert.convert(path, tmp_path / "model.onnx")


@needs_tensorflow
def test_normalisation_by_its_own_input_stays_one_operator(tmp_path):
    import tensorflow as tf

    with tf.Graph().as_default() as graph:
        x = tf.compat.v1.placeholder(tf.float32, (1, 6, 5, 3), "image")
        scale, offset = tf.constant([1.0, 2, 3]), tf.constant([0.5, 0, -1])
        tf.compat.v1.nn.fused_batch_norm(x, scale, offset, is_training=True)
        source = tmp_path / "graph.pb"
        source.write_bytes(graph.as_graph_def().SerializeToString())
    convert.convert(source, tmp_path / "model.onnx", outputs=["FusedBatchNormV3"])
    assert [n.op_type for n in onnx.load(tmp_path / "model.onnx").graph.node] == ["BatchNormalization"]
    picture = np.random.default_rng(2).random((1, 3, 6, 5), np.float32)
    with tf.compat.v1.Session(graph=graph) as session:
        want = session.run("FusedBatchNormV3:0", {"image:0": picture.transpose(0, 2, 3, 1)}).transpose(0, 3, 1, 2)
    got = ReferenceEvaluator(onnx.load(tmp_path / "model.onnx")).run(None, {"image": picture})[0]
    np.testing.assert_allclose(got, want, atol=1e-4)


@needs_tensorflow
def test_published_pose_graph_keeps_its_training_mode_normalisations(tmp_path):
    source = SHARED / "models/pose/mobilenet_v2_small.pb"
    if not source.is_file():
        pytest.skip(f"no {source} (set HEDDLE_SHARED)")
    out = tmp_path / "pose.onnx"
    convert.convert(source, out, outputs=["Openpose/concat_stage7"])
    nodes = onnx.load(out).graph.node
    training = [n for n in nodes if n.op_type == "BatchNormalization" and any(
        a.name == "training_mode" and a.i for a in n.attribute)]  # fmt: skip
    assert len(training) == 39
    assert not {"ReduceMean", "ReduceSumSquare"} & {n.op_type for n in nodes}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda p: p / "absent.pb", "no such file"),
        (lambda p: p, "no SavedModel"),
        (lambda p: _written(p / "model.tflite", b"x"), "unknown kind of file"),
        (lambda p: _written(p / "model.pb", b""), "empty"),
    ],
)
def test_bad_sources(make, words, tmp_path):
    with pytest.raises(convert.ConversionError, match=words):
        convert.convert(make(tmp_path), tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def _written(path, data):
    path.write_bytes(data)
    return path


def test_missing_package_is_named_with_the_command_that_installs_it(tmp_path):
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no such thing', name='tensorflow')")
    source = _written(tmp_path / "model.pb", b"x")
    done = subprocess.run([sys.executable, "-m", "heddle.convert", source, "-o", tmp_path / "out.onnx"],
                          capture_output=True, text=True, env={"PYTHONPATH": f"{tmp_path}:python"})  # fmt: skip
    assert done.returncode == 1
    assert "tensorflow-cpu is not installed" in done.stderr and convert.INSTALL in done.stderr
