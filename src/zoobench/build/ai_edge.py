"""How does AI Edge Quantizer quantize a float32 file, and what must be set right for it to do well?"""

import copy
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
from litert_quantizer import calibrator, qtyping, quantizer, recipe, recipe_manager
from litert_quantizer.utils import qsv_utils, tfl_flatbuffer_utils

from zoobench.errors import ModelError
from zoobench.matrix.variants import SPECS, NumberType
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.contract import Violation, brief_violations, read_contract, violations
from zoobench.tflite.edit import plain_for_runtimes
from zoobench.tflite.read import signatures

_Op = qtyping.TFLOperationName
_Algorithm = quantizer.AlgorithmName
_KEEP_FLOAT = _Algorithm.NO_QUANTIZE
_HALF = qtyping.OpQuantizationConfig(
    weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
    compute_precision=qtyping.ComputePrecision.FLOAT,
    explicit_dequantize=True,
)
_UNSIGNED = qtyping.OpQuantizationConfig(
    activation_tensor_config=qtyping.TensorQuantizationConfig(
        num_bits=8, symmetric=False, dtype=qtyping.TensorDataType.UINT
    ),
    weight_tensor_config=qtyping.TensorQuantizationConfig(
        num_bits=8, symmetric=True, granularity=qtyping.QuantGranularity.CHANNELWISE
    ),
    compute_precision=qtyping.ComputePrecision.INTEGER,
)
Range = Mapping[str, npt.NDArray[Any]]
"""Smallest (`min`) and largest (`max`) value of a tensor, or of each of its channels."""
Statistics = Mapping[str, Range]
"""Range of each tensor, by its name."""
BIAS_LIMIT = 2**30
"""Largest stored bias: int32 with a bit to spare, as TensorFlow's quantizer keeps it."""
INT8_STEPS = 255
"""Steps of an int8 activation from the smallest to the largest value."""
INT16_STEPS = 32767
"""Steps of an int16 activation from zero to the largest size: it is symmetric."""
_OUTPUT_CHANNEL_AXIS = {_Op.CONV_2D: 0, _Op.DEPTHWISE_CONV_2D: 3, _Op.FULLY_CONNECTED: 0}
_LARGEST_WEIGHT = 127
_POWER_TOLERANCE = 5e-3
_WIDENING = np.float32(1.02)


def float16(float32_content: bytes) -> bytes:
    """Returns a float32 file with its weights stored as float16; each is made float32 again before its layer."""
    rules = recipe_manager.RecipeManager()
    rules.add_quantization_config(
        regex=".*", operation_name=_Op.ALL_SUPPORTED, op_config=_HALF, algorithm_key=_Algorithm.FLOAT_CASTING
    )
    return _quantized(float32_content, rules.get_quantization_recipe())


def weight_only(float32_content: bytes) -> bytes:
    """Returns a float32 file with its weights stored as int8; each is made float32 again before its layer."""
    return _quantized(float32_content, recipe.weight_only_wi8_afp32())


def dynamic_range(float32_content: bytes) -> bytes:
    """Returns a float32 file with int8 weights and float activations, depthwise convolutions left in float.

    XNNPACK has no dynamic-range kernel for depthwise convolutions: with them quantized, MobileNet falls into a dozen
    partitions and runs slower than float32; without, it is one partition, several times faster, and 2 % larger. Where
    so many weights are theirs that the file would not be what it is labelled, they are quantized too.
    """
    rules = recipe.dynamic_wi8_afp32()
    content = _quantized(float32_content, rules, {_Op.DEPTHWISE_CONV_2D: None})
    return _quantized(float32_content, rules) if _violations(content, "dynamic_range") else content


def dynamic_range_int4(float32_content: bytes) -> bytes:
    """Returns a float32 file with int4 weights, a scale for each output channel; depthwise convolutions stay float.

    Raises:
        ModelError: If so many weights are of layers that have no int4 kernel, such as depthwise and transposed
            convolutions, that the file would not be what it is labelled.
    """
    content = _quantized(float32_content, recipe.dynamic_wi4c_afp32(), {_Op.DEPTHWISE_CONV_2D: None})
    contract = read_contract(content)
    found = violations(contract, SPECS["dynamic_range_int4"])
    kinds = dict.fromkeys(kind.operator for kind in contract.layers if kind.weights != "int4")
    if found and kinds:
        raise ModelError(
            f"AI Edge Quantizer has no int4 weights for {', '.join(kinds)}, which stay float, and so the file is no "
            f"dynamic_range_int4: {brief_violations(found)}"
        )
    return content


def dynamic_range_int4_block(float32_content: bytes) -> bytes:
    """Returns a dynamic-range file whose dense layers have int4 weights, one scale for each 32 of a row.

    The runtime has block-wise kernels for dense layers alone; all else is as in `dynamic_range`.
    """
    blocks = recipe.dynamic_wi4b32_afp32(operation_name=_Op.FULLY_CONNECTED)
    return _quantized(float32_content, recipe.dynamic_wi8_afp32() + blocks, {_Op.DEPTHWISE_CONV_2D: None})


def calibrated(float32_content: bytes, images: Iterable[npt.NDArray[Any]]) -> Statistics:
    """Returns the range of each tensor over the images, each [1, height, width, channels] as the model takes it.

    True minimum and maximum: the library's default, a moving average, depends on the order of the images and clips the
    logits.

    Raises:
        ModelError: If the calibrator cannot run the file.
    """
    ((name, signature),) = signatures(float32_content).items()
    (entry,) = signature.inputs
    rules = recipe_manager.RecipeManager()
    rules.load_quantization_recipe(recipe.static_wi8_ai8())
    with _refused("AI Edge Quantizer's calibrator cannot run"):
        worker = calibrator.Calibrator(
            bytearray(float32_content),
            qsv_update_func=qsv_utils.min_max_update,
            mode=calibrator.CalibrationMode.CALIBRATION_PROFILER_BASED,
        )
        worker.calibrate({name: [{entry: image.astype(np.float32)} for image in images]}, rules)
    statistics: Statistics = worker.get_model_qsvs()
    return statistics


