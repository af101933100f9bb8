"""How long does one invocation take, and how does that compare with the float twin at the same moment?"""

import statistics
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from zoobench.measure.disturbance import Clock, Sampler
from zoobench.measure.runtimes import Session, open_session
from zoobench.measure.target import Samples, Target
from zoobench.measure.worker import first_patience, later_patience
from zoobench.results.schema import RecordedDisturbance, RecordedLatency, Speedup
from zoobench.system.keeper import watched
from zoobench.system.terminal import capture_native_output, say
from zoobench.system.units import duration

WARMUP_ROUNDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundsConfig:
    """How many rounds are timed.

    As many as fit in `seconds`, but at least `least` and at most `most`. By the early-stopping rule of MLPerf 64
    samples are the fewest that support a 90th percentile.
    """

    seconds: float = 10.0
    least: int = 64
    most: int = 200

    def number(self, round_seconds: float) -> int:
        """Returns the number of rounds for rounds of a length."""
        return int(min(self.most, max(self.least, self.seconds / max(round_seconds, 1e-9))))


def measure_latency(
    target: Target, twin: Target, reference: Target | None = None, *, benchmark: Any, rounds: RoundsConfig
) -> RecordedLatency | None:
    """Times a cell's rounds on pytest-benchmark's clock, those of its float twin and of its reference in between.

    Returns:
        The latency with what else happened meanwhile, not judged yet; None under `--benchmark-disable`, where each
        target runs once and nothing is timed.
    """
    sampler = Sampler()
    opening_seconds = sum(
        first_patience(one.file.path, runtime=one.cell.runtime) for one in (target, twin, reference) if one
    )
    with ExitStack() as stack, watched(f"timing {target.cell.id}") as within:
        within(opening_seconds)
        with capture_native_output():
            session, *others = (stack.enter_context(opened(one)) for one in (target, twin, reference) if one)
        running = Interleaving(
            cell=session, twin=others[0], samples=target.samples, reference=others[1] if reference else None
        )
        round_seconds = 0.0 if benchmark.disabled else running.warm_up(WARMUP_ROUNDS)
        number = 1 if benchmark.disabled else _planned(rounds, round_seconds, target, files=1 + len(others))
        within(opening_seconds + later_patience(number * round_seconds))
        running.sampler = sampler
        sampler.begin()
        benchmark.pedantic(running.invoke, setup=running.before, teardown=running.after, rounds=number)
        disturbance = sampler.end()
    if benchmark.stats is None:
        return None
    seconds = benchmark.stats.stats.data
    # --benchmark-cprofile runs the target once more, and the twin perhaps with it
    first = slice(len(seconds))
    return recorded_latency(
        seconds,
        twin=(twin.cell.id, running.twin_seconds[first]),
        reference=(reference.cell.id, running.reference_seconds[first]) if reference else None,
        threads_reported=getattr(session, "threads_reported", None),
        disturbance=disturbance,
    )


def _planned(rounds: RoundsConfig, round_seconds: float, target: Target, *, files: int) -> int:
    """Returns the number of rounds and says it before they are timed: meanwhile nothing is printed."""
    number = rounds.number(round_seconds)
    lasting = duration(number * round_seconds)
    text = f"{target.cell.id}: timing {files} x {number} rounds, {lasting}, quiet on purpose"
    say(text, error=True)
    return number


@contextmanager
def opened(target: Target) -> Iterator[Session]:
    """Opens a file and runs its first invocation; what both take is asked of fresh processes, see `startup`."""
    cell, file = target.cell, target.file
    with open_session(file.path, runtime=cell.runtime, threads=cell.threads, interface=file.interface) as session:
        session.load(target.samples.images(0, 1))
        session.invoke()
        yield session


