"""Is a candidate worse than a baseline? Reads both, finds their files, has them replayed, and has it all judged."""

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from zoobench.errors import DataError, ModelError, UsageError
from zoobench.judge.baseline import Baseline, read_baseline
from zoobench.judge.comparable import obstacles
from zoobench.judge.flips import find_flips
from zoobench.judge.gate import (
    Test,
    decide,
    latency_test,
    memory_test,
    size_finding,
    stored_latency_test,
    top1_test,
    unmeasured_latency_test,
)
from zoobench.judge.noise import Noise, read_noise
from zoobench.judge.packing import decode
from zoobench.judge.record import Record
from zoobench.judge.schedule import Budget, Rates
from zoobench.judge.tolerances import Rules
from zoobench.judge.verdict import Finding, GateReport
from zoobench.measure.environment import machine_key
from zoobench.measure.replay import BASELINE, CANDIDATE, ReplayConfig, Subject
from zoobench.measure.samples import Samples
from zoobench.replayfiles import FoundModels, find_models, find_pixels, given_pixels, rebuild, wanted_models
from zoobench.replaying import Replayed, replay_cells

METHODS = ("auto", "replay", "stored")
SECONDS = 110.0
"""How long a gate's replay may take where nobody said."""
_GIVEN_IMAGES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """What is to be judged against what, and how.

    Attributes:
        baseline: A baseline's or results file.
        candidate: A results file.
        artifacts: Folder of the store.
        rules: Tolerances.
        cells: Patterns of the ids of cells to judge; all where there is none.
        method: Of latency, from `METHODS`: `auto` replays what it can and compares the rest as stored.
        seconds: How long the replay may take.
        baseline_models: Where else to look for the baseline's files.
        baseline_python: Interpreter of the environment in which the baseline is replayed.
        images: Folder or file of images to replay on, where the store's are gone.
        slowdown: Share of its median that the candidate is made to wait, in an experiment.
        error_rate: Of the whole gate.
    """

    baseline: Path
    candidate: Path
    artifacts: Path
    rules: Rules = field(default_factory=Rules)
    cells: tuple[str, ...] = ()
    method: str = "auto"
    seconds: float = SECONDS
    baseline_models: Path | None = None
    baseline_python: Path | None = None
    images: Path | None = None
    slowdown: float = 0.0
    error_rate: float = Rates().error_rate


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A cell's two records."""

    cell: str
    baseline: Record
    candidate: Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """A finished gate: what to tell, and what the processes saw."""

    report: GateReport
    replayed: Mapping[str, Replayed]
    rates: Rates


def run_gate(request: GateRequest) -> Gate:
    """Returns the verdicts on every metric of every cell.

    Raises:
        ResultsError: If a file cannot be read.
        UsageError: If patterns fit no cell, or replay is demanded and files are missing.
    """
    began = time.monotonic()
    sides = {BASELINE: read_baseline(request.baseline), CANDIDATE: read_baseline(request.candidate)}
    records = {side: _chosen(run, request.cells) for side, run in sides.items()}
    problems = list(obstacles(records[BASELINE], records[CANDIDATE]))
    notes = [f"the pattern {one!r} of the tolerances fits no cell" for one in request.rules.unused(records[CANDIDATE])]
    pairs = _pairs(records[BASELINE], records[CANDIDATE])
    replayed: Mapping[str, Replayed] = {}
    rates = Rates(error_rate=request.error_rate, tests=max(1, _number_of_tests(pairs)))
    if problems:
        notes.append("nothing was replayed and nothing is judged: what stands above comes first")
        findings: tuple[Finding, ...] = ()
    else:
        with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
            subjects = _subjects(sides, pairs, request, notes, Path(folder))
            replayed = _replay(subjects, request, rates)
        problems += [f"{cell} could not be replayed: {one.failure}" for cell, one in replayed.items() if one.failure]
        notes += [
            f"a process of {cell} was started anew: {why}" for cell, one in replayed.items() for why in one.retries
        ]
        findings = _findings(pairs, replayed, request, rates)
    report = GateReport(
        baseline=sides[BASELINE].name,
        candidate=str(request.candidate),
        findings=findings,
        problems=tuple(problems),
        notes=tuple(notes),
        seconds=time.monotonic() - began,
    )
    return Gate(report=report, replayed=replayed, rates=rates)


