"""How does a trained classifier become the TFLite file of each variant, and by which quantizer?"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from tensorflow.lite.python import convert
from tensorflow.lite.python.optimize.calibrator import Calibrator

from zoobench.build import ai_edge
from zoobench.build.pieces import WEIGHT_LIMIT, pieces, traced
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.interface import ImageSize, Interface, height_and_width
from zoobench.matrix.registry import imported
from zoobench.matrix.variants import NumberType, Quantizer, Variant
from zoobench.measure.runtimes import presented
from zoobench.system.terminal import capture_native_output, keep, sentence
from zoobench.tflite.contract import read_contract
from zoobench.tflite.edit import for_quantizers, joined, plain_for_runtimes
from zoobench.tflite.ports import display_shape, image_taken, read_all_ports, sole_input, sole_output

Image = npt.NDArray[np.uint8] | npt.NDArray[np.float32]
"""Raw pixels [1, height, width, 3], or real values as a model of one's own takes them."""
Images = Callable[[], Iterable[Image]]
"""Calibration images; called again for each pass over them."""
_DYNAMIC_RANGE = {"post_training_quantize": True, "enable_mlir_dynamic_range_quantizer": True}
"""What `tf.lite.Optimize.DEFAULT` makes of the converter's flags."""
_FLOAT16 = _DYNAMIC_RANGE | {"quantize_to_float16": True}
"""The same with float16 as the supported type."""


class Ingredients:
    """What variants are made of: Keras classifier, float32 file, calibration; each opened or computed once.

    Without `keras_model`, as for what came as a TFLite file, some variants cannot be made by TensorFlow.
    """

    def __init__(
        self,
        *,
        keras_model: Callable[[], keras.Model] | None,
        float32_file: Path,
        images_file: Path,
        interface: Interface | None = None,
    ) -> None:
        self.keras_model = keras_model
        self._interface = interface
        self._float32_file = float32_file
        self._images_file = images_file

    def images(self) -> Iterator[Image]:
        """Yields the calibration images as the model takes them."""
        mapped = np.load(self._images_file, mmap_mode="r", allow_pickle=False)
        for position in range(len(mapped)):
            image = np.array(mapped[position : position + 1])
            yield presented(image, self._interface) if self._interface else image

    @cached_property
    def float32(self) -> bytes:
        """The float32 file, as quantizers take it."""
        return for_quantizers(self._float32_file.read_bytes())

    @cached_property
    def tensorflow_calibrated(self) -> bytes:
        """The float32 file with TensorFlow's statistics in it."""
        return calibrated(self.float32, self.images)

    @cached_property
    def statistics(self) -> ai_edge.Statistics:
        """AI Edge's statistics."""
        return ai_edge.calibrated(self.float32, self.images())


def float32(model: keras.Model, *, weight_limit: int = WEIGHT_LIMIT, after: bytes = b"") -> bytes:
    """Returns a Keras model as a float32 TFLite file that takes one sample.

    The converter sees frozen graphs, a part of the model each: exporting a large Keras model as a SavedModel, as
    `TFLiteConverter.from_keras_model` does, takes most of the time of a conversion, and the converter holds several
    copies of all weights that it is given.

    The same model makes the same file, whatever the process has built or converted before.

    Args:
        model: Of one input and one output.
        weight_limit: Bytes of weights after which a part may end.
        after: A TFLite file whose answer the model takes: what is returned computes both.

    Raises:
        ModelError: If the converter refuses the model.
    """
    content = _converted(model, {}, weight_limit)
    return joined(after, content) if after else content


def pooled(path: Path) -> bytes:
    """Returns a TFLite file of one's own with global average pooling, unless it already gives one vector per image.

    Raises:
        ModelError: If it gives neither that nor feature maps whose channels can be told from their height and width.
    """
    content = plain_for_runtimes(path.read_bytes())
    taken, given = read_all_ports(path)
    shape = sole_output(given).shape
    if len(shape) == 2:
        return joined(content)
    places = {"channels_last": shape[1:3], "channels_first": shape[2:4]}
    image = image_taken(sole_input(taken).shape)
    maps_of = [name for name, sides in places.items() if image and len(shape) == 4 and _is_shrunk(sides, image[0])]
    if len(maps_of) != 1:
        raise ModelError(
            f"{path} gives {display_shape(shape)}; allowed as a backbone are feature maps that have the shape of the "
            "image, their channels before or after height and width, or one vector per image"
        )
    maps = keras.Input(shape[1:])
    pooling = keras.layers.GlobalAveragePooling2D(data_format=maps_of[0], name="pooling")
    return float32(keras.Model(maps, pooling(maps)), after=content)


