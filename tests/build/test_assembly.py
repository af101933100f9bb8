"""Do requests become model files, each made once and only where something that determines it changed?"""

import errno
import json
import shutil
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from PIL import Image

from networks import Floats, answers
from pet_photos import encoded, opened, put
from zoobench.build import ai_edge, assembly, recipe
from zoobench.build.assembly import PICTURE, make_models
from zoobench.build.attempts import chosen
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.weights import Weights, find_weights
from zoobench.data.dataset import Dataset
from zoobench.errors import DataError, ModelError
from zoobench.matrix.backbones import BACKBONES, Backbone
from zoobench.matrix.interface import Interface
from zoobench.matrix.registry import Package
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, Quantizer, Variant
from zoobench.measure.runtimes import presented, probabilities
from zoobench.store.product import Stored, find

OF_KERAS = tuple(name for name in VARIANTS if name != PREQUANTIZED)
EVERYTHING = tuple(VARIANTS[name] for name in OF_KERAS)
BLOCKS = "dynamic_range_int4_block"
REFUSED = {BLOCKS, "dynamic_range_int4"}
"""The one takes features by 32, the other no network whose weights are mostly those of depthwise convolutions."""
MADE = set(OF_KERAS) - REFUSED
ROUNDED = sorted(MADE - {"keras"})
"""Files whose answers stay near the float ones in a network of this size."""
CALIBRATED = {variant.name for variant in EVERYTHING if variant.calibrated}
FEW = ("keras", "float32", "integer_only")
SHARED = {"images-32-calibration", "reference"}


def stored(request: BuildRequest, variant: str) -> Stored:
    found = find(request.root, recipe.variant_model(request, VARIANTS[variant]))
    assert found is not None, f"{variant} was not made"
    return found


def made(capsys: pytest.CaptureFixture[str], request: BuildRequest, variants: Iterable[str] = OF_KERAS) -> set[str]:
    """Makes variants and returns which of them, and which steps on the way, were not in the store."""
    capsys.readouterr()
    before = set(request.root.iterdir()) if request.root.exists() else set()
    make_models(request, [VARIANTS[name] for name in variants])
    new = {path.name for path in set(request.root.iterdir()) - before if not path.name.startswith(".")}
    told = [line for line in capsys.readouterr().err.splitlines() if line.startswith("Making ")]
    kinds = {name.removeprefix(f"{request.backbone.name}-{request.image_size}-").rpartition("-")[0] for name in new}
    assert len(told) == len(kinds & VARIANTS.keys())
    return kinds


def manifest(found: Stored) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((found.path.parent / "manifest.json").read_text())
    return content


def answered(request: BuildRequest, variant: str) -> Floats:
    """Returns a variant's answers to the test images."""
    dataset, interface = request.dataset, request.interface or Interface(taken_as="backbone")
    images = dataset.images(dataset.indices("test"))
    shown, path = presented(images, interface).astype(np.float32), stored(request, variant).path
    is_keras = variant == "keras"
    given = keras.saving.load_model(path).predict(shown, verbose=0) if is_keras else answers(path.read_bytes(), shown)
    return probabilities(given, interface, count=len(images))


def accuracy(request: BuildRequest, variant: str) -> float:
    return float((answered(request, variant).argmax(axis=1) == request.dataset.labels("test")).mean())


# A small network of one's own on images of one colour


