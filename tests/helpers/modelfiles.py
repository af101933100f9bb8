"""One small real file of each label, as the quantizers make them."""

from collections.abc import Callable
from functools import cache

import keras
import numpy as np
from litert_quantizer import recipe

from zoobench.build import ai_edge, conversion


@cache
def labelled(label: str) -> bytes:
    """Returns a file that meets the spec of the label."""
    return _MAKERS[label]()


def small_classifier() -> keras.Model:
    """Returns three convolutions, one of them depthwise, and a dense layer; 24 × 24 pixels, three classes."""
    keras.utils.set_random_seed(0)
    pixels = keras.Input((24, 24, 3))
    maps = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(pixels)
    maps = keras.layers.Conv2D(6, 3, strides=2, activation="relu6")(maps)
    maps = keras.layers.DepthwiseConv2D(3, activation="relu")(maps)
    maps = keras.layers.Conv2D(256, 1, activation="relu")(maps)
    features = keras.layers.GlobalAveragePooling2D()(maps)
    return keras.Model(pixels, keras.layers.Dense(3, activation="softmax")(features))


@cache
def _float32() -> bytes:
    return conversion.float32(small_classifier())


@cache
def _statistics() -> ai_edge.Statistics:
    images = np.random.default_rng(0).integers(0, 256, (4, 1, 24, 24, 3), dtype=np.uint8)
    return ai_edge.calibrated(_float32(), iter(images))


_MAKERS: dict[str, Callable[[], bytes]] = {
    "float32": _float32,
    "float16": lambda: ai_edge.float16(_float32()),
    "dynamic_range": lambda: ai_edge.dynamic_range(_float32()),
    "weight_only_int8": lambda: ai_edge.weight_only(_float32()),
    "dynamic_range_int4": lambda: ai_edge.dynamic_range_int4(_float32()),
    # ours has int8 convolutions, and these weigh so much here that it would pass for dynamic_range too
    "dynamic_range_int4_block": lambda: ai_edge._quantized(_float32(), recipe.dynamic_wi4b32_afp32()),
    "float_fallback": lambda: ai_edge.integer(_float32(), _statistics(), io="float32"),
    "integer_only": lambda: ai_edge.integer(_float32(), _statistics(), io="uint8"),
    "integer_only_int8": lambda: ai_edge.integer(_float32(), _statistics(), io="int8"),
    "int16x8": lambda: ai_edge.int16x8(_float32(), _statistics()),
}
