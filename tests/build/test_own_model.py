"""Is each Keras file that people have loaded as what it computes, or refused in words that help here?"""

import json
import zipfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import numpy.typing as npt
import pytest
import tensorflow as tf

from messages import message_of
from networks import noise
from zoobench.build.keras_file import read_keras_file
from zoobench.build.network import read_model
from zoobench.build.weights import own_remark
from zoobench.errors import ModelError, UsageError
from zoobench.measure.custom_objects import VARIABLE

layers = keras.layers
SUFFIXES = (".keras", ".h5")
message = partial(message_of, ModelError)
Body = Callable[[Any], Any]


def network(start: Body, *, end: Any = "softmax", **inputs: Any) -> keras.Model:
    """Returns a small classifier of 24 px images whose pixels go through `start` first."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((24, 24, 3), **inputs)
    values = layers.DepthwiseConv2D(3)(layers.Conv2D(4, 3, strides=2)(start(pixels)))
    values = layers.GlobalAveragePooling2D()(layers.BatchNormalization()(values))
    return keras.Model(pixels, layers.Dense(3, activation=end)(values))


def scaled(pixels: Any) -> Any:
    return layers.Rescaling(1 / 255)(pixels)


def saved(model: keras.Model, folder: Path, suffix: str = ".keras") -> Path:
    path = folder / f"mine{suffix}"
    model.save(path)
    return path


def read(path: Path) -> keras.Model:
    return read_model(read_keras_file(path))


def answers(model: keras.Model) -> npt.NDArray[np.float32]:
    found: npt.NDArray[np.float32] = np.asarray(model(noise(4).astype(np.float32), training=False))
    return found


# What is loaded


@pytest.mark.parametrize("name", ["mine.keras", "mine.h5", "mine.hdf5", "MINE.KERAS", "mine.H5"])
def test_each_format_is_loaded_whatever_letters_its_name_ends_in(tmp_path: Path, name: str) -> None:
    model = network(scaled)
    saved(model, tmp_path, Path(name).suffix.lower()).rename(path := tmp_path / f"x{name}")
    np.testing.assert_array_equal(answers(read(path)), answers(model))


def test_the_content_says_what_a_file_is_not_its_name(tmp_path: Path) -> None:
    """TensorFlow up to 2.11 wrote HDF5 whatever the name."""
    model = network(scaled)
    saved(model, tmp_path, ".h5").rename(path := tmp_path / "mine.keras")
    np.testing.assert_array_equal(answers(read(path)), answers(model))


def test_a_softmax_of_tensorflow_is_that_of_keras(tmp_path: Path) -> None:
    model = network(scaled, end=tf.nn.softmax)
    for suffix in SUFFIXES:
        np.testing.assert_array_equal(answers(read(saved(model, tmp_path, suffix))), answers(model))


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16", "float16"])
def test_mixed_precision_becomes_float32_of_the_same_weights(tmp_path: Path, policy: str, suffix: str) -> None:
    keras.config.set_dtype_policy(policy)
    try:
        model = network(scaled)
    finally:
        keras.config.set_dtype_policy("float32")
    path = saved(model, tmp_path, suffix)
    found = read(path)
    assert read_keras_file(path).precisions == (policy,)
    assert {(one.compute_dtype, one.variable_dtype) for one in found.layers} == {("float32", "float32")}
    near = 1e-2 if "bfloat16" in policy else 1e-3
    np.testing.assert_allclose(answers(found), np.asarray(answers(model), np.float32), atol=near)
    assert read_keras_file(saved(network(scaled), tmp_path)).precisions == ()


@pytest.mark.parametrize("kind", ["uint8", "int32"])
def test_an_input_of_whole_numbers_is_a_float_one_where_that_changes_nothing(tmp_path: Path, kind: str) -> None:
    model = network(scaled, dtype=kind)
    found = read(saved(model, tmp_path))
    assert found.inputs[0].dtype == "float32"
    np.testing.assert_allclose(answers(found), answers(model), rtol=1e-6)


def test_an_input_of_whole_numbers_stays_where_the_model_computes_with_them(tmp_path: Path) -> None:
    """Bytes overflow: 200 + 200 is 144."""
    model = network(lambda pixels: scaled(keras.ops.add(pixels, pixels)), dtype="uint8")
    found = read(saved(model, tmp_path))
    assert found.inputs[0].dtype == "uint8"
    np.testing.assert_array_equal(answers(found), answers(model))


def test_a_model_of_whole_numbers_that_are_no_pixels_is_not_tried_on_pixels(tmp_path: Path) -> None:
    words = keras.Input((16,), dtype="int32")
    model = keras.Model(words, layers.Dense(3)(layers.GlobalAveragePooling1D()(layers.Embedding(100, 8)(words))))
    assert read(saved(model, tmp_path)).inputs[0].dtype == "int32"


def test_a_subclassed_model_says_its_image_size(tmp_path: Path) -> None:
    @keras.saving.register_keras_serializable(package="ours")
    class Subclassed(keras.Model):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            self.dense = layers.Dense(3)

        def call(self, values: Any) -> Any:
            return self.dense(keras.ops.mean(values, axis=(1, 2)))

    model = Subclassed()
    model(np.zeros((1, 24, 24, 3), np.float32))
    path = saved(model, tmp_path)
    assert read_keras_file(path).image_size == 24
    np.testing.assert_array_equal(answers(read(path)), answers(model))


# Keras 2


def as_keras_2(config: Any) -> Any:
    """Returns a configuration as Keras 2 wrote it."""

    def changed(value: dict[str, Any]) -> dict[str, Any]:
        value.pop("dtype", None) if isinstance(value.get("dtype"), dict) else None
        inner = value.get("config", {})
        if value.get("class_name") == "DepthwiseConv2D":
            inner["groups"] = 1
        if value.get("class_name") == "RandomFlip":
            inner["rng_type"] = "stateful"
        if value.get("class_name") == "SeparableConv2D":
            inner["kernel_initializer"], inner["groups"] = None, 1
        if value.get("class_name") == "SpatialDropout2D":
            inner["trainable"], inner["noise_shape"] = True, None
        if value.get("class_name") == "BatchNormalization":
            inner.pop("renorm", None)
            inner["axis"], inner["name"] = [3], "head/norm"
        if "batch_shape" in value:
            value["batch_input_shape"] = value.pop("batch_shape")
        return value

    return json.loads(json.dumps(config), object_hook=changed)


def test_a_file_of_keras_2_in_hdf5_is_loaded(tmp_path: Path) -> None:
    start = [keras.Input((24, 24, 3)), layers.RandomFlip(), layers.SeparableConv2D(3, 3), layers.SpatialDropout2D(0.1)]
    model = keras.Sequential([*start, layers.DepthwiseConv2D(3), layers.BatchNormalization()])
    path = saved(model, tmp_path, ".h5")
    with h5py.File(path, "r+") as file:
        file.attrs["model_config"] = json.dumps(as_keras_2(json.loads(file.attrs["model_config"])))
        file.attrs["keras_version"] = "2.15.0"
    assert read_keras_file(path).image_size == 24
    np.testing.assert_array_equal(answers(read(path)), answers(model))


def test_a_file_of_keras_2_whose_function_is_another_one_in_keras_3_is_converted_first(tmp_path: Path) -> None:
    """Its hard_sigmoid has the slope 1/5, that of Keras 3 has 1/6: the answers would be others."""
    model = keras.Sequential([keras.Input((24, 24, 3)), layers.Conv2D(3, 3, activation="hard_sigmoid")])
    path = saved(model, tmp_path, ".h5")
    np.testing.assert_array_equal(answers(read(path)), answers(model))
    with h5py.File(path, "r+") as file:
        file.attrs["keras_version"] = "2.15.0"
    assert f"Keras {keras.__version__} computes another hard_sigmoid. Convert it once" in message(lambda: read(path))


def test_a_file_of_keras_2_that_does_not_load_is_answered_in_two_lines_with_the_command_that_converts_it(
    tmp_path: Path,
) -> None:
    path = tmp_path / "old.keras"
    config = {"class_name": "Functional", "module": "keras.src.engine.functional", "config": {"layers": "x" * 5000}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("metadata.json", json.dumps({"keras_version": "2.15.0"}))
        archive.writestr("model.weights.h5", b"")
    first, second = message(lambda: read(path)).splitlines()
    assert first.startswith(f"{path} was written by Keras 2.15.0, and Keras {keras.__version__} does not load it.")
    assert second.startswith("  pip install tf-keras && python -c 'import tensorflow as tf, tf_keras; ")
    assert str(path.with_suffix(".tflite")) in second


def test_an_input_of_whole_numbers_is_said_to_be_float_in_float_files(tmp_path: Path) -> None:
    keras.Sequential([keras.Input((24, 24, 3), dtype="uint8"), keras.layers.Flatten()]).save(tmp_path / "mine.keras")
    keras.Sequential([keras.Input((24, 24, 3)), keras.layers.Flatten()]).save(tmp_path / "float.keras")
    assert own_remark(tmp_path / "mine.keras").startswith("its uint8 input is float32 in files of a float input")
    assert own_remark(tmp_path / "float.keras") == ""


# What is refused


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_code_in_a_file_is_not_run_whatever_the_format(tmp_path: Path, suffix: str) -> None:
    path = saved(network(layers.Lambda(lambda values: values / 255, name="divide")), tmp_path, suffix)
    told = message(lambda: read(path))
    assert told.startswith(
        f"{path} holds Python code, a lambda in divide, which is not run; use a layer that Keras has"
    )
    assert "safe_mode" not in told


def test_code_that_keras_2_wrote_is_not_run(tmp_path: Path) -> None:
    path = saved(network(scaled), tmp_path, ".h5")
    lambda_of_keras_2 = {"name": "divide", "function": ["4wEAAAA", None, None], "function_type": "lambda"}
    with h5py.File(path, "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["layers"].append({"class_name": "Lambda", "config": lambda_of_keras_2})
        file.attrs["model_config"] = json.dumps(config)
    assert "holds Python code, a lambda in divide" in message(lambda: read(path))


def test_weights_alone_are_no_model(tmp_path: Path) -> None:
    path = tmp_path / "mine.weights.h5"
    network(scaled).save_weights(path)
    assert message(lambda: read(path)) == (
        f"{path} holds weights without a model; expected a whole model: save it by model.save('NAME.keras')"
    )


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_model_that_keras_quantized_is_no_float_model(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((24, 24, 3)), layers.Flatten(), layers.Dense(3)])
    model.quantize("int8")
    told = message(lambda: read(saved(model, tmp_path)))
    assert told.endswith("the converter does not take; give the float model that it was made of")


class Divided(layers.Layer):
    """A layer that is not registered."""

    def call(self, values: Any) -> Any:
        return values / 255


def halved(values: Any) -> Any:
    return values / 2


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize(
    ("start", "missing"),
    [
        (Divided(), "Divided"),
        (layers.Lambda(halved), "halved"),
        (layers.Lambda(keras.applications.mobilenet_v2.preprocess_input), "preprocess_input"),
    ],
    ids=["layer", "function", "preprocessing"],
)
def test_what_a_file_needs_is_named_with_the_option_that_gives_it_and_nothing_else(
    tmp_path: Path, start: Body, missing: str, suffix: str
) -> None:
    path = saved(network(start), tmp_path, suffix)
    told = message(lambda: read(path))
    assert told.startswith(f"{path} needs {missing}, which is no part of Keras; name a module ")
    assert "--zoo-custom-objects MODULE" in told
    assert "config" not in told
    assert len(told.splitlines()) == 1
    if missing == "preprocess_input":
        assert "from keras.applications.NETWORK import preprocess_input" in told


# Modules of the user's own


MODULES: Mapping[str, str] = {
    "own_layers": """
