"""Does what a kit says of itself fit together? Every file used once, every cell with all that it needs."""

from collections.abc import Iterable, Iterator, Set

from zoobench.errors import DataError
from zoobench.kit import imagefile
from zoobench.kit.contents import KitCell, Manifest
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import runtimes_of
from zoobench.matrix.variants import VARIANTS
from zoobench.results.agreement import disagreements_of_training
from zoobench.results.shape import brief

SUFFIX = ".tflite"
PIXELS_SUFFIX = ".npy"


def check_coherence(manifest: Manifest, where: str) -> None:
    """Refuses a manifest that contradicts itself or asks for what this version does not know.

    Args:
        manifest: Each value of which has been read and is within its bounds.
        where: What to call it in messages.

    Raises:
        DataError: The message says where and what was received and expected.
    """
    for check in (_samples, _added, _models, _images, _cells, _files):
        for place, problem in check(manifest):
            raise DataError(f"{where}.{place}: {problem}")


def cell_of(cell: KitCell) -> Cell:
    """Returns a kit's cell as one of the matrix."""
    return Cell(
        backbone=cell.backbone,
        variant=cell.variant,
        runtime=cell.runtime,
        threads=cell.threads,
        image_size=cell.image_size,
    )


Problems = Iterator[tuple[str, str]]
"""Places in the manifest and what is wrong there."""


def _samples(manifest: Manifest) -> Problems:
    classes, order = len(manifest.dataset.classes), [(one.sha256, one.label) for one in manifest.samples]
    if name := _twice(manifest.dataset.classes):
        yield "dataset.classes", f"received {brief(name)} twice; expected each class once"
    for index, sample in enumerate(manifest.samples):
        if sample.label >= classes:
            yield f"samples[{index}].label", f"received {sample.label}; expected 0 to {classes - 1}, a class"
    if order != sorted(order):
        yield "samples", "received them in another order; expected the order of measuring, by hash and label"


def _added(manifest: Manifest) -> Problems:
    added = manifest.added or ()
    if twice := _twice((one.what, one.name) for one in added):
        yield "added", f"received {brief(twice)} twice; expected each once"
    used = {("variant", one.variant) for one in manifest.models} | {("runtime", one.runtime) for one in manifest.cells}
    used |= {("variant", one.variant) for one in manifest.cells}
    if unused := [one for one in added if (one.what, one.name) not in used]:
        yield "added", f"received the {unused[0].what} {unused[0].name}; expected only what a cell needs"


def _models(manifest: Manifest) -> Problems:
    for index, model in enumerate(manifest.models):
        if not _is_tflite(model.variant, manifest):
            yield f"models[{index}].variant", f"received {brief(model.variant)}; expected one of {_known_variants()}"
        if not model.file.endswith(SUFFIX):
            yield f"models[{index}].file", f"received {brief(model.file)}; expected a name that ends in {SUFFIX}"
        if model.training:
            for key, received, expected in disagreements_of_training(model.training):
                yield f"models[{index}].training.{key}", f"received {brief(received)}; expected {expected}"
    if twice := _twice((one.backbone, one.variant, one.image_size) for one in manifest.models):
        yield "models", f"received {brief(twice)} twice; expected one file for each"


def _images(manifest: Manifest) -> Problems:
    for index, images in enumerate(manifest.images):
        if not images.file.endswith(PIXELS_SUFFIX):  # others have a meaning in the store's folders
            yield (
                f"images[{index}].file",
                f"received {brief(images.file)}; expected a name that ends in {PIXELS_SUFFIX}",
            )
        file = manifest.files.get(images.file)
        size = imagefile.size_bytes(len(manifest.samples), image_size=images.image_size)
        if file and file.size_bytes != size:
            yield (
                f"images[{index}]",
                f"received a file of {file.size_bytes:,} bytes; expected {size:,}, those of "
                f"{len(manifest.samples)} samples of {images.image_size} pixels",
            )
    if twice := _twice(one.image_size for one in manifest.images):
        yield "images", f"received {twice} pixels twice; expected each size once"
    if unused := {one.image_size for one in manifest.images} - {one.image_size for one in manifest.cells}:
        yield "images", f"received images of {min(unused)} pixels; expected only what a cell needs"


def _cells(manifest: Manifest) -> Problems:
    sizes = {one.image_size for one in manifest.images}
    files = {(one.backbone, one.variant, one.image_size) for one in manifest.models}
    for index, cell in enumerate(manifest.cells):
        where = f"cells[{index}]"
        yield from ((f"{where}{place}", problem) for place, problem in _cell(cell, manifest))
        if cell.image_size not in sizes:
            yield where, f"received no images of {cell.image_size} pixels; expected those that its cell needs"
        yield from ((where, problem) for problem in _lacking(files, cell))
    if twice := _twice(cell.id for cell in manifest.cells):
        yield "cells", f"received {brief(twice)} twice; expected each cell once"


def _cell(cell: KitCell, manifest: Manifest) -> Problems:
    if not _is_tflite(cell.variant, manifest):
        yield ".variant", f"received {brief(cell.variant)}; expected one of {_known_variants()}"
    elif cell.runtime not in runtimes_of(SUFFIX) and not manifest.addition("runtime", cell.runtime):
        known = ", ".join(runtimes_of(SUFFIX))
        yield ".runtime", f"received {brief(cell.runtime)}; expected one that runs {cell.variant}: {known}"
    elif cell.id != cell_of(cell).id:
        yield ".id", f"received {brief(cell.id)}; expected {cell_of(cell).id!r}, as its parts say"
    if cell.refusal and not all(map(str.isprintable, (cell.refusal.by, cell.refusal.reason))):
        yield ".refusal", f"received {brief(cell.refusal.reason)}; expected texts that can be printed"


def _lacking(files: Set[tuple[str, str, int]], cell: KitCell) -> Iterator[str]:
    """Yields which files a cell lacks: its own, unless its making was refused, and its float twin's."""
    own, twin = ((cell.backbone, name, cell.image_size) in files for name in (cell.variant, "float32"))
    if not own and cell.refusal is None:
        yield f"received no file of {cell.variant} of {cell.backbone} and no refusal; expected one of them"
    if own and not twin:
        yield f"received no float32 file of {cell.backbone}; expected the one that {cell.variant} is held against"


def _files(manifest: Manifest) -> Problems:
    used = dict.fromkeys((*(one.file for one in manifest.models), *(one.file for one in manifest.images)))
    if len(used) < len(manifest.models) + len(manifest.images):
        yield "files", "received one name for two files; expected a name for each"
    if absent := [name for name in used if name not in manifest.files]:
        yield "files", f"received no {brief(absent[0])}, which is named above; expected its hash and size"
    if unused := [name for name in manifest.files if name not in used]:
        yield "files", f"received {brief(unused[0])}, which nothing above names; expected only what is measured"


def _is_tflite(variant: str, manifest: Manifest) -> bool:
    return _is_own(variant) or manifest.addition("variant", variant) is not None


def _is_own(variant: str) -> bool:
    return variant in VARIANTS and VARIANTS[variant].suffix == SUFFIX


def _known_variants() -> str:
    return f"{', '.join(name for name in VARIANTS if _is_own(name))}; a newer zoobench may know more"


def _twice(values: Iterable[object]) -> object:
    """Returns the first value that is there a second time, or None."""
    seen: set[object] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
