"""How near is a variant to its Keras classifier on the calibration images, and does the runtime take it at all?"""

import os
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np

from zoobench.build import recipe
from zoobench.build.numerics import compared
from zoobench.build.recipe import BuildRequest
from zoobench.errors import MeasurementError, ModelError
from zoobench.measure.accuracy import Outputs, run_all
from zoobench.measure.runtimes import OpenSession, open_session
from zoobench.measure.target import Samples
from zoobench.store.product import Facts, Stored, obtain

_RUNTIME = "litert"
"""The runtime that the numerical contract is about."""


def calibration_images(request: BuildRequest) -> Stored:
    """Returns the product that holds the calibration images, uint8 [n, height, width, 3]."""
    product = recipe.calibration(request)

    def make(folder: Path) -> Facts:
        rows = request.dataset.calibration_indices(request.conversion.calibration_images, seed=request.training.seed)
        np.save(folder / product.file_name, request.dataset.images(rows))
        return {"images": [request.dataset.samples[row].name for row in rows]}

    return obtain(request.root, product, make)


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


def _answers(opener: OpenSession, samples: Samples) -> Outputs:
    """Runs the samples on all cores; what fails is tried once more alone, since memory may just have been short."""
    try:
        return run_all(opener, samples, workers=os.cpu_count() or 1)
    except MeasurementError:
        return run_all(opener, samples)


def _without_path(error: MeasurementError, path: Path) -> str:
    """Returns the message without the folder in which the file was made, which is gone by the time it is read."""
    return str(error).replace(str(path), path.name)
