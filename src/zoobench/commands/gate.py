"""Is a candidate worse than a baseline? Reads both, finds their files, has them replayed, and has it all judged."""

import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from pathlib import Path

from zoobench.commands.gating.findings import Seen, find_all, number_of_tests
from zoobench.commands.gating.replayfiles import image_names
from zoobench.commands.gating.replaying import Replayed, replay_cells
from zoobench.commands.gating.subjects import Pair, Sources, find_samples, find_subjects
from zoobench.errors import UsageError
from zoobench.judge.gate.comparable import measured_on_both, obstacles, unjudged
from zoobench.judge.gate.gate import MEMORY
from zoobench.judge.gate.schedule import Budget, Rates
from zoobench.judge.gate.tolerances import Rules
from zoobench.judge.gate.verdict import Finding, GateReport
from zoobench.measure.replay import BASELINE, CANDIDATE, SIDES, ReplayConfig, ReplayTarget
from zoobench.results.baseline import Baseline, read_baseline
from zoobench.results.environments import differences
from zoobench.results.record import Record
from zoobench.results.timings import Run, Side

SECONDS = 110.0
"""How long a gate's replay may take where nobody said, up to five cells."""
SECONDS_A_CELL = 22.0
"""How much longer for each cell more."""
_MEMORY_UNKNOWN = "memory is not judged where nothing was replayed and not both sides measured it on one machine"
_MEMORY_UNTOLD = "memory is not judged: this system does not tell how much a process took"
_NOTHING_JUDGED = "nothing was replayed and nothing is judged before that is mended"
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
        method: Of latency: `replay`, `stored`, or `auto`, which replays what it can and compares the rest as stored.
        seconds: How long the replay may take; None for what `SECONDS` and the number of cells come to.
        baseline_models: Where else to look for the baseline's files.
        baseline_python: Interpreter of the environment in which the baseline is replayed; then all must be.
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
    seconds: float | None = None
    baseline_models: Path | None = None
    baseline_python: Path | None = None
    images: Path | None = None
    slowdown: float = 0.0
    error_rate: float = Rates().error_rate

    def seconds_for(self, cells: int) -> float:
        """Returns how long the replay of a number of cells may take."""
        return self.seconds or max(SECONDS, SECONDS_A_CELL * cells)


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
    if request.baseline_python and request.method == "stored":
        raise UsageError("--baseline-python replays; leave it out, or leave out --method stored")
    began = time.monotonic()
    sides = {BASELINE: read_baseline(request.baseline), CANDIDATE: read_baseline(request.candidate)}
    records = {side: chosen(run, request.cells) for side, run in sides.items()}
    pairs = _pairs(records[BASELINE], records[CANDIDATE])
    rates = Rates(error_rate=request.error_rate, tests=max(1, number_of_tests(pairs)))
    problems = obstacles(records[BASELINE], records[CANDIDATE])
    seen = Seen(replayed={}, names={}, notes=()) if problems else _see(sides, pairs, request, rates)
    judged = () if problems else find_all(pairs, seen, rules=request.rules, artifacts=request.artifacts, rates=rates)
    failures = (f"{cell}: replay failed: {one.failure}" for cell, one in seen.replayed.items() if one.failure)
    report = GateReport(
        baseline=sides[BASELINE].name,
        candidate=str(request.candidate),
        findings=judged,
        problems=(*problems, *failures),
        environment=differences(*(_side(sides[side], records[side]) for side in SIDES)),
        notes=(
            *_on_request(request, sides),
            *([_NOTHING_JUDGED] if problems else unjudged(records[BASELINE], records[CANDIDATE])),
            *seen.notes,
            *_on_memory(judged, pairs, seen.replayed),
            *_versions(seen.replayed),
            *_incidents(seen.replayed),
        ),
        seconds=time.monotonic() - began,
    )
    return Gate(report=report, replayed=seen.replayed, rates=rates)


