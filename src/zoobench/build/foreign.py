"""How does a SavedModel, an ONNX file, or one signature of several become a TFLite file that takes one image?"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.build.weights import TFLiteFile, own_answers, read_tflite_file
from zoobench.errors import ModelError, ZoobenchError
from zoobench.matrix.backbones import Backbone, is_onnx
from zoobench.matrix.interface import height_and_width
from zoobench.store.product import Facts, Product, Stored, obtain
from zoobench.system.files import read_file, sha256_of_file, sha256_of_json, write_bytes
from zoobench.system.processes import in_fresh_process, run_program
from zoobench.system.terminal import capture_native_output, kept_in, progress
from zoobench.tflite.edit import one_signature
from zoobench.tflite.read import signatures

Floats = npt.NDArray[np.float32]
_FILE = "source.tflite"
_CONVERTER = "onnx2tf"
_PATIENCE_SECONDS = 1800
_SHOWN_CHARACTERS = 200
_CHECKED_IMAGES = 4
_NEAR = 1e-3
"""Largest difference of an output before and after the conversion, as a share of the largest output (at least 1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Conversion:
    """What a model came as, what converts it, and what of that determines the file."""

    kind: str
    by: str
    write: Callable[[Path], Facts]
    inputs: Mapping[str, Any]


def as_tflite(backbone: Backbone, *, signature: str, image_size: int | None, root: Path) -> tuple[Backbone, str]:
    """Returns a network whose model file is one that quantizers and runtimes take, and what was done to that end.

    What is converted is kept in the store.

    Args:
        backbone: Any; a Keras model, or a TFLite file of one signature, is returned as it is.
        signature: Which one is meant, where a model has several; '' for its only one.
        image_size: Side of the images for a SavedModel that leaves it open.
        root: The store's folder.

    Raises:
        ModelError: If it cannot be converted, is another model then, or has several signatures and none is named.
    """
    log = root.parent / "logs" / f"{backbone.name}.log"
    conversion = _conversion(backbone, signature, image_size, log)
    path = backbone.path
    if conversion is None or path is None:
        return backbone, ""
    inputs = {"source": _sha256(path), "kind": conversion.kind, "by": conversion.by, **conversion.inputs}
    product = Product(name=f"{backbone.name}-source", file_name=_FILE, inputs=inputs)

    def make(folder: Path) -> Facts:
        with progress(f"Converting {path} to TFLite", total=1) as advance:
            facts = conversion.write(folder / _FILE)
            advance(1, "")
        return facts

    stored: Stored = obtain(root, product, make)
    which = f" ({signature})" if signature else ""
    apart = stored.facts.get("largest_difference")
    checked = "" if apart is None else f"; its answers to random images differ by at most {apart:.1g}"
    remark = f"{backbone.name}: {conversion.kind}{which} as a TFLite file by {conversion.by}{checked}"
    return replace(backbone, path=stored.path, origin=path), remark


def check_same(name: str, expected: Floats, found: Floats) -> Facts:
    """Returns how far the answers of a file are from those of the model that it was made of.

    Raises:
        ModelError: If they are another model's.
    """
    if found.size != expected.size or not np.isfinite(found).all():
        raise ModelError(
            f"{name} gives {expected.shape}, the TFLite file made of it {found.shape} or numbers that are not finite"
        )
    apart = float(np.abs(found.reshape(expected.shape) - expected).max())
    if apart > _NEAR * max(1.0, float(np.abs(expected).max())):
        raise ModelError(
            f"{name} answers otherwise as a TFLite file: an output differs by {apart:.3g}, where the largest is "
            f"{np.abs(expected).max():.3g}; convert it yourself, see to it that the answers are the same, and give the "
            ".tflite file"
        )
    return {"largest_difference": apart}


def random_images(*shape: int) -> Floats:
    """Returns images that are the same each time, of values from 0 to 1."""
    return np.random.default_rng(0).random(shape, np.float32)


def _conversion(backbone: Backbone, signature: str, image_size: int | None, log: Path) -> _Conversion | None:
    path = backbone.path
    if path is None or (backbone.is_keras and not path.is_dir()):
        return None
    if path.is_dir():
        return _Conversion(
            kind="SavedModel",
            by=f"TensorFlow {version('tensorflow')}",
            write=lambda target: in_fresh_process(_convert_saved_model, path, target, signature, image_size, log),
            inputs={"signature": signature, "image_size": image_size},
        )
    if is_onnx(path):
        return _Conversion(kind="ONNX", by=_onnx2tf(path), write=lambda target: _from_onnx(path, target), inputs={})
    return _of_signature(path, signature)


def _of_signature(path: Path, signature: str) -> _Conversion | None:
    content = read_file(path)
    try:
        if not signature and len(signatures(content)) < 2:
            return None
        chosen = one_signature(content, signature or None)
    except ModelError as error:
        raise ModelError(f"{path}: {str(error).replace('--signature', '--zoo-signature')}") from error
    if chosen is content:
        return None

    def write(target: Path) -> Facts:
        write_bytes(target, chosen)
        return {}

    return _Conversion(kind="signature", by="itself", write=write, inputs={"signature": signature})


def _convert_saved_model(path: Path, target: Path, signature: str, image_size: int | None, log: Path) -> Facts:
    """Writes the TFLite file of a SavedModel; what is known of a failure beside its message is written to `log`."""
    with capture_native_output():
        from zoobench.build.saved_model import converted  # imports TensorFlow, which belongs to the fresh process alone

    with kept_in(log) as kept:
        try:
            content, answer, shape = converted(path, signature=signature, image_size=image_size)
        except ModelError as error:
            raise ModelError(f"{error}; more in {log}" if kept.getvalue() else str(error)) from error
    write_bytes(target, content)
    images = random_images(_CHECKED_IMAGES, *shape)
    return check_same(str(path), answer(images), own_answers(target, images))


def _onnx2tf(path: Path) -> str:
    """Returns which converter there is for an ONNX file.

    Raises:
        ModelError: If there is none, or nothing that its file could be checked by.
    """
    program = shutil.which(_CONVERTER)
    if program is None:
        raise ModelError(
            f"{path} is converted by the program {_CONVERTER}, which is not found. It needs an environment of its own "
            f"with Python 3.12 or newer: pipx install {_CONVERTER}; or convert it once, {_CONVERTER} -i {path} -b 1 -o "
            f"OUT, and give OUT/{path.stem}_float32.tflite"
        )
    try:
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise ModelError(
            f"the TFLite file that is made of {path} is checked by ONNX Runtime, which is not installed: pip install "
            "onnxruntime"
        ) from error
    status, printed = run_program([program, "-V"], name=_CONVERTER, patience=_PATIENCE_SECONDS)
    return f"{_CONVERTER} {printed.split()[-1] if printed.split() and not status else ''}".strip()


def _from_onnx(path: Path, target: Path) -> Facts:
    folder = target.parent / "onnx2tf"
    command = [str(shutil.which(_CONVERTER)), "-i", str(path), "-o", str(folder), "-b", "1", "-n"]
    try:
        status, printed = run_program(command, name=_CONVERTER, patience=_PATIENCE_SECONDS)
        made = sorted(folder.glob("*_float32.tflite"))
        if status or not made:
            raise ModelError(f"{_CONVERTER} cannot convert {path} (status {status}): {_brief(printed)}")
        shutil.move(made[0], target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return _checked_by_onnxruntime(path, read_tflite_file(target))


def _checked_by_onnxruntime(path: Path, file: TFLiteFile) -> Facts:
    """Compares the answers to images, which the converter lays out anew: channels last."""
    import onnxruntime

    try:
        session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
        (entry, *others), (_, *further) = session.get_inputs(), session.get_outputs()
        if others or further:
            raise ModelError(f"{path} has several inputs or outputs; a classifier has one of each")
        images = random_images(_CHECKED_IMAGES, file.channels, *height_and_width(file.image_size))
        is_last = entry.shape[-1] == file.channels != entry.shape[1]
        fed = images.transpose(0, 2, 3, 1) if is_last else images
        expected = np.concatenate([session.run(None, {entry.name: one[np.newaxis]})[0] for one in fed])
    except ZoobenchError:
        raise
    except Exception as error:  # ONNX Runtime has errors of many types
        raise ModelError(f"ONNX Runtime cannot run {path}: {_brief(str(error))}") from error
    shown = images if file.layout == "NCHW" else np.ascontiguousarray(images.transpose(0, 2, 3, 1))
    found = own_answers(file.path, shown)
    if found.ndim == len("NHWC") and found.shape != expected.shape:
        expected = expected.transpose(0, 2, 3, 1)
    return check_same(str(path), np.asarray(expected, np.float32), found)


def _brief(text: str) -> str:
    return " ".join(text.split())[-_SHOWN_CHARACTERS:]


def _sha256(path: Path) -> str:
    if not path.is_dir():
        return sha256_of_file(path)
    files = sorted(one for one in path.rglob("*") if one.is_file())
    return sha256_of_json([(one.relative_to(path).as_posix(), sha256_of_file(one)) for one in files])
