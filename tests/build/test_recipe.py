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
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, Variant
from zoobench.run.options import OPTIONS
from zoobench.store.product import Product
from zoobench.system.files import sha256_of_json

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
PACKAGE = Package(name="zoobench-vgg", version="1.0")
VGG = Backbone(name="vgg16", builder="keras.applications:VGG16", libraries=("numpy",), package=PACKAGE)
ADDED = replace(REQUEST, backbone=VGG)
W4 = Variant(name="w4", short="W4", weights="int4", maker="making:make", package=PACKAGE)
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


def changed_by(change: Callable[[], object], request: BuildRequest = REQUEST) -> set[str]:
    """Returns the products of a request whose keys are others after a change of what is installed."""
    before = {name: product(request).key for name, product in PRODUCTS.items()}
    change()
    return {name for name, product in PRODUCTS.items() if product(request).key != before[name]}


def training(request: BuildRequest, **changes: Any) -> BuildRequest:
    return replace(request, training=replace(request.training, **changes))


def dataset(**changes: Any) -> BuildRequest:
    return replace(REQUEST, dataset=replace(DATASET, **changes))


def sample(**changes: Any) -> BuildRequest:
    return dataset(samples=(replace(DATASET.samples[0], **changes), *DATASET.samples[1:]))


def test_every_product_has_a_readable_name_and_a_key_of_its_own() -> None:
    products = [product(REQUEST) for product in PRODUCTS.values()]
    kinds = ("features-model", "features", "head", *list(PRODUCTS)[3:])
    assert [one.name for one in products] == [f"mobilenet-96-{kind}" for kind in kinds]
    files = ["features.tflite", "features.npy", "head.keras", "model.keras", *["model.tflite"] * 4]
    assert [one.file_name for one in products] == files
    assert len({one.key for one in products}) == len(products)


def test_the_keys_are_those_that_what_stands_in_stores_was_made_under(monkeypatch: pytest.MonkeyPatch) -> None:
    """A digest that changes without a higher `RECIPE` has every user make every model again."""
    monkeypatch.setattr(recipe, "version", lambda name: {"litert-quantizer": "0.11.0"}.get(name, "1"))
    tensorflow = replace(REQUEST, conversion=ConversionConfig(quantizer="tensorflow", calibration_images=7))
    keys: set[str] = set()
    for request in (REQUEST, RANDOM, ADDED, tensorflow, training(REQUEST, head_layers=(5, 4), seed=3)):
        own = [one for one in VARIANTS.values() if one.name != PREQUANTIZED]  # which came later
        steps = (recipe.features_model, recipe.features, recipe.head, recipe.calibration, recipe.reference)
        variants = (*own, W4, replace(W4, libraries=("numpy",)))
        made = [step(request) for step in steps]
        made += [kind(request, one) for one in variants for kind in (recipe.variant_model, recipe.refusal)]
        keys |= {f"{product.name} {product.key}" for product in made}
    assert len(keys) == 146
    assert sha256_of_json(sorted(keys)) == "508257bd6ee1a9300da939a6eb06249b169a44193827f515d979c1b214572a9f"


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
    versions = {"tensorflow": "1", "keras": "1", "ai-edge-litert": "1", "litert-quantizer": "1", "pillow": "1"}
    monkeypatch.setattr(recipe, "version", versions.__getitem__)
    assert changed_by(lambda: versions.update({package: "2"})) == EVERYTHING


