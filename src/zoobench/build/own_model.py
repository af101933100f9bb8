"""How is a user's Keras model loaded without running code that is in its file, and why does it not load?"""

import re
from typing import Any

import keras
import numpy as np

from zoobench.build.keras_file import KerasFile, in_float32, readable, with_float_input
from zoobench.errors import ModelError
from zoobench.measure.custom_objects import FLAG, custom_objects
from zoobench.system.terminal import keep, sentence

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
        raise ModelError(_converted_first(file, f"computes another {file.computes_otherwise}"))
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
        raise ModelError(_explained(file, error)) from error


def _same_answers(one: keras.Model, other: keras.Model) -> bool:
    """Tells whether two models answer alike to pixels: some compute with whole numbers, which floats do not do."""
    shape = [side or 32 for side in one.inputs[0].shape[1:]]
    pixels = np.random.default_rng(0).integers(0, 256, (_COMPARED, *shape), np.uint8)
    answers = (keras.tree.flatten(model.predict(pixels, verbose=0)) for model in (one, other))
    return all(np.allclose(first, second, rtol=_NEAR, atol=_NEAR) for first, second in zip(*answers, strict=True))


def _explained(file: KerasFile, error: Exception) -> str:
    found = _MISSING.findall(str(error))
    missing = "".join(found[-1]).rpartition(">")[2] if found else ""  # without the package that it is registered in
    if file.is_of_keras_2 and (not missing or missing in _OF_KERAS_2):
        return _converted_first(file, "does not load it")
    if missing:
        return f"{file.path} needs {missing}, which is no part of Keras; {_where_it_is(missing)}"
    keep(error)
    return f"cannot load {file.path}: {sentence(error)}"


def _where_it_is(missing: str) -> str:
    held = f"that has {missing}"
    if missing == "preprocess_input":
        held = "with the line `from keras.applications.NETWORK import preprocess_input`, as the file does not say which"
    return (
        f"name a module {held}: {FLAG} MODULE, for a file MODULE.py in the folder where this is started, or "
        "package.module"
    )


def _converted_first(file: KerasFile, reason: str) -> str:
    path, target = str(file.path), str(file.path.with_suffix(".tflite"))
    command = (
        f"import tensorflow as tf, tf_keras; model = tf_keras.models.load_model({path!r}, compile=False); "
        f"open({target!r}, 'wb').write(tf.lite.TFLiteConverter.from_keras_model(model).convert())"
    )
    return (
        f"{path} was written by Keras {file.version}, and Keras {keras.__version__} {reason}. Convert it once "
        f'and give {target} instead:\n  pip install tf-keras && python -c "{command}"'
    )
