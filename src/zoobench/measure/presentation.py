"""What is a model of one's own fed for an image, and which probabilities do its outputs stand for?

Formulas of pixels are those of `keras.applications.imagenet_utils.preprocess_input`; grey is that of Pillow's "L".
"""

from functools import cache

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.matrix.interface import Interface, PixelRange

Floats = npt.NDArray[np.float32]
_MEAN_BGR = (103.939, 116.779, 123.68)
_MEAN_RGB = (0.485, 0.456, 0.406)
_DEVIATION_RGB = (0.229, 0.224, 0.225)
_LUMINANCE = (19595, 38470, 7471)
"""Of red, green and blue, in units of 1/65536: ITU-R 601."""
_RANGES: dict[PixelRange, tuple[float, float]] = {"0..255": (1.0, 0.0), "0..1": (255.0, 0.0), "-1..1": (127.5, 1.0)}
"""By what pixels are divided, and what is taken from that."""


def presented(images: npt.NDArray[np.uint8], interface: Interface) -> npt.NDArray[np.uint8] | Floats:
    """Returns what a model is fed for RGB images [n, height, width, 3]: [n, height, width, channels], or NCHW.

    float32 real values in the model's range; raw pixels stay uint8.

    Raises:
        MeasurementError: If a grey model is to take the channels of ImageNet.
    """
    shown: npt.NDArray[np.uint8] | Floats = _grey(images) if interface.channels == 1 else images
    if interface.pixels != "0..255":
        if interface.pixels == "imagenet-caffe":
            shown = shown[..., ::-1]
        table = _table(interface.pixels, interface.channels)
        shown = table[shown, np.arange(interface.channels)]
    return np.ascontiguousarray(shown.transpose(0, 3, 1, 2)) if interface.layout == "NCHW" else shown


def probabilities(outputs: npt.NDArray[np.float32], interface: Interface, *, count: int) -> Floats:
    """Returns probabilities [count, classes] in the data's order of classes, from a model's outputs for `count` images.

    Sigmoids that are one for each class stay as they are: their rows need not sum to one.

    Raises:
        MeasurementError: If the outputs are not one row for each image, or there is none for a class.
    """
    rows = flattened(outputs, count=count).astype(np.float64)
    if rows.shape[1] == 1:
        second = _logistic(rows) if interface.scores == "logits" else rows
        rows = np.hstack([1 - second, second])
    elif interface.scores == "logits":
        powers = np.exp(rows - rows.max(axis=1, keepdims=True))
        rows = powers / powers.sum(axis=1, keepdims=True)
    if interface.order:
        if max(interface.order) >= rows.shape[1]:
            raise MeasurementError(
                f"the model gives {rows.shape[1]} classes; a class of the data is to be its output "
                f"{max(interface.order)}, counted from 0"
            )
        rows = rows[:, list(interface.order)]
    return rows.astype(np.float32)


def flattened(outputs: npt.NDArray[np.float32], *, count: int) -> Floats:
    """Returns a model's outputs for `count` images as [count, outputs]: a map of one pixel is as good as a vector.

    Raises:
        MeasurementError: If there is more than one answer to an image, as in a map of several pixels.
    """
    of_one = outputs.shape[1:] if outputs.shape[:1] == (count,) else outputs.shape if count == 1 else (0,)
    if outputs.size == 0 or max(of_one, default=1) * count != outputs.size:
        raise MeasurementError(
            f"the model's answer to {count} {'image' if count == 1 else 'images'} has the shape {outputs.shape}; "
            f"expected ({count}, classes), one number for each class"
        )
    return outputs.reshape(count, -1)


def _grey(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    weighted = images.astype(np.uint32) @ np.array(_LUMINANCE, np.uint32)
    return ((weighted + (1 << 15)) >> 16).astype(np.uint8)[..., np.newaxis]


@cache
def _table(pixels: PixelRange, channels: int) -> Floats:
    """Returns the real value of each pixel in each channel [256, channels], in the model's order of channels."""
    values = np.repeat(np.arange(256.0)[:, np.newaxis], channels, axis=1)
    if pixels in _RANGES:
        divisor, less = _RANGES[pixels]
        return (values / divisor - less).astype(np.float32)
    if channels != len(_MEAN_BGR):
        raise MeasurementError(f"a grey model cannot take {pixels}; allowed is one of {', '.join(_RANGES)}")
    if pixels == "imagenet-caffe":
        return (values - _MEAN_BGR).astype(np.float32)
    return ((values / 255 - _MEAN_RGB) / _DEVIATION_RGB).astype(np.float32)


def _logistic(logits: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return np.exp(-np.logaddexp(0, -logits))
