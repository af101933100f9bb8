"""Is the frozen network the right one, and what may a model of one's own be?"""

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from networks import answers, noise
from zoobench.build import conversion, network
from zoobench.build.classifier import build_head
from zoobench.build.network import features_model, is_finished, load_own
from zoobench.build.recipe import TrainingConfig
from zoobench.build.weights import Weights
from zoobench.errors import ModelError
from zoobench.matrix.backbones import BACKBONES, Backbone
from zoobench.matrix.registry import Package

RANDOM = Weights(identity="random")


def message(call: Callable[[], object]) -> str:
    with pytest.raises(ModelError) as caught:
        call()
    return str(caught.value)


def same(one: keras.Model, other: keras.Model) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(first.tobytes() == second.tobytes() for first, second in pairs)


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


def test_names_do_not_depend_on_what_was_built_before() -> None:
    """Keras numbers layers without a name, and their names stand in the files."""
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1), keras.layers.BatchNormalization()])
    models = [features_model(BACKBONES["xception"], weights=RANDOM, image_size=71, seed=0) for _ in range(2)]
    first, second = ([layer.name for layer in model.layers[2].layers] for model in models)
    assert first == second
    assert "conv2d" in first


def test_a_file_that_leads_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    pixels = keras.Input((24, 24, 3))
    path = own(keras.Model(pixels, maps(pixels)), tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../evil.txt", "here I am")
    assert "the archive's member '../evil.txt' leads out" in message(lambda: load_own(path, image_size=24))


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

    pixels = keras.Input((24, 24, 3))
    path = own(keras.Model(pixels, maps(pixels)), tmp_path)
    monkeypatch.setattr(keras.saving, "load_model", load_model)
    assert message(lambda: load_own(path, image_size=24)) == (
        f"cannot load {path}: Skipping nested container at 'blocks': no matching group"
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


# A network of a package


NETWORK = """
import keras

def build(*, include_top, weights, input_shape):
    assert not include_top
    pixels = keras.Input(input_shape)
    network = keras.Model(pixels, keras.layers.Conv2D(5, 3, strides=2)(pixels))
    if weights:
        network.load_weights(weights)
    return network

def flat(*, include_top, weights, input_shape):
    pixels = keras.Input(input_shape)
    return keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(pixels))

def nothing(*, include_top, weights, input_shape):
    return None

def wide(*, include_top, weights, input_shape, alpha):
    return keras.applications.MobileNet(include_top=False, weights=weights, input_shape=input_shape, alpha=alpha)
"""


def of_package(folder: Path, function: str, **changes: Any) -> Backbone:
    (folder / "package_network.py").write_text(NETWORK)
    package = Package(name="zoobench-nets", version="1.0")
    return Backbone(name="tiny", builder=f"package_network:{function}", package=package, **changes)


def test_a_package_builds_a_network_and_gets_pooling_and_preprocessing(beside_us: Path) -> None:
    backbone = of_package(beside_us, "build", preprocessing="minus_one_to_one")
    one, other = (features_model(backbone, weights=RANDOM, image_size=32, seed=seed) for seed in (0, 0))
    assert one.output_shape == (None, 5)
    assert same(one, other)
    assert "preprocessing" in [layer.name for layer in one.layers]


def test_a_package_is_given_the_file_of_weights(beside_us: Path, tmp_path: Path) -> None:
    backbone, path = of_package(beside_us, "build"), tmp_path / "tiny.weights.h5"
    first = features_model(backbone, weights=RANDOM, image_size=32, seed=1)
    next(layer for layer in first.layers if isinstance(layer, keras.Model)).save_weights(path)
    again = features_model(backbone, weights=Weights(identity="file:abc", path=path), image_size=32, seed=2)
    assert same(first, again)


def test_a_width_is_given_to_a_package_where_the_backbone_has_one(beside_us: Path) -> None:
    backbone = of_package(beside_us, "wide", alpha=0.25)
    assert features_model(backbone, weights=RANDOM, image_size=32, seed=0).output_shape == (None, 256)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("flat", "gave a model from (None, 32, 32, 3) to (None, 3); expected a keras.Model from images (None, 32, "),
        ("nothing", "gave None; expected a keras.Model from images"),
        ("wide", "at 32 px with random weights failed: TypeError: "),
    ],
)
def test_a_network_of_a_package_that_cannot_be_used_is_told_with_it(beside_us: Path, function: str, told: str) -> None:
    backbone = of_package(beside_us, function)
    received = message(lambda: features_model(backbone, weights=RANDOM, image_size=32, seed=0))
    assert received.startswith(f"package_network:{function} of zoobench-nets 1.0 {told}")


