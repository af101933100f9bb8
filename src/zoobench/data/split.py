"""Which images train, which validate, which test, and in which order?

Their content decides, so that adding images moves few others. No image library: devices ask too.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from zoobench.errors import DataError, UsageError
from zoobench.system.files import sha256_of_json

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
MIN_CONTENTS = len(SPLITS)
"""How many different images a class needs, one for each split."""
Content = tuple[int, str]
"""Label and SHA-256 of one image."""
ROWS = "rows.json"
"""Stands beside the pixels."""
Row = tuple[str, int, str]
"""Name, label and SHA-256 of one decoded image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitShares:
    """The shares of a class that train, validate and test; each is positive and they sum to 1."""

    train: float = 0.70
    validation: float = 0.15
    test: float = 0.15

    def __post_init__(self) -> None:
        shares = (self.train, self.validation, self.test)
        if not all(share > 0 for share in shares) or not math.isclose(sum(shares), 1, rel_tol=0, abs_tol=1e-9):
            raise UsageError(
                f"the split shares {shares} do not fit; give three positive ones that sum to 1, such as 0.7, 0.15, 0.15"
            )


def parse_shares(text: str) -> SplitShares:
    """Reads shares from text such as `70/15/15` or `8/1/1`: train, validation, test, in any unit.

    Raises:
        UsageError: The text is not three positive numbers between slashes.
    """
    parts = [_number(part) for part in text.split("/")]
    if len(parts) != len(SPLITS) or not all(part > 0 and math.isfinite(part) for part in parts):
        allowed = "three positive numbers for train/validation/test, such as 70/15/15"
        raise UsageError(f"the split {text!r} cannot be read; give {allowed}")
    train, validation, test = (part / sum(parts) for part in parts)
    return SplitShares(train=train, validation=validation, test=test)


def homes(contents: Iterable[Content]) -> dict[str, int]:
    """Returns the class that each content belongs to: the first that holds a copy of it."""
    home: dict[str, int] = {}
    for label, sha256 in contents:
        home[sha256] = min(label, home.get(sha256, label))
    return home


def split_contents(contents: Iterable[Content], *, shares: SplitShares, seed: int) -> dict[str, Split]:
    """Decides the split of every content, class by class.

    The contents of a class are ordered by a hash of seed and content, and that order is cut in two places. A content
    therefore stands in one split only, however many copies there are, and one image more moves at most one other
    across each cut, unless the shares are so uneven that a cut itself moves back.

    Args:
        contents: Label and SHA-256 of every image; at least `MIN_CONTENTS` different ones of each class.
        shares: How much of a class each split gets.
        seed: Which of the many splits.

    Returns:
        The split by SHA-256.
    """
    assigned: dict[str, Split] = {}
    for ordered in _by_class(contents, salt=f"{seed}"):
        train, validation, _ = cut(len(ordered), shares)
        for rank, sha256 in enumerate(ordered):
            assigned[sha256] = "train" if rank < train else "validation" if rank < train + validation else "test"
    return assigned


def cut(total: int, shares: SplitShares) -> tuple[int, int, int]:
    """Divides `total` things by largest remainders (Hamilton's method), with at least one for each split.

    Args:
        total: How many things there are, at least `MIN_CONTENTS`.
        shares: How much each split gets; where remainders are equal, the later split gets more.

    Returns:
        The number of things that train, validate and test; they sum to `total`.
    """
    exact = [total * share for share in (shares.train, shares.validation, shares.test)]
    counts = [math.floor(quota) for quota in exact]
    by_remainder = sorted(range(3), key=lambda split: (round(exact[split] - counts[split], 9), split), reverse=True)
    for split in by_remainder[: total - sum(counts)]:
        counts[split] += 1
    while 0 in counts:
        counts[counts.index(max(counts))] -= 1
        counts[counts.index(0)] += 1
    train, validation, test = counts
    return train, validation, test


def stratified(contents: Iterable[Content], *, seed: int) -> tuple[str, ...]:
    """Puts the different contents in an order of which every beginning holds the classes evenly.

    Args:
        contents: Label and SHA-256 of every image.
        seed: Which of the many orders.

    Returns:
        The SHA-256 of each content once: one of each class, then the next of each class, and so on.
    """
    rounds = zip_longest(*_by_class(contents, salt=f"stratified:{seed}"))
    return tuple(sha256 for one_round in rounds for sha256 in one_round if sha256 is not None)


def read_rows(pixels_path: Path) -> dict[str, Any]:
    """Returns the rows of a file of pixels (`rows`) and what was left out (`left_out`, each with its reason).

    Raises:
        DataError: If they cannot be read.
    """
    path = pixels_path.with_name(ROWS)
    try:
        content: dict[str, Any] = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}); run again, and the images are decoded anew") from error
    return content


def dataset_sha256(classes: Sequence[str], samples: Iterable[tuple[str, int, Split]]) -> str:
    """Returns the identity of classes, contents, labels and splits; image size, file names and place play no part.

    Args:
        classes: Names in the order of the labels.
        samples: SHA-256, label and split of each image, in any order.
    """
    return sha256_of_json([classes, sorted(samples)])


def measuring_order(contents: Sequence[Content], rows: Iterable[int]) -> list[int]:
    """Returns rows in the order of contents' hashes: mixed, and the same whatever files are called.

    Args:
        contents: Label and SHA-256 of every image of a data set.
        rows: Those of them that test.
    """

    def content(row: int) -> tuple[str, int, int]:
        label, sha256 = contents[row]
        return sha256, label, row

    return sorted(rows, key=content)


def _by_class(contents: Iterable[Content], *, salt: str) -> list[list[str]]:
    classes: dict[int, list[str]] = {}
    for sha256, label in homes(contents).items():
        classes.setdefault(label, []).append(sha256)
    return [sorted(classes[label], key=lambda sha256: _rank(sha256, salt)) for label in sorted(classes)]


def _rank(sha256: str, salt: str) -> str:
    return hashlib.sha256(f"{salt}:{sha256}".encode()).hexdigest()


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
