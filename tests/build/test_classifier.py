"""Is the head that is trained on features the right one, and what may a model of one's own be?"""

import math
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partialmethod
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import numpy.typing as npt
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group
from networks import CLASSES, Floats, answers, drawings, lively_mobilenet, noise

from zoobench.build import classifier, conversion, network
from zoobench.build.backbones import BACKBONES, Backbone
from zoobench.build.classifier import Labelled, build_head, train
from zoobench.build.config import TrainingConfig
from zoobench.build.network import features_model, is_finished, load_own
from zoobench.build.weights import Weights
from zoobench.errors import ModelError

RANDOM = Weights(identity="random")


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
@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("head_layers", [(), (16,)], ids=["one layer", "two layers"])
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
    assert len(history.loss) == 3
    np.testing.assert_array_equal(head.get_weights()[0], watch.weights[1][0])


@pytest.mark.usefixtures("eager")
def test_training_shorter_than_the_first_validation_is_not_validated() -> None:
    _, history, _ = contradicted(TrainingConfig(epochs=2))
    assert history.validation_loss == (None, None)


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


# Backbones of the table


def test_a_backbone_gives_one_vector_for_each_image_and_stays_frozen() -> None:
    model = features_model(BACKBONES["mobilenet_025"], weights=RANDOM, image_size=32, seed=0)
    assert (model.input_shape, model.output_shape) == ((None, 32, 32, 3), (None, 256))
    assert model.trainable_variables == []


def test_random_weights_follow_the_seed() -> None:
    models = [
        features_model(BACKBONES["mobilenet_025"], weights=RANDOM, image_size=32, seed=seed) for seed in (0, 0, 1)
    ]
    assert same(models[0], models[1])
    assert not same(models[0], models[2])


@pytest.mark.parametrize("identity", ["imagenet", "file:abc"])
def test_weights_are_read_from_the_file_that_was_found(tmp_path: Path, identity: str) -> None:
    """Keras itself is not asked to look for them: it would fetch a file whose hash is not the one it knows."""
    backbone = BACKBONES["mobilenet_025"]
    network = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.25)
    path = tmp_path / backbone.weights_name(32)
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, network)
    model = features_model(backbone, weights=Weights(identity=identity, path=path), image_size=32, seed=5)
    assert same(network, next(layer for layer in model.layers if isinstance(layer, keras.Model)))


@pytest.mark.parametrize("name", ["mobilenet_025", "xception"])
def test_weights_of_another_network_are_refused(imagenet_weights: Path, name: str) -> None:
    path = imagenet_weights / "mobilenet_5_0_160_tf_no_top.weights.h5"
    weights = Weights(identity="file:abc", path=path)
    text = message(lambda: features_model(BACKBONES[name], weights=weights, image_size=96, seed=0))
    builder = BACKBONES[name].builder
    assert text.startswith(f"keras.applications.{builder} at 96 px cannot be had with {path}: ")
    assert text.endswith(
        ". Choose another image size, or a file that was written for this network without its top (include_top=False)"
    )


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.weights.h5"
    path.write_bytes(b"what is this?")
    weights = Weights(identity="file:abc", path=path)
    text = message(lambda: features_model(BACKBONES["mobilenet_025"], weights=weights, image_size=32, seed=0))
    assert f"at 32 px cannot be had with {path}: Unable to synchronously open file" in text


def test_an_image_size_below_the_least_of_a_network_is_refused() -> None:
    text = message(lambda: features_model(BACKBONES["inception_v3"], weights=RANDOM, image_size=64, seed=0))
    assert text.startswith(
        "keras.applications.InceptionV3 at 64 px cannot be had with random weights: Input size must be at least 75x75"
    )


def test_efficientnet_takes_published_weights_from_the_cache_alone(tmp_path: Path) -> None:
    weights = Weights(identity="file:abc", path=tmp_path / "efficientnetb0_notop.h5")
    assert message(lambda: features_model(BACKBONES["efficientnet_b0"], weights=weights, image_size=32, seed=0)) == (
        "efficientnet_b0 takes published weights only from the cache of Keras, which builds another graph for a file; "
        "put efficientnetb0_notop.h5 there and use --zoo-weights efficientnet_b0=imagenet"
    )


