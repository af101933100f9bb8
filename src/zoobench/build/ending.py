"""What makes the numbers that a model gives: a softmax, a sigmoid, a dense layer, pooling?

The graph says it, walked back from the output over what moves numbers and leaves them as they are.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any, Literal, cast

import keras

from zoobench.build.pieces import Traced, source, traced
from zoobench.tflite.read import read_graphs

Kind = Literal["softmax", "log-softmax", "sigmoid", "linear", "pooled linear", "maps", "features", "other"]
"""What makes the outputs of a model.

    softmax, log-softmax, sigmoid   what is called so, with nothing after it that changes a number
    linear                          a dense layer, or a convolution whose map is one pixel
    pooled linear                   the mean, sum or maximum of a map that a convolution makes
    maps                            a convolution, whose map has several pixels
    features                        an activation such as ReLU, pooled or not
    other                           anything else
"""
_WORDS: Mapping[str, str] = {
    "softmax": "a softmax",
    "log-softmax": "a log-softmax",
    "sigmoid": "a sigmoid",
    "linear": "a linear layer",
    "pooled linear": "the pooled map of a linear layer",
    "maps": "a linear layer",
    "features": "an activation such as ReLU, pooled or not",
    "other": "something that is no softmax, sigmoid or linear layer",
}
_ROLES: Mapping[str, tuple[str, ...]] = {
    "same": (
        *("Identity", "IdentityN", "Reshape", "Squeeze", "ExpandDims", "Cast", "Transpose", "StopGradient", "Snapshot"),
        *("PreventGradient", "CheckNumerics", "EnsureShape", "PlaceholderWithDefault"),
        *("RESHAPE", "SQUEEZE", "EXPAND_DIMS", "CAST", "TRANSPOSE", "QUANTIZE", "DEQUANTIZE"),
    ),
    "softmax": ("Softmax", "SOFTMAX"),
    "log-softmax": ("LogSoftmax", "LOG_SOFTMAX"),
    "sigmoid": ("Sigmoid", "LOGISTIC"),
    "linear": (
        *("MatMul", "BatchMatMul", "BatchMatMulV2", "Einsum", "Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput"),
        *("FULLY_CONNECTED", "BATCH_MATMUL", "CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"),
    ),
    "sum": ("BiasAdd", "Add", "AddV2", "Sub", "Neg", "AddN", "FusedBatchNormV3", "ADD", "SUB", "NEG", "ADD_N"),
    "product": ("Mul", "RealDiv", "MUL", "DIV"),
    "pooled": (
        *("Mean", "AvgPool", "MaxPool", "Max", "Sum"),
        *("MEAN", "AVERAGE_POOL_2D", "MAX_POOL_2D", "REDUCE_MAX", "SUM"),
    ),
    "features": (
        *("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus"),
        *("RELU", "RELU6", "RELU_0_TO_1", "LEAKY_RELU", "PRELU", "ELU", "HARD_SWISH", "GELU"),
    ),
    "gate": ("Tanh", "Erf", "Erfc", "TANH"),
    "clipped": ("Minimum", "Maximum", "ClipByValue", "MINIMUM", "MAXIMUM"),
    "joined": ("ConcatV2", "Pack", "CONCATENATION", "PACK"),
    "part": (
        *("StridedSlice", "Slice", "Split", "SplitV", "Unpack", "GatherV2"),
        *("STRIDED_SLICE", "SLICE", "SPLIT", "SPLIT_V", "UNPACK", "GATHER"),
    ),
}
_ROLE = {name: role for role, names in _ROLES.items() for name in names}
_CALLS = frozenset({"PartitionedCall", "StatefulPartitionedCall"})
_OF_SHAPES = frozenset({"Shape", "Size", "Rank", "SHAPE", "RANK"})
"""What does not depend on the pixels, though it takes a tensor that does."""
_SCORES = ("linear", "maps", "pooled linear", "features")
"""What stays what it is where a constant is added to it or it is multiplied by one."""
_GATES = {"sigmoid", "gate", "features"}
"""What a number is multiplied by in Swish, GELU and the like."""
_DEEPEST = 200
"""Operators that are walked back over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What makes a model's outputs.

    Attributes:
        step: Distance of two neighbouring values of a quantized output; 0 where it is float.
    """

    kind: Kind
    step: float = 0.0

    @property
    def words(self) -> str:
        """What it is called in a sentence."""
        return _WORDS[self.kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """An operator, what it takes, and whether what it gives for one image is a vector, whatever its rank."""

    operator: str
    inputs: tuple[str, ...]
    is_vector: bool


def ending_of_keras(model: keras.Model) -> Ending:
    """Returns what makes the output of a Keras model with one input and one output; `other` if it cannot be traced."""
    try:
        graph = traced(model)
    except (ValueError, TypeError, NotImplementedError):  # no TFLite file can be made of it, which is said there
        return Ending(kind="other")
    return Ending(kind=_Walk(dict(_of_keras(graph)), entries=[graph.entry]).kind(graph.exit))


def ending_of_tflite(content: bytes, *, output: int | None = None) -> Ending:
    """Returns what makes an output of a TFLite file: a tensor's index, by default the first output.

    Raises:
        ModelError: If it is no TFLite file.
    """
    graph = read_graphs(content)[0]
    nodes: dict[str, _Node] = {}
    for operator in graph.operators:
        for index in operator.outputs:
            is_vector, inputs = _is_vector(graph.tensors[index].shape), tuple(map(str, operator.inputs))
            fused = f"{index} before {operator.activation}" if operator.activation else str(index)
            nodes[fused] = _Node(operator=operator.name, inputs=inputs, is_vector=is_vector)
            if operator.activation:
                nodes[str(index)] = _Node(operator=operator.activation, inputs=(fused,), is_vector=is_vector)
    last = graph.outputs[0] if output is None else output
    tensor = graph.tensors[last]
    step = tensor.scale if tensor.scale and tensor.type != "float32" else 0.0
    return Ending(kind=_Walk(nodes, entries=list(map(str, graph.inputs))).kind(str(last)), step=step)


class _Walk:
    """Walks back from an output; only what depends on the image counts as what an operator takes."""

    def __init__(self, nodes: Mapping[str, _Node], *, entries: Sequence[str]) -> None:
        self._nodes = nodes
        self._moving = _moving(nodes, entries)
        self._known: dict[str, str] = {}

    def kind(self, name: str) -> Kind:
        """Returns what makes a tensor."""
        found = self._found(name, 0)
        return "other" if found == "gate" else cast(Kind, found)

    def _found(self, name: str, depth: int) -> str:
        if name not in self._known:
            node = self._nodes.get(name)
            taken = [one for one in node.inputs if one in self._moving] if node else []
            self._known[name] = self._of(node, taken, depth + 1) if node and taken and depth < _DEEPEST else "other"
        return self._known[name]

    def _of(self, node: _Node, taken: Sequence[str], depth: int) -> str:
        role = _ROLE.get(node.operator, "other")
        if role == "linear":
            return "linear" if node.is_vector else "maps"
        combine = _COMBINED.get(role)
        return combine([self._found(one, depth) for one in taken], node) if combine else role


def _moving(nodes: Mapping[str, _Node], entries: Sequence[str]) -> set[str]:
    """Returns the names of what depends on the pixels."""
    readers: dict[str, list[str]] = defaultdict(list)
    for name, node in nodes.items():
        for one in node.inputs if node.operator not in _OF_SHAPES else ():
            readers[one].append(name)
    found, waiting = set(entries), list(entries)
    while waiting:
        new = [name for name in readers[waiting.pop()] if name not in found]
        found.update(new)
        waiting += new
    return found


def _pooled(kinds: Sequence[str], _node: _Node) -> str:
    of_maps = {"maps": "pooled linear", "softmax": "other", "log-softmax": "other", "sigmoid": "other"}
    return of_maps.get(kinds[0], kinds[0] if kinds[0] in _SCORES else "features")


def _clipped(kinds: Sequence[str], _node: _Node) -> str:
    return kinds[0] if len(kinds) == 1 and kinds[0] in ("softmax", "sigmoid", "features") else "other"


def _sum(kinds: Sequence[str], node: _Node) -> str:
    if kinds == ["log-softmax"]:
        return "linear"
    if len(set(kinds)) == 1:
        return kinds[0] if kinds[0] in _SCORES else "other"
    return "maps" if set(kinds) <= {"maps", "features"} and not node.is_vector else "other"


def _product(kinds: Sequence[str], node: _Node) -> str:
    return _sum(kinds, node) if len(kinds) == 1 else "features" if _GATES & set(kinds) else "other"


def _joined(kinds: Sequence[str], _node: _Node) -> str:
    if len(set(kinds)) == 1:
        return kinds[0] if kinds[0] in (*_SCORES, "sigmoid") else "other"
    return "features" if set(kinds) <= {"maps", "features"} else "other"


def _part(kinds: Sequence[str], _node: _Node) -> str:
    return kinds[0] if kinds[0] in (*_SCORES, "sigmoid") else "other"


_COMBINED: Mapping[str, Callable[[Sequence[str], _Node], str]] = {
    "same": lambda kinds, _: kinds[0],
    "pooled": _pooled,
    "clipped": _clipped,
    "sum": _sum,
    "product": _product,
    "joined": _joined,
    "part": _part,
}
"""What an operator gives, by what it takes; the others say it themselves."""


def _of_keras(graph: Traced) -> Iterator[tuple[str, _Node]]:
    functions = {one.signature.name: one for one in graph.frame.library.function}
    for node in graph.nodes:
        shape = graph.shapes[node.name]
        is_vector = shape.rank is not None and _is_vector([-1 if size is None else size for size in shape.as_list()])
        yield from _inlined(node, node.name, list(map(source, node.input)), functions, is_vector=is_vector)


def _inlined(
    node: Any, name: str, inputs: list[str], functions: Mapping[str, Any], *, is_vector: bool
) -> Iterator[tuple[str, _Node]]:
    """Yields a node, or what it calls, whose first result then has the node's name."""
    called = functions.get(node.attr["f"].func.name) if node.op in _CALLS else None
    if called is None:
        yield name, _Node(operator=node.op, inputs=tuple(inputs), is_vector=is_vector)
        return
    for argument, given in zip(called.signature.input_arg, inputs, strict=False):
        yield f"{name}/{argument.name}", _Node(operator="Identity", inputs=(given,), is_vector=is_vector)
    for inner in called.node_def:
        taken = [f"{name}/{source(one)}" for one in inner.input if not one.startswith("^")]
        yield from _inlined(inner, f"{name}/{inner.name}", taken, functions, is_vector=is_vector)
    result = called.ret[called.signature.output_arg[0].name]
    yield name, _Node(operator="Identity", inputs=(f"{name}/{source(result)}",), is_vector=is_vector)


def _is_vector(shape: Sequence[int]) -> bool:
    """Tells whether what is given for one image is a vector; a batch that is left open is one image."""
    sizes = [1 if position == 0 and size < 0 else size for position, size in enumerate(shape)]
    return min(sizes, default=1) > 0 and prod(sizes) == max(sizes, default=1)
