"""How does LiteRT's interpreter run a TFLite file?"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from zoobench.errors import MeasurementError

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Port:
    """An input or output tensor: where it is, its number type, and real = scale * (stored - zero_point)."""

    index: int
    dtype: np.dtype[Any]
    scale: float
    zero_point: int

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


class LiteRTSession:
    """One interpreter with its tensors allocated; takes one image at a time."""

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._input = _port(interpreter.get_input_details())
        self._output = _port(interpreter.get_output_details())

    def load(self, images: npt.NDArray[np.uint8]) -> None:
        """Puts raw pixels [1, height, width, 3] in place."""
        try:
            self._interpreter.set_tensor(self._input.index, self._input.stored(images))
        except ValueError as error:
            raise MeasurementError(f"the model does not take images of shape {images.shape}: {error}") from error

    def invoke(self) -> None:
        """Runs the model on one image."""
        try:
            self._interpreter.invoke()
        except (RuntimeError, ValueError) as error:
            raise MeasurementError(f"LiteRT failed to run the model: {error}") from error

    def read(self) -> Floats:
        """Returns the result as [1, outputs] float32."""
        return self._output.real(self._interpreter.get_tensor(self._output.index))


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[LiteRTSession]:
    """Opens a TFLite file on a number of threads.

    Raises:
        MeasurementError: If LiteRT cannot read the file or prepare its operators.
    """
    try:
        interpreter = Interpreter(model_path=str(path), num_threads=threads)
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise MeasurementError(f"LiteRT cannot open {path}: {error}") from error
    yield LiteRTSession(interpreter)


def _port(details: list[dict[str, Any]]) -> Port:
    if len(details) != 1:
        raise MeasurementError(f"the model has {len(details)} inputs or outputs; an image classifier has one of each")
    scale, zero_point = details[0]["quantization"]
    return Port(
        index=details[0]["index"],
        dtype=np.dtype(details[0]["dtype"]),
        scale=float(scale) or 1.0,
        zero_point=int(zero_point),
    )
