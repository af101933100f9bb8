"""Is the head that is trained on features the right one?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image, ImageChops, ImageColor

from networks import CLASSES, Floats, answers, drawings, lively_mobilenet, noise, tiny_features
from pet_photos import opened
from zoobench.build import classifier, conversion, network
from zoobench.build.classifier import COLUMNS, Labelled, Predicted, build_head, extract, prediction_sheet, train
from zoobench.build.recipe import TrainingConfig
from zoobench.data.dataset import Dataset
from zoobench.errors import MeasurementError, ModelError


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    return str(caught.value)


def labelled(inputs: npt.NDArray[Any], labels: npt.NDArray[np.int64], *, start: int, stop: int) -> Labelled:
    return Labelled(inputs=inputs[start:stop], labels=labels[start:stop])


def same(one: keras.Model, other: keras.Model) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(first.tobytes() == second.tobytes() for first, second in pairs)


# The head that features give is the head that the whole network gives


@pytest.fixture(scope="module")
def features() -> Floats:
    """What the frozen network makes of a hundred drawings, by its float32 file, as the build computes it."""
    return answers(conversion.float32(lively_mobilenet()), drawings(100)[0])


@pytest.mark.slow
@pytest.mark.parametrize(("head_layers", "dropout"), [((), 0.0), ((16,), 0.5)], ids=["one layer", "two layers"])
def test_training_on_features_gives_the_head_that_training_the_whole_network_gives(
    features: Floats, head_layers: tuple[int, ...], dropout: float
) -> None:
    config = TrainingConfig(
        epochs=7, learning_rate=0.003, batch_size=16, head_layers=head_layers, dropout=dropout, seed=3
    )
    images, labels = drawings(100)

    def trained(model: keras.Model, inputs: npt.NDArray[Any]) -> classifier.History:
        known = labelled(inputs, labels, start=0, stop=70)
        return train(model, known, labelled(inputs, labels, start=70, stop=100), config=config)

    untrained, alone, inside = (build_head(inputs=256, classes=CLASSES, config=config) for _ in range(3))
    network = lively_mobilenet()
    on_features = trained(alone, features)
    through_all = trained(keras.Model(network.input, inside(network.output)), images.astype(np.float32))
    assert max(np.abs(one - other).max() for one, other in weights_of(untrained, alone)) > 0.01
    for one, other in weights_of(alone, inside):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=5e-4)  # LiteRT's features and Keras's differ by 1e-5
    np.testing.assert_allclose(on_features.loss, through_all.loss, rtol=1e-4)
    assert on_features.accuracy == pytest.approx(through_all.accuracy, abs=0.02)
    assert on_features.learning_rate == through_all.learning_rate
    assert [one is None for one in on_features.validation_loss] == [True, True, False, True, True, False, True]
    for epoch in (2, 5):
        assert on_features.validation_loss[epoch] == pytest.approx(through_all.validation_loss[epoch], rel=1e-4)


def weights_of(one: keras.Model, other: keras.Model) -> list[tuple[Floats, Floats]]:
    return list(zip(one.get_weights(), other.get_weights(), strict=True))


@pytest.mark.slow
def test_the_whole_classifier_is_the_head_after_the_network(features: Floats) -> None:
    head = build_head(inputs=256, classes=CLASSES, config=TrainingConfig(dropout=0.5))
    whole = network.assembled(lively_mobilenet(), head)
    found = whole(drawings(100)[0][:8].astype(np.float32))
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
    return Labelled(inputs=np.ones((count, 1), np.float32), labels=np.full(count, label, np.int64))


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has each step run as it is: tracing a function would take longer than the few steps."""
    monkeypatch.setattr(keras.Model, "compile", partialmethod(keras.Model.compile, run_eagerly=True))


Stopped = tuple[keras.Model, classifier.History, Watch]


def contradicted(config: TrainingConfig) -> Stopped:
    """Trains for class 0 and validates for class 1, so that every validation is worse than the one before."""
    head, watch = build_head(inputs=1, classes=2, config=config), Watch()
    return head, train(head, ones(8, label=0), ones(8, label=1), config=config, callbacks=[watch]), watch


def validated(history: classifier.History) -> list[int]:
    return [epoch for epoch, loss in enumerate(history.validation_loss) if loss is not None]


@pytest.fixture(scope="module")
def stopped() -> Stopped:
    """Training as it is by default, but for a larger step."""
    return contradicted(TrainingConfig(learning_rate=0.1))


def test_validation_comes_at_the_end_of_every_third_epoch(stopped: Stopped) -> None:
    _, history, _ = stopped
    assert validated(history) == [2, 5, 8, 11]
    assert [one is None for one in history.validation_accuracy] == [one is None for one in history.validation_loss]
    assert len(history.loss) == len(history.accuracy) == len(history.learning_rate) == 12