def _is_shrunk(maps: Sequence[int], image: ImageSize) -> bool:
    """Tells whether maps may be what strides and borders leave of an image."""
    (tall, wide), (height, width) = maps, height_and_width(image)
    if height == width:
        return tall == wide
    return (tall - 1) * width <= (wide + 1) * height and (wide - 1) * height <= (tall + 1) * width


def dynamic_range(model: keras.Model, *, weight_limit: int = WEIGHT_LIMIT) -> bytes:
    """Returns, as `float32` does, TensorFlow's dynamic-range file: its weight quantizer takes no TFLite file."""
    return _converted(model, _DYNAMIC_RANGE, weight_limit)


def float16(model: keras.Model, *, weight_limit: int = WEIGHT_LIMIT) -> bytes:
    """Returns, as `float32` does, TensorFlow's float16 file."""
    return _converted(model, _FLOAT16, weight_limit)


def calibrated(float32_content: bytes, images: Images) -> bytes:
    """Returns a float32 file with the smallest and largest value of each tensor over the images written into it.

    Raises:
        ModelError: If the model does not run on them.
    """
    with _refused("TensorFlow's calibrator cannot run the float32 model"):
        content: bytes = Calibrator(float32_content).calibrate(_samples(images))
    return content


def integer(calibrated_content: bytes, *, io: NumberType) -> bytes:
    """Returns a file from `calibrated` with int8 weights and activations, by TensorFlow's MLIR quantizer.

    The result is that of `tf.lite.TFLiteConverter` with a representative dataset and `TFLITE_BUILTINS_INT8`: the flag
    `fully_quantize`, which neither sets, would make inputs and outputs int8 whatever is asked for.

    Raises:
        ModelError: If the quantizer refuses the model.
    """
    dtype = tf.as_dtype(io)
    with _refused(f"TensorFlow's quantizer cannot make an int8 model with {io} input and output"):
        content: bytes = convert.mlir_quantize(calibrated_content, input_data_type=dtype, output_data_type=dtype)
    return content


def int16x8(float32_content: bytes, images: Images) -> bytes:
    """Returns a float32 file with int8 weights and int16 activations, input and output float32.

    By TensorFlow's older quantizer, as `TFLiteConverter` makes it: the MLIR one knows no int16 multiplication.

    Raises:
        ModelError: If the quantizer refuses the model.
    """
    with _refused("TensorFlow's quantizer cannot make an int16x8 model"):
        content = Calibrator(float32_content).calibrate_and_quantize(
            _samples(images), tf.float32, tf.float32, False, activations_type=tf.int16, bias_type=tf.int64
        )
    return bytes(content)


def _by_ai_edge(one: Ingredients, variant: Variant) -> bytes:
    return ai_edge.integer(one.float32, one.statistics, io=variant.io)


def _by_tensorflow(one: Ingredients, variant: Variant) -> bytes:
    return integer(one.tensorflow_calibrated, io=variant.io)


def _keras_of(one: Ingredients) -> keras.Model:
    if one.keras_model:
        return one.keras_model()
    raise ModelError("TensorFlow's quantizer makes it of a Keras model, and this came as a file of another format")


_MAKERS: Mapping[tuple[Quantizer, str], Callable[[Ingredients, Variant], bytes]] = {
    ("ai_edge", "float16"): lambda one, _: ai_edge.float16(one.float32),
    ("ai_edge", "dynamic_range"): lambda one, _: ai_edge.dynamic_range(one.float32),
    ("ai_edge", "weight_only_int8"): lambda one, _: ai_edge.weight_only(one.float32),
    ("ai_edge", "dynamic_range_int4"): lambda one, _: ai_edge.dynamic_range_int4(one.float32),
    ("ai_edge", "dynamic_range_int4_block"): lambda one, _: ai_edge.dynamic_range_int4_block(one.float32),
    ("ai_edge", "float_fallback"): _by_ai_edge,
    ("ai_edge", "integer_only"): _by_ai_edge,
    ("ai_edge", "integer_only_int8"): _by_ai_edge,
    ("ai_edge", "int16x8"): lambda one, _: ai_edge.int16x8(one.float32, one.statistics),
    ("tensorflow", "float16"): lambda one, _: float16(_keras_of(one)),
    ("tensorflow", "dynamic_range"): lambda one, _: dynamic_range(_keras_of(one)),
    ("tensorflow", "float_fallback"): _by_tensorflow,
    ("tensorflow", "integer_only"): _by_tensorflow,
    ("tensorflow", "integer_only_int8"): _by_tensorflow,
    ("tensorflow", "int16x8"): lambda one, _: int16x8(one.float32, one.images),
}
"""How each quantizer makes each variant; a test holds it against `Variant.quantizers`."""


