"""In which numbers does a TFLite file take images and give answers?"""

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError

Floats = npt.NDArray[np.float32]
_DTYPES = {0: np.float32, 3: np.uint8, 7: np.int16, 9: np.int8}
"""By the number that TFLite's schema gives a type, `TensorType`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output tensor: where it is, its number type, and real = scale * (stored - zero_point)."""

    index: int
    dtype: np.dtype[Any]
    scale: float
    zero_point: int
    shape: tuple[int, ...] = ()

    def stored(self, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        """Returns raw pixels in the tensor's own numbers."""
        if self.dtype == np.float32:
            return pixels.astype(np.float32)
        if self.dtype == np.uint8 and self.scale == 1 and self.zero_point == 0:
            return pixels
        limits = np.iinfo(self.dtype)
        numbers = np.rint(pixels / self.scale) + self.zero_point
        clipped: npt.NDArray[Any] = np.clip(numbers, limits.min, limits.max).astype(self.dtype)
        return clipped

    def real(self, stored: npt.NDArray[Any]) -> Floats:
        """Returns the tensor's own numbers as real ones."""
        if self.dtype == np.float32:
            return stored.astype(np.float32)
        return np.multiply(stored.astype(np.float32) - self.zero_point, self.scale, dtype=np.float32)

    def check_taken(self, images: npt.NDArray[np.uint8]) -> None:
        """Refuses images of another shape than the tensor's, which not every runtime does.

        Raises:
            MeasurementError: If the shapes differ.
        """
        if images.shape != self.shape:
            raise MeasurementError(
                f"the model does not take images of shape {images.shape}: its input is {self.shape}; "
                "give one image at a time, of the size that it was made for"
            )


def read_ports(path: Path) -> tuple[Port, Port]:
    """Returns the input and the output of a TFLite file; nothing but its head is read.

    Raises:
        MeasurementError: If it is no TFLite file, or no image classifier's.
    """
    from ai_edge_litert import schema_py_generated as schema  # LiteRT's own session needs none of its 4 MB

    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            graph = schema.Model.GetRootAs(content).Subgraphs(0)
            counts = (graph.InputsLength(), graph.OutputsLength())
            ports = None if counts != (1, 1) else (_port(graph, graph.Inputs(0)), _port(graph, graph.Outputs(0)))
            del graph
    except (OSError, AttributeError, struct.error, IndexError, ValueError, TypeError) as error:
        raise MeasurementError(f"{path} cannot be read as a TFLite file: {error}") from error
    if ports is None:
        raise MeasurementError(f"the model has {max(counts)} inputs or outputs; an image classifier has one of each")
    return ports


def _port(graph: Any, index: int) -> Port:
    tensor = graph.Tensors(index)
    if tensor.Type() not in _DTYPES:
        raise ValueError(
            f"tensor {index} has the number type {tensor.Type()}; known are float32, uint8, int8 and int16"
        )
    quantization = tensor.Quantization()
    is_scaled = quantization is not None and quantization.ScaleLength() > 0
    return Port(
        index=index,
        dtype=np.dtype(_DTYPES[tensor.Type()]),
        scale=float(quantization.Scale(0)) if is_scaled else 1.0,
        zero_point=int(quantization.ZeroPoint(0)) if is_scaled and quantization.ZeroPointLength() else 0,
        shape=tuple(map(int, tensor.ShapeAsNumpy())),
    )