def integer(float32_content: bytes, statistics: Statistics, *, io: NumberType) -> bytes:
    """Returns a float32 file with int8 weights and activations, and `io` as input and output.

    `statistics` are those of `calibrated`.
    """
    edges = {"float32": {_Op.INPUT: None, _Op.OUTPUT: None}, "uint8": {_Op.INPUT: _UNSIGNED, _Op.OUTPUT: _UNSIGNED}}
    ranges = guarded(float32_content, statistics)
    return _quantized(float32_content, recipe.static_wi8_ai8(), edges.get(io, {}), ranges)


def int16x8(float32_content: bytes, statistics: Statistics) -> bytes:
    """Returns a float32 file with int8 weights and int16 activations; input and output stay float32."""
    ranges = guarded(float32_content, off_powers_of_two(statistics), steps=INT16_STEPS)
    return _quantized(float32_content, recipe.static_wi8_ai16(), {_Op.INPUT: None, _Op.OUTPUT: None}, ranges)


def guarded(float32_content: bytes, statistics: Statistics, *, steps: int = INT8_STEPS) -> Statistics:
    """Returns the statistics with a wider weight range for each channel whose bias would not fit into int32.

    A bias is stored in units of input scale x weight scale. In a channel whose kernel is (nearly) zero the weight scale
    is so small that the bias overflows, and the channel's constant output is lost: in one MobileNet this alone cost two
    points of accuracy. A wider range costs such a channel nothing, as its weights are zero. With int16 activations the
    bias itself is int64, but the kernel that rescales the sum takes no more than 48 bits of it.

    `steps` are `INT8_STEPS` or `INT16_STEPS`, by what activations will be.
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
    return {
        name: {**seen, "min": seen["min"] * _WIDENING, "max": seen["max"] * _WIDENING} if _is_power(seen) else seen
        for name, seen in statistics.items()
    }


def _violations(content: bytes, label: str) -> tuple[Violation, ...]:
    return violations(read_contract(content), SPECS[label])


def _quantized(
    float32_content: bytes,
    rules: qtyping.ModelQuantizationRecipe,
    exceptions: Mapping[qtyping.TFLOperationName, qtyping.OpQuantizationConfig | None] | None = None,
    statistics: Statistics | None = None,
) -> bytes:
    """Returns the file by these rules, but for some kinds of operators: they have their own, or none and stay float."""
    worker = quantizer.Quantizer(bytearray(float32_content), rules)
    for kind, config in (exceptions or {}).items():
        key = {"algorithm_key": _KEEP_FLOAT} if config is None else {"op_config": config}
        worker.update_quantization_recipe(".*", kind, **key)
    own = None if statistics is None else copy.deepcopy(dict(statistics))  # the quantizer writes into what it is given
    with _refused("AI Edge Quantizer cannot quantize"):
        content = bytes(worker.quantize(own, enable_progress_report=False).quantized_model)
    return plain_for_runtimes(content)


@contextmanager
def _refused(what: str) -> Iterator[None]:
    """Keeps the library's chatter off the terminal, and makes errors of its refusals and of the one bad warning."""
    try:
        with capture_native_output(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
            warnings.filterwarnings("error", message="invalid value encountered in cast")  # a bias that overflows
            yield
    except (ValueError, RuntimeError, RuntimeWarning) as error:
        raise ModelError(f"{what} the float32 model: {error}") from error


def _is_power(seen: Range) -> bool:
    scale = _activation_scale(seen, INT16_STEPS)
    if np.size(seen["max"]) != 1 or not scale:
        return False
    exponent = float(np.log2(scale))
    return abs(exponent - round(exponent)) < _POWER_TOLERANCE


def _layers(model: Any) -> Iterator[tuple[int, Any, Any, Any]]:
    for graph in model.subgraphs:
        for operator in graph.operators:
            code = model.operatorCodes[operator.opcodeIndex].builtinCode
            axis = _OUTPUT_CHANNEL_AXIS.get(tfl_flatbuffer_utils.TFL_OP_CODE_TO_NAME.get(code))
            if axis is not None and len(operator.inputs) > 2 and operator.inputs[2] >= 0:
                entry, weights, bias = (graph.tensors[index] for index in operator.inputs[:3])
                yield axis, entry, weights, bias


def _activation_scale(seen: Range, steps: int) -> float:
    low, high = min(float(np.min(seen["min"])), 0.0), max(float(np.max(seen["max"])), 0.0)
    return (max(-low, high) if steps == INT16_STEPS else high - low) / steps


def _wider_range(kernel: npt.NDArray[Any], bias: npt.NDArray[Any], *, axis: int, input_scale: float) -> Range | None:
    if not input_scale:
        return None
    others = tuple(position for position in range(kernel.ndim) if position != axis)
    low, high = kernel.min(others, keepdims=True), kernel.max(others, keepdims=True)
    needed = (np.abs(bias.astype(np.float64)) * _LARGEST_WEIGHT / (BIAS_LIMIT * input_scale)).reshape(low.shape)
    narrow = np.maximum(-low, high) < needed
    if not narrow.any():
        return None
    edges = {"min": np.where(narrow, -needed, low), "max": np.where(narrow, needed, high)}
    return {edge: values.astype(np.float32) for edge, values in edges.items()}
