"""How is a dense head trained on what the frozen network sees in each image, and what does it then answer?"""

import math
import time
import unicodedata
import warnings
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from zoobench.build.recipe import TrainingConfig
from zoobench.errors import ModelError

COLUMNS = 6
_TILE, _CAPTION, _MARGIN = 176, 74, 8
_BAR_WIDTH, _BAR_HEIGHT, _SHARE_END, _NAME_START = 40, 6, 86, 91
_SHOWN_CLASSES = 3
_INK, _PAPER, _RIGHT, _WRONG, _FAINT = "#1b1f24", "#ffffff", "#1a7f37", "#cf222e", "#afb8c1"
Labelled = tuple[npt.NDArray[np.generic], npt.NDArray[np.int64]]
"""What a network is given, [n, ...] float32, and the class indices [n]."""


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
) -> dict[str, Any]:
    """Trains the trainable layers of `model` in place: the head on features, or the same head in the whole classifier.

    Adam, categorical cross-entropy; validation, early stopping and learning rate as `config` says.

    Returns:
        What each epoch brought, as plain JSON: `loss`, `accuracy`, `learning_rate`, and `validation_loss` and
        `validation_accuracy`, None where an epoch was not validated; `kept_epoch`, counted from 1, whose weights the
        model has now; `seconds` that all of it took.

    Raises:
        ModelError: If the loss becomes infinite or not a number.
    """
    keras.utils.set_random_seed(config.seed)
    classes, decay, started = model.output_shape[-1], math.exp(-config.decay), time.monotonic()
    model.compile(
        optimizer=keras.optimizers.Adam(config.learning_rate, name="adam"),
        loss=keras.losses.CategoricalCrossentropy(),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
    )
    decaying = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate if epoch == 0 else rate * decay)
    stopping = keras.callbacks.EarlyStopping(
        patience=config.patience, start_from_epoch=config.early_stopping_from, restore_best_weights=True
    )
    with warnings.catch_warnings():
        # On the epochs between two validations there is no loss to watch, and Keras says so each time.
        warnings.filterwarnings("ignore", message="Early stopping conditioned on metric")
        logs = model.fit(
            *_encoded(training, classes),
            validation_data=_encoded(validation, classes),
            validation_freq=config.validation_every,
            epochs=config.epochs,
            batch_size=config.batch_size,
            callbacks=[decaying, stopping, *callbacks],
            verbose=0,
        ).history
    _require_finite(logs["loss"], config)
    # The last epoch's weights stay where none that counts was validated.
    kept = int(stopping.best_epoch) + 1 if stopping.best_weights is not None else len(logs["loss"])
    return _history(logs, config) | {"kept_epoch": kept, "seconds": round(time.monotonic() - started, 3)}


def prediction_sheet(
    images: npt.NDArray[np.uint8],
    *,
    labels: Sequence[int],
    probabilities: npt.NDArray[np.float32],
    classes: Sequence[str],
) -> Image.Image:
    """Returns a sheet of images, each above its true class and the most probable classes with their probabilities.

    The frame is green where the first of them is the truth and red where it is not.
    """
    rows = -(-len(images) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * _TILE + _MARGIN, rows * (_TILE + _CAPTION) + _MARGIN), _PAPER)
    pen, font, side = ImageDraw.Draw(sheet), ImageFont.load_default(12), _TILE - _MARGIN
    for position, (image, label, answer) in enumerate(zip(images, labels, probabilities, strict=True)):
        row, column = divmod(position, COLUMNS)
        left, top = column * _TILE + _MARGIN, row * (_TILE + _CAPTION) + _MARGIN
        ranked = np.argsort(-answer, kind="stable")[:_SHOWN_CLASSES]
        colour = _RIGHT if ranked[0] == label else _WRONG
        sheet.paste(Image.fromarray(image).resize((side, side), Image.Resampling.BILINEAR), (left, top))
        pen.rectangle((left, top, left + side - 1, top + side - 1), outline=colour, width=3)
        _write(pen, f"truth: {classes[label]}", font, place=(left, top + side + 2), width=side)
        for line, index in enumerate(ranked):
            height, share = top + side + 18 + line * 16, float(answer[index])
            bar = (left, height + 5, left + round(_BAR_WIDTH * share), height + 5 + _BAR_HEIGHT)
            pen.rectangle(bar, fill=_FAINT if line else colour)
            pen.text((left + _SHARE_END, height), f"{share:.1%}", fill=_INK, font=font, anchor="ra")
            _write(pen, classes[index], font, place=(left + _NAME_START, height), width=side - _NAME_START)
    return sheet


def _encoded(data: Labelled, classes: int) -> tuple[npt.NDArray[np.generic], npt.NDArray[np.generic]]:
    return data[0], keras.utils.to_categorical(data[1], classes)


def _require_finite(losses: Sequence[float], config: TrainingConfig) -> None:
    for epoch, loss in enumerate(losses, start=1):
        if not math.isfinite(loss):
            raise ModelError(
                f"training diverged: the loss of epoch {epoch} is {loss}; "
                f"choose a --zoo-learning-rate below {config.learning_rate:g}"
            )


def _history(logs: dict[str, list[float]], config: TrainingConfig) -> dict[str, Any]:
    history: dict[str, Any] = {name: [float(value) for value in logs[name]] for name in ("loss", "accuracy")}
    for name in ("loss", "accuracy"):
        values = iter(logs.get(f"val_{name}", ()))
        validated = [epoch % config.validation_every == 0 for epoch in range(1, len(logs["loss"]) + 1)]
        history[f"validation_{name}"] = [float(next(values)) if done else None for done in validated]
    return history | {"learning_rate": [float(value) for value in logs["learning_rate"]]}


def _write(
    pen: ImageDraw.ImageDraw,
    text: str,
    font: ImageFont.ImageFont | ImageFont.FreeTypeFont,
    *,
    place: tuple[int, int],
    width: int,
) -> None:
    fitting = _plain(text)
    while pen.textlength(fitting, font) > width:
        fitting = f"{fitting[:-2]}…"
    pen.text(place, fitting, fill=_INK, font=font)


def _plain(text: str) -> str:
    """Returns text in the letters of Pillow's own font: without accents, and with '?' for what is not Latin."""
    letters = [one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)]
    return "".join(one if one.isascii() else "?" for one in letters)
