"""What does a TFLite file take, store, compute in and give, and is that what its variant must be?"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from zoobench.matrix.variants import SPECS, Computing, Granularity, VariantSpec
from zoobench.system.units import percent
from zoobench.tflite.read import Graph, Operator, Tensor, read_graphs

_EDGE = ("name", "type", "shape", "scale", "zero_point")
"""What is told of an input or output."""
_FLOATS = {"float16", "bfloat16", "float32", "float64", "float8_e4m3fn", "float8_e5m2"}
_NEVER_WEIGHTS = {"int32", "int64", "uint32", "uint64", "bool", "string", "resource", "variant"}
"""Types of shapes, axes, paddings and other constants that nothing is multiplied by."""
_NOT_SUMMED = {
    *("ADD", "SUB", "MUL", "DIV", "POW", "SQUARED_DIFFERENCE", "MAXIMUM", "MINIMUM", "PRELU"),
    *("GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "SELECT", "SELECT_V2", "WHILE"),
}
"""Operators whose constants are scales, offsets, slopes and bounds, or what a loop begins with, such as the states of a
recurrent layer: nothing is summed over them."""
_WEIGHTS_AT = 1
_BIAS_AT = {"CONV_2D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "CONV_3D": 2, "TRANSPOSE_CONV": 3}
"""Of the operators that are layers: which input is the bias."""
_ACTIVATIONS_AT = {"TRANSPOSE_CONV": 2}
_CHANNEL_AXIS = {"DEPTHWISE_CONV_2D": 3, "CONV_3D": 4}
"""Which axis of the weights is that of output channels, where it is not the first."""
_LITERT_CUSTOM = {"AudioSpectrogram", "Mfcc", "NumericVerify", "TFLite_Detection_PostProcess"}
"""Custom operators that LiteRT has all the same."""
_Check = tuple[str, bool, str, str]
"""Of a spec: about what, whether it is met, what is required, what was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerKind:
    """The kind of a layer, that is of an operator with constant weights and a bias input."""

    operator: str
    weights: str
    granularity: Granularity
    activations: str
    computing: Computing


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What is read from a file. Every mapping counts by name; names that would count zero are left out.

    A *constant* is a tensor with values in the file. *Biases* are the constants that layers take as bias, whatever
    their type. *Weights* are all other constants that an operator reads, itself or through a DEQUANTIZE, unless it is
    an elementwise operator or a loop, or their type is one of shapes, axes and the like (32-bit and 64-bit integers,
    booleans, text). All else is *other*: those, and the scales of block-wise weights. A buffer that several tensors
    share counts once.

    Attributes:
        inputs: Of the graph that is run, as `outputs`.
        tensors: Number of tensors by type, constants and activations alike, that an operator uses or a user sees.
        weight_bytes: Bytes of weights by type, as they are stored: two int4 in a byte.
        weight_shares: The same as shares of all weights' bytes.
        bias_bytes: Bytes of biases by type.
        other_constant_bytes: Bytes of all other constants by type.
        layers: Operators with constant weights and a bias input, by kind.
        operators: Number of operators by name.
        quantize: Number of QUANTIZE: `input` reads an input of the file, `output` writes an output, `inside` neither.
        dequantize: Number of DEQUANTIZE: `weights` reads a constant, `output` writes an output, `inside` neither.
        outside_integer_set: Number of operators by name that no integer-only runtime can run: those with a float
            tensor, but for a QUANTIZE of an input and a DEQUANTIZE to an output, and custom ones.
        custom_operators: Number of operators by name that are not in TFLite's schema.
    """

    size_bytes: int
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    tensors: Mapping[str, int]
    weight_bytes: Mapping[str, int]
    weight_shares: Mapping[str, float]
    bias_bytes: Mapping[str, int]
    other_constant_bytes: Mapping[str, int]
    layers: Mapping[LayerKind, int]
    operators: Mapping[str, int]
    quantize: Mapping[str, int]
    dequantize: Mapping[str, int]
    outside_integer_set: Mapping[str, int]
    custom_operators: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing that a spec requires and that is not so."""

    about: str
    required: str
    found: str


