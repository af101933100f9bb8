"""Is a candidate worse than a baseline? Reads both, finds their files, has them replayed, and has it all judged."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from zoobench.errors import UsageError
from zoobench.judge.baseline import Baseline, read_baseline
from zoobench.judge.comparable import obstacles
from zoobench.judge.environments import differences
from zoobench.judge.flipped import find_flips
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
from zoobench.judge.timings import Run, Side
from zoobench.judge.tolerances import Rules
from zoobench.judge.verdict import Finding, GateReport
from zoobench.measure.environment import machine_key
from zoobench.measure.replay import BASELINE, CANDIDATE, SIDES, ReplayConfig
from zoobench.replaying import Replayed, replay_cells
from zoobench.subjects import Pair, Sources, find_subjects

METHODS = ("auto", "replay", "stored")
SECONDS = 110.0
"""How long a gate's replay may take where nobody said."""
PRECISION = 1 / 3
"""How uncertain a process may leave its ratio to count, as a share of the tolerance that it is to help judge."""


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
    pairs = _pairs(records[BASELINE], records[CANDIDATE])
    rates = Rates(error_rate=request.error_rate, tests=max(1, _number_of_tests(pairs)))
    problems = obstacles(records[BASELINE], records[CANDIDATE])
    notes = [f"the pattern {one!r} of the tolerances fits no cell" for one in request.rules.unused(records[CANDIDATE])]
    if problems:
        notes.append("nothing was replayed and nothing is judged before that is mended")
    replayed = {} if problems else _replay(sides, pairs, request, rates, notes)
    report = GateReport(
        baseline=sides[BASELINE].name,
        candidate=str(request.candidate),
        findings=() if problems else _findings(pairs, replayed, request, rates),
        problems=(
            *problems,
            *(f"{cell}: replay failed: {one.failure}" for cell, one in replayed.items() if one.failure),
        ),
        environment=differences(*(_side(sides[side], records[side]) for side in SIDES)),
        notes=(*notes, *_incidents(replayed)),
        seconds=time.monotonic() - began,
    )
    return Gate(report=report, replayed=replayed, rates=rates)


def _side(run: Baseline, records: Mapping[str, Record]) -> Side:
    return Side(name=run.name, runs=(Run(path=run.path, records=records, timings={}, machine={}),))


def _incidents(replayed: Mapping[str, Replayed]) -> Iterator[str]:
    for cell, seen in replayed.items():
        yield from (f"{cell}: a worker was started anew: {why}" for why in seen.retries)
        if seen.disturbed:
            started = seen.disturbed + len(seen.observations)
            yield f"{cell}: {seen.disturbed} of {started} processes did not count: the machine was too busy"


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


def _replay(
    sides: Mapping[str, Baseline], pairs: Sequence[Pair], request: GateRequest, rates: Rates, notes: list[str]
) -> Mapping[str, Replayed]:
    """Returns what was replayed; why others were not is added to the notes."""
    if request.method == "stored":
        return {}
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        sources = Sources(
            artifacts=request.artifacts,
            baseline_models=request.baseline_models,
            images=request.images,
            workplace=Path(folder),
        )
        found = find_subjects(sides, pairs, sources)
        if found.obstacles and request.method == "replay":
            raise UsageError(
                f"not every cell can be replayed: {'; '.join(found.obstacles)}. Name a folder of the baseline's "
                "files with --baseline-models, or images with --images, or let --method be auto"
            )
        notes += [*found.notes, *(f"{one}; stored times are compared instead" for one in found.obstacles)]
        if not found.subjects:
            return {}
        subjects = [
            replace(subject, precision=PRECISION * request.rules.of(subject.cell_id).latency)
            for subject in found.subjects
        ]
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
