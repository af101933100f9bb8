"""What does fetching photos say where the package, the network or the folder is missing?"""

from pathlib import Path
from types import SimpleNamespace

import pytest

from zoobench.commands import data as module
from zoobench.commands.data import fetched
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
