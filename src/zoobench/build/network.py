"""How does a backbone become a Keras model, and that a file: the same bytes each time, and read without risk?"""

import json
import re
import shutil
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from shlex import quote
from typing import Any

import keras
import numpy as np

from zoobench.build.keras_file import KerasFile, in_float32, not_an_image, read_keras_file, readable, with_float_input
from zoobench.build.weights import Weights
from zoobench.errors import ModelError, ZoobenchError
from zoobench.matrix.backbones import Backbone
from zoobench.matrix.interface import DEVIATION_RGB, MEAN_BGR, MEAN_RGB, ImageSize, height_and_width
from zoobench.matrix.registry import imported, is_reference
from zoobench.measure.custom_objects import CUSTOM_OBJECTS, FLAG, custom_objects
from zoobench.system.files import check_archive, writing
from zoobench.system.terminal import keep, sentence

_NOT_LOADED = "Skipping nested container"
_SAVED = "1980-01-01@00:00:00"  # the oldest date that a ZIP archive knows, in the format of Keras
_SHARED = "shared_object_id"


def features_model(backbone: Backbone, *, weights: Weights, image_size: ImageSize, seed: int) -> keras.Model:
    """Returns the frozen network from raw 0..255 pixels [n, height, width, 3] to pooled features [n, channels].

    Raises:
        ModelError: If the weights do not fit or the user's model has another input size.
    """
    keras.utils.clear_session()  # else names that Keras gives depend on what was built before, and with them the files
    if backbone.path is not None:
        return _pooled(load_own(backbone.path, image_size=image_size))
    network = _build(backbone, weights=weights, image_size=image_size, seed=seed)
    network.trainable = False
    pixels = keras.Input((*height_and_width(image_size), 3), name="pixels")
    maps = network(_preprocessed(pixels, backbone), training=False)
    pooled = keras.layers.GlobalAveragePooling2D(name="pooling")(maps)
    return keras.Model(pixels, pooled, name=f"{backbone.name}_features")


def load_own(path: Path, *, image_size: ImageSize) -> keras.Model:
    """Returns a user's Keras model, frozen, with one input and one output; code in the file is refused.

    It is called on an input of its own, so that a model that leaves the image size open is fixed to one, and a
    sequential model has an input like any other.

    Raises:
        ModelError: If it cannot be loaded, takes anything but one image of this size, RGB or grey, or has several
            outputs.
        UsageError: If a module of the user's own cannot be imported.
    """
    try:
        with _complete():
            file = read_keras_file(path)
            model = read_model(file)
        model.trainable = False
        pixels = keras.Input((*height_and_width(image_size), file.channels), name="pixels")
        weights = len(model.weights)
        answer = _single(_with_plain_input(model, path, image=pixels.shape[1:])(pixels, training=False), model, path)
        if len(model.weights) > weights:
            raise ModelError(f"{path} was saved before its layers had weights; call or train the model, then save it")
    except ZoobenchError:
        raise
    except Exception as error:  # layers of the user's own are foreign code, which may fail with anything
        keep(error)
        raise ModelError(f"cannot load {path}: {sentence(error)}") from error
    return keras.Model(pixels, answer, name=model.name)


def assembled(features: keras.Model, head: keras.Model) -> keras.Model:
    """Returns the classifier from raw pixels to probabilities."""
    return keras.Model(features.input, head(features.output, training=False), name="classifier")


def save(model: keras.Model, path: Path, *, custom_objects: Mapping[str, str] | None = None) -> None:
    """Writes a `.keras` file that depends on nothing but the model: no date, no address in memory.

    Args:
        model: What to save.
        path: Where.
        custom_objects: A hash of the source of each module that has layers of it; the file is another where one is.
    """
    with tempfile.TemporaryDirectory(prefix=".saving-", dir=path.parent) as folder:
        raw = Path(folder) / path.name
        model.save(raw)
        with writing(path) as handle, zipfile.ZipFile(raw) as old, zipfile.ZipFile(handle, "w") as new:
            for name in sorted(old.namelist()):
                member = zipfile.ZipInfo(name)  # of 1980-01-01
                if name in _UNIFORM:
                    content = _UNIFORM[name](json.loads(old.read(name)))
                    if name == "metadata.json" and custom_objects:
                        content[CUSTOM_OBJECTS] = dict(custom_objects)
                    new.writestr(member, json.dumps(content))
                    continue
                member.file_size = old.getinfo(name).file_size
                with old.open(name) as reader, new.open(member, "w") as writer:
                    shutil.copyfileobj(reader, writer, 1 << 20)


