"""Is what became of a metric told with the right sign, interval and verdict?"""

import random
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
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
from zoobench.results.schema import Record, RecordedStartup
from zoobench.stats.paired import PairedAnswers

CELL = a_record().cell.id
IMPROVED, UNCHANGED, REGRESSED, INCONCLUSIVE = Verdict


def found_of(metric: Metric, base: Sequence[Run], new: Sequence[Run]) -> Finding:
    return find(metric, base, new, cell=CELL, seed=0)


def p50(base: list[Run], new: list[Run]) -> Finding:
    return found_of(LATENCY_P50, base, new)


def runs(*seconds: float, speedup: float = 2.5) -> list[Run]:
    return [a_timed_run(one, speedup=speedup) for one in seconds]


def spread(centre: float, *, count: int = 7, seed: int = 0) -> list[float]:
    """Returns the medians of several processes, which differ by a percent."""
    source = random.Random(seed)
    return [centre * source.uniform(0.99, 1.01) for _ in range(count)]


def test_a_change_is_relative_to_the_base() -> None:
    assert relative(4.0, 5.0) == 0.25
    assert relative(4.0, 3.0) == -0.25
    assert relative(4.0, 4.0) == 0
    assert relative(4.0, 0.0) == -1


@pytest.mark.parametrize(
    ("base", "new"), [(None, 1.0), (1.0, None), (0.0, 1.0), (-1.0, 1.0), (1.0, -1.0), (5e-324, 1e308)]
)
def test_a_change_that_is_not_defined_is_none(base: float | None, new: float | None) -> None:
    assert relative(base, new) is None


@pytest.mark.parametrize(
    ("new", "verdict"),
    [(0.006, REGRESSED), (0.003, IMPROVED), (0.0044, INCONCLUSIVE), (0.00401, INCONCLUSIVE), (0.004, UNCHANGED)],
)
def test_two_single_runs_are_judged_only_beyond_what_two_processes_differ_by(new: float, verdict: Verdict) -> None:
    found = p50(runs(0.004), runs(new))
    assert found.change == pytest.approx(new / 0.004 - 1, abs=1e-6)
    assert found.interval is not None
    assert found.interval.low <= found.change <= found.interval.high
    assert (found.basis, found.verdict) == ("rounds", verdict)


@pytest.mark.parametrize(
    ("new", "verdict"),
    [(2.5, UNCHANGED), (2.53, UNCHANGED), (2.6, INCONCLUSIVE), (2.76, INCONCLUSIVE), (2.0, REGRESSED), (3.0, IMPROVED)],
)
def test_the_speed_up_is_better_where_it_is_higher_and_judged_from_ten_per_cent(new: float, verdict: Verdict) -> None:
    found = found_of(SPEEDUP, runs(0.004, speedup=2.5), runs(0.0041, speedup=new))
    assert found.change == pytest.approx(new / 2.5 - 1)
    assert found.verdict == verdict


@pytest.mark.parametrize("new", [0.0025, 0.004, 0.0075])
def test_a_keras_cell_is_not_judged_within_a_factor_of_two_between_single_runs(new: float) -> None:
    keras = a_cell(id=CELL, variant="keras", runtime="keras")
    base, other = ([a_timed_run(one, speedup=0.001 / one, cell=keras)] for one in (0.004, new * 1.0001))
    assert p50(base, other).verdict == found_of(SPEEDUP, base, other).verdict == INCONCLUSIVE
    assert p50(base, [a_timed_run(0.009, cell=keras)]).verdict == REGRESSED


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, UNCHANGED), (1.08, REGRESSED), (0.9, IMPROVED)])
def test_several_runs_are_judged_by_their_own_spread(factor: float, verdict: Verdict) -> None:
    base = spread(0.004)
    found = p50(runs(*base), runs(*spread(factor * 0.004, seed=1)))
    assert (found.basis, found.verdict) == ("processes", verdict)
    assert found.baseline == pytest.approx(median(base), rel=1e-6)


