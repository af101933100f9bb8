"""What do a gate's two sides come to, cell by cell and metric by metric? Evidence laid before the judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoobench.judge.compare.flipped import find_flips
from zoobench.judge.gate.gate import Test, decide
from zoobench.judge.gate.metrics import (
    latency_test,
    memory_test,
    size_finding,
    stored_latency_test,
    top1_test,
    unmeasured_latency_test,
)
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.gate.tolerances import Rules
from zoobench.judge.gate.verdict import Finding
from zoobench.results.packing import decode
from zoobench.results.record import Record, RecordedAccuracy

Peaks = tuple[Sequence[int], Sequence[int]]
"""In bytes, of the baseline's processes and the candidate's."""


class ReplayedTimes(Protocol):
    """What processes saw that ran both sides' files."""

    @property
    def log_ratios(self) -> Sequence[float]:
        """The logarithm of candidate / baseline of each process, in the order in which they came."""

    @property
    def medians(self) -> tuple[Sequence[float], Sequence[float]]:
        """Each process's median seconds of the baseline, and of the candidate."""

    @property
    def peaks(self) -> Peaks:
        """Of memory; both are empty where the system does not tell."""


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
    """Returns among how many tests the error rate is shared: latency and memory of each, and accuracy if gated."""
    return 2 * len(records) + sum(_both_answers(*both) is not None for both in records)


def find_all(
    cells: Sequence[CellEvidence], *, rules: Rules, noise: Callable[[str], Noise | None], rates: Rates
) -> tuple[Finding, ...]:
    """Returns all findings, by cell and metric.

    Args:
        cells: What is known of each.
        rules: Tolerances.
        noise: Given a machine's key, returns what is known of its noise.
        rates: How often a gate may be wrong.
    """
    tests: list[Test] = []
    exact: list[Finding] = []
    for one in cells:
        tolerances = rules.of(one.cell)
        tests.append(_latency(one, tolerance=tolerances.latency, noise=noise, rates=rates))
        if peaks := _peaks(one):
            tests.append(memory_test(one.cell, peaks, tolerance=tolerances.memory, rates=rates))
        if both := _both_answers(one.baseline, one.candidate):
            tests.append(_top1(one, *both, tolerance=tolerances.top1, rates=rates))
        if one.baseline.model and one.candidate.model:
            sizes = (one.baseline.model.size_bytes, one.candidate.model.size_bytes)
            exact.append(size_finding(one.cell, sizes, tolerance=tolerances.size))
    order: Mapping[str, int] = {one.cell: place for place, one in enumerate(cells)}
    return tuple(sorted((*decide(tests, rates), *exact), key=lambda finding: order[finding.cell]))


def _latency(one: CellEvidence, *, tolerance: float, noise: Callable[[str], Noise | None], rates: Rates) -> Test:
    if seen := one.replayed:
        return latency_test(one.cell, seen.log_ratios, seconds=seen.medians, tolerance=tolerance, rates=rates)
    before, after = one.baseline.latency, one.candidate.latency
    if before is None or after is None:
        return unmeasured_latency_test(one.cell, tolerance=tolerance, why="one side has no times")
    seconds = (before.p50_seconds, after.p50_seconds)
    machine, other = one.machines
    if machine != other:
        why = f"measured on {machine} and on {other}: times of two machines are no verdict"
        return unmeasured_latency_test(one.cell, tolerance=tolerance, seconds=seconds, why=why)
    known = noise(machine)
    of_cell = known.cells.get(one.cell) if known else None
    return stored_latency_test(
        one.cell,
        seconds,
        scatter=(of_cell.run_scatter if of_cell else 0) or None,  # times that did not scatter were too coarse to learn
        runs=of_cell.runs if of_cell else 0,
        tolerance=tolerance,
        rates=rates,
    )


def _peaks(one: CellEvidence) -> Peaks | None:
    """Returns the peaks of memory that were replayed, or else those that both runs observed on one machine.

    Either way each is of a fresh process, and from one run to another they differ no more than within one.
    """
    if one.replayed:
        return one.replayed.peaks if any(one.replayed.peaks) else None
    before, after = one.baseline.memory, one.candidate.memory
    if before is None or after is None or len(set(one.machines)) > 1:
        return None
    return before.observed_peak_rss_bytes, after.observed_peak_rss_bytes


def _top1(
    one: CellEvidence, before: RecordedAccuracy, after: RecordedAccuracy, *, tolerance: float, rates: Rates
) -> Test:
    flips = find_flips(
        decode(before.predictions.classes),
        decode(after.predictions.classes),
        truth=decode(after.predictions.truth),
        classes=one.candidate.dataset.classes,
        names=one.names,
    )
    return top1_test(one.cell, flips, tolerance=tolerance, rates=rates)


def _both_answers(baseline: Record, candidate: Record) -> tuple[RecordedAccuracy, RecordedAccuracy] | None:
    """Returns the accuracies to judge, or None where there are none: with random weights they mean nothing."""
    if baseline.accuracy is None or candidate.accuracy is None or candidate.cell.has_random_weights:
        return None
    return baseline.accuracy, candidate.accuracy
