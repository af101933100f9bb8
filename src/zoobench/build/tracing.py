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


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """A model's graph for one sample, whose weights are placeholders until they are needed.

    Attributes:
        nodes: What the answer depends on, each after all that it takes.
        versions: What TensorFlow wants to know of a graph besides its nodes.
        shapes: Static shape of the first output of each node, None in it where it is open.
        dtypes: Element type of the same.
        weights: The variable behind each placeholder that is a weight, by the placeholder's name.
        entry: Name of the placeholder for the sample.
        exit: Name of the node that gives the answer.
    """

    nodes: Sequence[Any]
    versions: Any
    shapes: Mapping[str, tf.TensorShape]
    dtypes: Mapping[str, tf.DType]
    weights: Mapping[str, keras.Variable]
    entry: str
    exit: str


def traced(model: keras.Model) -> Traced:
    """Returns the graph of a model with one input and one output.

    Its nodes are numbered in the order of tracing: as they come, their names hold counters of everything that this
    process has built before, and the converter sorts by name, so that the same model would make another file.

    Raises:
        ValueError: If the model cannot be traced on one sample.
    """
    weights = [*model.trainable_variables, *model.non_trainable_variables]
    function = _function(model, weights)
    names = [tensor.op.name for tensor in function.inputs[: len(weights) + 1]]
    graph = _without_captures(function)
    definition = graph.as_graph_def()
    (output,) = graph.outputs
    needed = needed_for(output.op.name, definition.node)
    new = {node.name: f"{position:05}/{_readable(node.name)}" for position, node in enumerate(needed)}
    tensors = {name: graph.get_operation_by_name(old).outputs[0] for old, name in new.items()}
    return Traced(
        nodes=[_renamed(node, new) for node in needed],
        versions=definition.versions,
        shapes={name: tensor.shape for name, tensor in tensors.items()},
        dtypes={name: tensor.dtype for name, tensor in tensors.items()},
        weights={new[name]: weight for name, weight in zip(names[1:], weights, strict=True) if name in new},
        entry=new[names[0]],
        exit=new[output.op.name],
    )


def source(reference: str) -> str:
    """Returns the node that an input such as `name:1` or `^name` comes from."""
    return reference.removeprefix("^").split(":")[0]


def needed_for(name: str, nodes: Iterable[Any], *, given: str = "") -> list[Any]:
    """Returns the nodes that a node depends on and itself, in their order, and nothing before the node `given`."""
    known = {node.name: node for node in nodes}
    found, waiting = set(), [name]
    while waiting:
        current = waiting.pop()
        if current not in found:
            found.add(current)
            waiting += [] if current == given else map(source, known[current].input)
    return [node for node in known.values() if node.name in found]


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
    """Returns a function's graph with constants for what it still takes from outside, and calls put inline."""
    is_flat = not function.graph.captures and not function.graph.as_graph_def().library.function
    return function.graph if is_flat else convert_variables_to_constants_v2(function).graph


def _readable(name: str) -> str:
    """Returns the end of a node's name without counters: `.../conv2d_17_1/convolution` is `conv2d/convolution`."""
    return "/".join(_COUNTERS.sub("", part) for part in name.split("/")[-_READABLE_PARTS:])


def _renamed(node: Any, names: Mapping[str, str]) -> Any:
    copy = type(node)()
    copy.CopyFrom(node)
    copy.name = names[node.name]
    del copy.input[:]
    for reference in node.input:
        old = source(reference)
        copy.input.append(reference.replace(old, names[old], 1))
    return copy
