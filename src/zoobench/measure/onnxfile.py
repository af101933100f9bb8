"""What is a TFLite file in ONNX? Converted once and kept in the store, for a runtime that reads no TFLite."""

import os
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from zoobench.errors import MeasurementError
from zoobench.store.product import Facts, Product, home_of, obtain
from zoobench.system.files import sha256_of_file
from zoobench.system.processes import run_program

OPSET = 18
"""Of the ONNX operators; the latest that tf2onnx writes."""
_CONVERTER = "tf2onnx"
_FILE = "model.onnx"
_SHOWN_LINES = 3
_PATIENCE_SECONDS = 900


def onnx_form(path: Path, *, converter: Sequence[str] = ("-m", "tf2onnx.convert")) -> Path:
    """Returns the ONNX form of a TFLite file, converted if the store does not hold it.

    It is kept in the store that the file is in; that of a file from elsewhere in the user's own, `user_store`. The
    converter imports TensorFlow, which therefore runs in a process of its own.

    Args:
        path: The TFLite file.
        converter: What Python is to run.

    Raises:
        MeasurementError: If the file cannot be read, converted, or kept.
    """
    home = home_of(path)
    inputs = {"model": _content_hash(path), "converter": _CONVERTER, "version": version(_CONVERTER), "opset": OPSET}
    name = home.name.rpartition("-")[0] if home else path.stem
    store = home.parent.parent if home else user_store()

    def make(folder: Path) -> Facts:
        _convert(path, folder / _FILE, converter)
        return {}

    product = Product(name=f"{name}-onnx", file_name=_FILE, inputs=inputs)
    return obtain(store / "onnx", product, make, error=MeasurementError).path


def user_store() -> Path:
    """Returns the store for files that are in none: `zoobench` in `XDG_CACHE_HOME`, by default `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoobench"


def _content_hash(path: Path) -> str:
    try:
        return sha256_of_file(path)
    except OSError as error:
        raise MeasurementError(f"the ONNX form of {path} cannot be made: {error}") from error


def _convert(path: Path, made: Path, converter: Sequence[str]) -> None:
    command = [sys.executable, *converter, "--tflite", str(path), "--output", str(made), "--opset", str(OPSET)]
    status, printed = run_program(command, name=_CONVERTER, patience=_PATIENCE_SECONDS)
    if status or not made.exists():
        told = " / ".join(printed.strip().splitlines()[-_SHOWN_LINES:])
        raise MeasurementError(f"{_CONVERTER} cannot convert {path} (status {status}): {told}")
