"""Where is the ONNX form of a TFLite file? Converted once by tf2onnx, in a process of its own, and kept in a cache."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from filelock import FileLock

from zoobench.errors import MeasurementError
from zoobench.system.files import sha256_of_file

OPSET = 18
"""Of the ONNX operators; the latest that tf2onnx writes."""
_CONVERTER = "tf2onnx"
_SHOWN_LINES = 3
_PATIENCE_SECONDS = 900


def onnx_form(path: Path, *, converter: Sequence[str] = ("-m", "tf2onnx.convert")) -> Path:
    """Returns the ONNX form of a TFLite file, converted if it is not in the cache.

    The converter imports TensorFlow, which therefore runs in a process of its own.

    Args:
        path: The TFLite file.
        converter: What Python is to run.

    Raises:
        MeasurementError: If the file cannot be read, converted, or kept.
    """
    try:
        kept = cache_folder() / f"{sha256_of_file(path)}-{_CONVERTER}-{version(_CONVERTER)}-{OPSET}.onnx"
        kept.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{kept}.lock"):
            if not kept.exists():
                _convert(path, kept, converter)
    except OSError as error:
        raise MeasurementError(f"the ONNX form of {path} cannot be made or kept: {error}") from error
    return kept


def cache_folder() -> Path:
    """Returns the folder of converted files: `zoobench/onnx` in `XDG_CACHE_HOME`, by default `~/.cache`."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "zoobench" / "onnx"


def _convert(path: Path, kept: Path, converter: Sequence[str]) -> None:
    made = kept.with_suffix(f".{os.getpid()}.part")
    command = [sys.executable, *converter, "--tflite", str(path), "--output", str(made), "--opset", str(OPSET)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False)
        if done.returncode or not made.exists():
            told = " / ".join((done.stderr or done.stdout).strip().splitlines()[-_SHOWN_LINES:])
            raise MeasurementError(f"{_CONVERTER} cannot convert {path} (status {done.returncode}): {told}")
        made.replace(kept)
    except subprocess.TimeoutExpired as error:
        raise MeasurementError(f"{_CONVERTER} did not convert {path} within {_PATIENCE_SECONDS} s") from error
    finally:
        made.unlink(missing_ok=True)
