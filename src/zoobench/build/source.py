"""Where do the variants of a classifier come from: a Keras model, a file as it came, or a head that is trained here?"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import classifier, conversion, network, recipe
from zoobench.build.recipe import BuildRequest
from zoobench.build.weights import own_answers
from zoobench.data.dataset import Dataset
from zoobench.errors import DataError
from zoobench.matrix.interface import Interface
from zoobench.measure.accuracy import run_all
from zoobench.measure.runtimes import open_session, presented, probabilities
from zoobench.measure.target import Samples
from zoobench.store.product import Facts, Product, Stored, obtain
from zoobench.system.files import write_bytes
from zoobench.system.terminal import progress

_BATCH = 32
_RUNTIME = "litert"
Probabilities = npt.NDArray[np.float32]
Answering = Callable[[npt.NDArray[np.uint8]], Probabilities]
"""From raw pixels [images, height, width, 3] to probabilities [images, classes]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """How to get a classifier in each form that variants are made of.

    Attributes:
        float32: Its float32 file.
        answers: Its answers by its own framework, which those of variants are compared with.
        facts: How it was trained.
        keras_model: None where it came as a file of another format.
    """

    float32: Callable[[], bytes]
    answers: Answering
    facts: Facts
    keras_model: Callable[[], keras.Model] | None = None


def source_of(request: BuildRequest) -> ModelSource:
    """Returns where a request's variants come from; trains the head of a backbone.

    Raises:
        DataError: If a head is to be trained and there are no images for it.
        ModelError: If the model cannot be loaded, or the training or the conversion of the backbone failed.
    """
    path, interface = request.backbone.path, request.interface
    if request.backbone.is_keras:
        return _own_keras(request) or _head_on_keras(request)
    if path is None or interface is None:
        raise ValueError(f"{request.backbone.name} came as a file; expected what it is taken as")
    if interface.taken_as == "classifier":
        return _own_file(path, interface)
    return _head_on_file(request, path, interface)


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


def predicted(model: keras.Model, images: npt.NDArray[np.uint8], interface: Interface | None) -> Probabilities:
    """Returns a classifier's probabilities [images, classes]."""
    pixels = images if interface is None else presented(images, interface)
    answers: Probabilities = model.predict(pixels.astype(np.float32), batch_size=_BATCH, verbose=0)
    return answers if interface is None else probabilities(answers, interface, count=len(images))


def saved(request: BuildRequest, product: Product, compute: Callable[[], npt.NDArray[np.float32]]) -> Stored:
    """Returns an array as a product of the store, computed if it is not there."""

    def make(folder: Path) -> Facts:
        np.save(folder / product.file_name, compute())
        return {}

    return obtain(request.root, product, make)


def _own_keras(request: BuildRequest) -> ModelSource | None:
    path, interface = request.backbone.path, request.interface
    if path is None or interface is None or interface.taken_as != "classifier":
        return None
    model = network.load_own(path, image_size=request.image_size)
    return ModelSource(
        float32=lambda: conversion.float32(model),
        answers=lambda images: predicted(model, images, interface),
        facts={"history": None},
        keras_model=lambda: model,
    )


def _own_file(path: Path, interface: Interface) -> ModelSource:
    def answers(images: npt.NDArray[np.uint8]) -> Probabilities:
        return probabilities(own_answers(path, presented(images, interface)), interface, count=len(images))

    return ModelSource(float32=path.read_bytes, answers=answers, facts={"history": None})


def _head_on_keras(request: BuildRequest) -> ModelSource:
    _require_training_images(request)

    @cache
    def frozen() -> keras.Model:
        return network.features_model(
            request.backbone, weights=request.weights, image_size=request.image_size, seed=request.training.seed
        )

    features_file = _features_file(request, lambda: conversion.float32(frozen()))
    head, trained = _head(request, features_file)

    def whole() -> keras.Model:
        return network.assembled(frozen(), head)

    return ModelSource(
        float32=lambda: conversion.float32(head, after=features_file.read_bytes()),
        answers=lambda images: predicted(whole(), images, request.interface),
        facts=trained,
        keras_model=whole,
    )


def _head_on_file(request: BuildRequest, path: Path, interface: Interface) -> ModelSource:
    _require_training_images(request)
    features_file = _features_file(request, lambda: conversion.pooled(path))
    head, trained = _head(request, features_file)

    def answers(images: npt.NDArray[np.uint8]) -> Probabilities:
        features = own_answers(features_file, presented(images, interface))
        return np.asarray(head.predict(features, batch_size=_BATCH, verbose=0), np.float32)

    return ModelSource(
        float32=lambda: conversion.float32(head, after=features_file.read_bytes()), answers=answers, facts=trained
    )


def _features_file(request: BuildRequest, content: Callable[[], bytes]) -> Path:
    product = recipe.features_model(request)

    def make(folder: Path) -> Facts:
        title = f"Converting the backbone {request.backbone.name} at {request.image_size} px"
        with progress(title, total=1) as advance:
            write_bytes(folder / product.file_name, content())
            advance(1, "")
        return {}

    return obtain(request.root, product, make).path


def _head(request: BuildRequest, features_file: Path) -> tuple[keras.Model, Facts]:
    """Returns the dense layers, trained if they are not in the store, and what is known of their training."""
    stored = obtain(request.root, recipe.head(request), partial(_train_head, request, features_file))
    return network.load(stored.path), stored.facts


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
    features = saved(
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
