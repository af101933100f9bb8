"""Do the commands outside pytest teach, work and fail as they should?"""

import json
import re
import sys
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner
from PIL import Image

from runs import SMALL_BUILD, plain, zoobench
from zoobench.cli import COMMANDS, main


def test_every_command_has_a_line_of_help_that_is_not_cut_and_what_it_says_is_there() -> None:
    shown = CliRunner().invoke(main, ["--help"])
    assert shown.exit_code == 0
    assert "pytest bench/" in shown.output
    for group, rows in COMMANDS.items():
        assert f"{group}:" in shown.output
        for name, (_, line) in rows.items():
            assert len(line) <= 55
            assert re.search(rf"^  {name} +{re.escape(line)}$", shown.output, flags=re.MULTILINE)
            assert CliRunner().invoke(main, [name, "--help"]).exit_code == 0


def test_no_line_of_help_of_a_group_is_cut() -> None:
    for group in ("baseline", "data", "kit", "store"):
        assert "..." not in CliRunner().invoke(main, [group, "--help"]).output.partition("Commands:")[2]


def test_an_unknown_command_is_refused_and_the_nearest_named() -> None:
    done = CliRunner().invoke(main, ["recomend"])
    assert done.exit_code == 2
    assert "No such command 'recomend' (did you mean recommend?); the commands are run, build, " in done.output


def test_the_version_is_said_by_name_however_it_is_started(tmp_path: Path) -> None:
    assert zoobench("--version", folder=tmp_path).stdout == f"zoobench, version {version('zoobench')}\n"


def test_build_takes_the_options_that_concern_models_and_no_others() -> None:
    shown = CliRunner().invoke(main, ["build", "--help"]).output
    assert "--backbones" in shown
    assert "--head-layers" in shown
    assert "--zoo-" not in shown
    assert "--rounds" not in shown


def test_backbones_are_listed_with_their_sizes() -> None:
    lines = CliRunner().invoke(main, ["backbones", "--format", "csv"]).output.splitlines()
    assert len(lines) == 18
    assert lines[:2] == ["backbone,image_size,weights", "mobilenet,224,mobilenet_1_0_224_tf_no_top.h5"]
    assert any(line.startswith("inception_resnet_v2,299,") for line in lines)


def test_preview_writes_a_contact_sheet(tmp_path: Path) -> None:
    output = tmp_path / "sheet.png"
    done = CliRunner().invoke(main, ["data", "preview", "-o", str(output)])
    assert done.output == f"wrote {output}\n"
    with Image.open(output) as image:
        assert image.height == 1280


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "zoobench.data.drawn", None)
    done = CliRunner().invoke(main, ["data", "preview", "-o", str(tmp_path / "sheet.png")])
    assert done.exit_code == 2
    assert done.output.endswith("which is not installed: pip install tensorflow litert-quantizer pillow\n")


def test_fetch_without_kagglehub_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    done = CliRunner().invoke(main, ["data", "fetch", "animals10"])
    assert done.exit_code == 2
    assert "pip install kagglehub" in done.output
    assert "--zoo-data PATH/raw-img" in done.output


def test_fetch_tells_how_to_use_what_it_got(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "raw-img").mkdir()
    hub = ModuleType("kagglehub")
    hub.dataset_download = lambda _handle: str(tmp_path)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "kagglehub", hub)
    monkeypatch.setitem(sys.modules, "kagglehub.exceptions", ModuleType("kagglehub.exceptions"))
    done = CliRunner().invoke(main, ["data", "fetch", "animals10"])
    assert done.output == f"use it with: pytest bench/ --zoo-data {tmp_path / 'raw-img'}\n"


@pytest.mark.parametrize("content", [None, "", "[]", "{", json.dumps({"benchmarks": []})])
def test_show_refuses_what_is_no_results_file_without_a_traceback(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "results.json"
    if content is not None:
        path.write_text(content)
    done = CliRunner().invoke(main, ["show", str(path)])
    assert done.exit_code == 2
    assert str(path) in done.output
    assert done.output.startswith("zoobench: ")


@pytest.mark.slow
def test_build_lists_the_files_it_made(own_runs: Path) -> None:
    done = zoobench("build", *plain(*SMALL_BUILD), "--variants", "float32,float16", folder=own_runs.parent)
    assert done.returncode == 0, done.stderr
    assert "Making float16 of mobilenet_025" in done.stderr
    assert "Making float32" not in done.stderr
    listed = dict(line.split("\t") for line in done.stdout.splitlines())
    assert list(listed) == ["mobilenet_025-float32-litert-t1", "mobilenet_025-float16-litert-t1"]
    assert all((own_runs.parent / path).stat().st_size > 100_000 for path in listed.values())


def test_build_refuses_a_wrong_option_with_status_2(tmp_path: Path) -> None:
    done = zoobench("build", "--threads", "many", folder=tmp_path)
    assert done.returncode == 2
    assert done.stderr.strip() == "zoobench: --threads: received 'many'; allowed is a whole number"
