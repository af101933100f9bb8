"""Is a graph cut only where nothing is lost, and no oftener than its weights call for?"""

from itertools import pairwise

import keras
import pytest
import tensorflow as tf
from keras import layers

from architectures import (
    SIDE,
    Architecture,
    built,
    in_a_row,
    inverted_residuals,
    normalized_by_layer,
    scaled_branches,
    squeeze_and_excite,
    two_towers,
    woven_cells,
)
from zoobench.build.pieces import Piece, Traced, needed_for, pieces, source, traced


def cut(model: keras.Model, *, weight_limit: int) -> list[Piece]:
    return list(pieces(traced(model), weight_limit=weight_limit))


def ends(model: keras.Model) -> list[str]:
    """Returns the operation that each piece but the last ends with, where it is cut wherever it can be."""
    return [op_of(graph, exit_) for graph, _, exit_ in cut(model, weight_limit=0)][:-1]


def op_of(graph: tf.compat.v1.GraphDef, spec: tf.TensorSpec) -> str:
    return next(node.op for node in graph.node if node.name == source(spec.name))


def stored_bytes(piece: Piece) -> int:
    return sum(len(node.attr["value"].tensor.tensor_content) for node in piece[0].node if node.op == "Const")


def of(*row: layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), *row])


def test_a_model_of_few_weights_is_one_piece() -> None:
    ((_, entry, exit_),) = pieces(traced(built(inverted_residuals)))
    assert (entry.shape, exit_.shape) == ((1, 24, 24, 3), (1, 8))


@pytest.mark.parametrize("architecture", [inverted_residuals, woven_cells, in_a_row])
def test_each_piece_takes_what_the_one_before_gives(architecture: Architecture) -> None:
    found = cut(built(architecture), weight_limit=1)
    assert len(found) > 1
    for (_, _, given), (graph, entry, _) in pairwise(found):
        assert given == entry
        assert op_of(graph, entry) == "Placeholder"


def test_every_weight_is_in_a_piece_once() -> None:
    model = built(scaled_branches)
    (whole,) = cut(model, weight_limit=2**30)
    parts = cut(model, weight_limit=1)
    weights = sum(weight.numpy().nbytes for weight in model.weights)
    assert stored_bytes(whole) >= weights
    assert weights <= sum(map(stored_bytes, parts)) <= stored_bytes(whole)


def test_a_piece_ends_once_it_has_weights_enough() -> None:
    """Each convolution has 9,280 bytes, the first 1,792."""
    row = [layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(7)]
    assert [len(cut(of(*row), weight_limit=limit)) for limit in (1_000, 9_000, 15_000, 100_000)] == [7, 6, 3, 1]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([layers.Conv2D(4, 3, activation="relu"), layers.Conv2D(4, 3, activation="relu6")], ["Relu", "Relu6"]),
        ([layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Activation("tanh")], []),
        ([layers.Conv2D(4, 3), layers.ReLU(max_value=1.0)], []),  # TFLite makes one operator of relu and a minimum
        ([layers.ReLU()], ["Relu"]),  # and not the input itself
    ],
    ids=["activations", "what follows a convolution", "what is folded in", "input"],
)
def test_a_chain_is_cut_after_activations_alone(row: list[layers.Layer], expected: list[str]) -> None:
    assert ends(of(*row, layers.Conv2D(4, 3))) == expected


def test_two_towers_are_not_cut_before_they_meet() -> None:
    assert ends(built(two_towers)) == ["AddV2"]  # of the preprocessing, which both read


def test_a_sum_whose_readers_the_converter_makes_one_of_is_not_cut_off() -> None:
    """Two equal activations become one, and that is folded into the sum."""
    pixels = keras.Input((8, 8, 3))
    total = layers.Add()([pixels, layers.Conv2D(3, 1)(pixels)])
    branches = [layers.Conv2D(3, 3)(layers.Activation("relu")(total)) for _ in range(2)]
    assert ends(keras.Model(pixels, layers.Concatenate()(branches))) == []


def test_a_sum_that_is_read_as_it_is_and_convolved_is_an_end() -> None:
    pixels = keras.Input((8, 8, 3))
    total = layers.Add()([pixels, layers.Conv2D(3, 1)(pixels)])
    assert ends(keras.Model(pixels, layers.Add()([total, layers.Conv2D(3, 1)(total)]))) == ["AddV2"]


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


@pytest.fixture(scope="module")
def excited() -> tuple[keras.Model, Traced]:
    model = built(squeeze_and_excite)
    return model, traced(model)


def test_weights_are_placeholders_of_their_shape(excited: tuple[keras.Model, Traced]) -> None:
    model, found = excited
    assert {id(weight) for weight in found.weights.values()} == {id(weight) for weight in model.weights}
    for name, weight in found.weights.items():
        assert found.shapes[name] == weight.shape
    assert ops(found).count("Placeholder") == len(found.weights) + 1


def test_the_graph_takes_one_image_and_each_node_comes_after_all_that_it_takes(
    excited: tuple[keras.Model, Traced],
) -> None:
    _, found = excited
    assert (found.shapes[found.entry], found.shapes[found.exit]) == ((1, SIDE, SIDE, 3), (1, 8))
    seen: set[str] = set()
    for node in found.nodes:
        assert {source(reference) for reference in node.input} <= seen
        seen.add(node.name)


def test_a_graph_holds_no_weights() -> None:
    pixels = keras.Input((4, 4, 3))
    wide = keras.Model(pixels, keras.layers.Conv2D(100_000, 1)(pixels))
    assert sum(node.ByteSize() for node in traced(wide).nodes) < 10_000


def test_names_hold_no_counter_of_what_was_built_before() -> None:
    """That no other architecture's names do is seen by the bytes of their files."""
    first = written(traced(built(in_a_row)))
    built(normalized_by_layer)
    assert written(traced(built(in_a_row))) == first


def test_names_keep_the_layers_name_for_people() -> None:
    pixels = keras.Input((4, 4, 3))
    found = traced(keras.Model(pixels, keras.layers.Conv2D(2, 1, name="stem_conv_7")(pixels)))
    (name,) = (node.name for node in found.nodes if node.op == "Conv2D")
    assert name.partition("/")[2] == "stem_conv/convolution"


def test_what_is_only_run_first_is_left_out() -> None:
    found = traced(through(Checked()))
    assert "Assert" not in ops(found)
    assert not any(reference.startswith("^") for node in found.nodes for reference in node.input)


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
