"""Classifiers of coloured images whose weights are set by hand, in many forms, and what ten lines make of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import keras
import numpy as np
import numpy.typing as npt
from keras import layers

from zoobench.matrix.interface import Interface, PixelRange
from zoobench.measure.runtimes import presented

Floats = npt.NDArray[np.float32]
Tensor = keras.KerasTensor
SIDE = 32
SQUARE = (SIDE, SIDE)
COLOURS = {"blue": (40, 40, 200), "dark": (40, 40, 40), "red": (200, 40, 40)}
_CONV = layers.Conv2D
_STEEPNESS = 20.0
_KERNEL = {"blue": (0, 0, 1), "dark": (0, 0, 0), "red": (1, 0, 0)}
"""By which part of red, green and blue from 0 to 1 the score of a class grows."""
_THRESHOLD = 0.45
"""From which blue or red is no longer dark."""


def pictures(
    classes: Sequence[str], *, each: int = 10, odd: int = 1, seed: int = 0, sides: tuple[int, int] = SQUARE
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Returns images of noise around the colour of their class, in turn, and labels; `odd` of each have another's."""
    generator = np.random.default_rng(seed)
    images, labels = [], []
    for position in range(each * len(classes)):
        turn, label = divmod(position, len(classes))
        shown = classes[(label + (turn < odd)) % len(classes)]
        noise = generator.normal(0, 20, (*sides, 3)) + np.array(COLOURS[shown])
        images.append(noise.clip(0, 255).astype(np.uint8))
        labels.append(label)
    return np.stack(images), np.array(labels, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a classifier gives its answers.

    Attributes:
        ends: From mean red, green and blue [n, 3], 0 to 1, or from the map [n, h, w, 3], to the output; `dense` and
            `conv` are the layers that score the classes.
        maps: Whether it is given the map.
        classes: How many.
    """

    ends: Callable[[Tensor, Callable[..., layers.Layer]], object]
    maps: bool = False
    classes: int = 3


FORMS = {
    "softmax": Form(ends=lambda x, scores: scores(activation="softmax")(x)),
    "softmax layer": Form(ends=lambda x, scores: layers.Softmax()(scores()(x))),
    "softmax, reshaped": Form(ends=lambda x, scores: layers.Reshape((1, 1, 3))(keras.ops.softmax(scores()(x)))),
    "softmax by hand": Form(ends=lambda x, scores: _softmax(scores()(x))),
    "logits": Form(ends=lambda x, scores: scores()(x)),
    "logits, scaled": Form(ends=lambda x, scores: layers.Rescaling(0.5)(scores()(x))),
    "log-softmax": Form(ends=lambda x, scores: scores(activation="log_softmax")(x)),
    "sigmoids": Form(ends=lambda x, scores: scores(activation="sigmoid")(x)),
    "convolution": Form(ends=lambda x, scores: scores(kind=_CONV, activation="softmax")(_mean_map(x)), maps=True),
    "pooled maps": Form(ends=lambda x, scores: layers.GlobalAveragePooling2D()(scores(kind=_CONV)(x)), maps=True),
    "dict": Form(ends=lambda x, scores: {"probabilities": scores(activation="softmax")(x)}),
    "one sigmoid": Form(ends=lambda x, scores: scores(activation="sigmoid")(x), classes=2),
    "one logit": Form(ends=lambda x, scores: scores()(x), classes=2),
    "two of a softmax": Form(
        ends=lambda x, scores: _softmax(layers.Concatenate()([0 * scores()(x), scores()(x)])), classes=2
    ),
    "hyperbolic tangent": Form(ends=lambda x, scores: scores(activation="tanh")(x), classes=2),
    "rectified": Form(ends=lambda x, scores: scores(activation="relu")(x)),
}
UNCLEAR = ("hyperbolic tangent", "rectified")
"""Forms that nobody can tell apart from features, or read, without being told."""


def classifier(
    form: Form, classes: Sequence[str], pixels: PixelRange, *, sides: tuple[int, int] = SQUARE
) -> keras.Model:
    """Returns a classifier of these colours, the first output the first class, of images in a range of pixels."""
    taken = keras.Input((*sides, 3))
    to_unit = layers.Conv2D(3, 1)
    x = to_unit(taken)
    to_unit.set_weights(_to_unit(pixels))
    if not form.maps:
        x = layers.GlobalAveragePooling2D()(x)
    rows = np.array([_KERNEL[name] for name in classes], np.float32) * _STEEPNESS
    biases = np.array([0.0 if name == "dark" else -_THRESHOLD for name in classes], np.float32) * _STEEPNESS
    if form.classes == 2:
        rows, biases = rows[1:] - rows[:1], biases[1:] - biases[:1]
    elif form is FORMS["sigmoids"]:
        rows, biases = _one_against_all(classes, rows, biases)

    def scores(*, kind: type[layers.Layer] = layers.Dense, activation: str | None = None) -> layers.Layer:
        size = (1,) if kind is layers.Conv2D else ()
        kernel, bias = keras.initializers.Constant(rows.T), keras.initializers.Constant(biases)
        return kind(len(rows), *size, activation=activation, kernel_initializer=kernel, bias_initializer=bias)

    return keras.Model(taken, form.ends(x, scores), name="colours")


def right_by_hand(
    outputs: Floats, labels: npt.NDArray[np.int64], classes: Sequence[str], order: Sequence[str]
) -> float:
    """Returns the top-1 that a user computes who knows what each output is: `order` of the outputs' classes."""
    rows = outputs.reshape(len(outputs), -1)
    threshold = 0.5 if rows.min() >= 0 else 0.0
    answers = (rows[:, 0] > threshold).astype(int) if rows.shape[1] == 1 else rows.argmax(axis=1)
    return float(np.mean([order[answer] == classes[label] for answer, label in zip(answers, labels, strict=True)]))


def fed(images: npt.NDArray[np.uint8], pixels: PixelRange) -> Floats:
    return presented(images, Interface(taken_as="classifier", pixels=pixels)).astype(np.float32)


def _to_unit(pixels: PixelRange) -> list[Floats]:
    """Returns a 1x1 convolution that makes 0..1 RGB of pixels in a range."""
    values = fed(np.stack([np.zeros((1, 1, 3)), np.full((1, 1, 3), 255)]).astype(np.uint8), pixels).reshape(2, 3)
    scale = 1 / (values[1] - values[0])
    kernel = np.diag(scale)
    bias = -values[0] * scale
    if pixels == "imagenet-caffe":
        kernel, bias = kernel[:, ::-1], bias[::-1]
    return [kernel.reshape(1, 1, 3, 3).astype(np.float32), bias.astype(np.float32)]


def _one_against_all(classes: Sequence[str], rows: Floats, biases: Floats) -> tuple[Floats, Floats]:
    rows, biases = rows.copy(), biases.copy()
    dark = classes.index("dark")
    rows[dark], biases[dark] = (-_STEEPNESS, 0.0, -_STEEPNESS), 0.6 * _STEEPNESS
    return rows, biases


def _softmax(x: Tensor) -> Tensor:
    powers = keras.ops.exp(x)
    return powers / keras.ops.sum(powers, axis=-1, keepdims=True)


def _mean_map(x: Tensor) -> Tensor:
    return layers.GlobalAveragePooling2D(keepdims=True)(x)
