"""`zoobench gate`: is a candidate worse than a baseline? Both are read, their files replayed, and all is judged."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import click

from zoobench.commands.baseline import find_run, measured_on, newest_results
from zoobench.commands.options import (
    FORMATS,
    PATH,
    artifacts_option,
    cells_option,
    deliver,
    format_option,
    matching,
    output_option,
    screen,
)
from zoobench.errors import ResultsError, UsageError, ZoobenchError
from zoobench.judge.evidence import Finding
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.gate.evidence import CellEvidence, find_all, measured_on_both, number_of_tests, obstacles, unjudged
from zoobench.judge.gate.noise import noise_path, read_noise
from zoobench.judge.gate.rules import Rules, read_rules
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.metrics import LATENCY_P50, MEMORY
from zoobench.measure.alternation import BASELINE, CANDIDATE, SIDES, Pair
from zoobench.results.conditions import differences
from zoobench.results.run import Run, Side, read_recorded
from zoobench.results.schema import Record
from zoobench.run.locate import image_names
from zoobench.run.replay import Replayed, find_samples, find_subjects, replay_cells
from zoobench.show.document import Screen
from zoobench.show.gate import annotations, as_markdown, render, view

_METHODS = ("auto", "replay", "stored")
_EXAMPLES = """\b
Against a named run:
  zoobench baseline save main
  pytest bench/
  zoobench gate --baseline main
Two versions of a library against each other, before one ships:
  zoobench gate --baseline main --baseline-python .venv-old/bin/python
"""
SUMMARY = "GITHUB_STEP_SUMMARY"
SECONDS = 110.0
"""How long a gate's replay may take where nobody said, up to five cells."""
SECONDS_A_CELL = 22.0
"""How much longer for each cell more."""
_MEMORY_UNKNOWN = "memory is not judged where nothing was replayed and not both sides measured it on one machine"
_MEMORY_UNTOLD = "memory is not judged: this system does not tell how much a process took"
_NOTHING_JUDGED = "nothing was replayed and nothing is judged before that is mended"


