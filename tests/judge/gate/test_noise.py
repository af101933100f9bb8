"""Is a machine's noise read back as it was kept, and anything else refused by name?"""

import json
from pathlib import Path
from typing import Any

import pytest

from zoobench.errors import ResultsError
from zoobench.judge.gate.noise import CellNoise, Noise, read_noise, to_json

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
    text = content if isinstance(content, str) else json.dumps(content)
    path.write_bytes(text.encode(errors="surrogatepass"))
    return path


def test_what_is_kept_is_read_back(tmp_path: Path) -> None:
    assert read_noise(written(tmp_path, to_json(NOISE))) == NOISE


def test_where_there_is_no_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_noise(tmp_path / "noise.json") is None


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{}", "[" * 100_000, "\ud800", '{"schema": 1, "schema": 1}', to_json(NOISE) | {"cells": {"a": {}}}],
)
def test_what_is_no_noise_is_refused_with_what_to_do(tmp_path: Path, content: Any) -> None:
    with pytest.raises(ResultsError, match=r"noise\.json.*remove it and run `zoobench noise` again"):
        read_noise(written(tmp_path, content))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("run_scatter", float("inf"), "received a number beyond 1.8e308; expected a finite one"),
        ("run_scatter", float("nan"), "received a number beyond 1.8e308; expected a finite one"),
        ("run_scatter", -0.1, "received -0.1; expected a number >= 0"),
        ("run_scatter", 1e300, r"received 1e\+300; expected a number <= 10"),
        ("run_scatter", True, "received True; expected a number"),
        ("run_scatter", "0.05", "received '0.05'; expected a number"),
        ("runs", 0, "received 0; expected a whole number >= 1"),
        ("runs", 40.0, "received 40.0; expected a whole number"),
        ("runs", 10**400, "received a whole number of 1329 bits; expected a number of at most 64 bits"),
        ("process_scatter", float("inf"), "received a number beyond 1.8e308; expected a finite one"),
        ("processes", -1, "received -1; expected a whole number >= 1"),
        ("error_rate", 0, "received 0; expected a number > 0"),
        ("error_rate", 1.0, "received 1.0; expected a number < 1"),
        ("replay_tolerance", -0.01, "received -0.01; expected a number >= 0"),
        ("stored_tolerance", float("-inf"), "received a number beyond 1.8e308; expected a finite one"),
    ],
)
def test_a_number_that_is_no_noise_is_refused_by_cell_and_key(
    tmp_path: Path, key: str, value: object, expected: str
) -> None:
    content: Any = to_json(NOISE)
    content["cells"]["a"][key] = value
    with pytest.raises(ResultsError, match=rf"noise\.json: noise\.cells\.a\.{key}: {expected}; remove it"):
        read_noise(written(tmp_path, content))


@pytest.mark.parametrize("changes", [{"schema": 2}, {"kind": "zoobench-aa"}])
def test_another_schema_or_kind_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    with pytest.raises(
        ResultsError, match=r"noise\.json: noise\.(schema|kind): received .*this version of zoobench reads"
    ):
        read_noise(written(tmp_path, to_json(NOISE) | changes))
