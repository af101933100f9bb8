"""Is each change of a metric called what its evidence says?"""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisegates import a_cell_noise
from reports import a_finding
from zoobench.errors import Status
from zoobench.judge.evidence import Finding, Flips, Verdict, find_flips
from zoobench.judge.gate.decide import (
    GateReport,
    decide,
    exact_finding,
    processes_test,
    replay_test,
    samples_test,
    status_of,
    stored_test,
    unmeasured_test,
)
from zoobench.judge.gate.decide import Test as GateTest
from zoobench.judge.gate.schedule import Rates, replay_until_clear

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
    return replay_test(CELL, units, seconds=(baseline, candidate), tolerance=0.05, rates=rates)


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
    assert (finding.metric, finding.basis, finding.units, finding.tolerance) == ("latency_p50", "replay", 6, 0.05)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_processes_are_inconclusive_and_say_what_to_do(count: int) -> None:
    finding = only(a_latency(0.5, count=count))
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert finding.remark == f"a verdict takes 6 processes, and there was time for {count}: give the gate more"


def test_a_latency_rests_on_the_processes_of_its_last_look() -> None:
    assert a_latency(0.0, count=7).finding.units == 6


def stored_finding(candidate: float, *, scatter: float | None = 0.005, runs: int = 20) -> Finding:
    noise = None if scatter is None else a_cell_noise(run_scatter=scatter, runs=runs)
    return only(stored_test(CELL, (0.010, candidate), noise=noise, tolerance=0.05, rates=RATES))


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


@pytest.mark.parametrize(("scatter", "runs"), [(None, 0), (0.005, 1), (0.0, 20)])
def test_an_unknown_noise_is_inconclusive_and_says_how_to_learn_it(scatter: float | None, runs: int) -> None:
    finding = stored_finding(0.020, scatter=scatter, runs=runs)
    assert finding.verdict is Verdict.INCONCLUSIVE
    assert "learn it with `zoobench noise`" in finding.remark
    assert finding.change == pytest.approx(1.0)


def test_noise_known_from_few_runs_ends_in_no_overflow() -> None:
    for runs in (2, 5):
        rates = Rates(tests=120)
        noise = a_cell_noise(run_scatter=0.4, runs=runs)
        test = stored_test(CELL, (0.010, 0.011), noise=noise, tolerance=0.05, rates=rates)
        finding = only(test, rates)
        assert (finding.verdict, finding.smallest_change) == (Verdict.INCONCLUSIVE, None)


def test_times_that_are_no_evidence_are_shown_with_the_reason() -> None:
    finding = only(unmeasured_test(CELL, tolerance=0.05, why="two machines", seconds=(0.010, 0.020)))
    assert (finding.verdict, finding.remark, finding.change) == (Verdict.INCONCLUSIVE, "two machines", 1.0)
    finding = only(unmeasured_test(CELL, tolerance=0.05, why="no times"))
    assert (finding.baseline, finding.candidate, finding.change) == (None, None, None)


