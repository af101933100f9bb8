"""`zoobench noise`: what are the gate's false-alarm and miss rates on this machine, and how noisy is the machine?"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from zoobench.commands.baseline import find_run
from zoobench.commands.gate import GateRequest, chosen, run_gate
from zoobench.commands.options import (
    PATH,
    artifacts_option,
    cells_option,
    output_options,
    present,
    save_picture,
    seconds_option,
    tolerance_option,
    writable,
)
from zoobench.errors import OutputError, UsageError
from zoobench.judge.gate.evidence import number_of_tests
from zoobench.judge.gate.false_alarms import NoiseReport, analyse, select
from zoobench.judge.gate.noise import RepeatedCell, RepeatedGate, noise_path, read_gate, read_noise
from zoobench.judge.gate.noise import to_json as kept_json
from zoobench.judge.gate.rules import read_rules
from zoobench.judge.metrics import LATENCY_P50
from zoobench.measure.environment import describe_environment
from zoobench.results.conditions import machine_key
from zoobench.results.file import reserve_results_path
from zoobench.results.run import read_recorded
from zoobench.results.schema import Record
from zoobench.run.project import find_pyproject
from zoobench.show.noise import power, slowdown_name, view
from zoobench.system.files import write_json
from zoobench.system.terminal import say
from zoobench.system.units import SHARE, parse_quantity, percent

_EXAMPLES = """\b
For example:
  zoobench noise --times 40 --tolerance latency_p50=3% --cells '*-litert-*'
  zoobench noise --times 40 --tolerance latency_p50=3% --cells '*-litert-*' \\
      --inject-slowdown 5%
  zoobench noise --times 0 --tolerance latency_p50=3% --cells '*-litert-*' \\
      --picture power.png
"""
_LEAST_RUNS = 2
"""Fewest runs that scatter at all."""


def _share(*, most: float, may_be_zero: bool = False) -> Callable[[click.Context, click.Parameter, str], float]:
    def read(_context: click.Context, parameter: click.Parameter, value: str) -> float:
        where = parameter.opts[0]
        return parse_quantity(value, SHARE.written, where=where, example="5 %", most=most, may_be_zero=may_be_zero)

    return read


@click.command(epilog=_EXAMPLES)
@click.argument("run", required=False)
@click.option(
    "--times",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help="How many gates to run; 0 only reads those that are kept.",
)
@click.option(
    "--inject-slowdown",
    "slowdown",
    metavar="PERCENT",
    callback=_share(most=1, may_be_zero=True),
    default="0%",
    show_default=True,
    help="Make the candidate wait on purpose, this share of its median in every invocation.",
)
@tolerance_option
@cells_option
@seconds_option
@click.option(
    "--resample",
    "draws",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    metavar="N",
    help="How many gates are drawn from what the kept ones' processes saw.",
)
@click.option(
    "--false-alarm-rate",
    "wanted_rate",
    metavar="PERCENT",
    callback=_share(most=0.5),
    default="1%",
    show_default=True,
    help="Of the whole matrix: what tolerances are proposed for.",
)
@click.option("--picture", metavar="FILE", type=PATH, callback=writable, help="Draw the power curve, .png or .svg.")
@artifacts_option
@output_options
def noise(
    *,
    run: str | None,
    times: int,
    tolerances: tuple[str, ...],
    draws: int,
    wanted_rate: float,
    picture: Path | None,
    artifacts: Path,
    form: str,
    output: Path | None,
    **others: Any,
) -> None:
    """Measure the gate's false-alarm and miss rates on this machine.

    Runs the gate with the same files on both sides (A/A): whatever it calls regressed is a false alarm. With
    --inject-slowdown the candidate waits on purpose, and what is not called regressed is a miss. RUN says which
    files; without it, the newest results of this machine are taken.

    Every gate is kept in artifacts/aa/<machine> as it ends, with its slow-down, and the report is about all that are
    kept of these cells at these tolerances: they can be run a few at a time, and Ctrl-C loses only the one that is
    running. It shows how they ended, how a thousand resampled ones would, how the medians of the same runs fare by
    the stored method and by pytest-benchmark, and which tolerances the wanted rate of false alarms takes. The noise of
    gates without a slow-down goes to artifacts/noise/<machine>.json, where `zoobench gate` finds it.
    """
    source = find_run(run, artifacts=artifacts)
    rules = read_rules(find_pyproject(Path.cwd()), tolerances)
    request = GateRequest(baseline=source, candidate=source, artifacts=artifacts, rules=rules, **others)
    _run(request, times=times)
    report = report_on(request, wanted_rate=wanted_rate, draws=draws)
    present(view(report), form=form, output=output)
    if path := save_noise(report, artifacts):
        say(f"wrote {path}", error=True)
    if picture:
        save_picture(power(report), picture)


def _run(request: GateRequest, *, times: int) -> None:
    done = 0
    try:
        for path, gate in run_gates(request, times=times):
            done += 1
            say(f"gate {done} of {times}, {_ending(gate)}: {path}", error=True)
    except KeyboardInterrupt:
        say(f"{done} gates are kept; `zoobench noise --times 0` with the same options reads them", error=True)
        raise


def _ending(gate: RepeatedGate) -> str:
    verdicts = Counter(cell.latency or "failed" for cell in gate.cells.values())
    counted = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    return f"slow-down {slowdown_name(gate.slowdown)}, latency {counted} in {gate.seconds:.0f} s"


def run_gates(request: GateRequest, *, times: int) -> Iterator[tuple[Path, RepeatedGate]]:
    """Yields each of a number of gates of a results file against itself, and where it is kept, as it ends."""
    tests = number_of_tests([(record, record) for record in _runnable(request).values()])
    environment = describe_environment()
    folder = gates_folder(request.artifacts, machine_key(environment))
    for _ in range(times):
        report, replayed = run_gate(replace(request, baseline=request.candidate, method="replay"))
        gate = RepeatedGate(
            machine=machine_key(environment),
            made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            slowdown=request.slowdown,
            tolerances={cell: request.rules.of(cell)[LATENCY_P50.key] for cell in replayed},
            tests=tests,
            seconds=report.seconds,
            cells={
                cell: RepeatedCell(
                    verdicts={
                        one.metric: str(one.verdict) for one in report.findings if one.cell == cell and one.verdict
                    },
                    log_ratios=seen.log_ratios,
                    baseline_seconds=seen.medians[0],
                    candidate_seconds=seen.medians[1],
                    failure=seen.failure,
                    disturbed=seen.disturbed,
                    injected_seconds=seen.injected,
                )
                for cell, seen in replayed.items()
            },
            environment=environment,
        )
        path = reserve_results_path(folder, now=datetime.now())
        _write(kept_json(gate), path)
        yield path, gate


def read_gates(folder: Path) -> tuple[RepeatedGate, ...]:
    """Returns the gates that are kept in a folder, oldest first."""
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return tuple(read_gate(path) for path in paths if path.stat().st_size)  # an empty one's gate is being written


def gates_folder(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's A/A gates are kept."""
    return artifacts / "aa" / machine


