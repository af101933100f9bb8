"""How does ONNX Runtime run a TFLite file? Converted to ONNX first, once, by tf2onnx; on the processor."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as native

from zoobench.errors import MeasurementError
from zoobench.store.product import Facts, Product, home_of, obtain
from zoobench.system.files import native_path, sha256_of_file
from zoobench.system.processes import as_program, run_program
from zoobench.tflite.ports import Floats, Port, read_ports, with_batch_of_one

_PROVIDERS = ["CPUExecutionProvider"]
_REFUSALS = (native.Fail, native.InvalidArgument, native.InvalidGraph, native.NotImplemented, native.RuntimeException)
_ERRORS_ALONE = 3
_NO_SPINNING = ("session.intra_op.allow_spinning", "0")
"""Idle threads otherwise wait busily, for those that run beside them in turns to pay: on two threads and two cores all
sessions of a round waited a third of their time for a CPU, and a cell took twice as long as it should."""
_TYPES = {"tensor(float)": np.float32, "tensor(uint8)": np.uint8, "tensor(int8)": np.int8, "tensor(int16)": np.int16}
OPSET = 18
"""Of the ONNX operators; the latest that tf2onnx writes."""
_CONVERTER = "tf2onnx"
_PROGRAM = as_program("tf2onnx.convert")
_FILE = "model.onnx"
_SHOWN_LINES = 3
_PATIENCE_SECONDS = 900


class ONNXSession:
    """A session whose input and output stay where they are; takes one image at a time."""

    def __init__(self, session: Any, *, ports: tuple[Port, Port]) -> None:
        self._input, self._output = ports
        self._session = session
        self._image = np.zeros(self._input.shape, self._input.dtype)
        self._result = np.zeros(self._output.shape, self._output.dtype)
        self._binding = session.io_binding()
        for bind, (end,), array in (
            (self._binding.bind_input, session.get_inputs(), self._image),
            (self._binding.bind_output, session.get_outputs(), self._result),
        ):
            kind, place = array.dtype.type, array.ctypes.data
            bind(end.name, "cpu", device_id=0, element_type=kind, shape=array.shape, buffer_ptr=place)

    def load(self, images: npt.NDArray[np.uint8] | npt.NDArray[np.float32]) -> None:
        """Puts an image [1, height, width, 3] in place: raw pixels or real values."""
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


@contextmanager
def open_session(path: Path, *, threads: int) -> Iterator[ONNXSession]:
    """Opens a TFLite file, converted to ONNX if it was not yet; refuses what then takes or gives other numbers."""
    ports, converted = read_ports(path), onnx_form(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
    options.add_session_config_entry(*_NO_SPINNING)
    options.log_severity_level = _ERRORS_ALONE
    try:
        session = onnxruntime.InferenceSession(native_path(converted), options, providers=_PROVIDERS)
    except _REFUSALS as error:
        raise MeasurementError(f"ONNX Runtime cannot open {path} as converted to ONNX: {error}") from error
    for port, found in zip(ports, (*session.get_inputs(), *session.get_outputs()), strict=True):
        shape = with_batch_of_one([side if isinstance(side, int) else -1 for side in found.shape])  # names are open
        if _TYPES.get(found.type) != port.dtype or shape != port.shape:
            raise MeasurementError(
                f"converted to ONNX the file has {found.type} {found.shape} where it had {port.dtype} {port.shape}"
            )
    yield ONNXSession(session, ports=ports)


def onnx_form(path: Path, *, converter: Sequence[str] = _PROGRAM) -> Path:
    """Returns the ONNX form of a TFLite file, converted if the store does not hold it.

    It is kept in the store that the file is in; that of a file from elsewhere in the user's own, `user_store`. The
    converter imports TensorFlow, which therefore runs in a process of its own.

    Raises:
        MeasurementError: If the file cannot be read, converted, or kept.
    """
    home = home_of(path)
    try:
        content = sha256_of_file(path)
    except OSError as error:
        raise MeasurementError(f"the ONNX form of {path} cannot be made: {error}") from error
    inputs = {"model": content, "converter": _CONVERTER, "version": version(_CONVERTER), "opset": OPSET}
    name = home.name.rpartition("-")[0] if home else path.stem
    store = home.parent.parent if home else user_store()

    def make(folder: Path) -> Facts:
        made = folder / _FILE
        command = [sys.executable, *converter, "--tflite", str(path), "--output", str(made), "--opset", str(OPSET)]
        status, printed = run_program(command, name=_CONVERTER, patience=_PATIENCE_SECONDS)
        if status or not made.exists():
            told = " / ".join(printed.strip().splitlines()[-_SHOWN_LINES:])
            raise MeasurementError(f"{_CONVERTER} cannot convert {path} (status {status}): {told}")
        return {}

    product = Product(name=f"{name}-onnx", file_name=_FILE, inputs=inputs)
    return obtain(store / "onnx", product, make, error=MeasurementError).path


def user_store() -> Path:
    """Returns the store for files that are in none: `zoobench` in `XDG_CACHE_HOME`, by default `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoobench"
