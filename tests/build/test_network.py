"""Is the frozen network the right one, and what may a model of one's own be?"""

import warnings
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from messages import message_of
from networks import answers, noise
from zoobench.build import conversion, network
from zoobench.build.classifier import build_head
from zoobench.build.keras_file import read_keras_file
from zoobench.build.network import features_model, load_own
from zoobench.build.recipe import TrainingConfig
from zoobench.build.weights import Weights
from zoobench.errors import ModelError
from zoobench.matrix.backbones import BACKBONES, Backbone
from zoobench.matrix.interface import ImageSize, height_and_width
from zoobench.matrix.registry import Package

RANDOM = Weights(identity="random")


message = partial(message_of, ModelError)


def same(one: keras.Model, other: keras.Model) -> bool:
    pairs = zip(one.get_weights(), other.get_weights(), strict=True)
    return all(first.tobytes() == second.tobytes() for first, second in pairs)


def inner(model: keras.Model) -> keras.Model:
    return next(layer for layer in model.layers if isinstance(layer, keras.Model))


# Backbones of the table


def features(name: str, *, weights: Weights = RANDOM, image_size: int = 32, seed: int = 0) -> keras.Model:
    return features_model(BACKBONES[name], weights=weights, image_size=image_size, seed=seed)


def test_a_backbone_gives_one_vector_for_each_image_stays_frozen_and_follows_the_seed() -> None:
    model, again, other = (features("mobilenet_025", seed=seed) for seed in (0, 0, 1))
    assert (model.input_shape, model.output_shape) == ((None, 32, 32, 3), (None, 256))
    assert model.trainable_variables == []
    assert same(model, again)
    assert not same(model, other)


def test_names_do_not_depend_on_what_was_built_before() -> None:
    """Keras numbers layers without a name, and their names stand in the files."""
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(1, 1), keras.layers.BatchNormalization()])
    first, second = ([layer.name for layer in inner(features("xception", image_size=71)).layers] for _ in range(2))
    assert first == second
    assert "conv2d" in first


def test_weights_are_read_from_the_file_that_was_found(tmp_path: Path) -> None:
    """Keras itself is not asked to look for them: it would fetch a file whose hash is not the one it knows."""
    wanted = keras.applications.MobileNet(include_top=False, weights=None, input_shape=(32, 32, 3), alpha=0.25)
    path = tmp_path / BACKBONES["mobilenet_025"].weights_name(32)
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, wanted)
    assert same(wanted, inner(features("mobilenet_025", weights=Weights(identity="imagenet", path=path), seed=5)))


@pytest.mark.parametrize("name", ["mobilenet_025", "xception"])
def test_weights_of_another_network_are_refused(imagenet_weights: Path, name: str) -> None:
    path = imagenet_weights / "mobilenet_5_0_160_tf_no_top.weights.h5"
    text = message(lambda: features(name, weights=Weights(identity="file:abc", path=path), image_size=96))
    assert text.startswith(f"keras.applications.{BACKBONES[name].builder} at 96 px cannot be had with {path}: ")
    assert "Choose another image size, or a file that was written for this network without its top" in text


def test_a_file_that_holds_no_weights_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.weights.h5"
    path.write_bytes(b"what is this?")
    text = message(lambda: features("mobilenet_025", weights=Weights(identity="file:abc", path=path)))
    assert f"at 32 px cannot be had with {path}: Unable to synchronously open file" in text


def test_an_image_size_below_the_least_of_a_network_is_refused() -> None:
    text = message(lambda: features("inception_v3", image_size=64))
    assert "InceptionV3 at 64 px cannot be had with random weights: Input size must be at least 75x75" in text


def test_efficientnet_takes_published_weights_from_the_cache_alone(tmp_path: Path) -> None:
    weights = Weights(identity="file:abc", path=tmp_path / "efficientnetb0_notop.h5")
    text = message(lambda: features("efficientnet_b0", weights=weights))
    assert text.endswith("put efficientnetb0_notop.h5 there and use --zoo-weights efficientnet_b0=imagenet")


# A model of one's own


def own(model: keras.Model, folder: Path) -> Path:
    path = folder / "mine.keras"
    model.save(path)
    return path


def maps(pixels: keras.KerasTensor) -> keras.KerasTensor:
    scaled = keras.layers.Rescaling(1 / 255)(pixels)
    return keras.layers.BatchNormalization()(keras.layers.Conv2D(5, 3, activation="relu")(scaled))


def mapping(**shape: Any) -> keras.Model:
    """Returns a model from pixels to feature maps."""
    pixels = keras.Input(**(shape or {"shape": (24, 24, 3)}))
    return keras.Model(pixels, maps(pixels))


