"""Photos and drawings, a folder to keep their pixels in, and a count of what is decoded or drawn."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pet_photos import CountedLoad, encoded, put

from zoobench.build import drawn, listing


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Ten cats with red 0 to 9 and green 0, seven dogs with red 0 to 6 and green 100."""
    for number in range(10):
        put(tmp_path / "pets" / "cat" / f"{number}.png", encoded(number))
    for number in range(7):
        put(tmp_path / "pets" / "dog" / f"{number}.png", encoded(number, 100))
    return tmp_path / "pets"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "datasets"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> CountedLoad:
    load = CountedLoad()
    monkeypatch.setattr(listing, "load", load)
    return load


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Replaces drawing by images of one colour and returns what was drawn."""
    calls: list[tuple[str, int, int]] = []

    def draw(animal: str, *, seed: int, index: int) -> npt.NDArray[np.uint8]:
        calls.append((animal, seed, index))
        return np.full((256, 256, 3), (drawn.CLASSES.index(animal), index % 256, index // 256), np.uint8)

    monkeypatch.setattr(drawn, "draw", draw)
    return calls
