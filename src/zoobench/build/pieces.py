"""What does a Keras model compute, and where can that be cut, so that the converter never holds all of it?"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

WEIGHT_LIMIT = 32 * 2**20
"""Bytes of weights after which a piece ends at the next place where it can."""
_ENDS = frozenset({"Relu", "Relu6"})
_ENDS_IF_READ_BY_SEVERAL = _ENDS | {"Add", "AddV2", "ConcatV2"}
_STARTS = frozenset({"Conv2D", "DepthwiseConv2dNative", "MatMul", "MaxPool", "AvgPool", "Mean"})
_COUNTERS = re.compile(r"(_\d+)+$")
_READABLE_PARTS = 2
_GRADIENT = "_gradient_op_type"
"""Names a function of this process; what is converted has no gradient."""
Piece = tuple[tf.compat.v1.GraphDef, tf.TensorSpec, tf.TensorSpec]
"""A frozen graph from one tensor to another: what it takes and what it gives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A model's graph for one sample, whose weights are placeholders until they are needed.

    Attributes:
        nodes: What the answer depends on, each after all that it takes.
        frame: What belongs to a graph besides its nodes: versions, and the functions that nodes call.
        shapes: Static shape of the first output of each node, None in it where it is open; `dtypes` likewise.
        weights: The variable behind each placeholder that is a weight, by the placeholder's name.
    """

    nodes: Sequence[Any]
    frame: tf.compat.v1.GraphDef
    shapes: Mapping[str, tf.TensorShape]
    dtypes: Mapping[str, tf.DType]
    weights: Mapping[str, keras.Variable]
    entry: str
    exit: str


def pieces(traced: Traced, *, weight_limit: int = WEIGHT_LIMIT) -> Iterator[Piece]:
    """Yields frozen graphs that compute the traced one when each is given what the one before gives.

    Memory and time of a conversion follow the weights that the converter holds several times over. A graph is cut only
    where everything passes through one tensor and where the converter, which folds what follows a convolution into it,
    has nothing to fold: after an activation, and after a sum or a concatenation that has several readers.
    """
    given = traced.entry
    for end in [*_chosen(traced, weight_limit), traced.exit]:
        yield _piece(traced, given, end)
        given = end


def traced(model: keras.Model) -> Traced:
    """Returns the graph of a model with one input and one output.

    Its nodes are numbered in an order of their own: as they come, their names hold counters of everything that this
    process has built before, and the converter sorts by name, so that the same model would make another file.

    Raises:
        ValueError: If the model cannot be traced on one sample, or its answer is the same for all of them.
    """
    weights = [*model.trainable_variables, *model.non_trainable_variables]
    function = _function(model, weights)
    entry, *names = (tensor.op.name for tensor in function.inputs[: len(weights) + 1])
    if function.graph.captures:  # constants for what else it takes from outside
        function = convert_variables_to_constants_v2(function)
    definition = function.graph.as_graph_def()
    (output,) = function.graph.outputs
    # What is only to be run before a node, such as a check, is left out: TFLite has no such thing.
    by_value = (_copied(node, [one for one in node.input if not one.startswith("^")]) for node in definition.node)
    needed = needed_for(output.op.name, by_value)
    if all(node.name != entry for node in needed):
        raise ValueError("its answer does not depend on the image")
    new = {node.name: f"{position:05}/{_readable(node.name)}" for position, node in enumerate(needed)}
    functions = _called(needed, definition.library.function)
    tensors = {name: function.graph.get_operation_by_name(old).outputs[0] for old, name in new.items()}
    return Traced(
        nodes=[_renamed(node, new, functions) for node in needed],
        frame=_frame(definition, functions),
        shapes={name: tensor.shape for name, tensor in tensors.items()},
        dtypes={name: tensor.dtype for name, tensor in tensors.items()},
        weights={new[name]: weight for name, weight in zip(names, weights, strict=True) if name in new},
        entry=new[entry],
        exit=new[output.op.name],
    )


def source(reference: str) -> str:
    """Returns the node that an input such as `name:1` comes from."""
    return reference.split(":")[0]


def needed_for(name: str, nodes: Iterable[Any], *, given: str = "") -> list[Any]:
    """Returns the nodes that a node depends on and itself, each after all that it takes, and nothing before `given`.

    Their order follows from the graph alone, not from the order of `nodes`.
    """
    known = {node.name: node for node in nodes}
    found: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        current = waiting[-1]
        missing = [] if current == given else [one for one in map(source, known[current].input) if one not in found]
        if missing:
            waiting.extend(reversed(missing))
        else:
            found[waiting.pop()] = known[current]
    return list(found.values())


def _chosen(traced: Traced, weight_limit: int) -> Iterator[str]:
    """Yields where to cut: at a seam, once the weights that were first read since the last one reach the limit."""
    seams = set(_seams(traced))
    unread = {name: _bytes(weight) for name, weight in traced.weights.items()}
    gathered = 0
    for node in traced.nodes:
        gathered += sum(unread.pop(source(reference), 0) for reference in node.input)
        if node.name in seams and gathered >= weight_limit:
            yield node.name
            gathered = 0


def _bytes(weight: keras.Variable) -> int:
    return int(tf.TensorShape(weight.shape).num_elements() * tf.as_dtype(weight.dtype).size)


def _seams(traced: Traced) -> Iterator[str]:
    """Yields the nodes, in order, that all that follows depends on alone, and that may be cut after."""
    position: dict[str, int] = {}  # of what depends on the sample
    readers: dict[str, list[Any]] = defaultdict(list)
    moving: list[Any] = []
    for node in traced.nodes:
        read = {source(reference) for reference in node.input} & position.keys()
        if read or node.name == traced.entry:
            position[node.name] = len(moving)
            moving.append(node)
        for name in read:
            readers[name].append(node)
    reach = 0
    for place, node in enumerate(moving[:-1]):
        if reach <= place and _can_end(node, readers[node.name], traced):
            yield node.name
        reach = max([reach, *(position[reader.name] for reader in readers[node.name])])


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
            copy.name, copy.op = given, "Placeholder"
            copy.attr["dtype"].type = traced.dtypes[given].as_datatype_enum
            copy.attr["shape"].shape.CopyFrom(traced.shapes[given].as_proto())
        elif node.name in traced.weights:
            _fill_constant(copy, node.name, traced.weights[node.name])
        else:
            copy.CopyFrom(node)
    entry, exit_ = (tf.TensorSpec(traced.shapes[name], traced.dtypes[name], name=f"{name}:0") for name in (given, end))
    return graph, entry, exit_


def _fill_constant(node: Any, name: str, weight: keras.Variable) -> None:
    values = keras.ops.convert_to_numpy(weight)
    dtype = tf.as_dtype(weight.dtype).as_datatype_enum
    node.name, node.op = name, "Const"
    node.attr["dtype"].type = dtype
    tensor = node.attr["value"].tensor
    tensor.dtype, tensor.tensor_content = dtype, values.tobytes()
    tensor.tensor_shape.CopyFrom(tf.TensorShape(values.shape).as_proto())


def _function(model: keras.Model, weights: Sequence[keras.Variable]) -> Any:
    """Returns the traced function of a sample and the weights: as arguments they take no room in the graph."""
    trainable = len(model.trainable_variables)

    def call(image: tf.Tensor, values: Sequence[tf.Tensor]) -> tf.Tensor:
        answer, _ = model.stateless_call(values[:trainable], values[trainable:], image, training=False)
        return answer

    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    arguments = [tf.TensorSpec(weight.shape, weight.dtype) for weight in weights]
    return tf.function(call, input_signature=[image, arguments]).get_concrete_function()


def _called(nodes: Iterable[Any], library: Iterable[Any]) -> Mapping[str, str]:
    bodies = {function.signature.name: function.node_def for function in library}
    names: dict[str, str] = {}
    waiting = list(nodes)
    while waiting:
        for called in _functions_of(waiting.pop(0)):
            if called.name in bodies and called.name not in names:
                names[called.name] = f"function_{len(names)}"
                waiting.extend(bodies[called.name])
    return names


def _functions_of(node: Any) -> list[Any]:
    values = [node.attr[key] for key in sorted(node.attr)]
    return [one for value in values for one in (*([value.func] if value.HasField("func") else []), *value.list.func)]


def _frame(definition: Any, functions: Mapping[str, str]) -> tf.compat.v1.GraphDef:
    frame = tf.compat.v1.GraphDef(versions=definition.versions)
    known = {function.signature.name: function for function in definition.library.function}
    for old, new in functions.items():
        copy = frame.library.function.add()
        copy.CopyFrom(known[old])
        copy.signature.name = new
        for node in copy.node_def:
            _rename_functions(node, functions)
    return frame


def _rename_functions(node: Any, functions: Mapping[str, str]) -> None:
    for called in _functions_of(node):
        called.name = functions.get(called.name, called.name)


def _readable(name: str) -> str:
    return "/".join(_COUNTERS.sub("", part) for part in name.split("/")[-_READABLE_PARTS:])


def _renamed(node: Any, names: Mapping[str, str], functions: Mapping[str, str]) -> Any:
    sources = ((source(reference), reference) for reference in node.input)
    copy = _copied(node, [names[old] + reference.removeprefix(old) for old, reference in sources])
    copy.name = names[node.name]
    _rename_functions(copy, functions)
    return copy


def _copied(node: Any, inputs: Sequence[str]) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    copy.ClearField("input")
    copy.attr.pop(_GRADIENT, None)
    copy.input.extend(inputs)
    return copy
