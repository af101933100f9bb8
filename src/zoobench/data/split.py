"""Which images train, which validate, which test, and in which order?

Their content decides, so that adding images moves few others. No image library: devices ask too.
"""

import hashlib
import json
import math
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, Literal

from zoobench.errors import DataError, UsageError
from zoobench.system.files import sha256_of_json

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
MIN_CONTENTS = len(SPLITS)
"""How many different images a class needs, one for each split."""
Shares = tuple[float, float, float]
"""The shares of a class that train, validate and test; each is positive and they sum to 1."""
SHARES: Shares = (0.70, 0.15, 0.15)
Content = tuple[int, str]
"""Label and SHA-256 of one image."""
ROWS = "rows.json"
"""Stands beside the pixels."""
Row = tuple[str, int, str]
"""Name, label and SHA-256 of one decoded image."""


def parse_shares(text: str) -> Shares:
    """Reads shares from text such as `70/15/15` or `8/1/1`: train, validation, test, in any unit.

    Raises:
        UsageError: The text is not three positive numbers between slashes.
    """
    try:
        train, validation, test = map(float, text.split("/"))
    except ValueError:
        train = validation = test = math.nan
    total = train + validation + test
    if min(train, validation, test) > 0 and math.isfinite(total):
        return train / total, validation / total, test / total
    allowed = "three positive numbers for train/validation/test, such as 70/15/15"
    raise UsageError(f"the split {text!r} cannot be read; give {allowed}")


def homes(contents: Iterable[Content]) -> dict[str, int]:
    """Returns the class that each content belongs to: the first that holds a copy of it."""
    home: dict[str, int] = {}
    for label, sha256 in contents:
        home[sha256] = min(label, home.get(sha256, label))
    return home


def split_contents(contents: Iterable[Content], *, shares: Shares, seed: int) -> dict[str, Split]:
    """Decides the split of every content, by its SHA-256, class by class.

    The contents of a class are ordered by a hash of seed and content, and that order is cut in two places. A content
    therefore stands in one split only, however many copies there are, and one image more moves at most one other
    across each cut, unless the shares are so uneven that a cut itself moves back.

    There must be at least `MIN_CONTENTS` different ones of each class; `seed` tells which of the many splits.
    """
    assigned: dict[str, Split] = {}
    for ordered in _by_class(contents, salt=f"{seed}"):
        train, validation, _ = cut(len(ordered), shares)
        for rank, sha256 in enumerate(ordered):
            assigned[sha256] = "train" if rank < train else "validation" if rank < train + validation else "test"
    return assigned


def cut(total: int, shares: Shares) -> tuple[int, int, int]:
    """Divides `total` things, at least `MIN_CONTENTS`, by largest remainders (Hamilton's method).

    Each split gets at least one; where remainders are equal, the later split gets more.
    """
    exact = [total * share for share in shares]
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
    """Returns each SHA-256 once: one of each class, then the next of each class, and so on.

    Every beginning of that order holds the classes evenly.
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

    `classes` are in the order of the labels, `samples` (SHA-256, label, split) in any.
    """
    return sha256_of_json([classes, sorted(samples)])


def measuring_order(contents: Sequence[Content], rows: Iterable[int]) -> list[int]:
    """Returns rows in the order of contents' hashes: mixed, and the same whatever files are called."""
    return sorted(rows, key=lambda row: (contents[row][1], contents[row][0], row))


def _by_class(contents: Iterable[Content], *, salt: str) -> list[list[str]]:
    classes: dict[int, list[str]] = {}
    for sha256, label in homes(contents).items():
        classes.setdefault(label, []).append(sha256)

    def rank(sha256: str) -> str:
        return hashlib.sha256(f"{salt}:{sha256}".encode()).hexdigest()

    return [sorted(classes[label], key=rank) for label in sorted(classes)]
