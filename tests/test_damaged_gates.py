"""Does a gate end in verdicts or in an error of ours, whatever became of the files that it reads?"""

import json
import random
from pathlib import Path

import pytest

from damage import BASELINE, FUZZ_INPUTS, NOISE, VALID, damaged, disguised
from views import content, written
from zoobench.commands.gate import GateRequest, run_gate
from zoobench.errors import ZoobenchError
from zoobench.judge.compare.comparison import run_differences
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.gate.noise import noise_path
from zoobench.results.run import read_recorded
from zoobench.show.comparison import differences_view
from zoobench.show.gate import annotations, view

LONGEST_MESSAGE = 1000
"""In characters, beside the path."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the gate's files are written; each test writes its own."""
    made = tmp_path_factory.mktemp("gates")
    noise_path(made, NOISE["machine"]).parent.mkdir(parents=True)  # type: ignore[arg-type]
    return made


def put(path: Path, content: bytes) -> None:
    """Writes a file without emptying it first: where many follow one another, some file systems wait for the disk."""
    path.touch()
    with path.open("r+b") as handle:
        handle.write(content)
        handle.truncate()


def judged(folder: Path, *, baseline: bytes, candidate: bytes, noise: bytes) -> GateReport | str:
    """Returns the report, or the message of the error that it ended in."""
    paths = {"baseline": folder / "baseline.json", "candidate": folder / "candidate.json"}
    put(paths["baseline"], baseline)
    put(paths["candidate"], candidate)
    put(noise_path(folder, "amd-epyc-2c"), noise)
    try:
        return run_gate(GateRequest(**paths, artifacts=folder, method="stored"))[0]
    except ZoobenchError as error:
        return str(error).replace(str(folder), "")


def check(outcome: GateReport | str) -> None:
    """Checks that what is said of a gate is text that steers nothing, and not endless."""
    if isinstance(outcome, str):
        assert len(outcome) < LONGEST_MESSAGE
        assert outcome.encode()
        return
    shown = written(view(outcome), "text")
    for text in (shown, written(view(outcome), "markdown"), annotations(outcome)):
        assert all(line.isprintable() for line in text.split("\n"))
    assert not any(line.lstrip().startswith("::") or "##[" in line for line in shown.splitlines())
    assert len(annotations(outcome).splitlines()) <= len(outcome.problems) + len(outcome.findings) + 1
    assert content(view(outcome))["status"] == outcome.status


def misfortune(chance: random.Random) -> dict[str, bytes]:
    """Returns the three files of a gate, some of which are damaged or hold what a run does not measure."""
    baseline, candidate, noise = (json.dumps(one).encode() for one in (BASELINE, VALID, NOISE))
    kind = chance.choice(("baseline", "candidate", "noise", "alike", "all", "disguised", "disguised", "odd", "odd"))
    if kind in ("baseline", "all"):
        baseline = damaged(chance, BASELINE)
    if kind in ("candidate", "all"):
        candidate = damaged(chance)
    if kind in ("noise", "all"):
        noise = damaged(chance, NOISE)
    if kind == "alike":
        baseline = candidate = damaged(chance, BASELINE)
    if kind == "disguised":
        candidate = disguised(chance, VALID)
    if kind == "odd":
        baseline = candidate = disguised(chance, BASELINE)
    return {"baseline": baseline, "candidate": candidate, "noise": noise}


def test_a_gate_of_damaged_files_ends_in_verdicts_or_an_error_of_ours(folder: Path) -> None:
    chance = random.Random(20261128)
    outcomes = [judged(folder, **misfortune(chance)) for _ in range(FUZZ_INPUTS)]
    for outcome in outcomes:
        check(outcome)
    reports = [one for one in outcomes if not isinstance(one, str)]
    assert len(outcomes) > len(reports) > len(outcomes) // 5, "too few or all of the files were read in spite of it"


def test_differences_from_a_damaged_baseline_are_text_that_steers_nothing(folder: Path) -> None:
    chance = random.Random(20261126)
    path, valid = folder / "damaged.json", folder / "valid.json"
    put(valid, json.dumps(BASELINE).encode())
    for _ in range(FUZZ_INPUTS):
        put(path, chance.choice((damaged, disguised))(chance, BASELINE))
        try:
            one, other = read_recorded(valid), read_recorded(path)
        except ZoobenchError:
            continue
        text = written(differences_view(run_differences(one, other), names=(one.name, other.name)), "text")
        assert all(line.isprintable() for line in text.split("\n"))