@click.command(epilog=_EXAMPLES)
@click.option(
    "--baseline", required=True, metavar="NAME|FILE", help="A baseline's name, or the file of one or of a run."
)
@click.option(
    "--candidate",
    metavar="FILE",
    type=PATH,
    help="Results to judge. Default: this machine's newest.",
)
@artifacts_option
@cells_option
@click.option(
    "--tolerance",
    "tolerances",
    multiple=True,
    metavar="METRIC=VALUE",
    help="latency_p50=3%, top1=0.5points, size=1%, memory=10%, or PATTERN:METRIC=VALUE; may be repeated.",
)
@click.option(
    "--method",
    type=click.Choice(_METHODS),
    default="auto",
    show_default=True,
    help="Latency by replaying both files, or by stored medians; auto replays what it can.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    metavar="N",
    help="Time limit for replaying, in seconds. Default: what pyproject.toml says, else 110, and 22 for each cell "
    "above five.",
)
@click.option(
    "--baseline-models",
    metavar="DIR",
    type=PATH,
    help="Where to look for the baseline's files besides the store, under any names.",
)
@click.option(
    "--baseline-python",
    metavar="PATH",
    type=PATH,
    help="Replay the baseline by another environment's Python, such as one with a newer ai-edge-litert.",
)
@click.option(
    "--images",
    metavar="PATH",
    type=PATH,
    help="Replay on a folder of photos or a uint8 .npy file instead of the store's images.",
)
@format_option(*FORMATS, "github")
@output_option
def gate(
    *,
    baseline: str,
    candidate: Path | None,
    artifacts: Path,
    cells: tuple[str, ...],
    tolerances: tuple[str, ...],
    method: str,
    seconds: float | None,
    baseline_models: Path | None,
    baseline_python: Path | None,
    images: Path | None,
    form: str,
    output: Path | None,
) -> None:
    """Judge a run against a baseline: latency, top-1, size and memory of every cell.

    Latency is replayed: fresh processes run both sides' model files alternately until it is clear on which side of the
    tolerance the change is. Tolerances stand in pyproject.toml, [tool.zoobench.gate].

    The status is 0 if nothing became worse than its tolerance, 1 if something did, 3 if that cannot be told, 2 if the
    two cannot be compared. `--format github` annotates a pull request and adds to its summary.
    """
    try:
        rules = read_rules(Path("pyproject.toml"), tolerances)
        request = GateRequest(
            baseline=find_run(baseline, artifacts=artifacts),
            candidate=candidate or newest_results(artifacts),
            artifacts=artifacts,
            rules=rules,
            cells=cells,
            method=method,
            seconds=seconds or rules.seconds,
            baseline_models=baseline_models,
            baseline_python=baseline_python,
            images=images,
        )
        report = run_gate(request).report
    except ZoobenchError as error:
        if form == "text":
            raise
        report = unusable(error, baseline=baseline, candidate=str(candidate or ""))
    deliver(shown(report, form=form, to_file=output is not None), output)
    if form == "github":
        write_summary(report, os.environ)
    sys.exit(report.status)


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
    sides = {BASELINE: read_recorded(request.baseline), CANDIDATE: read_recorded(request.candidate)}
    records = {side: chosen(run, request.cells) for side, run in sides.items()}
    both = (records[BASELINE], records[CANDIDATE])
    pairs = [{side: records[side][cell] for side in SIDES} for cell in measured_on_both(*both)]
    tests = number_of_tests([(pair[BASELINE], pair[CANDIDATE]) for pair in pairs])
    rates = Rates(error_rate=request.error_rate, tests=max(1, tests))
    problems = obstacles(*both)
    replayed: Mapping[str, Replayed] = {}
    names: Mapping[int, Sequence[str]] = {}
    notes: Sequence[str] = ()
    judged: tuple[Finding, ...] = ()
    if not problems:
        replayed, names, notes = _observe(sides, pairs, request, rates)
        noise = cache(lambda machine: read_noise(noise_path(request.artifacts, machine)))
        cells = [_evidence(pair, replayed, names) for pair in pairs]
        judged = find_all(cells, rules=request.rules, noise=noise, rates=rates)
    failures = (f"{cell}: replay failed: {one.failure}" for cell, one in replayed.items() if one.failure)
    report = GateReport(
        baseline=sides[BASELINE].name,
        candidate=str(request.candidate),
        findings=judged,
        problems=(*problems, *failures),
        environment=differences(*(_judged(sides[side], records[side]) for side in SIDES)),
        notes=(
            *_on_request(request, sides),
            *([_NOTHING_JUDGED] if problems else unjudged(*both)),
            *notes,
            *_on_memory(judged, [pair[CANDIDATE].cell.id for pair in pairs], replayed),
            *_versions(replayed),
            *_incidents(replayed),
        ),
        seconds=time.monotonic() - began,
    )
    return Gate(report=report, replayed=replayed, rates=rates)


def _evidence(
    pair: Mapping[str, Record], replayed: Mapping[str, Replayed], names: Mapping[int, Sequence[str]]
) -> CellEvidence:
    cell = pair[CANDIDATE].cell
    return CellEvidence(
        baseline=pair[BASELINE],
        candidate=pair[CANDIDATE],
        machines=(measured_on([pair[BASELINE]]), measured_on([pair[CANDIDATE]])),
        replayed=replayed.get(cell.id),
        names=names.get(cell.image_size, ()),
    )


def _on_request(request: GateRequest, sides: Mapping[str, Run]) -> Iterator[str]:
    """Yields what of the request may not be what was meant."""
    for pattern in request.rules.unused(sides[CANDIDATE].records):
        yield f"the pattern {pattern!r} of the tolerances fits no cell"
    if sides[BASELINE].records == sides[CANDIDATE].records:
        yield "the candidate is the very run that the baseline was made of; to judge a change, run pytest bench/ first"