def memory_finding(baseline: Sequence[float], candidate: Sequence[float]) -> Finding:
    peaks = tuple([round(peak * MEGABYTE) for peak in side] for side in (baseline, candidate))
    return only(processes_test(CELL, "memory", (peaks[0], peaks[1]), tolerance=0.10, rates=RATES))


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
    test = processes_test(
        CELL,
        "memory",
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
    assert (finding.verdict, finding.metric) == (Verdict.INCONCLUSIVE, "memory")
    assert finding.remark == "too few processes reported peak memory"


def top1_finding(changed: Flips, *, tolerance: float = 0.005) -> Finding:
    return only(samples_test(CELL, "top1", changed, tolerance=tolerance, rates=RATES))


def test_no_flip_is_unchanged() -> None:
    finding = top1_finding(flips(both=90, neither=10))
    assert (finding.verdict, finding.metric, finding.change) == (Verdict.UNCHANGED, "top1", 0.0)
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
    assert finding.remark.startswith("20 newly wrong, 20 newly right; newly wrong are ")


def test_a_class_whose_images_are_all_mislabelled_is_named() -> None:
    truth = [0] * 20 + [1] * 20
    found = find_flips(truth, [0] * 40, truth=truth, classes=("cat", "dog"))
    finding = top1_finding(found)
    assert finding.verdict is Verdict.REGRESSED
    assert finding.remark.startswith(
        "20 newly wrong, 0 newly right; most of all dog: 100.0 to 0.0 %; newly wrong are sample 20 (dog as cat), "
    )
    assert finding.remark.endswith("sample 24 (dog as cat) and 15 more")
    assert [flip.sample for flip in finding.newly_wrong] == list(range(20, 40))


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
    finding = exact_finding(CELL, "size", (1_000_000, candidate), tolerance=0.01)
    assert finding.verdict is verdict
    assert (finding.metric, finding.basis, finding.p, finding.interval) == ("size", "exact", None, None)


@given(st.integers(1, 10**7).map(lambda hundredth: 100 * hundredth))
def test_just_one_percent_of_any_size_is_within_one_percent(baseline: int) -> None:
    finding = exact_finding(CELL, "size", (baseline, baseline + baseline // 100), tolerance=0.01)
    assert finding.verdict is Verdict.UNCHANGED


def test_without_tolerance_a_byte_more_is_a_regression() -> None:
    assert exact_finding(CELL, "size", (10**9, 10**9 + 1), tolerance=0.0).verdict is Verdict.REGRESSED
    assert exact_finding(CELL, "size", (10**9, 10**9), tolerance=0.0).verdict is Verdict.UNCHANGED


def a_test(p_worse: float, *, p_within: float = 0.0, p_better: float = 1.0) -> GateTest:
    draft = a_finding(verdict=Verdict.INCONCLUSIVE, p=None)
    return GateTest(finding=draft, p_worse=p_worse, p_within=p_within, p_better=p_better)


def test_what_would_regress_alone_does_not_among_twenty() -> None:
    suspect = a_test(0.004, p_within=0.9)
    assert only(suspect).verdict is Verdict.REGRESSED
    findings = decide([suspect, *[a_test(1.0)] * 19], RATES)
    assert findings[0].verdict is Verdict.INCONCLUSIVE
    assert findings[0].p == pytest.approx(0.08)
    assert {finding.verdict for finding in findings[1:]} == {Verdict.UNCHANGED}


def test_what_is_clear_regresses_among_twenty_too() -> None:
    assert decide([a_test(0.0004, p_within=1.0), *[a_test(1.0)] * 19], RATES)[0].verdict is Verdict.REGRESSED


def test_a_clear_regression_leaves_the_rate_to_the_others() -> None:
    """Holm: 0.006 is the largest of two, so that it counts as it is."""
    findings = decide([a_test(0.0001, p_within=1.0), a_test(0.006, p_within=1.0)], RATES)
    assert [finding.verdict for finding in findings] == [Verdict.REGRESSED] * 2


def test_improvements_share_the_rate_as_regressions_do() -> None:
    lucky = a_test(1.0, p_better=0.004)
    assert only(lucky).verdict is Verdict.IMPROVED
    assert decide([lucky, *[a_test(1.0)] * 19], RATES)[0].verdict is Verdict.UNCHANGED


def test_where_worse_and_within_were_both_found_worse_counts() -> None:
    assert only(a_test(0.001, p_within=0.001)).verdict is Verdict.REGRESSED


def test_what_is_not_surely_within_is_not_called_better() -> None:
    assert only(a_test(1.0, p_within=0.5, p_better=0.001)).verdict is Verdict.INCONCLUSIVE


def test_no_test_has_no_finding() -> None:
    assert decide([], RATES) == ()


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_verdicts_do_not_depend_on_the_order(values: list[float], random: object) -> None:
    order = list(range(len(values)))
    random.shuffle(order)  # type: ignore[attr-defined]
    tests = [a_test(value) for value in values]
    found = [finding.p for finding in decide(tests, RATES)]
    shuffled = [finding.p for finding in decide([tests[place] for place in order], RATES)]
    assert shuffled == [found[place] for place in order]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20))
def test_what_the_schedule_holds_clear_the_verdict_holds_too(values: list[float]) -> None:
    rates = Rates(tests=len(values))
    findings = decide([a_test(value, p_within=1.0) for value in values], rates)
    for value, finding in zip(values, findings, strict=True):
        assert value > rates.each or finding.verdict is Verdict.REGRESSED


def test_a_gate_of_ten_cells_at_the_bound_calls_any_of_them_worse_no_oftener_than_its_rate() -> None:
    """Replayed until clear or twelve processes, then judged together: 200 gates of heavy-tailed units, seeded."""
    random = np.random.default_rng(20261125)
    rates, cells = Rates(error_rate=0.05, tests=10), [f"cell-{number}" for number in range(10)]

    def any_worse() -> bool:
        units = {cell: iter(math.log(1.05) + 0.02 * random.standard_t(3, 12)) for cell in cells}
        seen = replay_until_clear(
            dict.fromkeys(cells, 0.05),
            replay=lambda cell, _: float(next(units[cell])),
            rates=rates,
            seconds=1.0,
            processes=12,
            clock=lambda: 0.0,
        )
        tests = [replay_test(cell, seen[cell], seconds=([], []), tolerance=0.05, rates=rates) for cell in cells]
        return any(finding.verdict is Verdict.REGRESSED for finding in decide(tests, rates))

    assert 0 < sum(any_worse() for _ in range(200)) / 200 <= 0.05


I, R, U, C = Verdict.IMPROVED, Verdict.REGRESSED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE  # noqa: E741


def a_report(problems: Sequence[str] = (), sizes: Sequence[int] = (100,)) -> GateReport:
    return GateReport(
        baseline="main",
        candidate="results.json",
        findings=tuple(exact_finding("a", "size", (100, size), tolerance=0.01) for size in sizes),
        problems=problems,
        environment=(),
        notes=(),
        seconds=1.0,
    )


def test_the_four_exit_statuses_are_those_of_the_documentation() -> None:
    assert tuple(Status) == (0, 1, 2, 3, 130)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([U], Status.PASSED),
        ([U, I], Status.PASSED),
        ([U, C], Status.UNDECIDED),
        ([U, I, C, R], Status.FAILED),
        ([R], Status.FAILED),
        ([R, C], Status.FAILED),
        ([], Status.PASSED),
    ],
)
def test_a_regression_counts_before_what_is_not_clear(verdicts: list[Verdict], status: int) -> None:
    assert status_of(verdicts) == status


def test_a_report_without_problems_has_the_status_of_its_verdicts() -> None:
    assert a_report().status == Status.PASSED
    assert a_report(sizes=[100, 200]).status == Status.FAILED


def test_what_is_unusable_counts_before_what_regressed() -> None:
    assert a_report(problems=["a cell is missing"], sizes=[200]).status == Status.UNUSABLE


def test_a_verdict_is_written_as_its_word() -> None:
    assert [str(verdict) for verdict in Verdict] == ["improved", "unchanged", "regressed", "inconclusive"]
    assert f"{Verdict.REGRESSED}" == "regressed"