def read_contract(content: bytes) -> Contract:
    """Returns what a TFLite file takes, stores, computes in and gives; nothing is run.

    Raises:
        ModelError: If it is not a TFLite file, is cut off or is damaged.
    """
    graphs = read_graphs(content)
    weights, biases, others = _constants(graphs)
    run = graphs[0]
    # the others have no inputs and outputs that a user sees
    seen = (run, *(replace(graph, inputs=(), outputs=()) for graph in graphs[1:]))
    operators = [(graph, operator) for graph in seen for operator in graph.operators]

    def places(name: str) -> dict[str, int]:
        return _counted(_place(graph, operator) for graph, operator in operators if operator.name == name)

    return Contract(
        size_bytes=len(content),
        inputs=tuple(run.tensors[index] for index in run.inputs),
        outputs=tuple(run.tensors[index] for index in run.outputs),
        tensors=_counted(tensor.type for graph in graphs for tensor in _used(graph)),
        weight_bytes=weights,
        weight_shares={kind: size / sum(weights.values()) for kind, size in weights.items()},
        bias_bytes=biases,
        other_constant_bytes=others,
        layers=dict(Counter(kind for graph in graphs for kind in _layer_kinds(graph))),
        operators=_counted(operator.name for _, operator in operators),
        quantize=places("QUANTIZE"),
        dequantize=places("DEQUANTIZE"),
        outside_integer_set=_counted(
            operator.name for graph, operator in operators if _is_outside_integer_set(graph, operator)
        ),
        custom_operators=_counted(operator.name for _, operator in operators if operator.custom),
    )


def plain(contract: Contract) -> dict[str, Any]:
    """Returns a contract as plain JSON."""
    edges = {
        side: [{name: getattr(tensor, name) for name in _EDGE} for tensor in getattr(contract, side)]
        for side in ("inputs", "outputs")
    }
    layers = [{"kind": asdict(kind), "count": count} for kind, count in contract.layers.items()]
    content = asdict(replace(contract, layers={}, inputs=(), outputs=())) | edges | {"layers": layers}
    value: dict[str, Any] = json.loads(json.dumps(content, allow_nan=False))
    return value


def violations(contract: Contract, spec: VariantSpec) -> tuple[Violation, ...]:
    """Returns where a file is not what a spec requires."""
    outside, foreign = (
        ", ".join(f"{count} {name}" for name, count in operators.items())
        for operators in (contract.outside_integer_set, foreign_operators(contract))
    )
    is_met = not (spec.only_integers and outside)
    checks = (
        *_checks_of_tensors(contract, spec),
        *_checks_of_layers(contract.layers, spec),
        ("operators outside the integer set", is_met, "none", outside),
        ("operators that LiteRT does not have", not foreign, "none", foreign),
    )
    return tuple(
        Violation(about=about, required=required, found=found)
        for about, is_met, required, found in checks
        if not is_met
    )


def foreign_operators(contract: Contract) -> Mapping[str, int]:
    """Returns the number of operators by name without which LiteRT does not run the file: custom ones of others."""
    return {name: count for name, count in contract.custom_operators.items() if name not in _LITERT_CUSTOM}


def labels_met(contract: Contract) -> tuple[str, ...]:
    """Returns every label whose spec a file meets."""
    return tuple(label for label, spec in SPECS.items() if not violations(contract, spec))


def describe_violations(found: Sequence[Violation], *, label: str, file: object) -> str:
    """Returns violations as text, both sides of each under the other; nothing where there is none."""
    if not found:
        return ""
    sides = (f"  {one.about}\n    required: {one.required}\n    found:    {one.found}" for one in found)
    return "\n".join((f"{file} does not meet the spec of {label}:", *sides))


def brief_violations(found: Sequence[Violation]) -> str:
    """Returns violations as a part of a sentence."""
    return ", ".join(f"{one.about}: {one.found} (required: {one.required})" for one in found)


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _checks_of_tensors(contract: Contract, spec: VariantSpec) -> Iterator[_Check]:
    for about, edge in (("inputs", contract.inputs), ("outputs", contract.outputs)):
        is_met = bool(edge) and all(tensor.type in spec.io for tensor in edge)
        found = ", ".join(f"{tensor.type} ({tensor.name})" for tensor in edge) or "none"
        yield about, is_met, " or ".join(spec.io), found
    share = contract.weight_shares.get(spec.weights, 0.0)
    least = f"at least {percent(spec.least_share)} %" if spec.least_share else "some"
    found = ", ".join(f"{percent(share)} % {kind}" for kind, share in contract.weight_shares.items()) or "none"
    yield "weights", share >= spec.least_share and share > 0, f"{least} of the bytes {spec.weights}", found