def features_of(path: Path) -> keras.Model:
    return features_model(Backbone(name="mine", path=path), weights=RANDOM, image_size=24, seed=0)


def test_feature_maps_are_pooled_and_a_vector_is_taken_as_it_is(tmp_path: Path) -> None:
    model, images = mapping(), noise(3).astype(np.float32)
    found = features_of(own(model, tmp_path))
    assert found.trainable_variables == []
    np.testing.assert_allclose(found(images), np.mean(model(images), axis=(1, 2)), rtol=1e-5)
    flat = keras.Model(model.input, keras.layers.Dense(4)(keras.layers.Flatten()(model.output)))
    np.testing.assert_allclose(features_of(own(flat, tmp_path))(images), flat(images), rtol=1e-5)


@pytest.mark.parametrize("shape", [(24, 24, 3), (None, None, 3)], ids=["fixed size", "open size"])
def test_a_sequential_model_can_be_a_backbone(tmp_path: Path, shape: tuple[int | None, ...]) -> None:
    model = keras.Sequential([keras.Input(shape), keras.layers.Conv2D(5, 3, activation="relu")])
    images = noise(3)
    found = features_of(own(model, tmp_path))
    assert (found.input_shape, found.output_shape) == ((None, 24, 24, 3), (None, 5))
    expected = np.mean(model(images.astype(np.float32)), axis=(1, 2))
    np.testing.assert_allclose(answers(conversion.float32(found), images), expected, rtol=1e-4)


def test_a_model_for_one_image_at_a_time_can_be_a_backbone(tmp_path: Path) -> None:
    found = features_of(own(mapping(batch_shape=(1, 24, 24, 3)), tmp_path))
    assert found.predict(noise(3).astype(np.float32), verbose=0).shape == (3, 5)


ALLOWED = "allowed is one image, RGB or grey: (None, 24, 24, 3 or 1)"
SAVED = "save it with a layer before it: keras.Sequential([keras.Input("


@pytest.mark.parametrize(
    ("shape", "next_step"),
    [
        ((32, 32, 3), "save a model that takes one"),
        ((24, 24, 4), "save a model that takes one"),
        ((24, 32, 3), "save a model that takes one"),
        ((3, 24, 24), f"{SAVED}(24, 24, 3)), keras.layers.Permute((3, 1, 2)), model])"),
        ((7,), "give a model of RGB or grey images"),
        ((8, 24, 24, 3), "give a model of RGB or grey images"),
    ],
    ids=["size", "channels", "not square", "channels first", "vector", "volume"],
)
def test_another_input_is_refused_with_what_to_do(tmp_path: Path, shape: tuple[int, ...], next_step: str) -> None:
    inputs = keras.Input(shape)
    path = own(keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs))), tmp_path)
    told = message(lambda: load_own(path, image_size=24))
    assert told.startswith(f"{path} takes inputs of shape {(None, *shape)}; {ALLOWED}")
    assert next_step in told
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("side", [24, None], ids=["fixed size", "open size"])
def test_a_grey_model_is_taken_and_converted_as_it_is(tmp_path: Path, side: int | None) -> None:
    model, images = mapping(shape=(side, side, 1)), noise(2)[..., :1]
    found = load_own(own(model, tmp_path), image_size=24)
    assert found.input_shape == (None, 24, 24, 1)
    np.testing.assert_allclose(answers(conversion.float32(found), images), model(images.astype(np.float32)), atol=1e-4)


def test_what_a_refusal_says_to_put_before_a_model_makes_it_one_that_is_taken(tmp_path: Path) -> None:
    inputs = keras.Input((3, 24, 24))
    inner = keras.Model(inputs, keras.layers.Dense(2)(keras.layers.Flatten()(inputs)))
    path = own(keras.Sequential([keras.Input((24, 24, 3)), keras.layers.Permute((3, 1, 2)), inner]), tmp_path)
    assert read_keras_file(path).image_size == 24
    assert load_own(path, image_size=24).input_shape == (None, 24, 24, 3)


@pytest.mark.parametrize(
    ("sides", "size"), [((24, 32), "24x32"), ((None, 32), 32), ((24, None), 24), ((None, None), None)]
)
def test_the_size_of_a_model_s_images_is_height_and_width_where_they_differ(
    tmp_path: Path, sides: tuple[int | None, int | None], size: ImageSize | None
) -> None:
    path = own(mapping(shape=(*sides, 3)), tmp_path)
    assert read_keras_file(path).image_size == size
    taken = size or 40
    assert load_own(path, image_size=taken).input_shape == (None, *height_and_width(taken), 3)


