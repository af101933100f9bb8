"""How does LiteRT's `CompiledModel` run a TFLite file?"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert.compiled_model import CompiledModel
from ai_edge_litert.options import CpuOptions, Options

from zoobench.errors import MeasurementError
from zoobench.system.files import native_path
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.ports import Floats, Ports, read_all_ports, sole_input, sole_output

_SIGNATURE = 0


class CompiledSession:
    """A model compiled for the processor, with its buffers made once; takes one image at a time."""

    threads_reported = None

    def __init__(self, model: Any, *, inputs: Ports, outputs: Ports) -> None:
        self._model = model
        self._input, self._output_ports = sole_input(inputs), outputs
        self._inputs = model.create_input_buffers(_SIGNATURE)
        self._outputs = model.create_output_buffers(_SIGNATURE)

    def load(self, images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
        """Puts an image [1, height, width, 3] in place: raw pixels or real values."""
        self._input.check_taken(images)
        try:
            self._inputs[0].write(self._input.stored(images))
        except ValueError as error:
            raise MeasurementError(f"LiteRT's compiled model is given no {self._input.dtype}: {error}") from error

    def invoke(self) -> None:
        """Runs the model on one image."""
        try:
            self._model.run_by_index(_SIGNATURE, self._inputs, self._outputs)
        except (RuntimeError, ValueError) as error:
            raise MeasurementError(f"LiteRT failed to run the compiled model: {error}") from error

    def read(self) -> Floats:
        """Returns the result as [1, outputs] float32."""
        output = sole_output(self._output_ports)
        try:
            values = self._outputs[0].read(int(np.prod(output.shape)), output.dtype.type)
        except ValueError as error:
            raise MeasurementError(f"LiteRT's compiled model gives no {output.dtype}: {error}") from error
        return output.real(values).reshape(output.shape)

    def close(self) -> None:
        """Gives the model's memory back; LiteRT says on the terminal that it does, which is held."""
        with capture_native_output():
            self._inputs = self._outputs = []
            self._model = None


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[CompiledSession]:
    """Opens a TFLite file on a number of threads."""
    try:
        inputs, outputs = read_all_ports(path)
        options = Options(cpu_options=CpuOptions(num_threads=threads))
        model = CompiledModel.from_file(native_path(path), options=options)
        session = CompiledSession(model, inputs=inputs, outputs=outputs)
    except (ValueError, RuntimeError) as error:
        raise MeasurementError(f"LiteRT cannot compile {path}: {error}") from error
    try:
        yield session
    finally:
        session.close()