def test_validation_losses_belong_to_their_epochs(stopped: Stopped) -> None:
    """With one feature that is 1 the loss is -log softmax(kernel + bias) of the class, by hand."""
    _, history, watch = stopped
    for epoch in (2, 5, 8, 11):
        kernel, bias = watch.weights[epoch]
        logits = kernel[0] + bias
        expected = math.log(np.exp(logits).sum()) - logits[1]
        assert history.validation_loss[epoch] == pytest.approx(expected, rel=1e-5)


def test_training_stops_after_two_worse_validations_and_returns_to_the_best(stopped: Stopped) -> None:
    """Epochs 2, 5, 8, 11 are validated; early stopping counts from epoch 3, so 5 is best and 11 is the second worse."""
    head, history, watch = stopped
    losses = [history.validation_loss[epoch] or math.nan for epoch in (2, 5, 8, 11)]
    assert losses == sorted(losses)
    for found, best, last in zip(head.get_weights(), watch.weights[5], watch.weights[11], strict=True):
        np.testing.assert_array_equal(found, best)
        assert (found != last).any()
    assert history.kept_epoch == 6  # counted from 1


def test_the_learning_rate_decays_each_epoch_after_the_first(stopped: Stopped) -> None:
    _, history, _ = stopped
    expected = (0.1, 0.0860708, 0.0740818, 0.0637628, 0.0548812)  # 0.1 exp(-0.15 n)
    assert history.learning_rate[:5] == pytest.approx(expected, rel=1e-5)


@pytest.mark.usefixtures("eager")
def test_patience_and_start_of_early_stopping_are_as_asked_for() -> None:
    config = TrainingConfig(learning_rate=0.1, validation_every=1, early_stopping_from=0, patience=3)
    head, history, watch = contradicted(config)
    assert validated(history) == [0, 1, 2, 3]
    np.testing.assert_array_equal(head.get_weights()[0], watch.weights[0][0])


@pytest.mark.usefixtures("eager")
def test_training_that_runs_to_its_end_returns_to_the_best_too() -> None:
    config = TrainingConfig(epochs=3, learning_rate=0.1, validation_every=1, early_stopping_from=1, patience=9)
    head, history, watch = contradicted(config)
    assert (len(history.loss), history.kept_epoch) == (3, 2)
    np.testing.assert_array_equal(head.get_weights()[0], watch.weights[1][0])


@pytest.mark.usefixtures("eager")
def test_training_shorter_than_the_first_validation_is_not_validated() -> None:
    _, history, _ = contradicted(TrainingConfig(epochs=2))
    assert history.validation_loss == (None, None)
    assert history.kept_epoch == 2


@pytest.mark.usefixtures("eager")
def test_without_decay_the_learning_rate_stays() -> None:
    _, history, _ = contradicted(TrainingConfig(epochs=2, learning_rate=0.25, decay=0))
    assert history.learning_rate == (0.25, 0.25)


@pytest.mark.usefixtures("eager")
def test_the_first_step_of_adam_is_the_learning_rate() -> None:
    """All images in one batch, one epoch: each weight moves by learning rate x sign of its gradient."""
    config = TrainingConfig(epochs=1, learning_rate=0.125)
    before = build_head(inputs=1, classes=2, config=config).get_weights()
    head, _, _ = contradicted(config)
    for start, end in zip(before, head.get_weights(), strict=True):
        np.testing.assert_allclose(np.ravel(end - start), [0.125, -0.125], rtol=1e-4)


@pytest.mark.usefixtures("eager")
def test_training_that_diverges_is_an_error() -> None:
    """One step takes the weights to 3e38, where the difference of the logits overflows."""
    assert message(lambda: contradicted(TrainingConfig(epochs=2, learning_rate=3e38))) == (
        "training diverged: the loss of epoch 2 is nan; choose a --zoo-learning-rate below 3e+38"
    )


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes() -> None:
    config = TrainingConfig(epochs=4, learning_rate=0.01, dropout=0.5, head_layers=(5,), batch_size=8, seed=7)
    inputs = np.random.default_rng(0).normal(size=(40, 6)).astype(np.float32)
    data = Labelled(inputs=inputs, labels=np.arange(40) % 3)

    def trained(seed: int) -> keras.Model:
        seeded = replace(config, seed=seed)
        head = build_head(inputs=6, classes=3, config=seeded)
        train(head, data, data, config=seeded)
        return head

    assert same(trained(7), trained(7))
    assert not same(trained(7), trained(8))


# The layers of the head


def test_the_head_has_the_layers_asked_for() -> None:
    head = build_head(inputs=6, classes=3, config=TrainingConfig(head_layers=(5, 4)))
    assert [(layer.units, layer.activation.__name__) for layer in head.layers] == [
        (5, "relu"),
        (4, "relu"),
        (3, "softmax"),
    ]
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


@pytest.fixture(scope="module")
def content() -> bytes:
    return conversion.float32(tiny_features(side=32))


@pytest.fixture
def features_file(content: bytes, tmp_path: Path) -> Path:
    path = tmp_path / "features.tflite"
    path.write_bytes(content)
    return path


