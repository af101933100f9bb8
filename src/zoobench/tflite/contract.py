"""What does a TFLite file take, store, compute in and give?"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from zoobench.tflite import roles
from zoobench.tflite.roles import LayerKind
from zoobench.tflite.tflite import Graph, Tensor, read_graphs


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output: real = scale * (stored - zero_point); both None where the numbers are the real ones."""

    name: str
    type: str
    shape: tuple[int, ...]
    scale: float | None
    zero_point: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """How many layers are of one kind."""

    kind: LayerKind
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """What is read from a file. Every mapping counts by name; names that would count zero are left out.

    A *constant* is a tensor with values in the file. *Biases* are the constants that layers take as bias, whatever
    their type. *Weights* are all other constants that an operator reads, itself or through a DEQUANTIZE, unless their
    type is one of shapes, axes and the like (32-bit and 64-bit integers, booleans, text). All else is *other*: those,
    and the scales of block-wise weights. A buffer that several tensors share counts once.

    Attributes:
        size_bytes: Of the file.
        inputs: Of the graph that is run.
        outputs: Likewise.
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
    """

    size_bytes: int
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    tensors: Mapping[str, int]
    weight_bytes: Mapping[str, int]
    weight_shares: Mapping[str, float]
    bias_bytes: Mapping[str, int]
    other_constant_bytes: Mapping[str, int]
    layers: tuple[Layers, ...]
    operators: Mapping[str, int]
    quantize: Mapping[str, int]
    dequantize: Mapping[str, int]
    outside_integer_set: Mapping[str, int]


def read_contract(content: bytes) -> Contract:
    """Returns what a TFLite file takes, stores, computes in and gives; nothing is run.

    Raises:
        ModelError: If it is not a TFLite file, is cut off or is damaged.
    """
    graphs = read_graphs(content)
    run = graphs[0]
    weights, biases, others = _constants(graphs)
    operators = [(graph, operator) for graph in graphs for operator in graph.operators]
    return Contract(
        size_bytes=len(content),
        inputs=tuple(_port(run.tensors[index]) for index in run.inputs),
        outputs=tuple(_port(run.tensors[index]) for index in run.outputs),
        tensors=_counted(tensor.type for graph in graphs for tensor in roles.used(graph)),
        weight_bytes=weights,
        weight_shares={kind: size / sum(weights.values()) for kind, size in weights.items()},
        bias_bytes=biases,
        other_constant_bytes=others,
        layers=_layers(graphs),
        operators=_counted(operator.name for _, operator in operators),
        quantize=_places(graphs, "QUANTIZE"),
        dequantize=_places(graphs, "DEQUANTIZE"),
        outside_integer_set=_counted(
            operator.name
            for graph, operator in operators
            if roles.is_outside_integer_set(graph, operator, run=graph is run)
        ),
    )


def plain(contract: Contract) -> dict[str, Any]:
    """Returns a contract as plain JSON."""
    value: dict[str, Any] = json.loads(json.dumps(asdict(contract), allow_nan=False))
    return value


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items()))


def _port(tensor: Tensor) -> Port:
    return Port(
        name=tensor.name, type=tensor.type, shape=tensor.shape, scale=tensor.scale, zero_point=tensor.zero_point
    )


def _constants(graphs: Sequence[Graph]) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Returns the bytes of weights, of biases and of other constants by type, each buffer counted in the first only."""
    weights: dict[int, Tensor] = {}
    biases: dict[int, Tensor] = {}
    for graph in graphs:
        for constant, is_bias in roles.computed_with(graph):
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


def _layers(graphs: Sequence[Graph]) -> tuple[Layers, ...]:
    counts = Counter(kind for graph in graphs for kind in roles.layers(graph))
    return tuple(Layers(kind=kind, count=count) for kind, count in counts.items())


def _places(graphs: Sequence[Graph], name: str) -> dict[str, int]:
    return _counted(
        roles.place(graph, operator, run=graph is graphs[0])
        for graph in graphs
        for operator in graph.operators
        if operator.name == name
    )
