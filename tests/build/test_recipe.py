"""Does everything that determines a product, and nothing else, change its key?"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from zoobench.build import recipe
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.weights import Weights
from zoobench.data.dataset import Dataset, Sample
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import BACKBONES, Backbone
from zoobench.matrix.registry import Package
from zoobench.matrix.variants import VARIANTS, Variant
from zoobench.run.options import OPTIONS
from zoobench.store.product import Product

DATASET = Dataset(
    name="pets",
    classes=("cat", "dog"),
    samples=(
        Sample(name="cat/1", label=0, sha256="a", split="train"),
        Sample(name="dog/1", label=1, sha256="b", split="train"),
        Sample(name="dog/2", label=1, sha256="c", split="test"),
    ),
    left_out=(),
    duplicates=(),
    ignored=(),
    image_size=96,
    pixels_path=Path("pixels.npy"),
)

REQUEST = BuildRequest(
    backbone=BACKBONES["mobilenet"],
    weights=Weights(identity="imagenet", path=Path("weights.h5"), sha256="d"),
    image_size=96,
    dataset=DATASET,
    training=TrainingConfig(),
    conversion=ConversionConfig(),
    root=Path("models"),
)

RANDOM = replace(REQUEST, weights=Weights(identity="random"))

PRODUCTS: dict[str, Callable[[BuildRequest], Product]] = {
    "features model": recipe.features_model,
    "features": recipe.features,
    "head": recipe.head,
    "keras": lambda request: recipe.variant_model(request, VARIANTS["keras"]),
    "float32": lambda request: recipe.variant_model(request, VARIANTS["float32"]),
    "dynamic_range": lambda request: recipe.variant_model(request, VARIANTS["dynamic_range"]),
    "float_fallback": lambda request: recipe.variant_model(request, VARIANTS["float_fallback"]),
    "integer_only": lambda request: recipe.variant_model(request, VARIANTS["integer_only"]),
}

EVERYTHING = set(PRODUCTS)

TRAINED = EVERYTHING - {"features model", "features"}

OF_IMAGES = EVERYTHING - {"features model"}

CALIBRATED = {"float_fallback", "integer_only"}


def changed(before: BuildRequest, after: BuildRequest) -> set[str]:
    return {name for name, product in PRODUCTS.items() if product(before).key != product(after).key}


def training(request: BuildRequest, **changes: Any) -> BuildRequest:
    return replace(request, training=replace(request.training, **changes))


def dataset(**changes: Any) -> BuildRequest:
    return replace(REQUEST, dataset=replace(DATASET, **changes))


def sample(**changes: Any) -> BuildRequest:
    return dataset(samples=(replace(DATASET.samples[0], **changes), *DATASET.samples[1:]))


def test_every_product_has_a_readable_name_and_a_key_of_its_own() -> None:
    products = {name: product(REQUEST) for name, product in PRODUCTS.items()}
    assert [(one.name, one.file_name) for one in products.values()] == [
        ("mobilenet-96-features-model", "features.tflite"),
        ("mobilenet-96-features", "features.npy"),
        ("mobilenet-96-head", "head.keras"),
        ("mobilenet-96-keras", "model.keras"),
        ("mobilenet-96-float32", "model.tflite"),
        ("mobilenet-96-dynamic_range", "model.tflite"),
        ("mobilenet-96-float_fallback", "model.tflite"),
        ("mobilenet-96-integer_only", "model.tflite"),
    ]
    assert len({one.key for one in products.values()}) == len(products)


@pytest.mark.parametrize(
    "after",
    [
        replace(REQUEST, backbone=BACKBONES["mobilenet_050"]),
        replace(REQUEST, image_size=128),
        replace(REQUEST, weights=replace(REQUEST.weights, sha256="e")),
        RANDOM,
    ],
    ids=["backbone", "image size", "weights", "random weights"],
)
def test_all_depends_on_the_backbone(after: BuildRequest) -> None:
    assert changed(REQUEST, after) == EVERYTHING


@pytest.mark.parametrize("package", ["tensorflow", "keras"])
def test_all_depends_on_the_libraries(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    before = {name: product(REQUEST).key for name, product in PRODUCTS.items()}
    versions = {"tensorflow": "1", "keras": "1", "ai-edge-litert": "1", "litert-quantizer": "1", "pillow": "1"}
    monkeypatch.setattr(recipe, "version", (versions | {package: "2"}).__getitem__)
    assert all(product(REQUEST).key != before[name] for name, product in PRODUCTS.items())


def test_all_depends_on_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: product(REQUEST).key for name, product in PRODUCTS.items()}
    monkeypatch.setattr(recipe, "RECIPE", recipe.RECIPE + 1)
    assert all(product(REQUEST).key != before[name] for name, product in PRODUCTS.items())


@pytest.mark.parametrize(
    "after",
    [
        sample(sha256="z"),
        sample(label=1),
        sample(split="validation"),
        dataset(samples=DATASET.samples[::-1]),
        dataset(classes=("cat", "wolf")),
    ],
    ids=["content", "label", "split", "order", "classes"],
)
def test_all_but_the_features_model_depends_on_the_images(after: BuildRequest) -> None:
    assert changed(REQUEST, after) == OF_IMAGES


@pytest.mark.parametrize(
    "after",
    [
        sample(name="cat/renamed"),
        dataset(name="renamed", pixels_path=Path("elsewhere.npy")),
        replace(REQUEST, root=Path("elsewhere")),
        replace(REQUEST, weights=replace(REQUEST.weights, path=Path("elsewhere.h5"), remark="found")),
    ],
    ids=["file name", "data set", "store", "weights file"],
)
def test_names_and_places_play_no_part(after: BuildRequest) -> None:
    assert changed(REQUEST, after) == set()


@pytest.mark.parametrize(
    "changes",
    [
        {"epochs": 41},
        {"validation_every": 2},
        {"early_stopping_from": 4},
        {"patience": 3},
        {"learning_rate": 0.002},
        {"decay": 0.2},
        {"batch_size": 16},
        {"dropout": 0.5},
        {"head_layers": (8,)},
        {"seed": 1},
    ],
    ids=str,
)
def test_what_is_trained_depends_on_every_choice_about_training(changes: dict[str, Any]) -> None:
    assert changed(REQUEST, training(REQUEST, **changes)) == TRAINED


def test_random_weights_depend_on_the_seed() -> None:
    assert changed(RANDOM, training(RANDOM, seed=1)) == EVERYTHING
    assert changed(RANDOM, training(RANDOM, epochs=3)) == TRAINED


def test_only_calibrated_variants_depend_on_the_number_of_calibration_images() -> None:
    after = replace(REQUEST, conversion=ConversionConfig(calibration_images=50))
    assert changed(REQUEST, after) == CALIBRATED


def test_fewer_images_than_are_compared_concern_every_file_that_is_held_against_keras() -> None:
    found = changed(REQUEST, replace(REQUEST, conversion=ConversionConfig(calibration_images=7)))
    assert found >= CALIBRATED | {"float32", "dynamic_range"}
    assert not found & {"features", "head", "keras"}


def test_a_variant_depends_on_its_quantizer() -> None:
    by_tensorflow = replace(REQUEST, conversion=ConversionConfig(quantizer="tensorflow"))
    by_ai_edge = replace(REQUEST, conversion=ConversionConfig(quantizer="ai_edge"))
    assert changed(REQUEST, by_tensorflow) == CALIBRATED | {"dynamic_range"}
    assert changed(REQUEST, by_ai_edge) == set()


def test_a_variant_depends_on_the_version_of_its_own_quantizer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: product(REQUEST).key for name, product in PRODUCTS.items()}
    real = recipe.version
    monkeypatch.setattr(recipe, "version", lambda package: "0" if package == "litert-quantizer" else real(package))
    different = {name for name, product in PRODUCTS.items() if product(REQUEST).key != before[name]}
    assert different == CALIBRATED | {"dynamic_range"}


def test_what_the_quantizer_made_under_its_old_name_stays_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    def inputs(number: str) -> Mapping[str, Any]:
        monkeypatch.setattr(recipe, "version", lambda package: number if package == "litert-quantizer" else "1")
        return recipe.variant_model(REQUEST, VARIANTS["dynamic_range"]).inputs

    kept, later = dict(inputs("0.11.0")), dict(inputs("0.12.0"))
    assert (kept.pop("ai-edge-quantizer"), later.pop("litert-quantizer")) == ("0.10.0", "0.12.0")
    assert kept == later


PACKAGE = Package(name="zoobench-vgg", version="1.0")

VGG = Backbone(name="vgg16", builder="keras.applications:VGG16", libraries=("numpy",), package=PACKAGE)

ADDED = replace(REQUEST, backbone=VGG)


@pytest.mark.parametrize(
    "backbone",
    [
        replace(VGG, package=replace(PACKAGE, version="1.1")),
        replace(VGG, package=replace(PACKAGE, name="zoobench-other")),
        replace(VGG, builder="keras.applications:VGG19"),
        replace(VGG, libraries=()),
        replace(VGG, package=None),
    ],
    ids=["version", "package", "builder", "libraries", "ours"],
)
def test_all_depends_on_the_package_that_adds_the_backbone(backbone: Backbone) -> None:
    assert changed(ADDED, replace(ADDED, backbone=backbone)) == EVERYTHING


def test_all_depends_on_the_versions_of_its_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    before = {name: product(ADDED).key for name, product in PRODUCTS.items()}
    real = recipe.version
    monkeypatch.setattr(recipe, "version", lambda name: "0.0" if name == "numpy" else real(name))
    assert all(product(ADDED).key != before[name] for name, product in PRODUCTS.items())


@pytest.mark.parametrize(
    "changes",
    [
        {"package": replace(PACKAGE, version="1.1")},
        {"maker": "making:other"},
        {"libraries": ("numpy",)},
    ],
    ids=["version", "maker", "libraries"],
)
def test_a_variant_and_its_refusal_depend_on_the_package_that_adds_it(changes: dict[str, Any]) -> None:
    variant = Variant(name="w4", short="W4", weights="int4", maker="making:make", package=PACKAGE)
    for product in (recipe.variant_model, recipe.refusal):
        assert product(REQUEST, variant).key != product(REQUEST, replace(variant, **changes)).key
    assert "added_by" not in recipe.variant_model(REQUEST, variant).inputs


def test_a_library_that_a_package_needs_and_nobody_has_is_named() -> None:
    with pytest.raises(ModelError, match=r"^zoobench-vgg 1\.0 needs no-such-library, which is not installed"):
        recipe.head(replace(ADDED, backbone=replace(VGG, libraries=("no-such-library",))))


WHOLE = "a whole number of at least 1"


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("epochs", 0, f"--zoo-epochs: received 0; allowed is {WHOLE}"),
        ("validation_every", 0, f"--zoo-validation-every: received 0; allowed is {WHOLE}"),
        ("patience", -1, f"--zoo-patience: received -1; allowed is {WHOLE}"),
        ("batch_size", 0, f"--zoo-batch-size: received 0; allowed is {WHOLE}"),
        ("early_stopping_from", -1, "--zoo-early-stopping-from: received -1; allowed is 0 or more"),
        ("learning_rate", 0.0, "--zoo-learning-rate: received 0.0; allowed is a number above 0"),
        ("learning_rate", math.nan, "--zoo-learning-rate: received nan; allowed is a number above 0"),
        ("learning_rate", math.inf, "--zoo-learning-rate: received inf; allowed is a number above 0"),
        ("decay", -0.1, "--zoo-decay: received -0.1; allowed is 0 or more"),
        ("decay", math.inf, "--zoo-decay: received inf; allowed is 0 or more"),
        ("dropout", 1.0, "--zoo-dropout: received 1.0; allowed is at least 0 and below 1"),
        ("dropout", -0.5, "--zoo-dropout: received -0.5; allowed is at least 0 and below 1"),
        ("head_layers", (64, 0), "--zoo-head-layers: received (64, 0); allowed is units of 1 or more"),
    ],
)
def test_training_that_makes_no_sense_is_refused(name: str, value: Any, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        TrainingConfig(**{name: value})
    assert str(caught.value) == expected
    assert expected.partition(":")[0] in {option.flag for option in OPTIONS}


@pytest.mark.parametrize("count", [0, -3])
def test_calibration_without_images_is_refused(count: int) -> None:
    with pytest.raises(UsageError) as caught:
        ConversionConfig(calibration_images=count)
    assert str(caught.value) == f"--zoo-calibration: received {count}; allowed is {WHOLE}"


def test_what_stands_on_the_edge_is_allowed() -> None:
    config = TrainingConfig(
        epochs=1, validation_every=1, patience=1, batch_size=1, early_stopping_from=0, decay=0, dropout=0.99
    )
    assert config.head_layers == ()


def test_the_defaults_are_those_of_the_options() -> None:
    texts = {option.name.replace("-", "_"): option.default for option in OPTIONS}
    config = TrainingConfig()
    for name in ("epochs", "validation_every", "early_stopping_from", "patience", "batch_size"):
        assert getattr(config, name) == int(texts[name]), name
    for name in ("learning_rate", "decay", "dropout"):
        assert getattr(config, name) == float(texts[name]), name
    assert ConversionConfig().calibration_images == int(texts["calibration"])


@pytest.mark.parametrize(
    ("name", "by_default"),
    [
        ("keras", None),
        ("float32", None),
        ("dynamic_range", "ai_edge"),
        ("float_fallback", "ai_edge"),
        ("integer_only", "ai_edge"),
    ],
)
def test_each_quantized_variant_has_its_own_quantizer_unless_one_is_asked_for(
    name: str, by_default: str | None
) -> None:
    variant = VARIANTS[name]
    assert ConversionConfig().quantizer_of(variant) == by_default
    for quantizer in ("tensorflow", "ai_edge"):
        asked = ConversionConfig(quantizer=quantizer).quantizer_of(variant)
        assert asked == (quantizer if by_default else None)
