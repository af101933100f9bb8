"""What is a TFLite file that a user names run on, where it is no cell of ours?"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import DataError, ModelError, UsageError
from zoobench.tflite.edit import one_signature
from zoobench.tflite.ports import Port, display_shape

Numbers = npt.NDArray[Any]


def with_one_signature(path: Path, signature: str | None, *, workplace: Path) -> Path:
    """Returns a file that can be called for the signature alone: the file itself, or one written to a folder.

    Raises:
        ModelError: If it cannot be read, or has several signatures and none is named, or not the one that is.
    """
    try:
        content = path.read_bytes()
        alone = one_signature(content, signature)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a TFLite file") from error
    except ModelError as error:
        raise ModelError(f"{path}: {error}") from error
    if alone is content:
        return path
    written = workplace / path.name
    written.write_bytes(alone)
    return written


def given_numbers(path: Path, port: Port, *, takes_photos: bool) -> Numbers | None:
    """Returns a user's `.npy` file of arrays of an input's own shape, mapped; None where it holds images, or a folder.

    Raises:
        UsageError: If they do not fit, and the input takes no photos either.
        DataError: If the file cannot be read.
    """
    batch = port.shape[0] if port.shape else 1
    wanted = f"give a .npy file of numbers {display_shape((-1, *port.shape[1:]))}".replace("?", "n")
    if path.is_dir():
        if takes_photos:
            return None
        raise UsageError(f"photos do not fit the model's input {display_shape(port.shape)}; {wanted}")
    try:
        mapped: Numbers = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is no .npy file of numbers ({error}); give one, or a folder of photos") from error
    if takes_photos and mapped.dtype == np.uint8 and mapped.ndim == 4:
        return None
    if mapped.dtype.kind not in "fiub" or mapped.shape[1:] != port.shape[1:] or len(mapped) < batch:
        raise UsageError(f"{path} holds {mapped.dtype} {list(mapped.shape)}; {wanted}, with n at least {batch}")
    return mapped
