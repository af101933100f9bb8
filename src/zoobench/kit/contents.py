"""What does a kit say of itself, and does that fit together? The schema of its `kit.json`, and how its images begin.

History of the schema:
    1 (2026-11): the first. `training`, `quantizer` and `interface` of a model came later; older kits lack them.
    2 (2026-11): for kits with a model that is not fed raw pixels, does not give probabilities in order, or takes
        images that are not square: their `image_size` is `96x160`, height x width.
"""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from math import prod
from typing import Annotated

from msgspec import Meta

from zoobench.errors import DataError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import ImageSize, Interface, height_and_width
from zoobench.matrix.runtimes import runtimes_of
from zoobench.matrix.variants import PREQUANTIZED, VARIANTS
from zoobench.results.answers import disagreements_of_training
from zoobench.results.checked import brief
from zoobench.results.schema import (
    Count,
    Positive,
    QuantizerName,
    RecordedNumerics,
    RecordedTraining,
    Refusal,
    Sha256,
    SizeText,
    Weights,
)
from zoobench.store.product import FileState
from zoobench.system.files import PLAIN_NAME

SCHEMAS = (1, 2)
"""That can be read; a kit has the lowest that says all of it."""
MANIFEST = "kit.json"
"""The member that names all others; its SHA-256 is the kit's."""
SUFFIX = ".tflite"
PIXELS_SUFFIX = ".npy"
PIXELS_HEADER_BYTES = 128
_MAGIC = b"\x93NUMPY\x01\x00"
_PREFIX_BYTES = len(_MAGIC) + 2
_LONGEST = 200
_LARGEST_SIDE = 1024
_AT_LEAST_ONE = Meta(min_length=1)
BackboneName = Annotated[str, Meta(pattern=rf"^[A-Za-z0-9_.]{{1,{_LONGEST}}}\Z")]
FileName = Annotated[str, Meta(pattern=rf"^({PLAIN_NAME.pattern})\Z", max_length=_LONGEST)]
AddedTo = Annotated[str, Meta(pattern=r"^(variant|runtime)\Z")]
AddedName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,59}\Z")]
Size = Annotated[int, Meta(ge=1, le=_LARGEST_SIDE)] | SizeText
"""`_images` keeps sides that are not equal below the same bound."""
LONGEST_REMARK = 1000
"""Characters of what is remarked about a model."""
_MOST_REMARKS = 20
Threads = Annotated[int, Meta(ge=1, le=1024)]
Text = Annotated[str, Meta(min_length=1, max_length=_LONGEST)]
"""Which can be printed."""
Problems = Iterator[tuple[str, str]]
"""Places in the manifest and what is wrong there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KitDataset:
    """Where the samples come from; as `RecordedDataset`, which the device's records repeat."""

    name: Text
    sha256: Sha256
    classes: Annotated[tuple[Text, ...], _AT_LEAST_ONE]
    left_out: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class KitSample:
    """One test sample: SHA-256 of the image that was decoded, and its class."""

    sha256: Sha256
    label: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class KitImages:
    """The pixels of all test samples at one size: .npy, uint8 [samples, height, width, 3] RGB, in their order."""

    image_size: Size
    file: FileName


