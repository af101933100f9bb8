"""From a request to model files: which steps, in which order, each kept by the store and held against Keras?"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import classifier, conversion, network, recipe
from zoobench.build.attempts import fault_of
from zoobench.build.conversion import Ingredients, quantized
from zoobench.build.recipe import BuildRequest
from zoobench.data.dataset import Dataset
from zoobench.data.split import Split
from zoobench.errors import DataError, MeasurementError, ModelError, ZoobenchError
from zoobench.matrix.interface import Interface
from zoobench.matrix.variants import VARIANTS, Variant
from zoobench.measure.accuracy import run_all
from zoobench.measure.presentation import presented, probabilities
from zoobench.measure.runtimes import OpenSession, open_session
from zoobench.measure.target import Samples
from zoobench.store.product import Facts, Product, Stored, find, obtain
from zoobench.system.files import write_bytes, write_json
from zoobench.system.terminal import progress

PICTURE = "predictions.png"
_PICTURED_IMAGES = 24
_BATCH = 32
_RUNTIME = "litert"
"""The runtime that the numerical contract is about."""
Probabilities = npt.NDArray[np.float32]
_FAULT_WIDTH = 150
"""Characters of it on the line that says what is made."""
_LEAST = 1e-7
"""Probabilities are clipped to this before a logarithm, as `keras.backend.epsilon()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """Where variants come from: how to get the Keras classifier and its float32 file, and how it was trained."""

    keras_model: Callable[[], keras.Model]
    float32: Callable[[], bytes]
    facts: Facts


class _RefusedError(Exception):
    """A quantizer does not make a variant of this classifier."""


def make_models(request: BuildRequest, variants: Sequence[Variant]) -> None:
    """Makes the files of these variants, and of `float32`, that the store does not hold yet.

    What a quantizer refuses is kept with the reason, as `recipe.refusal`. A variant that fails otherwise does not keep
    the others from being made.

    Raises:
        DataError: If a head is to be trained and there are no images for it.
        ModelError: If weights, training or the float32 conversion failed, or the store cannot be written to.
    """
    source = _own_classifier(request) or _head_on_features(request)
    float32 = _obtain(request, source, VARIANTS["float32"], lambda path: write_bytes(path, source.float32()))
    ingredients = Ingredients(
        keras_model=source.keras_model,
        float32_file=float32.path,
        images_file=calibration_images(request).path,
        interface=request.interface,
    )
    failures = [_failure(request, source, ingredients, variant) for variant in variants]
    # last, as a quantizer's native code may end the process
    failures += [_failure_of_others(request, source, ingredients, variant) for variant in variants]
    if any(failures):
        raise ModelError("; ".join(filter(None, failures)))


def calibration_images(request: BuildRequest) -> Stored:
    """Returns the product that holds the calibration images, uint8 [n, height, width, 3]."""
    product = recipe.calibration(request)

    def make(folder: Path) -> Facts:
        dataset = request.dataset.calibrating
        rows = dataset.calibration_indices(request.conversion.calibration_images, seed=request.training.seed)
        np.save(folder / product.file_name, dataset.images(rows))
        return {"images": [dataset.samples[row].name for row in rows]}

    return obtain(request.root, product, make)


def extract(
    features_file: Path, dataset: Dataset, *, name: str, interface: Interface | None = None
) -> npt.NDArray[np.float32]:
    """Returns the features [samples, channels] of every image of a data set, in its order.

    LiteRT runs the float32 file several times faster than `Model.predict` runs the Keras model, one interpreter a core.
    """
    count = len(dataset.samples)
    samples = Samples(path=dataset.pixels_path, rows=np.arange(count), labels=np.zeros(count, np.int64))
    opener = partial(open_session, features_file, runtime=_RUNTIME, threads=1, interface=interface)
    with progress(f"Features of {name}", total=count) as advance:
        values, _ = run_all(
            opener, samples, workers=os.cpu_count() or 1, on_batch=lambda _start, values: advance(len(values), "")
        )
    return values


def held_against_keras(request: BuildRequest, keras_model: Callable[[], keras.Model], path: Path) -> Facts:
    """Returns what is known of a TFLite file from running it: how near it is to Keras, or why LiteRT refuses it.

    The Keras classifier is asked for only where its answers are not in the store.

    Returns:
        `calibration`, the folder of the images in the store; `numerics`, from `compared`, or None; `refused`, by which
        runtime and why, or None.
    """
    images = calibration_images(request)
    reference = np.load(_reference(request, keras_model, images.path).path, allow_pickle=False)
    rows = np.arange(len(reference))
    samples = Samples(path=images.path, rows=rows, labels=np.zeros_like(rows))
    opener = partial(open_session, path, runtime=_RUNTIME, threads=1, interface=request.interface)
    known: dict[str, Any] = {"calibration": images.path.parent.name}
    try:
        answers = _answers(opener, samples)
    except MeasurementError as error:
        reason = str(error).replace(str(path), path.name)  # the folder in which it is made is gone when that is read
        return known | {"numerics": None, "refused": {"by": _RUNTIME, "reason": reason}}
    return known | {"numerics": compared(reference, answers), "refused": None}


def compared(reference: Probabilities, answers: Probabilities) -> dict[str, float]:
    """Compares a variant's probabilities [images, classes] with Keras's for the same images: the numerical contract.

    Returns:
        What `RecordedNumerics` records. The divergence is the mean over images of the sum of p log(p / q), p Keras's
        probabilities and q the variant's, each row clipped and divided by its sum, since quantized outputs do not sum
        to one. S. Kullback and R. A. Leibler, "On information and sufficiency", Ann. Math. Statist. 22 (1951).
    """
    if reference.shape != answers.shape or reference.ndim != 2 or not len(reference):
        raise ValueError(
            f"received shapes {reference.shape} and {answers.shape}; expected two alike, [images, classes]"
        )
    difference = np.abs(reference.astype(np.float64) - answers)
    clipped = (np.clip(values.astype(np.float64), _LEAST, None) for values in (reference, answers))
    expected, found = (values / values.sum(1, keepdims=True) for values in clipped)
    return {
        "images": len(reference),
        "top1_agreement": float(np.mean(reference.argmax(1) == answers.argmax(1))),
        "mean_probability_difference": float(difference.mean()),
        "max_probability_difference": float(difference.max()),
        "kl_divergence_nats": float((expected * np.log(expected / found)).sum(1).mean()),
    }


def _obtain(
    request: BuildRequest, source: ModelSource, variant: Variant, write: Callable[[Path], object], *, note: str = ""
) -> Stored:
    product = recipe.variant_model(request, variant)
    title = f"Making {variant.name} of {request.backbone.name}"
    if note:
        title += f" by {request.conversion.quantizer}, {note}"

    def make(folder: Path) -> Facts:
        path = folder / product.file_name
        with progress(title, total=1) as advance:
            write(path)
            found = held_against_keras(request, source.keras_model, path) if path.suffix == ".tflite" else {}
            advance(1, "")
        return {**source.facts, **found}

    return obtain(request.root, product, make)


def _failure(
    request: BuildRequest, source: ModelSource, ingredients: Ingredients, variant: Variant, *, note: str = ""
) -> str:
    try:
        if variant.is_quantized:
            _quantize(request, source, ingredients, variant, note=note)
        elif variant.name == "keras":
            _obtain(request, source, variant, partial(_save_keras, request, source.keras_model))
    except ZoobenchError as error:  # a package's maker that fails is told by another of our errors
        return f"{variant.name}: {error}"
    return ""


def _failure_of_others(request: BuildRequest, source: ModelSource, ingredients: Ingredients, variant: Variant) -> str:
    """Has the other quantizers try where the default one's file falls short of its variant, until one does not."""
    first, *others = recipe.alternatives(request, variant)
    fault = fault_of(first, variant) if others else ""
    for other in others:
        if not fault:
            break
        note = f"as {first.conversion.quantizer} {shorten(fault, _FAULT_WIDTH, placeholder=' ...')}"
        if problem := _failure(other, source, ingredients, variant, note=note):
            return problem
        fault = fault_of(other, variant)
    return ""


def _quantize(
    request: BuildRequest, source: ModelSource, ingredients: Ingredients, variant: Variant, *, note: str
) -> None:
    """Makes a quantized variant, or keeps why its quantizer refuses this classifier."""
    quantizer = request.conversion.quantizer_of(variant)
    refused = recipe.refusal(request, variant)
    if find(request.root, refused):
        return

    def write(path: Path) -> None:
        if quantizer == "tensorflow":
            ingredients.keras_model()  # weights that cannot be loaded just now are no refusal, which is kept
        try:
            write_bytes(path, quantized(ingredients, variant, quantizer=quantizer))
        except ModelError as error:
            raise _RefusedError(str(error)) from error

    try:
        _obtain(request, source, variant, write, note=note)
    except _RefusedError as error:
        reason = {"by": quantizer or str(variant.package), "reason": str(error)}

        def keep(folder: Path) -> Facts:
            write_json(folder / refused.file_name, reason)
            return reason

        obtain(request.root, refused, keep)


def _save_keras(request: BuildRequest, keras_model: Callable[[], keras.Model], path: Path) -> None:
    model, dataset = keras_model(), request.dataset
    network.save(model, path)
    split: Split = "validation" if len(dataset.indices("validation")) else "test"
    labels = dataset.labels(split)
    shown = _evenly(labels)
    images = dataset.images(dataset.indices(split)[shown])
    answers = _predicted(model, images, request.interface)
    sheet = classifier.prediction_sheet(
        images, labels=labels[shown].tolist(), probabilities=answers, classes=dataset.classes
    )
    sheet.save(path.with_name(PICTURE))


def _evenly(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    earlier = [np.sum(labels[:position] == label) for position, label in enumerate(labels)]
    return np.sort(np.argsort(earlier, kind="stable")[:_PICTURED_IMAGES])


def _predicted(model: keras.Model, images: npt.NDArray[np.uint8], interface: Interface | None) -> Probabilities:
    """Returns a classifier's probabilities [images, classes]."""
    pixels = images if interface is None else presented(images, interface)
    answers: Probabilities = model.predict(pixels.astype(np.float32), batch_size=_BATCH, verbose=0)
    return answers if interface is None else probabilities(answers, interface, count=len(images))


def _own_classifier(request: BuildRequest) -> ModelSource | None:
    path, interface = request.backbone.path, request.interface
    if path is None or (interface and interface.taken_as == "backbone"):
        return None
    model = network.load_own(path, image_size=request.image_size)
    if interface is None and not network.is_finished(model, classes=len(request.dataset.classes)):
        return None
    return ModelSource(keras_model=lambda: model, float32=lambda: conversion.float32(model), facts={"history": None})


def _head_on_features(request: BuildRequest) -> ModelSource:
    _require_training_images(request)

    @cache
    def frozen() -> keras.Model:
        return network.features_model(
            request.backbone, weights=request.weights, image_size=request.image_size, seed=request.training.seed
        )

    product = recipe.features_model(request)

    def convert(folder: Path) -> Facts:
        title = f"Converting the backbone {request.backbone.name} at {request.image_size} px"
        with progress(title, total=1) as advance:
            write_bytes(folder / product.file_name, conversion.float32(frozen()))
            advance(1, "")
        return {"channels": int(frozen().output_shape[-1])}

    features_file = obtain(request.root, product, convert).path
    head = obtain(request.root, recipe.head(request), partial(_train_head, request, features_file))
    keras_head = network.load(head.path)
    return ModelSource(
        keras_model=lambda: network.assembled(frozen(), keras_head),
        float32=lambda: conversion.float32(keras_head, after=features_file.read_bytes()),
        facts=head.facts,
    )


def _require_training_images(request: BuildRequest) -> None:
    dataset = request.dataset
    empty = [split for split in ("train", "validation") if not any(one.split == split for one in dataset.samples)]
    if empty:
        raise DataError(
            f"{request.backbone.name} gets a head, which is trained on the splits train and validation; of "
            f"{dataset.name}, {' and '.join(empty)} {'is' if len(empty) == 1 else 'are'} empty: give them a share with "
            "--zoo-split, such as 70/15/15, or measure a finished classifier"
        )


def _train_head(request: BuildRequest, features_file: Path, folder: Path) -> Facts:
    dataset, config = request.dataset, request.training
    features = _saved(
        request,
        recipe.features(request),
        partial(extract, features_file, dataset, name=request.backbone.name, interface=request.interface),
    )
    values = np.load(features.path, mmap_mode="r", allow_pickle=False)
    head = classifier.build_head(inputs=values.shape[1], classes=len(dataset.classes), config=config)
    with progress(f"Training the head of {request.backbone.name} (epochs)", total=config.epochs) as advance:
        note = keras.callbacks.LambdaCallback(
            on_epoch_end=lambda _epoch, logs: advance(1, f"accuracy {logs['accuracy']:.3f}")
        )
        history = classifier.train(
            head,
            (np.asarray(values[dataset.indices("train")]), dataset.labels("train")),
            (np.asarray(values[dataset.indices("validation")]), dataset.labels("validation")),
            config=config,
            callbacks=[note],
        )
    network.save(head, folder / recipe.head(request).file_name)
    return {"history": history}


def _reference(request: BuildRequest, keras_model: Callable[[], keras.Model], images: Path) -> Stored:
    def answers() -> Probabilities:
        pixels = np.array(np.load(images, mmap_mode="r", allow_pickle=False)[: recipe.COMPARED_IMAGES])
        found = _predicted(keras_model(), pixels, request.interface)
        if np.isfinite(found).all():
            return found
        raise ModelError(
            f"{request.backbone.name} gives numbers that are not finite in Keras itself; check its weights"
        )

    return _saved(request, recipe.reference(request), answers)


def _saved(request: BuildRequest, product: Product, compute: Callable[[], npt.NDArray[np.float32]]) -> Stored:
    def make(folder: Path) -> Facts:
        np.save(folder / product.file_name, compute())
        return {}

    return obtain(request.root, product, make)


def _answers(opener: OpenSession, samples: Samples) -> Probabilities:
    try:
        values, _ = run_all(opener, samples, workers=os.cpu_count() or 1)
    except MeasurementError:
        values, _ = run_all(opener, samples)
    return values
