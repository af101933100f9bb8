"""What does fetching photos say where something is missing, are packages' additions listed, and is what is made?"""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from packages import put
from runs import run
from sessions import FLOAT, KERAS, a_session
from zoobench.cli import main
from zoobench.commands import preparation as module
from zoobench.commands.preparation import fetched, find_extensions
from zoobench.errors import DataError, UsageError
from zoobench.matrix.cell import Cell, describe_added, libraries_of

BY_HAND = (
    "without it: download https://www.kaggle.com/datasets/alessiocorrado99/animals10 in a browser, unpack it, "
    "and give --zoo-data PATH/raw-img"
)
RUNTIME = """
from zoobench.matrix.runtimes import Runtime
FAST = Runtime(name="fast", module="fast_sessions", packages=("numpy",), libraries=("psutil",), install="fast")
"""
MODULES = {"fast_runtime.py": RUNTIME, "fast_sessions.py": "def open_session(path, *, threads): ..."}
NOWHERE = "zoobench-nets 1.0: nowhere:TINY cannot be imported"
CELL = Cell(backbone="mobilenet", variant="float32", runtime="fast", threads=1, image_size=64)


class DamagedError(Exception):
    """An exception of the package's own, which share no base class."""


def answering(monkeypatch: pytest.MonkeyPatch, answer: Path | Exception) -> list[str]:
    """Has the package 'download' into a folder or fail; returns what it is asked for."""
    asked: list[str] = []

    def download(handle: str) -> str:
        asked.append(handle)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    packages = {
        "kagglehub": SimpleNamespace(dataset_download=download),
        "kagglehub.exceptions": SimpleNamespace(Path=Path, DamagedError=DamagedError),
    }
    monkeypatch.setattr(module, "import_module", packages.__getitem__)
    return asked


def test_the_folder_of_class_folders_is_returned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked = answering(monkeypatch, tmp_path)
    with pytest.raises(DataError, match="animals10 was downloaded but holds no folder raw-img: "):
        fetched("animals10")
    (tmp_path / "raw-img" / "cane").mkdir(parents=True)
    assert fetched("animals10") == tmp_path / "raw-img"
    assert asked == ["alessiocorrado99/animals10"] * 2