def report_on(request: GateRequest, *, wanted_rate: float = 0.01, draws: int = 1000, seed: int = 0) -> NoiseReport:
    """Returns what this machine's kept gates of the same cells and tolerances say; see `analyse`."""
    folder = gates_folder(request.artifacts, machine_key(describe_environment()))
    tolerances = wanted_tolerances(request)
    gates, left_out = select(read_gates(folder), tolerances)
    if not gates:
        wanted = ", ".join(f"{cell} at {percent(tolerance)} %" for cell, tolerance in tolerances.items())
        others = f"; {'; '.join(left_out)}" if left_out else ""
        raise UsageError(
            f"{folder} holds no gates of exactly these cells and tolerances: {wanted}{others}; run some with --times 10"
        )
    return analyse(
        gates,
        tolerances,
        left_out=left_out,
        wanted_rate=wanted_rate,
        draws=draws,
        seed=seed,
        seconds=request.seconds_for(len(tolerances)),
    )


def wanted_tolerances(request: GateRequest) -> dict[str, float]:
    """Returns the tolerance of latency of every cell that a gate would replay, by id."""
    return {cell: request.rules.of(cell)[LATENCY_P50.key] for cell in _runnable(request)}


def _runnable(request: GateRequest) -> Mapping[str, Record]:
    records = chosen(read_recorded(request.candidate), request.cells)
    runnable = {cell: record for cell, record in records.items() if not record.refusal}
    if not runnable:
        raise UsageError(f"{request.candidate} has no such cell that runs; measure some with pytest bench/")
    return runnable


def save_noise(report: NoiseReport, artifacts: Path) -> Path | None:
    """Keeps the noise that a report learned, unless more is known already; None where nothing is known."""
    if report.noise is None:
        return None
    path = noise_path(artifacts, report.machine)
    known = read_noise(path)
    cells = dict(known.cells) if known else {}
    for cell, learned in report.noise.cells.items():
        if learned.runs >= max(_LEAST_RUNS, cells[cell].runs if cell in cells else 0):
            cells[cell] = learned
    if not cells:
        return None
    _write(kept_json(replace(report.noise, cells=cells)), path)
    return path


def _write(content: Mapping[str, object], path: Path) -> None:
    try:
        write_json(path, content)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error}; see to space or --artifacts") from error
