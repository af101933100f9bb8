"""How is an evaluation kept in a file, and read back?"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.measure.accuracy import Evaluation
from zoobench.system.files import writing

_DTYPES = {
    "predicted": np.dtype(np.int64),
    "probability": np.dtype(np.float32),
    "truth": np.dtype(np.int64),
    "invocation_seconds": np.dtype(np.float64),
}
_LOSS = "loss"
_OPTIONAL = "invocation_seconds"


def save_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Writes an evaluation as plain arrays (.npz, no pickle); equal evaluations give equal bytes.

    Raises:
        OSError: If it cannot be written.
    """
    arrays = {name: getattr(evaluation, name) for name in _DTYPES}
    present = {name: array.astype(_DTYPES[name]) for name, array in arrays.items() if array is not None}
    with writing(path) as handle:
        np.savez(handle, **present, **{_LOSS: np.float64(evaluation.loss)})


def load_evaluation(path: Path, *, truth: npt.NDArray[np.int64]) -> Evaluation:
    """Returns what `save_evaluation` wrote.

    Args:
        path: The file.
        truth: [n] class indices of the samples that it must be about.

    Raises:
        MeasurementError: If it is no evaluation, or one of other samples.
    """
    arrays = _read(path)
    reason = _misfit(arrays, truth)
    if reason:
        raise MeasurementError(f"{path} is no evaluation of these samples: {reason}; remove its folder and run again")
    return Evaluation(
        predicted=arrays["predicted"],
        probability=arrays["probability"],
        truth=arrays["truth"],
        loss=float(arrays[_LOSS]),
        invocation_seconds=arrays.get(_OPTIONAL),
    )


def _read(path: Path) -> dict[str, npt.NDArray[Any]]:
    try:
        with path.open("rb") as handle:
            archive = np.load(handle, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is no .npz archive")
            return {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise MeasurementError(f"{path} cannot be read ({error}); remove its folder and run again") from error


def _misfit(arrays: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[np.int64]) -> str | None:
    """Returns what is wrong with arrays that claim to be an evaluation, or None."""
    needed = {*_DTYPES, _LOSS}
    if not needed - {_OPTIONAL} <= arrays.keys() <= needed:
        return f"it holds {', '.join(sorted(arrays)) or 'nothing'}"
    for name in _DTYPES.keys() & arrays.keys():
        if (arrays[name].dtype, arrays[name].shape) != (_DTYPES[name], truth.shape):
            return f"{name} is {arrays[name].dtype} {arrays[name].shape}, not {_DTYPES[name]} {truth.shape}"
    if arrays[_LOSS].shape != () or arrays[_LOSS].dtype != np.float64:
        return f"the loss is {arrays[_LOSS].dtype} {arrays[_LOSS].shape}, not one number"
    return None if np.array_equal(arrays["truth"], truth) else "their labels are others"
