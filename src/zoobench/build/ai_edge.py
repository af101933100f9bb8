"""How does AI Edge Quantizer quantize a float32 file, and what must be set right for it to do well?"""

import copy
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from litert_quantizer import calibrator, qtyping, quantizer, recipe, recipe_manager
from litert_quantizer.utils import qsv_utils

from zoobench.build.guards import INT16_STEPS, Statistics, guarded, off_powers_of_two
from zoobench.errors import ModelError
from zoobench.matrix.variants import NumberType
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.edit import INPUT_NAME, SIGNATURE, plain_for_runtimes

_Op = qtyping.TFLOperationName
_Algorithm = quantizer.AlgorithmName
_KEEP_FLOAT = _Algorithm.NO_QUANTIZE
_HALF = qtyping.OpQuantizationConfig(
    weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
    compute_precision=qtyping.ComputePrecision.FLOAT,
    explicit_dequantize=True,
)


def float16(float32_content: bytes) -> bytes:
    """Returns a float32 file with its weights stored as float16; each is made float32 again before its layer."""
    rules = recipe_manager.RecipeManager()
    rules.add_quantization_config(
        regex=".*", operation_name=_Op.ALL_SUPPORTED, op_config=_HALF, algorithm_key=_Algorithm.FLOAT_CASTING
    )
    return _quantized(quantizer.Quantizer(bytearray(float32_content), rules.get_quantization_recipe()))


def weight_only(float32_content: bytes) -> bytes:
    """Returns a float32 file with its weights stored as int8; each is made float32 again before its layer."""
    return _quantized(quantizer.Quantizer(bytearray(float32_content), recipe.weight_only_wi8_afp32()))


def dynamic_range(float32_content: bytes) -> bytes:
    """Returns a float32 file with int8 weights and float activations, depthwise convolutions left in float.

    XNNPACK has no dynamic-range kernel for depthwise convolutions: with them quantized, MobileNet falls into a dozen
    partitions and runs slower than float32; without, it is one partition, several times faster, and 2 % larger.
    """
    return _quantized(_with_float_depthwise(float32_content, recipe.dynamic_wi8_afp32()))


def dynamic_range_int4(float32_content: bytes) -> bytes:
    """Returns a float32 file with int4 weights, a scale for each output channel; depthwise convolutions stay float."""
    return _quantized(_with_float_depthwise(float32_content, recipe.dynamic_wi4c_afp32()))


def dynamic_range_int4_block(float32_content: bytes) -> bytes:
    """Returns a dynamic-range file whose dense layers have int4 weights, one scale for each 32 of a row.

    The runtime has block-wise kernels for dense layers alone; all else is as in `dynamic_range`.
    """
    blocks = recipe.dynamic_wi4b32_afp32(operation_name=_Op.FULLY_CONNECTED)
    return _quantized(_with_float_depthwise(float32_content, recipe.dynamic_wi8_afp32() + blocks))


def calibrated(float32_content: bytes, images: Iterable[npt.NDArray[np.uint8]]) -> Statistics:
    """Returns the range of each tensor over the images.

    True minimum and maximum: the library's default, a moving average, depends on the order of the images and clips the
    logits.

    Raises:
        ModelError: If the calibrator cannot run the file.
    """
    rules = recipe_manager.RecipeManager()
    rules.load_quantization_recipe(recipe.static_wi8_ai8())
    try:
        with _undisturbed():
            worker = calibrator.Calibrator(
                bytearray(float32_content),
                qsv_update_func=qsv_utils.min_max_update,
                mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
            )
            worker.calibrate({SIGNATURE: [{INPUT_NAME: image.astype(np.float32)} for image in images]}, rules)
    except (ValueError, RuntimeError) as error:
        raise ModelError(f"AI Edge Quantizer's calibrator cannot run the float32 model: {error}") from error
    statistics: Statistics = worker.get_model_qsvs()
    return statistics


def integer(float32_content: bytes, statistics: Statistics, *, io: NumberType) -> bytes:
    """Returns a float32 file with int8 weights and activations.

    Args:
        float32_content: The file.
        statistics: From `calibrated`.
        io: Number type of input and output.
    """
    worker = quantizer.Quantizer(bytearray(float32_content), recipe.static_wi8_ai8())
    for edge in (_Op.INPUT, _Op.OUTPUT):
        if io == "float32":
            worker.update_quantization_recipe(".*", edge, algorithm_key=_KEEP_FLOAT)
        if io == "uint8":
            worker.update_quantization_recipe(".*", edge, _unsigned())
    return _quantized(worker, guarded(float32_content, statistics))


def int16x8(float32_content: bytes, statistics: Statistics) -> bytes:
    """Returns a float32 file with int8 weights and int16 activations; input and output stay float32.

    Args:
        float32_content: The file.
        statistics: From `calibrated`.
    """
    worker = quantizer.Quantizer(bytearray(float32_content), recipe.static_wi8_ai16())
    for edge in (_Op.INPUT, _Op.OUTPUT):
        worker.update_quantization_recipe(".*", edge, algorithm_key=_KEEP_FLOAT)
    return _quantized(worker, guarded(float32_content, off_powers_of_two(statistics), steps=INT16_STEPS))


def _with_float_depthwise(float32_content: bytes, rules: qtyping.ModelQuantizationRecipe) -> quantizer.Quantizer:
    worker = quantizer.Quantizer(bytearray(float32_content), rules)
    worker.update_quantization_recipe(".*", _Op.DEPTHWISE_CONV_2D, algorithm_key=_KEEP_FLOAT)
    return worker


def _unsigned() -> qtyping.OpQuantizationConfig:
    tensor = qtyping.TensorQuantizationConfig
    return qtyping.OpQuantizationConfig(
        activation_tensor_config=tensor(num_bits=8, symmetric=False, dtype=qtyping.TensorDataType.UINT),
        weight_tensor_config=tensor(num_bits=8, symmetric=True, granularity=qtyping.QuantGranularity.CHANNELWISE),
        compute_precision=qtyping.ComputePrecision.INTEGER,
    )


def _quantized(worker: quantizer.Quantizer, statistics: Statistics | None = None) -> bytes:
    own = None if statistics is None else copy.deepcopy(dict(statistics))  # the quantizer writes into what it is given
    try:
        with _undisturbed():
            content = bytes(worker.quantize(own, enable_progress_report=False).quantized_model)
    except (ValueError, RuntimeError, RuntimeWarning) as error:
        raise ModelError(f"AI Edge Quantizer cannot quantize the float32 model: {error}") from error
    return plain_for_runtimes(content)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps the library's chatter off the terminal, and makes an error of the one warning that matters."""
    with capture_native_output(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        warnings.filterwarnings("error", message="invalid value encountered in cast")  # a bias that overflows
        yield
