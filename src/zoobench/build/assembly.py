"""From a request to model files: which steps, in which order, each kept by the store?"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import classifier, conversion, network, recipe
from zoobench.build.classifier import Labelled, extract
from zoobench.build.quantizing import Ingredients, made_by_package, quantized
from zoobench.build.recipe import BuildRequest
from zoobench.build.trial import calibration_images, held_against_keras
from zoobench.data.dataset import Dataset
from zoobench.data.drawing.sheet import Predicted, prediction_sheet
from zoobench.data.split import Split
from zoobench.errors import ModelError, ZoobenchError
from zoobench.matrix.variants import VARIANTS, Quantizer, Variant
from zoobench.store.product import Facts, Stored, find, obtain
from zoobench.system.files import write_bytes, write_json
from zoobench.system.terminal import progress
from zoobench.tflite.edit import joined

PICTURE = "predictions.png"
_PICTURED_IMAGES = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Where variants come from: how to get the Keras classifier and its float32 file, and how it was trained."""

    keras_model: Callable[[], keras.Model]
    float32: Callable[[], bytes]
    facts: Facts


Write = Callable[[Path], object]
"""Writes a variant's file."""


def make_models(request: BuildRequest, variants: Sequence[Variant]) -> None:
    """Makes the files of these variants, and of `float32`, that the store does not hold yet.

    What a quantizer refuses is kept with the reason, as `recipe.refusal`. A variant that fails otherwise does not keep
    the others from being made.

    Raises:
        ModelError: If weights, training or the float32 conversion failed, or the store cannot be written to.
    """
    source = _own_classifier(request) or _head_on_features(request)
    float32 = _obtain(request, source, VARIANTS["float32"], lambda path: write_bytes(path, source.float32()))
    ingredients = Ingredients(
        keras_model=source.keras_model, float32_file=float32.path, images_file=calibration_images(request).path
    )
    failures = [_failure(request, source, ingredients, variant) for variant in variants]
    if any(failures):
        raise ModelError("; ".join(filter(None, failures)))


class _RefusedError(Exception):
    """A quantizer does not make a variant of this classifier."""


def _obtain(request: BuildRequest, source: ModelSource, variant: Variant, write: Write) -> Stored:
    product = recipe.variant_model(request, variant)

    def make(folder: Path) -> Facts:
        path = folder / product.file_name
        with progress(f"Making {variant.name} of {request.backbone.name}", total=1) as advance:
            write(path)
            found = held_against_keras(request, source.keras_model, path) if path.suffix == ".tflite" else {}
            advance(1, "")
        return {**source.facts, **found}

    return obtain(request.root, product, make)


def _failure(request: BuildRequest, source: ModelSource, ingredients: Ingredients, variant: Variant) -> str:
    """Makes a variant beside `float32`, and returns why that failed, or ''."""
    try:
        if variant.is_quantized:
            _quantize(request, source, ingredients, variant)
        elif variant.name == "keras":
            _obtain(request, source, variant, partial(_save_keras, request, source))
    except ZoobenchError as error:  # a package's maker that fails is told by another of our errors
        return f"{variant.name}: {error}"
    return ""


def _quantize(request: BuildRequest, source: ModelSource, ingredients: Ingredients, variant: Variant) -> None:
    """Makes a quantized variant, or keeps why its quantizer refuses this classifier."""
    quantizer = request.conversion.quantizer_of(variant)
    refused = recipe.refusal(request, variant)
    if find(request.root, refused):
        return

    def write(path: Path) -> None:
        if quantizer == "tensorflow":
            ingredients.keras_model()  # weights that cannot be loaded just now are no refusal, which is kept
        try:
            write_bytes(path, _content(ingredients, variant, quantizer))
        except ModelError as error:
            raise _RefusedError(str(error)) from error

    try:
        _obtain(request, source, variant, write)
    except _RefusedError as error:
        reason = {"by": quantizer or str(variant.package), "reason": str(error)}
        obtain(request.root, refused, lambda folder: _written(folder / refused.file_name, reason))


