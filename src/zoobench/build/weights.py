"""Which weights does a backbone start from, what are they called in every record, and what says a file of one's own?"""

import os
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from zoobench.build.keras_file import read_keras_file
from zoobench.build.tflite_file import read_tflite_file
from zoobench.errors import ModelError, UsageError
from zoobench.matrix.backbones import TABLE, Backbone, is_tflite
from zoobench.system.files import sha256_of_file, writing
from zoobench.system.terminal import progress

KEYWORDS = ("auto", "imagenet", "random")
_HDF5_SIGNATURE = b"\x89HDF"
_CHUNK_BYTES = 1 << 18
_TIMEOUT_SECONDS = 15
WeightsRequest = Mapping[str, str]
"""A keyword, a folder or a file by backbone; under `""` what holds for all others."""
_ALPHA_TEXTS = {1.0: "1_0", 0.75: "7_5", 0.5: "5_0", 0.25: "2_5"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """The weights a backbone gets.

    Attributes:
        identity: `imagenet`, `random` or `file:<sha256>`, as every record shows it.
        path: The file to load; None for random weights.
        sha256: Of that file.
        remark: Why these, where that was not what the user may have expected.
    """

    identity: str
    path: Path | None = None
    sha256: str | None = None
    remark: str = ""


def parse_request(text: str) -> WeightsRequest:
    """Reads `auto`, `imagenet`, `random`, a folder, a file, or pairs such as `mobilenet=FILE,xception=random`.

    Raises:
        UsageError: If it is none of these.
    """
    if "=" not in text:
        return {"": _checked(text)}
    request = {"": "auto"}
    for pair in text.split(","):
        backbone, sign, wanted = pair.partition("=")
        if not sign or backbone not in TABLE.names():
            known = ", ".join(TABLE.names())
            raise UsageError(f"--zoo-weights: {pair!r} is not a pair backbone=FILE; known are {known}")
        request[backbone] = _checked(wanted)
    return request


def find_weights(backbone: Backbone, *, image_size: int, request: WeightsRequest) -> Weights:
    """Returns the weights of a backbone, fetching ImageNet's if they are asked for and not in the cache of Keras.

    Raises:
        ModelError: If what was asked for cannot be had; the message names the file and where to put it.
    """
    if backbone.path is not None:
        return _of_file(backbone.path)
    wanted = request.get(backbone.name, request[""])
    if wanted == "random":
        return Weights(identity="random")
    if wanted not in KEYWORDS:
        path = Path(wanted)
        return _of_file(_searched(path, backbone, image_size) if path.is_dir() else path)
    try:
        return _imagenet(backbone, image_size)
    except ModelError as error:
        if wanted == "imagenet":
            raise
        return Weights(identity="random", remark=f"RANDOM WEIGHTS, accuracy means nothing: {error}")


def keras_cache() -> Path:
    """Returns the folder in which Keras keeps the weights that it fetches."""
    return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models"


def own_image_size(path: Path) -> int | None:
    """Returns the image size that a model file was built for, or None where it leaves that open.

    Raises:
        ModelError: If it is no such file.
    """
    return (read_tflite_file if is_tflite(path) else read_keras_file)(path).image_size


def own_remark(path: Path) -> str:
    """Returns what a reader must know of how a model file is converted, '' where it is converted as it is."""
    if is_tflite(path):
        return ""
    precisions = " and ".join(read_keras_file(path).precisions)
    return f"{precisions} is converted as float32, with the same weights" if precisions else ""


def _checked(text: str) -> str:
    if text in KEYWORDS or (text and Path(text).exists()):
        return text
    raise UsageError(
        f"--zoo-weights: {text!r} is neither {', '.join(KEYWORDS)} nor an existing folder or file; "
        "give one of these, or pairs such as mobilenet=FILE,inception_resnet_v2=random"
    )


def _of_file(path: Path) -> Weights:
    try:
        digest = sha256_of_file(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error
    return Weights(identity=f"file:{digest}", path=path.resolve(), sha256=digest)


def _searched(folder: Path, backbone: Backbone, image_size: int) -> Path:
    _require_published(backbone)
    names = [backbone.weights_name(image_size)]
    if backbone.alpha is not None:
        family = backbone.name if backbone.alpha == 1.0 else backbone.name.rpartition("_")[0]
        names.append(f"{family}_{_ALPHA_TEXTS[backbone.alpha]}_{image_size}_tf_no_top.weights.h5")
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise ModelError(
        f"no weights of {backbone.name} at {image_size} px in {folder}; looked for {' and '.join(names)}. Put one "
        f"there, choose an image size that it has, or name each: --zoo-weights {backbone.name}=FILE (or =random)"
    )


def _require_published(backbone: Backbone) -> None:
    if not backbone.weights_file:
        raise ModelError(
            f"no weights of {backbone.name} are published; name a file, --zoo-weights {backbone.name}=FILE, or use "
            f"{backbone.name}=random"
        )


def _imagenet(backbone: Backbone, image_size: int) -> Weights:
    _require_published(backbone)
    name = backbone.weights_name(image_size)
    path = keras_cache() / name
    if not path.is_file():
        try:
            _fetch(backbone.weights_url(image_size), path)
        except (OSError, HTTPException) as error:
            raise ModelError(
                f"the ImageNet weights of {backbone.name} are not in {path.parent} and could not be fetched ({error}). "
                f"Get {name} from {backbone.weights_url(image_size)} where there is a network and put it at {path}, "
                "or use --zoo-weights random"
            ) from error
    return Weights(identity="imagenet", path=path, sha256=sha256_of_file(path))


def _fetch(url: str, path: Path) -> None:
    """Writes what is at `url` to `path`; OSError or HTTPException if it cannot be had whole or is not an HDF5 file."""
    with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
        total = int(response.headers.get("Content-Length", 0))
        received = 0
        with writing(path) as handle, progress(f"Fetching {path.name} (bytes)", total=total) as advance:
            while chunk := response.read(_CHUNK_BYTES):
                if received == 0 and not chunk.startswith(_HDF5_SIGNATURE):
                    raise OSError(f"what is at {url} is not an HDF5 file")
                handle.write(chunk)
                received += len(chunk)
                advance(len(chunk), "")
            if received != total or not received:
                raise OSError(f"received {received} of {total} bytes")