def test_an_input_that_does_not_hold_pixels_is_refused(tmp_path: Path) -> None:
    inputs = keras.Input((24, 24, 3), dtype="int8")
    path = own(keras.Model(inputs, keras.layers.Rescaling(1 / 255)(inputs)), tmp_path)
    assert message(lambda: load_own(path, image_size=24)) == (
        f"{path} takes int8 inputs, which do not hold the pixels 0..255; save the model with a float32 or uint8 input, "
        "the preprocessing inside it"
    )


@pytest.mark.parametrize("kind", [list, dict])
def test_several_inputs_are_refused(tmp_path: Path, kind: type) -> None:
    image, number = keras.Input((24, 24, 3), name="image"), keras.Input((1,), name="number")
    both = keras.layers.Concatenate()([keras.layers.Flatten()(image), number])
    inputs = [image, number] if kind is list else {"image": image, "number": number}
    path = own(keras.Model(inputs, both), tmp_path)
    assert message(lambda: load_own(path, image_size=24)) == (
        f"{path} has 2 inputs: image (None, 24, 24, 3), number (None, 1); allowed is a model of one image: save one "
        "that has it"
    )


@pytest.mark.parametrize("kind", [list, dict])
def test_several_outputs_are_refused_by_their_names(tmp_path: Path, kind: type) -> None:
    model = mapping()
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(model.output)
    outputs = [pooled, keras.layers.Dense(2, name="aux")(pooled)]
    path = own(keras.Model(model.input, outputs if kind is list else dict(zip("ab", outputs, strict=True))), tmp_path)
    names = "pooled (None, 5), aux (None, 2)"
    told = message(lambda: load_own(path, image_size=24))
    assert told.startswith(f"{path} has 2 outputs: {names}; allowed is one. Save a model with the one that is meant")


@pytest.mark.parametrize("outputs", [lambda one: {"maps": one}, lambda one: [one]], ids=["dict", "list"])
@pytest.mark.parametrize("inputs", [lambda one: {"image": one}, lambda one: [one]], ids=["from a dict", "from a list"])
def test_one_input_and_one_output_may_stand_in_a_list_or_a_dict(
    tmp_path: Path, inputs: Callable[[Any], Any], outputs: Callable[[Any], Any]
) -> None:
    model, images = mapping(shape=(24, 24, 3), name="image"), noise(2).astype(np.float32)
    path = own(keras.Model(inputs(model.input), outputs(model.output)), tmp_path)
    found = load_own(path, image_size=24)
    assert (found.input_shape, found.output_shape) == ((None, 24, 24, 3), (None, 22, 22, 5))
    np.testing.assert_allclose(found(images), model(images), rtol=1e-6)


def test_a_sequence_is_no_feature_map(tmp_path: Path) -> None:
    model = mapping()
    outputs = keras.layers.Reshape((22 * 22, 5))(model.output)
    path = own(keras.Model(model.input, outputs, name="mine"), tmp_path)
    expected = "the model mine gives (None, 484, 5); allowed as a backbone are feature maps [n, h, w, channels] or one"
    assert message(lambda: features_of(path)).startswith(expected)


def test_a_file_without_weights_is_refused(tmp_path: Path) -> None:
    whole, path = own(mapping(), tmp_path), tmp_path / "bare.keras"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(path, "w") as target:
        for name in ("config.json", "metadata.json"):
            target.writestr(name, source.read(name))
    expected = f"cannot load {path}: Expected a model.weights.h5 or model.weights.npz file."
    assert message(lambda: load_own(path, image_size=24)) == expected


def test_a_file_of_which_layers_were_left_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keras warns that these layers keep their random weights, and goes on."""

    def load_model(_path: Path, **_: object) -> None:
        warnings.warn("Skipping nested container at 'blocks': no matching group", stacklevel=2)

    path = own(mapping(), tmp_path)
    monkeypatch.setattr(keras.saving, "load_model", load_model)
    expected = f"cannot load {path}: Skipping nested container at 'blocks': no matching group"
    assert message(lambda: load_own(path, image_size=24)) == expected


@pytest.mark.filterwarnings("ignore:You are saving a model that has not yet been built:UserWarning")
def test_a_model_that_was_saved_before_it_had_weights_is_refused(tmp_path: Path) -> None:
    """It would get random ones."""
    path = own(keras.Sequential([keras.layers.Conv2D(3, 3), keras.layers.GlobalAveragePooling2D()]), tmp_path)
    assert message(lambda: load_own(path, image_size=24)) == (
        f"{path} was saved before its layers had weights; call or train the model, then save it"
    )


def test_a_file_that_was_cut_is_refused(tmp_path: Path) -> None:
    path = own(mapping(), tmp_path)
    path.write_bytes(path.read_bytes()[:2000])
    assert message(lambda: load_own(path, image_size=24)).startswith(f"{path} is not a Keras model file (")


@pytest.mark.parametrize("load", [network.load, lambda path: load_own(path, image_size=24)], ids=["ours", "own"])
def test_what_could_do_harm_is_refused(tmp_path: Path, load: Callable[[Path], object]) -> None:
    path = own(mapping(), tmp_path)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("../../evil.txt", "here I am")
    assert "the archive's member '../../evil.txt' leads out of the folder" in message(lambda: load(path))


def test_what_the_build_itself_saved_can_be_loaded(tmp_path: Path) -> None:
    head = build_head(inputs=5, classes=3, config=TrainingConfig(dropout=0.5))
    whole = network.assembled(network._pooled(mapping()), head)
    images = noise(3).astype(np.float32)
    model = load_own(own(whole, tmp_path), image_size=24)
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
    pixels = keras.Input(input_shape)
    return keras.Model(pixels, keras.layers.Conv2D(int(alpha * 8), 3)(pixels))
"""


