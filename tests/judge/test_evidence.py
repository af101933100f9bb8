"""Is what became of a metric told with the right sign, interval and verdict?"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import a_cell, a_memory, a_phase, a_record
from resultfiles import a_plain_run, a_run, a_timed_run, answered
from zoobench.judge.evidence import Finding, Verdict, find, paired_flips, relative, value_of
from zoobench.judge.metrics import (
    FIRST_INFERENCE,
    INITIALIZATION,
    LATENCY_P50,
    LATENCY_P90,
    LOSS,
    MEMORY,
    METRICS,
    SIZE,
    SPEEDUP,
    TOP1,
    Metric,
)
from zoobench.results.run import Run
from zoobench.results.schema import Record, RecordedModel, RecordedStartup
from zoobench.stats.paired import PairedAnswers

CELL = a_record().cell.id
IMPROVED, UNCHANGED, REGRESSED, INCONCLUSIVE = Verdict


def found_of(metric: Metric, base: Sequence[Run], new: Sequence[Run]) -> Finding:
    return find(metric, base, new, cell=CELL, seed=0)


def p50(base: list[Run], new: list[Run]) -> Finding:
    return found_of(LATENCY_P50, base, new)


def runs(*seconds: float, speedup: float = 2.5) -> list[Run]:
    return [a_timed_run(one, speedup=speedup) for one in seconds]


def spread(centre: float) -> list[float]:
    """Returns the medians of several processes, which differ by a percent."""
    return [centre * (1 + step / 300) for step in (2, -3, 1, 0, 3, -1, -2)]


@pytest.mark.parametrize(
    ("base", "new", "change"),
    [
        *((4.0, 5.0, 0.25), (4.0, 3.0, -0.25), (4.0, 4.0, 0.0), (4.0, 0.0, -1.0)),
        *((None, 1.0, None), (1.0, None, None), (0.0, 1.0, None), (-1.0, 1.0, None), (1.0, -1.0, None)),
        (5e-324, 1e308, None),
    ],
)
def test_a_change_is_relative_to_the_base_and_none_where_it_is_not_defined(
    base: float | None, new: float | None, change: float | None
) -> None:
    assert relative(base, new) == change


def started(*seconds: float) -> list[Run]:
    """Returns a run whose fresh processes took this long to open the file, half of it to run it first."""
    phases = [a_phase(*seconds), a_phase(*(one / 2 for one in seconds))]
    startup = RecordedStartup(initialization=phases[0], first_inference=phases[1], threads_started=0)
    return [a_timed_run(seconds[0], startup=startup)]


def held(*peaks: float) -> list[Run]:
    """Returns a run whose fresh processes had these peaks of memory."""
    return [a_timed_run(peaks[0] / 1e10, memory=a_memory(*map(int, peaks)))]


def held_in_turn(peak: float) -> list[Run]:
    """Returns several runs of one process each."""
    return [run for one in spread(peak) for run in held(one)]


def recorded(**parts: Any) -> list[Run]:
    return [a_run(a_record(**parts))]


def plain(factor: float) -> list[Run]:
    return [a_plain_run(**{CELL: [factor * (1 + k / 1000) for k in range(64)]})]


def with_loss(loss: float) -> list[Run]:
    return recorded(accuracy=replace(answered("+-"), loss=loss))


def with_size(size: int) -> list[Run]:
    return recorded(model=RecordedModel(sha256="ab" * 32, size_bytes=size, float_twin_size_bytes=None))


PEAKS = [56_000_000, 56_800_000, 55_200_000, 56_000_000, 56_400_000, 55_600_000]
AROUND = spread(1.0)


@pytest.mark.parametrize(
    ("metric", "base", "new", "change", "basis", "verdict"),
    [
        # Single runs are judged only beyond what two processes differ by: in time 20 %, in speed-up 10 %.
        (LATENCY_P50, runs(0.004), runs(0.006), 0.5, "rounds", REGRESSED),
        (LATENCY_P50, runs(0.004), runs(0.003), -0.25, "rounds", IMPROVED),
        (LATENCY_P50, runs(0.004), runs(0.0044), 0.1, "rounds", INCONCLUSIVE),
        (LATENCY_P50, runs(0.004), runs(0.00401), 0.0025, "rounds", INCONCLUSIVE),
        (LATENCY_P50, runs(0.004), runs(0.004), 0.0, "rounds", UNCHANGED),
        (LATENCY_P90, runs(0.004), runs(0.006), 0.5, "rounds", REGRESSED),
        (SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=2.5), 0.0, "rounds", UNCHANGED),
        (SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=2.53), 0.012, "rounds", UNCHANGED),
        (SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=2.6), 0.04, "rounds", INCONCLUSIVE),
        (SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=2.76), 0.104, "rounds", INCONCLUSIVE),
        (SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=2.0), -0.2, "rounds", REGRESSED),
        (SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=3.0), 0.2, "rounds", IMPROVED),
        # Fresh processes of single runs: 80 % in startup, 1 % in memory.
        *(
            (metric, started(*AROUND), started(*(factor * one for one in AROUND)), factor - 1, "processes", verdict)
            for metric in (INITIALIZATION, FIRST_INFERENCE)
            for factor, verdict in ((1.5, INCONCLUSIVE), (2.1, REGRESSED), (0.4, IMPROVED))
        ),
        *(
            (MEMORY, held(*PEAKS), held(*(factor * peak for peak in PEAKS)), factor - 1, "processes", verdict)
            for factor, verdict in ((1.0, UNCHANGED), (1.005, UNCHANGED), (1.03, REGRESSED), (0.97, IMPROVED))
        ),
        (MEMORY, held(*PEAKS), held(*(1.02 * peak for peak in PEAKS)), 0.02, "processes", INCONCLUSIVE),
        # Of several runs the run is the unit, and their own spread decides.
        *(
            (LATENCY_P50, runs(*spread(0.004)), runs(*spread(factor * 0.004)), factor - 1, "processes", verdict)
            for factor, verdict in ((1.0, UNCHANGED), (1.08, REGRESSED), (0.9, IMPROVED))
        ),
        (INITIALIZATION, runs(*spread(0.004)), runs(*spread(0.005)), 0.0, "processes", UNCHANGED),
        (MEMORY, held_in_turn(56e6), held_in_turn(58.8e6), 0.05, "processes", REGRESSED),
        # Too few runs or processes have a change but no interval.
        (LATENCY_P50, runs(*[0.004] * 7), runs(0.006, 0.0061), 0.5125, None, INCONCLUSIVE),
        (MEMORY, held(50, 50, 50), held(80, 80, 80), 0.6, None, INCONCLUSIVE),
        # A size is exact, and a loss has no interval.
        (SIZE, with_size(100), with_size(99), -0.01, "exact", IMPROVED),
        (SIZE, with_size(100), with_size(100), 0.0, "exact", UNCHANGED),
        (SIZE, with_size(100), with_size(101), 0.01, "exact", REGRESSED),
        (LOSS, with_loss(0.5), with_loss(0.5), 0.0, None, UNCHANGED),
        (LOSS, with_loss(0.5), with_loss(0.4), -0.2, None, INCONCLUSIVE),
        # Benchmarks that are not ours are compared by their rounds.
        (LATENCY_P50, plain(1.0), plain(2.0), 1.0, "rounds", REGRESSED),
    ],
)
def test_a_change_is_judged_by_what_its_metric_and_runs_allow(
    metric: Metric, base: list[Run], new: list[Run], change: float, basis: str | None, verdict: Verdict
) -> None:
    found = found_of(metric, base, new)
    assert found.change == pytest.approx(change, abs=1e-6)
    assert (found.basis, found.verdict) == (basis, verdict)
    assert (found.interval is None) == (basis is None)
    if found.interval:
        assert found.interval.low <= found.change <= found.interval.high


@pytest.mark.parametrize("new", [0.0025, 0.004, 0.0075])
def test_a_keras_cell_is_not_judged_within_a_factor_of_two_between_single_runs(new: float) -> None:
    keras = a_cell(id=CELL, variant="keras", runtime="keras")
    base, other = ([a_timed_run(one, speedup=0.001 / one, cell=keras)] for one in (0.004, new * 1.0001))
    assert p50(base, other).verdict == found_of(SPEEDUP, base, other).verdict == INCONCLUSIVE
    assert p50(base, [a_timed_run(0.009, cell=keras)]).verdict == REGRESSED


@pytest.mark.parametrize(
    ("metric", "base", "new", "values"),
    [
        (MEMORY, [a_timed_run(0.004, memory=None, startup=None)], held(56, 56), (None, 56)),
        (SPEEDUP, runs(0.004), plain(1.0), (2.5, None)),
        (LOSS, recorded(), recorded(accuracy=None), (0.5, None)),
        (TOP1, recorded(accuracy=answered("+-")), recorded(accuracy=None), (0.5, None)),
        (TOP1, recorded(accuracy=answered("+-")), [], (0.5, None)),
    ],
)
def test_what_one_side_lacks_is_neither_changed_nor_judged(
    metric: Metric, base: list[Run], new: list[Run], values: tuple[float | None, float | None]
) -> None:
    found = found_of(metric, base, new)
    assert (found.baseline, found.candidate, found.change, found.verdict) == (*values, None, None)


def top1(base: Record, new: Record) -> Finding:
    return found_of(TOP1, [a_run(base)], [a_run(new)])


def record(right: str) -> Record:
    return a_record(accuracy=answered(right))


times = st.lists(st.floats(1e-3, 1e-1), min_size=5, max_size=8)


@settings(max_examples=20, deadline=None)
@given(base=times, new=times)
def test_a_change_and_its_verdict_do_not_depend_on_the_unit_of_time(base: list[float], new: list[float]) -> None:
    found = p50(runs(*base), runs(*new))
    scaled = p50(runs(*(8 * one for one in base)), runs(*(8 * one for one in new)))
    assert scaled.change == pytest.approx(found.change)
    assert scaled.verdict == found.verdict


@settings(max_examples=20, deadline=None)
@given(base=times, new=times)
def test_what_is_better_one_way_is_not_better_the_other_way(base: list[float], new: list[float]) -> None:
    there, back = p50(runs(*base), runs(*new)), p50(runs(*new), runs(*base))
    assert there.change is not None
    assert back.change is not None
    assert (1 + there.change) * (1 + back.change) == pytest.approx(1)
    assert {there.verdict, back.verdict} not in ({IMPROVED}, {REGRESSED})


def test_a_change_is_in_points_with_mcnemars_p() -> None:
    found = top1(record("+" * 7 + "-" + "+" * 12), record("-" * 7 + "+" + "+" * 12))
    assert found.change == pytest.approx(-6 / 20)
    assert found.p == pytest.approx(10 / 256)
    assert found.interval is not None
    assert found.interval.low < -0.3 < found.interval.high < 0
    assert (found.basis, found.verdict) == ("samples", INCONCLUSIVE)  # decided when all cells are known


def test_the_same_answers_are_the_same_accuracy_and_of_random_weights_none_is_judged() -> None:
    found = top1(record("++-"), record("++-"))
    assert (found.change, found.p, found.verdict) == (0, 1, UNCHANGED)
    found = top1(record("+++++++++"), replace(record("---------"), cell=a_cell(weights="random")))
    assert (found.change, found.p, found.verdict) == (-1, None, INCONCLUSIVE)


def test_only_answers_to_the_same_samples_are_paired_whatever_they_are_called() -> None:
    base = record("++--+")
    assert base.accuracy is not None
    given = base.accuracy.predictions
    turned = replace(base.accuracy, predictions=replace(given, classes=given.truth, truth=given.classes))
    others = [replace(base.dataset, **changes) for changes in ({"sha256": "00" * 32}, {"classes": ("cat",)})]
    for new in (replace(base, accuracy=turned), *(replace(base, dataset=other) for other in others)):
        assert paired_flips(base, new) is None
        found = top1(base, new)
        assert (found.interval, found.p, found.verdict) == (None, None, INCONCLUSIVE)
    found_flips = paired_flips(base, replace(record("+-+-+"), dataset=replace(base.dataset, name="zoo")))
    assert found_flips is not None
    assert found_flips.answers == PairedAnswers(both=2, newly_wrong=1, newly_right=1, neither=1)


@pytest.mark.parametrize(("count", "p90"), [(63, None), (64, 58.0)])
def test_a_plain_benchmark_has_a_p90_only_from_64_rounds_and_nothing_but_times(count: int, p90: float | None) -> None:
    run = a_plain_run(**{CELL: [float(value) for value in range(1, count + 1)]})
    values = {key: value_of(run, CELL, metric) for key, metric in METRICS.items()}
    assert (values.pop("latency_p50"), values.pop("latency_p90")) == ((1 + count) / 2, p90)
    assert set(values.values()) == {None}


def test_runs_without_a_value_or_with_one_beyond_reckoning_are_left_out() -> None:
    latency = a_record().latency
    assert latency is not None
    huge = replace(latency, p50_seconds=1.7e308)
    side = [*recorded(), *recorded(latency=None), *recorded(latency=huge)]
    assert [value_of(run, CELL, LATENCY_P50) for run in side] == [0.004, None, None]
    assert p50(side, side).baseline == 0.004