def test_too_few_runs_have_a_change_but_no_interval() -> None:
    found = p50(runs(*spread(0.004)), runs(0.006, 0.0061))
    assert found.change == pytest.approx(0.51, abs=0.02)
    assert (found.interval, found.basis, found.verdict) == (None, None, INCONCLUSIVE)


def started(*seconds: float) -> list[Run]:
    """Returns what one run knows whose fresh processes took this long to open the file, half of it to run it first."""
    phases = [a_phase(*seconds), a_phase(*(one / 2 for one in seconds))]
    startup = RecordedStartup(initialization=phases[0], first_inference=phases[1], threads_started=0)
    return [a_timed_run(seconds[0], startup=startup)]


def held(*peaks: int) -> list[Run]:
    """Returns what one run knows whose fresh processes had these peaks of memory."""
    return [a_timed_run(peaks[0] / 1e10, memory=a_memory(*peaks))]


@pytest.mark.parametrize(("factor", "verdict"), [(1.5, INCONCLUSIVE), (2.1, REGRESSED), (0.4, IMPROVED)])
def test_single_runs_are_judged_by_their_fresh_processes_beyond_what_two_runs_differ_by(
    factor: float, verdict: Verdict
) -> None:
    base, new = spread(0.05, count=6), spread(0.05 * factor, count=6, seed=1)
    for metric in (INITIALIZATION, FIRST_INFERENCE):
        found = found_of(metric, started(*base), started(*new))
        assert found.change == pytest.approx(factor - 1, abs=0.05)
        assert (found.basis, found.verdict) == ("processes", verdict)


@pytest.mark.parametrize(
    ("factor", "verdict"),
    [(1.0, UNCHANGED), (1.005, UNCHANGED), (1.03, REGRESSED), (0.97, IMPROVED), (1.02, INCONCLUSIVE)],
)
def test_a_peak_of_memory_that_moved_by_more_than_a_percent_is_judged(factor: float, verdict: Verdict) -> None:
    peaks = [56_000_000, 56_800_000, 55_200_000, 56_000_000, 56_400_000, 55_600_000]
    found = found_of(MEMORY, held(*peaks), held(*(int(factor * peak) for peak in peaks)))
    assert found.change == pytest.approx(factor - 1, abs=1e-6)
    assert found.verdict == verdict
    assert found.basis == "processes"


def test_too_few_processes_have_a_change_of_memory_but_no_interval() -> None:
    found = found_of(MEMORY, held(50, 50, 50), held(80, 80, 80))
    assert found.change == pytest.approx(0.6)
    assert (found.interval, found.basis, found.verdict) == (None, None, INCONCLUSIVE)


def test_of_several_runs_the_run_is_the_unit() -> None:
    found = found_of(INITIALIZATION, runs(*spread(0.004)), runs(*spread(0.005)))
    assert (found.basis, found.verdict) == ("processes", UNCHANGED)
    moved = [run for factor in spread(1.05) for run in held(int(56e6 * factor))]
    usual = [run for factor in spread(1.00) for run in held(int(56e6 * factor))]
    assert found_of(MEMORY, usual, moved).verdict == REGRESSED


def test_a_record_from_before_memory_was_measured_has_no_change_of_it() -> None:
    found = found_of(MEMORY, [a_timed_run(0.004, memory=None, startup=None)], held(56, 56))
    assert (found.baseline, found.candidate, found.change, found.verdict) == (None, 56, None, None)


def test_the_p90_of_single_runs_has_an_interval_by_order_statistics() -> None:
    found = found_of(LATENCY_P90, runs(0.004), runs(0.006))
    assert found.interval is not None
    assert found.interval.low < 0.5 < found.interval.high
    assert (found.basis, found.verdict) == ("rounds", REGRESSED)


def test_what_one_side_lacks_is_neither_changed_nor_judged() -> None:
    found = found_of(SPEEDUP, runs(0.004), [a_plain_run(**{CELL: [0.004]})])
    assert (found.baseline, found.candidate, found.change, found.verdict) == (2.5, None, None, None)


