"""How often does this machine's gate cry wolf, and what does it miss? Gates of identical files, many of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

from zoobench.files import write_json
from zoobench.gating import Gate, GateRequest, run_gate
from zoobench.judge.aarecord import AACell, AAGate, read_gate, to_json
from zoobench.measure.environment import describe_environment, machine_key
from zoobench.resultsfile import reserve_results_path


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
        write_json(path, to_json(gate))
        yield path, gate


def read_gates(folder: Path) -> tuple[AAGate, ...]:
    """Returns the gates that are kept in a folder, oldest first.

    Raises:
        ResultsError: If one cannot be read.
    """
    paths = sorted(folder.glob("*.json")) if folder.is_dir() else []
    return tuple(read_gate(path) for path in paths)


def gates_folder(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's A/A gates are kept."""
    return artifacts / "aa" / machine


def _recorded(gate: Gate, request: GateRequest, environment: dict[str, object]) -> AAGate:
    findings = gate.report.findings
    return AAGate(
        machine=machine_key(environment),
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        slowdown=request.slowdown,
        tolerances={cell: request.rules.of(cell).latency for cell in gate.replayed},
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
            )
            for cell, seen in gate.replayed.items()
        },
        environment=environment,
    )
