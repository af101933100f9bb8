"""How is a model of one's own asked what it gives for images, and what does its file say of its input and outputs?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import keras
import numpy as np
import numpy.typing as npt

from zoobench.build import network
from zoobench.build.ending import Ending, ending_of_keras, ending_of_tflite
from zoobench.build.recipe import BuildRequest
from zoobench.build.weights import TFLiteFile, own_answers, read_tflite_file
from zoobench.matrix.interface import Layout
from zoobench.tflite.labels import order_of
from zoobench.tflite.ports import closest_range

Floats = npt.NDArray[np.float32]
_BATCH = 16
_SHOWN_CLASSES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A model of one's own, ready to be asked.

    Attributes:
        name: What the user calls it in options.
        answer: From what it is fed, float32 [n, height, width, channels] real values or as `layout` says, to its
            output [n, ...].
        ending: What makes that.
        held: Lowest and highest value that its quantized input stores; None where it stores any.
        order: Which output belongs to each class of the data, where the file says so.
        labels: Names that the file has for its outputs, where these leave open which of them is which class.
        remarks: What else is known of it, a sentence each.
    """

    name: str
    answer: Callable[[Floats], npt.NDArray[np.generic]]
    ending: Ending
    held: tuple[float, float] | None = None
    order: tuple[int, ...] = ()
    labels: tuple[str, ...] = ()
    layout: Layout = "NHWC"
    channels: int = 3
    remarks: tuple[str, ...] = ()


def subject_of(request: BuildRequest) -> Subject:
    """Returns a request's own model.

    Raises:
        ModelError: If it cannot be loaded.
    """
    backbone = request.backbone
    if backbone.path is None:
        raise ValueError(f"{backbone.name} is no model of one's own")
    if backbone.is_keras:
        return keras_subject(network.load_own(backbone.path, image_size=request.image_size), name=backbone.name)
    file, dataset = read_tflite_file(backbone.path), request.dataset
    return tflite_subject(file, name=backbone.name, classes=dataset.classes, are_named=dataset.are_named)


def keras_subject(model: keras.Model, *, name: str) -> Subject:
    """Returns a Keras model of one input and one output, ready to be asked."""

    def answer(pixels: Floats) -> npt.NDArray[np.generic]:
        batches = (pixels[start : start + _BATCH] for start in range(0, len(pixels), _BATCH))
        return np.concatenate([keras.ops.convert_to_numpy(model(batch, training=False)) for batch in batches])

    return Subject(name=name, answer=answer, ending=ending_of_keras(model), channels=int(model.input_shape[-1]))


def tflite_subject(file: TFLiteFile, *, name: str, classes: Sequence[str], are_named: bool = False) -> Subject:
    """Returns a TFLite file, ready to be asked; labels that are embedded in it order its outputs.

    Labels that are not these classes leave the order open, unless the user named the classes in the order of outputs.
    """
    order = order_of(file.labels, classes) if file.labels else ()
    others = file.labels if file.labels and order is None else ()
    return Subject(
        name=name,
        answer=partial(own_answers, file.path),
        ending=ending_of_tflite(file.path.read_bytes()),
        held=file.held,
        order=() if order is None or order == tuple(range(len(order))) else order,
        labels=() if are_named else others,
        layout=file.layout,
        channels=file.channels,
        remarks=tuple(_of_file(file, passed_over=others if are_named else ())),
    )


def _of_file(file: TFLiteFile, *, passed_over: Sequence[str]) -> Iterator[str]:
    if file.held:
        near = f"pixels {found}" if (found := closest_range(file.held)) else "no range of pixels that is known here"
        yield f"{stored(file.held)}: {near}."
    if passed_over:
        yield (
            f"the labels in it ({beginning(passed_over)}) are not the data's classes; its outputs are taken in the "
            "order of --zoo-classes."
        )


def beginning(names: Sequence[str]) -> str:
    """Returns the first of some names of classes, as a part of a sentence."""
    return ", ".join(names[:_SHOWN_CLASSES]) + (", ..." if len(names) > _SHOWN_CLASSES else "")


def stored(held: tuple[float, float]) -> str:
    """Returns the values that a quantized input stores, as a sentence."""
    return f"its quantized input stores values from {held[0]:.3g} to {held[1]:.3g}"