def _chosen(run: Baseline, patterns: Sequence[str]) -> dict[str, Record]:
    records = {record.cell.id: record for record in run.records}
    for pattern in patterns:
        if not any(fnmatchcase(cell, pattern) for cell in records):
            raise UsageError(f"the pattern {pattern!r} fits no cell of {run.path}; its cells are {', '.join(records)}")
    return {
        cell: record
        for cell, record in records.items()
        if not patterns or any(fnmatchcase(cell, pattern) for pattern in patterns)
    }


def _pairs(baseline: Mapping[str, Record], candidate: Mapping[str, Record]) -> list[Pair]:
    """Returns the cells that both sides have a file of."""
    return [
        Pair(cell=cell, baseline=record, candidate=candidate[cell])
        for cell, record in baseline.items()
        if cell in candidate and not record.refusal and not candidate[cell].refusal
    ]


def _number_of_tests(pairs: Sequence[Pair]) -> int:
    """Returns among how many tests the error rate is shared: latency and memory of each, and accuracy if gated."""
    return 2 * len(pairs) + sum(_has_accuracy(pair) for pair in pairs)


def _has_accuracy(pair: Pair) -> bool:
    """Tells whether accuracy is judged: with random weights it means nothing."""
    both = pair.baseline.accuracy is not None and pair.candidate.accuracy is not None
    return both and pair.candidate.cell.weights != "random"


def _subjects(
    sides: Mapping[str, Baseline], pairs: Sequence[Pair], request: GateRequest, notes: list[str], folder: Path
) -> list[Subject]:
    """Returns the cells that can be replayed; why others cannot is added to the notes."""
    if request.method == "stored":
        return []
    files = {side: _files(run, side, pairs, request, notes) for side, run in sides.items()}
    subjects = []
    for pair in pairs:
        paths = {side: files[side].get(_sha256(record)) for side, record in _records(pair).items()}
        found = {side: path for side, path in paths.items() if path is not None}
        samples = _samples(sides, pair, request, folder)
        if len(found) == len(paths) and samples is not None:
            subjects.append(_subject(pair, found, samples))
            continue
        lacking = [f"the {side}'s file" for side in paths if side not in found] + ["the images"] * (samples is None)
        _refuse_or_note(f"{pair.cell} cannot be replayed: {' and '.join(lacking)} cannot be had", request, notes)
    return subjects


def _subject(pair: Pair, files: Mapping[str, Path], samples: Samples) -> Subject:
    cell = pair.candidate.cell
    return Subject(
        cell_id=pair.cell,
        runtime=cell.runtime,
        threads=cell.threads,
        files=files,
        pixels=samples.path,
        rows=samples.rows.tolist(),
    )


def _records(pair: Pair) -> dict[str, Record]:
    return {BASELINE: pair.baseline, CANDIDATE: pair.candidate}


def _sha256(record: Record) -> str:
    return record.model.sha256 if record.model else ""


def _files(
    run: Baseline, side: str, pairs: Sequence[Pair], request: GateRequest, notes: list[str]
) -> Mapping[str, Path]:
    """Returns a side's files by hash: from the store, from a folder, or made again."""
    wanted = wanted_models([_records(pair)[side] for pair in pairs], run.provenance)
    folder = request.baseline_models if side == BASELINE else None
    found = find_models(wanted, artifacts=request.artifacts, folder=folder)
    if not found.missing or side == CANDIDATE:
        return found.paths
    return {**found.paths, **_made_again(run, found, request, notes)}


def _made_again(run: Baseline, found: FoundModels, request: GateRequest, notes: list[str]) -> Mapping[str, Path]:
    try:
        made = rebuild(found.missing, options=run.provenance.options, artifacts=request.artifacts)
    except (ModelError, DataError) as error:
        _refuse_or_note(f"the baseline's files cannot be made again: {error}", request, notes)
    except ModuleNotFoundError as error:
        _refuse_or_note(f"the baseline's files cannot be made again: {error.name} is not installed", request, notes)
    else:
        notes.append(f"{len(made)} of the baseline's files were made again from its manifest")
        return made
    return {}


