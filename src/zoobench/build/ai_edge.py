"""How does AI Edge Quantizer quantize a float32 file, and what must be set right for it to do well?"""

import copy
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_quantizer import calibrator, qtyping, quantizer, recipe, recipe_manager
from ai_edge_quantizer.utils import qsv_utils, tfl_flatbuffer_utils

from zoobench.build.flatbuffer import INPUT_NAME, SIGNATURE
from zoobench.errors import ModelError
from zoobench.native import output_held
from zoobench.variants import NumberType

Statistics = Mapping[str, Mapping[str, npt.NDArray[Any]]]
"""Smallest and largest value of each tensor, by its name."""

BIAS_LIMIT = 2**30
"""Largest stored bias: int32 with a bit to spare, as TensorFlow's quantizer keeps it."""
_Op = qtyping.TFLOperationName
_KEEP_FLOAT = quantizer.AlgorithmName.NO_QUANTIZE
_OUTPUT_CHANNEL_AXIS = {_Op.CONV_2D: 0, _Op.DEPTHWISE_CONV_2D: 3, _Op.FULLY_CONNECTED: 0}
_LARGEST_WEIGHT = 127
_ACTIVATION_STEPS = 255


def dynamic_range(float32_content: bytes) -> bytes:
    """Returns a float32 file with int8 weights and float activations, depthwise convolutions left in float.

    XNNPACK has no dynamic-range kernel for depthwise convolutions: with them quantized, MobileNet falls into a dozen
    partitions and runs slower than float32; without, it is one partition, several times faster, and 2 % larger.
    """
    rules = recipe.dynamic_wi8_afp32()
    worker = quantizer.Quantizer(bytearray(float32_content), rules)
    worker.update_quantization_recipe(".*", _Op.DEPTHWISE_CONV_2D, algorithm_key=_KEEP_FLOAT)
    return _quantized(worker, None)


def calibrated(float32_content: bytes, images: Iterable[npt.NDArray[np.uint8]]) -> Statistics:
    """Returns the range of each tensor over the images, and of weights where their own would let a bias overflow.

    True minimum and maximum: the library's default, a moving average, depends on the order of the images and clips the
    logits.
    """
    rules = recipe_manager.RecipeManager()
    rules.load_quantization_recipe(recipe.static_wi8_ai8())
    with _undisturbed():
        worker = calibrator.Calibrator(
            bytearray(float32_content),
            qsv_update_func=qsv_utils.min_max_update,
            mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
        )
        worker.calibrate({SIGNATURE: [{INPUT_NAME: image.astype(np.float32)} for image in images]}, rules)
    statistics: Statistics = worker.get_model_qsvs()
    return guarded(float32_content, statistics)


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
    return _quantized(worker, copy.deepcopy(dict(statistics)))  # the quantizer writes into what it is given


def guarded(float32_content: bytes, statistics: Statistics) -> Statistics:
    """Returns the statistics with a wider weight range for each channel whose bias would not fit into int32.

    A bias is stored in units of input scale x weight scale. In a channel whose kernel is (nearly) zero the weight scale
    is so small that the bias overflows, and the channel's constant output is lost: in one MobileNet this alone cost two
    points of accuracy. A wider range costs such a channel nothing, as its weights are zero.
    """
    wider = dict(statistics)
    model = tfl_flatbuffer_utils.read_model(bytearray(float32_content))
    for axis, entry, weights, bias in _layers(model):
        seen = statistics.get(tfl_flatbuffer_utils.get_tensor_name(entry))
        kernel, constant = (tfl_flatbuffer_utils.get_tensor_data(one, model.buffers) for one in (weights, bias))
        if seen and kernel is not None and constant is not None:
            found = _wider_range(kernel, constant, axis=axis, input_scale=_activation_scale(seen))
            wider |= {tfl_flatbuffer_utils.get_tensor_name(weights): found} if found else {}
    return wider


def _layers(model: Any) -> Iterator[tuple[int, Any, Any, Any]]:
    """Yields the output-channel axis, input, weights and bias of each layer that has all of them."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex].builtinCode
            axis = _OUTPUT_CHANNEL_AXIS.get(tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME.get(code))
            if axis is not None and len(operator.inputs) > 2 and operator.inputs[2] >= 0:
                entry, weights, bias = (graph.tensors[index] for index in operator.inputs[:3])
                yield axis, entry, weights, bias


def _activation_scale(seen: Mapping[str, npt.NDArray[Any]]) -> float:
    return (max(float(np.max(seen["max"])), 0.0) - min(float(np.min(seen["min"])), 0.0)) / _ACTIVATION_STEPS


def _wider_range(
    kernel: npt.NDArray[Any], bias: npt.NDArray[Any], *, axis: int, input_scale: float
) -> Mapping[str, npt.NDArray[Any]] | None:
    """Returns the range of a kernel in which each channel's bias fits, or None if its own does or none can."""
    if not input_scale:
        return None
    others = tuple(position for position in range(kernel.ndim) if position != axis)
    low, high = kernel.min(others, keepdims=True), kernel.max(others, keepdims=True)
    needed = (np.abs(bias.astype(np.float64)) * _LARGEST_WEIGHT / (BIAS_LIMIT * input_scale)).reshape(low.shape)
    narrow = np.maximum(-low, high) < needed
    if not narrow.any():
        return None
    return {
        "min": np.where(narrow, -needed, low).astype(np.float32),
        "max": np.where(narrow, needed, high).astype(np.float32),
    }


def _unsigned() -> qtyping.OpQuantizationConfig:
    tensor = qtyping.TensorQuantizationConfig
    return qtyping.OpQuantizationConfig(
        activation_tensor_config=tensor(num_bits=8, symmetric=False, dtype=qtyping.TensorDataType.UINT),
        weight_tensor_config=tensor(num_bits=8, symmetric=True, granularity=qtyping.QuantGranularity.CHANNELWISE),
        compute_precision=qtyping.ComputePrecision.INTEGER,
    )


def _quantized(worker: quantizer.Quantizer, statistics: dict[str, Any] | None) -> bytes:
    try:
        with _undisturbed():
            return bytes(worker.quantize(statistics, enable_progress_report=False).quantized_model)
    except (ValueError, RuntimeError, RuntimeWarning) as error:
        raise ModelError(f"AI Edge Quantizer cannot quantize the float32 model: {error}") from error


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps the library's chatter off the terminal, and makes an error of the one warning that matters."""
    with output_held(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        warnings.filterwarnings("error", message="invalid value encountered in cast")  # a bias that overflows
        yield