def load(path: Path) -> keras.Model:
    """Returns a Keras model without its optimizer, custom code refused (`safe_mode`).

    Raises:
        ModelError: If the archive is not safe or Keras cannot load it.
    """
    try:
        check_archive(path)
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except (OSError, ValueError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"cannot load {path}: {error}") from error


def _build(backbone: Backbone, *, weights: Weights, image_size: ImageSize, seed: int) -> keras.Model:
    width = {} if backbone.alpha is None else {"alpha": backbone.alpha}
    shape = (*height_and_width(image_size), 3)
    options = {"include_top": False, "weights": _weights_argument(backbone, weights), "input_shape": shape, **width}
    if is_reference(backbone.builder):
        return _built_by_package(backbone, options, seed=seed)
    keras.utils.set_random_seed(seed)
    try:
        with _complete():
            return getattr(keras.applications, backbone.builder)(**options)
    except (OSError, ValueError) as error:
        raise ModelError(
            f"keras.applications.{backbone.builder} at {image_size} px cannot be had with "
            f"{weights.path or 'random weights'}: {error}. Choose another image size, or a file that was written for "
            "this network without its top (include_top=False)"
        ) from error


def _built_by_package(backbone: Backbone, options: dict[str, Any], *, seed: int) -> keras.Model:
    """Returns the network that a package's function builds, which is called as those of `keras.applications` are."""
    builder, where = imported(backbone.builder, package=backbone.package), f"{backbone.builder} of {backbone.package}"
    shape = options["input_shape"]
    keras.utils.set_random_seed(seed)
    try:
        with _complete():
            network = builder(**options)
    except ModelError:
        raise
    except Exception as error:  # foreign code may fail with anything; the message names it
        raise ModelError(
            f"{where} at {shape[0]} px with {options['weights'] or 'random weights'} failed: "
            f"{type(error).__name__}: {error}"
        ) from error
    gave = repr(network)[:80]
    if isinstance(network, keras.Model):
        maps, gave = network.output_shape, f"a model from {network.input_shape} to {network.output_shape}"
        if _takes(network.input_shape, shape) and isinstance(maps, tuple) and len(maps) == 4:
            return network
    raise ModelError(
        f"{where} gave {gave}; expected a keras.Model from images {(None, *shape)} to feature maps "
        "(None, h, w, channels)"
    )


@contextmanager
def _complete() -> Iterator[None]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message=_NOT_LOADED)
        yield
    for warning in caught:
        if str(warning.message).startswith(_NOT_LOADED):
            raise ValueError(str(warning.message))


def _weights_argument(backbone: Backbone, weights: Weights) -> str | None:
    """Returns what the builder's `weights` parameter takes: the file, so that Keras does not look for one itself.

    EfficientNetB0 has one more layer in its graph when it is built for its ImageNet weights, so only the word works.
    """
    if weights.path is None:
        return None
    if backbone.builder == "EfficientNetB0":
        if weights.identity == "imagenet":
            return "imagenet"
        raise ModelError(
            f"{backbone.name} takes published weights only from the cache of Keras, which builds another graph for a "
            f"file; put {backbone.weights_file} there and use --zoo-weights {backbone.name}=imagenet"
        )
    return str(weights.path)