# A model of one's own


def own(model: keras.Model, folder: Path) -> Path:
    path = folder / "mine.keras"
    model.save(path)
    return path


def maps(pixels: keras.KerasTensor) -> keras.KerasTensor:
    scaled = keras.layers.Rescaling(1 / 255)(pixels)
    return keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, activation="relu")(scaled))


def features_of(path: Path, *, image_size: int = 24) -> keras.Model:
    return features_model(Backbone(name="mine", path=path), weights=RANDOM, image_size=image_size, seed=0)


def refused_shape(path: Path, shape: object) -> str:
    return (
        f"{path} takes inputs of shape {shape}; allowed is one RGB image, here (None, 24, 24, 3) "
        "with values 0..255, the preprocessing inside the model"
    )


def test_feature_maps_are_pooled(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    model = keras.Model(pixels, maps(pixels))
    images = noise(3).astype(np.float32)
    found = features_of(own(model, tmp_path))
    assert found.trainable_variables == []
    np.testing.assert_allclose(found(images), np.mean(model(images), axis=(1, 2)), rtol=1e-5)


def test_a_vector_is_taken_as_it_is(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    model = keras.Model(pixels, keras.layers.Dense(4)(keras.layers.Flatten()(maps(pixels))))
    images = noise(3).astype(np.float32)
    np.testing.assert_allclose(features_of(own(model, tmp_path))(images), model(images), rtol=1e-5)


@pytest.mark.parametrize("shape", [(24, 24, 3), (None, None, 3)], ids=["fixed size", "open size"])
def test_a_sequential_model_can_be_a_backbone(tmp_path: Path, shape: tuple[int | None, ...]) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(5, 3, activation="relu")])
    images = noise(3)
    found = features_of(own(model, tmp_path))
    assert (found.input_shape, found.output_shape) == ((None, 24, 24, 3), (None, 5))
    expected = np.mean(model(images.astype(np.float32)), axis=(1, 2))
    np.testing.assert_allclose(answers(conversion.float32(found), images), expected, rtol=1e-4)


def test_a_model_for_one_image_at_a_time_can_be_a_backbone(tmp_path: Path) -> None:
    pixels = keras.Input(batch_shape=(1, 24, 24, 3))
    found = features_of(own(keras.Model(pixels, maps(pixels)), tmp_path))
    assert found.predict(noise(3).astype(np.float32), verbose=0).shape == (3, 5)


@pytest.mark.parametrize(
    ("shape", "shown"), [((32, 32, 3), (None, 32, 32, 3)), ((24, 24, 1), (None, 24, 24, 1)), ((7,), (None, 7))], ids=str
)
def test_another_input_is_refused(tmp_path: Path, shape: tuple[int, ...], shown: tuple[int | None, ...]) -> None:
    inputs = keras.Input(shape)
    path = own(keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs))), tmp_path)
    assert message(lambda: load_own(path, image_size=24)) == refused_shape(path, shown)


@pytest.mark.parametrize("kind", [list, dict])
def test_several_inputs_are_refused(tmp_path: Path, kind: type) -> None:
    image, number = keras.Input((24, 24, 3), name="image"), keras.Input((1,), name="number")
    both = keras.layers.Concatenate()([keras.layers.Flatten()(image), number])
    inputs = [image, number] if kind is list else {"image": image, "number": number}
    path = own(keras.Model(inputs, both), tmp_path)
    assert message(lambda: load_own(path, image_size=24)) == refused_shape(path, [(None, 24, 24, 3), (None, 1)])


@pytest.mark.parametrize(
    ("outputs", "shown"),
    [
        (lambda one: [one, keras.layers.GlobalAveragePooling2D()(one)], "[(None, 22, 22, 5), (None, 5)]"),
        (lambda one: keras.layers.Reshape((22 * 22, 5))(one), "(None, 484, 5)"),
    ],
    ids=["two outputs", "a sequence"],
)
def test_another_output_is_refused(
    tmp_path: Path, outputs: Callable[[keras.KerasTensor], keras.KerasTensor], shown: str
) -> None:
    pixels = keras.Input((24, 24, 3))
    path = own(keras.Model(pixels, outputs(maps(pixels)), name="mine"), tmp_path)
    assert message(lambda: features_of(path)) == (
        f"the model mine gives {shown}; allowed as a backbone are feature maps [n, h, w, channels] "
        "or one vector per image [n, channels]"
    )


