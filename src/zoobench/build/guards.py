"""Which ranges must be wider than what was seen, so that quantizer and kernels do right by a layer?"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from litert_quantizer import qtyping
from litert_quantizer.utils import tfl_flatbuffer_utils

Statistics = Mapping[str, Mapping[str, npt.NDArray[Any]]]
"""Smallest and largest value of each tensor, by its name."""

BIAS_LIMIT = 2**30
"""Largest stored bias: int32 with a bit to spare, as TensorFlow's quantizer keeps it."""
INT8_STEPS = 255
"""Steps of an int8 activation from the smallest to the largest value."""
INT16_STEPS = 32767
"""Steps of an int16 activation from zero to the largest size: it is symmetric."""
_Op = qtyping.TFLOperationName
_OUTPUT_CHANNEL_AXIS = {_Op.CONV_2D: 0, _Op.DEPTHWISE_CONV_2D: 3, _Op.FULLY_CONNECTED: 0}
_LARGEST_WEIGHT = 127
_POWER_TOLERANCE = 5e-3
_WIDENING = np.float32(1.02)


def guarded(float32_content: bytes, statistics: Statistics, *, steps: int = INT8_STEPS) -> Statistics:
    """Returns the statistics with a wider weight range for each channel whose bias would not fit into int32.

    A bias is stored in units of input scale x weight scale. In a channel whose kernel is (nearly) zero the weight scale
    is so small that the bias overflows, and the channel's constant output is lost: in one MobileNet this alone cost two
    points of accuracy. A wider range costs such a channel nothing, as its weights are zero. With int16 activations the
    bias itself is int64, but the kernel that rescales the sum takes no more than 48 bits of it.

    Args:
        float32_content: The file.
        statistics: What was seen on the calibration images.
        steps: `INT8_STEPS` or `INT16_STEPS`, by what activations will be.
    """
    wider = dict(statistics)
    model = tfl_flatbuffer_utils.read_model(bytearray(float32_content))
    for axis, entry, weights, bias in _layers(model):
        seen = statistics.get(tfl_flatbuffer_utils.get_tensor_name(entry))
        kernel, constant = (tfl_flatbuffer_utils.get_tensor_data(one, model.buffers) for one in (weights, bias))
        if seen and kernel is not None and constant is not None:
            found = _wider_range(kernel, constant, axis=axis, input_scale=_activation_scale(seen, steps))
            wider |= {tfl_flatbuffer_utils.get_tensor_name(weights): found} if found else {}
    return wider


def off_powers_of_two(statistics: Statistics) -> Statistics:
    """Returns the statistics without ranges whose int16 scale is a power of two.

    LiteRT's int16 ADD takes another way where all its scales are powers of two, and there refuses an output that is
    finer than an input (`input1_shift <= 0`); pixels scaled to -1..1 are such a case. Two percent more range cost an
    int16 activation nothing that could be measured.
    """
    return {name: _widened(seen) if _is_power_of_two(seen) else seen for name, seen in statistics.items()}


def _widened(seen: Mapping[str, npt.NDArray[Any]]) -> Mapping[str, npt.NDArray[Any]]:
    return dict(seen) | {edge: seen[edge] * _WIDENING for edge in ("min", "max")}


def _is_power_of_two(seen: Mapping[str, npt.NDArray[Any]]) -> bool:
    scale = _activation_scale(seen, INT16_STEPS)
    if np.size(seen["max"]) != 1 or not scale:
        return False
    exponent = float(np.log2(scale))
    return abs(exponent - round(exponent)) < _POWER_TOLERANCE


def _layers(model: Any) -> Iterator[tuple[int, Any, Any, Any]]:
    """Yields the output-channel axis, input, weights and bias of each layer that has all of them."""
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex].builtinCode
            axis = _OUTPUT_CHANNEL_AXIS.get(tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME.get(code))
            if axis is not None and len(operator.inputs) > 2 and operator.inputs[2] >= 0:
                entry, weights, bias = (graph.tensors[index] for index in operator.inputs[:3])
                yield axis, entry, weights, bias


def _activation_scale(seen: Mapping[str, npt.NDArray[Any]], steps: int) -> float:
    low, high = min(float(np.min(seen["min"])), 0.0), max(float(np.max(seen["max"])), 0.0)
    return (max(-low, high) if steps == INT16_STEPS else high - low) / steps


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
