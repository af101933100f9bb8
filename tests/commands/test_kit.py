"""Does `zoobench kit` teach, show and fail as it should, and does a kit travel?"""

import os
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from kitfiles import a_kit, with_manifest
from zoobench.cli import main


def kit(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["kit", *map(str, arguments)])


def test_a_kit_is_shown_if_it_is_within_the_limit(tmp_path: Path) -> None:
    path = a_kit(tmp_path)
    done = kit("show", path, "--limit", "1")
    assert done.exit_code == 0, done.output
    assert "every hash as it should be" in done.output
    assert "mobilenet-integer_only-litert-t1" in done.output
    assert kit("show", path, "--limit", "0").exit_code == 2


def test_a_kit_that_is_refused_ends_with_status_two_and_the_reason(tmp_path: Path) -> None:
    path = with_manifest(a_kit(tmp_path), lambda manifest: manifest.update(schema=3))
    done = kit("show", path)
    assert done.exit_code == 2
    assert f"zoobench: the kit {path}: kit.json.schema: received 3; expected 1 or 2" in done.output


def test_showing_needs_neither_tensorflow_nor_a_runtime(tmp_path: Path) -> None:
    heavy = {"tensorflow", "keras", "PIL", "litert_quantizer", "ai_edge_litert", "scipy", "pandas"}
    loaded = heavy & set(sys.modules)
    assert kit("show", a_kit(tmp_path)).exit_code == 0
    assert heavy & set(sys.modules) == loaded


def test_run_becomes_pytest_with_the_kit_and_what_follows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    became: list[Any] = []
    monkeypatch.setattr(os, "execv", lambda *command: became.append(command))
    path = a_kit(tmp_path)
    assert kit("run", path, "-k", "integer_only and latency", "--zoo-rounds", "9", "-q").exit_code == 0
    [(program, command)] = became
    assert program == command[0] == sys.executable
    assert command[-6:] == [f"--zoo-kit={path}", "-k", "integer_only and latency", "--zoo-rounds", "9", "-q"]


def test_run_names_a_kit_that_is_not_there(tmp_path: Path) -> None:
    done = kit("run", tmp_path / "kit.zip")
    assert done.exit_code == 2
    assert "there is no kit" in done.output