def _preprocessed(pixels: keras.KerasTensor, backbone: Backbone) -> keras.KerasTensor:
    """Returns the backbone's input from raw pixels, by layers that every converter and quantizer knows."""
    if backbone.preprocessing == "included":
        return pixels
    if backbone.preprocessing == "minus_one_to_one":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name="preprocessing")(pixels)
    if backbone.preprocessing == "imagenet_standard":
        scale = [1 / (255 * deviation) for deviation in DEVIATION_RGB]
        offset = [-mean / deviation for mean, deviation in zip(MEAN_RGB, DEVIATION_RGB, strict=True)]
        return keras.layers.Rescaling(scale, offset=offset, name="preprocessing")(pixels)
    # RGB to BGR, less the mean: a 1x1 convolution, because runtimes have no fast kernel that reverses channels.
    swap = keras.layers.Conv2D(3, 1, trainable=False, name="preprocessing")
    swapped = swap(pixels)
    kernel = np.eye(3, dtype=np.float32)[::-1].reshape(1, 1, 3, 3)
    swap.set_weights([kernel, -np.asarray(MEAN_BGR, np.float32)])
    return swapped


def _takes(shape: object, image: tuple[int, int, int]) -> bool:
    if not isinstance(shape, tuple) or len(shape) != 4:
        return False
    return all(side in (None, wanted) for side, wanted in zip(shape[1:], image, strict=True))


def _with_plain_input(model: keras.Model, path: Path, *, image: tuple[int, int, int]) -> keras.Model:
    """Returns a model that takes an image as it is, not in a list or by a name; refuses one that takes anything else.

    A subclassed model says what it takes only where it was built, so it is tried.
    """
    takes = keras.tree.flatten(getattr(model, "inputs", None) or [])
    if len(takes) > 1:
        names = ", ".join(f"{one.name} {one.shape}" for one in takes)
        raise ModelError(
            f"{path} has {len(takes)} inputs: {names}; allowed is a model of one image: save one that has it"
        )
    for one in takes:
        if one.dtype == "int8":
            raise ModelError(
                f"{path} takes int8 inputs, which do not hold the pixels 0..255; save the model with a float32 or "
                "uint8 input, the preprocessing inside it"
            )
        if not _takes(tuple(one.shape), image):
            raise ModelError(not_an_image(path, tuple(one.shape), sides=image[:2]))
    is_plain = not takes or isinstance(model, keras.Sequential) or not isinstance(model.input, list | dict)
    return model if is_plain else keras.Model(takes[0], model.outputs)


def _single(answers: Any, model: keras.Model, path: Path) -> keras.KerasTensor:
    """Returns the one output of a model, which may stand in a list or a dict."""
    found = keras.tree.flatten(answers)
    if len(found) == 1:
        return found[0]
    names = getattr(model, "output_names", None) or [one.name for one in found]
    shown = ", ".join(f"{name} {tuple(one.shape)}" for name, one in zip(names, found, strict=True))
    raise ModelError(
        f"{path} has {len(found)} outputs: {shown}; allowed is one. Save a model with the one that is meant: "
        "keras.Model(model.input, model.get_layer(NAME).output).save('NAME.keras')"
    )


def _pooled(model: keras.Model) -> keras.Model:
    """Returns a user's backbone with global average pooling unless it already gives one vector per image."""
    rank = len(model.output_shape) if isinstance(model.output_shape, tuple) else 0  # a list where it has several
    if rank == 2:
        return model
    if rank == 4:
        return keras.Model(model.input, keras.layers.GlobalAveragePooling2D(name="pooling")(model.output))
    raise ModelError(
        f"the model {model.name} gives {model.output_shape}; allowed as a backbone are feature maps "
        "[n, h, w, channels] or one vector per image [n, channels]"
    )


def _renumbered(config: Any) -> Any:
    """Numbers shared objects as they come: Keras tells them apart by their addresses.

    Number types are left out of it. They are values, and which layers share one depends on what the process did before.
    """
    numbers: dict[int, int] = {}

    def renumber(value: dict[str, Any]) -> dict[str, Any]:
        if str(value.get("class_name")).endswith("DTypePolicy"):
            value.pop(_SHARED, None)
        if _SHARED in value:
            value[_SHARED] = numbers.setdefault(value[_SHARED], len(numbers) + 1)
        return value

    return json.loads(json.dumps(config), object_hook=renumber)


_UNIFORM: Mapping[str, Callable[[Any], Any]] = {
    "config.json": _renumbered,
    "metadata.json": lambda metadata: metadata | {"date_saved": _SAVED},
}

_OF_TENSORFLOW = {"softmax_v2": "softmax", "log_softmax_v2": "log_softmax"}
"""Functions of `tf.nn` that files know by a name that Keras does not: what computes the same there."""