@pytest.fixture(scope="module")
def own_backbone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((32, 32, 3))
    maps = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    maps = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(maps)
    path = tmp_path_factory.mktemp("own") / "mine.keras"
    keras.Model(pixels, keras.layers.DepthwiseConv2D(3, activation="relu")(maps)).save(path)
    return path


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """Ten red cats and seven yellow dogs."""
    folder = tmp_path_factory.mktemp("data")
    for number in range(17):
        animal = ("cat", "dog")[number // 10]
        put(folder / "pets" / animal / f"{number}.png", encoded(number % 10, number // 10 * 100))
    return opened(folder / "pets", folder / "kept")


def request_for(path: Path, dataset: Dataset, root: Path) -> BuildRequest:
    backbone = Backbone(name=path.stem, path=path)
    return BuildRequest(
        backbone=backbone,
        weights=find_weights(backbone, image_size=32, request={"": "auto"}),
        image_size=32,
        dataset=dataset,
        training=TrainingConfig(epochs=2, validation_every=1),
        conversion=ConversionConfig(calibration_images=3),
        root=root,
    )


@pytest.fixture(scope="module")
def begun(own_backbone: Path, dataset: Dataset, tmp_path_factory: pytest.TempPathFactory) -> BuildRequest:
    """A request in whose store stands what `float32` needs."""
    request = request_for(own_backbone, dataset, tmp_path_factory.mktemp("begun") / "models")
    make_models(request, [VARIANTS["float32"]])
    return request


@pytest.fixture
def request_(begun: BuildRequest, tmp_path: Path) -> BuildRequest:
    """The same with a store of its own."""
    return replace(begun, root=shutil.copytree(begun.root, tmp_path / "models"))


def test_a_head_is_not_trained_on_nothing(request_: BuildRequest) -> None:
    tested = tuple(replace(one, split="test") for one in request_.dataset.samples)
    request = replace(request_, dataset=replace(request_.dataset, samples=tested))
    with pytest.raises(
        DataError, match=r"mine gets a head.* of pets, train and validation are empty: give them a share"
    ):
        make_models(request, [VARIANTS["float32"]])


def test_a_backbone_of_ones_own_becomes_every_variant_and_each_is_made_once(
    begun: BuildRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    request = replace(begun, root=tmp_path / "models")
    refused = {f"{name}-refused" for name in REFUSED}
    assert made(capsys, request) == {"features-model", "features", "head", *refused, *SHARED, *MADE}
    expected = answered(request, "keras")
    np.testing.assert_allclose(answered(request, "float32"), expected, atol=1e-5)
    for name in ROUNDED:
        np.testing.assert_allclose(answered(request, name), expected, atol=0.05)
    assert len(manifest(stored(request, "keras"))["facts"]["history"]["validation_loss"]) == 2
    assert made(capsys, request) == set()
    fewer = replace(request, conversion=ConversionConfig(calibration_images=2))
    assert made(capsys, fewer, FEW) == {*SHARED, "float32", "integer_only"}  # fewer are compared, too
    longer = replace(request, training=TrainingConfig(epochs=1))
    assert made(capsys, longer, FEW) == {"head", "reference", *FEW}


def hashes(request: BuildRequest) -> dict[str, Any]:
    """Returns the hash of every file of every product."""
    folders = (path for path in request.root.iterdir() if not path.name.startswith("."))
    return {folder.name: json.loads((folder / "manifest.json").read_text())["files"] for folder in folders}


@pytest.fixture(scope="module")
def whole(begun: BuildRequest, tmp_path_factory: pytest.TempPathFactory) -> BuildRequest:
    training = replace(begun.training, head_layers=(4,), dropout=0.5)
    request = replace(begun, training=training, root=tmp_path_factory.mktemp("whole") / "models")
    make_models(request, [VARIANTS[name] for name in FEW])
    return request


@pytest.mark.parametrize("missing", [("keras", "features-model"), ("head", "keras"), ("features", "head", "float32")])
def test_files_are_the_same_whatever_was_found_in_the_store(
    whole: BuildRequest, tmp_path: Path, missing: tuple[str, ...]
) -> None:
    request = replace(whole, root=shutil.copytree(whole.root, tmp_path / "models"))
    assert len(hashes(whole)) == 3 + len(SHARED) + len(FEW)
    for kind in missing:
        (folder,) = request.root.glob(f"mine-32-{kind}-{'[0-9a-f]' * 12}")
        shutil.rmtree(folder)
    make_models(request, [VARIANTS[name] for name in FEW])
    assert hashes(request) == hashes(whole)


def refusal(request: BuildRequest, variant: str) -> dict[str, Any]:
    kept = find(request.root, recipe.refusal(request, VARIANTS[variant]))
    assert kept is not None
    content: dict[str, Any] = json.loads(kept.path.read_text())
    return content


def test_what_a_quantizer_refuses_is_kept_with_the_reason_and_the_others_are_made(
    request_: BuildRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_content: bytes) -> bytes:
        raise ModelError("the quantizer does not know this layer")

    monkeypatch.setattr(ai_edge, "dynamic_range", refuse)
    make_models(request_, [VARIANTS[name] for name in ("dynamic_range", "weight_only_int8")])
    assert refusal(request_, "dynamic_range") == {"by": "ai_edge", "reason": "the quantizer does not know this layer"}
    stored(request_, "weight_only_int8")
    assert find(request_.root, recipe.variant_model(request_, VARIANTS["dynamic_range"])) is None


def test_a_refusal_is_not_asked_for_again(request_: BuildRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    make_models(request_, [VARIANTS[BLOCKS]])
    assert "block" in refusal(request_, BLOCKS)["reason"].lower()
    monkeypatch.setattr(ai_edge, "dynamic_range_int4_block", lambda _content: pytest.fail("asked again"))
    make_models(request_, [VARIANTS[BLOCKS]])


def test_what_a_quantizer_does_not_offer_is_a_refusal_that_names_who_does(request_: BuildRequest) -> None:
    request = quantized_by(request_, "tensorflow")
    make_models(request, [VARIANTS["weight_only_int8"]])
    reason = "tensorflow makes no weight_only_int8; use --zoo-quantizer ai_edge, or auto"
    assert refusal(request, "weight_only_int8") == {"by": "tensorflow", "reason": reason}


def test_a_full_disk_is_a_failure_and_no_refusal(request_: BuildRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_path: Path, _content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(assembly, "write_bytes", full)
    with pytest.raises(ModelError, match=r"dynamic_range: cannot keep .* No space left on device"):
        make_models(request_, [VARIANTS["dynamic_range"]])
    assert find(request_.root, recipe.refusal(request_, VARIANTS["dynamic_range"])) is None


def test_only_what_is_asked_for_is_made_beside_float32(
    request_: BuildRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(capsys, request_, ["integer_only"]) == {"integer_only"}


CLASSIFIERS = {
    "softmax": (Interface(taken_as="classifier"), "softmax"),
    "logits of half the range": (Interface(taken_as="classifier", scores="logits", pixels="-1..1"), None),
    "the other order": (Interface(taken_as="classifier", order=(1, 0)), "softmax"),
}


@pytest.mark.parametrize(("interface", "activation"), CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_a_finished_classifier_is_taken_as_it_is_and_its_answers_as_its_interface_says(
    interface: Interface, activation: str | None, dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras.utils.set_random_seed(1)
    stddev = 3 if interface.pixels == "0..255" else 1
    layers = [
        keras.Input((None, None, 3)),
        *([keras.layers.Rescaling(1 / 255)] if interface.pixels == "0..255" else []),
        keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(2, activation=activation, kernel_initializer=keras.initializers.RandomNormal(stddev=stddev)),
    ]
    finished = keras.Sequential(layers)
    finished.save(tmp_path / "finished.keras")
    request = replace(request_for(tmp_path / "finished.keras", dataset, tmp_path / "models"), interface=interface)
    assert made(capsys, request, FEW) == {*SHARED, *FEW}
    images = dataset.images(dataset.indices("test"))
    expected = probabilities(
        finished.predict(presented(images, interface).astype(np.float32), verbose=0), interface, count=len(images)
    )
    assert np.ptp(expected[:, 0]) > 0.05
    for name, tolerance in (("keras", 1e-6), ("float32", 1e-5), ("integer_only", 0.05)):
        np.testing.assert_allclose(answered(request, name), expected, atol=tolerance)
    assert stored(request, "integer_only").facts["numerics"]["max_probability_difference"] < 0.05
    assert manifest(stored(request, "keras"))["facts"] == {"history": None}
    assert made(capsys, request, FEW) == set()


def test_a_backbone_of_ones_own_is_fed_the_pixels_that_it_takes(request_: BuildRequest, tmp_path: Path) -> None:
    """What takes 0..1 gives the same as with the range inside."""
    keras.utils.set_random_seed(0)
    inside = keras.saving.load_model(request_.backbone.path)
    (tmp_path / "outside").mkdir()
    path = tmp_path / "outside" / "mine.keras"
    pixels = keras.Input((32, 32, 3))
    half = keras.layers.Rescaling(2.0, offset=-1.0)(pixels)
    keras.Model(pixels, inside.layers[-1](inside.layers[-2](half))).save(path)
    given = request_for(path, request_.dataset, tmp_path / "outside models")
    request = replace(given, interface=Interface(taken_as="backbone", pixels="0..1"))
    make_models(request, [VARIANTS["float32"]])
    features, expected = (
        np.load(find(one.root, recipe.features(one)).path)  # type: ignore[union-attr]
        for one in (request, request_)
    )
    np.testing.assert_allclose(features, expected, atol=1e-4)


def test_where_the_default_quantizer_leaves_an_operator_float_the_other_one_is_taken(
    dataset: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keras.utils.set_random_seed(1)
    layers = [
        keras.Input((32, 32, 3)),
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(8, 3, strides=2),
        keras.layers.LeakyReLU(0.1),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(2, activation="softmax"),
    ]
    keras.Sequential(layers).save(tmp_path / "leaky.keras")
    request = request_for(tmp_path / "leaky.keras", dataset, tmp_path / "models")
    names = ("integer_only", "float_fallback")
    make_models(request, [VARIANTS[name] for name in names])
    told = capsys.readouterr().err
    assert "Making integer_only of leaky by tensorflow, as ai_edge does not keep the spec of integer_only: " in told
    assert "1 LEAKY_RELU" in told
    integer, fallback = (chosen(request, VARIANTS[name]) for name in names)
    assert integer
    assert fallback
    assert (integer.quantizer, integer.fault) == ("tensorflow", "")
    assert fallback.quantizer == "ai_edge", "whose spec lets an operator be float"
    assert integer.stored == find(
        request.root, recipe.variant_model(quantized_by(request, "tensorflow"), VARIANTS["integer_only"])
    )
    assert made(capsys, request, names) == set()


def test_a_model_for_another_image_size_is_refused(begun: BuildRequest) -> None:
    with pytest.raises(
        ModelError, match=r"mine\.keras takes inputs of shape \(None, 32, 32, 3\); allowed is one image"
    ):
        make_models(replace(begun, image_size=48), EVERYTHING)


def test_the_picture_shows_as_many_of_each_class_as_fit() -> None:
    labels = np.array([0] * 40 + [1] * 15)
    assert assembly._evenly(labels).tolist() == [*range(12), *range(40, 52)]


# The smallest MobileNet with ImageNet's weights on real photos


@pytest.fixture(scope="module")
def real(photos: Path, imagenet_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> BuildRequest:
    """A request for it on 60 photos of each animal, its variants made by their default quantizers."""
    folder = tmp_path_factory.mktemp("real")
    for animal in sorted(photos.iterdir()):
        (folder / "photos" / animal.name).mkdir(parents=True)
        for photo in sorted(animal.iterdir())[:60]:
            (folder / "photos" / animal.name / photo.name).symlink_to(photo)
    backbone = BACKBONES["mobilenet_025"]
    request = BuildRequest(
        backbone=backbone,
        weights=find_weights(backbone, image_size=128, request={"": str(imagenet_weights)}),
        image_size=128,
        dataset=opened(folder / "photos", folder / "datasets", image_size=128),
        training=TrainingConfig(epochs=12, learning_rate=0.01),
        conversion=ConversionConfig(),
        root=folder / "models",
    )
    make_models(request, EVERYTHING)
    return request


def quantized_by(request: BuildRequest, quantizer: Quantizer) -> BuildRequest:
    return replace(request, conversion=replace(request.conversion, quantizer=quantizer))


@pytest.mark.slow
def test_the_classifier_is_right_about_real_photos_and_some_are_pictured(real: BuildRequest) -> None:
    assert accuracy(real, "float32") > 0.6
    np.testing.assert_allclose(answered(real, "keras"), answered(real, "float32"), atol=1e-4)
    with Image.open(stored(real, "keras").path.with_name(PICTURE)) as picture:
        assert picture.size == (1064, 1008)
        assert len(picture.getcolors(1 << 24) or ()) > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("quantizer", ["tensorflow", "ai_edge"])
def test_both_quantizers_make_every_variant_and_cost_little_accuracy(real: BuildRequest, quantizer: Quantizer) -> None:
    request, names = quantized_by(real, quantizer), ("dynamic_range", "float_fallback", "integer_only")
    make_models(request, [VARIANTS[name] for name in names])
    for name in names:
        assert accuracy(request, name) > accuracy(real, "float32") - 0.06, name
        assert 0.3 < stored(request, name).size_bytes / stored(real, "float32").size_bytes < 0.38
        assert stored(request, name).inputs["quantizer"] == quantizer


@pytest.mark.slow
def test_the_history_of_training_stands_in_every_manifest(real: BuildRequest) -> None:
    histories = [manifest(stored(real, name))["facts"]["history"] for name in OF_KERAS]
    assert all(history == histories[0] for history in histories)
    losses = histories[0]["loss"]
    assert losses[-1] < losses[0] / 2
    validated = [epoch for epoch, loss in enumerate(histories[0]["validation_loss"]) if loss is not None]
    assert validated == list(range(2, len(losses), 3))


@pytest.mark.slow
def test_a_second_run_makes_nothing_and_fewer_calibration_images_only_what_is_calibrated(
    real: BuildRequest, capsys: pytest.CaptureFixture[str]
) -> None:
    assert made(capsys, real) == set()
    fewer = replace(real, conversion=ConversionConfig(calibration_images=40))
    assert made(capsys, fewer) == CALIBRATED | {"images-128-calibration"}


@pytest.mark.slow
def test_what_was_saved_is_a_classifier_of_ones_own(
    real: BuildRequest, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = stored(real, "keras").path
    again = replace(
        real,
        backbone=Backbone(name="mine", path=path),
        weights=Weights(identity="file:abc", path=path, sha256="abc"),
        root=tmp_path / "models",
        interface=Interface(taken_as="classifier"),
    )
    assert made(capsys, again, FEW) == {"images-128-calibration", "reference", *FEW}
    np.testing.assert_allclose(answered(again, "float32"), answered(real, "float32"), atol=1e-4)
    assert accuracy(again, "integer_only") == pytest.approx(accuracy(real, "integer_only"), abs=0.04)


MAKERS = """
from zoobench.errors import DataError, ModelError

def refuse(float32):
    raise ModelError("too deep")

def fail(float32):
    return 1 / 0
"""


def test_a_package_that_refuses_is_kept_and_one_that_fails_is_asked_again_and_others_are_made(
    request_: BuildRequest, beside_us: Path
) -> None:
    (beside_us / "makers.py").write_text(MAKERS)
    package = Package(name="zoobench-made", version="1.0")
    refusing, failing = (
        Variant(name=name, short="M", weights="int8", maker=f"makers:{name}", package=package)
        for name in ("refuse", "fail")
    )
    with pytest.raises(ModelError) as caught:
        make_models(request_, [refusing, failing, VARIANTS["dynamic_range"]])
    assert str(caught.value) == (
        "fail: makers:fail of zoobench-made 1.0 failed to make fail: ZeroDivisionError: division by zero"
    )
    kept = find(request_.root, recipe.refusal(request_, refusing))
    assert kept is not None
    assert json.loads(kept.path.read_text()) == {"by": "zoobench-made 1.0", "reason": "too deep"}
    assert find(request_.root, recipe.refusal(request_, failing)) is None
    stored(request_, "dynamic_range")