@pytest.mark.parametrize(
    "error", [OSError("no network"), ValueError("no such version"), RuntimeError("try again"), DamagedError("checksum")]
)
def test_a_failed_download_says_why_and_how_to_do_without(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    answering(monkeypatch, error)
    with pytest.raises(DataError) as caught:
        fetched("animals10")
    assert str(caught.value) == f"animals10 could not be downloaded: {error}; {BY_HAND}"


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(module, "import_module", absent)
    with pytest.raises(DataError, match=r"kagglehub: pip install kagglehub; without it: download "):
        fetched("animals10")


def test_build_lists_what_is_made_and_names_what_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BenchSession", lambda _plan: a_session(tmp_path, FLOAT, KERAS, unmade=("keras",)))
    done = CliRunner().invoke(main, ["build"])
    assert (done.exit_code, done.stdout) == (0, f"{FLOAT.id}\t{tmp_path / 'float32.tflite'}\n")
    assert f"{KERAS.id} is not made: tensorflow refuses it: makes none" in done.stderr


@pytest.mark.usefixtures("beside_us")
def test_without_packages_it_says_where_to_read_on_and_a_runtime_that_is_not_installed_has_no_libraries() -> None:
    done = CliRunner().invoke(main, ["extensions"])
    assert done.exit_code == 0
    assert done.output == "no package adds anything; docs/extending.md says how one does\n"
    assert libraries_of([CELL]) == ()


def test_what_cannot_be_used_is_an_error_and_others_are_listed_all_the_same(beside_us: Path) -> None:
    entry_points = {"zoobench.backbones": "tiny = nowhere:TINY\nvgg16 = vgg:VGG16"}
    text = """from zoobench.matrix.backbones import Backbone
def build(): ...
VGG16 = Backbone(name="vgg16", builder="vgg:build", preprocessing="caffe")"""
    put(beside_us, "zoobench-nets", entry_points=entry_points, modules={"vgg.py": text})
    done = CliRunner().invoke(main, ["extensions", "--format", "csv"])
    assert done.exit_code == 1
    _, broken, sound = done.output.splitlines()
    assert broken.startswith(f'backbone,tiny,zoobench-nets 1.0,"{NOWHERE}')
    assert sound == "backbone,vgg16,zoobench-nets 1.0,"
    done = CliRunner().invoke(main, ["backbones"])
    assert done.exit_code == 0
    assert NOWHERE in done.output
    assert "xception" in done.output


def test_a_package_is_described_by_what_it_adds_to_these_cells_with_the_libraries_that_they_stand_on(
    beside_us: Path,
) -> None:
    put(beside_us, "zoobench-fast", entry_points={"zoobench.runtimes": "fast = fast_runtime:FAST"}, modules=MODULES)
    own = Cell(backbone="mobilenet", variant="float32", runtime="litert", threads=1, image_size=64)
    assert describe_added([own, CELL, CELL]) == ("added by zoobench-fast 1.0: runtime fast",)
    assert describe_added([own]) == ()
    assert libraries_of([CELL]) == ("zoobench-fast", "psutil")


def test_a_broken_runtime_is_told_where_cells_name_it(beside_us: Path) -> None:
    put(beside_us, "zoobench-fast", entry_points={"zoobench.runtimes": "fast = nowhere:FAST"}, modules={})
    with pytest.raises(UsageError, match=r"^zoobench-fast 1\.0: nowhere:FAST cannot be imported"):
        libraries_of([CELL])


TINY = "from zoobench.matrix.backbones import Backbone\nNUMBER = 1\nTINY = Backbone(name='tiny', builder="


@pytest.mark.parametrize(
    ("entry_points", "modules", "told"),
    [
        ({"runtimes": "fast = fast_runtime:FAST"}, MODULES, ""),
        ({"backbones": "tiny = nowhere:TINY"}, {}, "zoobench-fast 1.0: nowhere:TINY cannot be imported"),
        (
            {"runtimes": "litert = nowhere:LITERT"},
            {},
            "litert is the name of more than one runtime: zoobench itself and the entry point",
        ),
        (
            {"backbones": "tiny = tiny:TINY"},
            {"tiny.py": f"{TINY}'tiny:biuld')"},
            "zoobench-fast 1.0: tiny:biuld cannot be imported (AttributeError",
        ),
        (
            {"backbones": "tiny = tiny:TINY"},
            {"tiny.py": f"{TINY}'tiny:NUMBER')"},
            "zoobench-fast 1.0: tiny:NUMBER is no function; expected one that makes tiny",
        ),
        (
            {"runtimes": "fast = fast_runtime:FAST"},
            MODULES | {"fast_sessions.py": "1 / 0"},
            "the runtime fast of zoobench-fast 1.0 cannot be imported: ZeroDivisionError",
        ),
        (
            {"runtimes": "fast = fast_runtime:FAST"},
            MODULES | {"fast_runtime.py": RUNTIME.replace('("numpy",)', '("no_such_library",)')},
            "the runtime fast needs no_such_library, not installed here: pip install fast",
        ),
    ],
)
def test_what_a_row_names_is_imported_and_what_cannot_be_used_has_the_reason(
    beside_us: Path, entry_points: dict[str, str], modules: dict[str, str], told: str
) -> None:
    points = {f"zoobench.{group}": text for group, text in entry_points.items()}
    put(beside_us, "zoobench-fast", entry_points=points, modules=modules)
    (found,) = find_extensions()
    assert found["problem"].startswith(told)
    assert bool(found["problem"]) is bool(told)
    assert (found["package"], found["what"] + "s") == ("zoobench-fast 1.0", next(iter(entry_points)))


@pytest.mark.slow
def test_a_run_measures_from_any_folder_and_nothing_in_it_counts(tmp_path: Path) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('imported')")
    (tmp_path / "conftest.py").write_text("raise SystemExit('collected')")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    program = str(Path(sys.executable).with_name("zoobench"))  # as `-m zoobench` would import what lies there
    done = run(program, "run", "--collect-only", "-q", "-k", "float32", "--zoo-backbones=mobilenet", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    asked = [line.partition("::")[2] for line in done.stdout.splitlines() if "::" in line]
    names = ("size", "accuracy", "latency", "memory")
    assert sorted(asked) == sorted(f"test_{name}[mobilenet-float32-litert-t1]" for name in names)


def test_a_preview_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(main, ["data", "preview", "-o", str(tmp_path / "file" / "preview.png")])
    assert done.exit_code == 74
    assert "cannot write" in done.output
    assert "name another file with -o" in done.output
