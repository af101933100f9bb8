"""What is kept of a machine's noise? Gates of identical files as they ended, and what they say about each cell."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from msgspec import Meta

from zoobench.errors import ResultsError
from zoobench.results.checked import parsed, typed, unexpected
from zoobench.results.schema import Amount, Positive

SCHEMA = 1
LEAST_RUNS = 5
"""Fewest runs whose spread says anything: Student's t of fewer takes any change for noise."""
_AGAIN = "remove it and run `zoobench noise` again"
Scatter = Annotated[float, Meta(ge=0, le=10)]
"""A factor of 22,000 from one run to another is no measurement."""
Rate = Annotated[float, Meta(gt=0, lt=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellNoise:
    """One cell's noise on one machine; all are standard deviations of natural logarithms, so 0.05 is about 5 %.

    Attributes:
        run_scatter: Of a run's median from one run to another; 0 where it is not known, of one run or times all alike.
        runs: How many runs that is known from.
        process_scatter: Of the ratio that one replaying process sees of two identical files.
        processes: How many processes that is known from.
        error_rate: The wanted rate of false alarms of the whole matrix, which the tolerances are for.
        replay_tolerance: The smallest tolerance at which gates of identical files end `unchanged`, but for that
            share of them.
        stored_tolerance: What medians of two runs of one file differ by at most, but for that share of runs of the
            whole matrix; None where fewer than two runs are known.
    """

    run_scatter: Scatter
    runs: Positive
    process_scatter: Scatter
    processes: Positive
    error_rate: Rate
    replay_tolerance: Amount
    stored_tolerance: Amount | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """What is known of a machine, whose key is `machine`; cells are by id."""

    machine: str
    cells: Mapping[str, CellNoise]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedCell:
    """One cell in a gate whose two sides are the same file.

    Attributes:
        verdicts: By metric.
        log_ratios: Of each process, in the order in which they came.
        baseline_seconds: Each process's median of the side that stands for the baseline.
        candidate_seconds: The same of the other side; an injected wait is part of it.
        failure: Why it was given up; '' where it was not.
        disturbed: How many processes more there were that did not count; None where that was not kept.
        injected_seconds: Each process's median of what the candidate was made to wait; None where that was not kept.
    """

    verdicts: Mapping[str, str]
    log_ratios: tuple[float, ...]
    baseline_seconds: tuple[float, ...]
    candidate_seconds: tuple[float, ...]
    failure: str
    disturbed: int | None = None
    injected_seconds: tuple[float, ...] | None = None

    @property
    def latency(self) -> str | None:
        """The verdict on its latency; None where it was not judged."""
        return self.verdicts.get("latency_p50", self.verdicts.get("latency"))  # as gates of 0.1 have it


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedGate:
    """One gate whose two sides are the same files.

    Attributes:
        machine: Key of the machine.
        made: When it ended, ISO 8601 in UTC.
        slowdown: Share of its median that the candidate was made to wait; 0 for a true one.
        tolerances: Of latency, by cell id.
        tests: Among how many the gate's error rate was shared.
        seconds: How long it took.
        cells: By id.
        environment: The machine and its libraries.
    """

    machine: str
    made: str
    slowdown: float
    tolerances: Mapping[str, float]
    tests: Positive
    seconds: float
    cells: Mapping[str, RepeatedCell]
    environment: Mapping[str, Any]


Kept = TypeVar("Kept", Noise, RepeatedGate)
_KINDS: Mapping[type, str] = {Noise: "zoobench-noise", RepeatedGate: "zoobench-aa"}


def noise_path(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's noise is kept."""
    return artifacts / "noise" / f"{machine}.json"


def to_json(kept: Noise | RepeatedGate) -> dict[str, Any]:
    """Returns it as plain JSON."""
    return {"schema": SCHEMA, "kind": _KINDS[type(kept)]} | asdict(kept)


def read_noise(path: Path) -> Noise | None:
    """Returns a machine's noise, or None where nothing is known of it.

    Raises:
        ResultsError: If there is a file that cannot be understood; the message names the file and the key.
    """
    return _read(Noise, path) if path.exists() else None


def read_gate(path: Path) -> RepeatedGate:
    """Returns a gate of identical files.

    Raises:
        ResultsError: If the file cannot be understood; the message names the file and the key.
    """
    return _read(RepeatedGate, path)


def _read(kind: type[Kept], path: Path) -> Kept:
    try:
        where = f"{path}: {_KINDS[kind]}"
        content = typed(dict, parsed(path.read_bytes(), where), where)
        for key, known in (("schema", SCHEMA), ("kind", _KINDS[kind])):
            if content.get(key) != known:
                raise unexpected(f"{path}: {key}", content.get(key), f"{known!r}, which this version of zoobench reads")
        return typed(kind, content, where)
    except OSError as error:
        raise ResultsError(f"cannot read {path}: {error}; {_AGAIN}") from error
    except ResultsError as error:
        raise ResultsError(f"{error}; {_AGAIN}") from error
