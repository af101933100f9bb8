"""Cells of which it is told what a machine's results know, for the tests of limits, fronts and choices."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import Any

from hypothesis import strategies as st

from fakes import a_cell
from resultfiles import rounds_around
from zoobench.judge.gate.noise import CellNoise, Noise
from zoobench.judge.readings import CellTiming, TimedRun
from zoobench.judge.recommend.cells import KnownCell, KnownMachine
from zoobench.judge.recommend.limits import LIMITED, Limit, parse_limit
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.results.answers import Answers
from zoobench.stats.intervals import Interval, percentile, percentile_interval

TWIN = "mobilenet-float32-litert-t1"


def a_timed_run(
    rounds: Sequence[float], *, speedup: float | None = None, twin: str = TWIN, within: float = 0.01, **changes: Any
) -> TimedRun:
    """Returns what a process found that took these rounds; its speed-up is sure to a share of it either way."""
    around = Interval(low=speedup / (1 + within), high=speedup * (1 + within)) if speedup else None
    usual: dict[str, Any] = {
        "p50_seconds": median(rounds),
        "p50_interval": percentile_interval(rounds, 0.50),
        "p90_seconds": percentile(rounds, 0.90),
        "rounds": tuple(rounds),
        "speedup": speedup,
        "speedup_interval": around,
        "twin": twin if speedup else None,
    }
    return TimedRun(**{**usual, **changes})


def answers(right: str) -> Answers:
    """Returns answers that were right (`+`) and wrong (`-`) in this order."""
    count = len(right)
    return Answers(predicted=tuple(map("+-".index, right)), probability=(1.0,) * count, truth=(0,) * count)


def a_known_cell(
    variant: str = "integer_only",
    *,
    seconds: float | Sequence[float] | None = 0.004,
    speedup: float | None = None,
    right: str | None = "+++-",
    runtime: str = "litert",
    threads: int = 1,
    weights: str = "imagenet",
    backbone: str = "mobilenet",
    runs: Sequence[TimedRun] | None = None,
    disturbance: str = "",
    peaks: tuple[int, ...] = (60_000_000, 60_100_000, 59_900_000),
    **changes: Any,
) -> KnownCell:
    """Returns a cell that one process for each of `seconds` timed, in rounds of about as many, or in these `runs`."""
    times = () if seconds is None else (seconds,) if isinstance(seconds, float) else tuple(seconds)
    timed = [a_timed_run(rounds_around(one), speedup=speedup) for one in times] if runs is None else runs
    usual: dict[str, Any] = {
        "recorded": a_cell(backbone=backbone, variant=variant, runtime=runtime, threads=threads, weights=weights),
        "timing": CellTiming(runs=tuple(replace(one, disturbance=disturbance) for one in timed)),
        "answered": answers(right) if right else None,
        "size_bytes": 3_500_000,
        "observed": {"memory": (peaks,)} if peaks else {},
    }
    return KnownCell(**{**usual, **changes})


def a_machine(*cells: KnownCell, name: str = "AMD EPYC, 2 cores") -> KnownMachine:
    return KnownMachine(name=name, files=("results.json",), cells={one.id: one for one in cells})


def learned(cell: str, *, run_scatter: float = 0.04, runs: int = 9) -> Noise:
    """Returns what was learned of a machine and one cell."""
    of_cell = CellNoise(
        run_scatter=run_scatter,
        runs=runs,
        process_scatter=0.01,
        processes=54,
        error_rate=0.01,
        replay_tolerance=0.02,
        stored_tolerance=0.2,
    )
    return Noise(machine="amd-epyc-2c", cells={cell: of_cell})


def limit(metric: str, text: str | None = None) -> Limit:
    return parse_limit(metric, text or LIMITED[metric].example)


def a_probability(
    metric: str, *, value: float | None = None, probability: float | None = 0.5, **changes: Any
) -> LimitProbability:
    """Returns what is known of the example of a limit."""
    return LimitProbability(limit=limit(metric), value=value, probability=probability, why="told", **changes)


def any_cell(variant: str) -> st.SearchStrategy[KnownCell]:
    """Returns cells whose values are often near each other."""

    def made(seconds: float, speedup: float | None, right: str, size: int, disturbed: bool) -> KnownCell:
        runs = (a_timed_run(rounds_around(seconds), speedup=speedup),)
        disturbance = "waited" if disturbed else ""
        return a_known_cell(variant, runs=runs, right=right, size_bytes=size, disturbance=disturbance)

    return st.builds(
        made,
        st.floats(0.003, 0.006),
        st.none() | st.floats(1.5, 3.0),
        st.lists(st.sampled_from("+++-"), min_size=30, max_size=30).map("".join),
        st.integers(1, 3),
        st.booleans(),
    )
