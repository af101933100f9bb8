"""How does ONNX Runtime run a TFLite file? Converted to ONNX first, on the processor."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from zoobench.errors import MeasurementError
from zoobench.measure.onnxfile import onnx_form
from zoobench.tflite.read import Floats, Port, read_ports

_PROVIDERS = ["CPUExecutionProvider"]
_REFUSALS = (native.Fail, native.InvalidArgument, native.InvalidGraph, native.NotImplemented, native.RuntimeException)
_ERRORS_ALONE = 3
_NO_SPINNING = ("session.intra_op.allow_spinning", "0")
"""Idle threads otherwise wait busily, for those that run beside them in turns to pay: on two threads and two cores all
sessions of a round waited a third of their time for a CPU, and a cell took twice as long as it should."""
_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8, "tensor(int16)": np.int16}


class ONNXSession:
    """A session whose input and output stay where they are; takes one image at a time."""

    def __init__(self, session: Any, *, ports: tuple[Port, Port]) -> None:
        self._input, self._output = ports
        self._session = session
        self._image = np.zeros(self._input.shape, self._input.dtype)
        self._result = np.zeros(self._output.shape, self._output.dtype)
        self._binding = session.io_binding()
        self._bind(self._binding.bind_input, session.get_inputs()[0].name, self._image)
        self._bind(self._binding.bind_output, session.get_outputs()[0].name, self._result)

    def load(self, images: npt.NDArray[np.uint8]) -> None:
        """Puts raw pixels [1, height, width, 3] in place."""
        self._input.check_taken(images)
        self._image[:] = self._input.stored(images)

    def invoke(self) -> None:
        """Runs the model on one image."""
        try:
            self._session.run_with_iobinding(self._binding)
        except _REFUSALS as error:
            raise MeasurementError(f"ONNX Runtime failed to run the model: {error}") from error

    def read(self) -> Floats:
        """Returns the result as [1, outputs] float32."""
        return self._output.real(self._result)

    @staticmethod
    def _bind(bind: Any, name: str, array: npt.NDArray[Any]) -> None:
        bind(
            name=name,
            device_type="cpu",
            device_id=0,
            element_type=array.dtype.type,
            shape=array.shape,
            buffer_ptr=array.ctypes.data,
        )


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[ONNXSession]:
    """Opens a TFLite file, converted to ONNX if that has not been done yet, on a number of threads.

    Raises:
        MeasurementError: If the file cannot be converted, or ONNX Runtime cannot read what came out, or that takes or
            gives other numbers than the file.
    """
    ports, converted = read_ports(path), onnx_form(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry(*_NO_SPINNING)
    options.log_severity_level = _ERRORS_ALONE
    try:
        session = onnxruntime.InferenceSession(str(converted), options, providers=_PROVIDERS)
    except _REFUSALS as error:
        raise MeasurementError(f"ONNX Runtime cannot open {path} as converted to ONNX: {error}") from error
    _check_types(session, ports)
    yield ONNXSession(session, ports=ports)


def _check_types(session: Any, ports: tuple[Port, Port]) -> None:
    for port, found in zip(ports, (*session.get_inputs(), *session.get_outputs()), strict=True):
        if _TYPES.get(found.type) != port.dtype or tuple(found.shape) != port.shape:
            raise MeasurementError(
                f"converted to ONNX the file has {found.type} {found.shape} where it had {port.dtype} {port.shape}"
            )
