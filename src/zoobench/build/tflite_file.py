"""What does a TFLite file of one's own take and hold, and what does it answer?"""

import os
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError, ModelError
from zoobench.matrix.backbones import Backbone
from zoobench.matrix.interface import Layout
from zoobench.matrix.variants import PREQUANTIZED, SPECS
from zoobench.measure.runtimes import Pixels, open_session
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.contract import Contract, read_contract, violations
from zoobench.tflite.labels import read_labels
from zoobench.tflite.ports import display_shape, pixel_range_held, read_all_ports, sole_input

_CHANNELS = (1, 3)


@dataclass(frozen=True, slots=True, kw_only=True)
class TFLiteFile:
    """A TFLite file of one's own that takes one square image.

    Attributes:
        image_size: Side of the image in pixels.
        channels: 3 for RGB, 1 for grey.
        is_float: Whether all of it is float32, so that quantizers can start from it.
        held: Lowest and highest real value that its input can store; None where that is float.
        labels: Names of the classes that are embedded in it, in the order of its outputs; None where there are none.
    """

    path: Path
    image_size: int
    channels: Literal[1, 3]
    layout: Layout
    is_float: bool
    held: tuple[float, float] | None
    labels: tuple[str, ...] | None
    contract: Contract

    @property
    def numbers(self) -> str:
        """What it takes and stores, as a part of a sentence."""
        weights = " and ".join(self.contract.weight_shares) or "no"
        return f"{self.contract.inputs[0].type} input, {weights} weights"


def read_tflite_file(path: Path) -> TFLiteFile:
    """Returns what stands in a TFLite file.

    Raises:
        ModelError: If it is none, has several inputs or signatures, or takes anything but one square image.
    """
    try:
        known = path.stat()
        return _read(path, known.st_mtime_ns, known.st_size)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error


def variants_of(backbone: Backbone, asked: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Returns the variants that there can be of a network among those asked for, and why there are not the others.

    Raises:
        ModelError: If it is a TFLite file that takes anything but one square image.
    """
    if backbone.is_keras or backbone.path is None:
        remark = f"{backbone.name}: no {PREQUANTIZED}, which is for a TFLite file that came quantized"
        return _without(PREQUANTIZED, asked, remark)
    file = read_tflite_file(backbone.path)
    if not file.is_float:
        why = f"{file.numbers}; quantizers start from a float32 file"
        return (PREQUANTIZED,), f"{backbone.name}: measured as it came, as the one variant {PREQUANTIZED}: {why}"
    kept, remark = _without("keras", asked, f"{backbone.name}: no keras variant, it came as TFLite")
    others, other = _without(PREQUANTIZED, kept, f"{backbone.name}: no {PREQUANTIZED}, it came as float32")
    return others, "; ".join(filter(None, (remark, other)))


def own_answers(path: Path, images: Pixels) -> npt.NDArray[np.float32]:
    """Returns a TFLite file's outputs [n, ...] by LiteRT, as they come.

    Args:
        path: Of it.
        images: n of them as the model takes them, see `presented`.

    Raises:
        MeasurementError: If LiteRT does not run it.
    """
    with ExitStack() as stack:
        with capture_native_output():
            session = stack.enter_context(open_session(path, runtime="litert", threads=os.cpu_count() or 1))
        outputs = []
        for place in range(len(images)):
            session.load(images[place : place + 1])
            session.invoke()
            outputs.append(session.read())
    return np.concatenate([one if one.shape[:1] == (1,) else one[np.newaxis] for one in outputs])


def _without(variant: str, asked: Sequence[str], remark: str) -> tuple[tuple[str, ...], str]:
    return tuple(one for one in asked if one != variant), remark if variant in asked else ""


@cache
def _read(path: Path, _modified: int, _size: int) -> TFLiteFile:
    content = path.read_bytes()
    try:
        contract = read_contract(content)
        taken = sole_input(read_all_ports(path)[0])
        labels = read_labels(content)
    except (ModelError, MeasurementError) as error:
        raise ModelError(f"{path}: {error}") from error
    size, channels, layout = _image(path, taken.shape)
    return TFLiteFile(
        path=path,
        image_size=size,
        channels=channels,
        layout=layout,
        is_float=not violations(contract, SPECS["float32"]),
        held=pixel_range_held(taken),
        labels=labels,
        contract=contract,
    )


def _image(path: Path, shape: Sequence[int]) -> tuple[int, Any, Layout]:
    """Returns side, channels and layout of the images that a model takes."""
    if len(shape) == len("NHWC") and shape[0] == 1:
        last, first = shape[3] in _CHANNELS, shape[1] in _CHANNELS
        if last and shape[1] == shape[2]:
            return shape[1], shape[3], "NHWC"
        if first and not last and shape[2] == shape[3]:
            return shape[2], shape[1], "NCHW"
    raise ModelError(
        f"{path} takes {display_shape(shape)}; allowed is one square image, RGB or grey: [1, side, side, 3 or 1], or "
        f"[1, 3 or 1, side, side]; {_mended(shape)}"
    )


def _mended(shape: Sequence[int]) -> str:
    if len(shape) == len("NHWC"):
        sides = shape[1:3] if shape[3] in _CHANNELS else shape[2:]
        if sides[0] != sides[1] and {shape[1], shape[3]} & set(_CHANNELS):
            return f"convert the model anew with a resize from a square to {sides[0]} x {sides[1]} before it"
        if shape[0] != 1:
            return "convert the model anew for one image at a time"
    return "give a model of RGB or grey images"
