"""Which photos does a user name, and which are those that a run measured? Files, arrays, drawings, by hash."""

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from zoobench.data.split import Row, read_rows
from zoobench.errors import DataError, UsageError
from zoobench.matrix.interface import ImageSize, height_and_width
from zoobench.measure.target import Samples
from zoobench.system.files import mapped_array, read_file

# What needs Pillow, which a device may lack, is imported where it is called.
Pixels = npt.NDArray[np.uint8]
MOST_PHOTOS = 64
NO_PILLOW = "Pillow, which decodes photos, is not installed: pip install pillow"
_JPEG_QUALITY = 90
_NAME_ANOTHER = "name a folder of photos with --images"


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """Images to compare models on, none of them in memory: what they are, and `load` for one, [height, width, 3]."""

    source: str
    count: int
    load: Callable[[int], Pixels]

    def spread(self, samples: int) -> Iterator[Pixels]:
        """Yields at most `samples` of them, each [1, height, width, 3], evenly spread: folders are sorted by class."""
        for index in _spread(self.count, samples):
            yield self.load(index)[None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Photos:
    """Photos as they come from a disk or a camera: what they are, and the bytes of each file.

    Attributes:
        preparation: `resize` and `exif`, as the options name them, where a data set does not have the defaults.
    """

    source: str
    contents: tuple[bytes, ...]
    preparation: Mapping[str, str] = field(default_factory=dict)

    def decoded(self, content: bytes) -> Pixels:
        """Returns the pixels of one of them, turned as the preparation says; errors are those of `images.decode`."""
        from zoobench.data.images import decode, upright

        pixels = decode(content)
        return upright(content, pixels) if self.preparation.get("exif") == "apply" else pixels

    def resized(self, pixels: Pixels, *, size: ImageSize) -> Pixels:
        """Returns what was decoded in the size that a model takes."""
        from zoobench.data.images import Resizing, resize

        return resize(pixels, size=size, how=cast(Resizing, self.preparation.get("resize", "stretch")))


def given_images(path: Path, *, size: ImageSize) -> Images:
    """Returns the images of a folder of photos, resized, or of a `.npy` file, of the size that a model takes.

    Raises:
        UsageError: If there are none or they do not fit the model.
        DataError: If one cannot be read; a photo is read when it is loaded.
    """
    if not path.is_dir():
        return array_images(path, size=size, source=last_parts(path))
    from zoobench.data.images import EXTENSIONS, load, resize

    paths = _files(path)
    if not paths:
        raise UsageError(f"{path} has no images ({', '.join(EXTENSIONS)}) in it; give a folder that has")

    def photo(index: int) -> Pixels:
        try:
            return resize(load(paths[index]), size=size)
        except DataError as error:
            raise DataError(f"{paths[index]} cannot be used: {error}; take it out of the folder") from error

    height, width = height_and_width(size)
    return Images(source=f"{last_parts(path)}, resized to {height} x {width}", count=len(paths), load=photo)


def array_images(path: Path, *, size: ImageSize, source: str) -> Images:
    """Returns the images of a `.npy` file, uint8 [n, height, width, 3]; `source` says what they are.

    Raises:
        UsageError: If they do not fit the model.
        DataError: If the file cannot be read.
    """
    try:
        mapped = mapped_array(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no .npy file of images ({error}); give one, or a folder of photos") from error
    height, width = height_and_width(size)
    if mapped.dtype != np.uint8 or mapped.ndim != 4 or mapped.shape[1:] != (height, width, 3) or not len(mapped):
        raise UsageError(
            f"{path} holds {mapped.dtype} {list(mapped.shape)}; the model takes uint8 images [n, {height}, {width}, "
            "3], with n at least 1"
        )
    return Images(source=source, count=len(mapped), load=lambda index: np.array(mapped[index]))


def last_parts(path: Path) -> str:
    """Returns the end of a path that tells it from others: in a store the folder has the name."""
    return "/".join(path.parts[-2:])


def has_pillow() -> bool:
    """Tells whether photos can be decoded here."""
    return find_spec("PIL") is not None


def photos_of(samples: Samples, *, folder: Path | None, seed: int) -> Photos | str:
    """Returns the photos that samples of a store were decoded from, or why they cannot be had.

    Each is told by its hash, so that no other file of its name is taken for it. `folder` is the data set's, or its
    list, as its run named it, None if it was drawn; `seed` is that of the drawings.

    Raises:
        DataError: If the rows cannot be read.
    """
    if not has_pillow():
        return NO_PILLOW
    rows = read_rows(samples.path)["rows"]
    wanted = [rows[row] for row in samples.rows[:MOST_PHOTOS].tolist()]
    return _redrawn(wanted, seed=seed) if folder is None else _reread(wanted, folder)


def given_photos(path: Path) -> Photos | str:
    """Returns photos of a folder that a user named, evenly spread, or why there are none."""
    if not path.is_dir():
        return f"{path.name} holds images that are decoded; {_NAME_ANOTHER}"
    if not has_pillow():
        return NO_PILLOW
    paths = _files(path)
    contents = tuple(read_file(paths[index]) for index in _spread(len(paths), MOST_PHOTOS))
    return Photos(source=f"photos of {path.name}", contents=contents)


def drawn_photos() -> Photos:
    """Returns drawn animals as JPEG, for a file of which nobody knows what it was made for.

    Raises:
        UsageError: If there is no Pillow to draw with.
    """
    if not has_pillow():
        raise UsageError(
            "it is not known which images this file takes: name a uint8 .npy file [n, height, width, 3] with --images, "
            "or pip install pillow to draw some"
        )
    from zoobench.data.drawn import CLASSES

    drawings = (_drawing(animal, seed=0, index=index) for index in range(MOST_PHOTOS) for animal in CLASSES)
    return Photos(source="drawn animals as JPEG", contents=tuple(islice(drawings, MOST_PHOTOS)))


def decoded(photos: Photos, *, size: ImageSize, folder: Path) -> Samples:
    """Returns photos, at least one, as the samples that they are to a model; labels are zeros.

    The pixels are written to the folder.

    Raises:
        DataError: If one cannot be decoded.
    """
    path = folder / f"photos-{size}.npy"
    np.save(path, np.stack([photos.resized(photos.decoded(content), size=size) for content in photos.contents]))
    rows = np.arange(len(photos.contents), dtype=np.int64)
    return Samples(path=path, rows=rows, labels=np.zeros_like(rows))


def _files(folder: Path) -> list[Path]:
    from zoobench.data.layout import is_image, is_set_aside

    def is_photo(path: Path) -> bool:
        return is_image(path.name) and not any(map(is_set_aside, path.relative_to(folder).parts[:-1]))

    return sorted(filter(is_photo, folder.rglob("*")))


def _spread(count: int, most: int) -> list[int]:
    indices: list[int] = np.linspace(0, count - 1, min(most, count)).round().astype(int).tolist()
    return indices


def _reread(wanted: Sequence[Row], folder: Path) -> Photos | str:
    contents = []
    top = folder if folder.is_dir() else folder.parent  # the paths of a list start at its folder
    for name, _, expected in wanted:
        path = top / name
        if not path.is_file():
            return f"the photos are not in reach: there is no {path}; {_NAME_ANOTHER}"
        content = read_file(path)
        if sha256(content).hexdigest() != expected:
            return f"{path} is another photo than the one that was measured on; {_NAME_ANOTHER}"
        contents.append(content)
    return Photos(source=f"photos of {folder.name}", contents=tuple(contents))


def _redrawn(wanted: Sequence[Row], *, seed: int) -> Photos | str:
    from zoobench.data.drawn import CLASSES

    contents = []
    for name, _, _ in wanted:
        kind, animal, index = (*name.split("/", 2), "", "")[:3]
        if kind != "drawn" or animal not in CLASSES or not index.isdecimal():
            return f"the run does not say which folder {name} was in; {_NAME_ANOTHER}"
        contents.append(_drawing(animal, seed=seed, index=int(index)))
    return Photos(source="drawn animals as JPEG", contents=tuple(contents))


def _drawing(animal: str, *, seed: int, index: int) -> bytes:
    from PIL import Image

    from zoobench.data.drawn import draw

    buffer = io.BytesIO()
    Image.fromarray(draw(animal, seed=seed, index=index)).save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()
