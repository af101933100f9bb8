"""Small networks made of what the large ones are made of, and what a TFLite file computes."""

import hashlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from ai_edge_litert import schema_py_generated as schema
from keras import layers

from zoobench.system.terminal import capture_native_output

Tensor = keras.KerasTensor
Architecture = Callable[[Tensor], Tensor]
SIDE = 24


def inverted_residuals(x: Tensor) -> Tensor:
    """MobileNetV2: an expansion, a depthwise convolution and a linear bottleneck that is added to what came in."""
    x = _convolution(x, 8, "relu6")
    for _ in range(2):
        wide = _convolution(x, 24, "relu6", size=1)
        wide = layers.ReLU(6.0)(layers.BatchNormalization()(layers.DepthwiseConv2D(3, padding="same")(wide)))
        x = layers.Add()([x, layers.BatchNormalization()(layers.Conv2D(8, 1)(wide))])
    return x


def scaled_branches(x: Tensor) -> Tensor:
    """InceptionResNetV2: branches side by side, and what they give is scaled and added."""
    x = _convolution(x, 12, "relu")
    for _ in range(3):
        branches = [_convolution(x, 6, "relu", size=1), _convolution(_convolution(x, 6, "relu", size=1), 8, "relu")]
        up = layers.Conv2D(12, 1)(layers.Concatenate()(branches))
        x = layers.Activation("relu")(layers.Add()([x, layers.Rescaling(0.17)(up)]))
    return x


def preactivated(x: Tensor) -> Tensor:
    """ResNetV2: batch normalization and activation come before the convolution, the sum is read as it is."""
    x = layers.Conv2D(8, 3, strides=2)(x)
    for _ in range(3):
        inner = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Add()([x, layers.Conv2D(8, 3, padding="same")(inner)])
    return layers.Activation("relu")(layers.BatchNormalization()(x))


def dense_blocks(x: Tensor) -> Tensor:
    """DenseNet: each layer reads all that came before it."""
    x = _convolution(x, 8, "relu")
    for _ in range(3):
        inner = layers.Activation("relu")(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, layers.Conv2D(4, 3, padding="same", use_bias=False)(inner)])
    return x


def squeeze_and_excite(x: Tensor) -> Tensor:
    """EfficientNet: swish, and channels weighted by what the whole map says."""
    x = _convolution(x, 8, "swish")
    for _ in range(2):
        squeezed = layers.Reshape((1, 1, 8))(layers.GlobalAveragePooling2D()(x))
        weight = layers.Conv2D(8, 1, activation="sigmoid")(layers.Conv2D(2, 1, activation="swish")(squeezed))
        inner = _convolution(layers.Multiply()([x, weight]), 8, "swish")
        x = layers.Add()([x, inner])
    return x


def hard_swish(x: Tensor) -> Tensor:
    """MobileNetV3: x * relu6(x + 3) / 6, which TFLite has an operator for."""
    for _ in range(2):
        x = layers.BatchNormalization()(layers.Conv2D(8, 3)(x))
        x = layers.Multiply()([x, layers.Rescaling(1 / 6)(layers.ReLU(6.0)(layers.Rescaling(1.0, offset=3.0)(x)))])
    return x


def normalized_by_layer(x: Tensor) -> Tensor:
    """ConvNeXt: depthwise convolution, layer normalization, two dense layers with GELU between, and a sum."""
    x = layers.Conv2D(8, 4, strides=4)(x)
    for _ in range(3):
        inner = layers.LayerNormalization(epsilon=1e-6)(layers.Conv2D(8, 3, padding="same", groups=8)(x))
        x = layers.Add()([x, layers.Dense(8)(layers.Activation("gelu")(layers.Dense(16)(inner)))])
    return x


def woven_cells(x: Tensor) -> Tensor:
    """NASNet: each cell reads the two before it, so that nowhere one tensor holds everything."""
    before = _convolution(x, 8, "relu")
    x = _convolution(before, 8, "relu")
    for _ in range(3):
        read = [layers.SeparableConv2D(8, 3, padding="same")(layers.Activation("relu")(x)) for _ in range(2)]
        before, x = x, layers.Add()([before, *read])
    return x