def _content(ingredients: Ingredients, variant: Variant, quantizer: Quantizer | None) -> bytes:
    if quantizer is None:
        return made_by_package(ingredients, variant)
    return quantized(ingredients, variant, quantizer=quantizer)


def _written(path: Path, value: Facts) -> Facts:
    write_json(path, value)
    return value


def _save_keras(request: BuildRequest, source: ModelSource, path: Path) -> None:
    model = source.keras_model()
    network.save(model, path)
    prediction_sheet(_validated(model, request.dataset), request.dataset.classes).save(path.with_name(PICTURE))


def _validated(model: keras.Model, dataset: Dataset) -> tuple[Predicted, ...]:
    """Returns the model's answers to validation images, as many of each class as fit on the picture."""
    rows = dataset.indices("validation")
    labels = dataset.labels("validation")
    spread = np.argsort([np.sum(labels[:position] == label) for position, label in enumerate(labels)], kind="stable")
    chosen = sorted(rows[spread[:_PICTURED_IMAGES]])
    images = dataset.images(chosen)
    probabilities = model.predict(images.astype(np.float32), batch_size=_PICTURED_IMAGES, verbose=0)
    return tuple(
        Predicted(image=image, label=dataset.samples[row].label, probabilities=answer)
        for row, image, answer in zip(chosen, images, probabilities, strict=True)
    )


def _own_classifier(request: BuildRequest) -> ModelSource | None:
    """Returns a user's finished classifier, or None if the request is for a backbone."""
    if request.backbone.path is None:
        return None
    model = network.load_own(request.backbone.path, image_size=request.image_size)
    if not network.is_finished(model, classes=len(request.dataset.classes)):
        return None
    return ModelSource(keras_model=lambda: model, float32=lambda: conversion.float32(model), facts={"history": None})


def _head_on_features(request: BuildRequest) -> ModelSource:
    """Returns the classifier of a frozen backbone and a head, trained unless the store holds it."""

    @cache
    def frozen() -> keras.Model:
        return network.features_model(
            request.backbone, weights=request.weights, image_size=request.image_size, seed=request.training.seed
        )

    features_file = obtain(
        request.root, recipe.features_model(request), lambda folder: _convert_features(request, frozen(), folder)
    )
    head = obtain(request.root, recipe.head(request), lambda folder: _train_head(request, features_file.path, folder))
    keras_head = network.load(head.path)
    return ModelSource(
        keras_model=lambda: network.assembled(frozen(), keras_head),
        float32=lambda: joined(features_file.path.read_bytes(), conversion.float32(keras_head)),
        facts=head.facts,
    )


def _convert_features(request: BuildRequest, model: keras.Model, folder: Path) -> Facts:
    with progress(f"Converting the backbone {request.backbone.name} at {request.image_size} px", total=1) as advance:
        write_bytes(folder / recipe.features_model(request).file_name, conversion.float32(model))
        advance(1, "")
    return {"channels": int(model.output_shape[-1])}


def _train_head(request: BuildRequest, features_file: Path, folder: Path) -> Facts:
    values = np.load(_features(request, features_file).path, mmap_mode="r", allow_pickle=False)
    head = classifier.build_head(inputs=values.shape[1], classes=len(request.dataset.classes), config=request.training)
    with progress(f"Training the head of {request.backbone.name} (epochs)", total=request.training.epochs) as advance:
        note = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda _epoch, logs: advance(1, f"accuracy {logs['accuracy']:.3f}")
        )
        history = classifier.train(
            head,
            _labelled(values, request.dataset, "train"),
            _labelled(values, request.dataset, "validation"),
            config=request.training,
            callbacks=[note],
        )
    network.save(head, folder / recipe.head(request).file_name)
    return {"history": asdict(history)}


def _features(request: BuildRequest, features_file: Path) -> Stored:
    product = recipe.features(request)

    def make(folder: Path) -> Facts:
        np.save(folder / product.file_name, extract(features_file, request.dataset, name=request.backbone.name))
        return {}

    return obtain(request.root, product, make)


def _labelled(values: npt.NDArray[np.float32], dataset: Dataset, split: Split) -> Labelled:
    return Labelled(inputs=np.asarray(values[dataset.indices(split)]), labels=dataset.labels(split))
