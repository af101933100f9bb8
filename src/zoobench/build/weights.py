"""Which weights does a backbone start from, and what does a file of one's own say of itself before Keras reads it?"""

import math
import os
import time
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from zoobench.build.keras_file import read_keras_file
from zoobench.errors import MeasurementError, ModelError, UsageError
from zoobench.matrix.backbones import TABLE, Backbone, is_tflite
from zoobench.matrix.interface import ImageSize, Layout
from zoobench.matrix.variants import PREQUANTIZED, SPECS
from zoobench.measure.runtimes import Pixels, open_session
from zoobench.measure.worker import first_patience, later_patience
from zoobench.system.files import read_file, sha256_of_file, writing
from zoobench.system.processes import expect
from zoobench.system.terminal import capture_native_output, progress
from zoobench.tflite.contract import Contract, read_contract, violations
from zoobench.tflite.labels import read_labels
from zoobench.tflite.ports import display_shape, image_taken, pixel_range_taken, read_all_ports, sole_input
from zoobench.tflite.read import read_graphs

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
        backbone = TABLE.resolve(backbone)
        if not sign or backbone not in TABLE.names():
            known, hint = ", ".join(TABLE.names()), TABLE.hint(backbone)
            raise UsageError(f"--zoo-weights: {pair!r}{hint} is not a pair backbone=FILE; known are {known}")
        request[backbone] = _checked(wanted)
    return request


def find_weights(backbone: Backbone, *, image_size: ImageSize, request: WeightsRequest) -> Weights:
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


def own_image_size(path: Path) -> ImageSize | None:
    """Returns the image size that a model file was built for, or None where it leaves that open.

    Raises:
        ModelError: If it is no such file.
    """
    return (read_tflite_file if is_tflite(path) else read_keras_file)(path).image_size


def own_remark(path: Path) -> str:
    """Returns what a reader must know of how a model file is converted, '' where it is converted as it is."""
    if is_tflite(path):
        return ""
    file = read_keras_file(path)
    precisions, whole = " and ".join(file.precisions), file.whole_input
    said = [f"{precisions} is converted as float32, with the same weights"] if precisions else []
    said += [f"its {whole} input is float32 in files of a float input, and takes the same pixels"] if whole else []
    return "; ".join(said)


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


def _searched(folder: Path, backbone: Backbone, image_size: ImageSize) -> Path:
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


def _imagenet(backbone: Backbone, image_size: ImageSize) -> Weights:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TFLiteFile:
    """A TFLite file of one's own that takes one image.

    Attributes:
        channels: 3 for RGB, 1 for grey.
        is_float: Whether all of it is float32, so that quantizers can start from it.
        held: Lowest and highest real value that its input can store, or what that is quantized to; None where it
            computes in float32.
        labels: Names of the classes that are embedded in it, in the order of its outputs; None where there are none.
    """

    path: Path
    image_size: ImageSize
    channels: Literal[1, 3]
    layout: Layout
    is_float: bool
    held: tuple[float, float] | None
    labels: tuple[str, ...] | None
    contract: Contract

    @property
    def numbers(self) -> str:
        """What it takes and stores, as a part of a sentence."""
        weights = " and ".join(self.contract.weight_shares) or "no"
        return f"{self.contract.inputs[0].type} input, {weights} weights"


def read_tflite_file(path: Path) -> TFLiteFile:
    """Returns what stands in a TFLite file.

    Raises:
        ModelError: If it is none, has several inputs or signatures, or takes anything but one image.
    """
    try:
        known = path.stat()
        return _read(path, known.st_mtime_ns, known.st_size)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}; give a file that can be read") from error


def variants_of(backbone: Backbone, asked: Sequence[str]) -> tuple[tuple[str, ...], str]:
    """Returns the variants that there can be of a network among those asked for, and why there are not the others.

    Raises:
        ModelError: If it is a TFLite file that takes anything but one image.
    """
    if backbone.is_keras or backbone.path is None:
        remark = f"{backbone.name}: no {PREQUANTIZED}, which is for a TFLite file that came quantized"
        return _without(PREQUANTIZED, asked, remark)
    file = read_tflite_file(backbone.path)
    if not file.is_float:
        why = f"{file.numbers}; quantizers start from a float32 file"
        return (PREQUANTIZED,), f"{backbone.name}: measured as it came, as the one variant {PREQUANTIZED}: {why}"
    kept, remark = _without("keras", asked, f"{backbone.name}: no keras variant, it came as TFLite")
    others, other = _without(PREQUANTIZED, kept, f"{backbone.name}: no {PREQUANTIZED}, it came as float32")
    return others, "; ".join(filter(None, (remark, other)))


def own_answers(path: Path, images: Pixels) -> npt.NDArray[np.float32]:
    """Returns a TFLite file's outputs [n, ...] by LiteRT, as they come.

    Args:
        path: Of it.
        images: n of them as the model takes them, see `presented`.

    Raises:
        MeasurementError: If LiteRT does not run it.
    """
    with ExitStack() as stack:
        expect(first_patience(path, runtime="litert"), f"opening {path.name} and its first image")
        with capture_native_output():
            session = stack.enter_context(open_session(path, runtime="litert", threads=os.cpu_count() or 1))
        outputs, longest = [], 0.0
        for place in range(len(images)):
            began = time.monotonic()
            session.load(images[place : place + 1])
            session.invoke()
            outputs.append(session.read())
            longest = max(longest, time.monotonic() - began)
            expect(later_patience(longest), f"image {place + 2} of {path.name}")
        expect(math.inf, "the rest")
    return np.concatenate([one if one.shape[:1] == (1,) else one[np.newaxis] for one in outputs])


def _without(variant: str, asked: Sequence[str], remark: str) -> tuple[tuple[str, ...], str]:
    return tuple(one for one in asked if one != variant), remark if variant in asked else ""


@cache
def _read(path: Path, _modified: int, _size: int) -> TFLiteFile:
    content = read_file(path)
    try:
        contract = read_contract(content)
        taken = sole_input(read_all_ports(path)[0])
        labels = read_labels(content)
        held = pixel_range_taken(read_graphs(content)[0])
    except (ModelError, MeasurementError) as error:
        raise ModelError(f"{path}: {error}") from error
    image = image_taken(taken.shape)
    if image is None:
        raise ModelError(
            f"{path} takes {display_shape(taken.shape)}; allowed is one image, RGB or grey: [1, height, width, 3 or "
            f"1], or [1, 3 or 1, height, width]; {_mended(taken.shape)}"
        )
    size, channels, layout = image
    return TFLiteFile(
        path=path,
        image_size=size,
        channels=channels,
        layout=layout,
        is_float=not violations(contract, SPECS["float32"]),
        held=held,
        labels=labels,
        contract=contract,
    )


def _mended(shape: Sequence[int]) -> str:
    if len(shape) == len("NHWC") and shape[0] != 1:
        return "convert the model anew for one image at a time"
    return "give a model of RGB or grey images"
