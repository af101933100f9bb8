"""What does the frozen network see in each image, how is a dense head trained on it, and what does it then answer?"""

import math
import os
import time
import unicodedata
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from zoobench.build.recipe import TrainingConfig
from zoobench.data.dataset import Dataset
from zoobench.errors import ModelError
from zoobench.measure.accuracy import run_all
from zoobench.measure.runtimes import open_session
from zoobench.measure.target import Samples
from zoobench.system.terminal import progress

COLUMNS = 6
_TILE, _CAPTION, _MARGIN = 176, 74, 8
_BAR_WIDTH, _BAR_HEIGHT, _SHARE_END, _NAME_START = 40, 6, 86, 91
_SHOWN_CLASSES = 3
_INK, _PAPER, _RIGHT, _WRONG, _FAINT = "#1b1f24", "#ffffff", "#1a7f37", "#cf222e", "#afb8c1"
Font = ImageFont.ImageFont | ImageFont.FreeTypeFont


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Samples and their classes.

    Attributes:
        inputs: [n, ...] float32.
        labels: [n] class indices.
    """

    inputs: npt.NDArray[np.generic]
    labels: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What each epoch brought; None where an epoch was not validated.

    Attributes:
        kept_epoch: The epoch, counted from 1, whose weights the model has now.
        seconds: How long all of it took.
    """

    loss: tuple[float, ...]
    accuracy: tuple[float, ...]
    validation_loss: tuple[float | None, ...]
    validation_accuracy: tuple[float | None, ...]
    learning_rate: tuple[float, ...]
    kept_epoch: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """One image with its truth and the classifier's answer.

    Attributes:
        image: [h, w, 3] uint8.
        label: True class index.
        probabilities: [classes].
    """

    image: npt.NDArray[np.uint8]
    label: int
    probabilities: npt.NDArray[np.float32]


def extract(features_file: Path, dataset: Dataset, *, name: str) -> npt.NDArray[np.float32]:
    """Returns the features [samples, channels] of every image of a data set, in its order.

    LiteRT runs the float32 file several times faster than `Model.predict` runs the Keras model, one interpreter a core.
    """
    count = len(dataset.samples)
    everything = Samples(path=dataset.pixels_path, rows=np.arange(count), labels=np.zeros(count, np.int64))
    opener = partial(open_session, features_file, runtime="litert", threads=1)
    with progress(f"Features of {name}", total=count) as advance:
        values, _ = run_all(
            opener, everything, workers=os.cpu_count() or 1, on_batch=lambda _start, values: advance(len(values), "")
        )
    return values


def build_head(*, inputs: int, classes: int, config: TrainingConfig) -> keras.Sequential:
    """Returns the untrained dense layers from [n, inputs] features to [n, classes] probabilities."""
    head = keras.Sequential([keras.Input((inputs,), name="features")], name="head")
    for position, units in enumerate((*config.head_layers, classes)):
        if config.dropout:
            head.add(keras.layers.Dropout(config.dropout, seed=config.seed + position, name=f"dropout_{position}"))
        is_last = position == len(config.head_layers)
        head.add(
            keras.layers.Dense(
                units,
                activation="softmax" if is_last else "relu",
                kernel_initializer=keras.initializers.GlorotUniform(seed=config.seed + position),
                name="probabilities" if is_last else f"dense_{position}",
            )
        )
    return head


def train(
    model: keras.Model,
    training: Labelled,
    validation: Labelled,
    *,
    config: TrainingConfig,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    clock: Callable[[], float] = time.monotonic,
) -> History:
    """Trains the trainable layers of `model` in place: the head on features, or the same head in the whole classifier.

    Adam, categorical cross-entropy; validation, early stopping and learning rate as `config` says.

    Raises:
        ModelError: If the loss becomes infinite or not a number.
    """
    keras.utils.set_random_seed(config.seed)
    classes = model.output_shape[-1]
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate, name="adam"),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    stopping, started = _early_stopping(config), clock()
    with warnings.catch_warnings():
        # On the epochs between two validations there is no loss to watch, and Keras says so each time.
        warnings.filterwarnings("ignore", message="Early stopping conditioned on metric")
        fitted = model.fit(
            training.inputs,
            keras.utils.to_categorical(training.labels, classes),
            validation_data=(validation.inputs, keras.utils.to_categorical(validation.labels, classes)),
            validation_freq=config.validation_every,
            epochs=config.epochs,
            batch_size=config.batch_size,
            callbacks=[_decay(config), stopping, *callbacks],
            verbose=0,
        )
    _require_finite(fitted.history["loss"], config)
    return _history(fitted.history, config, kept_epoch=_kept_epoch(stopping, fitted), seconds=clock() - started)


