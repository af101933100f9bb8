"""Is the traced graph the model's, without its weights, and the same whatever was built before?"""

import keras
import pytest
import tensorflow as tf

from architectures import ARCHITECTURES, SIDE, Architecture, built, normalized_by_layer, squeeze_and_excite
from zoobench.build.tracing import Traced, needed_for, source, traced


def written(found: Traced) -> str:
    """Returns all nodes as text."""
    return "\n".join(str(node) for node in found.nodes)


def ops(found: Traced) -> list[str]:
    return [node.op for node in found.nodes]


class Checked(keras.layers.Layer):  # type: ignore[misc]
    """Gives what it takes, after a check."""

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        with tf.control_dependencies([tf.debugging.assert_positive(tf.reduce_sum(inputs))]):
            return tf.identity(inputs)


class Held(keras.layers.Layer):  # type: ignore[misc]
    """Adds a variable that Keras knows nothing of."""

    def __init__(self) -> None:
        super().__init__()
        self.held = tf.Variable([1.0, 2.0, 3.0])

    def call(self, inputs: tf.Tensor) -> tf.Tensor:
        return inputs + self.held


def through(layer: keras.layers.Layer) -> keras.Model:
    pixels = keras.Input((4, 4, 3))
    return keras.Model(pixels, layer(pixels))


def test_weights_are_placeholders_of_their_shape() -> None:
    model = built(squeeze_and_excite)
    found = traced(model)
    assert {id(weight) for weight in found.weights.values()} == {id(weight) for weight in model.weights}
    for name, weight in found.weights.items():
        assert found.shapes[name] == weight.shape
    assert ops(found).count("Placeholder") == len(found.weights) + 1


def test_a_graph_holds_no_weights() -> None:
    pixels = keras.Input((4, 4, 3))
    wide = keras.Model(pixels, keras.layers.Conv2D(100_000, 1)(pixels))
    assert sum(node.ByteSize() for node in traced(wide).nodes) < 10_000


def test_the_graph_takes_one_image_of_open_ended_batches() -> None:
    found = traced(built(squeeze_and_excite))
    assert found.shapes[found.entry] == (1, SIDE, SIDE, 3)
    assert found.shapes[found.exit] == (1, 8)


def test_each_node_comes_after_all_that_it_takes() -> None:
    seen: set[str] = set()
    for node in traced(built(squeeze_and_excite)).nodes:
        assert {source(reference) for reference in node.input} <= seen
        seen.add(node.name)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_names_hold_no_counter_of_what_was_built_before(architecture: Architecture) -> None:
    first = written(traced(built(architecture)))
    built(normalized_by_layer)
    assert written(traced(built(architecture))) == first


def test_names_keep_the_layers_name_for_people() -> None:
    pixels = keras.Input((4, 4, 3))
    found = traced(keras.Model(pixels, keras.layers.Conv2D(2, 1, name="stem_conv_7")(pixels)))
    (name,) = (node.name for node in found.nodes if node.op == "Conv2D")
    assert name.partition("/")[2] == "stem_conv/convolution"


def test_what_is_only_run_first_is_left_out() -> None:
    assert "Assert" not in ops(traced(through(Checked())))
    assert not any(reference.startswith("^") for node in traced(through(Checked())).nodes for reference in node.input)


def test_a_variable_that_keras_does_not_know_becomes_a_constant() -> None:
    found = traced(through(Held()))
    values = [tf.make_ndarray(node.attr["value"].tensor).tolist() for node in found.nodes if node.op == "Const"]
    assert [1.0, 2.0, 3.0] in values
    assert not found.weights


def test_a_model_that_does_not_look_at_its_image_is_refused() -> None:
    pixels = keras.Input((4, 4, 3))
    constant = keras.layers.Lambda(lambda _: tf.ones((1, 2)), output_shape=(2,))(pixels)
    with pytest.raises(ValueError, match=r"^its answer does not depend on the image$"):
        traced(keras.Model(pixels, constant))


def test_what_a_node_needs_stops_at_what_is_given() -> None:
    nodes = [tf.compat.v1.NodeDef(name=name, input=inputs) for name, *inputs in ("a", ["b", "a"], ["c", "b:1"])]
    assert [node.name for node in needed_for("c", nodes)] == ["a", "b", "c"]
    assert [node.name for node in needed_for("c", nodes, given="b")] == ["b", "c"]


def test_the_order_of_needed_nodes_is_that_of_the_graph_alone() -> None:
    named = {name: tf.compat.v1.NodeDef(name=name, input=inputs) for name, *inputs in ("a", "b", "cba", "dac")}
    for order in ("abcd", "dcba", "bacd"):
        assert [node.name for node in needed_for("d", [named[name] for name in order])] == ["a", "b", "c", "d"]