def test_all_depends_on_the_recipe(monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed_by(lambda: monkeypatch.setattr(recipe, "RECIPE", recipe.RECIPE + 1)) == EVERYTHING


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


OTHERS = {
    "epochs": 41,
    "validation_every": 2,
    "early_stopping_from": 4,
    "patience": 3,
    "learning_rate": 0.002,
    "decay": 0.2,
    "batch_size": 16,
    "dropout": 0.5,
    "head_layers": (8,),
    "seed": 1,
}


@pytest.mark.parametrize("name", TrainingConfig.__slots__)
def test_what_is_trained_depends_on_every_choice_about_training(name: str) -> None:
    assert changed(REQUEST, training(REQUEST, **{name: OTHERS[name]})) == TRAINED


def test_random_weights_depend_on_the_seed() -> None:
    assert changed(RANDOM, training(RANDOM, seed=1)) == EVERYTHING
    assert changed(RANDOM, training(RANDOM, epochs=3)) == TRAINED


def test_only_calibrated_variants_depend_on_the_number_of_calibration_images_unless_fewer_are_compared() -> None:
    """Fewer than are compared concern every file that is held against Keras."""
    after = replace(REQUEST, conversion=ConversionConfig(calibration_images=50))
    assert changed(REQUEST, after) == CALIBRATED
    after = replace(REQUEST, conversion=ConversionConfig(calibration_images=7))
    assert changed(REQUEST, after) == CALIBRATED | {"float32", "dynamic_range"}


def test_how_pixels_are_made_counts() -> None:
    assert changed(REQUEST, dataset(preparation={"resize": "crop"})) == OF_IMAGES


def test_images_that_are_given_to_calibrate_on_count_and_what_is_trained_does_not() -> None:
    given = dataset(calibration=DATASET)
    other = dataset(calibration=replace(DATASET, classes=("",), samples=DATASET.samples[:1]))
    assert changed(REQUEST, given) == changed(given, other) == CALIBRATED | {"float32", "dynamic_range"}
    assert recipe.calibration(REQUEST).key != recipe.calibration(given).key != recipe.calibration(other).key


def test_a_variant_depends_on_its_quantizer() -> None:
    by_tensorflow = replace(REQUEST, conversion=ConversionConfig(quantizer="tensorflow"))
    by_ai_edge = replace(REQUEST, conversion=ConversionConfig(quantizer="ai_edge"))
    assert changed(REQUEST, by_tensorflow) == CALIBRATED | {"dynamic_range"}
    assert changed(REQUEST, by_ai_edge) == set()


@pytest.mark.parametrize(
    ("library", "request_", "expected"),
    [("litert-quantizer", REQUEST, CALIBRATED | {"dynamic_range"}), ("numpy", ADDED, EVERYTHING)],
    ids=["a variant on that of its own quantizer", "all on those of what adds the backbone"],
)
def test_products_depend_on_the_versions_of_their_own_libraries_alone(
    monkeypatch: pytest.MonkeyPatch, library: str, request_: BuildRequest, expected: set[str]
) -> None:
    real = recipe.version
    other = lambda name: "0.0" if name == library else real(name)  # noqa: E731
    assert changed_by(lambda: monkeypatch.setattr(recipe, "version", other), request_) == expected


def test_what_the_quantizer_made_under_its_old_name_stays_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    def inputs(number: str) -> Mapping[str, Any]:
        monkeypatch.setattr(recipe, "version", lambda package: number if package == "litert-quantizer" else "1")
        return recipe.variant_model(REQUEST, VARIANTS["dynamic_range"]).inputs

    kept, later = dict(inputs("0.11.0")), dict(inputs("0.12.0"))
    assert (kept.pop("ai-edge-quantizer"), later.pop("litert-quantizer")) == ("0.10.0", "0.12.0")
    assert kept == later


@pytest.mark.parametrize(
    "changes",
    [
        {"package": replace(PACKAGE, version="1.1")},
        {"package": replace(PACKAGE, name="zoobench-other")},
        {"builder": "keras.applications:VGG19"},
        {"libraries": ()},
        {"package": None},
    ],
    ids=["version", "package", "builder", "libraries", "ours"],
)
def test_all_depends_on_the_package_that_adds_the_backbone(changes: dict[str, Any]) -> None:
    assert changed(ADDED, replace(ADDED, backbone=replace(VGG, **changes))) == EVERYTHING


@pytest.mark.parametrize(
    "changes",
    [{"package": replace(PACKAGE, version="1.1")}, {"maker": "making:other"}, {"libraries": ("numpy",)}],
    ids=["version", "maker", "libraries"],
)
def test_a_variant_and_its_refusal_depend_on_the_package_that_adds_it(changes: dict[str, Any]) -> None:
    for product in (recipe.variant_model, recipe.refusal):
        assert product(REQUEST, W4).key != product(REQUEST, replace(W4, **changes)).key
    assert "added_by" not in recipe.variant_model(REQUEST, W4).inputs


def test_a_library_that_a_package_needs_and_nobody_has_is_named() -> None:
    with pytest.raises(ModelError, match=r"^zoobench-vgg 1\.0 needs no-such-library, which is not installed"):
        recipe.head(replace(ADDED, backbone=replace(VGG, libraries=("no-such-library",))))


WHOLE = "a whole number of at least 1"


@pytest.mark.parametrize(
    ("name", "value", "allowed"),
    [
        *[(name, value, WHOLE) for name in ("epochs", "validation_every", "batch_size") for value in (0, -1)],
        ("patience", -1, WHOLE),
        ("early_stopping_from", -1, "0 or more"),
        *[("learning_rate", value, "a number above 0") for value in (0.0, math.nan, math.inf)],
        *[("decay", value, "0 or more") for value in (-0.1, math.inf)],
        *[("dropout", value, "at least 0 and below 1") for value in (1.0, -0.5)],
        ("head_layers", (64, 0), "units of 1 or more"),
        *[("calibration_images", value, WHOLE) for value in (0, -3)],
    ],
)
def test_what_makes_no_sense_is_refused_with_the_option(name: str, value: Any, allowed: str) -> None:
    flag = "--zoo-" + name.removesuffix("_images").replace("_", "-")
    with pytest.raises(UsageError) as caught:
        (ConversionConfig if name == "calibration_images" else TrainingConfig)(**{name: value})
    assert str(caught.value) == f"{flag}: received {value}; allowed is {allowed}"
    assert flag in {option.flag for option in OPTIONS}


def test_what_stands_on_the_edge_is_allowed() -> None:
    least = dict.fromkeys(("epochs", "validation_every", "patience", "batch_size"), 1)
    assert TrainingConfig(**least, early_stopping_from=0, decay=0, dropout=0.99).head_layers == ()


def test_the_defaults_are_those_of_the_options() -> None:
    texts = {option.name.replace("-", "_"): option.default for option in OPTIONS}
    config = TrainingConfig()
    for name in OTHERS.keys() - {"head_layers", "seed"}:
        assert getattr(config, name) == float(texts[name]), name
    assert ConversionConfig().calibration_images == int(texts["calibration"])


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=lambda variant: variant.name)
def test_each_quantized_variant_has_its_own_quantizer_unless_one_is_asked_for(variant: Variant) -> None:
    by_default = "ai_edge" if variant.is_quantized else None
    assert ConversionConfig().quantizer_of(variant) == by_default
    for quantizer in ("tensorflow", "ai_edge"):
        assert ConversionConfig(quantizer=quantizer).quantizer_of(variant) == (quantizer if by_default else None)
