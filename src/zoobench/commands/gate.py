"""`zoobench gate`: is a candidate worse than a baseline? Both are read, their files replayed, and all is judged."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import click

from zoobench.commands.baseline import find_side, measured_on
from zoobench.commands.options import (
    FORMATS,
    PATH,
    artifacts_option,
    cells_option,
    deliver,
    format_option,
    matching,
    output_option,
    rename_option,
    seconds_option,
    tolerance_option,
    written,
)
from zoobench.errors import OutputError, UsageError, ZoobenchError
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.gate.evidence import (
    CellEvidence,
    find_all,
    foreseeable,
    measured_on_both,
    number_of_tests,
    obstacles,
    unjudged,
)
from zoobench.judge.gate.noise import noise_path, read_noise
from zoobench.judge.gate.rules import Rules, read_rules, renamed
from zoobench.judge.metrics import LATENCY_P50
from zoobench.matrix.interface import ImageSize
from zoobench.measure.alternation import BASELINE, CANDIDATE, SIDES
from zoobench.measure.worker import fresh_bench
from zoobench.results.conditions import differences, read_shards
from zoobench.results.disturbed import cautions
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.run.locate import find_models, image_names
from zoobench.run.options import defaults
from zoobench.run.project import find_pyproject
from zoobench.run.replay import Replayed, find_samples, find_subjects, replay_cells
from zoobench.show.gate import annotations, view
from zoobench.stats.sequential import Rates
from zoobench.system.keeper import status_of, temporary_folder
from zoobench.system.terminal import say
from zoobench.system.units import few, three_digits

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
_MUCH_OF_IT = 0.2
"""Share of the gate's seconds from which on it is said that files took them."""
_NOT_ALL = "not every cell can be replayed"
_NAME_THEM = (
    "Name a folder of the baseline's files with --baseline-models, or images with --images, or let --method be auto "
    "without --baseline-python"
)
_Records = Mapping[str, Record]
"""Of a cell, by side."""
_Observed = tuple[Mapping[str, Replayed], Mapping[ImageSize, Sequence[str]], Sequence[str]]
"""What was replayed, by cell; the images' names by size, where they are known; notes on what was not replayed."""
_NOTHING: _Observed = ({}, {}, ("nothing was replayed and nothing is judged before that is mended",))


@click.command(epilog=_EXAMPLES)
@click.option(
    "--baseline", required=True, metavar="NAME|FILE", help="A baseline's name, or the file of one or of a run."
)
@click.option(
    "--candidate",
    "candidates",
    metavar="RUN",
    multiple=True,
    help="The run to judge. Default: this machine's newest. A folder, or several files, of a matrix that was split "
    "over jobs are one run.",
)
@artifacts_option
@cells_option
@tolerance_option
@click.option(
    "--method",
    type=click.Choice(("auto", "replay", "stored")),
    default="auto",
    show_default=True,
    help="Latency by replaying both files, or by stored medians; auto replays what it can.",
)
@seconds_option
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
@rename_option
@format_option(*FORMATS, "github")
@output_option
def gate(
    *,
    baseline: str,
    candidates: tuple[str, ...],
    artifacts: Path,
    tolerances: tuple[str, ...],
    renames: tuple[str, ...],
    form: str,
    output: Path | None,
    **others: Any,
) -> None:
    """Judge a run against a baseline: latency, top-1, size and memory of every cell.

    Latency is replayed: fresh processes run both sides' model files alternately until it is clear on which side of the
    tolerance the change is. Tolerances stand in pyproject.toml, [tool.zoobench.gate].

    The status is 0 if nothing became worse than its tolerance, 1 if something did, 3 if the evidence is insufficient, 2
    if the two cannot be compared. `--format github` annotates a pull request and adds to its summary.
    """
    try:
        named = tuple(find_side(one, artifacts=artifacts) for one in candidates or (None,))
        request = GateRequest(
            rules=read_rules(find_pyproject(Path.cwd()), tolerances),
            baseline=find_side(baseline, artifacts=artifacts),
            candidate=named[0],
            shards=named[1:],
            artifacts=artifacts,
            renames=renames,
            **others,
        )
        report, _ = run_gate(request)
    except ZoobenchError as error:
        if form == "text":
            raise
        report = unusable(error, baseline=baseline, candidate=", ".join(candidates))
    except KeyboardInterrupt as error:
        say("zoobench: interrupted; nothing of an unfinished gate is kept, so run it again", error=True)
        sys.exit(status_of(error))
    deliver(shown(report, form=form, output=output), output, form="text" if form == "github" else form)
    if form == "github":
        write_summary(report, os.environ)
    sys.exit(report.status)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateRequest:
    """What is to be judged against what, and how.

    Attributes:
        cells: Patterns of the ids of cells to judge; all where there is none.
        renames: `OLD=NEW`: which of the baseline's backbones or cells the candidate has by another name.
        method: Of latency: `replay`, `stored`, or `auto`, which replays what it can and compares the rest as stored.
        seconds: How long files and replay may take; None for what the rules say, or `SECONDS` and the number of cells.
        baseline_models: Where else to look for the baseline's files.
        baseline_python: Interpreter of the environment in which the baseline is replayed; then all must be.
        shards: Further files of the candidate, where its matrix was split over jobs.
        images: Folder or file of images to replay on, where the store's are gone.
        slowdown: Share of its median that the candidate is made to wait, in an experiment.
    """

    baseline: Path
    candidate: Path
    artifacts: Path
    shards: tuple[Path, ...] = ()
    rules: Rules = field(default_factory=Rules)
    cells: tuple[str, ...] = ()
    renames: tuple[str, ...] = ()
    method: str = "auto"
    seconds: float | None = None
    baseline_models: Path | None = None
    baseline_python: Path | None = None
    images: Path | None = None
    slowdown: float = 0.0

    def seconds_for(self, cells: int) -> float:
        """Returns how long the replay of a number of cells may take."""
        return self.seconds or self.rules.seconds or max(SECONDS, SECONDS_A_CELL * cells)