def of_package(folder: Path, function: str, *, weights: Weights = RANDOM, seed: int = 0, **changes: Any) -> keras.Model:
    (folder / "package_network.py").write_text(NETWORK)
    package = Package(name="zoobench-nets", version="1.0")
    backbone = Backbone(name="tiny", builder=f"package_network:{function}", package=package, **changes)
    return features_model(backbone, weights=weights, image_size=32, seed=seed)


def test_a_package_builds_a_network_and_gets_pooling_and_preprocessing(beside_us: Path) -> None:
    one, other = (of_package(beside_us, "build", preprocessing="minus_one_to_one") for _ in range(2))
    assert one.output_shape == (None, 5)
    assert same(one, other)
    assert "preprocessing" in [layer.name for layer in one.layers]


def test_a_package_is_given_the_file_of_weights_and_the_width(beside_us: Path, tmp_path: Path) -> None:
    path = tmp_path / "tiny.weights.h5"
    first = of_package(beside_us, "build", seed=1)
    inner(first).save_weights(path)
    assert same(first, of_package(beside_us, "build", weights=Weights(identity="file:abc", path=path), seed=2))
    assert of_package(beside_us, "wide", alpha=0.25).output_shape == (None, 2)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("flat", "gave a model from (None, 32, 32, 3) to (None, 3); expected a keras.Model from images (None, 32, "),
        ("nothing", "gave None; expected a keras.Model from images"),
        ("wide", "at 32 px with random weights failed: TypeError: "),
    ],
)
def test_a_network_of_a_package_that_cannot_be_used_is_told_with_it(beside_us: Path, function: str, told: str) -> None:
    received = message(lambda: of_package(beside_us, function))
    assert received.startswith(f"package_network:{function} of zoobench-nets 1.0 {told}")


def test_another_network_of_keras_applications_needs_no_code() -> None:
    backbone = Backbone(name="vgg16", builder="keras.applications:VGG16", preprocessing="caffe")
    assert features_model(backbone, weights=RANDOM, image_size=32, seed=0).output_shape == (None, 512)


# Files of models


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
    network.compile(keras.optimizers.Adam(name="adam"), "categorical_crossentropy", run_eagerly=True)
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


def test_a_model_comes_back_as_it_was_and_keras_itself_loads_it_with_its_optimizer(
    model: keras.Model, tmp_path: Path
) -> None:
    images, path = noise(3, side=8).astype(np.float32), saved(model, tmp_path / "one")
    np.testing.assert_array_equal(network.load(path)(images), model(images))
    assert int(keras.saving.load_model(path).optimizer.iterations) == 1


def test_the_same_model_gives_the_same_bytes_on_another_day_and_built_again_and_another_one_others(
    model: keras.Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = saved(model, tmp_path / "one").read_bytes()
    assert saved(trained(), tmp_path / "again").read_bytes() == first
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    assert saved(model, tmp_path / "later").read_bytes() == first
    model.layers[0].bias.assign([0.5] * 4)
    assert saved(model, tmp_path / "other").read_bytes() != first


def test_no_address_of_this_process_stands_in_it(model: keras.Model, tmp_path: Path) -> None:
    raw = tmp_path / "raw.keras"
    model.save(raw)
    with zipfile.ZipFile(raw) as archive:
        assert b"shared_object_id" in archive.read("config.json")  # else there is nothing to number here
    with zipfile.ZipFile(saved(model, tmp_path / "one")) as archive:
        numbers = archive.read("config.json").decode().split('"shared_object_id": ')[1:]
    assert all(int(text[: text.index("}")]) < 100 for text in numbers)


def test_an_interrupted_save_leaves_nothing(tmp_path: Path) -> None:
    class Interrupted:
        def save(self, path: Path) -> None:
            path.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        network.save(Interrupted(), tmp_path / "model.keras")
    assert list(tmp_path.iterdir()) == []
