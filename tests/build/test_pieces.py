"""Is a graph cut only where nothing is lost, and no oftener than its weights call for?"""

from itertools import pairwise

import keras
import pytest
import tensorflow as tf
from keras import layers

from architectures import Architecture, built, in_a_row, inverted_residuals, scaled_branches, two_towers, woven_cells
from zoobench.build.pieces import Piece, pieces
from zoobench.build.tracing import traced


def cut(model: keras.Model, *, weight_limit: int) -> list[Piece]:
    return list(pieces(traced(model), weight_limit=weight_limit))


def ends(model: keras.Model) -> list[str]:
    """Returns the operation that each piece but the last ends with, where it is cut wherever it can be."""
    return [_op_of(piece, piece.exit) for piece in cut(model, weight_limit=0)][:-1]


def _op_of(piece: Piece, spec: tf.TensorSpec) -> str:
    name = spec.name.split(":")[0]
    return next(node.op for node in piece.graph.node if node.name == name)


def stored_bytes(piece: Piece) -> int:
    return sum(len(node.attr["value"].tensor.tensor_content) for node in piece.graph.node if node.op == "Const")


def of(*row: layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), *row])


def test_a_model_of_few_weights_is_one_piece() -> None:
    (whole,) = pieces(traced(built(inverted_residuals)))
    assert whole.entry.shape == (1, 24, 24, 3)
    assert whole.exit.shape == (1, 8)


@pytest.mark.parametrize("architecture", [inverted_residuals, scaled_branches, woven_cells, in_a_row])
def test_each_piece_takes_what_the_one_before_gives(architecture: Architecture) -> None:
    found = cut(built(architecture), weight_limit=1)
    assert len(found) > 1
    for before, after in pairwise(found):
        assert before.exit == after.entry
        assert _op_of(after, after.entry) == "Placeholder"


def test_every_weight_is_in_a_piece_once() -> None:
    model = built(scaled_branches)
    (whole,) = cut(model, weight_limit=2**30)
    parts = cut(model, weight_limit=1)
    weights = sum(weight.numpy().nbytes for weight in model.weights)
    assert stored_bytes(whole) >= weights
    assert weights <= sum(map(stored_bytes, parts)) <= stored_bytes(whole)


def test_a_piece_ends_once_it_has_weights_enough() -> None:
    row = [
        layers.Conv2D(16, 3, padding="same", activation="relu") for _ in range(7)
    ]  # 9,280 bytes each, the first 1,792
    assert [len(cut(of(*row), weight_limit=limit)) for limit in (1_000, 9_000, 15_000, 100_000)] == [7, 6, 3, 1]


def test_a_chain_is_cut_after_activations() -> None:
    row = layers.Conv2D(4, 3, activation="relu"), layers.Conv2D(4, 3, activation="relu6"), layers.Conv2D(4, 3)
    assert ends(of(*row)) == ["Relu", "Relu6"]


def test_what_follows_a_convolution_stays_with_it() -> None:
    row = layers.Conv2D(4, 3), layers.BatchNormalization(), layers.Activation("tanh"), layers.Conv2D(4, 3)
    assert ends(of(*row)) == []


def test_an_activation_stays_with_what_could_be_folded_into_it() -> None:
    """TFLite makes one operator of relu and a minimum."""
    assert ends(of(layers.Conv2D(4, 3), layers.ReLU(max_value=1.0), layers.Conv2D(4, 3))) == []


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


def test_the_input_itself_is_no_piece() -> None:
    assert ends(of(layers.ReLU(), layers.Conv2D(4, 3))) == ["Relu"]