def test_another_network_of_keras_applications_needs_no_code() -> None:
    backbone = Backbone(name="vgg16", builder="keras.applications:VGG16", preprocessing="caffe")
    assert features_model(backbone, weights=RANDOM, image_size=32, seed=0).output_shape == (None, 512)


def trained() -> keras.Model:
    """Returns a trained network with an optimizer, in which two layers share an initializer."""
    keras.utils.set_random_seed(0)
    shared = keras.initializers.GlorotUniform(seed=1)
    layers = [
        keras.Input((8, 8, 3), name="pixels"),
        keras.layers.Conv2D(4, 3, kernel_initializer=shared, name="first"),
        keras.layers.Conv2D(4, 3, kernel_initializer=shared, name="second"),
        keras.layers.GlobalAveragePooling2D(name="pooling"),
        keras.layers.Dense(2, activation="softmax", name="probabilities"),
    ]
    network = keras.Sequential(layers, name="small")
    network.compile(keras.optimizers.Adam(name="adam"), "categorical_crossentropy")
    network.fit(noise(4, side=8).astype(np.float32), np.eye(2)[[0, 1, 0, 1]], verbose=0)
    return network


@pytest.fixture
def model() -> keras.Model:
    return trained()


def saved(model: keras.Model, folder: Path) -> Path:
    folder.mkdir()
    path = folder / "model.keras"
    network.save(model, path)
    assert [one.name for one in folder.iterdir()] == ["model.keras"]
    return path


def test_a_model_comes_back_as_it_was(model: keras.Model, tmp_path: Path) -> None:
    images = noise(3, side=8).astype(np.float32)
    back = network.load(saved(model, tmp_path / "one"))
    np.testing.assert_array_equal(back(images), model(images))


def test_keras_itself_loads_it_with_its_optimizer(model: keras.Model, tmp_path: Path) -> None:
    back = keras.saving.load_model(saved(model, tmp_path / "one"))
    assert int(back.optimizer.iterations) == 1


def test_the_same_model_gives_the_same_bytes_on_another_day(
    model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved(model, tmp_path / "one").read_bytes()
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert saved(model, tmp_path / "two").read_bytes() == first


def test_the_same_model_built_again_gives_the_same_bytes(model: keras.Model, tmp_path: Path) -> None:
    assert saved(trained(), tmp_path / "two").read_bytes() == saved(model, tmp_path / "one").read_bytes()


def test_no_address_of_this_process_stands_in_it(model: keras.Model, tmp_path: Path) -> None:
    raw = tmp_path / "raw.keras"
    model.save(raw)
    with zipfile.ZipFile(raw) as archive:
        assert b"shared_object_id" in archive.read("config.json")  # else there is nothing to number here
    with zipfile.ZipFile(saved(model, tmp_path / "one")) as archive:
        numbers = archive.read("config.json").decode().split('"shared_object_id": ')[1:]
    assert all(int(text[: text.index("}")]) < 100 for text in numbers)


def test_another_model_gives_other_bytes(model: keras.Model, tmp_path: Path) -> None:
    first = saved(model, tmp_path / "one").read_bytes()
    model.layers[0].bias.assign([0.5] * 4)
    assert saved(model, tmp_path / "two").read_bytes() != first


def test_an_interrupted_save_leaves_nothing(tmp_path: Path) -> None:
    class Interrupted:
        def save(self, path: Path) -> None:
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network.save(Interrupted(), tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []


def test_an_archive_that_leads_out_of_its_folder_is_refused(model: keras.Model, tmp_path: Path) -> None:
    path = saved(model, tmp_path / "one")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evil.txt", "here I am")
    with pytest.raises(ModelError) as caught:
        network.load(path)
    assert str(caught.value) == (
        f"cannot load {path}: the archive's member '../../evil.txt' leads out of the folder that it is unpacked into"
    )


def test_custom_code_in_a_file_is_refused(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Lambda(lambda values: values * 2)])
    path = saved(model, tmp_path / "one")
    with pytest.raises(ModelError, match="Requested the deserialization of a `Lambda` layer"):
        network.load(path)
