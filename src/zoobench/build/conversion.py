"""How does a trained classifier become a TFLite file, and that a quantized one?"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.lite.python import convert
from tensorflow.lite.python.optimize.calibrator import Calibrator

from zoobench.build.pieces import WEIGHT_LIMIT, pieces, traced
from zoobench.errors import ModelError
from zoobench.matrix.variants import NumberType
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.edit import joined

Images = Callable[[], Iterable[npt.NDArray[np.uint8]]]
"""Calibration images, each [1, height, width, 3]; called again for each pass over them."""

_DYNAMIC_RANGE = {"post_training_quantize": True, "enable_mlir_dynamic_range_quantizer": True}
"""What `tf.lite.Optimize.DEFAULT` makes of the converter's flags."""
_FLOAT16 = _DYNAMIC_RANGE | {"quantize_to_float16": True}
"""The same with float16 as the supported type."""


def float32(model: keras.Model, *, weight_limit: int = WEIGHT_LIMIT) -> bytes:
    """Returns a Keras model as a float32 TFLite file that takes one sample.

    The converter sees frozen graphs, a part of the model each: exporting a large Keras model as a SavedModel, as
    `TFLiteConverter.from_keras_model` does, takes most of the time of a conversion, and the converter holds several
    copies of all weights that it is given.

    The same model makes the same file, whatever the process has built or converted before.

    Args:
        model: The model, of one input and one output.
        weight_limit: Bytes of weights after which a part may end.

    Raises:
        ModelError: If the converter refuses the model.
    """
    return _converted(model, {}, weight_limit=weight_limit)


def dynamic_range(model: keras.Model, *, weight_limit: int = WEIGHT_LIMIT) -> bytes:
    """Returns a Keras model as TensorFlow's dynamic-range file: its weight quantizer cannot be given a TFLite file.

    Args and errors are those of `float32`.
    """
    return _converted(model, _DYNAMIC_RANGE, weight_limit=weight_limit)


def float16(model: keras.Model, *, weight_limit: int = WEIGHT_LIMIT) -> bytes:
    """Returns a Keras model as TensorFlow's float16 file.

    Args and errors are those of `float32`.
    """
    return _converted(model, _FLOAT16, weight_limit=weight_limit)


def calibrated(float32_content: bytes, images: Images) -> bytes:
    """Returns a float32 file with the smallest and largest value of each tensor over the images written into it.

    Raises:
        ModelError: If the model does not run on them.
    """
    try:
        with capture_native_output():
            content: bytes = Calibrator(float32_content).calibrate(
                lambda: ([image.astype(np.float32)] for image in images())
            )
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"TensorFlow's calibrator cannot run the float32 model: {error}") from error
    return content


def integer(calibrated_content: bytes, *, io: NumberType) -> bytes:
    """Returns a calibrated file with int8 weights and activations, by TensorFlow's MLIR quantizer.

    The result is that of `tf.lite.TFLiteConverter` with a representative dataset and `TFLITE_BUILTINS_INT8`: the flag
    `fully_quantize`, which neither sets, would make inputs and outputs int8 whatever is asked for.

    Args:
        calibrated_content: From `calibrated`.
        io: Number type of input and output.

    Raises:
        ModelError: If the quantizer refuses the model.
    """
    try:
        with capture_native_output():
            content: bytes = convert.mlir_quantize(
                calibrated_content, input_data_type=tf.as_dtype(io), output_data_type=tf.as_dtype(io)
            )
    except (ValueError, RuntimeError, convert.ConverterError) as error:
        raise ModelError(
            f"TensorFlow's quantizer cannot make an int8 model with {io} input and output: {error}"
        ) from error
    return content


def int16x8(float32_content: bytes, images: Images) -> bytes:
    """Returns a float32 file with int8 weights and int16 activations, input and output float32.

    By TensorFlow's older quantizer, as `TFLiteConverter` makes it: the MLIR one knows no int16 multiplication.

    Raises:
        ModelError: If the quantizer refuses the model.
    """
    try:
        with capture_native_output():
            content: bytes = Calibrator(float32_content).calibrate_and_quantize(
                lambda: ([image.astype(np.float32)] for image in images()),
                tf.float32,
                tf.float32,
                False,
                activations_type=tf.int16,
                bias_type=tf.int64,
            )
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"TensorFlow's quantizer cannot make an int16x8 model: {error}") from error
    return bytes(content)


def _converted(model: keras.Model, flags: Mapping[str, Any], *, weight_limit: int) -> bytes:
    try:
        with capture_native_output():
            parts = pieces(traced(model), weight_limit=weight_limit)
            return joined(*(convert.convert_graphdef(part.graph, [part.entry], [part.exit], **flags) for part in parts))
    except (ValueError, RuntimeError, convert.ConverterError) as error:
        raise ModelError(f"TensorFlow cannot convert {model.name} to TFLite: {error}") from error
