"""What does a runtime give to a TFLite file and read from it, in which numbers and shapes?

Here it is decided, for all runtimes and commands, what an open dimension is and which file can be run at all.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, prod
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.matrix.interface import PIXEL_EXTENTS, ImageSize, Interface, Layout, PixelRange, image_size_of
from zoobench.tflite.read import Graph, Tensor, read_edges

Floats = npt.NDArray[np.float32]
_SCORES = frozenset({"float32", "uint8", "int8", "int16"})
"""Number types of answers that are read."""
_RANGE_TOLERANCES: Mapping[PixelRange, float] = {
    "0..255": 0.15,
    "0..1": 0.15,
    "-1..1": 0.15,
    "imagenet-torch": 0.05,
    "imagenet-caffe": 0.05,
}
"""How far an end of an input's values may be from that of the pixels, as a share of their width.

Pixels of other means and deviations are near those of ImageNet: CIFAR's end 0.11 from torch's, those less 128 end 0.09
from caffe's. The next to the others are those less 0.5, 0.25 from -1..1.
"""
_MOVES = frozenset({"TRANSPOSE", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "PAD"})
_MOST_VALUES = 1_000_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output as a runtime fills or reads it: its place, number type, and real = scale * (stored - zero).

    Attributes:
        shape: 1 where the file leaves the batch open, as LiteRT takes it; -1 where it leaves another dimension open.
    """

    index: int
    dtype: np.dtype[Any]
    scale: float
    zero_point: int
    shape: tuple[int, ...] = ()
    name: str = ""

    def stored(self, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Returns real numbers, such as raw pixels, in the tensor's own."""
        if self.dtype.kind not in "iu":
            return values.astype(self.dtype)
        if self.dtype == values.dtype and self.scale == 1 and self.zero_point == 0:
            return values
        limits = np.iinfo(self.dtype)
        numbers = np.rint(values / self.scale) + self.zero_point
        clipped: npt.NDArray[Any] = np.clip(numbers, limits.min, limits.max).astype(self.dtype)
        return clipped

    def real(self, stored: npt.NDArray[Any]) -> Floats:
        """Returns the tensor's own numbers as real ones."""
        if self.dtype == np.float32:
            return stored.astype(np.float32)
        return np.multiply(stored.astype(np.float32) - self.zero_point, self.scale, dtype=np.float32)

    def check_taken(self, images: npt.NDArray[Any]) -> None:
        """Raises a MeasurementError for images of another shape than the tensor's, which not every runtime does."""
        if images.shape != self.shape:
            raise MeasurementError(
                f"the model does not take images of shape {images.shape}: its input is {self.shape}; "
                "give one image at a time, of the size that it was made for"
            )


Ports = tuple[Port, ...]


def read_ports(path: Path) -> tuple[Port, Port]:
    """Returns the input and the output of a TFLite file; nothing but its head is read, and nothing is verified.

    Raises:
        MeasurementError: If it is no TFLite file, or no image classifier's.
    """
    inputs, outputs = read_all_ports(path)
    return sole_input(inputs), sole_output(outputs)


def read_all_ports(path: Path) -> tuple[Ports, Ports]:
    """Returns all inputs and all outputs of a TFLite file, read as `read_ports` does.

    Raises:
        MeasurementError: If it is no TFLite file, or has several signatures.
    """
    names, *sides = read_edges(path)
    check_one_signature(names)
    inputs, outputs = (tuple(_port(index, tensor) for index, tensor in side.items()) for side in sides)
    return inputs, outputs


def check_one_signature(names: Iterable[str]) -> None:
    """Refuses to run a file that can be called for several things.

    Raises:
        MeasurementError: If there is more than one name.
    """
    if len(found := list(dict.fromkeys(names))) > 1:
        raise MeasurementError(
            f"the model has {len(found)} signatures: {', '.join(found)}; a runtime runs a file that has one: name it "
            "with --signature where a command takes that, or convert it alone"
        )


def sole_input(ports: Sequence[Port]) -> Port:
    """Returns the input of a model that has one, of a shape that is known.

    Raises:
        MeasurementError: If there are several, its height, say, is left open, or it is beyond all memory.
    """
    port = _sole(ports, "input")
    if -1 in port.shape:
        raise MeasurementError(
            f"the model's input {port.name or 'tensor'} is {display_shape(port.shape)}: a dimension other than the "
            "batch is left open, so it is not known what to run it on; convert the model again with a fixed size, "
            "such as keras.Input((224, 224, 3))"
        )
    if (count := prod(port.shape)) > _MOST_VALUES:
        raise MeasurementError(
            f"the model's input {port.name or 'tensor'} is {display_shape(port.shape)}, {count:,} numbers; at most "
            f"{_MOST_VALUES:,} are given to a model here"
        )
    return port


def sole_output(ports: Sequence[Port]) -> Port:
    """Returns the output of a model that has one, of a shape that is known.

    Raises:
        MeasurementError: If there are several, its shape is left open, or it holds no scores.
    """
    port = _sole(ports, "output")
    if -1 in port.shape or port.dtype.name not in _SCORES:
        raise MeasurementError(
            f"the model's output {port.name or 'tensor'} is {port.dtype} {display_shape(port.shape)}; what is read is "
            f"a tensor of a known shape, of {', '.join(sorted(_SCORES))}: convert the model again"
        )
    return port


def display_shape(shape: Sequence[int]) -> str:
    """Returns a shape for people, with a question mark where a dimension is left open."""
    return f"[{', '.join('?' if side < 0 else str(side) for side in shape)}]"


def with_batch_of_one(shape: Sequence[int]) -> tuple[int, ...]:
    """Returns the shape that a file is run in: 1 where its batch, the first dimension, is left open (-1)."""
    return tuple(1 if side < 0 and not place else int(side) for place, side in enumerate(shape))


def photo_interface(port: Port) -> Interface | None:
    """Returns how an input takes RGB photos, one at a time: as they are, grey, or by channels; None if not.

    What is one channel and not square may be sound as well.
    """
    image = image_taken(port.shape)
    if image is None or (image[1] == 1 and isinstance(image[0], str)):
        return None
    return Interface(taken_as="classifier", channels=image[1], layout=image[2])


def image_taken(shape: Sequence[int]) -> tuple[ImageSize, Literal[1, 3], Layout] | None:
    """Returns which image an input of this shape takes, RGB or grey, one at a time; None where it takes none.

    Of what may be read both ways, a square image is taken, then channels last.
    """
    if len(shape) != len("NHWC") or shape[0] != 1:
        return None
    ways: tuple[tuple[Layout, int, Sequence[int]], ...] = (
        ("NHWC", shape[3], shape[1:3]),
        ("NCHW", shape[1], shape[2:]),
    )
    found = [
        (image_size_of(*sides), cast(Literal[1, 3], channels), layout)
        for layout, channels, sides in ways
        if channels in (1, 3)
    ]
    return next((one for one in found if isinstance(one[0], int)), found[0] if found else None)


def size_of(port: Port, interface: Interface) -> ImageSize:
    """Returns the size of the images that an input takes."""
    height, width = port.shape[2:] if interface.layout == "NCHW" else port.shape[1:3]
    return image_size_of(height, width)


def pixel_range_taken(graph: Graph) -> tuple[float, float] | None:
    """Returns `pixel_range_held` of a graph's first input, or of that as it is quantized where it is a float one.

    What only moves its numbers may stand between the two.
    """
    if not graph.inputs:
        return None
    moved = {graph.inputs[0]}
    held = [pixel_range_held(graph.tensors[graph.inputs[0]])]
    for one in graph.operators:
        if one.inputs and one.inputs[0] in moved and one.outputs:
            if one.name == "QUANTIZE":
                held.append(pixel_range_held(graph.tensors[one.outputs[0]]))
            elif one.name in _MOVES:
                moved.add(one.outputs[0])
    return next(filter(None, held), None)


def closest_range(held: tuple[float, float]) -> PixelRange | None:
    """Returns which range of pixels an input was quantized for, by the lowest and highest value that it holds.

    None where it is none of the known ones to within `_RANGE_TOLERANCES` of their width: what a quantizer was shown
    need not have reached the ends. Where zero stands in the middle, as 16-bit inputs have it, only the larger end
    says something; None where that is the one of two ranges.
    """
    low, high = held
    is_of_16_bits = isclose(-low, high, rel_tol=1e-3)
    is_of_8_bits = isclose(-low * 127, high * 128, rel_tol=1e-4)

    def misses(pixels: PixelRange) -> float:
        least, most = PIXEL_EXTENTS[pixels]
        apart = abs(high - max(-least, most)) if is_of_16_bits else max(abs(low - least), abs(high - most))
        return apart / (most - least)

    ends = [name for name, extents in PIXEL_EXTENTS.items() if isclose(high, max(map(abs, extents)), rel_tol=1e-3)]
    near = [name for name in PIXEL_EXTENTS if misses(name) <= _RANGE_TOLERANCES[name]]
    found = ends if ends and is_of_8_bits else near
    return found[0] if len(found) == 1 else None


def pixel_range_held(port: Port | Tensor) -> tuple[float, float] | None:
    """Returns the real values of the lowest and the highest number that an integer tensor can store.

    A uint8 input of scale 1 / 255 and zero point 0 holds 0 to 1, so 0 to 255 cannot be what its model takes. None for
    other number types, which hold any pixels.
    """
    kind = port.dtype.name if isinstance(port, Port) else port.type
    if kind not in _SCORES or kind == "float32":
        return None
    limits, scale, zero_point = np.iinfo(kind), port.scale or 1.0, port.zero_point or 0
    low, high = (scale * (int(end) - zero_point) for end in (limits.min, limits.max))
    return min(low, high), max(low, high)


def _port(index: int, tensor: Tensor) -> Port:
    try:
        dtype = np.dtype(tensor.type)
    except TypeError:
        raise MeasurementError(
            f"the model's tensor {tensor.name} holds {tensor.type}, which is neither given to a model nor read here; "
            "give a model of numbers"
        ) from None
    return Port(
        index=index,
        dtype=dtype,
        scale=tensor.scale or 1.0,
        zero_point=tensor.zero_point or 0,
        shape=with_batch_of_one(tensor.shape),
        name=tensor.name,
    )


def _sole(ports: Sequence[Port], side: str) -> Port:
    if len(ports) != 1:
        named = ", ".join(f"{one.name} {display_shape(one.shape)}" for one in ports)
        raise MeasurementError(
            f"the model has {len(ports)} {side}s{named and f': {named}'}; a classifier has one input and one "
            "output: export the part of it that has those alone"
        )
    return ports[0]
