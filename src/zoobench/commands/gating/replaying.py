"""How are several cells' files replayed until their verdicts are clear? Workers started, retried, given up, counted."""

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from zoobench.errors import MeasurementError
from zoobench.judge.gate.schedule import Budget, Nothing, Rates, replay_until_clear
from zoobench.measure.replay import BASELINE, CANDIDATE, ProcessObservation, ReplayConfig, ReplayTarget, observe
from zoobench.stats.sequential import FIRST_LOOK
from zoobench.system.terminal import progress

Observe = Callable[[ReplayTarget, int], ProcessObservation]


@dataclass(slots=True, kw_only=True)
class Replayed:
    """What the processes of one cell saw.

    Attributes:
        observations: In the order in which they came.
        disturbed: How many processes more there were that did not count: their rounds disagreed too much.
        retries: Why a process was started a second time, each.
        failure: Why the cell was given up; '' where it was not.
    """

    observations: list[ProcessObservation] = field(default_factory=list)
    disturbed: int = 0
    retries: list[str] = field(default_factory=list)
    failure: str = ""

    @property
    def log_ratios(self) -> tuple[float, ...]:
        """The logarithm of candidate / baseline of each process."""
        return tuple(math.log(one.ratio) for one in self.observations)

    @property
    def medians(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Each process's median seconds of the baseline, and of the candidate."""
        return (
            tuple(median(one.baseline_seconds) for one in self.observations),
            tuple(median(one.candidate_seconds) for one in self.observations),
        )

    @property
    def injected(self) -> tuple[float, ...]:
        """Each process's median of what the candidate was made to wait, in seconds."""
        return tuple(median(one.injected_seconds) for one in self.observations)

    @property
    def peaks(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Peaks of memory of the processes that told the baseline's, and of those that told the candidate's."""
        told = [one.peak_rss_bytes for one in self.observations]
        return (
            tuple(one[BASELINE] for one in told if BASELINE in one),
            tuple(one[CANDIDATE] for one in told if CANDIDATE in one),
        )


def replay_cells(
    subjects: Sequence[ReplayTarget],
    tolerances: Mapping[str, float],
    *,
    config: ReplayConfig,
    rates: Rates,
    budget: Budget,
    clock: Callable[[], float] = time.monotonic,
    observe_once: Observe | None = None,
) -> dict[str, Replayed]:
    """Returns what was seen of each cell, by id; shows progress meanwhile.

    A worker that dies, hangs or does not start in time is started once more; a cell whose second one fails too is given
    up, with the reason.

    Args:
        subjects: The cells.
        tolerances: Of latency, by cell id.
        config: How each process measures.
        rates: When a verdict is clear.
        budget: When to stop though it is not.
        clock: Seconds.
        observe_once: Stands in for starting a process, in tests.
    """
    look = observe_once or (lambda subject, index: observe(subject, index=index, config=config))
    by_id = {subject.cell_id: subject for subject in subjects}
    seen = {subject.cell_id: Replayed() for subject in subjects}
    with progress("Replaying", total=FIRST_LOOK * len(subjects)) as advance:

        def replay(cell_id: str, index: int) -> float | Nothing:
            outcome = _persistently(look, by_id[cell_id], index, seen[cell_id])
            counts = isinstance(outcome, float)
            advance(1 if counts and index < FIRST_LOOK else 0, f"{cell_id}, process {index + 1}")
            return outcome

        replay_until_clear(
            {cell_id: tolerances[cell_id] for cell_id in by_id}, replay=replay, rates=rates, budget=budget, clock=clock
        )
    return seen


def _persistently(look: Observe, subject: ReplayTarget, index: int, seen: Replayed) -> float | Nothing:
    """Returns the log ratio that a process saw, of two that may try, if its rounds agree well enough to count."""
    observed, reason = _tried(look, subject, index)
    if observed is None:
        seen.retries.append(reason)
        observed, reason = _tried(look, subject, index)
    if observed is None:
        seen.failure = reason
        return Nothing.GIVEN_UP
    if observed.uncertainty > subject.precision:
        seen.disturbed += 1
        return Nothing.NOT_COUNTED
    seen.observations.append(observed)
    return math.log(observed.ratio)


def _tried(look: Observe, subject: ReplayTarget, index: int) -> tuple[ProcessObservation | None, str]:
    try:
        return look(subject, index), ""
    except MeasurementError as error:
        return None, str(error)
