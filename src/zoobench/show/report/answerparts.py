"""What does a report show of the answers of a model: confusions, worst classes, flipped samples?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from zoobench.show.report.contents import Sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Photo:
    """A small image that several parts of the page show.

    Attributes:
        name: Names it in the page.
        data: A JPEG file as a `data:` address.
    """

    name: str
    data: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Small images of test samples.

    Attributes:
        photos: Each different one once.
        shown: Name of the photo of each sample that has one, by its place in the test split.
        reason: Why there is none; '' where there are.
    """

    photos: tuple[Photo, ...] = ()
    shown: Mapping[int, str] = field(default_factory=dict)
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSample:
    """A sample that a variant answers otherwise than its float twin.

    Attributes:
        sample: Its place in the test split, from 1.
        photo: Name of its image; '' where there is none.
        kind: What became of it: `lost`, `won`, or `changed` where both are wrong.
        truth: The right class.
        before: What the float twin said.
        before_sure: How probable it held that.
        after: What the variant said.
        after_sure: How probable it held that.
    """

    sample: int
    photo: str
    kind: Literal["lost", "won", "changed"]
    truth: str
    before: str
    before_sure: str
    after: str
    after_sure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionField:
    """How many samples of a class were taken for another.

    Attributes:
        text: The number, '' for none.
        shade: How dark it is, from 0, by its share of the class.
        told: What a pointer on it is told.
    """

    text: str
    shade: int
    told: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionRow:
    """What the samples of a class were taken for."""

    name: str
    fields: tuple[ConfusionField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionTable:
    """Rows are true classes, columns what was predicted.

    Attributes:
        heads: Of the columns.
        rows: In the order of the heads.
        note: Which classes are left out, if any.
    """

    heads: tuple[str, ...]
    rows: tuple[ConfusionRow, ...]
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What one model, or several that answered the same, got right and wrong.

    Attributes:
        name: Names it in the page.
        title: Of the variant.
        cells: Ids of the cells that answered so.
        summary: How it did, in a sentence or two.
        confusion: The matrix of confusions.
        worst: The classes that it gets wrong most.
        mixups: What it takes for what.
        flipped: Samples against the float twin, those that are shown.
        flipped_told: How many of how many are shown, and why; or that none flipped.
    """

    name: str
    title: str
    cells: tuple[str, ...]
    summary: str
    confusion: ConfusionTable | None = None
    worst: Sheet | None = None
    mixups: Sheet | None = None
    flipped: tuple[ShownSample, ...] = ()
    flipped_told: str = ""
