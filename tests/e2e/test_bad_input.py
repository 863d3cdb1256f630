# SPDX-License-Identifier: Apache-2.0
"""Whatever comes in: a diagnostic that says what is wrong and where, within 10 s and 2 GiB, and never a signal."""

import io
import os
import struct
import zipfile

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tests.e2e import models
from tests.e2e.models import model, node, weights
from tests.e2e.program import SLOWER, heddle

SECONDS = 10
MEMORY_MIB = 2048


def refused(*words, says=(), codes=(1,)):
    """Runs the program and checks that it refuses as it should; all words of `says` are in its diagnostic."""
    outcome = heddle(*words, limit_s=2 * SECONDS)
    shown = f"exit {outcome.code}, {outcome.seconds:.1f} s, {outcome.memory_mib:.0f} MiB: {outcome.err[:800]}"
    assert outcome.code in codes, shown
    assert outcome.seconds < SECONDS * SLOWER and outcome.memory_mib < MEMORY_MIB, shown
    assert "error" in outcome.err, shown
    for word in says:
        assert word in outcome.err, f"{word!r} is not in: {shown}"
    return outcome


def declared(value, *dims):
    """A float tensor whose dimensions are not those of its data."""
    tensor = TensorProto(name=value, data_type=TensorProto.FLOAT, raw_data=b"\0" * 16)
    tensor.dims.extend(dims)
    return tensor


def external(name, location, **entries):
    """A 4x3x3x3 weight whose data lies in another file."""
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, data_location=TensorProto.EXTERNAL)
    tensor.dims.extend([4, 3, 3, 3])
    for key, value in {"location": location, **entries}.items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, str(value)
    return tensor


HUGE = 2**62
NAN, INF = np.float32("nan"), np.float32("inf")


def with_weight(w):
    """The convolution with another weight."""
    return model([node("Conv", "x w", "y", "conv", pads=[1, 1, 1, 1])], {"w": w})


def one(op, inputs="x", constants=None, name="culprit", **attributes):
    """A model of one node called culprit."""
    return model([node(op, inputs, "y", name, **attributes)], constants)


def ints(*values):
    """A list of integers as a tensor."""
    return np.array(values, np.int64)


