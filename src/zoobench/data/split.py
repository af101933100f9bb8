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
_DONORS: dict[Split, tuple[Split, ...]] = {"train": (), "validation": ("train",), "test": ("validation", "train")}
"""Which given split gives up a share where one is not given. Who has trained on a folder must not be tested on it, so
the test split is taken of the validation split first."""
Shares = tuple[float, float, float]
"""The shares of a class that train, validate and test; none is negative, the last is positive and they sum to 1."""
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
        UsageError: The text is not three numbers between slashes, or nothing is left to test on.
    """
    try:
        train, validation, test = map(float, text.split("/"))
    except ValueError:
        train = validation = test = math.nan
    total = train + validation + test
    if min(train, validation) >= 0 and test > 0 and math.isfinite(total):
        return train / total, validation / total, test / total
    allowed = "three numbers for train/validation/test, the last above 0, such as 70/15/15 or 0/0/100"
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

    There must be one of each class for each share above zero; `seed` tells which of the many splits.
    """
    assigned: dict[str, Split] = {}
    for ordered in _by_class(contents, salt=f"{seed}"):
        train, validation, _ = cut(len(ordered), shares)
        for rank, sha256 in enumerate(ordered):
            assigned[sha256] = "train" if rank < train else "validation" if rank < train + validation else "test"
    return assigned


def assign(contents: Sequence[Content], given: Sequence[Split], *, shares: Shares, seed: int) -> list[Split]:
    """Returns the split of each content: the given one, or one that the shares cut where a split is not given.

    Args:
        contents: Of each class at least one for each share above zero of `shares_of`; no content in two given splits.
        given: The split of each content; empty where none is given.
        shares: Of the whole; of a part of it, by their ratio.
        seed: Which of the many splits.
    """
    if not given:
        assigned = split_contents(contents, shares=shares, seed=seed)
        return [assigned[sha256] for _, sha256 in contents]
    assigned = {}
    for donor, parts in shares_of(given, shares=shares).items():
        own = [content for content, split in zip(contents, given, strict=True) if split == donor]
        assigned |= split_contents(own, shares=parts, seed=seed)
    return [assigned[sha256] for _, sha256 in contents]


def shares_of(given: Iterable[Split], *, shares: Shares) -> dict[Split, Shares]:
    """Returns the shares by which each given split is cut: it keeps what is its own and gives up what is not given."""
    present = [split for split in SPLITS if split in set(given)]
    takers: dict[Split, list[Split]] = {donor: [donor] for donor in present}
    for split in SPLITS:
        donor = next((one for one in _DONORS[split] if one in present), None)
        if split not in present and donor:
            takers[donor].append(split)
    return {donor: _restricted(shares, takers[donor], otherwise=donor) for donor in present}


def _restricted(shares: Shares, splits: Sequence[Split], *, otherwise: Split) -> Shares:
    kept = [share if split in splits else 0.0 for split, share in zip(SPLITS, shares, strict=True)]
    if not any(kept):
        kept = [float(split == otherwise) for split in SPLITS]
    train, validation, test = (share / sum(kept) for share in kept)
    return train, validation, test


def cut(total: int, shares: Shares) -> tuple[int, int, int]:
    """Divides `total` things, at least one for each share above zero, by largest remainders (Hamilton's method).

    Each split with such a share gets at least one; where remainders are equal, the later split gets more.
    """
    exact = [total * share for share in shares]
    counts = [math.floor(quota) for quota in exact]
    by_remainder = sorted(range(3), key=lambda split: (round(exact[split] - counts[split], 9), split), reverse=True)
    for split in by_remainder[: total - sum(counts)]:
        counts[split] += 1
    for split, share in enumerate(shares):
        if share > 0 and not counts[split]:
            counts[counts.index(max(counts))] -= 1
            counts[split] += 1
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