def prediction_sheet(predicted: Sequence[Predicted], classes: Sequence[str]) -> Image.Image:
    """Returns a sheet of images, each above its true class and the most probable classes with their probabilities.

    The frame is green where the first of them is the truth and red where it is not.
    """
    rows = -(-len(predicted) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * _TILE + _MARGIN, rows * (_TILE + _CAPTION) + _MARGIN), _PAPER)
    for position, one in enumerate(predicted):
        row, column = divmod(position, COLUMNS)
        _draw_tile(sheet, one, classes, left=column * _TILE + _MARGIN, top=row * (_TILE + _CAPTION) + _MARGIN)
    return sheet


def _decay(config: TrainingConfig) -> keras.callbacks.Callback:
    decay = math.exp(-config.decay)
    return keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch == 0 else rate * decay)


def _early_stopping(config: TrainingConfig) -> keras.callbacks.EarlyStopping:
    return keras.callbacks.EarlyStopping(
        monitor="val_loss",
        patience=config.patience,
        start_from_epoch=config.early_stopping_from,
        restore_best_weights=True,
    )


def _kept_epoch(stopping: keras.callbacks.EarlyStopping, fitted: keras.callbacks.History) -> int:
    """Returns the epoch, from 1, whose weights were restored; the last where none that counts was validated."""
    return int(stopping.best_epoch) + 1 if stopping.best_weights is not None else len(fitted.epoch)


def _require_finite(losses: Sequence[float], config: TrainingConfig) -> None:
    bad = next((epoch for epoch, loss in enumerate(losses, start=1) if not math.isfinite(loss)), None)
    if bad is not None:
        raise ModelError(
            f"training diverged: the loss of epoch {bad} is {losses[bad - 1]}; "
            f"choose a --zoo-learning-rate below {config.learning_rate:g}"
        )


def _history(
    logs: Mapping[str, Sequence[float]], config: TrainingConfig, *, kept_epoch: int, seconds: float
) -> History:
    """Returns Keras's log with validations put at the epochs they belong to."""
    epochs = len(logs["loss"])

    def spread(name: str) -> tuple[float | None, ...]:
        values = iter(logs.get(name, ()))
        validated = [(epoch + 1) % config.validation_every == 0 for epoch in range(epochs)]
        return tuple(float(next(values)) if done else None for done in validated)

    return History(
        loss=tuple(map(float, logs["loss"])),
        accuracy=tuple(map(float, logs["accuracy"])),
        validation_loss=spread("val_loss"),
        validation_accuracy=spread("val_accuracy"),
        learning_rate=tuple(map(float, logs["learning_rate"])),
        kept_epoch=kept_epoch,
        seconds=round(seconds, 3),
    )


def _draw_tile(sheet: Image.Image, one: Predicted, classes: Sequence[str], *, left: int, top: int) -> None:
    side = _TILE - _MARGIN
    pen = ImageDraw.Draw(sheet)
    ranked = np.argsort(-one.probabilities, kind="stable")[:_SHOWN_CLASSES]
    colour = _RIGHT if ranked[0] == one.label else _WRONG
    sheet.paste(Image.fromarray(one.image).resize((side, side), Image.Resampling.BILINEAR), (left, top))
    pen.rectangle((left, top, left + side - 1, top + side - 1), outline=colour, width=3)
    font = ImageFont.load_default(12)
    _write(pen, f"truth: {classes[one.label]}", font, left=left, top=top + side + 2, width=side)
    for line, index in enumerate(ranked):
        height = top + side + 18 + line * 16
        share = float(one.probabilities[index])
        bar = (left, height + 5, left + round(_BAR_WIDTH * share), height + 5 + _BAR_HEIGHT)
        pen.rectangle(bar, fill=_FAINT if line else colour)
        pen.text((left + _SHARE_END, height), f"{share:.1%}", fill=_INK, font=font, anchor="ra")
        _write(pen, classes[index], font, left=left + _NAME_START, top=height, width=side - _NAME_START)


def _write(pen: ImageDraw.ImageDraw, text: str, font: Font, *, left: int, top: int, width: int) -> None:
    """Writes a line and cuts it where it would run into the next tile."""
    fitting = _plain(text)
    while pen.textlength(fitting, font) > width:
        fitting = f"{fitting[:-2]}…"
    pen.text((left, top), fitting, fill=_INK, font=font)


def _plain(text: str) -> str:
    """Returns text in the letters of Pillow's own font: without accents, and with '?' for what is not Latin."""
    letters = [one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)]
    return "".join(one if one.isascii() else "?" for one in letters)
