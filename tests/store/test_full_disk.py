"""Is a disk that is really full a clear error that leaves nothing half-written?"""

import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from pet_photos import opened
from runs import SMALL_BUILD, plain, zoobench
from zoobench.errors import DataError, ModelError, ResultsError
from zoobench.results.file import reserve_results_path, write_results
from zoobench.store.inventory import damages, products, remnants
from zoobench.store.product import Facts, Product, obtain
from zoobench.system.files import write_bytes


def mount(*arguments: str) -> bool:
    program = shutil.which("mount")
    return bool(program) and subprocess.run([program, *arguments], capture_output=True, check=False).returncode == 0


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 128 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mount("-t", "tmpfs", "-o", "size=128k", "tmpfs", str(folder)):
        pytest.skip("mounting a small disk needs the rights of root")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def written(root: Path) -> list[str]:
    return sorted(path.name for path in root.rglob("*") if path.is_file() and path.stat().st_size)


def test_a_product_that_does_not_fit_leaves_nothing(disk: Path) -> None:
    def make(folder: Path) -> Facts:
        (folder / "first").write_bytes(bytes(50_000))
        (folder / "head.keras").write_bytes(bytes(100_000))
        return {}

    with pytest.raises(ModelError, match=r"^cannot keep head in .*No space left on device; free some space or mend"):
        obtain(disk / "models", Product(name="head", file_name="head.keras", inputs={}), make)
    assert written(disk) == []


def test_images_that_do_not_fit_leave_nothing(pets: Path, disk: Path) -> None:
    with pytest.raises(DataError, match=r"^cannot keep pets-128 in .*No space left on device"):
        opened(pets, disk / "datasets", image_size=128)
    assert written(disk) == []


def test_results_that_do_not_fit_leave_those_from_before(disk: Path) -> None:
    path = disk / "results.json"
    write_results(path, {"benchmarks": []})
    before = path.read_bytes()
    with pytest.raises(ResultsError, match=r"^cannot write results to .*No space left on device; see to space or"):
        write_results(path, {"benchmarks": ["x" * 200_000]})
    assert path.read_bytes() == before
    assert written(disk) == ["results.json"]


def test_first_results_that_do_not_fit_leave_no_empty_file(disk: Path) -> None:
    path = reserve_results_path(disk / "results", now=datetime(2026, 11, 25))
    with pytest.raises(ResultsError, match="No space left on device"):
        write_results(path, {"benchmarks": ["x" * 200_000]})
    assert list((disk / "results").iterdir()) == []
    write_results(path, {"benchmarks": []})
    assert written(disk) == [path.name]


def test_a_file_that_does_not_fit_leaves_the_old_one(disk: Path) -> None:
    write_bytes(disk / "file", b"old")
    with pytest.raises(OSError, match="No space left on device"):
        write_bytes(disk / "file", bytes(200_000))
    assert written(disk) == ["file"]
    assert (disk / "file").read_bytes() == b"old"


@pytest.mark.slow
def test_a_build_on_a_disk_that_is_too_small_ends_well_once_there_is_room(disk: Path, tmp_path: Path) -> None:
    def build(size: str) -> subprocess.CompletedProcess[str]:
        assert mount("-o", f"remount,size={size}", str(disk))
        return zoobench(
            "build", *plain(*SMALL_BUILD), "--variants", "integer_only", "--artifacts", str(disk), folder=tmp_path
        )

    refused = build("2m")
    assert refused.returncode == 2
    assert "No space left on device; free some space or mend the folder" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert 0 < len(products(disk)) < 8
    assert list(damages(products(disk), on_file=lambda _name: None)) == []
    assert remnants(disk) == ()
    done = build("20m")
    assert done.returncode == 0, done.stderr
    assert len(products(disk)) == 8
