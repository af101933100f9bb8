"""Are files read, and is what was learned of their machines found?"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from choices import learned, limit
from fakes import a_record
from resultfiles import a_file, content, ours, plain, rounds_around, written
from runs import load, records, results, zoobench
from zoobench.cli import main
from zoobench.commands.recommend import recommend_files
from zoobench.errors import ResultsError
from zoobench.judge.gate.noise import to_json
from zoobench.judge.recommend.limits import DEFAULT_PREFERENCE, P50
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.results.schema import RecordedDataset

CELL = "mobilenet-integer_only-litert-t1"


def recommended(*files: Path, artifacts: Path) -> Recommendation:
    limits = [limit(P50, "4.3 ms")]
    return recommend_files(files, limits=limits, preference=DEFAULT_PREFERENCE, confidence=0.95, artifacts=artifacts)


def test_a_folder_of_results_is_one_machines_runs(tmp_path: Path) -> None:
    for index in range(3):
        a_file(tmp_path / "runs" / f"{index}.json", 0.004 + index / 1e6)
    found = recommended(tmp_path / "runs", artifacts=tmp_path)
    assert len(found.machines[0].known.files) == 3
    assert found.cell == CELL


def test_the_noise_of_the_machine_is_found_by_its_key(tmp_path: Path) -> None:
    file = a_file(tmp_path / "results.json", 0.004)
    assert recommended(file, artifacts=tmp_path).cell is None
    noise = tmp_path / "noise" / "amd-epyc-2c.json"
    noise.parent.mkdir()
    noise.write_text(json.dumps(to_json(learned(CELL, run_scatter=0.001))))
    found = recommended(file, artifacts=tmp_path)
    assert found.cell == CELL
    assert "zoobench noise" in found.machines[0].candidates[0].probabilities[0].why


def test_noise_that_cannot_be_understood_is_refused(tmp_path: Path) -> None:
    noise = tmp_path / "noise" / "amd-epyc-2c.json"
    noise.parent.mkdir()
    noise.write_text("{")
    with pytest.raises(ResultsError, match=r"amd-epyc-2c\.json"):
        recommended(a_file(tmp_path / "results.json", 0.004), artifacts=tmp_path)


PI = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}


def recommend(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["recommend", *map(str, arguments)])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A run of an integer-only, a float32 and a dynamic-range file: 4, 10 and 5 ms; all are as large and as right."""
    return a_file(tmp_path / "results.json", 0.004, 0.010, 0.005)


def test_a_baseline_tells_its_p50_and_says_what_it_lacks_for_p90(tmp_path: Path) -> None:
    rounds = rounds_around(0.004)
    record = a_record()
    benchmark = ours(record, rounds)
    benchmark["stats"] = {"median": 0.004}
    saved = written(tmp_path / "baseline.json", content(benchmark))
    assert recommend(saved, "--max-latency-p50", "8 ms").exit_code == 0
    done = recommend(saved, "--max-latency-p90", "8 ms")
    assert (done.exit_code, "the file does not hold the rounds" in done.output) == (3, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--max-latency-p90", "30"),
            "--max-latency-p90: received '30'; allowed is a number above 0 and its unit, us or µs",
        ),
        (
            ("--max-size", "5 ms"),
            "--max-size: received '5 ms'; allowed is a number above 0 and its unit, B or kB or MB or GB",
        ),
        (("--max-drop", "1 %"), "--max-drop: received '1 %'"),
        (("--max-size", "5 MB", "--max-size", "6 MB"), "give each limit once"),
        (("--prefer", "speed"), "--prefer: received 'speed'"),
        (("--confidence", "0.95"), "--confidence: received '0.95'"),
    ],
)
def test_an_option_that_makes_no_sense_ends_with_status_two_and_what_is_allowed(
    file: Path, arguments: tuple[str, ...], message: str
) -> None:
    done = recommend(file, *arguments)
    assert (done.exit_code, message in done.output) == (2, True)


def test_files_that_cannot_be_used_end_with_status_two_and_their_names(file: Path, tmp_path: Path) -> None:
    others = written(tmp_path / "plain.json", content(plain("sort", (0.1, 0.2))))
    birds = RecordedDataset(name="birds", sha256="ee" * 32, classes=("cat", "dog"), samples=3, left_out=0)
    mixed = a_file(tmp_path / "mixed.json", 0.004, dataset=birds)
    (tmp_path / "cut.json").write_text('{"benchmarks": [')
    for files in ((tmp_path / "none.json",), (tmp_path / "cut.json",), (others,), (file, mixed), (tmp_path / "empty",)):
        (tmp_path / "empty").mkdir(exist_ok=True)
        done = recommend(*files)
        assert (done.exit_code, files[-1].name in done.output) == (2, True), done.output


def test_it_needs_neither_tensorflow_nor_the_slow_half_of_scipy(file: Path) -> None:
    limits = {
        "--max-size": "5 MB",
        "--max-memory": "1 GB",
        "--max-drop": "1 pp",
        "--max-latency-p50": "1 s",
        "--max-latency-p90": "1 s",
    }
    arguments = ["recommend", str(file), *(text for pair in limits.items() for text in pair)]
    heavy = {"tensorflow", "keras", "scipy.stats", "PIL", "ai_edge_litert"}
    program = (
        f"import sys; from zoobench.cli import main\ntry: main({arguments!r})\nexcept SystemExit: pass\n"
        f"print(sorted({heavy!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


@pytest.mark.slow
def test_a_real_run_is_decided_on_and_every_cell_is_named(real_runs: Path, tmp_path: Path) -> None:
    """Its weights are random: the fastest comes first, none is recommended, and a limit of accuracy excludes all."""
    file = results(real_runs)[-1]
    done = zoobench("recommend", str(file), "--max-latency-p50", "10 s", "--max-size", "1 GB", folder=tmp_path)
    withheld = done.stdout.startswith("No cell is recommended: mobilenet_025-")
    assert (done.returncode, withheld) == (3, True), done.stdout + done.stderr
    assert all(cell in done.stdout for cell in records(load(file)))
    excluded = zoobench("recommend", str(file), "--max-drop", "1 pp", "--format", "json", folder=tmp_path)
    content = json.loads(excluded.stdout)
    assert (excluded.returncode, content["recommended"]) == (1, None)
    assert {one["cell"] for one in content["machines"][0]["excluded"]} == set(records(load(file)))