def _refuse_or_note(message: str, request: GateRequest, notes: list[str]) -> None:
    """Raises where replay was demanded; else notes that the stored medians must do."""
    if request.method == "replay":
        raise UsageError(f"{message}; name a folder that holds the files with --baseline-models, or leave out --method")
    notes.append(f"{message}; what was stored is compared instead")


def _samples(sides: Mapping[str, Baseline], pair: Pair, request: GateRequest, folder: Path) -> Samples | None:
    size = pair.candidate.cell.image_size
    if request.images is not None:
        return given_pixels(request.images, image_size=size, count=_GIVEN_IMAGES, folder=folder)
    found = (
        find_pixels(sides[side].provenance, image_size=size, artifacts=request.artifacts)
        for side in (CANDIDATE, BASELINE)
    )
    return next((samples for samples in found if samples is not None), None)


def _replay(subjects: Sequence[Subject], request: GateRequest, rates: Rates) -> Mapping[str, Replayed]:
    if not subjects:
        return {}
    return replay_cells(
        subjects,
        {subject.cell_id: request.rules.of(subject.cell_id).latency for subject in subjects},
        config=ReplayConfig(slowdown=request.slowdown, baseline_python=request.baseline_python),
        rates=rates,
        budget=Budget(seconds=request.seconds),
    )


def _findings(
    pairs: Sequence[Pair], replayed: Mapping[str, Replayed], request: GateRequest, rates: Rates
) -> tuple[Finding, ...]:
    """Returns all findings, by cell and metric."""
    tests: list[Test] = []
    exact: list[Finding] = []
    for pair in pairs:
        tolerances = request.rules.of(pair.cell)
        tests.append(_latency(pair, replayed.get(pair.cell), request, rates))
        if seen := replayed.get(pair.cell):
            tests.append(memory_test(pair.cell, seen.peaks, tolerance=tolerances.memory, rates=rates))
        if _has_accuracy(pair):
            tests.append(_top1(pair, tolerance=tolerances.top1, rates=rates))
        if pair.baseline.model and pair.candidate.model:
            sizes = (pair.baseline.model.size_bytes, pair.candidate.model.size_bytes)
            exact.append(size_finding(pair.cell, sizes, tolerance=tolerances.size))
    order = {pair.cell: place for place, pair in enumerate(pairs)}
    return tuple(sorted((*decide(tests, rates), *exact), key=lambda finding: order[finding.cell]))


def _latency(pair: Pair, seen: Replayed | None, request: GateRequest, rates: Rates) -> Test:
    tolerance = request.rules.of(pair.cell).latency
    if seen:
        return latency_test(pair.cell, seen.log_ratios, seconds=seen.medians, tolerance=tolerance, rates=rates)
    before, after = pair.baseline.latency, pair.candidate.latency
    if before is None or after is None:
        return unmeasured_latency_test(pair.cell, tolerance=tolerance, why="one side has no times")
    seconds = (before.p50_seconds, after.p50_seconds)
    machines = [machine_key(dict(record.environment)) for record in (pair.baseline, pair.candidate)]
    if machines[0] != machines[1]:
        return unmeasured_latency_test(
            pair.cell,
            tolerance=tolerance,
            seconds=seconds,
            why=f"measured on {machines[0]} and on {machines[1]}: times of two machines are no verdict",
        )
    noise = _noise(request.artifacts, machines[0])
    known = noise.cells.get(pair.cell) if noise else None
    return stored_latency_test(
        pair.cell,
        seconds,
        scatter=known.run_scatter if known else None,
        runs=known.runs if known else 0,
        tolerance=tolerance,
        rates=rates,
    )


def _noise(artifacts: Path, machine: str) -> Noise | None:
    return read_noise(noise_path(artifacts, machine))


def noise_path(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's noise is kept."""
    return artifacts / "noise" / f"{machine}.json"


def _top1(pair: Pair, *, tolerance: float, rates: Rates) -> Test:
    before, after = pair.baseline.accuracy, pair.candidate.accuracy
    if before is None or after is None:
        raise UsageError(f"{pair.cell} has no accuracy on one side; measure it, or gate the others alone")
    flips = find_flips(
        decode(before.predictions.classes),
        decode(after.predictions.classes),
        truth=decode(after.predictions.truth),
        classes=pair.candidate.dataset.classes,
    )
    return top1_test(pair.cell, flips, tolerance=tolerance, rates=rates)
