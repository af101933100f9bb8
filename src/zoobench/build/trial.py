"""How near is a variant to its Keras classifier on the calibration images, and does the runtime take it at all?"""

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import recipe
from zoobench.build.recipe import BuildRequest
from zoobench.errors import MeasurementError, ModelError
from zoobench.measure.accuracy import Outputs, run_all
from zoobench.measure.runtimes import OpenSession, open_session
from zoobench.measure.target import Samples
from zoobench.store.product import Facts, Stored, obtain

_RUNTIME = "litert"
"""The runtime that the numerical contract is about."""
Probabilities = npt.NDArray[np.float32]
_LEAST = 1e-7
"""Probabilities are clipped to this before a logarithm, as `keras.backend.epsilon()`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numerics:
    """The numerical contract: a variant's answers to calibration images against Keras's.

    Attributes:
        images: How many were compared.
        top1_agreement: Share of images on which both have the same most probable class.
        mean_probability_difference: Mean absolute difference over images and classes.
        max_probability_difference: The largest one.
        kl_divergence_nats: Mean over images of the sum of p log(p / q), p Keras's probabilities and q the variant's.
            S. Kullback and R. A. Leibler, "On information and sufficiency", Ann. Math. Statist. 22 (1951).
    """

    images: int
    top1_agreement: float
    mean_probability_difference: float
    max_probability_difference: float
    kl_divergence_nats: float


def calibration_images(request: BuildRequest) -> Stored:
    """Returns the product that holds the calibration images, uint8 [n, height, width, 3]."""
    product = recipe.calibration(request)

    def make(folder: Path) -> Facts:
        rows = request.dataset.calibration_indices(request.conversion.calibration_images, seed=request.training.seed)
        np.save(folder / product.file_name, request.dataset.images(rows))
        return {"images": [request.dataset.samples[row].name for row in rows]}

    return obtain(request.root, product, make)


def held_against_keras(request: BuildRequest, keras_model: Callable[[], keras.Model], path: Path) -> Facts:
    """Returns what is known of a TFLite file from running it: how near it is to Keras, or why LiteRT refuses it.

    Args:
        request: What is made.
        keras_model: Gives the Keras classifier; called only where its answers are not in the store.
        path: The file.

    Returns:
        `calibration`, the folder of the images in the store; `numerics`, a `Numerics` as plain JSON, or None;
        `refused`, by which runtime and why, or None.
    """
    images = calibration_images(request)
    reference = np.load(_reference(request, keras_model, images.path).path, allow_pickle=False)
    rows = np.arange(len(reference))
    samples = Samples(path=images.path, rows=rows, labels=np.zeros_like(rows))
    opener = partial(open_session, path, runtime=_RUNTIME, threads=1)
    known: dict[str, Any] = {"calibration": images.path.parent.name}
    try:
        answers = _answers(opener, samples)
    except MeasurementError as error:
        return known | {"numerics": None, "refused": {"by": _RUNTIME, "reason": _without_path(error, path)}}
    return known | {"numerics": asdict(compared(reference, answers.values)), "refused": None}


def compared(reference: Probabilities, answers: Probabilities) -> Numerics:
    """Compares a variant's probabilities [images, classes] with Keras's for the same images.

    For the divergence each row is clipped and divided by its sum, since quantized outputs do not sum to one.

    Raises:
        ValueError: Unless both have the same shape and at least one image.
    """
    if reference.shape != answers.shape or reference.ndim != 2 or not len(reference):
        raise ValueError(
            f"received shapes {reference.shape} and {answers.shape}; expected two alike, [images, classes]"
        )
    difference = np.abs(reference.astype(np.float64) - answers)
    expected, found = _shares(reference), _shares(answers)
    return Numerics(
        images=len(reference),
        top1_agreement=float(np.mean(reference.argmax(1) == answers.argmax(1))),
        mean_probability_difference=float(difference.mean()),
        max_probability_difference=float(difference.max()),
        kl_divergence_nats=float((expected * np.log(expected / found)).sum(1).mean()),
    )


def _reference(request: BuildRequest, keras_model: Callable[[], keras.Model], images: Path) -> Stored:
    """Returns Keras's answers to the first calibration images."""
    product = recipe.reference(request)

    def make(folder: Path) -> Facts:
        pixels = np.load(images, mmap_mode="r", allow_pickle=False)[: recipe.COMPARED_IMAGES].astype(np.float32)
        answers = keras_model().predict(pixels, batch_size=len(pixels), verbose=0)
        if not np.isfinite(answers).all():
            raise ModelError(
                f"{request.backbone.name} gives numbers that are not finite in Keras itself; check its weights"
            )
        np.save(folder / product.file_name, answers)
        return {}

    return obtain(request.root, product, make)


def _answers(opener: OpenSession, samples: Samples) -> Outputs:
    """Runs the samples on all cores; what fails is tried once more alone, since memory may just have been short."""
    try:
        return run_all(opener, samples, workers=os.cpu_count() or 1)
    except MeasurementError:
        return run_all(opener, samples)


def _without_path(error: MeasurementError, path: Path) -> str:
    """Returns the message without the folder in which the file was made, which is gone by the time it is read."""
    return str(error).replace(str(path), path.name)


def _shares(values: Probabilities) -> npt.NDArray[np.float64]:
    clipped = np.clip(values.astype(np.float64), _LEAST, None)
    shares: npt.NDArray[np.float64] = clipped / clipped.sum(1, keepdims=True)
    return shares