def run_gate(request: GateRequest) -> tuple[GateReport, Mapping[str, Replayed]]:
    """Returns the verdicts on every metric of every cell, and what the processes saw of those that were replayed."""
    if request.baseline_python and request.method == "stored":
        raise UsageError("--baseline-python replays; leave it out, or leave out --method stored")
    began = time.monotonic()
    candidates = (request.candidate, *request.shards)
    sides = {BASELINE: read_shards([request.baseline]), CANDIDATE: read_shards(candidates)}
    joined = renamed(sides[BASELINE].records, sides[CANDIDATE].records, _renames(request, sides[BASELINE]))
    records = {
        BASELINE: chosen(replace(sides[BASELINE], records=joined), request.cells),
        CANDIDATE: chosen(sides[CANDIDATE], request.cells),
    }
    both = (records[BASELINE], records[CANDIDATE])
    pairs = [{side: records[side][cell] for side in SIDES} for cell in measured_on_both(*both)]
    rates = Rates(tests=max(1, number_of_tests([(pair[BASELINE], pair[CANDIDATE]) for pair in pairs])))
    problems = obstacles(*both)
    replayed, names, notes = _NOTHING if problems else _observe(sides, pairs, request, rates)
    judged = find_all(
        [] if problems else [_evidence(pair, replayed, names) for pair in pairs],
        tolerances=request.rules.of,
        noise=cache(lambda machine: read_noise(noise_path(request.artifacts, machine))),
        rates=rates,
    )
    failures = (f"{cell}: replay failed: {one.failure}" for cell, one in replayed.items() if one.failure)
    compared = (Side(name=run.name, runs=(replace(run, records=records[side]),)) for side, run in sides.items())
    report = GateReport(
        baseline=sides[BASELINE].name,
        candidate=", ".join(map(str, candidates)),
        findings=judged,
        problems=(*problems, *failures),
        environment=differences(*compared, defaults=defaults()),
        notes=(
            *_on_request(request, sides),
            *cautions(records[CANDIDATE].values()),
            *(() if problems else unjudged(*both)),
            *notes,
            *_on_replay(replayed),
        ),
        seconds=time.monotonic() - began,
    )
    return report, replayed


def foreseen(request: GateRequest, expected: Mapping[str, Record]) -> tuple[str, ...]:
    """Returns what would stand in the way of a gate whose candidate is still to be measured, as far as that is known.

    Args:
        request: Its candidate is not read.
        expected: What is known of the cells that will be measured.

    Raises:
        UsageError: If an option makes no sense with the baseline.
        MeasurementError: If the baseline's interpreter cannot run its files.
        ResultsError: If the summary cannot be written.
    """
    baseline = read_shards([request.baseline])
    records = renamed(baseline.records, expected, _renames(request, baseline))
    records = chosen(replace(baseline, records=records), request.cells)
    if problems := foreseeable(records, chosen(Run(path=Path("this run"), records=expected), request.cells)):
        return problems
    measured = [one for one in records.values() if one.model]
    files = find_models(measured, artifacts=request.artifacts, folder=request.baseline_models)
    write_summary(None, os.environ)
    if request.baseline_python is None:
        return ()
    known = files.keys() | baseline.provenance.manifests.keys()
    gone = [one.cell.id for one in measured if one.model and one.model.sha256 not in known]
    with fresh_bench(request.baseline_python) as bench:
        for runtime in dict.fromkeys(one.cell.runtime for one in measured):
            bench.import_runtime(runtime)
    return (f"{_NOT_ALL}: the baseline's file of {few(gone)} cannot be had. {_NAME_THEM}",) if gone else ()


