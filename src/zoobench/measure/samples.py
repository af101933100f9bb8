"""Which labelled images are measured on, and how do they reach memory?"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """Rows of a `.npy` file of images, with their labels.

    The file is mapped for each access and unmapped after it, so resident memory does not grow with the file.

    Attributes:
        path: uint8 array [n, height, width, 3].
        rows: Which of its rows, in the order of measuring.
        labels: Class index of each of these rows.
    """

    path: Path
    rows: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.rows)

    def images(self, start: int, stop: int) -> npt.NDArray[np.uint8]:
        """Returns a copy of samples start to stop - 1, [stop - start, height, width, 3]."""
        mapped: npt.NDArray[np.uint8] = np.load(self.path, mmap_mode="r", allow_pickle=False)
        return mapped[self.rows[start:stop]]
