"""Is each change of a metric called what its evidence says?"""

import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.judge.compare.flipped import Flips, find_flips
from zoobench.judge.gate.gate import LATENCY, MEMORY, SIZE, TOP1, decide
from zoobench.judge.gate.gate import Test as GateTest
from zoobench.judge.gate.metrics import (
    latency_test,
    memory_test,
    size_finding,
    stored_latency_test,
    top1_test,
    unmeasured_latency_test,
)
from zoobench.judge.gate.schedule import Rates
from zoobench.judge.gate.verdict import Finding, Verdict

CELL = "mobilenet-integer_only-litert-t1"
RATES = Rates()
MEGABYTE = 1_000_000


def log_ratios(change: float, *, spread: float = 0.005, count: int = 6) -> list[float]:
    """Returns units around a change, half of them above it, half below."""
    return [math.log1p(change) + spread * (1 if place % 2 else -1) for place in range(count)]


def a_latency(change: float, *, spread: float = 0.005, count: int = 6, rates: Rates = RATES) -> GateTest:
    baseline = [0.010] * count
    candidate = [0.010 * (1 + change)] * count
    units = log_ratios(change, spread=spread, count=count)
    return latency_test(CELL, units, seconds=(baseline, candidate), tolerance=0.05, rates=rates)


def only(test: GateTest, rates: Rates = RATES) -> Finding:
    (finding,) = decide([test], rates)
    return finding


def flips(*, lost: int = 0, won: int = 0, both: int = 0, neither: int = 0) -> Flips:
    """Returns what changed between answers about cats, all samples being of that class."""
    before = [0] * (lost + both) + [1] * (won + neither)
    after = [1] * lost + [0] * (both + won) + [1] * neither
    return find_flips(before, after, truth=[0] * len(before), classes=("cat", "dog"))


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (0.20, Verdict.REGRESSED),
        (0.0, Verdict.UNCHANGED),
        (0.02, Verdict.UNCHANGED),
        (-0.02, Verdict.UNCHANGED),
        (-0.20, Verdict.IMPROVED),
        (0.05, Verdict.INCONCLUSIVE),
    ],
)
def test_a_change_is_called_by_its_size_against_five_percent(change: float, verdict: Verdict) -> None:
    finding = only(a_latency(change))
    assert finding.verdict is verdict
    assert finding.change == pytest.approx(change)


def test_units_that_scatter_too_much_are_inconclusive_and_say_what_could_have_been_seen() -> None:
    finding = only(a_latency(0.0, spread=0.2))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.smallest_change is not None
    assert finding.smallest_change > 0.3


def test_both_medians_are_shown() -> None:
    finding = a_latency(0.20).finding
    assert (finding.baseline, finding.candidate) == pytest.approx((0.010, 0.012))
    assert (finding.metric, finding.method, finding.units, finding.tolerance) == (LATENCY, "replay", 6, 0.05)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_processes_are_inconclusive_and_say_what_to_do(count: int) -> None:
    finding = only(a_latency(0.5, count=count))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.remark == f"a verdict takes 6 processes, and there was time for {count}: give the gate more"


def test_a_latency_rests_on_the_processes_of_its_last_look() -> None:
    assert a_latency(0.0, count=7).finding.units == 6


def stored_finding(candidate: float, *, scatter: float | None = 0.005, runs: int = 20) -> Finding:
    test = stored_latency_test(CELL, (0.010, candidate), scatter=scatter, runs=runs, tolerance=0.05, rates=RATES)
    return only(test)


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [(0.012, Verdict.REGRESSED), (0.010, Verdict.UNCHANGED), (0.008, Verdict.IMPROVED)],
)
def test_a_quiet_machine_tells_a_change(candidate: float, verdict: Verdict) -> None:
    assert stored_finding(candidate).verdict is verdict


def test_a_noisy_machine_does_not() -> None:
    """Runs scatter by 5 %, two of them by 7 %: nothing below 5 % + 2.5 * 7 % is surely more than 5 %."""
    finding = stored_finding(0.012, scatter=0.05)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.smallest_change == pytest.approx(math.expm1(math.log(1.05) + 2.539 * 0.05 * math.sqrt(2)), 1e-3)