def test_custom_code_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((24, 24, 3)), keras.layers.Lambda(lambda values: values * 2)])
    path = own(model, tmp_path)
    text = message(lambda: load_own(path, image_size=24))
    assert text.startswith(f"cannot load {path}: Requested the deserialization of a `Lambda` layer")


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    whole, path = own(keras.Model(pixels, maps(pixels)), tmp_path), tmp_path / "bare.keras"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        target.writestr("config.json", source.read("config.json"))
        target.writestr("metadata.json", source.read("metadata.json"))
    expected = f"cannot load {path}: Expected a model.weights.h5 or model.weights.npz file."
    assert message(lambda: load_own(path, image_size=24)) == expected


def test_a_file_of_which_layers_were_left_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras warns that these layers keep their random weights, and goes on."""

    def load_model(_path: Path, **_: object) -> None:
        warnings.warn("Skipping nested container at 'blocks': no matching group", stacklevel=2)

    monkeypatch.setattr(keras.saving, "load_model", load_model)
    assert message(lambda: load_own(tmp_path / "mine.keras", image_size=24)) == (
        f"cannot load {tmp_path / 'mine.keras'}: Skipping nested container at 'blocks': no matching group"
    )


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    path = own(keras.Model(pixels, maps(pixels)), tmp_path)
    path.write_bytes(path.read_bytes()[:2000])
    assert message(lambda: load_own(path, image_size=24)).startswith(f"cannot load {path}: ")


# A finished classifier


def loaded(last: list[keras.layers.Layer], folder: Path) -> keras.Model:
    pixels = keras.Input((24, 24, 3))
    outputs = keras.layers.Flatten()(maps(pixels))
    for layer in last:
        outputs = layer(outputs)
    return load_own(own(keras.Model(pixels, outputs), folder), image_size=24)


@pytest.mark.parametrize(
    "last",
    [
        [keras.layers.Dense(3, activation="softmax")],
        [keras.layers.Dense(3), keras.layers.Softmax()],
        [keras.layers.Dense(3), keras.layers.Activation("softmax")],
        [keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(3, activation="softmax")])],
    ],
    ids=["dense", "softmax", "activation", "a model inside"],
)
def test_a_softmax_over_the_classes_is_finished(tmp_path: Path, last: list[keras.layers.Layer]) -> None:
    model = loaded(last, tmp_path)
    assert is_finished(model, classes=3)
    assert not is_finished(model, classes=4)


@pytest.mark.parametrize(
    "last",
    [
        [keras.layers.Dense(3)],
        [keras.layers.Dense(3, activation="sigmoid")],
        [keras.layers.Dense(3, activation="softmax"), keras.layers.Rescaling(2.0)],
    ],
    ids=["logits", "sigmoid", "not at the end"],
)
def test_without_a_softmax_at_its_end_it_is_not(tmp_path: Path, last: list[keras.layers.Layer]) -> None:
    assert not is_finished(loaded(last, tmp_path), classes=3)


def test_feature_maps_of_as_many_channels_are_not(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    model = keras.Model(pixels, keras.layers.Conv2D(3, 1, activation="softmax")(pixels))
    assert not is_finished(load_own(own(model, tmp_path), image_size=24), classes=3)


def test_what_the_build_itself_saved_is_finished(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    head = build_head(inputs=5, classes=3, config=TrainingConfig(dropout=0.5))
    whole = network.assembled(network._pooled(keras.Model(pixels, maps(pixels))), head)
    images = noise(3).astype(np.float32)
    model = load_own(own(whole, tmp_path), image_size=24)
    assert is_finished(model, classes=3)
    np.testing.assert_allclose(model(images), whole(images), rtol=1e-6)
