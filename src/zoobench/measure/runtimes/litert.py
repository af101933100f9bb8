"""How does LiteRT's interpreter run a TFLite file?"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.interpreter import Interpreter

from zoobench.errors import MeasurementError
from zoobench.system.files import native_path
from zoobench.tflite.ports import (
    Floats,
    Port,
    Ports,
    check_one_signature,
    sole_input,
    sole_output,
    with_batch_of_one,
)
from zoobench.tflite.read import with_open_sides


class LiteRTSession:
    """One interpreter; its tensors are allocated before an image is loaded. Takes one image at a time."""

    threads_reported = None

    def __init__(self, interpreter: Interpreter) -> None:
        self._interpreter = interpreter
        check_one_signature(interpreter.get_signature_list())
        self._input = sole_input(_ports(interpreter.get_input_details()))
        self._outputs = _ports(interpreter.get_output_details())

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
        output = sole_output(self._outputs)
        return output.real(self._interpreter.get_tensor(output.index))


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[LiteRTSession]:
    """Opens a TFLite file on a number of threads."""
    try:
        interpreter = Interpreter(model_path=native_path(path), num_threads=threads)
        session = LiteRTSession(interpreter)  # says of an open shape more than a failed allocation does
        interpreter.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        raise MeasurementError(f"LiteRT cannot open {path}: {error}") from error
    yield session


def _ports(details: Iterable[dict[str, Any]]) -> Ports:
    return tuple(
        Port(
            index=one["index"],
            dtype=np.dtype(one["dtype"]),
            scale=float(one["quantization"][0]) or 1.0,
            zero_point=int(one["quantization"][1]),
            shape=with_batch_of_one(with_open_sides(one["shape"], one["shape_signature"])),
            name=one["name"],
        )
        for one in details
    )