@pytest.mark.parametrize(("scatter", "runs"), [(None, 0), (0.005, 1)])
def test_an_unknown_noise_is_inconclusive_and_says_how_to_learn_it(scatter: float | None, runs: int) -> None:
    finding = stored_finding(0.020, scatter=scatter, runs=runs)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "learn it with `zoobench aa`" in finding.remark
    assert finding.change == pytest.approx(1.0)


def test_noise_known_from_few_runs_ends_in_no_overflow() -> None:
    for runs in (2, 5):
        rates = Rates(tests=120)
        test = stored_latency_test(CELL, (0.010, 0.011), scatter=0.4, runs=runs, tolerance=0.05, rates=rates)
        finding = only(test, rates)
        assert (finding.verdict, finding.smallest_change) == (Verdict.INCONCLUSIVE, None)


def test_times_that_are_no_evidence_are_shown_with_the_reason() -> None:
    finding = only(unmeasured_latency_test(CELL, tolerance=0.05, why="two machines", seconds=(0.010, 0.020)))
    assert (finding.verdict, finding.remark, finding.change) == (Verdict.INCONCLUSIVE, "two machines", 1.0)
    finding = only(unmeasured_latency_test(CELL, tolerance=0.05, why="no times"))
    assert (finding.baseline, finding.candidate, finding.change) == (None, None, None)


def memory_finding(baseline: Sequence[float], candidate: Sequence[float]) -> Finding:
    peaks = tuple([round(peak * MEGABYTE) for peak in side] for side in (baseline, candidate))
    return only(memory_test(CELL, (peaks[0], peaks[1]), tolerance=0.10, rates=RATES))


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        ([130, 131, 129], Verdict.REGRESSED),
        ([101, 102, 100], Verdict.UNCHANGED),
        ([80, 81, 79], Verdict.IMPROVED),
        ([110, 120, 100], Verdict.INCONCLUSIVE),
    ],
)
def test_a_peak_is_judged_against_a_tenth(candidate: list[float], verdict: Verdict) -> None:
    assert memory_finding([100, 101, 99], candidate).verdict is verdict


def test_memory_is_students_t_of_two_samples() -> None:
    """Logarithms 0, 0.02 and 0.2, 0.22: difference 0.2, pooled s 0.01 * sqrt(2), error 0.01 * sqrt(2), t(2)."""
    baseline, candidate = ([100 * math.exp(one) for one in side] for side in ([0, 0.02], [0.2, 0.22]))
    test = memory_test(
        CELL,
        ([round(one * MEGABYTE) for one in baseline], [round(one * MEGABYTE) for one in candidate]),
        tolerance=0.10,
        rates=RATES,
    )
    assert test.finding.change == pytest.approx(math.expm1(0.2))
    assert test.finding.interval is not None
    assert test.finding.interval.low == pytest.approx(math.expm1(0.2 - 4.303 * 0.0141421), rel=1e-3)
    assert test.finding.units == 4


@pytest.mark.parametrize(("baseline", "candidate"), [([], []), ([100], [100]), ([100, 100, 100], [])])
def test_too_few_peaks_are_inconclusive(baseline: list[float], candidate: list[float]) -> None:
    finding = memory_finding(baseline, candidate)
    assert (finding.verdict, finding.metric) == (Verdict.INCONCLUSIVE, MEMORY)
    assert finding.remark == "too few processes told their peak of memory"


def top1_finding(changed: Flips, *, tolerance: float = 0.005) -> Finding:
    return only(top1_test(CELL, changed, tolerance=tolerance, rates=RATES))


def test_no_flip_is_unchanged() -> None:
    finding = top1_finding(flips(both=90, neither=10))
    assert (finding.verdict, finding.metric, finding.change) == (Verdict.UNCHANGED, TOP1, 0.0)
    assert finding.remark == ""


