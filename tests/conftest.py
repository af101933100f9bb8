"""Real photos and real weights, where a checkout has them beside it."""

import os
from pathlib import Path

import pytest

BESIDE = Path(os.environ.get("ZOOBENCH_REAL_DATA", Path(__file__).parent.parent.parent / "shared"))


def beside(name: str) -> Path:
    path = BESIDE / name
    if not path.is_dir():
        pytest.skip(f"there is no {name} beside this checkout; the real photos and weights are not part of it")
    return path


@pytest.fixture(scope="session")
def photos() -> Path:
    """170 photos of each of ten animals, a folder for each class."""
    return beside("data/animals10")


@pytest.fixture(scope="session")
def imagenet_weights() -> Path:
    """ImageNet weights of MobileNet: 1.0 at 224 px, 0.5 at 160 px, 0.25 at 128 px."""
    return beside("weights")