def _checks_of_layers(layers: Mapping[LayerKind, int], spec: VariantSpec) -> Iterator[_Check]:
    computing, needed = {kind.computing for kind in layers}, spec.computing[0]
    required = f"all {' or '.join(spec.computing)}" + (f", at least one {needed}" if len(spec.computing) > 1 else "")
    is_met = computing <= set(spec.computing) and needed in computing
    yield "layers", is_met, required, _tally(layers, lambda kind: kind.computing)
    is_met = all(kind.activations == spec.activations for kind in layers)
    yield "activations", is_met, f"all layers take {spec.activations}", _tally(layers, lambda kind: kind.activations)
    scaled = {kind: count for kind, count in layers.items() if kind.weights == spec.weights}
    is_met = all(kind.granularity in spec.granularities for kind in scaled)
    found = _tally(scaled, lambda kind: f"by {kind.granularity}")
    yield f"scales of {spec.weights} weights", is_met, f"by {' or '.join(spec.granularities)}", found


def _tally(layers: Mapping[LayerKind, int], name: Callable[[LayerKind], str]) -> str:
    counts: Counter[str] = Counter()
    for kind, count in layers.items():
        counts[name(kind)] += count
    return ", ".join(f"{count} {what}" for what, count in counts.items()) or "no layer"


def _constants(graphs: Sequence[Graph]) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Returns the bytes of weights, of biases and of other constants by type, each buffer counted in the first only."""
    weights: dict[int, Tensor] = {}
    biases: dict[int, Tensor] = {}
    for graph in graphs:
        for constant, is_bias in _computed_with(graph):
            (biases if is_bias else weights)[constant.buffer] = constant
    others = {one.buffer: one for graph in graphs for one in graph.tensors if one.constant_bytes}
    return (
        _bytes_by_type(weights),
        _bytes_by_type({buffer: one for buffer, one in biases.items() if buffer not in weights}),
        _bytes_by_type({buffer: one for buffer, one in others.items() if buffer not in weights | biases}),
    )


def _bytes_by_type(constants: Mapping[int, Tensor]) -> dict[str, int]:
    sizes: Counter[str] = Counter()
    for constant in constants.values():
        sizes[constant.type] += constant.constant_bytes
    return dict(sorted(sizes.items()))


def _used(graph: Graph) -> Iterator[Tensor]:
    indices = {index for one in graph.operators for index in one.inputs + one.outputs}
    return (graph.tensors[index] for index in sorted(indices.union(graph.inputs, graph.outputs)) if index >= 0)


def _computed_with(graph: Graph) -> Iterator[tuple[Tensor, bool]]:
    """Yields the weights and biases: the constants that operators compute with, and whether as the bias of a layer."""
    dequantized = _dequantized(graph)
    for operator in graph.operators:
        if operator.name == "DEQUANTIZE" or operator.name in _NOT_SUMMED:
            continue
        for position, index in enumerate(operator.inputs):
            constant = _constant(graph, index, dequantized)
            is_bias = position == _BIAS_AT.get(operator.name)
            if constant is not None and (is_bias or constant.type not in _NEVER_WEIGHTS):
                yield constant, is_bias


def _layer_kinds(graph: Graph) -> Iterator[LayerKind]:
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
                    computing="dequantized" if index in dequantized else _computing(weights, activations),
                )


def _place(graph: Graph, operator: Operator) -> str:
    if operator.name == "DEQUANTIZE" and any(graph.tensors[index].constant_bytes for index in _given(operator.inputs)):
        return "weights"
    if operator.name == "QUANTIZE" and set(operator.inputs) & set(graph.inputs):
        return "input"
    return "output" if set(operator.outputs) & set(graph.outputs) else "inside"


def _is_outside_integer_set(graph: Graph, operator: Operator) -> bool:
    """Tells whether no integer-only runtime could run an operator.

    It could not if a tensor is float, except at the edge (QUANTIZE of an input, DEQUANTIZE to an output), where the
    caller's side converts; nor if the operator is a custom one.
    """
    edge = {"QUANTIZE": "input", "DEQUANTIZE": "output"}.get(operator.name)
    if edge and _place(graph, operator) == edge:
        return False
    tensors = (graph.tensors[index] for index in _given(operator.inputs + operator.outputs))
    return operator.custom or any(tensor.type in _FLOATS for tensor in tensors)


def _given(indices: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(index for index in indices if index >= 0)


def _dequantized(graph: Graph) -> dict[int, int]:
    return {
        operator.outputs[0]: operator.inputs[0]
        for operator in graph.operators
        if operator.name == "DEQUANTIZE" and operator.inputs and operator.outputs
    }


def _constant(graph: Graph, index: int, dequantized: Mapping[int, int]) -> Tensor | None:
    origin = dequantized.get(index, index)
    return graph.tensors[origin] if origin >= 0 and graph.tensors[origin].constant_bytes else None


def _computing(weights: Tensor, activations: str) -> Computing:
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