_MISSING = re.compile(r"Could not locate (?:class|function) '([^']+)'|Unknown \w+: '([^']+)'")
_OF_KERAS_2 = frozenset({"Functional", "TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod"})
"""Classes that only Keras 2 has, at least by these modules."""

_COMPARED = 8
_NEAR = 1e-4


def read_model(file: KerasFile) -> keras.Model:
    """Returns a user's model as float32, without its optimizer; whole numbers as input become floats if they can.

    Raises:
        ModelError: If Keras cannot load it, or its file holds code.
        UsageError: If a module of the user's own cannot be imported.
    """
    if file.code:
        raise ModelError(
            f"{file.path} holds Python code, a lambda in {file.code}, which is not run; use a layer that Keras has, "
            "such as Rescaling, or register its function by @keras.saving.register_keras_serializable(), save the "
            f"model again and name the function's module: {FLAG} MODULE"
        )
    if file.is_quantized:
        raise ModelError(
            f"{file.path} was quantized by model.quantize of Keras, which the converter does not take; give the float "
            "model that it was made of"
        )
    if file.computes_otherwise:
        raise ModelError(*_converted_first(file, f"computes another {file.computes_otherwise}"))
    config = in_float32(file)
    model = _loaded(file, config)
    if (floating := with_float_input(config)) == config or len(model.inputs[0].shape) != len("NHWC"):
        return model
    try:
        other = _loaded(file, floating)
    except ModelError:  # it computes what only whole numbers can
        return model
    return other if _same_answers(model, other) else model


def _loaded(file: KerasFile, config: Any) -> keras.Model:
    known = {name: getattr(keras.activations, ours) for name, ours in _OF_TENSORFLOW.items()} | custom_objects()
    try:
        with readable(file, config) as path:
            return keras.saving.load_model(path, custom_objects=known, compile=False, safe_mode=True)
    except Exception as error:  # what registered layers do is foreign code, which may fail with anything
        raise ModelError(*_explained(file, error)) from error


def _same_answers(one: keras.Model, other: keras.Model) -> bool:
    """Tells whether two models answer alike to pixels: some compute with whole numbers, which floats do not do."""
    shape = [side or 32 for side in one.inputs[0].shape[1:]]
    pixels = np.random.default_rng(0).integers(0, 256, (_COMPARED, *shape), np.uint8)
    answers = (keras.tree.flatten(model.predict(pixels, verbose=0)) for model in (one, other))
    return all(np.allclose(first, second, rtol=_NEAR, atol=_NEAR) for first, second in zip(*answers, strict=True))


def _explained(file: KerasFile, error: Exception) -> tuple[str, ...]:
    found = _MISSING.findall(str(error))
    missing = "".join(found[-1]).rpartition(">")[2] if found else ""  # without the package that it is registered in
    if file.is_of_keras_2 and (not missing or missing in _OF_KERAS_2):
        return _converted_first(file, "does not load it")
    if missing:
        return (f"{file.path} needs {missing}, which is no part of Keras; {_where_it_is(missing)}",)
    keep(error)
    return (f"cannot load {file.path}: {sentence(error)}",)


def _where_it_is(missing: str) -> str:
    held = f"that has {missing}"
    if missing == "preprocess_input":
        held = "with the line `from keras.applications.NETWORK import preprocess_input`, as the file does not say which"
    return (
        f"name a module {held}: {FLAG} MODULE, for a file MODULE.py in the folder where this is started, or "
        "package.module"
    )


def _converted_first(file: KerasFile, reason: str) -> tuple[str, ...]:
    path, target = str(file.path), str(file.path.with_suffix(".tflite"))
    command = (
        f"import tensorflow as tf, tf_keras; model = tf_keras.models.load_model({path!r}, compile=False); "
        f"open({target!r}, 'wb').write(tf.lite.TFLiteConverter.from_keras_model(model).convert())"
    )
    return (
        f"{path} was written by Keras {file.version}, and Keras {keras.__version__} {reason}. Convert it once and give "
        f"{target} instead:",
        f"  pip install tf-keras && python -c {quote(command)}",
    )
