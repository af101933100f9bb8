"""Real photos and real weights, where a checkout has them beside it."""

import os
import shutil
from pathlib import Path

import pytest

from runs import SMALL, bench

BESIDE = Path(os.environ.get("ZOOBENCH_REAL_DATA", Path(__file__).parent.parent.parent / "shared"))

LIBRARIES = "google|keras|tensorflow|flatbuffers|ai_edge_litert|ai_edge_quantizer|absl|astunparse|gast"
"""What they deprecate in one another is not ours to mend."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Makes every warning an error here; under `bench/` a library's warning must not cost anyone a benchmark."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            # The first mark is the weakest, so that a test's own marks come after these.
            item.add_marker(pytest.mark.filterwarnings(f"ignore::DeprecationWarning:({LIBRARIES})"), append=False)
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)


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


@pytest.fixture(scope="session")
def real_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The artifacts of two equal small runs, `float32` and `dynamic_range`; for tests that leave them as they are."""
    artifacts = tmp_path_factory.mktemp("runs") / "artifacts"
    for _ in range(2):
        done = bench(*SMALL, "--zoo-variants", "float32,dynamic_range", artifacts=artifacts)
        assert done.returncode == 0, done.stdout + done.stderr
    return artifacts


@pytest.fixture
def own_runs(real_runs: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return shutil.copytree(real_runs, tmp_path / "artifacts")