def _on_request(request: GateRequest, sides: Mapping[str, Baseline]) -> Iterator[str]:
    """Yields what of the request may not be what was meant."""
    for pattern in request.rules.unused(record.cell.id for record in sides[CANDIDATE].records):
        yield f"the pattern {pattern!r} of the tolerances fits no cell"
    if sides[BASELINE].records == sides[CANDIDATE].records:
        yield "the candidate is the very run that the baseline was made of; to judge a change, run pytest bench/ first"


def _on_memory(judged: Sequence[Finding], pairs: Sequence[Pair], replayed: Mapping[str, Replayed]) -> Iterator[str]:
    """Yields where memory is not judged because neither a replay nor the records tell of it."""
    known = {finding.cell for finding in judged if finding.metric == MEMORY}
    unknown = [pair.cell for pair in pairs if pair.cell not in known and pair.cell not in replayed]
    if judged and unknown:
        yield f"{_MEMORY_UNKNOWN}: {', '.join(unknown)}"


def _side(run: Baseline, records: Mapping[str, Record]) -> Side:
    return Side(name=run.name, runs=(Run(path=run.path, records=records, timings={}, machine={}),))


def _versions(replayed: Mapping[str, Replayed]) -> Iterator[str]:
    """Yields what runs the two sides where their interpreters are different ones."""
    observed = next((one for seen in replayed.values() for one in seen.observations), None)
    if observed is None:
        return
    one, other = ({"python": side["python"], **side["libraries"]} for side in map(observed.versions.__getitem__, SIDES))
    for name in one:
        if one[name] != other.get(name):
            yield f"replayed by {name}: {one[name] or 'none'} the baseline, {other.get(name) or 'none'} the candidate"


def _incidents(replayed: Mapping[str, Replayed]) -> Iterator[str]:
    if any(seen.observations and not any(seen.peaks) for seen in replayed.values()):
        yield _MEMORY_UNTOLD
    for cell, seen in replayed.items():
        yield from (f"{cell}: a worker was started anew: {why}" for why in seen.retries)
        if seen.disturbed:
            started = seen.disturbed + len(seen.observations)
            yield f"{cell}: {seen.disturbed} of {started} processes did not count, as their rounds disagreed"


def chosen(run: Baseline, patterns: Sequence[str]) -> dict[str, Record]:
    """Returns the records of the cells that fit one of the patterns, or of all if there is none, by id.

    Raises:
        UsageError: If a pattern fits no cell.
    """
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
        Pair(cell=cell, baseline=baseline[cell], candidate=candidate[cell])
        for cell in measured_on_both(baseline, candidate)
    ]


def _see(sides: Mapping[str, Baseline], pairs: Sequence[Pair], request: GateRequest, rates: Rates) -> Seen:
    """Finds files and images, and replays what can be."""
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        sources = Sources(
            artifacts=request.artifacts,
            baseline_models=request.baseline_models,
            images=request.images,
            workplace=Path(folder),
        )
        samples = find_samples(sides, pairs, sources)
        names = {size: image_names(one) for size, one in samples.items()}
        if request.method == "stored":
            return Seen(replayed={}, names=names, notes=())
        found = find_subjects(sides, pairs, sources, samples)
        if found.obstacles and (request.method == "replay" or request.baseline_python):
            raise UsageError(
                f"not every cell can be replayed: {'; '.join(found.obstacles)}. Name a folder of the baseline's files "
                "with --baseline-models, or images with --images, or let --method be auto without --baseline-python"
            )
        stored = [f"{one}; stored times are compared instead" for one in found.obstacles]
        return Seen(replayed=_replay(found.subjects, request, rates), names=names, notes=(*found.notes, *stored))


def _replay(subjects: Sequence[ReplayTarget], request: GateRequest, rates: Rates) -> Mapping[str, Replayed]:
    if not subjects:
        return {}
    tolerances = {subject.cell_id: request.rules.of(subject.cell_id).latency for subject in subjects}
    return replay_cells(
        [replace(subject, precision=PRECISION * tolerances[subject.cell_id]) for subject in subjects],
        tolerances,
        config=ReplayConfig(slowdown=request.slowdown, baseline_python=request.baseline_python).knowing(
            subject.runtime for subject in subjects
        ),
        rates=rates,
        budget=Budget(seconds=request.seconds_for(len(subjects))),
    )
