"""What makes a model's numbers: is it found in Keras's graph and in the file that is made of it?"""

from collections.abc import Callable

import keras
import pytest
from keras import layers

from networks import noise
from zoobench.build import ai_edge, conversion
from zoobench.build.ending import ending_of_keras, ending_of_tflite

Tensor = keras.KerasTensor
MAKERS: dict[str, tuple[str, Callable[[Tensor], Tensor]]] = {
    "softmax in a dense layer": ("softmax", lambda x: layers.Dense(3, activation="softmax")(_vector(x))),
    "softmax, then shapes": (
        "softmax",
        lambda x: layers.Reshape((1, 3))(layers.Softmax()(layers.Dense(3)(_vector(x)))),
    ),
    "softmax of keras.ops": ("softmax", lambda x: keras.ops.softmax(layers.Dense(3)(_vector(x)))),
    "softmax of maps": ("softmax", lambda x: layers.Conv2D(3, 1, activation="softmax")(x)),
    "log-softmax": ("log-softmax", lambda x: layers.Dense(3, activation="log_softmax")(_vector(x))),
    "sigmoids": ("sigmoid", lambda x: layers.Dense(3, activation="sigmoid")(_vector(x))),
    "sigmoids side by side": (
        "sigmoid",
        lambda x: layers.Concatenate()([layers.Dense(1, activation="sigmoid")(_vector(x)) for _ in range(3)]),
    ),
    "less a sigmoid": ("other", lambda x: 1.0 - layers.Dense(1, activation="sigmoid")(_vector(x))),
    "dense layer": ("linear", lambda x: layers.Dense(3)(_vector(x))),
    "dense layer, scaled": ("linear", lambda x: layers.BatchNormalization()(layers.Dense(3)(_vector(x)))),
    "convolution of one pixel": ("linear", lambda x: layers.Conv2D(3, 1)(_pooled(x, keepdims=True))),
    "pooled convolution": ("pooled linear", lambda x: _pooled(layers.Conv2D(3, 1)(x))),
    "convolution": ("maps", lambda x: layers.Conv2D(3, 1)(x)),
    "sum of maps": ("maps", lambda x: layers.Add()([layers.Conv2D(3, 1)(x), layers.ReLU()(x)])),
    "rectified": ("features", lambda x: layers.Dense(3, activation="relu")(_vector(x))),
    "pooled ReLU": ("features", lambda x: _pooled(layers.Conv2D(3, 1, activation="relu")(x))),
    "pooled swish": ("features", lambda x: _pooled(layers.Conv2D(3, 1, activation="silu")(x))),
    "GELU": ("features", lambda x: layers.Dense(3, activation="gelu")(_vector(x))),
    "hyperbolic tangent": ("other", lambda x: layers.Dense(3, activation="tanh")(_vector(x))),
    "length one": ("other", lambda x: layers.UnitNormalization()(layers.Dense(3)(_vector(x)))),
}


def _pooled(x: Tensor, *, keepdims: bool = False) -> Tensor:
    pooled: Tensor = layers.GlobalAveragePooling2D(keepdims=keepdims)(x)
    return pooled


def _vector(x: Tensor) -> Tensor:
    return _pooled(layers.Conv2D(4, 3, activation="relu")(x))


@pytest.mark.parametrize(("kind", "made"), MAKERS.values(), ids=MAKERS)
def test_what_makes_the_numbers_is_found(kind: str, made: Callable[[Tensor], Tensor]) -> None:
    pixels = keras.Input((16, 16, 3))
    assert ending_of_keras(keras.Model(pixels, made(pixels))).kind == kind


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "made"), MAKERS.values(), ids=MAKERS)
def test_so_it_is_in_the_tflite_file(kind: str, made: Callable[[Tensor], Tensor]) -> None:
    pixels = keras.Input((16, 16, 3))
    found = ending_of_tflite(conversion.float32(keras.Model(pixels, made(pixels))))
    assert (found.kind, found.step) == (kind, 0.0)


def test_the_steps_of_a_quantized_output_are_known() -> None:
    pixels = keras.Input((24, 24, 3))
    content = conversion.float32(keras.Model(pixels, layers.Dense(3, activation="softmax")(_vector(pixels))))
    images = (image[None] for image in noise(2))
    found = ending_of_tflite(ai_edge.integer(content, ai_edge.calibrated(content, images), io="int8"))
    assert (found.kind, found.step) == ("softmax", 1 / 256)
