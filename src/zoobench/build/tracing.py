"""What does a Keras model compute, as a TensorFlow graph that its weights are kept out of?"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

_COUNTERS = re.compile(r"(_\d+)+$")
_READABLE_PARTS = 2
_GRADIENT = "_gradient_op_type"
"""Names a function of this process; what is converted has no gradient."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A model's graph for one sample, whose weights are placeholders until they are needed.

    Attributes:
        nodes: What the answer depends on, each after all that it takes.
        frame: What belongs to a graph besides its nodes: versions, and the functions that nodes call.
        shapes: Static shape of the first output of each node, None in it where it is open.
        dtypes: Element type of the same.
        weights: The variable behind each placeholder that is a weight, by the placeholder's name.
        entry: Name of the placeholder for the sample.
        exit: Name of the node that gives the answer.
    """

    nodes: Sequence[Any]
    frame: tf.compat.v1.GraphDef
    shapes: Mapping[str, tf.TensorShape]
    dtypes: Mapping[str, tf.DType]
    weights: Mapping[str, keras.Variable]
    entry: str
    exit: str


def traced(model: keras.Model) -> Traced:
    """Returns the graph of a model with one input and one output.

    Its nodes are numbered in an order of their own: as they come, their names hold counters of everything that this
    process has built before, and the converter sorts by name, so that the same model would make another file.

    Raises:
        ValueError: If the model cannot be traced on one sample, or its answer is the same for all of them.
    """
    weights = [*model.trainable_variables, *model.non_trainable_variables]
    function = _function(model, weights)
    names = [tensor.op.name for tensor in function.inputs[: len(weights) + 1]]
    graph = _without_captures(function)
    definition = graph.as_graph_def()
    (output,) = graph.outputs
    needed = needed_for(output.op.name, [_for_its_value(node) for node in definition.node])
    _require_entry(names[0], needed)
    new = {node.name: f"{position:05}/{_readable(node.name)}" for position, node in enumerate(needed)}
    functions = _called(needed, definition.library.function)
    tensors = {name: graph.get_operation_by_name(old).outputs[0] for old, name in new.items()}
    return Traced(
        nodes=[_renamed(node, new, functions) for node in needed],
        frame=_frame(definition, functions),
        shapes={name: tensor.shape for name, tensor in tensors.items()},
        dtypes={name: tensor.dtype for name, tensor in tensors.items()},
        weights={new[name]: weight for name, weight in zip(names[1:], weights, strict=True) if name in new},
        entry=new[names[0]],
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


def _function(model: keras.Model, weights: Sequence[keras.Variable]) -> Any:
    """Returns the traced function of a sample and the weights: as arguments they take no room in the graph."""
    trainable = len(model.trainable_variables)

    def call(image: tf.Tensor, values: Sequence[tf.Tensor]) -> tf.Tensor:
        answer, _ = model.stateless_call(values[:trainable], values[trainable:], image, training=False)
        return answer

    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    arguments = [tf.TensorSpec(weight.shape, weight.dtype) for weight in weights]
    return tf.function(call, input_signature=[image, arguments]).get_concrete_function()


def _without_captures(function: Any) -> Any:
    """Returns a function's graph with constants for what else it takes from outside."""
    return convert_variables_to_constants_v2(function).graph if function.graph.captures else function.graph


def _called(nodes: Iterable[Any], library: Iterable[Any]) -> Mapping[str, str]:
    """Returns new names for the functions that nodes call, and those that these call, in the order of calls."""
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
    """Returns a node's references to functions, in the order of its attributes' names."""
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
    """Returns the end of a node's name without counters: `.../conv2d_17_1/convolution` is `conv2d/convolution`."""
    return "/".join(_COUNTERS.sub("", part) for part in name.split("/")[-_READABLE_PARTS:])


def _for_its_value(node: Any) -> Any:
    """Returns a node without what is only to be run before it, such as checks, which TFLite does not have."""
    return _with_inputs(node, [reference for reference in node.input if not reference.startswith("^")])


def _renamed(node: Any, names: Mapping[str, str], functions: Mapping[str, str]) -> Any:
    sources = [source(reference) for reference in node.input]
    pairs = zip(node.input, sources, strict=True)
    copy = _with_inputs(node, [names[old] + reference.removeprefix(old) for reference, old in pairs])
    copy.name = names[node.name]
    _rename_functions(copy, functions)
    return copy


def _with_inputs(node: Any, inputs: Sequence[str]) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    copy.ClearField("input")
    copy.attr.pop(_GRADIENT, None)
    copy.input.extend(inputs)
    return copy


def _require_entry(entry: str, nodes: Iterable[Any]) -> None:
    if all(node.name != entry for node in nodes):
        raise ValueError("its answer does not depend on the image")