@dataclass(slots=True, kw_only=True)
class Interleaving:
    """The rounds of a cell with those that it is held against in between, in alternating order.

    Made for `benchmark.pedantic(target=i.invoke, setup=i.before, teardown=i.after)`: only `invoke` is on its clock.
    Each round runs all on one sample; even rounds run the others first, odd rounds last. Where the model in the
    processor's caches changes, one untimed invocation comes first, so that what is timed is the steady state of each:
    without it, a 2 ms int8 cell was found 3.5 % slower beside its twin than alone, with it half of that.

    Attributes:
        reference: The session of the same file on the runtime that others are held against, if that is another one.
        samples: Each round takes the next, from the first again after the last.
        clock: Nanoseconds.
        sampler: Is told of every round that counts, and may look at the machine before it.
    """

    cell: Session
    twin: Session
    samples: Samples
    reference: Session | None = None
    clock: Clock = time.perf_counter_ns
    sampler: Sampler | None = None
    twin_seconds: list[float] = field(default_factory=list)
    reference_seconds: list[float] = field(default_factory=list)
    _round: int = 0
    _warm: Session | None = None

    def before(self) -> None:
        """Loads the next sample, and on even rounds runs the others on it; then the cell is ready to be timed."""
        if self.sampler and self.sampler.round_begins():
            self._warm = None
        position = self._round % len(self.samples)
        image = self.samples.images(position, position + 1)
        self.cell.load(image)
        self.twin.load(image)
        if self.reference:
            self.reference.load(image)
        if self._round % 2 == 0:
            self._run_others()
        self._settle(self.cell)

    def invoke(self) -> None:
        """Runs the cell."""
        self.cell.invoke()

    def after(self) -> None:
        """On odd rounds runs the others."""
        if self._round % 2 == 1:
            self._run_others()
        self._round += 1

    def warm_up(self, rounds: int) -> float:
        """Runs whole rounds, keeps nothing of them, and returns the median length of one in seconds."""
        lengths = []
        for _ in range(rounds):
            began = self.clock()
            self.before()
            self.invoke()
            self.after()
            lengths.append((self.clock() - began) / 1e9)
        self._round = 0
        self.twin_seconds.clear()
        self.reference_seconds.clear()
        return statistics.median(lengths)

    def _run_others(self) -> None:
        self.twin_seconds.append(self._seconds(self.twin))
        if self.reference:
            self.reference_seconds.append(self._seconds(self.reference))

    def _seconds(self, session: Session) -> float:
        self._settle(session)
        began = self.clock()
        session.invoke()
        return (self.clock() - began) / 1e9

    def _settle(self, session: Session) -> None:
        if self._warm is not session:
            session.invoke()
        self._warm = session


def recorded_latency(
    seconds: Sequence[float],
    *,
    twin: tuple[str, Sequence[float]],
    reference: tuple[str, Sequence[float]] | None = None,
    threads_reported: int | None = None,
    disturbance: RecordedDisturbance | None = None,
) -> RecordedLatency:
    """Returns the latency to record.

    Args:
        seconds: Each round's invocation.
        twin: Id of the float twin, and its invocation on the same sample in the same round.
        reference: The same of the same file on the runtime that others are held against; None for its own.
        threads_reported: On how many threads the runtime says that it runs; None where it does not tell.
        disturbance: What else happened.
    """
    from zoobench.stats.intervals import percentile, percentile_interval  # SciPy: a plan of rounds does without

    interval = percentile_interval(seconds, 0.50)
    return RecordedLatency(
        p50_seconds=statistics.median(seconds),
        p50_interval=None if interval is None else (interval.low, interval.high),
        p90_seconds=percentile(seconds, 0.90),
        mean_seconds=statistics.fmean(seconds),
        samples=len(seconds),
        speedup_over_float=_speedup(seconds, *twin),
        speedup_over_reference=_speedup(seconds, *reference) if reference else None,
        threads_reported=threads_reported,
        disturbance=disturbance,
    )


def _speedup(seconds: Sequence[float], twin: str, twin_seconds: Sequence[float]) -> Speedup | None:
    """Returns the paired speed-up, or None where there are too few rounds for its interval."""
    from zoobench.stats.intervals import percentile_interval

    ratios = [theirs / own for own, theirs in zip(seconds, twin_seconds, strict=True)]
    interval = percentile_interval(ratios, 0.50)
    if interval is None:
        return None
    return Speedup(twin=twin, point=statistics.median(ratios), interval=(interval.low, interval.high))
