"""Where can a model's graph be cut, so that the converter never holds all of it at once?"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from zoobench.build.tracing import Traced, needed_for, source

WEIGHT_LIMIT = 32 * 2**20
"""Bytes of weights after which a piece ends at the next place where it can."""

_ENDS = frozenset({"Relu", "Relu6"})
_ENDS_IF_READ_BY_SEVERAL = _ENDS | {"Add", "AddV2", "ConcatV2"}
_STARTS = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul", "MaxPool", "AvgPool", "Mean"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A frozen graph from one tensor to another.

    Attributes:
        entry: Name, shape and type of what it takes.
        exit: The same of what it gives.
    """

    graph: tf.compat.v1.GraphDef
    entry: tf.TensorSpec
    exit: tf.TensorSpec


def pieces(traced: Traced, *, weight_limit: int = WEIGHT_LIMIT) -> Iterator[Piece]:
    """Yields frozen graphs that compute the traced one when each is given what the one before gives.

    Memory and time of a conversion follow the weights that the converter holds several times over. A graph is cut only
    where everything passes through one tensor and where the converter, which folds what follows a convolution into it,
    has nothing to fold: after an activation, and after a sum or a concatenation that has several readers.

    Args:
        traced: A model's graph.
        weight_limit: Bytes of weights after which a piece ends at the next such place.
    """
    given = traced.entry
    for end in [*_chosen(traced, weight_limit), traced.exit]:
        yield _piece(traced, given, end)
        given = end


def _chosen(traced: Traced, weight_limit: int) -> Iterator[str]:
    """Yields where to cut: at a seam, once the weights since the last one reach the limit."""
    seams, sizes = set(_seams(traced)), _sizes(traced)
    gathered = 0
    for node in traced.nodes:
        gathered += sizes.get(node.name, 0)
        if node.name in seams and gathered >= weight_limit:
            yield node.name
            gathered = 0


def _sizes(traced: Traced) -> Mapping[str, int]:
    """Returns the bytes of the weights, each counted where the node that reads it first stands."""
    sizes: dict[str, int] = defaultdict(int)
    waiting = {name: _bytes(weight) for name, weight in traced.weights.items()}
    for node in traced.nodes:
        sizes[node.name] += sum(waiting.pop(source(reference), 0) for reference in node.input)
    return sizes


def _bytes(weight: keras.Variable) -> int:
    return int(tf.TensorShape(weight.shape).num_elements() * tf.as_dtype(weight.dtype).size)


def _seams(traced: Traced) -> Iterator[str]:
    """Yields the nodes, in order, that all that follows depends on alone, and that may be cut after."""
    moving = _moving(traced)
    position = {node.name: place for place, node in enumerate(moving)}
    readers: dict[str, list[Any]] = defaultdict(list)
    for node in moving:
        for name in {source(reference) for reference in node.input} & position.keys():
            readers[name].append(node)
    reach = 0
    for place, node in enumerate(moving[:-1]):
        if reach <= place and _can_end(node, readers[node.name], traced):
            yield node.name
        reach = max([reach, *(position[reader.name] for reader in readers[node.name])])


def _moving(traced: Traced) -> Sequence[Any]:
    """Returns the nodes that depend on the sample."""
    found: dict[str, Any] = {}
    for node in traced.nodes:
        if node.name == traced.entry or any(source(reference) in found for reference in node.input):
            found[node.name] = node
    return list(found.values())


def _can_end(node: Any, readers: Sequence[Any], traced: Traced) -> bool:
    kinds = {reader.op for reader in readers}
    fits = node.op in _ENDS_IF_READ_BY_SEVERAL if len(kinds) > 1 else node.op in _ENDS and kinds <= _STARTS
    return fits and traced.shapes[node.name].is_fully_defined()


def _piece(traced: Traced, given: str, end: str) -> Piece:
    graph = tf.compat.v1.GraphDef()
    graph.CopyFrom(traced.frame)
    for node in needed_for(end, traced.nodes, given=given):
        copy = graph.node.add()
        if node.name == given:
            _fill_placeholder(copy, traced, node.name)
        elif node.name in traced.weights:
            _fill_constant(copy, node.name, traced.weights[node.name])
        else:
            copy.CopyFrom(node)
    return Piece(graph=graph, entry=_spec(traced, given), exit=_spec(traced, end))


def _fill_placeholder(node: Any, traced: Traced, name: str) -> None:
    node.name, node.op = name, "Placeholder"
    node.attr["dtype"].type = traced.dtypes[name].as_datatype_enum
    node.attr["shape"].shape.CopyFrom(traced.shapes[name].as_proto())


def _fill_constant(node: Any, name: str, weight: keras.Variable) -> None:
    values = keras.ops.convert_to_numpy(weight)
    dtype = tf.as_dtype(weight.dtype).as_datatype_enum
    node.name, node.op = name, "Const"
    node.attr["dtype"].type = dtype
    tensor = node.attr["value"].tensor
    tensor.dtype, tensor.tensor_content = dtype, values.tobytes()
    tensor.tensor_shape.CopyFrom(tf.TensorShape(values.shape).as_proto())


def _spec(traced: Traced, name: str) -> tf.TensorSpec:
    return tf.TensorSpec(traced.shapes[name], traced.dtypes[name], name=f"{name}:0")
