"""Does a TFLite file of one's own become variants as a Keras model does: as it came, quantized, and under a head?"""

from dataclasses import replace
from itertools import product
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from architectures import converted_whole
from messages import message_of
from modelfiles import labelled
from networks import Floats, answers
from pet_photos import opened
from zoobench.build import recipe
from zoobench.build.assembly import make_models
from zoobench.build.attempts import chosen
from zoobench.build.examination import interface_of
from zoobench.build.network import load
from zoobench.build.recipe import BuildRequest, ConversionConfig, TrainingConfig
from zoobench.build.source import predicted
from zoobench.build.weights import find_weights, own_image_size
from zoobench.errors import ModelError
from zoobench.matrix.backbones import Backbone
from zoobench.matrix.interface import NOTHING_REQUESTED, Interface, Layout
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, Quantizer
from zoobench.measure.runtimes import Pixels, Session, open_session, presented, probabilities
from zoobench.store.product import Stored, find

SIDE, CLASSES = 32, 3
QUANTIZED = ("dynamic_range", "float16", "integer_only")
LOGITS = Interface(taken_as="classifier", pixels="0..1", scores="logits")


def network(*, layout: Layout = "NHWC", ending: str = "logits", width: int = SIDE) -> keras.Model:
    """Returns a network of pixels 0..1, moved to and fro where its layout is NCHW, as converters of PyTorch do."""
    keras.utils.set_random_seed(0)
    is_nchw = layout == "NCHW"
    pixels = keras.Input((3, SIDE, width) if is_nchw else (SIDE, width, 3), name="pixels")
    maps = keras.layers.Permute((2, 3, 1))(pixels) if is_nchw else pixels
    maps = keras.layers.Conv2D(8, 3, strides=4, activation="relu")(maps)
    maps = keras.layers.Conv2D(24, 3, activation="relu")(maps)
    maps = keras.layers.Permute((3, 1, 2))(maps) if is_nchw else maps
    if ending == "maps":
        return keras.Model(pixels, maps)
    pooled = keras.layers.GlobalAveragePooling2D(data_format="channels_first" if is_nchw else None)(maps)
    return keras.Model(pixels, pooled if ending == "vector" else keras.layers.Dense(CLASSES)(pooled))


def request_for(
    content: bytes, interface: Interface | None, *, pets: Path, kept: Path, folder: Path, path: Path | None = None
) -> BuildRequest:
    if path is None:
        path = folder / "mine.tflite"
        path.write_bytes(content)
    side = own_image_size(path)
    assert side
    backbone = Backbone(name="mine", path=path)
    return BuildRequest(
        backbone=backbone,
        weights=find_weights(backbone, image_size=side, request={"": "auto"}),
        image_size=side,
        dataset=opened(pets, kept, image_size=side),
        training=TrainingConfig(epochs=2, validation_every=1),
        conversion=ConversionConfig(calibration_images=5),
        root=folder / "models",
        interface=interface,
    )


def stored(request: BuildRequest, variant: str) -> Stored:
    found = find(request.root, recipe.variant_model(request, VARIANTS[variant]))
    assert found is not None, f"{variant} was not made"
    return found


def shown(request: BuildRequest) -> tuple[Interface, Floats]:
    """Returns the interface and the test images as the model takes them."""
    assert request.interface
    dataset = request.dataset
    return request.interface, presented(dataset.images(dataset.indices("test")), request.interface).astype(np.float32)


@pytest.mark.parametrize("layout", ["NHWC", "NCHW"])
def test_a_classifier_is_its_own_float32_file_and_is_quantized_from_it(
    layout: Layout, pets: Path, kept: Path, tmp_path: Path
) -> None:
    model = network(layout=layout)
    interface = Interface(taken_as="classifier", pixels="0..1", scores="logits", layout=layout)
    request = request_for(converted_whole(model), interface, pets=pets, kept=kept, folder=tmp_path)
    make_models(request, [VARIANTS[name] for name in ("keras", *QUANTIZED)])
    float32 = stored(request, "float32")
    assert request.backbone.path
    assert float32.path.read_bytes() == request.backbone.path.read_bytes()
    assert (float32.facts["numerics"]["max_probability_difference"], float32.facts["history"]) == (0, None)
    assert find(request.root, recipe.variant_model(request, VARIANTS["keras"])) is None
    _, images = shown(request)
    expected = probabilities(model.predict(images, verbose=0), interface, count=len(images))
    for variant in QUANTIZED:
        found = probabilities(answers(stored(request, variant).path.read_bytes(), images), interface, count=len(images))
        np.testing.assert_allclose(found, expected, atol=0.02)
        assert stored(request, variant).facts["numerics"]["max_probability_difference"] < 0.02