@dataclass(frozen=True, slots=True, kw_only=True)
class KitModel:
    """A TFLite file.

    Attributes:
        numerics: None where LiteRT refuses it.
        training: None where its classifier came trained.
        quantizer: None where neither of ours made it, or that is not known.
        interface: What a model of one's own is fed and how its outputs are read; None for other networks.
    """

    backbone: BackboneName
    variant: Text
    image_size: Size
    file: FileName
    numerics: RecordedNumerics | None = None
    training: RecordedTraining | None = None
    quantizer: QuantizerName | None = None
    interface: Interface | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KitCell:
    """What to measure, or why there is no file or the workstation's runtime did not take it."""

    id: Text
    backbone: BackboneName
    variant: Text
    runtime: Text
    threads: Threads
    image_size: Size
    weights: Weights
    refusal: Refusal | None = None

    @property
    def cell(self) -> Cell:
        """It as one of the matrix."""
        return Cell(
            backbone=self.backbone,
            variant=self.variant,
            runtime=self.runtime,
            threads=self.threads,
            image_size=self.image_size,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KitAddition:
    """A variant or runtime that zoobench itself does not have, and the package that added it where the kit was made."""

    what: AddedTo
    name: AddedName
    package: FileName
    version: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class KitManifest:
    """All that a kit says of itself.

    Attributes:
        zoobench: Version that wrote it.
        samples: The test split in the order of measuring.
        models: Every file that a cell or its float twin needs.
        cells: In the order of the matrix.
        files: Every member but this one.
        added: Variants and runtimes of the cells that zoobench itself does not have; None where there are none.
    """

    schema: Positive
    zoobench: Text
    dataset: KitDataset
    samples: Annotated[tuple[KitSample, ...], _AT_LEAST_ONE]
    images: Annotated[tuple[KitImages, ...], _AT_LEAST_ONE]
    models: Annotated[tuple[KitModel, ...], _AT_LEAST_ONE]
    cells: Annotated[tuple[KitCell, ...], _AT_LEAST_ONE]
    files: Mapping[str, FileState]
    added: tuple[KitAddition, ...] | None = None

    @property
    def size_bytes(self) -> int:
        """Of all members together, unpacked."""
        return sum(file.size_bytes for file in self.files.values())

    @property
    def interfaces(self) -> tuple[tuple[str, Interface], ...]:
        """What each file of a model of one's own is taken as, with the model's name."""
        return tuple((one.backbone, one.interface) for one in self.models if one.interface)

    def addition(self, what: str, name: str) -> KitAddition | None:
        """Returns what the kit says of a variant or runtime that zoobench itself does not have."""
        return next((one for one in self.added or () if (one.what, one.name) == (what, name)), None)

    def model(self, *, backbone: str, variant: str, image_size: ImageSize) -> KitModel | None:
        """Returns the file of a variant of a backbone, or None if there is none."""
        wanted = (backbone, variant, image_size)
        return next((one for one in self.models if (one.backbone, one.variant, one.image_size) == wanted), None)


def check_coherence(manifest: KitManifest, where: str) -> None:
    """Refuses a manifest that contradicts itself or asks for what this version does not know.

    Raises:
        DataError: The message says where, beginning with `where`, and what was received and expected.
    """
    for check in (_texts, _samples, _added, _models, _images, _cells, _files):
        for place, problem in check(manifest):
            raise DataError(f"{where}.{place}: {problem}")


def pixels_header(count: int, *, image_size: ImageSize) -> bytes:
    """Returns the beginning of a .npy file, uint8 [count, height, width, 3].

    By the .npy format, version 1.0: magic, length of the rest, a dictionary, spaces up to a multiple of 64 bytes.
    """
    shape = (count, *height_and_width(image_size), 3)
    text = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    length = PIXELS_HEADER_BYTES - _PREFIX_BYTES
    return _MAGIC + length.to_bytes(2, "little") + text.ljust(length - 1).encode() + b"\n"


def pixels_bytes(count: int, *, image_size: ImageSize) -> int:
    """Returns how large such a file is."""
    return PIXELS_HEADER_BYTES + count * prod(height_and_width(image_size)) * 3


def pixels_problem(received: bytes, *, count: int, image_size: ImageSize) -> str:
    """Returns how a file begins otherwise than it must, as other number types may hold pickles; '' if it does not."""
    expected = pixels_header(count, image_size=image_size)
    if received[:PIXELS_HEADER_BYTES] == expected:
        return ""
    found, wanted = (
        brief(one[_PREFIX_BYTES:PIXELS_HEADER_BYTES].decode("ascii", errors="replace").strip())
        for one in (received, expected)
    )
    return f"it begins with {found}; expected {wanted}, uint8 images as `zoobench kit export` writes them"


def _texts(manifest: KitManifest) -> Problems:
    """Yields what would steer a terminal: the other texts are names that are known, or have a pattern."""
    texts = {"zoobench": manifest.zoobench, "dataset.name": manifest.dataset.name}
    texts |= {f"dataset.classes[{index}]": name for index, name in enumerate(manifest.dataset.classes)}
    texts |= {f"added[{index}].version": one.version for index, one in enumerate(manifest.added or ())}
    for index, cell in enumerate(manifest.cells):
        if cell.refusal:
            where = f"cells[{index}].refusal"
            texts |= {f"{where}.by": cell.refusal.by, f"{where}.reason": cell.refusal.reason}
    for index, model in enumerate(manifest.models):
        remarks = model.interface.remarks if model.interface else ()
        texts |= {f"models[{index}].interface.remarks[{place}]": one for place, one in enumerate(remarks)}
    for place, text in texts.items():
        if not text.isprintable():
            yield place, f"received {brief(text)}; expected a text that can be printed"


def _samples(manifest: KitManifest) -> Problems:
    classes, order = len(manifest.dataset.classes), [(one.sha256, one.label) for one in manifest.samples]
    if name := _twice(manifest.dataset.classes):
        yield "dataset.classes", f"received {brief(name)} twice; expected each class once"
    for index, sample in enumerate(manifest.samples):
        if sample.label >= classes:
            yield f"samples[{index}].label", f"received {sample.label}; expected 0 to {classes - 1}, a class"
    if order != sorted(order):
        yield "samples", "received them in another order; expected the order of measuring, by hash and label"


def _added(manifest: KitManifest) -> Problems:
    added = manifest.added or ()
    if twice := _twice((one.what, one.name) for one in added):
        yield "added", f"received {brief(twice)} twice; expected each once"
    used = {("variant", one.variant) for one in manifest.models} | {("runtime", one.runtime) for one in manifest.cells}
    used |= {("variant", one.variant) for one in manifest.cells}
    if unused := [one for one in added if (one.what, one.name) not in used]:
        yield "added", f"received the {unused[0].what} {unused[0].name}; expected only what a cell needs"


def _models(manifest: KitManifest) -> Problems:
    variants = _variants(manifest)
    for index, model in enumerate(manifest.models):
        if model.variant not in variants:
            yield f"models[{index}].variant", _unknown(model.variant)
        if not model.file.endswith(SUFFIX):
            yield f"models[{index}].file", f"received {brief(model.file)}; expected a name that ends in {SUFFIX}"
        for key, problem in _interface_problems(model.interface, classes=len(manifest.dataset.classes)):
            yield f"models[{index}].interface.{key}", problem
        if model.training:
            for key, received, expected in disagreements_of_training(model.training):
                yield f"models[{index}].training.{key}", f"received {brief(received)}; expected {expected}"
    if twice := _twice((one.backbone, one.variant, one.image_size) for one in manifest.models):
        yield "models", f"received {brief(twice)} twice; expected one file for each"


def _interface_problems(interface: Interface | None, *, classes: int) -> Problems:
    if interface is None:
        return
    if interface.order and sorted(interface.order) != list(range(classes)):
        yield "order", f"received {brief(interface.order)}; expected each of 0 to {classes - 1} once, or nothing"
    if interface.taken_as == "backbone" and (interface.order or interface.scores != "probabilities"):
        received = f"{interface.scores} in the order {brief(interface.order)}"
        yield (
            "scores",
            f"received {received} of a backbone; expected probabilities, as of every head",
        )
    if interface.channels == 1 and interface.pixels.startswith("imagenet"):
        yield "pixels", f"received {interface.pixels} of a grey model; expected a range of one channel"
    if len(interface.remarks) > _MOST_REMARKS:
        yield "remarks", f"received {len(interface.remarks)}; expected at most {_MOST_REMARKS}"
    for one in interface.remarks:
        if len(one) > LONGEST_REMARK:
            yield "remarks", f"received {brief(one)}; expected at most {LONGEST_REMARK} characters"


def _images(manifest: KitManifest) -> Problems:
    for index, images in enumerate(manifest.images):
        if not images.file.endswith(PIXELS_SUFFIX):  # others have a meaning in the store's folders
            problem = f"received {brief(images.file)}; expected a name that ends in {PIXELS_SUFFIX}"
            yield f"images[{index}].file", problem
        if max(height_and_width(images.image_size)) > _LARGEST_SIDE:
            problem = f"received {images.image_size}; expected sides of at most {_LARGEST_SIDE} pixels"
            yield f"images[{index}].image_size", problem
        file = manifest.files.get(images.file)
        size = pixels_bytes(len(manifest.samples), image_size=images.image_size)
        if file and file.size_bytes != size:
            yield (
                f"images[{index}]",
                f"received a file of {file.size_bytes:,} bytes; expected {size:,}, those of "
                f"{len(manifest.samples)} samples of {images.image_size} pixels",
            )
    if twice := _twice(one.image_size for one in manifest.images):
        yield "images", f"received {twice} pixels twice; expected each size once"
    if unused := {one.image_size for one in manifest.images} - {one.image_size for one in manifest.cells}:
        yield "images", f"received images of {min(unused, key=str)} pixels; expected only what a cell needs"


def _cells(manifest: KitManifest) -> Problems:
    sizes, variants = {one.image_size for one in manifest.images}, _variants(manifest)
    files = {(one.backbone, one.variant, one.image_size) for one in manifest.models}
    for index, cell in enumerate(manifest.cells):
        where = f"cells[{index}]"
        if cell.variant not in variants:
            yield f"{where}.variant", _unknown(cell.variant)
        elif cell.runtime not in runtimes_of(SUFFIX) and not manifest.addition("runtime", cell.runtime):
            known = ", ".join(runtimes_of(SUFFIX))
            problem = f"received {brief(cell.runtime)}; expected one that runs {cell.variant}: {known}"
            yield f"{where}.runtime", problem
        elif cell.id != cell.cell.id:
            yield f"{where}.id", f"received {brief(cell.id)}; expected {cell.cell.id!r}, as its parts say"
        if cell.image_size not in sizes:
            yield where, f"received no images of {cell.image_size} pixels; expected those that its cell needs"
        yield from ((where, problem) for problem in _lacking(files, cell))
    if twice := _twice(cell.id for cell in manifest.cells):
        yield "cells", f"received {brief(twice)} twice; expected each cell once"


def _lacking(files: Set[tuple[str, str, ImageSize]], cell: KitCell) -> Iterator[str]:
    own, twin = ((cell.backbone, name, cell.image_size) in files for name in (cell.variant, "float32"))
    twin = twin or cell.variant == PREQUANTIZED
    if not own and cell.refusal is None:
        yield f"received no file of {cell.variant} of {cell.backbone} and no refusal; expected one of them"
    if own and not twin:
        yield f"received no float32 file of {cell.backbone}; expected the one that {cell.variant} is compared with"


def _files(manifest: KitManifest) -> Problems:
    used = dict.fromkeys((*(one.file for one in manifest.models), *(one.file for one in manifest.images)))
    if len(used) < len(manifest.models) + len(manifest.images):
        yield "files", "received one name for two files; expected a name for each"
    if absent := [name for name in used if name not in manifest.files]:
        yield "files", f"received no {brief(absent[0])}, which is named above; expected its hash and size"
    if unused := [name for name in manifest.files if name not in used]:
        yield "files", f"received {brief(unused[0])}, which nothing above names; expected only what is measured"


def _variants(manifest: KitManifest) -> Set[str]:
    own = {name for name, variant in VARIANTS.items() if variant.suffix == SUFFIX}
    return own | {one.name for one in manifest.added or () if one.what == "variant"}


def _unknown(variant: str) -> str:
    known = ", ".join(name for name, one in VARIANTS.items() if one.suffix == SUFFIX)
    return f"received {brief(variant)}; expected one of {known}; a newer zoobench may know more"


def _twice(values: Iterable[object]) -> object:
    seen: set[object] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None
