"""Are files read, and is what was learned of their machines found?"""

import json
from pathlib import Path

import pytest

from choices import learned, limit
from resultfiles import a_file
from zoobench.commands.recommend import recommend_files
from zoobench.errors import ResultsError
from zoobench.judge.gate.noise import to_json
from zoobench.judge.recommend.limits import DEFAULT_PREFERENCE, P50
from zoobench.judge.recommend.recommendation import Recommendation

CELL = "mobilenet-integer_only-litert-t1"


def recommended(*files: Path, artifacts: Path) -> Recommendation:
    limits = [limit(P50, "4.3 ms")]
    return recommend_files(files, limits=limits, preference=DEFAULT_PREFERENCE, confidence=0.95, artifacts=artifacts)


def test_a_folder_of_results_is_one_machines_runs(tmp_path: Path) -> None:
    for index in range(3):
        a_file(tmp_path / "runs" / f"{index}.json", 0.004 + index / 1e6)
    found = recommended(tmp_path / "runs", artifacts=tmp_path)
    assert len(found.machines[0].files) == 3
    assert found.cell == CELL


def test_the_noise_of_the_machine_is_found_by_its_key(tmp_path: Path) -> None:
    file = a_file(tmp_path / "results.json", 0.004)
    assert recommended(file, artifacts=tmp_path).cell is None
    noise = tmp_path / "noise" / "amd-epyc-2c.json"
    noise.parent.mkdir()
    noise.write_text(json.dumps(to_json(learned(CELL, run_scatter=0.001))))
    found = recommended(file, artifacts=tmp_path)
    assert found.cell == CELL
    assert "zoobench noise" in found.machines[0].holding[0].probabilities[0].why


def test_noise_that_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    noise = tmp_path / "noise" / "amd-epyc-2c.json"
    noise.parent.mkdir()
    noise.write_text("{")
    with pytest.raises(ResultsError, match=r"amd-epyc-2c\.json"):
        recommended(a_file(tmp_path / "results.json", 0.004), artifacts=tmp_path)
