"""What do a gate's two sides come to, cell by cell and metric by metric? Evidence laid before the judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoobench.judge.compare.flipped_samples import Flips, paired_flips
from zoobench.judge.evidence import Finding
from zoobench.judge.gate.decide import (
    Test,
    decide,
    exact_finding,
    processes_test,
    replay_test,
    samples_test,
    stored_test,
    unmeasured_test,
)
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.gate.tolerances import Rules
from zoobench.judge.metrics import GATED, LATENCY_P50, MEMORY, Metric
from zoobench.results.schema import Record

Values = tuple[Sequence[float], Sequence[float]]
"""Of the baseline's processes and the candidate's."""
_REPLAYED = (LATENCY_P50, MEMORY)
"""What a replay tells."""


class ReplayedTimes(Protocol):
    """What processes saw that ran both sides' files."""

    @property
    def log_ratios(self) -> Sequence[float]:
        """The logarithm of candidate / baseline of each process, in the order in which they came."""

    @property
    def medians(self) -> tuple[Sequence[float], Sequence[float]]:
        """Each process's median seconds of the baseline, and of the candidate."""

    @property
    def peaks(self) -> Values:
        """Of memory, in bytes; both are empty where the system does not tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellEvidence:
    """All that is known of a cell that both sides have a file of.

    Attributes:
        baseline: Its record.
        candidate: Its record.
        machines: Keys of those that the records are of.
        replayed: None where that was not done.
        names: Of the test images, where they are known.
    """

    baseline: Record
    candidate: Record
    machines: tuple[str, str]
    replayed: ReplayedTimes | None = None
    names: Sequence[str] = ()

    @property
    def cell(self) -> str:
        """Its id."""
        return self.candidate.cell.id


def number_of_tests(records: Sequence[tuple[Record, Record]]) -> int:
    """Returns among how many tests the error rate is shared: what a replay tells always counts."""
    return sum(
        metric in _REPLAYED or bool(_both(metric, *both))
        for both in records
        for metric in GATED.values()
        if metric.test != "exact"
    )


def find_all(
    cells: Sequence[CellEvidence], *, rules: Rules, noise: Callable[[str], Noise | None], rates: Rates
) -> tuple[Finding, ...]:
    """Returns all findings, by cell, those of exact numbers last.

    Args:
        cells: What is known of each.
        rules: Tolerances.
        noise: Given a machine's key, returns what is known of its noise.
        rates: How often a gate may be wrong.
    """
    tests: list[Test] = []
    exact: list[Finding] = []
    for one in cells:
        for key, tolerance in rules.of(one.cell).items():
            metric = GATED[key]
            both = _both(metric, one.baseline, one.candidate)
            if metric.test == "rounds":
                tests.append(_latency(one, tolerance=tolerance, noise=noise, rates=rates))
            elif metric.test == "processes" and (values := _processes(one, metric)):
                tests.append(processes_test(one.cell, key, values, tolerance=tolerance, rates=rates))
            elif metric.test == "samples" and both and (flips := _flips(one)):
                tests.append(samples_test(one.cell, key, flips, tolerance=tolerance, rates=rates))
            elif metric.test == "exact" and both:
                exact.append(exact_finding(one.cell, key, (both[0][0], both[1][0]), tolerance=tolerance))
    order: Mapping[str, int] = {one.cell: place for place, one in enumerate(cells)}
    return tuple(sorted((*decide(tests, rates), *exact), key=lambda finding: order[finding.cell]))


def _both(metric: Metric, baseline: Record, candidate: Record) -> Values | None:
    """Returns what both sides observed, or None where one did not; with random weights accuracy means nothing."""
    before, after = metric.read(baseline), metric.read(candidate)
    if not before or not after or (metric.of_samples and candidate.cell.has_random_weights):
        return None
    return before, after


def _latency(one: CellEvidence, *, tolerance: float, noise: Callable[[str], Noise | None], rates: Rates) -> Test:
    if seen := one.replayed:
        return replay_test(one.cell, seen.log_ratios, seconds=seen.medians, tolerance=tolerance, rates=rates)
    both = _both(LATENCY_P50, one.baseline, one.candidate)
    if both is None:
        return unmeasured_test(one.cell, tolerance=tolerance, why="one side has no times")
    seconds = (both[0][0], both[1][0])
    machine, other = one.machines
    if machine != other:
        why = f"measured on {machine} and on {other}: times of two machines are no verdict"
        return unmeasured_test(one.cell, tolerance=tolerance, seconds=seconds, why=why)
    known = noise(machine)
    of_cell = known.cells.get(one.cell) if known else None
    return stored_test(
        one.cell,
        seconds,
        scatter=(of_cell.run_scatter if of_cell else 0) or None,  # times that did not scatter were too coarse to learn
        runs=of_cell.runs if of_cell else 0,
        tolerance=tolerance,
        rates=rates,
    )


def _processes(one: CellEvidence, metric: Metric) -> Values | None:
    """Returns what replaying processes observed, or else what those of both runs did on one machine.

    Either way each is a fresh process, and from one run to another they differ no more than within one.
    """
    if one.replayed and metric is MEMORY:
        return one.replayed.peaks if any(one.replayed.peaks) else None
    return _both(metric, one.baseline, one.candidate) if len(set(one.machines)) == 1 else None


def _flips(one: CellEvidence) -> Flips | None:
    return paired_flips(one.baseline, one.candidate, names=one.names)
