"""How often does this machine's gate cry wolf, and what does it miss? Gates of identical files, many of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

from zoobench.commands.gate import Gate, GateRequest, chosen, run_gate
from zoobench.errors import ResultsError, UsageError
from zoobench.judge.aa.aagates import Choice, choose
from zoobench.judge.aa.aarecord import AACell, AAGate, read_gate, to_json
from zoobench.judge.aa.falsealarms import AAReport, analyse
from zoobench.judge.gate.noise import noise_path, read_noise
from zoobench.judge.gate.noise import to_json as noise_to_json
from zoobench.judge.metrics import LATENCY_P50
from zoobench.measure.environment import describe_environment, machine_key
from zoobench.results.file import reserve_results_path
from zoobench.results.run import read_recorded
from zoobench.show.charts.pictures import write_picture
from zoobench.show.charts.power import power
from zoobench.system.files import write_json
from zoobench.system.units import percent

_LEAST_RUNS = 2
"""Fewest runs that scatter at all."""


def run_gates(request: GateRequest, *, times: int) -> Iterator[tuple[Path, AAGate]]:
    """Yields each of a number of gates of a results file against itself, and where it is kept, as it ends.

    Raises:
        ResultsError: If the file cannot be read or a gate cannot be written.
        UsageError: If files cannot be had: identical files are only worth replaying.
    """
    environment = describe_environment()
    folder = gates_folder(request.artifacts, machine_key(environment))
    for _ in range(times):
        gate = _recorded(run_gate(replace(request, baseline=request.candidate, method="replay")), request, environment)
        path = reserve_results_path(folder, now=datetime.now())
        _keep(gate, path)
        yield path, gate


def read_gates(folder: Path) -> tuple[AAGate, ...]:
    """Returns the gates that are kept in a folder, oldest first.

    Raises:
        ResultsError: If one cannot be read.
    """
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return tuple(read_gate(path) for path in paths if path.stat().st_size)  # an empty one's gate is being written


def gates_folder(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's A/A gates are kept."""
    return artifacts / "aa" / machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What kept gates are asked.

    Attributes:
        request: What gates are run with; the kept ones of the same cells and tolerances are asked.
        wanted_rate: Of false alarms of the whole matrix, which tolerances are proposed for.
        draws: How many gates are drawn from what the real ones' processes saw.
        seed: Of the drawing.
    """

    request: GateRequest
    wanted_rate: float = 0.01
    draws: int = 1000
    seed: int = 0


def report_on(question: Question) -> AAReport:
    """Returns what this machine's kept gates say, without running any.

    Raises:
        ResultsError: If a file cannot be read.
        UsageError: If there are no gates of these cells at these tolerances.
    """
    request = question.request
    folder = gates_folder(request.artifacts, machine_key(describe_environment()))
    tolerances = wanted_tolerances(request)
    choice = choose(read_gates(folder), tolerances)
    if not choice.gates:
        raise UsageError(_none_kept(folder, tolerances, choice))
    return analyse(
        choice,
        tolerances,
        wanted_rate=question.wanted_rate,
        draws=question.draws,
        seed=question.seed,
        seconds=request.seconds_for(len(tolerances)),
    )


def wanted_tolerances(request: GateRequest) -> dict[str, float]:
    """Returns the tolerance of latency of every cell that a gate would replay, by id.

    Raises:
        ResultsError: If the results cannot be read.
        UsageError: If a pattern fits no cell, or there is nothing to replay.
    """
    records = chosen(read_recorded(request.candidate), request.cells)
    runnable = [cell for cell, record in records.items() if not record.refusal]
    if not runnable:
        raise UsageError(f"{request.candidate} has no such cell that runs; measure some with pytest bench/")
    return {cell: request.rules.of(cell)[LATENCY_P50.key] for cell in runnable}


def save_noise(report: AAReport, artifacts: Path) -> Path | None:
    """Keeps the noise that a report learned, unless more is known already; None where nothing is known.

    Raises:
        ResultsError: If it cannot be written.
    """
    if report.learned is None:
        return None
    path = noise_path(artifacts, report.machine)
    known = read_noise(path)
    learned = report.learned.noise
    cells = dict(known.cells) if known else {}
    for cell, noise_of_cell in learned.cells.items():
        if noise_of_cell.runs >= max(_LEAST_RUNS, cells[cell].runs if cell in cells else 0):
            cells[cell] = noise_of_cell
    if not cells:
        return None
    noise = replace(learned, cells=cells)
    try:
        write_json(path, noise_to_json(noise))
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error}; see to space or --artifacts") from error
    return path


def save_picture(report: AAReport, path: Path) -> None:
    """Draws the share of gates that catch a slow-down, by its size, as PNG, or as SVG where the file's name says so.

    Raises:
        UsageError: If the library that makes a PNG is missing.
        ResultsError: If it cannot be written.
    """
    try:
        write_picture(power(report), path)
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error}") from error


def _keep(gate: AAGate, path: Path) -> None:
    try:
        write_json(path, to_json(gate))
    except OSError as error:
        raise ResultsError(f"cannot write {path}: {error}; see to space or --artifacts") from error


def _none_kept(folder: Path, tolerances: Mapping[str, float], choice: Choice) -> str:
    asked = ", ".join(f"{cell} at {percent(tolerance)} %" for cell, tolerance in tolerances.items())
    kept = f"; {'; '.join(choice.left_out)}" if choice.left_out else ""
    return f"{folder} holds no gates of exactly these cells and tolerances: {asked}{kept}; run some with --times 10"


def _recorded(gate: Gate, request: GateRequest, environment: dict[str, object]) -> AAGate:
    findings = gate.report.findings
    return AAGate(
        machine=machine_key(environment),
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        slowdown=request.slowdown,
        tolerances={cell: request.rules.of(cell)[LATENCY_P50.key] for cell in gate.replayed},
        tests=gate.rates.tests,
        seconds=gate.report.seconds,
        cells={
            cell: AACell(
                verdicts={finding.metric: str(finding.verdict) for finding in findings if finding.cell == cell},
                log_ratios=seen.log_ratios,
                baseline_seconds=seen.medians[0],
                candidate_seconds=seen.medians[1],
                failure=seen.failure,
                disturbed=seen.disturbed,
                injected_seconds=seen.injected,
            )
            for cell, seen in gate.replayed.items()
        },
        environment=environment,
    )
