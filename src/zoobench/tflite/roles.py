"""What part does each constant and operator of a TFLite graph play: weights or bias, layer, edge or inside?"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoobench.matrix.specs import Computing, Granularity
from zoobench.tflite.tflite import Graph, Operator, Tensor

_FLOATS = {"float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"}
_NEVER_WEIGHTS = {"int32", "int64", "uint32", "uint64", "bool", "string", "resource", "variant"}
"""Types of shapes, axes, paddings and other constants that nothing is multiplied by."""
_WEIGHTS_AT = 1
_BIAS_AT = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "CONV_3D": 2, "TRANSPOSE_CONV": 3}
"""Of the operators that are layers: which input is the bias."""
_ACTIVATIONS_AT = {"TRANSPOSE_CONV": 2}
_CHANNEL_AXIS = {"DEPTHWISE_CONV_2D": 3, "CONV_3D": 4}
"""Which axis of the weights is that of output channels, where it is not the first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerKind:
    """What is told of a layer: an operator with constant weights and a bias input.

    Attributes:
        operator: Its operator.
        weights: Number type of the stored weights.
        granularity: How many scales these have.
        activations: Number type of its input.
        computing: What it does with its weights.
    """

    operator: str
    weights: str
    granularity: Granularity
    activations: str
    computing: Computing


def used(graph: Graph) -> Iterator[Tensor]:
    """Yields the tensors that something uses: a file made of two may keep the seam between them, which nothing does."""
    indices = {index for one in graph.operators for index in one.inputs + one.outputs}
    return (graph.tensors[index] for index in sorted(indices.union(graph.inputs, graph.outputs)) if index >= 0)


def computed_with(graph: Graph) -> Iterator[tuple[Tensor, bool]]:
    """Yields the weights and biases: the constants that operators compute with, and whether as the bias of a layer."""
    dequantized = _dequantized(graph)
    for operator in graph.operators:
        if operator.name == "DEQUANTIZE":
            continue
        for position, index in enumerate(operator.inputs):
            constant = _constant(graph, index, dequantized)
            is_bias = position == _BIAS_AT.get(operator.name)
            if constant is not None and (is_bias or constant.type not in _NEVER_WEIGHTS):
                yield constant, is_bias


def layers(graph: Graph) -> Iterator[LayerKind]:
    """Yields the kind of each layer."""
    dequantized = _dequantized(graph)
    for operator in graph.operators:
        position = _ACTIVATIONS_AT.get(operator.name, 0)
        if operator.name in _BIAS_AT and len(operator.inputs) > max(position, _WEIGHTS_AT):
            taken, index = operator.inputs[position], operator.inputs[_WEIGHTS_AT]
            weights = _constant(graph, index, dequantized)
            if weights is not None and taken >= 0:
                activations = graph.tensors[taken].type
                yield LayerKind(
                    operator=operator.name,
                    weights=weights.type,
                    granularity=_granularity(weights, operator.name),
                    activations=activations,
                    computing=_computing(weights, activations, dequantized=index in dequantized),
                )


def place(graph: Graph, operator: Operator, *, run: bool) -> str:
    """Returns where a QUANTIZE or DEQUANTIZE stands: at `weights`, the `input`, the `output`, or `inside`.

    Args:
        graph: What it is in.
        operator: Which it is.
        run: Whether the graph is the one that is run; the others have no inputs and outputs that a user sees.
    """
    if operator.name == "DEQUANTIZE" and any(graph.tensors[index].constant_bytes for index in _given(operator.inputs)):
        return "weights"
    if operator.name == "QUANTIZE" and run and set(operator.inputs) & set(graph.inputs):
        return "input"
    return "output" if run and set(operator.outputs) & set(graph.outputs) else "inside"


def is_outside_integer_set(graph: Graph, operator: Operator, *, run: bool) -> bool:
    """Returns whether no integer-only runtime could run it; the arguments are those of `place`.

    It could not if a tensor is float, except at the edge (QUANTIZE of an input, DEQUANTIZE to an output), where the
    caller's side converts; nor if the operator is a custom one.
    """
    edge = {"QUANTIZE": "input", "DEQUANTIZE": "output"}.get(operator.name)
    if edge and place(graph, operator, run=run) == edge:
        return False
    tensors = (graph.tensors[index] for index in _given(operator.inputs + operator.outputs))
    return operator.custom or any(tensor.type in _FLOATS for tensor in tensors)


def _given(indices: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index for index in indices if index >= 0)


def _dequantized(graph: Graph) -> dict[int, int]:
    """Returns which tensor is made by a DEQUANTIZE of which."""
    return {
        operator.outputs[0]: operator.inputs[0]
        for operator in graph.operators
        if operator.name == "DEQUANTIZE" and operator.inputs and operator.outputs
    }


def _constant(graph: Graph, index: int, dequantized: Mapping[int, int]) -> Tensor | None:
    """Returns the constant that a tensor is or is dequantized from, or None for an activation or one left out."""
    origin = dequantized.get(index, index)
    return graph.tensors[origin] if origin >= 0 and graph.tensors[origin].constant_bytes else None


def _computing(weights: Tensor, activations: str, *, dequantized: bool) -> Computing:
    if dequantized:
        return "dequantized"
    if activations not in _FLOATS:
        return "integer"
    return "float" if weights.type in _FLOATS else "hybrid"


def _granularity(weights: Tensor, operator: str) -> Granularity:
    if weights.blockwise:
        return "block"
    if not weights.scales:
        return "none"
    axis = _CHANNEL_AXIS.get(operator, 0)
    channels = weights.shape[axis] if axis < len(weights.shape) else 0
    return "channel" if weights.scales == channels else "tensor"
