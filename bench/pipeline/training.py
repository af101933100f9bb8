"""How is the head trained: through the whole model, as Keras's manual shows it, or on features computed once?"""

import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from finding import Cost
from fresh import Steps

from zoobench.build import classifier, conversion, network
from zoobench.build.classifier import Labelled
from zoobench.build.recipe import BuildRequest, TrainingConfig
from zoobench.build.source import extract

NEVER = 10**6
"""A patience that no training exhausts: both ways do all epochs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """A head after its first epochs.

    Attributes:
        weights: Of the head.
        predicted: Its answers to the test split.
    """

    weights: tuple[npt.NDArray[np.float32], ...]
    predicted: npt.NDArray[np.int64]


class _Epochs(keras.callbacks.Callback):  # type: ignore[misc]
    """Times each epoch and remembers the head's weights after one of them."""

    def __init__(self, head: keras.Model, *, remembered: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.weights: list[npt.NDArray[np.float32]] = []
        self._head, self._remembered = head, remembered

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002
        self.seconds.append(time.perf_counter() - self._began)
        if epoch + 1 == self._remembered:
            self.weights = self._head.get_weights()


def through_the_whole_model(request: BuildRequest, *, epochs: int) -> tuple[Cost, Trained]:
    """Trains the head of the assembled classifier on pixels; returns what all epochs of the request cost.

    Only `epochs` of them are trained. The others are taken to last as long as the median of those after the first,
    which traces the graph.
    """
    steps, config = Steps(), replace(_all_epochs(request), epochs=epochs)
    with steps.step("building"):
        frozen = _frozen(request)
        head = _head(request, frozen)
        model = keras.Model(frozen.input, head(frozen.output))
    watch = _Epochs(head, remembered=epochs)
    with steps.step("epochs that were trained"):
        _train(model, request, lambda rows: request.dataset.images(rows), config=config, watch=watch)
    typical = statistics.median(watch.seconds[1:] or watch.seconds)
    steps.seconds["epochs that follow from these"] = typical * (request.training.epochs - epochs)
    pixels = request.dataset.images(request.dataset.indices("test"))
    answers = model.predict(pixels.astype(np.float32), verbose=0)
    return steps.cost, Trained(weights=tuple(watch.weights), predicted=answers.argmax(axis=1))


def on_features(request: BuildRequest, *, epochs: int) -> tuple[Cost, Trained]:
    """Converts the backbone, computes features once and trains the head for all epochs; returns it after `epochs`."""
    steps = Steps()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "features.tflite"
        with steps.step("building"):
            frozen = _frozen(request)
        with steps.step("converting the backbone"):
            file.write_bytes(conversion.float32(frozen))
        with steps.step("computing features"):
            features = extract(file, request.dataset, name=request.backbone.name)
    head = _head(request, frozen)
    watch = _Epochs(head, remembered=epochs)
    with steps.step("training the head"):
        _train(head, request, lambda rows: features[rows], config=_all_epochs(request), watch=watch)
    head.set_weights(watch.weights)
    answers = head.predict(features[request.dataset.indices("test")], verbose=0)
    return steps.cost, Trained(weights=tuple(watch.weights), predicted=answers.argmax(axis=1))


def _all_epochs(request: BuildRequest) -> TrainingConfig:
    return replace(request.training, patience=NEVER)


def _frozen(request: BuildRequest) -> keras.Model:
    return network.features_model(
        request.backbone, weights=request.weights, image_size=request.image_size, seed=request.training.seed
    )


def _head(request: BuildRequest, frozen: keras.Model) -> keras.Model:
    classes = len(request.dataset.classes)
    return classifier.build_head(inputs=frozen.output_shape[-1], classes=classes, config=request.training)


def _train(model: keras.Model, request: BuildRequest, inputs: Any, *, config: TrainingConfig, watch: _Epochs) -> None:
    def of(split: Any) -> Labelled:
        return inputs(request.dataset.indices(split)), request.dataset.labels(split)

    classifier.train(model, of("train"), of("validation"), config=config, callbacks=[watch])


def train_on(features: npt.NDArray[np.float32], request: BuildRequest) -> None:
    """Trains a head for all epochs on features [n, channels] of all images, as they are mapped from disk."""
    classes = len(request.dataset.classes)
    head = classifier.build_head(inputs=features.shape[1], classes=classes, config=request.training)
    watch = _Epochs(head, remembered=request.training.epochs)
    _train(head, request, lambda rows: np.asarray(features[rows]), config=_all_epochs(request), watch=watch)
