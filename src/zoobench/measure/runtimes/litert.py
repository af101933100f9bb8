"""How does LiteRT's interpreter run a TFLite file?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from zoobench.errors import MeasurementError
from zoobench.tflite.read import Floats, Port


class LiteRTSession:
    """One interpreter with its tensors allocated; takes one image at a time."""

    threads_reported = None

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        self._input = _port(interpreter.get_input_details())
        self._output = _port(interpreter.get_output_details())

    def load(self, images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
        """Puts an image [1, height, width, 3] in place: raw pixels or real values."""
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
    """Opens a TFLite file on a number of threads."""
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
