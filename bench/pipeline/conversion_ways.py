"""How are the variants made: each from Keras by `TFLiteConverter`, or the float32 file once and the others from it?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import keras
import numpy as np
import tensorflow as tf
from finding import Cost
from fresh import Steps

from zoobench.build import classifier, conversion, network
from zoobench.build.conversion import Ingredients, quantized
from zoobench.build.recipe import BuildRequest
from zoobench.matrix.variants import VARIANTS
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.edit import joined

Files = dict[str, bytes]
"""A file's content by variant."""


def each_from_keras(request: BuildRequest, *, variants: Sequence[str]) -> tuple[Cost, Files]:
    """Makes each variant by `TFLiteConverter.from_keras_model`, as TensorFlow's manual shows it."""
    steps, files = Steps(), {}
    frozen, head = _parts(request)
    model = network.assembled(frozen, head)
    for name in variants:
        with steps.step(name), capture_native_output():
            converter = tf.lite.TFLiteConverter.from_keras_model(model)
            _SETTINGS[name](converter, lambda: _representative(request))
            files[name] = converter.convert()
    return steps.cost, files


def float32_once(request: BuildRequest, *, variants: Sequence[str]) -> tuple[Cost, Files]:
    """Makes each variant as `zoobench build` does: the float32 file, and from it the others."""
    steps = Steps()
    frozen, head = _parts(request)
    with TemporaryDirectory() as folder:
        float32_file, images_file = Path(folder) / "model.tflite", Path(folder) / "images.npy"
        with steps.step("float32"):
            float32_file.write_bytes(joined(conversion.float32(frozen), conversion.float32(head)))
        files = {"float32": float32_file.read_bytes()}
        np.save(images_file, request.dataset.images(_calibration(request)))
        ingredients = Ingredients(
            keras_model=lambda: network.assembled(frozen, head), float32_file=float32_file, images_file=images_file
        )
        for name in (name for name in variants if name != "float32"):
            variant = VARIANTS[name]
            quantizer = request.conversion.quantizer or variant.quantizers[0]
            with steps.step(name):
                files[name] = quantized(ingredients, variant, quantizer=quantizer)
    return steps.cost, files


def _parts(request: BuildRequest) -> tuple[keras.Model, keras.Model]:
    """Returns backbone and untrained head: training changes nothing about how long a conversion takes."""
    frozen = network.features_model(
        request.backbone, weights=request.weights, image_size=request.image_size, seed=request.training.seed
    )
    classes = len(request.dataset.classes)
    return frozen, classifier.build_head(inputs=frozen.output_shape[-1], classes=classes, config=request.training)


def _calibration(request: BuildRequest) -> np.ndarray:
    return request.dataset.calibration_indices(request.conversion.calibration_images, seed=request.training.seed)


def _representative(request: BuildRequest) -> Iterator[list[np.ndarray]]:
    for row in _calibration(request):
        yield [request.dataset.images([row]).astype(np.float32)]


Images = Callable[[], Iterator[list[np.ndarray]]]


def _float32(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    """The converter's default."""


def _dynamic_range(converter: tf.lite.TFLiteConverter, images: Images) -> None:  # noqa: ARG001
    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _float16(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    _dynamic_range(converter, images)
    converter.target_spec.supported_types = [tf.float16]


def _float_fallback(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    _dynamic_range(converter, images)
    converter.representative_dataset = images


def _integer_only(converter: tf.lite.TFLiteConverter, images: Images, io: tf.DType = tf.uint8) -> None:
    _float_fallback(converter, images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = io


def _integer_only_int8(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    _integer_only(converter, images, io=tf.int8)


def _int16x8(converter: tf.lite.TFLiteConverter, images: Images) -> None:
    _float_fallback(converter, images)
    converter.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]


_SETTINGS: Mapping[str, Callable[[tf.lite.TFLiteConverter, Images], None]] = {
    "float32": _float32,
    "float16": _float16,
    "dynamic_range": _dynamic_range,
    "float_fallback": _float_fallback,
    "integer_only": _integer_only,
    "integer_only_int8": _integer_only_int8,
    "int16x8": _int16x8,
}
"""What the manual sets for each variant that `TFLiteConverter` can make."""

CONVERTIBLE = tuple(_SETTINGS)
