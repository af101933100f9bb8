"""From a request to model files: which steps, in which order, each kept by the store and compared with its source?"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from textwrap import shorten
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import classifier, network, recipe
from zoobench.build.attempts import fault_of
from zoobench.build.conversion import Ingredients, quantized
from zoobench.build.recipe import BuildRequest
from zoobench.build.source import Answering, ModelSource, Probabilities, predicted, saved, source_of
from zoobench.data.split import Split
from zoobench.errors import MeasurementError, ModelError, ZoobenchError
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS, Variant
from zoobench.measure.accuracy import run_all
from zoobench.measure.runtimes import OpenSession, open_session
from zoobench.measure.target import Samples
from zoobench.store.product import Facts, Stored, find, obtain
from zoobench.system.files import write_bytes, write_json
from zoobench.system.terminal import progress

PICTURE = "predictions.png"
_PICTURED_IMAGES = 24
_RUNTIME = "litert"
"""The runtime that the numerical contract is about."""
_FAULT_WIDTH = 150
"""Characters of it on the line that says what is made."""
_LEAST = 1e-7
"""Probabilities are clipped to this before a logarithm, as `keras.backend.epsilon()`."""


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
    if (as_it_came := VARIANTS[PREQUANTIZED]) in variants:
        _keep_as_it_came(request, as_it_came)
        return
    source = source_of(request)
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


def compared_with_reference(request: BuildRequest, answers: Answering, path: Path) -> Facts:
    """Returns what is known of a TFLite file from running it: how near it is to its source, or why LiteRT refuses it.

    The source, see `ModelSource.answers`, is asked only where its answers are not in the store.

    Returns:
        `calibration`, the folder of the images in the store; `numerics`, from `compared`, or None; `refused`, by which
        runtime and why, or None.
    """
    images = calibration_images(request)
    reference = np.load(_reference(request, answers, images.path).path, allow_pickle=False)
    rows = np.arange(len(reference))
    samples = Samples(path=images.path, rows=rows, labels=np.zeros_like(rows))
    opener = partial(open_session, path, runtime=_RUNTIME, threads=1, interface=request.interface)
    known: dict[str, Any] = {"calibration": images.path.parent.name}
    try:
        found = _answers(opener, samples)
    except MeasurementError as error:
        reason = str(error).replace(str(path), path.name)  # the folder in which it is made is gone when that is read
        return known | {"numerics": None, "refused": {"by": _RUNTIME, "reason": reason}}
    return known | {"numerics": compared(reference, found), "refused": None}


def compared(reference: Probabilities, answers: Probabilities) -> dict[str, float]:
    """Compares a variant's probabilities [images, classes] with the reference's for the same images.

    Returns:
        What `RecordedNumerics` records. The divergence is the mean over images of the sum of p log(p / q), p the
        reference's probabilities and q the variant's, each row clipped and divided by its sum, since quantized outputs
        do not sum to one. S. Kullback and R. A. Leibler, "On information and sufficiency", Ann. Math. Statist. 22
        (1951).
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
            found = compared_with_reference(request, source.answers, path) if path.suffix == ".tflite" else {}
            advance(1, "")
        itself = {"numerics": None} if variant.name == PREQUANTIZED else {}  # there is nothing to compare it with
        return {**source.facts, **found, **itself}

    return obtain(request.root, product, make)


def _keep_as_it_came(request: BuildRequest, variant: Variant) -> None:
    if request.interface and request.interface.taken_as == "backbone":
        raise ModelError(
            f"{request.backbone.path} came quantized and is taken as a backbone; a head is trained on a float32 file: "
            f"give that one, or say that it is a finished classifier, --zoo-model {request.backbone.name}=classifier"
        )
    source = source_of(request)
    _obtain(request, source, variant, lambda path: write_bytes(path, source.float32()))


def _failure(
    request: BuildRequest, source: ModelSource, ingredients: Ingredients, variant: Variant, *, note: str = ""
) -> str:
    try:
        if variant.is_quantized:
            _quantize(request, source, ingredients, variant, note=note)
        elif variant.name == "keras" and source.keras_model:
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
        if quantizer == "tensorflow" and ingredients.keras_model:
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
    network.save(model, path, custom_objects=request.custom_objects if request.backbone.path else {})
    split: Split = "validation" if len(dataset.indices("validation")) else "test"
    labels = dataset.labels(split)
    shown = _evenly(labels)
    images = dataset.images(dataset.indices(split)[shown])
    answers = predicted(model, images, request.interface)
    sheet = classifier.prediction_sheet(
        images, labels=labels[shown].tolist(), probabilities=answers, classes=dataset.classes
    )
    sheet.save(path.with_name(PICTURE))


def _evenly(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.intp]:
    earlier = [np.sum(labels[:position] == label) for position, label in enumerate(labels)]
    return np.sort(np.argsort(earlier, kind="stable")[:_PICTURED_IMAGES])


def _reference(request: BuildRequest, answers: Answering, images: Path) -> Stored:
    def compute() -> Probabilities:
        pixels = np.array(np.load(images, mmap_mode="r", allow_pickle=False)[: recipe.COMPARED_IMAGES])
        found = answers(pixels)
        if np.isfinite(found).all():
            return found
        where = "in Keras itself" if request.backbone.is_keras else "as it came"
        raise ModelError(f"{request.backbone.name} gives numbers that are not finite {where}; check its weights")

    return saved(request, recipe.reference(request), compute)


def _answers(opener: OpenSession, samples: Samples) -> Probabilities:
    try:
        values, _ = run_all(opener, samples, workers=os.cpu_count() or 1)
    except MeasurementError:
        values, _ = run_all(opener, samples)
    return values
