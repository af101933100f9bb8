"""What does fetching photos say where something is missing, and `extensions` of what cannot be used?"""

from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from packages import put
from sessions import FLOAT, KERAS, a_session
from zoobench.cli import main
from zoobench.commands import preparation as module
from zoobench.commands.preparation import fetched
from zoobench.errors import DataError

BY_HAND = (
    "without it: download https://www.kaggle.com/datasets/alessiocorrado99/animals10 in a browser, unpack it, "
    "and give --zoo-data PATH/raw-img"
)


class DamagedError(Exception):
    """An exception of the package's own, which share no base class."""


class Kaggle:
    """Stands for the package: 'downloads' into a folder or fails."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, answer: Path | Exception) -> None:
        self.asked: list[str] = []
        self._answer = answer
        packages = {
            "kagglehub": SimpleNamespace(dataset_download=self.download),
            "kagglehub.exceptions": SimpleNamespace(Path=Path, DamagedError=DamagedError),
        }
        monkeypatch.setattr(module, "import_module", packages.__getitem__)

    def download(self, handle: str) -> str:
        self.asked.append(handle)
        if isinstance(self._answer, Exception):
            raise self._answer
        return str(self._answer)


def refusal() -> str:
    with pytest.raises(DataError) as caught:
        fetched("animals10")
    return str(caught.value)


def test_the_folder_of_class_folders_is_returned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "raw-img" / "cane").mkdir(parents=True)
    kaggle = Kaggle(monkeypatch, tmp_path)
    assert fetched("animals10") == tmp_path / "raw-img"
    assert kaggle.asked == ["alessiocorrado99/animals10"]


def test_without_the_package_it_says_what_to_install_and_how_to_do_without(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(module, "import_module", absent)
    assert refusal() == f"animals10 is fetched by kagglehub: pip install 'zoobench[fetch]'; {BY_HAND}"


@pytest.mark.parametrize(
    "error", [OSError("no network"), ValueError("no such version"), RuntimeError("try again"), DamagedError("checksum")]
)
def test_a_failed_download_says_why(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    Kaggle(monkeypatch, error)
    assert refusal() == f"animals10 could not be downloaded: {error}; {BY_HAND}"


def test_a_download_without_the_folder_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    Kaggle(monkeypatch, tmp_path)
    assert refusal() == f"animals10 was downloaded but holds no folder raw-img: {tmp_path}; {BY_HAND}"


@pytest.mark.usefixtures("beside_us")
def test_without_packages_it_says_where_to_read_on() -> None:
    done = CliRunner().invoke(main, ["extensions"])
    assert done.exit_code == 0
    assert done.output == "no package adds anything; docs/extending.md says how one does\n"


def test_what_cannot_be_used_is_an_error_and_others_are_listed_all_the_same(beside_us: Path) -> None:
    entry_points = {"zoobench.backbones": "tiny = nowhere:TINY\nvgg16 = vgg:VGG16"}
    text = """from zoobench.matrix.backbones import Backbone
def build(): ...
VGG16 = Backbone(name="vgg16", builder="vgg:build", preprocessing="caffe")"""
    put(beside_us, "zoobench-nets", version="2.1", entry_points=entry_points, modules={"vgg.py": text})
    done = CliRunner().invoke(main, ["extensions", "--format", "csv"])
    assert done.exit_code == 1
    _, broken, sound = done.output.splitlines()
    assert broken.startswith('backbone,tiny,zoobench-nets 2.1,"zoobench-nets 2.1: nowhere:TINY ')
    assert sound == "backbone,vgg16,zoobench-nets 2.1,"


def test_backbones_are_listed_though_one_is_broken(beside_us: Path) -> None:
    put(beside_us, "zoobench-nets", entry_points={"zoobench.backbones": "tiny = nowhere:TINY"}, modules={})
    done = CliRunner().invoke(main, ["backbones"])
    assert done.exit_code == 0
    assert "zoobench-nets 1.0: nowhere:TINY cannot be imported" in done.output
    assert "xception" in done.output


def test_build_lists_what_is_made_and_names_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BenchSession", lambda _plan: a_session(tmp_path, FLOAT, KERAS, unmade=("keras",)))
    done = CliRunner().invoke(main, ["build"])
    assert (done.exit_code, done.stdout) == (0, f"{FLOAT.id}\t{tmp_path / 'float32.tflite'}\n")
    assert f"{KERAS.id} is not made: tensorflow refuses it: makes none" in done.stderr
