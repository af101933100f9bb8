"""Which data set is it, and which of its images test, in which order? Their contents tell; names play no part."""

from collections.abc import Iterable, Sequence

from zoobench.data.split import Content, Split
from zoobench.system.files import sha256_of_json


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