def two_towers(x: Tensor) -> Tensor:
    """Two branches that share a layer and meet only at the end."""
    shared = layers.Conv2D(6, 3, activation="relu")
    one, other = shared(x), shared(layers.Rescaling(-1.0)(x))
    return layers.Concatenate()([_convolution(one, 6, "relu"), _convolution(other, 6, "relu")])


def in_a_row(x: Tensor) -> Tensor:
    """A user's sequential model, with what people use: dropout, pooling, leaky and parametric activations."""
    row = keras.Sequential(
        [
            layers.Conv2D(8, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Dropout(0.2),
            layers.Conv2D(8, 3),
            layers.LeakyReLU(negative_slope=0.1),
            layers.Conv2D(8, 3),
            layers.PReLU(shared_axes=(1, 2)),
            layers.Conv2D(8, 3),
            layers.ReLU(max_value=1.0),
        ]
    )
    result: Tensor = row(x)
    return result


ARCHITECTURES: tuple[Architecture, ...] = (
    inverted_residuals,
    scaled_branches,
    preactivated,
    dense_blocks,
    squeeze_and_excite,
    hard_swish,
    normalized_by_layer,
    woven_cells,
    two_towers,
    in_a_row,
)


def built(architecture: Architecture, *, seed: int = 0) -> keras.Model:
    """Returns a network from pixels to a vector, its batch statistics no longer those of a new layer."""
    keras.utils.set_random_seed(seed)
    pixels = keras.Input((SIDE, SIDE, 3))
    maps = architecture(layers.Rescaling(1 / 127.5, offset=-1.0)(pixels))
    model = keras.Model(pixels, layers.GlobalAveragePooling2D()(maps), name="mine")
    generator = np.random.default_rng(seed)
    for weight in model.weights:
        if "moving" in weight.path or "gamma" in weight.path or "beta" in weight.path:
            weight.assign(generator.uniform(0.5, 1.5, weight.shape).astype(np.float32))
    return model


def _convolution(x: Tensor, channels: int, activation: str, *, size: int = 3) -> Tensor:
    x = layers.Conv2D(channels, size, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    result: Tensor = layers.ReLU(6.0)(x) if activation == "relu6" else layers.Activation(activation)(x)
    return result


def converted_whole(model: keras.Model, **options: Any) -> bytes:
    """Returns what the documented converter makes of a model at once, for one image."""
    image = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    call = tf.function(lambda inputs: model(inputs, training=False), input_signature=[image])
    converter = tf.lite.TFLiteConverter.from_concrete_functions([call.get_concrete_function()])
    for name, value in options.items():
        setattr(converter, name, value)
    with capture_native_output():
        content: bytes = converter.convert()
    return content


def operators(content: bytes) -> list[str]:
    """Returns each operator of a file as a text that holds all that it depends on, constants included, in order.

    Two files with the same texts compute the same, bit by bit, whatever their tensors are called.
    """
    model = schema.ModelT.InitFromPackedBuf(content)
    (graph,) = model.subgraphs
    known = {-1: "none"} | {int(index): f"input {place}" for place, index in enumerate(graph.inputs)}
    for index, tensor in enumerate(graph.tensors):
        data = model.buffers[tensor.buffer].data
        if data is not None:
            known[index] = _digest(tensor.type, _plain(tensor.shape), _plain(tensor.quantization), data.tobytes())
    texts = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        of_it = (code.builtinCode, _plain(operator.builtinOptions), [known[int(index)] for index in operator.inputs])
        for place, index in enumerate(map(int, operator.outputs)):
            tensor = graph.tensors[index]
            known[index] = _digest(*of_it, place, tensor.type, _plain(tensor.shape), _plain(tensor.quantization))
        texts.append(f"{code.builtinCode} {known[int(operator.outputs[0])]}")
    return sorted(texts)


def _digest(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if hasattr(value, "__dict__"):
        return {name: _plain(one) for name, one in sorted(vars(value).items())}
    return np.asarray(value).tolist() if isinstance(value, (list, np.ndarray, np.generic)) else value