_LOOP = "WHILE"


def quantized(ingredients: Ingredients, variant: Variant, *, quantizer: Quantizer | None) -> bytes:
    """Returns a variant's file; without a quantizer by the maker of the package that adds the variant.

    Such a maker is called with the float32 file and, where the variant is calibrated, a function that gives the
    calibration images anew each time.

    Raises:
        ModelError: If this quantizer does not make this variant, or it or the maker refuses this classifier.
        UsageError: If the maker fails otherwise, or gives anything but a TFLite file with the float32 file's shapes.
    """
    if quantizer is None:
        return _made_by_package(ingredients, variant)
    if variant.calibrated and _LOOP in read_contract(ingredients.float32).operators:
        raise ModelError(
            "the network has a loop, as LSTM, GRU and ConvLSTM2D layers do, and no quantizer here quantizes what is "
            "computed in one; build these layers with unroll=True where Keras has it, or leave this variant out"
        )
    maker = _MAKERS.get((quantizer, variant.name))
    if maker is None:
        raise ModelError(
            f"{quantizer} makes no {variant.name}; use --zoo-quantizer {' or '.join(variant.quantizers)}, or auto"
        )
    content = maker(ingredients, variant)
    try:
        read_contract(content)
    except ModelError as error:  # AI Edge leaves such a file of some loops
        keep(error)
        raise ModelError(f"{quantizer} makes a file of it that cannot be read: {sentence(error)}") from error
    return content


def _made_by_package(ingredients: Ingredients, variant: Variant) -> bytes:
    maker, where = imported(variant.maker, package=variant.package), f"{variant.maker} of {variant.package}"
    try:
        content = maker(ingredients.float32, *((ingredients.images,) if variant.calibrated else ()))
    except ModelError:
        raise
    except Exception as error:  # foreign code may fail with anything; the message names it
        raise UsageError(f"{where} failed to make {variant.name}: {type(error).__name__}: {error}") from error
    if not isinstance(content, bytes):
        raise UsageError(f"{where} gave {type(content).__name__}; expected the bytes of a TFLite file")
    try:
        shapes = _shapes(content)
    except ModelError as error:
        raise UsageError(f"{where} gave {len(content):,} bytes that are no TFLite file: {error}") from error
    if shapes != (wanted := _shapes(ingredients.float32)):
        raise UsageError(f"{where} gave a file with the shapes {shapes}; expected those of the float32 file, {wanted}")
    return plain_for_runtimes(content)


def _shapes(content: bytes) -> tuple[tuple[int, ...], ...]:
    contract = read_contract(content)
    return tuple(tuple(port.shape) for port in (*contract.inputs, *contract.outputs))


def _converted(model: keras.Model, flags: Mapping[str, Any], weight_limit: int) -> bytes:
    with _refused(f"TensorFlow cannot convert {model.name} to TFLite"):
        parts = pieces(traced(model), weight_limit=weight_limit)
        return joined(*(convert.convert_graphdef(graph, [entry], [exit_], **flags) for graph, entry, exit_ in parts))


def _samples(images: Images) -> Callable[[], Iterator[list[npt.NDArray[np.float32]]]]:
    return lambda: ([image.astype(np.float32)] for image in images())


@contextmanager
def _refused(what: str) -> Iterator[None]:
    """Keeps TensorFlow's chatter off the terminal and makes its refusals errors that say what it cannot do."""
    try:
        with capture_native_output():
            yield
    except ModelError:
        raise
    except Exception as error:  # layers of the user's own are foreign code too, which may fail with anything
        keep(error)
        raise ModelError(f"{what}: {sentence(error)}") from error