def test_a_grey_keras_model_is_calibrated_compared_and_run_on_what_pillow_makes_grey(
    pets: Path, kept: Path, tmp_path: Path
) -> None:
    keras.utils.set_random_seed(0)
    pixels = keras.Input((SIDE, SIDE, 1))
    maps = keras.layers.Conv2D(8, 3, strides=2, activation="relu")(keras.layers.Rescaling(1 / 255)(pixels))
    features = keras.layers.GlobalAveragePooling2D()(maps)
    model = keras.Model(pixels, keras.layers.Dense(2, activation="softmax")(features))
    model.save(path := tmp_path / "mine.keras")
    grey = request_for(b"", None, pets=pets, kept=kept, folder=tmp_path, path=path)
    interface = interface_of(grey, NOTHING_REQUESTED)
    assert (interface.taken_as, interface.channels) == ("classifier", 1)
    quantizers: tuple[Quantizer, ...] = ("ai_edge", "tensorflow")
    by_each = [
        replace(grey, interface=interface, conversion=replace(grey.conversion, quantizer=one)) for one in quantizers
    ]
    for request in by_each:
        make_models(request, [VARIANTS[name] for name in ("keras", "integer_only")])

    images = grey.dataset.images(grey.dataset.indices("test"))
    by_pillow = np.stack([np.array(Image.fromarray(one).convert("L"))[..., None] for one in images])
    expected = model.predict(by_pillow.astype(np.float32), verbose=0)
    kept_model = load(stored(by_each[0], "keras").path)
    np.testing.assert_allclose(predicted(kept_model, images, interface), expected, atol=1e-6)
    for request, variant in product(by_each, ("float32", "integer_only")):
        with open_session(stored(request, variant).path, runtime="litert", threads=1, interface=interface) as session:
            found = np.concatenate([answered(session, images[place : place + 1]) for place in range(len(images))])
        np.testing.assert_allclose(found, expected, atol=0.02)


def answered(session: Session, image: Pixels) -> Floats:
    session.load(image)
    session.invoke()
    return session.read()


def test_what_tensorflow_makes_of_a_keras_model_alone_is_tried_by_the_other_quantizer_alone_or_refused(
    pets: Path, kept: Path, tmp_path: Path
) -> None:
    request = request_for(converted_whole(network()), LOGITS, pets=pets, kept=kept, folder=tmp_path)
    assert [one.conversion.quantizer for one in recipe.alternatives(request, VARIANTS["float16"])] == ["ai_edge"]
    by_both = recipe.alternatives(request, VARIANTS["integer_only"])
    assert [one.conversion.quantizer for one in by_both] == ["ai_edge", "tensorflow"]
    asked = replace(request, conversion=replace(request.conversion, quantizer="tensorflow"))
    make_models(asked, [VARIANTS["float16"], VARIANTS["integer_only"]])
    assert find(asked.root, recipe.variant_model(asked, VARIANTS["integer_only"]))
    refused = find(asked.root, recipe.refusal(asked, VARIANTS["float16"]))
    assert refused
    assert refused.facts["reason"].startswith(
        "TensorFlow's quantizer makes it of a Keras model, and this came as a file"
    )


@pytest.mark.parametrize("label", ["integer_only", "float16"])
def test_what_came_quantized_is_kept_as_it_came(label: str, pets: Path, kept: Path, tmp_path: Path) -> None:
    interface = Interface(taken_as="classifier")
    request = request_for(labelled(label), interface, pets=pets, kept=kept, folder=tmp_path)
    make_models(request, [VARIANTS[PREQUANTIZED]])
    found = stored(request, PREQUANTIZED)
    assert (found.path.read_bytes(), found.facts["numerics"], found.facts["refused"]) == (labelled(label), None, None)
    assert find(request.root, recipe.variant_model(request, VARIANTS["float32"])) is None
    attempt = chosen(request, VARIANTS[PREQUANTIZED])
    assert attempt
    assert (attempt.fault, attempt.quantizer) == ("", None)
    of_features = replace(request, interface=Interface(taken_as="backbone"))
    told = message_of(ModelError, lambda: make_models(of_features, [VARIANTS[PREQUANTIZED]]))
    assert "came quantized and is taken as a backbone; a head is trained on a float32 file" in told


@pytest.mark.slow
@pytest.mark.parametrize(
    ("layout", "ending", "width"),
    [("NHWC", "vector", SIDE), ("NHWC", "maps", SIDE), ("NCHW", "maps", SIDE + 16)],
    ids=["vector", "maps", "NCHW maps, not square"],
)
def test_a_backbone_gets_a_head_and_one_file_computes_both(
    layout: Layout, ending: str, width: int, pets: Path, kept: Path, tmp_path: Path
) -> None:
    model = network(layout=layout, ending=ending, width=width)
    interface = Interface(taken_as="backbone", pixels="0..1", layout=layout)
    request = request_for(converted_whole(model), interface, pets=pets, kept=kept, folder=tmp_path)
    make_models(request, [VARIANTS["integer_only"]])
    float32, integer = stored(request, "float32"), stored(request, "integer_only")
    assert float32.facts["history"]
    head = find(request.root, recipe.head(request))
    assert head
    _, images = shown(request)
    features = model.predict(images, verbose=0)
    if ending == "maps":
        features = features.mean(axis=(2, 3) if layout == "NCHW" else (1, 2))
    expected = keras.saving.load_model(head.path).predict(features, verbose=0)
    np.testing.assert_allclose(answers(float32.path.read_bytes(), images), expected, atol=1e-5)
    np.testing.assert_allclose(answers(integer.path.read_bytes(), images), expected, atol=0.05)
    assert float32.facts["numerics"]["max_probability_difference"] < 1e-5


def test_a_backbone_whose_channels_cannot_be_told_is_refused_with_its_shape(
    pets: Path, kept: Path, tmp_path: Path
) -> None:
    model = network(ending="maps")
    in_a_row = keras.Model(model.input, keras.layers.Reshape((-1, 24))(model.output))
    interface = Interface(taken_as="backbone", pixels="0..1")
    request = request_for(converted_whole(in_a_row), interface, pets=pets, kept=kept, folder=tmp_path)
    told = message_of(ModelError, lambda: make_models(request, []))
    assert told.startswith(f"{request.backbone.path} gives [1, 36, 24]; allowed as a backbone are feature maps")
