"""A small folder of photos to test with, and short ways to open it."""

import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from zoobench.data import listing
from zoobench.data.dataset import Dataset, DatasetConfig, open_dataset
from zoobench.errors import DataError
from zoobench.matrix.interface import ImageSize

NO_IMAGE = "not a JPEG, PNG, BMP, GIF, TIFF, WebP or AVIF image"


def encoded(red: int, green: int = 0, *, side: int = 20, kind: str = "PNG") -> bytes:
    """Returns an image of one colour; blue is 9."""
    file = io.BytesIO()
    Image.new("RGB", (side, side), (red, green, 9)).save(file, kind)
    return file.getvalue()


def put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def opened(folder: Path | None, kept: Path, *, image_size: ImageSize = 32, **options: Any) -> Dataset:
    return open_dataset(DatasetConfig(folder=folder, **options), image_size=image_size, folder=kept)


def refusal(folder: Path, kept: Path, **options: Any) -> str:
    with pytest.raises(DataError) as caught:
        opened(folder, kept, **options)
    return str(caught.value)


def names(dataset: Dataset) -> list[str]:
    return [sample.name for sample in dataset.samples]


def everything(dataset: Dataset) -> npt.NDArray[np.uint8]:
    return dataset.images(range(len(dataset.samples)))


def bad_images(photos: Path) -> dict[str, str]:
    """Puts one bad image of every sort among the cats and returns the reasons by name."""
    cat = photos / "cat"
    noise = io.BytesIO()
    Image.effect_noise((64, 64), 80).save(noise, "JPEG")
    put(cat / "a cut.jpg", noise.getvalue()[:1000])
    with zipfile.ZipFile(cat / "b zip.jpg", "w") as archive:
        archive.writestr("x", "x")
    put(cat / "c tiny.png", encoded(1, side=1))
    put(cat / "d empty.gif", b"")
    put(cat / "e text.bmp", b"what is this?")
    (cat / "f gone.jpg").symlink_to(cat / "nowhere.jpg")
    (cat / "g folder.jpg").mkdir()
    put(cat / "h heic.jpg", b"\x00\x00\x00\x18ftypheic")
    os.mkfifo(cat / "i pipe.png")
    return {
        "cat/a cut.jpg": "truncated: the file ends before the image does",
        "cat/b zip.jpg": f"{NO_IMAGE}, but a ZIP archive",
        "cat/c tiny.png": "1 x 1 pixels; at least 16 x 16 are needed",
        "cat/d empty.gif": "the file is empty",
        "cat/e text.bmp": NO_IMAGE,
        "cat/f gone.jpg": "cannot be read (No such file or directory)",
        "cat/g folder.jpg": "cannot be read (not a regular file)",
        "cat/h heic.jpg": f"{NO_IMAGE}, but a HEIC or MP4 file",
        "cat/i pipe.png": "cannot be read (not a regular file)",
    }


class CountedLoad:
    """Stands for `load`: counts the calls, and is interrupted at one of them."""

    def __init__(self, *, interrupt_at: int | None = None) -> None:
        self.calls = 0
        self.interrupt_at = interrupt_at
        self._load = listing.load

    def __call__(self, path: Path) -> npt.NDArray[np.uint8]:
        self.calls += 1
        if self.calls == self.interrupt_at:
            raise KeyboardInterrupt
        return self._load(path)
