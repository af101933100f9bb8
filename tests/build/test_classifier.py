"""Is the head that is trained on features the right one?"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partialmethod
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageChops, ImageColor

from architectures import SIDE, built, inverted_residuals
from networks import CLASSES, Floats, answers, drawings
from zoobench.build import classifier, conversion, network
from zoobench.build.classifier import COLUMNS, Labelled, build_head, prediction_sheet, train
from zoobench.build.recipe import TrainingConfig
from zoobench.errors import ModelError

# The head that features give is the head that the whole network gives


@pytest.fixture(scope="module")
def frozen() -> keras.Model:
    """A network with batch normalization, which must not learn, as the build freezes one."""
    model = built(inverted_residuals)
    model.trainable = False
    pixels = keras.Input((SIDE, SIDE, 3))
    return keras.Model(pixels, model(pixels, training=False))


@pytest.fixture(scope="module")
def features(frozen: keras.Model) -> Floats:
    """What it makes of a hundred drawings, by its float32 file, as the build computes it."""
    return answers(conversion.float32(frozen), drawings(100, side=SIDE)[0])


@pytest.mark.slow
def test_training_on_features_gives_the_head_that_training_the_whole_network_gives(
    frozen: keras.Model, features: Floats
) -> None:
    config = TrainingConfig(epochs=4, learning_rate=0.003, batch_size=35, head_layers=(16,), dropout=0.5, seed=3)
    images, labels = drawings(100, side=SIDE)

    def trained(model: keras.Model, inputs: npt.NDArray[Any]) -> dict[str, Any]:
        return train(model, (inputs[:70], labels[:70]), (inputs[70:], labels[70:]), config=config)

    untrained, alone, inside = (build_head(inputs=8, classes=CLASSES, config=config) for _ in range(3))
    on_features = trained(alone, features)
    through_all = trained(keras.Model(frozen.input, inside(frozen.output)), images.astype(np.float32))
    start, found, expected = (one.get_weights() for one in (untrained, alone, inside))
    assert max(np.abs(one - other).max() for one, other in zip(start, found, strict=True)) > 0.01
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=5e-4)  # LiteRT's features and Keras's differ by 1e-5
    np.testing.assert_allclose(on_features["loss"], through_all["loss"], rtol=1e-4)
    assert on_features["accuracy"] == pytest.approx(through_all["accuracy"], abs=0.02)
    assert on_features["learning_rate"] == through_all["learning_rate"]
    assert validated(on_features) == [2]
    assert on_features["validation_loss"][2] == pytest.approx(through_all["validation_loss"][2], rel=1e-4)


@pytest.mark.slow
def test_the_whole_classifier_is_the_head_after_the_network(frozen: keras.Model, features: Floats) -> None:
    head = build_head(inputs=8, classes=CLASSES, config=TrainingConfig(dropout=0.5))
    whole = network.assembled(frozen, head)
    found = whole(drawings(100, side=SIDE)[0][:8].astype(np.float32))
    np.testing.assert_allclose(found, head(features[:8], training=False), atol=1e-5)
    assert [layer.trainable for layer in whole.layers if isinstance(layer, keras.Model)] == [False, True]


# The schedule of training, on one feature that is always 1


class Watch(keras.callbacks.Callback):  # type: ignore[misc]
    """Remembers the weights at the end of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.weights: list[list[Floats]] = []

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002
        self.weights.append(self.model.get_weights())


def ones(count: int, *, label: int) -> Labelled:
    return np.ones((count, 1), np.float32), np.full(count, label, np.int64)


