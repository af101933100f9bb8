"""Real photos and real weights, where a checkout has them beside it."""

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import settings

import browser as browsers
import elsewhere
import packages
from runs import BESIDE, SMALL, SMALL_BUILD, bench, made_once, plain, zoobench

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from xdist.scheduler import LoadScopeScheduling

    from pet_photos import CountedLoad

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # In the background of a shell it is ignored, also by all that the tests start: those of Ctrl-C would wait forever.
    signal.signal(signal.SIGINT, signal.default_int_handler)

if os.environ.get(elsewhere.VARIABLE):
    elsewhere.mask()

os.environ.pop("PYTEST_XDIST_WORKER", None)  # of runs that tests start: pytest-benchmark would time nothing there
os.environ.pop("COLUMNS", None)  # of whoever runs the tests, and pytest-xdist sets it: tables are as wide as they need
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # a hundred runs would each compile the whole package

settings.register_profile("zoobench", deadline=None, max_examples=25)
settings.register_profile("zoobench-ci", deadline=None, max_examples=100)
settings.load_profile("zoobench-ci" if os.environ.get("CI") else "zoobench")

LIBRARIES = "google|keras|tensorflow|flatbuffers|ai_edge_litert|litert_quantizer|absl|astunparse|gast"
"""What they deprecate in one another is not ours to mend."""

BUILDING = ("tensorflow", "PIL", "onnxruntime")
"""What `zoobench[all]` brings and a device lacks."""
ABSENT = [name for name in BUILDING if find_spec(name) is None]
OF_BUILDING = (
    "build",
    "commands/test_layers.py",
    "commands/test_inspect.py",
    "commands/test_kitexport.py",
    "run/test_rebuild.py",
    "commands/crosscheck/test_photo_to_class.py",
    "data",
    "measure/test_other_runtimes.py",
    "run/test_plan.py",
    "run/test_workshop.py",
    "matrix/test_variants.py",
    "store",
    "test_cli.py",
    "test_docs_commands.py",
    "test_end_to_end.py",
    "test_pipeline_benchmarks.py",
    "tflite",
)
"""Tests that import it: the others run on a device too."""
collect_ignore = [*OF_BUILDING] if ABSENT else []


def pytest_report_header() -> str | None:
    """Says which tests are left out, and why."""
    if not ABSENT:
        return None
    return f"without {', '.join(ABSENT)} (pip install -e '.[test]') these are left out: {', '.join(OF_BUILDING)}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> "LoadScopeScheduling":
    """Gives a process whole files, as their tests share what they made; of documents each, as all share one folder."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return nodeid if "test_docs_commands.py" in nodeid else nodeid.partition("::")[0]

    config.option.loadscopereorder = False  # the order is that of the collection: see below
    return ByFile(config, log)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Makes every warning an error here; under `bench/` a library's warning must not cost anyone a benchmark."""
    for item in items:
        if item.get_closest_marker("nightly"):
            item.add_marker("slow")
        if ABSENT and item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason=f"builds models, and {', '.join(ABSENT)} is not installed"))
        if item.path.is_relative_to(Path(__file__).parent):
            # The first mark is the weakest, so that a test's own marks come after these.
            item.add_marker(pytest.mark.filterwarnings(f"ignore::DeprecationWarning:({LIBRARIES})"), append=False)
            item.add_marker(pytest.mark.filterwarnings("error"), append=False)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    place = {path: number for number, path in enumerate(dict.fromkeys(item.path for item in items))}
    # Whole runs stand last and take longest: begun last, they would leave other processes idle.
    items.sort(key=lambda item: -place[item.path] if item.path in slow else 1)


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
    """The artifacts of two equal small runs, `float32` and `float_fallback`; for tests that leave them as they are."""

    def make(folder: Path) -> None:
        for _ in range(2):
            done = bench(*SMALL, "--zoo-variants", "float32,float_fallback", artifacts=folder / "artifacts")
            assert done.returncode == 0, done.stdout + done.stderr

    return made_once(tmp_path_factory, "real-runs", make) / "artifacts"


@pytest.fixture(scope="session")
def real_kit(real_runs: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The kit of their models; for tests that leave it as it is."""

    def make(folder: Path) -> None:
        chosen = ("--variants", "float32,float_fallback", "--artifacts", str(real_runs))
        done = zoobench("kit", "export", "KIT.zip", *plain(*SMALL_BUILD), *chosen, folder=folder)
        assert done.returncode == 0, done.stderr
        assert "zoobench kit run KIT.zip" in done.stdout

    return made_once(tmp_path_factory, "real-kit", make) / "KIT.zip"


@pytest.fixture
def own_runs(real_runs: Path, tmp_path: Path) -> Path:
    """A copy of them."""
    return shutil.copytree(real_runs, tmp_path / "artifacts")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    """A real browser; skips where there is none."""
    with browsers.started() as opened:
        yield opened


@pytest.fixture
def beside_us(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on Python's path for packages that add to the tables; what they hold is forgotten afterwards."""
    folder, modules = tmp_path / "beside", set(sys.modules)
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    packages.forget()
    yield folder
    for name in set(sys.modules) - modules:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(folder)):
            del sys.modules[name]
    monkeypatch.undo()
    packages.forget()


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Ten cats with red 0 to 9 and green 0, seven dogs with red 0 to 6 and green 100."""
    from pet_photos import encoded, put

    for number in range(10):
        put(tmp_path / "pets" / "cat" / f"{number}.png", encoded(number))
    for number in range(7):
        put(tmp_path / "pets" / "dog" / f"{number}.png", encoded(number, 100))
    return tmp_path / "pets"


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "artifacts" / "datasets"


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> "CountedLoad":
    from pet_photos import CountedLoad
    from zoobench.data import listing

    load = CountedLoad()
    monkeypatch.setattr(listing, "load", load)
    return load


@pytest.fixture
def drawings(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int, int]]:
    """Replaces drawing by images of one colour and returns what was drawn."""
    from zoobench.data import drawn

    calls: list[tuple[str, int, int]] = []

    def draw(animal: str, *, seed: int, index: int) -> npt.NDArray[np.uint8]:
        calls.append((animal, seed, index))
        return np.full((256, 256, 3), (drawn.CLASSES.index(animal), index % 256, index // 256), np.uint8)

    monkeypatch.setattr(drawn, "draw", draw)
    return calls
