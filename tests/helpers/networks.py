"""Small networks that are quick to train and to convert, images to try them on, and what LiteRT makes of them."""

from collections.abc import Iterator
from functools import cache
from typing import Any

import keras
import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from zoobench.build import conversion, network
from zoobench.build.weights import Weights
from zoobench.data import drawn
from zoobench.data.images import resize
from zoobench.matrix.backbones import BACKBONES, Backbone

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
SIDE = 64
CLASSES = len(drawn.CLASSES)


def tiny_features(*, side: int = 24, channels: int = 8, seed: int = 0) -> keras.Model:
    """Returns a network of two convolutions from pixels to a vector."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((side, side, 3))
    maps = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    maps = keras.layers.Conv2D(6, 3, strides=2, activation="relu6")(maps)
    maps = keras.layers.DepthwiseConv2D(3, activation="relu")(maps)
    maps = keras.layers.Conv2D(channels, 1, activation="relu")(maps)
    return keras.Model(pixels, keras.layers.GlobalAveragePooling2D()(maps), name="tiny")


def tiny_head(*, inputs: int = 8, classes: int = 3, seed: int = 1) -> keras.Model:
    """Returns an untrained softmax layer that is sure of its answers."""
    kernel = keras.initializers.RandomNormal(stddev=5.0, seed=seed)
    return keras.Sequential(
        [keras.Input((inputs,)), keras.layers.Dense(classes, activation="softmax", kernel_initializer=kernel)]
    )


def lively(backbone: Backbone, *, side: int) -> keras.Model:
    """Returns a features model with random weights and batch statistics that fit them.

    As they come from Keras, the layers of some networks make their input ever smaller: MobileNet's features are 1e-16.
    """
    model = network.features_model(backbone, weights=Weights(identity="random"), image_size=side, seed=0)
    inner = next(layer for layer in model.layers if isinstance(layer, keras.Model))
    pixels = keras.Input((side, side, 3))
    prepared = keras.Model(pixels, network._preprocessed(pixels, backbone))
    inner.trainable = True
    for layer in inner.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0
    inner(prepared(drawings(30, side=side)[0].astype(np.float32)), training=True)
    inner.trainable = False
    return model


@cache
def lively_mobilenet() -> keras.Model:
    """Returns the features model of the smallest MobileNet."""
    return lively(BACKBONES["mobilenet_025"], side=SIDE)


@cache
def lively_classifier() -> keras.Model:
    """Returns it with a head."""
    return network.assembled(lively_mobilenet(), _lively_head())


@cache
def lively_float32() -> bytes:
    """Returns its float32 file."""
    return conversion.float32(_lively_head(), after=conversion.float32(lively_mobilenet()))


@cache
def _lively_head() -> keras.Model:
    """Returns a head that is mostly right about the drawings: by ridge regression, which is quicker than training."""
    images, labels = drawings(100)
    features = lively_mobilenet().predict(images.astype(np.float32), verbose=0)
    wanted = 10 * (np.eye(CLASSES)[labels] - 1 / CLASSES)
    kernel = np.linalg.solve(features.T @ features + 100 * np.eye(256), features.T @ wanted)
    head = tiny_head(inputs=256, classes=CLASSES)
    head.set_weights([kernel, np.zeros(CLASSES)])
    return head


@cache
def drawings(count: int, *, side: int = SIDE) -> tuple[Pixels, npt.NDArray[np.int64]]:
    """Returns drawn animals of all classes, [count, side, side, 3], and their labels."""
    labels = np.arange(count) % CLASSES
    pictures = [drawn.draw(drawn.CLASSES[label], seed=0, index=index) for index, label in enumerate(labels.tolist())]
    return np.stack([resize(picture, size=side) for picture in pictures]), labels


def one_by_one(images: Pixels) -> Iterator[Pixels]:
    """Yields images as calibration takes them."""
    for position in range(len(images)):
        yield images[position : position + 1]


def noise(count: int, *, side: int = 24, seed: int = 0) -> Pixels:
    """Returns images of noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, side, side, 3), dtype=np.uint8)


def opened(content: bytes) -> Interpreter:
    interpreter = Interpreter(model_content=content, num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


def stored(content: bytes, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Returns a file's answers to inputs, taken one by one, in the numbers that it gives."""
    interpreter = opened(content)
    (entry,), (exit_,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for one in inputs:
        interpreter.set_tensor(entry["index"], _quantized(one[None], entry))
        interpreter.invoke()
        answers.append(interpreter.get_tensor(exit_["index"])[0])
    return np.stack(answers)


def answers(content: bytes, inputs: npt.NDArray[Any]) -> Floats:
    """Returns a file's answers to inputs as real numbers."""
    (exit_,) = opened(content).get_output_details()
    scale, zero_point = exit_["quantization"]
    numbers = stored(content, inputs).astype(np.float32)
    return (numbers - zero_point) * np.float32(scale) if scale else numbers


def _quantized(values: npt.NDArray[Any], entry: dict[str, Any]) -> npt.NDArray[Any]:
    scale, zero_point = entry["quantization"]
    if not scale:
        return values.astype(entry["dtype"])
    limits = np.iinfo(entry["dtype"])
    return np.clip(np.rint(values / scale) + zero_point, limits.min, limits.max).astype(entry["dtype"])