def test_ten_lost_and_none_won_regress() -> None:
    """Mid-p of 10 to 0 is 0.5 ^ 11."""
    finding = top1_finding(flips(lost=10, both=80, neither=10))
    assert finding.verdict is Verdict.REGRESSED
    assert finding.p == pytest.approx(0.5**11)
    assert (finding.baseline, finding.candidate, finding.change) == pytest.approx((0.9, 0.8, -0.1))


def test_ten_won_and_none_lost_improve() -> None:
    assert top1_finding(flips(won=10, both=80, neither=10)).verdict is Verdict.IMPROVED


def test_a_loss_beyond_the_tolerance_that_may_be_chance_is_inconclusive() -> None:
    """3 lost and 0 won of 100: 3 points, but mid-p is 0.0625."""
    assert top1_finding(flips(lost=3, both=97)).verdict is Verdict.INCONCLUSIVE


def test_a_sure_loss_within_the_tolerance_is_none() -> None:
    assert top1_finding(flips(lost=10, both=90), tolerance=0.10).verdict is Verdict.UNCHANGED


def test_a_loss_of_just_the_tolerance_is_none() -> None:
    assert top1_finding(flips(lost=1, both=199)).verdict is Verdict.UNCHANGED


def test_as_many_won_as_lost_is_unchanged() -> None:
    finding = top1_finding(flips(lost=20, won=20, both=60))
    assert finding.verdict is Verdict.UNCHANGED
    assert finding.remark.startswith("20 lost, 20 won; lost are ")


def test_a_class_whose_images_are_all_mislabelled_is_named() -> None:
    truth = [0] * 20 + [1] * 20
    found = find_flips(truth, [0] * 40, truth=truth, classes=("cat", "dog"))
    finding = top1_finding(found)
    assert finding.verdict is Verdict.REGRESSED
    assert finding.remark.startswith(
        "20 lost, 0 won; most of all dog: 100.0 to 0.0 %; lost are sample 20 (dog as cat), "
    )
    assert finding.remark.endswith("sample 24 (dog as cat) and 15 more")
    assert [flip.sample for flip in finding.lost] == list(range(20, 40))


def test_the_smallest_loss_that_would_have_been_called_so_is_told() -> None:
    """Mid-p of 6 to 0 is 0.5 ^ 7 = 0.0078, of 5 to 0 it is 0.0156: at 1 % six of 100 are the fewest."""
    assert top1_finding(flips(both=100)).smallest_change == pytest.approx(0.06)


def test_a_test_split_that_is_too_small_could_have_seen_no_loss() -> None:
    assert top1_finding(flips(both=5)).smallest_change is None


@pytest.mark.parametrize(
    ("candidate", "verdict"),
    [
        (1_020_000, Verdict.REGRESSED),
        (1_010_001, Verdict.REGRESSED),
        (1_010_000, Verdict.UNCHANGED),
        (1_005_000, Verdict.UNCHANGED),
        (1_000_000, Verdict.UNCHANGED),
        (990_000, Verdict.UNCHANGED),
        (980_000, Verdict.IMPROVED),
    ],
)
def test_a_size_is_exact_against_one_percent(candidate: int, verdict: Verdict) -> None:
    finding = size_finding(CELL, (1_000_000, candidate), tolerance=0.01)
    assert finding.verdict is verdict
    assert (finding.metric, finding.method, finding.p, finding.interval) == (SIZE, "exact", None, None)


@given(st.integers(1, 10**7).map(lambda hundredth: 100 * hundredth))
def test_just_one_percent_of_any_size_is_within_one_percent(baseline: int) -> None:
    finding = size_finding(CELL, (baseline, baseline + baseline // 100), tolerance=0.01)
    assert finding.verdict is Verdict.UNCHANGED


def test_without_tolerance_a_byte_more_is_a_regression() -> None:
    assert size_finding(CELL, (10**9, 10**9 + 1), tolerance=0.0).verdict is Verdict.REGRESSED
    assert size_finding(CELL, (10**9, 10**9), tolerance=0.0).verdict is Verdict.UNCHANGED
