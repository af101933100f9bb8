"""Does a model of another format become the same model as a TFLite file of one image, or is it said why not?"""

from pathlib import Path

import keras
import numpy as np
import onnx
import pytest
import tensorflow as tf
from onnx import TensorProto, helper

from messages import message_of
from networks import answers, noise
from tflitefiles import tiny, written
from zoobench.build import foreign
from zoobench.build.foreign import as_tflite
from zoobench.build.saved_model import converted
from zoobench.build.weights import read_tflite_file
from zoobench.errors import ModelError
from zoobench.matrix.backbones import Backbone, find_backbones

SIDE = 24


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Converts in this process, which has imported TensorFlow."""
    monkeypatch.setattr(foreign, "in_fresh_process", lambda function, *args: function(*args))


def taken(path: Path, folder: Path, *, signature: str = "", image_size: int | None = SIDE) -> tuple[Backbone, str]:
    (backbone,) = find_backbones([str(path)])
    return as_tflite(backbone, signature=signature, image_size=image_size, root=folder / "models")


def small() -> keras.Model:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((None, None, 3))
    maps = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(pixels)
    return keras.Model(pixels, keras.layers.Dense(3)(keras.layers.GlobalAveragePooling2D()(maps)))


# SavedModels


def test_what_keras_exports_is_converted_once_for_one_image(tmp_path: Path) -> None:
    model, path = small(), tmp_path / "exported"
    model.export(path, verbose=False)
    backbone, remark = taken(path, tmp_path)
    assert (backbone.name, backbone.origin, backbone.is_keras) == ("exported", path, False)
    assert remark.startswith(f"exported: SavedModel as a TFLite file by TensorFlow {tf.__version__}; its answers to ")
    assert backbone.path
    file = read_tflite_file(backbone.path)
    assert (file.image_size, file.is_float) == (SIDE, True)
    images = noise(3).astype(np.float32)
    np.testing.assert_allclose(answers(backbone.path.read_bytes(), images), model.predict(images, verbose=0), rtol=1e-4)
    assert taken(path, tmp_path) == (backbone, remark)


class Two(tf.Module):
    """Two functions of images, one of them of bytes and with two outputs."""

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3), tf.uint8)])
    def mean(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"means": tf.reduce_mean(tf.cast(image, tf.float32), (1, 2))}

    @tf.function(input_signature=[tf.TensorSpec((None, SIDE, SIDE, 3))])
    def both(self, image: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"low": tf.reduce_min(image, (1, 2)), "high": tf.reduce_max(image, (1, 2))}

    @tf.function(input_signature=[tf.TensorSpec((None, 5))])
    def vector(self, numbers: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"same": numbers}


def test_a_signature_is_named_where_there_are_several_and_has_one_input_and_one_output(tmp_path: Path) -> None:
    path, module = tmp_path / "two", Two()
    signatures = {name: getattr(module, name) for name in ("mean", "both", "vector")}
    tf.saved_model.save(module, str(path), signatures=signatures)
    told = message_of(ModelError, lambda: taken(path, tmp_path))
    assert told == f"--zoo-signature: none is named; {path} has the signatures both, mean, vector"
    told = message_of(ModelError, lambda: taken(path, tmp_path, signature="classify"))
    assert told.startswith("--zoo-signature: received 'classify'; ")
    told = message_of(ModelError, lambda: taken(path, tmp_path, signature="both"))
    assert "has 1 inputs and 2 outputs: image (None, 24, 24, 3)" in told
    told = message_of(ModelError, lambda: taken(path, tmp_path, signature="vector"))
    assert told.endswith("takes (None, 5); allowed is a batch of images, such as (None, 224, 224, 3)")
    content, answer, shape = converted(path, signature="mean", image_size=None)
    images = noise(2).astype(np.float32)
    assert shape == (SIDE, SIDE, 3)
    np.testing.assert_allclose(answers(content, images), images.mean((1, 2)), rtol=1e-5)
    np.testing.assert_allclose(answer(images), images.mean((1, 2)), rtol=1e-5)


def test_a_saved_model_that_leaves_the_size_open_needs_one(tmp_path: Path) -> None:
    path = tmp_path / "exported"
    small().export(path, verbose=False)
    told = message_of(ModelError, lambda: taken(path, tmp_path, image_size=None))
    assert told == f"{path} takes (None, None, None, 3); allowed is a batch of images, such as (None, 224, 224, 3)"


def test_a_folder_that_holds_no_model_is_named_with_what_would_be_one(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(Exception, match=r"empty is no model that zoobench reads; .* holds saved_model.pb"):
        find_backbones([str(tmp_path / "empty")])
    told = message_of(ModelError, lambda: taken(tmp_path / "broken", tmp_path))
    assert told.startswith(f"TensorFlow cannot load {tmp_path / 'broken'}: ")
    assert told.endswith(f"; more in {tmp_path / 'logs' / 'broken.log'}")
    assert "\n" not in told


# Signatures of a TFLite file


def test_of_several_signatures_of_a_tflite_file_one_is_kept_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "two.tflite"
    path.write_bytes(written(tiny((1, 8, 8, 3), signatures=("classify", "embed"))))
    told = message_of(ModelError, lambda: taken(path, tmp_path))
    assert told.startswith(f"{path}: the file has 2 signatures: classify (image [1, 8, 8, 3] -> ")
    assert told.endswith("choose one with --zoo-signature NAME")
    values = np.random.default_rng(0).normal(size=(1, 8, 8, 3)).astype(np.float32)
    for name, expected in (("classify", np.maximum(values, 0)), ("embed", -values)):
        backbone, _ = taken(path, tmp_path, signature=name)
        assert backbone.path
        np.testing.assert_array_equal(answers(backbone.path.read_bytes(), values), expected)


def test_what_needs_no_conversion_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "one.tflite"
    path.write_bytes(written(tiny((1, 8, 8, 3), signatures=("classify",))))
    (backbone,) = find_backbones([str(path)])
    for own in (backbone, *find_backbones(["mobilenet"])):
        assert as_tflite(own, signature="", image_size=None, root=tmp_path / "models") == (own, "")


# ONNX


@pytest.fixture
def relu(tmp_path: Path) -> Path:
    """The ReLU of an image, channels first."""
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 3, 8, 8]) for name in ("image", "maps")]
    graph = helper.make_graph([helper.make_node("Relu", ["image"], ["maps"])], "net", ports[:1], ports[1:])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path = tmp_path / "net.onnx"
    onnx.save(model, path)
    return path


def converter(folder: Path, monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Puts a program in the place of onnx2tf that writes a file, or fails where there is none to write."""
    made, program = folder / "made", folder / "bin" / "onnx2tf"
    made.write_bytes(content)
    program.parent.mkdir(exist_ok=True)
    does = f'mkdir "$4"; cp {made} "$4/net_float32.tflite"' if content else "echo it has no Relu; exit 3"
    program.write_text(f'#!/bin/sh\n[ "$1" = -V ] && echo onnx2tf 2.6.9 && exit 0\n{does}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(program.parent), prepend=":")


def test_an_onnx_file_is_converted_by_the_program_and_its_answers_are_compared(
    relu: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converter(tmp_path, monkeypatch, written(tiny((1, 8, 8, 3))))
    backbone, remark = taken(relu, tmp_path)
    assert remark == "net: ONNX as a TFLite file by onnx2tf 2.6.9; its answers to random images differ by at most 0"
    assert backbone.path
    assert read_tflite_file(backbone.path).layout == "NHWC"


def test_an_onnx_file_that_becomes_another_model_or_none_is_refused(
    relu: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tiny((1, 8, 8, 3), outputs=2)
    other.subgraphs[0].outputs = other.subgraphs[0].outputs[1:]
    converter(tmp_path, monkeypatch, written(other))
    told = message_of(ModelError, lambda: taken(relu, tmp_path))
    assert told.startswith(
        f"{relu} answers otherwise as a TFLite file: an output differs by 2, where the largest is 0.998"
    )
    converter(tmp_path, monkeypatch, b"")
    told = message_of(ModelError, lambda: taken(relu, tmp_path))
    assert told == f"onnx2tf cannot convert {relu} (status 3): it has no Relu"
    monkeypatch.setenv("PATH", str(tmp_path))
    told = message_of(ModelError, lambda: taken(relu, tmp_path))
    assert f"{relu} is converted by the program onnx2tf, which is not found" in told
    assert f"onnx2tf -i {relu} -b 1 -o OUT, and give OUT/net_float32.tflite" in told
