"""How does OpenVINO run a TFLite file on the processor?"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import openvino

from zoobench.errors import MeasurementError
from zoobench.system.files import native_path
from zoobench.tflite.ports import Floats, Ports, read_all_ports, sole_input, sole_output

_DEVICE = "CPU"
_THREADS = "INFERENCE_NUM_THREADS"
_EXPLICIT = {"NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32"}
"""One request at a time, as fast as it can be answered, in the numbers that the file has: on processors that know
bfloat16 OpenVINO would round float32 to it, twice as fast and with probabilities off by up to 0.03."""


class OpenVINOSession:
    """A compiled model with one inference request; takes one image at a time."""

    def __init__(self, model: Any, *, inputs: Ports, outputs: Ports) -> None:
        self.threads_reported = int(model.get_property(_THREADS))
        self._request = model.create_infer_request()
        self._input, self._outputs = sole_input(inputs), outputs

    def load(self, images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
        """Puts an image [1, height, width, 3] in place: raw pixels or real values."""
        self._input.check_taken(images)
        self._request.get_input_tensor(0).data[:] = self._input.stored(images)

    def invoke(self) -> None:
        """Runs the model on one image."""
        try:
            self._request.infer()
        except RuntimeError as error:
            raise MeasurementError(f"OpenVINO failed to run the model: {_cause(error)}") from error

    def read(self) -> Floats:
        """Returns the result as [1, outputs] float32."""
        return sole_output(self._outputs).real(self._request.get_output_tensor(0).data)


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[OpenVINOSession]:
    """Opens a TFLite file on a number of threads; refuses to run it in other numbers or threads than it should."""
    inputs, outputs = read_all_ports(path)
    taken = sole_input(inputs)
    try:
        core = openvino.Core()
        network = core.read_model(native_path(path))
        if network.is_dynamic():  # a batch of any size would be taken as empty
            network.reshape(list(taken.shape))
        model = core.compile_model(network, _DEVICE, {_THREADS: threads, **_EXPLICIT})
    except RuntimeError as error:
        raise MeasurementError(f"OpenVINO cannot open {path}: {_cause(error)}") from error
    _check_types(model.inputs, inputs)
    _check_types(model.outputs, outputs)
    session = OpenVINOSession(model, inputs=inputs, outputs=outputs)
    if session.threads_reported != threads:
        raise MeasurementError(
            f"OpenVINO was asked for {threads} threads and uses {session.threads_reported}; "
            f"this machine may allow no more: --zoo-threads {session.threads_reported}"
        )
    yield session


def _check_types(ends: Sequence[Any], ports: Ports) -> None:
    for port, taken in zip(ports, ends, strict=True):
        found = np.dtype(taken.get_element_type().to_dtype())
        if found != port.dtype:
            raise MeasurementError(f"OpenVINO takes {found} where the file has {port.dtype}; it would scale otherwise")
        if not taken.get_partial_shape().is_static or tuple(taken.shape) != port.shape:
            raise MeasurementError(f"OpenVINO takes {taken.get_partial_shape()} where the file has {port.shape}")


def _cause(error: RuntimeError) -> str:
    """Returns what OpenVINO says on one line, without the places in its source."""
    lines = [line.strip() for line in str(error).splitlines()]
    kept = [line for line in lines if line and not line.startswith(("Exception from", "While validating"))]
    return " ".join(kept) or str(error)
