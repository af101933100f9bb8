"""What does a kit say of itself? Schema 1 of its `kit.json`, with the bounds that every reader may rely on.

What has to hold between two values stands in `coherence.py`.

History of the schema:
    1 (2026-11): the first. `training` of a model came later; older kits lack it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from zoobench.results.schema import Count, Positive, RecordedNumerics, RecordedTraining, Refusal, Sha256, Weights
from zoobench.results.shape import Rule, between, matching
from zoobench.system.files import PLAIN_NAME

SCHEMA = 1
MANIFEST = "kit.json"
"""The member that names all others; its SHA-256 is the kit's."""

_LONGEST = 200
_PRINTABLE = Rule(
    expected=f"1 to {_LONGEST} characters that can be printed", holds=lambda text: _can_be_printed(text, most=_LONGEST)
)
_NOT_EMPTY = Rule(expected="at least one value", holds=bool)
Text = Annotated[str, _PRINTABLE]
BackboneName = Annotated[
    str, matching(f"[A-Za-z0-9_.]{{1,{_LONGEST}}}", expected="letters, digits, '_' and '.', as in ids of cells")
]
FileName = Annotated[
    str,
    matching(PLAIN_NAME.pattern, expected="letters, digits, '.', '_' and '-', the first no sign: no path"),
    Rule(expected=f"at most {_LONGEST} characters", holds=lambda text: len(text) <= _LONGEST),
]
AddedTo = Annotated[str, matching("variant|runtime", expected="variant or runtime")]
AddedName = Annotated[
    str, matching("[a-z][a-z0-9_]{0,59}", expected="a small letter and up to 59 small letters, digits and '_'")
]
ImageSize = Annotated[int, between(1, 1024)]
Threads = Annotated[int, between(1, 1024)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KitFile:
    """What a member of the kit is."""

    sha256: Sha256
    size_bytes: Positive


@dataclass(frozen=True, slots=True, kw_only=True)
class KitDataset:
    """Where the samples come from; as `RecordedDataset`, which the device's records repeat."""

    name: Text
    sha256: Sha256
    classes: Annotated[tuple[Text, ...], _NOT_EMPTY]
    left_out: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class KitSample:
    """One test sample: SHA-256 of the image that was decoded, and its class."""

    sha256: Sha256
    label: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class KitImages:
    """The pixels of all test samples at one size: a .npy file, uint8 [samples, size, size, 3] RGB, in their order."""

    image_size: ImageSize
    file: FileName


@dataclass(frozen=True, slots=True, kw_only=True)
class KitModel:
    """A TFLite file.

    Attributes:
        numerics: How near its answers are to Keras's; None where LiteRT refuses it.
        training: Of its classifier, without the seconds; None where that came trained.
    """

    backbone: BackboneName
    variant: Text
    image_size: ImageSize
    file: FileName
    numerics: RecordedNumerics | None = None
    training: RecordedTraining | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KitCell:
    """What to measure.

    Attributes:
        refusal: Why there is no file, or why the workstation's runtime did not take it; None where it runs.
    """

    id: Text
    backbone: BackboneName
    variant: Text
    runtime: Text
    threads: Threads
    image_size: ImageSize
    weights: Weights
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KitAddition:
    """A variant or runtime that zoobench itself does not have, and the package that added it where the kit was made."""

    what: AddedTo
    name: AddedName
    package: FileName
    version: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that a kit says of itself.

    Attributes:
        zoobench: Version that wrote it.
        samples: The test split in the order of measuring.
        images: Their pixels, one file for each image size.
        models: Every file that a cell or its float twin needs.
        cells: Those to be measured, in the order of the matrix.
        files: Every member but this one.
        added: Variants and runtimes of the cells that zoobench itself does not have; None where there are none.
    """

    schema: Positive
    zoobench: Text
    dataset: KitDataset
    samples: Annotated[tuple[KitSample, ...], _NOT_EMPTY]
    images: Annotated[tuple[KitImages, ...], _NOT_EMPTY]
    models: Annotated[tuple[KitModel, ...], _NOT_EMPTY]
    cells: Annotated[tuple[KitCell, ...], _NOT_EMPTY]
    files: Mapping[str, KitFile]
    added: tuple[KitAddition, ...] | None = None

    @property
    def size_bytes(self) -> int:
        """Of all members together, unpacked."""
        return sum(file.size_bytes for file in self.files.values())

    def addition(self, what: str, name: str) -> KitAddition | None:
        """Returns what the kit says of a variant or runtime that zoobench itself does not have."""
        return next((one for one in self.added or () if (one.what, one.name) == (what, name)), None)

    def model(self, *, backbone: str, variant: str, image_size: int) -> KitModel | None:
        """Returns the file of a variant of a backbone, or None if there is none."""
        wanted = (backbone, variant, image_size)
        return next((one for one in self.models if (one.backbone, one.variant, one.image_size) == wanted), None)


def _can_be_printed(text: str, *, most: int) -> bool:
    return 0 < len(text) <= most and text.isprintable()
