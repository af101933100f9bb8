"""What do a gate's two sides come to, cell by cell and metric by metric? Evidence gathered for the judge."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from zoobench.commands.baseline import measured_on
from zoobench.commands.gating.replaying import Replayed
from zoobench.commands.gating.subjects import Pair
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
from zoobench.judge.gate.noise import Noise, read_noise
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.gate.tolerances import Rules
from zoobench.judge.gate.verdict import Finding
from zoobench.results.packing import decode
from zoobench.results.record import RecordedAccuracy

KnownNoise = Callable[[str], Noise | None]
"""Given a machine's key, returns what is known of its noise."""
Peaks = tuple[Sequence[int], Sequence[int]]
"""In bytes, of the baseline's processes and the candidate's."""
BothAnswers = tuple[RecordedAccuracy, RecordedAccuracy]
"""The baseline's and the candidate's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What was found out about the cells besides their records.

    Attributes:
        replayed: By cell.
        names: Of the test images, by image size, where they are known.
        notes: On what was not replayed, and why.
    """

    replayed: Mapping[str, Replayed]
    names: Mapping[int, Sequence[str]]
    notes: Sequence[str]


def noise_path(artifacts: Path, machine: str) -> Path:
    """Returns where a machine's noise is kept."""
    return artifacts / "noise" / f"{machine}.json"


def number_of_tests(pairs: Sequence[Pair]) -> int:
    """Returns among how many tests the error rate is shared: latency and memory of each, and accuracy if gated."""
    return 2 * len(pairs) + sum(_both_answers(pair) is not None for pair in pairs)


def find_all(pairs: Sequence[Pair], seen: Seen, *, rules: Rules, artifacts: Path, rates: Rates) -> tuple[Finding, ...]:
    """Returns all findings, by cell and metric.

    Args:
        pairs: The cells.
        seen: What was replayed.
        rules: Tolerances.
        artifacts: Folder that holds what is known of machines' noise.
        rates: How often a gate may be wrong.
    """
    known = cache(lambda machine: read_noise(noise_path(artifacts, machine)))
    tests: list[Test] = []
    exact: list[Finding] = []
    for pair in pairs:
        tolerances = rules.of(pair.cell)
        replayed = seen.replayed.get(pair.cell)
        tests.append(_latency(pair, replayed, tolerance=tolerances.latency, known=known, rates=rates))
        if peaks := _peaks(pair, replayed):
            tests.append(memory_test(pair.cell, peaks, tolerance=tolerances.memory, rates=rates))
        if both := _both_answers(pair):
            names = seen.names.get(pair.candidate.cell.image_size, ())
            tests.append(_top1(pair, both, names, tolerance=tolerances.top1, rates=rates))
        if pair.baseline.model and pair.candidate.model:
            sizes = (pair.baseline.model.size_bytes, pair.candidate.model.size_bytes)
            exact.append(size_finding(pair.cell, sizes, tolerance=tolerances.size))
    order = {pair.cell: place for place, pair in enumerate(pairs)}
    return tuple(sorted((*decide(tests, rates), *exact), key=lambda finding: order[finding.cell]))


def _latency(pair: Pair, seen: Replayed | None, *, tolerance: float, known: KnownNoise, rates: Rates) -> Test:
    if seen:
        return latency_test(pair.cell, seen.log_ratios, seconds=seen.medians, tolerance=tolerance, rates=rates)
    before, after = pair.baseline.latency, pair.candidate.latency
    if before is None or after is None:
        return unmeasured_latency_test(pair.cell, tolerance=tolerance, why="one side has no times")
    seconds = (before.p50_seconds, after.p50_seconds)
    machines = _machines(pair)
    if machines[0] != machines[1]:
        return unmeasured_latency_test(
            pair.cell,
            tolerance=tolerance,
            seconds=seconds,
            why=f"measured on {machines[0]} and on {machines[1]}: times of two machines are no verdict",
        )
    noise = known(machines[0])
    of_cell = noise.cells.get(pair.cell) if noise else None
    scatter = of_cell.run_scatter if of_cell else 0.0
    return stored_latency_test(
        pair.cell,
        seconds,
        scatter=scatter or None,  # times that did not scatter at all were too coarse to learn from
        runs=of_cell.runs if of_cell else 0,
        tolerance=tolerance,
        rates=rates,
    )


def _peaks(pair: Pair, seen: Replayed | None) -> Peaks | None:
    """Returns the peaks of memory that were replayed, or else those that both runs observed on one machine.

    Either way each is of a fresh process, and from one run to another they differ no more than within one.
    """
    if seen:
        return seen.peaks if any(seen.peaks) else None
    before, after = pair.baseline.memory, pair.candidate.memory
    if before is None or after is None or len(set(_machines(pair))) > 1:
        return None
    return before.observed_peak_rss_bytes, after.observed_peak_rss_bytes


def _machines(pair: Pair) -> tuple[str, str]:
    return measured_on([pair.baseline]), measured_on([pair.candidate])


def _top1(pair: Pair, both: BothAnswers, names: Sequence[str], *, tolerance: float, rates: Rates) -> Test:
    before, after = both
    flips = find_flips(
        decode(before.predictions.classes),
        decode(after.predictions.classes),
        truth=decode(after.predictions.truth),
        classes=pair.candidate.dataset.classes,
        names=names,
    )
    return top1_test(pair.cell, flips, tolerance=tolerance, rates=rates)


def _both_answers(pair: Pair) -> BothAnswers | None:
    """Returns the accuracies to judge, or None where there are none: with random weights they mean nothing."""
    before, after = pair.baseline.accuracy, pair.candidate.accuracy
    if before is None or after is None or pair.candidate.cell.has_random_weights:
        return None
    return before, after