def test_plain_benchmarks_are_compared_by_their_rounds() -> None:
    base, new = ([a_plain_run(**{CELL: [factor * (1 + k / 1000) for k in range(64)]})] for factor in (1.0, 2.0))
    found = p50(base, new)
    assert found.change == pytest.approx(1.0)
    assert found.verdict == REGRESSED


def recorded(**parts: Any) -> list[Run]:
    return [a_run(a_record(**parts))]


@pytest.mark.parametrize(("new", "verdict"), [(99, IMPROVED), (100, UNCHANGED), (101, REGRESSED)])
def test_a_size_is_exact(new: int, verdict: Verdict) -> None:
    model = a_record().model
    assert model is not None
    base, other = (recorded(model=replace(model, size_bytes=size)) for size in (100, new))
    found = found_of(SIZE, base, other)
    assert (found.verdict, found.basis, found.change) == (verdict, "exact", pytest.approx(new / 100 - 1))


def test_a_loss_has_no_interval_and_is_judged_only_where_nothing_changed() -> None:
    accuracy = a_record().accuracy
    assert accuracy is not None
    base, less = (recorded(accuracy=replace(accuracy, loss=loss)) for loss in (0.5, 0.4))
    assert found_of(LOSS, base, base).verdict is UNCHANGED
    assert found_of(LOSS, base, less).verdict is INCONCLUSIVE
    assert found_of(LOSS, base, recorded(accuracy=None)).verdict is None


def top1(base: Record, new: Record) -> Finding:
    return found_of(TOP1, [a_run(base)], [a_run(new)])


def record(right: str) -> Record:
    return a_record(accuracy=answered(right))


def paired(base: Record, new: Record) -> PairedAnswers | None:
    found = paired_flips(base, new)
    return found.answers if found else None


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


def test_answers_are_paired_sample_by_sample() -> None:
    assert paired(record("++--+"), record("+-+-+")) == PairedAnswers(both=2, newly_wrong=1, newly_right=1, neither=1)


def test_a_change_is_in_points_with_mcnemars_p() -> None:
    found = top1(record("+" * 7 + "-" + "+" * 12), record("-" * 7 + "+" + "+" * 12))
    assert found.change == pytest.approx(-6 / 20)
    assert found.p == pytest.approx(10 / 256)
    assert found.interval is not None
    assert found.interval.low < -0.3 < found.interval.high < 0
    assert (found.basis, found.verdict) == ("samples", INCONCLUSIVE)  # decided when all cells are known


def test_the_same_answers_are_the_same_accuracy() -> None:
    found = top1(record("++-"), record("++-"))
    assert (found.change, found.p, found.verdict) == (0, 1, UNCHANGED)


def test_other_samples_are_not_paired() -> None:
    base, new = record("++-"), record("+++")
    other = replace(new, dataset=replace(new.dataset, sha256="00" * 32))
    assert paired(base, other) is None
    found = top1(base, other)
    assert (found.interval, found.p, found.verdict) == (None, None, INCONCLUSIVE)


def test_other_truths_or_classes_under_the_same_hash_are_not_paired() -> None:
    base = record("++-")
    assert base.accuracy is not None
    given = base.accuracy.predictions
    turned = replace(base.accuracy, predictions=replace(given, classes=given.truth, truth=given.classes))
    assert paired(base, replace(base, accuracy=turned)) is None
    assert paired(base, replace(base, dataset=replace(base.dataset, classes=("cat",)))) is None


def test_another_name_of_the_same_samples_does_not_matter() -> None:
    base = record("++-")
    assert paired(base, replace(base, dataset=replace(base.dataset, name="zoo"))) is not None


def test_random_weights_are_shown_and_not_judged() -> None:
    random = replace(record("---------"), cell=a_cell(weights="random"))
    found = top1(record("+++++++++"), random)
    assert (found.change, found.p, found.verdict) == (-1, None, INCONCLUSIVE)


def test_what_one_side_lacks_is_not_compared() -> None:
    for new in ([a_run(a_record(accuracy=None))], []):
        found = found_of(TOP1, [a_run(record("+-"))], new)
        assert (found.baseline, found.candidate, found.change, found.verdict) == (0.5, None, None, None)


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
