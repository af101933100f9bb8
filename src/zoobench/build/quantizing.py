"""Which quantizer makes which variant, and what do the variants of a classifier share?"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import ai_edge, conversion
from zoobench.build.ai_edge import Statistics
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.registry import imported
from zoobench.matrix.variants import Quantizer, Variant
from zoobench.tflite.contract import Contract, read_contract
from zoobench.tflite.edit import plain_for_runtimes


class Ingredients:
    """What variants are made of: Keras classifier, float32 file, calibration; each opened or computed once."""

    def __init__(self, *, keras_model: Callable[[], keras.Model], float32_file: Path, images_file: Path) -> None:
        self.keras_model = keras_model
        self._float32_file = float32_file
        self._images_file = images_file

    def images(self) -> Iterator[npt.NDArray[np.uint8]]:
        """Yields the calibration images, each [1, height, width, 3]."""
        mapped = np.load(self._images_file, mmap_mode="r", allow_pickle=False)
        for position in range(len(mapped)):
            yield np.array(mapped[position : position + 1])

    @cached_property
    def float32(self) -> bytes:
        """The float32 file."""
        return self._float32_file.read_bytes()

    @cached_property
    def tensorflow_calibrated(self) -> bytes:
        """The float32 file with TensorFlow's statistics in it."""
        return conversion.calibrated(self.float32, self.images)

    @cached_property
    def statistics(self) -> Statistics:
        """AI Edge's statistics."""
        return ai_edge.calibrated(self.float32, self.images())


def quantized(ingredients: Ingredients, variant: Variant, *, quantizer: Quantizer) -> bytes:
    """Returns a variant's file.

    Raises:
        ModelError: If this quantizer does not make this variant, or refuses this classifier.
    """
    maker = _MAKERS.get((quantizer, variant.name))
    if maker is None:
        raise ModelError(
            f"{quantizer} makes no {variant.name}; use --zoo-quantizer {' or '.join(variant.quantizers)}, or auto"
        )
    return maker(ingredients, variant)


def made_by_package(ingredients: Ingredients, variant: Variant) -> bytes:
    """Returns the file of a variant that a package adds.

    Its maker is called with the float32 file and, where the variant is calibrated, a function that gives the
    calibration images anew each time.

    Raises:
        ModelError: As the maker raises it, to refuse this classifier.
        UsageError: If it fails otherwise, or gives anything but a TFLite file with the float32 file's shapes.
    """
    maker, where = imported(variant.maker, package=variant.package), f"{variant.maker} of {variant.package}"
    try:
        content = maker(ingredients.float32, *((ingredients.images,) if variant.calibrated else ()))
    except ModelError:
        raise
    except Exception as error:
        raise UsageError(f"{where} failed to make {variant.name}: {type(error).__name__}: {error}") from error
    if not isinstance(content, bytes):
        raise UsageError(f"{where} gave {type(content).__name__}; expected the bytes of a TFLite file")
    try:
        shapes = _shapes(read_contract(content))
    except ModelError as error:
        raise UsageError(f"{where} gave {len(content):,} bytes that are no TFLite file: {error}") from error
    if shapes != (wanted := _shapes(read_contract(ingredients.float32))):
        raise UsageError(f"{where} gave a file with the shapes {shapes}; expected those of the float32 file, {wanted}")
    return plain_for_runtimes(content)


def _shapes(contract: Contract) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(port.shape) for port in (*contract.inputs, *contract.outputs))


_MAKERS: Mapping[tuple[Quantizer, str], Callable[[Ingredients, Variant], bytes]] = {
    ("ai_edge", "float16"): lambda one, _: ai_edge.float16(one.float32),
    ("ai_edge", "dynamic_range"): lambda one, _: ai_edge.dynamic_range(one.float32),
    ("ai_edge", "weight_only_int8"): lambda one, _: ai_edge.weight_only(one.float32),
    ("ai_edge", "dynamic_range_int4"): lambda one, _: ai_edge.dynamic_range_int4(one.float32),
    ("ai_edge", "dynamic_range_int4_block"): lambda one, _: ai_edge.dynamic_range_int4_block(one.float32),
    ("ai_edge", "float_fallback"): lambda one, variant: ai_edge.integer(one.float32, one.statistics, io=variant.io),
    ("ai_edge", "integer_only"): lambda one, variant: ai_edge.integer(one.float32, one.statistics, io=variant.io),
    ("ai_edge", "integer_only_int8"): lambda one, variant: ai_edge.integer(one.float32, one.statistics, io=variant.io),
    ("ai_edge", "int16x8"): lambda one, _: ai_edge.int16x8(one.float32, one.statistics),
    ("tensorflow", "float16"): lambda one, _: conversion.float16(one.keras_model()),
    ("tensorflow", "dynamic_range"): lambda one, _: conversion.dynamic_range(one.keras_model()),
    ("tensorflow", "float_fallback"): lambda one, variant: conversion.integer(one.tensorflow_calibrated, io=variant.io),
    ("tensorflow", "integer_only"): lambda one, variant: conversion.integer(one.tensorflow_calibrated, io=variant.io),
    ("tensorflow", "integer_only_int8"): lambda one, variant: conversion.integer(
        one.tensorflow_calibrated, io=variant.io
    ),
    ("tensorflow", "int16x8"): lambda one, _: conversion.int16x8(one.float32, one.images),
}
"""How each quantizer makes each variant; a test holds it against `Variant.quantizers`."""
