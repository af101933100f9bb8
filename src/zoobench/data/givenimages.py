"""Which images does a user name: a folder of photos or a `.npy` file?"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from zoobench.errors import DataError, UsageError

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images to compare models on, none of them in memory.

    Attributes:
        source: What they are, for people.
        count: How many there are.
        load: Returns one of them, [height, width, 3].
    """

    source: str
    count: int
    load: Callable[[int], Pixels]

    def spread(self, samples: int) -> Iterator[Pixels]:
        """Yields at most `samples` of them, each [1, height, width, 3], evenly spread: folders are sorted by class."""
        for index in np.linspace(0, self.count - 1, min(samples, self.count)).round().astype(int).tolist():
            yield self.load(index)[None]


def given_images(path: Path, *, side: int) -> Images:
    """Returns the images of a folder of photos or of a `.npy` file.

    Args:
        path: Folder or file.
        side: Of the images that the model takes, in pixels; photos are resized to it.

    Raises:
        UsageError: If there are none or they do not fit the model.
        DataError: If one cannot be read; a photo is read when it is loaded.
    """
    if path.is_dir():
        return _photos(path, side=side)
    return array_images(path, side=side, source=last_parts(path))


def array_images(path: Path, *, side: int, source: str) -> Images:
    """Returns the images of a `.npy` file, uint8 [n, side, side, 3]; `source` says what they are.

    Raises:
        UsageError: If they do not fit the model.
        DataError: If the file cannot be read.
    """
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is no .npy file of images ({error}); give one, or a folder of photos") from error
    if mapped.dtype != np.uint8 or mapped.ndim != 4 or mapped.shape[1:] != (side, side, 3) or not len(mapped):
        raise UsageError(
            f"{path} holds {mapped.dtype} {list(mapped.shape)}; the model takes uint8 images [n, {side}, {side}, 3], "
            "with n at least 1"
        )
    return Images(source=source, count=len(mapped), load=lambda index: np.array(mapped[index]))


def _photos(folder: Path, *, side: int) -> Images:
    from zoobench.data.images import EXTENSIONS, load, resize  # needs Pillow

    paths = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)
    if not paths:
        raise UsageError(f"{folder} has no images ({', '.join(EXTENSIONS)}) in it; give a folder that has")

    def photo(index: int) -> Pixels:
        try:
            return resize(load(paths[index]), size=side)
        except DataError as error:
            raise DataError(f"{paths[index]} cannot be used: {error}; take it out of the folder") from error

    return Images(source=f"{last_parts(folder)}, resized to {side} x {side}", count=len(paths), load=photo)


def last_parts(path: Path) -> str:
    """Returns the end of a path that tells it from others: in a store the folder has the name."""
    return "/".join(path.parts[-2:])