import keras

class Divided(keras.layers.Layer):
    def call(self, values):
        return values / 255
""",
    "own_functions": "from keras.applications.mobilenet_v2 import preprocess_input",
    "own_broken": "import nothing_of_this_name",
}


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Returns what names modules, which stand in the folder where the tests run, to those who load models."""
    folder = tmp_path / "here"
    folder.mkdir()
    for name, text in MODULES.items():
        (folder / f"{name}.py").write_text(text)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))  # so that what is put there goes with the test
    return partial(monkeypatch.setenv, VARIABLE)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_model_of_the_users_layers_and_functions_is_loaded_with_their_modules(
    tmp_path: Path, modules: Callable[[str], None], suffix: str
) -> None:
    modules("own_functions, own_layers")
    preprocess = layers.Lambda(keras.applications.mobilenet_v2.preprocess_input)
    model = network(lambda pixels: preprocess(Divided()(pixels)))
    np.testing.assert_array_equal(answers(read(saved(model, tmp_path, suffix))), answers(model))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("own_broken", "own_broken cannot be imported: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("own layers", "received 'own layers'; allowed are modules as Python imports them: package.module"),
    ],
)
def test_a_module_that_cannot_be_imported_is_named(
    tmp_path: Path, modules: Callable[[str], None], name: str, told: str
) -> None:
    modules(name)
    path = saved(network(scaled), tmp_path)
    assert message_of(UsageError, lambda: read(path)) == f"--zoo-custom-objects: {told}"