BAD_MODELS = {
    # name: (model, words of the diagnostic)
    "cycle": (lambda: model([node("Relu", "b", "a", "one"), node("Relu", "a", "b", "two"), node("Relu", "a", "y")]),
              ["cycl"]),
    "reads itself": (lambda: one("Add", "x y"), ["culprit"]),
    "undefined input": (lambda: one("Relu", "nowhere"), ["culprit", "nowhere"]),
    "two producers": (lambda: model([node("Relu", "x", "y", "one"), node("Tanh", "x", "y", "two")]), ["two", "y"]),
    "output of nobody": (lambda: model([node("Relu", "x", "a")], outputs=["absent"]), ["absent"]),
    "no outputs": (lambda: model([node("Relu", "x", "y")], outputs=[]), ["output"]),
    "input of 2^62": (lambda: model([node("Relu", "x", "y")], inputs={"x": [1, HUGE, HUGE, 4]}), ["x", str(HUGE)]),
    "input whose size overflows": (lambda: model([node("Relu", "x", "y")], inputs={"x": [2**32, 2**32]}), ["x"]),
    "negative dimension": (lambda: model([node("Relu", "x", "y")], inputs={"x": [1, -7, 8, 8]}), ["x"]),
    "weight declared 2^62": (lambda: model([node("Conv", "x w", "y")], {"w": declared("w", HUGE, 3, 3, 3)}), ["w"]),
    "weight with too little data": (lambda: model([node("Conv", "x w", "y")], {"w": declared("w", 4, 3, 3, 3)}), ["w"]),
    "reshape to 2^62": (lambda: one("Reshape", "x shape", {"shape": ints(HUGE, HUGE)}), ["culprit"]),
    "reshape to another size": (lambda: one("Reshape", "x shape", {"shape": ints(5, 7)}), ["culprit"]),
    "padding of 2^40": (lambda: one("Pad", "x pads", {"pads": ints(0, 0, 2**40, 0, 0, 0, 2**40, 0)}), ["culprit"]),
    "negative result of padding": (lambda: one("Pad", "x p", {"p": ints(0, 0, -9, 0, 0, 0, -9, 0)}), ["culprit"]),
    "resize by 1e9": (lambda: one("Resize", "x  s".replace("  ", " none "), {"none": np.array([], np.float32),
                      "s": np.array([1, 1, 1e9, 1e9], np.float32)}), ["culprit"]),
    "kernel of 2^40": (lambda: one("MaxPool", kernel_shape=[2**40, 2**40]), ["culprit"]),
    "window larger than the image": (lambda: one("MaxPool", kernel_shape=[9, 9]), ["culprit"]),
    "convolution pads of 2^40": (lambda: models.conv("culprit", pads=[2**40] * 4), ["culprit"]),
    "stride 0": (lambda: models.conv("culprit", strides=[0, 0]), ["culprit", "strides"]),
    "negative dilation": (lambda: models.conv("culprit", dilations=[-1, 1]), ["culprit", "dilations"]),
    "group 0": (lambda: models.conv("culprit", group=0), ["culprit", "group"]),
    "group that divides nothing": (lambda: models.conv("culprit", group=7), ["culprit", "group"]),
    "attribute of another type": (lambda: models.conv("culprit", strides="two"), ["culprit", "strides"]),
    "three pads": (lambda: models.conv("culprit", pads=[1, 1, 1]), ["culprit", "pads"]),
    "other channels": (lambda: model([node("Conv", "x w", "y", "culprit")], {"w": weights(4, 5, 3, 3)}), ["culprit"]),
    "missing input": (lambda: one("Conv", "x"), ["culprit"]),
    "too many inputs": (lambda: one("Relu", "x x x"), ["culprit"]),
    "shapes that do not broadcast": (lambda: one("Add", "x c", {"c": weights(5)}), ["culprit"]),
    "axis out of range": (lambda: one("Concat", "x x", axis=9), ["culprit", "axis"]),
    "split into other parts": (lambda: one("Split", "x s", {"s": ints(1, 1)}, axis=1), ["culprit"]),
    "permutation with a repeat": (lambda: one("Transpose", perm=[0, 0, 2, 3]), ["culprit", "perm"]),
    "NaN weight": (lambda: with_weight(np.full((4, 3, 3, 3), NAN)), ["w"]),
    "infinite weight": (lambda: with_weight(np.full((4, 3, 3, 3), INF)), ["w"]),
    "NaN in batch normalisation": (lambda: one("BatchNormalization", "x s b m v", {
        "s": weights(3), "b": weights(3), "m": np.full(3, NAN), "v": np.ones(3, np.float32)}), ["m"]),
    "scale 0": (lambda: models.quantized(scale=0), ["quantize", "scale"]),
    "negative scale": (lambda: models.quantized(scale=-0.1), ["quantize", "scale"]),
    "NaN scale": (lambda: models.quantized(scale=NAN), ["xs", "NaN"]),
    "weight scale 0": (lambda: models.quantized(weight_scale=0), ["dequantize_weight", "scale"]),
    "external data above the folder": (lambda: with_weight(external("w", "../secret.bin")), ["w", "../secret.bin"]),
    "external data by an absolute path": (lambda: with_weight(external("w", "/etc/passwd")), ["w", "/etc/passwd"]),
    "external data through a link": (lambda: with_weight(external("w", "link.bin")), ["w", "link.bin"]),
    "external data through a linked folder": (lambda: with_weight(external("w", "folder/secret.bin")), ["w", "folder"]),
    "external data that is missing": (lambda: with_weight(external("w", "absent.bin")), ["w", "absent.bin"]),
    "external data behind the end": (lambda: with_weight(external("w", "near.bin", offset=HUGE, length=432)), ["w"]),
    "external data of 2^62 bytes": (lambda: with_weight(external("w", "near.bin", length=HUGE)), ["w"]),
    "external data that is a folder": (lambda: with_weight(external("w", ".")), ["w"]),
    "external data without a place": (lambda: with_weight(external("w", "")), ["w"]),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with links that lead out of it, and a secret beside it."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "secret.bin").write_bytes(bytes(4 * 3 * 3 * 3 * 4))
    inside = outside / "inside"
    inside.mkdir()
    (inside / "link.bin").symlink_to(outside / "secret.bin")
    (inside / "folder").symlink_to(outside)
    (inside / "near.bin").write_bytes(bytes(4 * 3 * 3 * 3 * 4))
    return inside


@pytest.mark.parametrize("name", BAD_MODELS)
def test_bad_model(name, folder):
    make, says = BAD_MODELS[name]
    path = folder / "model.onnx"
    path.write_bytes(make().SerializeToString())
    refused("compile", path, "--quiet", says=says, codes=(1, 3))


def test_good_external_data_is_read(folder):
    path = folder / "good.onnx"
    onnx.save(with_weight(external("w", "near.bin")), path)
    outcome = heddle("inspect", path)
    assert outcome.code == 0, outcome.err


UNSUPPORTED_MODELS = {
    "unknown operator": (lambda: one("Frobnicate"), ["culprit", "Frobnicate"]),
    "unknown domain": (lambda: one("Relu", domain="com.example"), ["culprit", "com.example"]),
    "two unknown operators": (lambda: model([node("Frobnicate", "x", "a", "one"), node("Quux", "a", "y", "two")]),
                              ["one", "Frobnicate", "two", "Quux"]),
    "operator set of the future": (lambda: model([node("Relu", "x", "y")], opset=999), ["999"]),
    "operator set of the past": (lambda: model([node("Relu", "x", "y")], opset=1), ["1"]),
    "training mode": (lambda: one("BatchNormalization", "x s b m v", {
        "s": weights(3), "b": weights(3), "m": weights(3), "v": np.ones(3, np.float32)}, training_mode=1),
                      ["culprit", "freeze-batchnorm"]),
}  # fmt: skip


@pytest.mark.parametrize("name", UNSUPPORTED_MODELS)
def test_unsupported_model(name, tmp_path):
    make, says = UNSUPPORTED_MODELS[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(make().SerializeToString())
    refused("compile", path, "--quiet", says=says, codes=(3,))


def field(number, data):
    """A protobuf field of bytes, written by hand: the library refuses what is meant here."""
    size, length = len(data), b""
    while size > 127:
        length += bytes([size & 127 | 128])
        size >>= 7
    return bytes([number << 3 | 2]) + length + bytes([size]) + data


def with_nodes(nodes, output):
    """A model whose graph has these encoded nodes, too."""
    whole = model([], outputs=[output])
    graph = nodes + whole.graph.SerializeToString()
    whole.ClearField("graph")
    return whole.SerializeToString() + field(7, graph)


def test_if_nested_a_thousand_times(tmp_path):
    inner = b""
    for _ in range(1000):
        branch = field(1, b"then_branch") + field(6, inner) + bytes([0xA0, 1, 5])  # AttributeProto: name, g, type
        node_bytes = field(1, b"x") + field(2, b"y") + field(3, b"culprit") + field(4, b"If") + field(5, branch)
        inner = field(1, node_bytes)
    path = tmp_path / "nested.onnx"
    path.write_bytes(with_nodes(inner, "y"))
    refused("compile", path, says=["culprit", "If"], codes=(1, 3))


@pytest.mark.parametrize("linked", [True, False], ids=["a chain", "all apart"])
def test_a_million_nodes(linked, tmp_path):
    count = 10**6
    nodes = (
        field(1, field(1, b"t%d" % (i - 1) if linked and i else b"x") + field(2, b"t%d" % i) + field(4, b"Relu"))
        for i in range(count)
    )
    path = tmp_path / "million.onnx"
    path.write_bytes(with_nodes(b"".join(nodes), f"t{count - 1}"))
    refused("compile", path, says=["node"], codes=(1, 3))


@pytest.fixture(scope="module")
def model_bytes():
    return models.small_network().SerializeToString()


@pytest.mark.parametrize("part", [0, 0.01, 0.3, 0.7, 0.99, 0.9999])
def test_truncated_model(part, model_bytes, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(model_bytes[: int(len(model_bytes) * part)])
    refused("compile", path, says=["model.onnx"])


def test_model_with_damaged_bytes(model_bytes, tmp_path):
    path, random = tmp_path / "model.onnx", np.random.Generator(np.random.Philox(5))
    for _ in range(20):
        damaged = bytearray(model_bytes)
        for position in random.integers(0, len(damaged), 8):
            damaged[position] = random.integers(256)
        path.write_bytes(damaged)
        outcome = heddle("compile", path, "--quiet", limit_s=SECONDS)
        assert outcome.code in (0, 1, 3), outcome.err  # damage inside a weight is only another weight
        assert outcome.memory_mib < MEMORY_MIB


@pytest.mark.parametrize("data", [b"", b"no model at all\n", b"\xff" * 1000, bytes(1000)], ids=repr)
def test_file_that_is_no_model(data, tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(data)
    refused("inspect", path, says=["model.onnx"])


def test_missing_model(tmp_path):
    refused("inspect", tmp_path / "absent.onnx", says=["absent.onnx"])


def test_folder_as_model(tmp_path):
    (tmp_path / "folder.onnx").mkdir()
    refused("inspect", tmp_path / "folder.onnx", says=["folder.onnx"])


def test_output_that_cannot_be_written(network, tmp_path):
    refused("compile", network, "--precision", "int8", "-o", tmp_path / "absent" / "out.heddle", says=["out.heddle"])


BAD_ARRAYS = {
    "another name": ({"z": np.zeros((1, 3, 16, 16), np.float32)}, ["x"]),
    "another shape": ({"x": np.zeros((1, 3, 5, 5), np.float32)}, ["x", "5"]),
    "another rank": ({"x": np.zeros(16, np.float32)}, ["x"]),
    "another type": ({"x": np.zeros((1, 3, 16, 16), np.complex64)}, ["x"]),
    "nothing": ({}, ["x"]),
    "objects": ({"x": np.array([{}, None], object)}, ["x"]),
}


@pytest.mark.parametrize("name", BAD_ARRAYS)
def test_bad_arrays(name, network, tmp_path):
    arrays, says = BAD_ARRAYS[name]
    np.savez(tmp_path / "in.npz", **arrays)
    refused("run", network, "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz", says=says)


def array_file(shape):
    """An .npy file whose header promises this shape."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + bytes(64)


def archive(data):
    """An .npz file with the member x.npy."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("x.npy", data)
    return buffer.getvalue()


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"\x93NUMPY\x01\x00\xff\xff", archive(array_file((2**62, 4))),
     archive(array_file((1, 3, 16, 16))), archive(b"nonsense")],
    ids=["empty", "head", "npy", "2^62", "too short", "nonsense"])  # fmt: skip
def test_bad_archive(data, network, tmp_path):
    (tmp_path / "in.npz").write_bytes(data)
    refused("run", network, "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz", says=["in.npz"])


@pytest.mark.skipif(os.environ.get("HEDDLE_FULL") != "1", reason="makes 3 GiB (./check --full)")
def test_archive_that_grows_to_3_gib(network, tmp_path):
    file = zipfile.ZipFile(tmp_path / "in.npz", "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with file, file.open("x.npy", "w", force_zip64=True) as member:
        member.write(array_file((1, 3, 16, 16)))
        for _ in range(3 * 2**10):
            member.write(bytes(2**20))
    refused("run", network, "--input", tmp_path / "in.npz", "--output", tmp_path / "out.npz", says=["in.npz"])


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0 nonsense"], ids=repr)
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_bad_picture(data, suffix, tmp_path):
    (tmp_path / f"in{suffix}").write_bytes(data)
    refused("pose", tmp_path / f"in{suffix}", says=[f"in{suffix}"])


BAD_OVERLAYS = {
    "syntax": ("P = = 3\n", ["bad.toml"]),
    "unknown key": (lambda good: good + "\nregionz = 4\n", ["regionz"]),
    "word instead of a number": (lambda good: _with(good, "regions", '"four"'), ["regions"]),
    "negative": (lambda good: _with(good, "regions", "-1"), ["regions"]),
    "2^62": (lambda good: _with(good, "region_words", str(HUGE)), ["region_words"]),
    "unknown device": (lambda good: _with(good, "device", '"zu900"'), ["zu900"]),
    "empty": ("", ["bad.toml"]),
}


def _with(text, key, value):
    lines = [f"{key} = {value}" if line.split("=")[0].strip() == key else line for line in text.splitlines()]
    assert lines != text.splitlines(), f"no key {key} in the overlay file"
    return "\n".join(lines)


@pytest.mark.parametrize("name", BAD_OVERLAYS)
def test_bad_overlay(name, network, tmp_path):
    text, says = BAD_OVERLAYS[name]
    if callable(text):
        with open("overlays/zcu102.toml") as file:
            text = text(file.read())
    (tmp_path / "bad.toml").write_text(text)
    refused("compile", network, "--precision", "int8", "--overlay", tmp_path / "bad.toml", says=says)


def test_unknown_overlay_names_the_nearest(network):
    refused("compile", network, "--overlay", "zcu103", says=["zcu103", "zcu102"])


def test_damaged_programs(program, tmp_path):
    good, path = program.read_bytes(), tmp_path / "bad.heddle"
    random = np.random.Generator(np.random.Philox(7))
    for position in [0, 4, 8, 20, len(good) - 1, *random.integers(0, len(good), 40)]:
        damaged = bytearray(good)
        damaged[position] ^= 1 << random.integers(8)
        path.write_bytes(damaged)
        refused("verify", path, says=["bad.heddle"])


@pytest.mark.parametrize("part", [0, 0.001, 0.5, 0.9999])
def test_truncated_program(part, program, picture, tmp_path):
    good, path = program.read_bytes(), tmp_path / "bad.heddle"
    path.write_bytes(good[: int(len(good) * part)])
    refused("run", path, "--input", picture, "--output", tmp_path / "out.npz", says=["bad.heddle"])


def test_assembly_errors_name_the_line(program, tmp_path):
    text = heddle("disasm", program).out.splitlines()
    first = next(i for i, line in enumerate(text) if line.strip().startswith("conv"))
    text[first] = text[first].replace("conv", "convv", 1)
    (tmp_path / "bad.asm").write_text("\n".join(text))
    refused("asm", tmp_path / "bad.asm", "-o", tmp_path / "out.heddle", says=[str(first + 1), "convv"])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["frobnicate"],
        ["compile"],
        ["run", "model.onnx", "--threads", "-3"],
        ["compile", "m.onnx", "--precision", "9"],
    ],
    ids=" ".join,
)
def test_wrong_usage(words):
    outcome = heddle(*words)
    assert outcome.code == 1, outcome.err
    assert outcome.err.strip()


def test_model_without_bytes_to_spare_says_which_shape_option_binds_it(tmp_path):
    path = tmp_path / "dynamic.onnx"
    dynamic = model([node("Relu", "x", "y")])
    dynamic.graph.input[0].CopyFrom(helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 3, "h", "w"]))
    onnx.save(dynamic, path)
    refused("compile", path, says=["x", "--shape"], codes=(1, 3))