@pytest.fixture
def dataset(pets: Path, kept: Path) -> Dataset:
    found = opened(pets, kept)
    np.save(found.pixels_path, noise(len(found.samples), side=32))
    return found


def test_every_image_has_its_features(content: bytes, features_file: Path, dataset: Dataset) -> None:
    features = extract(features_file, dataset, name="tiny")
    assert (features.shape, features.dtype) == ((17, 8), np.float32)
    assert len(np.unique(features, axis=0)) == 17
    np.testing.assert_array_equal(features, answers(content, noise(17, side=32)))


def test_progress_is_told(features_file: Path, dataset: Dataset, capsys: pytest.CaptureFixture[str]) -> None:
    extract(features_file, dataset, name="tiny")
    assert "Features of tiny: 17 in " in capsys.readouterr().err


def test_a_file_that_is_no_model_is_named(tmp_path: Path, dataset: Dataset) -> None:
    path = tmp_path / "features.tflite"
    path.write_bytes(b"what is this?")
    with pytest.raises(MeasurementError, match=f"^LiteRT cannot open {path}: "):
        extract(path, dataset, name="tiny")


ANIMALS = ("cat", "dog", "sheep", "spider")
GREEN, RED = ImageColor.getrgb("#1a7f37"), ImageColor.getrgb("#cf222e")


def predicted(*probabilities: float, label: int = 0, grey: int = 128) -> Predicted:
    return Predicted(
        image=np.full((40, 40, 3), grey, np.uint8), label=label, probabilities=np.array(probabilities, np.float32)
    )


def pixels(sheet: Image.Image, colour: tuple[int, ...]) -> int:
    """Returns how many pixels are of a colour."""
    return int((np.asarray(sheet) == colour).all(axis=2).sum())


@pytest.mark.parametrize(("count", "rows"), [(1, 1), (COLUMNS, 1), (COLUMNS + 1, 2), (24, 4)])
def test_the_sheet_grows_row_by_row(count: int, rows: int) -> None:
    sheet = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1)] * count, ANIMALS)
    assert sheet.size == (6 * 176 + 8, rows * 250 + 8)


def test_a_right_answer_is_green_and_a_wrong_one_red() -> None:
    right = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1, label=0)], ANIMALS)
    wrong = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1, label=1)], ANIMALS)
    assert (pixels(right, GREEN) > 1000, pixels(right, RED)) == (True, 0)
    assert (pixels(wrong, RED) > 1000, pixels(wrong, GREEN)) == (True, 0)


def test_each_image_stands_in_its_tile() -> None:
    images = [predicted(0.5, 0.2, 0.2, 0.1, grey=grey) for grey in (10, 90, 200)]
    sheet = prediction_sheet(images, ANIMALS)
    assert [sheet.getpixel((8 + 176 * column + 80, 80)) for column in range(4)] == [
        (10, 10, 10),
        (90, 90, 90),
        (200, 200, 200),
        (255, 255, 255),
    ]


def test_the_bar_is_as_long_as_the_probability() -> None:
    """40 pixels for 100 %, 7 high; both bounds are drawn, hence one more pixel."""
    frame = pixels(prediction_sheet([predicted(0, 0, 0, 1, label=3)], ANIMALS), GREEN) - 7 * 41
    for share, length in ((0.75, 31), (0.5, 21), (0.4, 17)):
        rest = (1 - share) / 3
        sheet = prediction_sheet([predicted(rest, rest, rest, share, label=3)], ANIMALS)
        assert pixels(sheet, GREEN) - frame == 7 * length


def test_the_answers_are_written_from_the_most_to_the_least_probable(monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    monkeypatch.setattr(classifier, "_write", lambda _pen, text, _font, **_place: written.append(text))
    prediction_sheet([predicted(0.1, 0.2, 0.3, 0.4, label=1)], ANIMALS)
    assert written == ["truth: dog", "spider", "sheep", "dog"]


def test_two_classes_are_enough() -> None:
    assert prediction_sheet([predicted(0.3, 0.7)], ANIMALS[:2]).size == (1064, 258)


def test_nothing_to_show_is_an_empty_sheet() -> None:
    assert prediction_sheet([], ANIMALS).size == (1064, 8)


def test_a_long_name_does_not_run_into_the_next_tile() -> None:
    names = ("a name that is far too long to be written below an image", "dog", "sheep", "spider")
    sheet = prediction_sheet([predicted(0.5, 0.2, 0.2, 0.1)], names)
    assert ImageChops.invert(sheet.crop((176, 0, *sheet.size))).getbbox() is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [("spider", "spider"), ("Écureuil à l'arbre", "Ecureuil a l'arbre"), ("大象", "??"), ("ﬁsh", "fish")],
)
def test_names_are_written_in_the_letters_that_the_font_has(name: str, shown: str) -> None:
    assert classifier._plain(name) == shown