def _on_memory(judged: Sequence[Finding], cells: Sequence[str], replayed: Mapping[str, Replayed]) -> Iterator[str]:
    """Yields where memory is not judged because neither a replay nor the records tell of it."""
    known = {finding.cell for finding in judged if finding.metric == MEMORY.key}
    unknown = [cell for cell in cells if cell not in known and cell not in replayed]
    if judged and unknown:
        yield f"{_MEMORY_UNKNOWN}: {', '.join(unknown)}"


def _judged(run: Run, records: Mapping[str, Record]) -> Side:
    return Side(name=run.name, runs=(replace(run, records=records),))


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


def chosen(run: Run, patterns: Sequence[str]) -> dict[str, Record]:
    """Returns the records of the cells that match one of the patterns, or of all if there is none, by id.

    Raises:
        UsageError: If a pattern matches no cell.
    """
    return {cell: run.records[cell] for cell in matching(run.records, patterns, of=run.path)}


def _observe(
    sides: Mapping[str, Run], pairs: Sequence[Mapping[str, Record]], request: GateRequest, rates: Rates
) -> tuple[Mapping[str, Replayed], Mapping[int, Sequence[str]], Sequence[str]]:
    """Finds files and images, and replays what can be.

    Returns:
        What was replayed, by cell; the images' names by size, where they are known; notes on what was not replayed.
    """
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        sizes = [pair[CANDIDATE].cell.image_size for pair in pairs]
        samples = find_samples(sides, sizes, artifacts=request.artifacts, images=request.images, workplace=Path(folder))
        names = {size: image_names(one) for size, one in samples.items()}
        if request.method == "stored":
            return {}, names, ()
        subjects, reasons, notes = find_subjects(
            sides, pairs, samples, artifacts=request.artifacts, baseline_models=request.baseline_models
        )
        if reasons and (request.method == "replay" or request.baseline_python):
            raise UsageError(
                f"not every cell can be replayed: {'; '.join(reasons)}. Name a folder of the baseline's files "
                "with --baseline-models, or images with --images, or let --method be auto without --baseline-python"
            )
        stored = [f"{one}; stored times are compared instead" for one in reasons]
        return _replay(subjects, request, rates), names, (*notes, *stored)


def _replay(subjects: Sequence[Pair], request: GateRequest, rates: Rates) -> Mapping[str, Replayed]:
    if not subjects:
        return {}
    cells = [pair[CANDIDATE].cell.id for pair in subjects]
    return replay_cells(
        subjects,
        {cell: request.rules.of(cell)[LATENCY_P50.key] for cell in cells},
        rates=rates,
        seconds=request.seconds_for(len(subjects)),
        slowdown=request.slowdown,
        baseline_python=request.baseline_python,
    )


def shown(report: GateReport, *, form: str, to_file: bool = False) -> str:
    """Returns a report in a format of `FORMATS`, or as `github`: the text, and annotations after it."""
    if form == "markdown":
        return as_markdown(report)
    width, colours = screen(to_file=to_file)
    if form not in ("text", "github"):
        return FORMATS[form](view(report), Screen(width=width, colours=colours))
    table = render(report, width=width, colours=colours)
    return table + annotations(report) if form == "github" else table


def unusable(error: ZoobenchError, *, baseline: str, candidate: str) -> GateReport:
    """Returns the report of a gate that could not be held."""
    return GateReport(
        baseline=baseline,
        candidate=candidate,
        findings=(),
        problems=(str(error),),
        environment=(),
        notes=(),
        seconds=0.0,
    )


def write_summary(report: GateReport, environment: Mapping[str, str]) -> None:
    """Appends a report to the summary of a GitHub step; there is none outside GitHub.

    Raises:
        ResultsError: If it cannot be written.
    """
    if not environment.get(SUMMARY):
        return
    try:
        with Path(environment[SUMMARY]).open("a", encoding="utf-8") as summary:
            summary.write(as_markdown(report))
    except OSError as error:
        raise ResultsError(f"cannot write {environment[SUMMARY]} (${SUMMARY}): {error.strerror}") from error
