"""Is a machine's noise read back as it was kept, and anything else refused by name?"""

import json
from pathlib import Path
from typing import Any

import pytest

from zoobench.errors import ResultsError
from zoobench.judge.noise import CellNoise, Noise, read_noise, to_json

KNOWN = CellNoise(
    run_scatter=0.05,
    runs=40,
    process_scatter=0.01,
    processes=240,
    error_rate=0.01,
    replay_tolerance=0.021,
    stored_tolerance=0.23,
)
UNKNOWN = CellNoise(
    run_scatter=0.0,
    runs=1,
    process_scatter=0.01,
    processes=6,
    error_rate=0.01,
    replay_tolerance=0.021,
    stored_tolerance=None,
)
NOISE = Noise(machine="amd-epyc-2c", cells={"a": KNOWN, "b": UNKNOWN})


def written(folder: Path, content: Any) -> Path:
    path = folder / "noise.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    assert read_noise(written(tmp_path, to_json(NOISE))) == NOISE


def test_where_there_is_no_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_noise(tmp_path / "noise.json") is None


@pytest.mark.parametrize("content", ["", "[]", "{}", to_json(NOISE) | {"cells": {"a": {}}}])
def test_what_is_no_noise_is_refused_with_what_to_do(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ResultsError, match=r"noise\.json .*remove it and run `zoobench aa` again"):
        read_noise(written(tmp_path, content))


@pytest.mark.parametrize("changes", [{"schema": 2}, {"kind": "zoobench-aa"}])
def test_another_schema_or_kind_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(ResultsError, match=r"noise\.json: this version of zoobench reads schema 1, zoobench-noise"):
        read_noise(written(tmp_path, to_json(NOISE) | changes))