@pytest.fixture(autouse=True, scope="module")
def eager() -> Iterator[None]:
    """Has each step run as it is: tracing a function would take longer than the few steps."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.Model, "compile", partialmethod(keras.Model.compile, run_eagerly=True))
        yield


Stopped = tuple[keras.Model, dict[str, Any], Watch]


def contradicted(config: TrainingConfig) -> Stopped:
    """Trains for class 0 and validates for class 1, so that every validation is worse than the one before."""
    head, watch = build_head(inputs=1, classes=2, config=config), Watch()
    return head, train(head, ones(8, label=0), ones(8, label=1), config=config, callbacks=[watch]), watch


def validated(history: Mapping[str, Any]) -> list[int]:
    return [epoch for epoch, loss in enumerate(history["validation_loss"]) if loss is not None]


@pytest.fixture(scope="module")
def stopped() -> Stopped:
    """Training as it is by default, but for a larger step."""
    return contradicted(TrainingConfig(learning_rate=0.1))


def test_validation_comes_at_the_end_of_every_third_epoch_and_its_losses_belong_to_these(stopped: Stopped) -> None:
    """With one feature that is 1 the loss is -log softmax(kernel + bias) of the class, by hand."""
    _, history, watch = stopped
    assert validated(history) == [2, 5, 8, 11]
    nothing = [one is None for one in history["validation_loss"]]
    assert [one is None for one in history["validation_accuracy"]] == nothing
    assert [len(history[name]) for name in ("loss", "accuracy", "learning_rate")] == [12] * 3
    for epoch in (2, 5, 8, 11):
        kernel, bias = watch.weights[epoch]
        logits = kernel[0] + bias
        expected = math.log(np.exp(logits).sum()) - logits[1]
        assert history["validation_loss"][epoch] == pytest.approx(expected, rel=1e-5)


def test_training_stops_after_two_worse_validations_and_returns_to_the_best(stopped: Stopped) -> None:
    """Epochs 2, 5, 8, 11 are validated; early stopping counts from epoch 3, so 5 is best and 11 is the second worse."""
    head, history, watch = stopped
    losses = [history["validation_loss"][epoch] for epoch in (2, 5, 8, 11)]
    assert losses == sorted(losses)
    for found, best, last in zip(head.get_weights(), watch.weights[5], watch.weights[11], strict=True):
        np.testing.assert_array_equal(found, best)
        assert (found != last).any()
    assert history["kept_epoch"] == 6  # counted from 1


def test_the_learning_rate_decays_each_epoch_after_the_first(stopped: Stopped) -> None:
    _, history, _ = stopped
    expected = (0.1, 0.0860708, 0.0740818, 0.0637628, 0.0548812)  # 0.1 exp(-0.15 n)
    assert history["learning_rate"][:5] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("changes", "checked", "kept"),
    [
        ({"validation_every": 1, "early_stopping_from": 0, "patience": 3}, [0, 1, 2, 3], 1),
        ({"validation_every": 1, "early_stopping_from": 1, "patience": 9, "epochs": 3}, [0, 1, 2], 2),
    ],
    ids=["patience and start", "to its end"],
)
def test_training_returns_to_the_best_epoch_that_counts(changes: dict[str, int], checked: list[int], kept: int) -> None:
    head, history, watch = contradicted(replace(TrainingConfig(learning_rate=0.1), **changes))
    assert (validated(history), history["kept_epoch"]) == (checked, kept)
    np.testing.assert_array_equal(head.get_weights()[0], watch.weights[kept - 1][0])


def test_without_decay_the_learning_rate_stays_and_training_shorter_than_a_validation_has_none() -> None:
    _, history, _ = contradicted(TrainingConfig(epochs=2, learning_rate=0.25, decay=0))
    assert history["learning_rate"] == [0.25, 0.25]
    assert (history["validation_loss"], history["kept_epoch"]) == ([None, None], 2)


def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    """All images in one batch, one epoch: each weight moves by learning rate x sign of its gradient."""
    config = TrainingConfig(epochs=1, learning_rate=0.125)
    before = build_head(inputs=1, classes=2, config=config).get_weights()
    head, _, _ = contradicted(config)
    for start, end in zip(before, head.get_weights(), strict=True):
        np.testing.assert_allclose(np.ravel(end - start), [0.125, -0.125], rtol=1e-4)


def test_training_that_diverges_is_an_error() -> None:
    """One step takes the weights to 3e38, where the difference of the logits overflows."""
    told = r"the loss of epoch 2 is nan; choose a --zoo-learning-rate below 3e\+38$"
    with pytest.raises(ModelError, match=told):
        contradicted(TrainingConfig(epochs=2, learning_rate=3e38))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes() -> None:
    config = TrainingConfig(epochs=2, learning_rate=0.01, dropout=0.5, head_layers=(5,), batch_size=20, seed=7)
    data = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32), np.arange(40) % 3

    def trained(seed: int) -> list[bytes]:
        seeded = replace(config, seed=seed)
        head = build_head(inputs=6, classes=3, config=seeded)
        train(head, data, data, config=seeded)
        return [weights.tobytes() for weights in head.get_weights()]

    assert trained(7) == trained(7)
    assert trained(7) != trained(8)


# The layers of the head


def test_the_head_has_the_layers_asked_for() -> None:
    head = build_head(inputs=6, classes=3, config=TrainingConfig(head_layers=(5, 4)))
    layers = [(layer.units, layer.activation.__name__) for layer in head.layers]
    assert layers == [(5, "relu"), (4, "relu"), (3, "softmax")]
    assert head.input_shape == (None, 6)


def test_dropout_stands_before_each_dense_layer_and_does_nothing_when_asked_for_an_answer() -> None:
    head = build_head(inputs=64, classes=3, config=TrainingConfig(head_layers=(32,), dropout=0.5))
    assert [type(layer).__name__ for layer in head.layers] == ["Dropout", "Dense", "Dropout", "Dense"]
    inputs = np.ones((4, 64), np.float32)
    asked, training = (np.asarray(head(inputs, training=training)) for training in (False, True))
    assert (asked == asked[0]).all()
    assert (training != training[0]).any()


def test_two_layers_of_one_shape_start_differently() -> None:
    kernels = build_head(inputs=4, classes=4, config=TrainingConfig(head_layers=(4,))).get_weights()[::2]
    assert (kernels[0] != kernels[1]).any()


# The picture of its answers

ANIMALS = ("cat", "dog", "sheep", "spider")
GREEN, RED = ImageColor.getrgb("#1a7f37"), ImageColor.getrgb("#cf222e")


def sheet_of(
    *probabilities: tuple[float, ...], label: int = 0, greys: tuple[int, ...] = (), classes: tuple[str, ...] = ANIMALS
) -> Image.Image:
    images = [np.full((40, 40, 3), grey, np.uint8) for grey in greys or [128] * len(probabilities)]
    return prediction_sheet(
        np.array(images, np.uint8),
        labels=[label] * len(images),
        probabilities=np.array(probabilities, np.float32),
        classes=classes,
    )


def pixels(sheet: Image.Image, colour: tuple[int, ...]) -> int:
    """Returns how many pixels are of a colour."""
    return int((np.asarray(sheet) == colour).all(axis=2).sum())


SURE = (0.5, 0.2, 0.2, 0.1)


@pytest.mark.parametrize(("count", "rows"), [(0, 0), (1, 1), (COLUMNS, 1), (COLUMNS + 1, 2), (24, 4)])
def test_the_sheet_grows_row_by_row(count: int, rows: int) -> None:
    assert sheet_of(*[SURE] * count).size == (6 * 176 + 8, rows * 250 + 8)


def test_two_classes_are_enough() -> None:
    assert sheet_of((0.3, 0.7), classes=ANIMALS[:2]).size == (1064, 258)


@pytest.mark.parametrize(("label", "shown", "other"), [(0, GREEN, RED), (1, RED, GREEN)])
def test_a_right_answer_is_green_and_a_wrong_one_red(
    label: int, shown: tuple[int, ...], other: tuple[int, ...]
) -> None:
    sheet = sheet_of(SURE, label=label)
    assert (pixels(sheet, shown) > 1000, pixels(sheet, other)) == (True, 0)


def test_each_image_stands_in_its_tile() -> None:
    sheet = sheet_of(SURE, SURE, SURE, greys=(10, 90, 200))
    assert [sheet.getpixel((8 + 176 * column + 80, 80))[0] for column in range(4)] == [10, 90, 200, 255]


def test_the_bar_is_as_long_as_the_probability() -> None:
    """40 pixels for 100 %, 7 high; both bounds are drawn, hence one more pixel."""
    frame = pixels(sheet_of((0, 0, 0, 1), label=3), GREEN) - 7 * 41
    for share, length in ((0.75, 31), (0.5, 21), (0.4, 17)):
        rest = (1 - share) / 3
        assert pixels(sheet_of((rest, rest, rest, share), label=3), GREEN) - frame == 7 * length


def test_the_answers_are_written_from_the_most_to_the_least_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(classifier, "_write", lambda _pen, text, _font, **_place: written.append(text))
    sheet_of((0.1, 0.2, 0.3, 0.4), label=1)
    assert written == ["truth: dog", "spider", "sheep", "dog"]


def test_a_long_name_does_not_run_into_the_next_tile() -> None:
    names = ("a name that is far too long to be written below an image", "dog", "sheep", "spider")
    sheet = sheet_of(SURE, classes=names)
    assert ImageChops.invert(sheet.crop((176, 0, *sheet.size))).getbbox() is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("spider", "spider"), ("Écureuil à l'arbre", "Ecureuil a l'arbre"), ("大象", "??"), ("ﬁsh", "fish")],
)
def test_names_are_written_in_the_letters_that_the_font_has(name: str, shown: str) -> None:
    assert classifier._plain(name) == shown
