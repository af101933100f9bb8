"""What does a results file say of its run beside the records: which options, pixels and model files?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoobench.results.file import BLOCK
from zoobench.results.shape import expect, typed_value, unexpected

_IMAGE_SIZE = re.compile("[1-9][0-9]{0,4}", re.ASCII)
"""As a key; one way of writing each, so that no size can stand there twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedPixels:
    """The images that were timed.

    Attributes:
        product: Folder name of the decoded data set in `artifacts/datasets`.
        rows: Those of its rows that belong to the test split, in the order of measuring.
    """

    product: str
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedProduct:
    """A model as the store kept it.

    Attributes:
        product: Its folder name in `artifacts/models`.
        file: Name of the file that was measured.
        inputs: All that determined it.
    """

    product: str
    file: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a baseline comes from.

    Attributes:
        name: The baseline's.
        saved: When, ISO 8601 in UTC.
        source: The results file that it was made of.
    """

    name: str
    saved: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What a later rebuild or replay needs to know of a run; files of before this was written down have nothing of it.

    Attributes:
        machine: Name under which the run's results are kept, '' if unknown.
        cells: Ids of the cells that were to be measured.
        options: Texts of the options that were not at their defaults, but for those of measuring alone.
        pixels: By image size.
        products: Folder names in `artifacts/models`, by the SHA-256 of the model file.
        manifests: By the SHA-256 of the model file; baselines alone have them.
    """

    machine: str = ""
    cells: tuple[str, ...] = ()
    options: Mapping[str, str] = field(default_factory=dict)
    pixels: Mapping[int, RecordedPixels] = field(default_factory=dict)
    products: Mapping[str, str] = field(default_factory=dict)
    manifests: Mapping[str, RecordedProduct] = field(default_factory=dict)


def provenance_of(block: Mapping[str, Any], path: Path) -> Provenance:
    """Returns what a results file or a baseline says of its run in our block at its top.

    Raises:
        ResultsError: If it is not what it should be; the message names the file and the key.
    """
    where = f"{path}: {BLOCK}"
    manifests = _baseline(block, where).get("manifests", {})
    return Provenance(
        machine=typed_value(str, block.get("machine", ""), f"{where}.machine"),
        cells=typed_value(tuple[str, ...], block.get("cells", []), f"{where}.cells"),
        options=typed_value(Mapping[str, str], block.get("options", {}), f"{where}.options"),
        pixels=_pixels(block.get("pixels", {}), f"{where}.pixels"),
        products=typed_value(Mapping[str, str], block.get("products", {}), f"{where}.products"),
        manifests=typed_value(Mapping[str, RecordedProduct], manifests, f"{where}.baseline.manifests"),
    )


def origin_of(block: Mapping[str, Any], path: Path) -> Origin | None:
    """Returns where a baseline comes from, None for any other file.

    Raises:
        ResultsError: As `provenance_of`.
    """
    where = f"{path}: {BLOCK}"
    baseline = _baseline(block, where)
    if not baseline:
        return None
    keys = {"name": "name", "saved": "saved", "source": "from"}
    return Origin(
        **{name: typed_value(str, baseline.get(key), f"{where}.baseline.{key}") for name, key in keys.items()}
    )


def _baseline(block: Mapping[str, Any], where: str) -> dict[str, Any]:
    return expect(dict, block.get("baseline", {}), f"{where}.baseline")


def _pixels(received: Any, where: str) -> dict[int, RecordedPixels]:
    by_text = typed_value(Mapping[str, RecordedPixels], received, where)
    for text in by_text:
        if not _IMAGE_SIZE.fullmatch(text):
            raise unexpected(where, text, "an image size in pixels, 1 to 99999, as each key")
    return {int(text): pixels for text, pixels in by_text.items()}