def _evidence(
    pair: _Records, replayed: Mapping[str, Replayed], names: Mapping[ImageSize, Sequence[str]]
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
    if renames := _renames(request, sides[BASELINE]):
        yield f"judged by new names: {', '.join(renames)}"
    if stale := [one for one in request.rules.renames if one not in renames]:
        yield f"the baseline has nothing that pyproject.toml renames by {', '.join(stale)}"
    for pattern in request.rules.unused(sides[CANDIDATE].records):
        yield f"the pattern {pattern!r} of the tolerances fits no cell"
    if sides[BASELINE].records == sides[CANDIDATE].records:
        yield "the candidate is the very run that the baseline was made of; to judge a change, run pytest bench/ first"


def _renames(request: GateRequest, baseline: Run) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*request.rules.renames_of(baseline.records), *request.renames)))


def _on_replay(replayed: Mapping[str, Replayed]) -> Iterator[str]:
    """Yields what ran the two sides where their interpreters are different ones, and what happened meanwhile."""
    if observed := next((one for seen in replayed.values() for one in seen.observations), None):
        versions = [observed.versions[side] for side in SIDES]
        one, other = ({"python": version["python"], **version["libraries"]} for version in versions)
        for name in (name for name in one if one[name] != other.get(name)):
            there, here = one[name] or "none", other.get(name) or "none"
            yield f"replayed by {name}: {there} the baseline, {here} the candidate"
    for cell, seen in replayed.items():
        yield from (f"{cell}: a worker was started anew: {why}" for why in seen.retries)
        if seen.disturbed:
            started = seen.disturbed + len(seen.observations)
            yield f"{cell}: {seen.disturbed} of {started} processes did not count, as their rounds disagreed"


def chosen(run: Run, patterns: Sequence[str]) -> dict[str, Record]:
    """Returns the records of the cells that match one of the patterns, or of all if there is none, by id."""
    return {cell: run.records[cell] for cell in matching(run.records, patterns, of=run.path)}


def _observe(sides: Mapping[str, Run], pairs: Sequence[_Records], request: GateRequest, rates: Rates) -> _Observed:
    began = time.monotonic()
    with temporary_folder() as folder:
        sizes = [pair[CANDIDATE].cell.image_size for pair in pairs]
        samples = find_samples(sides, sizes, artifacts=request.artifacts, images=request.images, workplace=folder)
        names = {size: image_names(one) for size, one in samples.items()}
        if request.method == "stored":
            return {}, names, ()
        subjects, reasons, notes = find_subjects(
            sides, pairs, samples, artifacts=request.artifacts, baseline_models=request.baseline_models
        )
        if reasons and (request.method == "replay" or request.baseline_python):
            raise UsageError(f"{_NOT_ALL}: {'; '.join(reasons)}. {_NAME_THEM}")
        notes = [*notes, *(f"{one}; stored times are compared instead" for one in reasons)]
        if not subjects:
            return {}, names, notes
        cells = [subject[CANDIDATE].cell.id for subject in subjects]
        allowed, spent = request.seconds_for(len(subjects)), time.monotonic() - began
        if spent > _MUCH_OF_IT * allowed:
            notes.append(
                f"finding files, and making them again, took {three_digits(spent)} s of the {three_digits(allowed)} s "
                "that the gate may take; what was made is in the store now"
            )
        replayed = replay_cells(
            subjects,
            {cell: request.rules.of(cell)[LATENCY_P50.key] for cell in cells},
            rates=rates,
            seconds=allowed - spent,
            slowdown=request.slowdown,
            baseline_python=request.baseline_python,
        )
        return replayed, names, notes


def shown(report: GateReport, *, form: str, output: Path | None = None) -> str:
    """Returns a report in a format of `FORMATS`, or as `github`: the text, and annotations after it."""
    if form == "github":
        return written(view(report), form="text", output=output) + annotations(report)
    return written(view(report), form=form, output=output)


def unusable(error: ZoobenchError, *, baseline: str, candidate: str) -> GateReport:
    """Returns the report of a gate that could not take place."""
    named, problems = {"baseline": baseline, "candidate": candidate}, (str(error),)
    return GateReport(**named, findings=(), problems=problems, environment=(), notes=(), seconds=0.0)


def write_summary(report: GateReport | None, environment: Mapping[str, str]) -> None:
    """Appends a report, or nothing to see whether one can be, to the summary of a GitHub step; outside it is none."""
    if not environment.get(SUMMARY):
        return
    try:
        with Path(environment[SUMMARY]).open("a", encoding="utf-8") as summary:
            summary.write(FORMATS["markdown"](view(report)) if report else "")
    except OSError as error:
        raise OutputError(f"cannot write {environment[SUMMARY]} (${SUMMARY}): {error.strerror}") from error
