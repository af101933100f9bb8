"""Is each change of a metric called what its evidence says?"""

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from noisegates import a_cell_noise
from reports import a_finding, a_report
from zoobench.errors import Status
from zoobench.judge.evidence import Finding, Flips, Verdict, find_flips
from zoobench.judge.gate.decide import Test as GateTest
from zoobench.judge.gate.decide import (
    decide,
    exact_finding,
    processes_test,
    replay_test,
    samples_test,
    status_of,
    stored_test,
    unmeasured_test,
)
from zoobench.stats.sequential import Rates, replay_until_clear

CELL = "mobilenet-integer_only-litert-t1"
RATES = Rates()
I, U, R, C = Verdict  # noqa: E741
"""Improved, unchanged, regressed, inconclusive."""


def only(test: GateTest, rates: Rates = RATES) -> Finding:
    (finding,) = decide([test], rates)
    return finding


def latency(change: float, *, spread: float = 0.005, count: int = 6) -> Finding:
    """Returns what processes come to that see this change, half of them more of it, half less."""
    units = [math.log1p(change) + spread * (1 if place % 2 else -1) for place in range(count)]
    medians = ([0.010] * count, [0.010 * (1 + change)] * count)
    return only(replay_test(CELL, units, seconds=medians, tolerance=0.05, rates=RATES))


@pytest.mark.parametrize(("change", "verdict"), [(0.2, R), (0.0, U), (0.02, U), (-0.02, U), (-0.2, I), (0.05, C)])
def test_a_change_is_called_by_its_size_against_five_percent(change: float, verdict: Verdict) -> None:
    finding = latency(change)
    assert finding.verdict is verdict
    assert finding.change == pytest.approx(change)
    assert (finding.baseline, finding.candidate) == pytest.approx((0.010, 0.010 * (1 + change)))
    assert (finding.metric, finding.basis, finding.units, finding.tolerance) == ("latency_p50", "replay", 6, 0.05)


def test_units_that_scatter_too_much_are_inconclusive_and_say_what_could_have_been_seen() -> None:
    finding = latency(0.0, spread=0.2)
    assert finding.verdict is C
    assert "give it more time" in finding.remark
    assert finding.smallest_change is not None
    assert finding.smallest_change > 0.3


@pytest.mark.parametrize("count", [0, 1, 5])
def test_too_few_processes_are_inconclusive_and_say_what_to_do(count: int) -> None:
    finding = latency(0.5, count=count)
    assert finding.verdict is C
    assert finding.remark == f"a verdict takes 6 processes, and there was time for {count}: give the gate more"


def test_a_latency_rests_on_the_processes_of_its_last_look() -> None:
    assert latency(0.0, count=7).units == 6


def stored(candidate: float, *, scatter: float = 0.005, runs: int = 20, rates: Rates = RATES) -> Finding:
    noise = a_cell_noise(run_scatter=scatter, runs=runs) if runs else None
    return only(stored_test(CELL, (0.010, candidate), noise=noise, tolerance=0.05, rates=rates), rates)


@pytest.mark.parametrize(("candidate", "verdict"), [(0.012, R), (0.010, U), (0.008, I)])
def test_a_quiet_machine_shows_a_change(candidate: float, verdict: Verdict) -> None:
    assert stored(candidate).verdict is verdict


def test_a_noisy_machine_does_not() -> None:
    """Runs scatter by 5 %, two of them by 7 %: nothing below 5 % + 2.5 * 7 % is significantly more than 5 %."""
    finding = stored(0.012, scatter=0.05)
    assert finding.verdict is C
    assert finding.smallest_change == pytest.approx(math.expm1(math.log(1.05) + 2.539 * 0.05 * math.sqrt(2)), 1e-3)


@pytest.mark.parametrize(("scatter", "runs"), [(0.005, 0), (0.005, 1), (0.0, 20)])
def test_an_unknown_noise_is_inconclusive_and_says_how_to_learn_it(scatter: float, runs: int) -> None:
    finding = stored(0.020, scatter=scatter, runs=runs)
    assert finding.verdict is C
    assert "learn it with `zoobench noise`" in finding.remark
    assert finding.change == pytest.approx(1.0)


@pytest.mark.parametrize("runs", [2, 5])
def test_noise_known_from_few_runs_ends_in_no_overflow(runs: int) -> None:
    finding = stored(0.011, scatter=0.4, runs=runs, rates=Rates(tests=120))
    assert (finding.verdict, finding.smallest_change) == (C, None)


def test_times_that_are_no_evidence_are_shown_with_the_reason() -> None:
    finding = only(unmeasured_test(CELL, tolerance=0.05, why="two machines", seconds=(0.010, 0.020)))
    assert (finding.verdict, finding.remark, finding.change) == (C, "two machines", 1.0)
    finding = only(unmeasured_test(CELL, tolerance=0.05, why="no times"))
    assert (finding.baseline, finding.candidate, finding.change) == (None, None, None)


def memory(baseline: Sequence[float], candidate: Sequence[float]) -> Finding:
    peaks = tuple([round(megabytes * 1e6) for megabytes in side] for side in (baseline, candidate))
    return only(processes_test(CELL, "memory", (peaks[0], peaks[1]), tolerance=0.10, rates=RATES))


@pytest.mark.parametrize(
    ("candidate", "verdict"), [([130, 131, 129], R), ([101, 102, 100], U), ([80, 81, 79], I), ([110, 120, 100], C)]
)
def test_a_peak_is_judged_against_a_tenth(candidate: list[float], verdict: Verdict) -> None:
    assert memory([100, 101, 99], candidate).verdict is verdict


def test_memory_is_students_t_of_two_samples() -> None:
    """Logarithms 0, 0.02 and 0.2, 0.22: difference 0.2, pooled s 0.01 * sqrt(2), error 0.01 * sqrt(2), t(2)."""
    finding = memory(*([100 * math.exp(one) for one in side] for side in ([0, 0.02], [0.2, 0.22])))
    assert finding.change == pytest.approx(math.expm1(0.2))
    assert finding.interval is not None
    assert finding.interval.low == pytest.approx(math.expm1(0.2 - 4.303 * 0.0141421), rel=1e-3)
    assert finding.units == 4


@pytest.mark.parametrize(("baseline", "candidate"), [([], []), ([100], [100]), ([100, 100, 100], [])])
def test_too_few_peaks_are_inconclusive(baseline: list[float], candidate: list[float]) -> None:
    finding = memory(baseline, candidate)
    assert (finding.verdict, finding.remark) == (C, "too few processes reported peak memory")


def top1(changed: Flips, *, tolerance: float = 0.005) -> Finding:
    return only(samples_test(CELL, "top1", changed, tolerance=tolerance, rates=RATES))


def flips(*, wrong: int = 0, right: int = 0, both: int = 0, neither: int = 0) -> Flips:
    """Returns what changed between answers about cats, all samples being of that class."""
    before = [0] * (wrong + both) + [1] * (right + neither)
    after = [1] * wrong + [0] * (both + right) + [1] * neither
    return find_flips(before, after, truth=[0] * len(before), classes=("cat", "dog"))


@pytest.mark.parametrize(
    ("changed", "tolerance", "verdict"),
    [
        (flips(both=90, neither=10), 0.005, U),
        (flips(right=10, both=80, neither=10), 0.005, I),
        (flips(wrong=3, both=97), 0.005, C),  # 3 points, but mid-p is 0.0625
        (flips(wrong=10, both=90), 0.10, U),
        (flips(wrong=1, both=199), 0.005, U),  # just the tolerance
        (flips(wrong=20, right=20, both=60), 0.005, U),
    ],
)
def test_a_loss_is_one_beyond_the_tolerance_and_beyond_chance(
    changed: Flips, tolerance: float, verdict: Verdict
) -> None:
    assert top1(changed, tolerance=tolerance).verdict is verdict


def test_ten_newly_wrong_and_none_newly_right_regress() -> None:
    """Mid-p of 10 to 0 is 0.5 ^ 11."""
    finding = top1(flips(wrong=10, both=80, neither=10))
    assert (finding.verdict, finding.metric) == (R, "top1")
    assert finding.p == pytest.approx(0.5**11)
    assert (finding.baseline, finding.candidate, finding.change) == pytest.approx((0.9, 0.8, -0.1))


def test_a_class_whose_images_are_all_mislabelled_is_named() -> None:
    truth = [0] * 20 + [1] * 20
    finding = top1(find_flips(truth, [0] * 40, truth=truth, classes=("cat", "dog")))
    assert finding.verdict is R
    assert finding.remark.startswith(
        "20 newly wrong, 0 newly right; most of all dog: 100.0 to 0.0 %; newly wrong are sample 20 (dog as cat), "
    )
    assert finding.remark.endswith("sample 24 (dog as cat) and 15 more")
    assert [flip.sample for flip in finding.newly_wrong] == list(range(20, 40))
    assert top1(flips(both=90)).remark == ""


def test_the_smallest_loss_that_would_have_been_called_so_is_given_unless_the_split_is_too_small_for_any() -> None:
    """Mid-p of 6 to 0 is 0.5 ^ 7 = 0.0078, of 5 to 0 it is 0.0156: at 1 % six of 100 are the fewest."""
    assert top1(flips(both=100)).smallest_change == pytest.approx(0.06)
    assert top1(flips(both=5)).smallest_change is None


@pytest.mark.parametrize(
    ("candidate", "tolerance", "verdict"),
    [
        *((1_020_000, 0.01, R), (1_010_001, 0.01, R), (1_010_000, 0.01, U), (1_000_000, 0.01, U), (990_000, 0.01, U)),
        *((980_000, 0.01, I), (1_000_001, 0.0, R), (1_000_000, 0.0, U)),
    ],
)
def test_a_size_is_exact(candidate: int, tolerance: float, verdict: Verdict) -> None:
    finding = exact_finding(CELL, "size", (1_000_000, candidate), tolerance=tolerance)
    assert finding.verdict is verdict
    assert (finding.metric, finding.basis, finding.p, finding.interval) == ("size", "exact", None, None)


@given(st.integers(1, 10**7).map(lambda hundredth: 100 * hundredth))
def test_just_one_percent_of_any_size_is_within_one_percent(baseline: int) -> None:
    assert exact_finding(CELL, "size", (baseline, baseline + baseline // 100), tolerance=0.01).verdict is U


def a_test(p_worse: float, *, p_within: float = 0.0, p_better: float = 1.0) -> GateTest:
    return GateTest(finding=a_finding(verdict=C, p=None), p_worse=p_worse, p_within=p_within, p_better=p_better)


@pytest.mark.parametrize(
    ("test", "alone", "among_twenty"),
    [
        (a_test(0.004, p_within=0.9), R, C),
        (a_test(0.0004, p_within=1.0), R, R),
        (a_test(1.0, p_better=0.004), I, U),
        (a_test(0.001, p_within=0.001), R, U),  # both were found: worse counts
        (a_test(1.0, p_within=0.5, p_better=0.001), C, C),
    ],
)
def test_regressions_and_improvements_share_the_rate_of_their_gate(
    test: GateTest, alone: Verdict, among_twenty: Verdict
) -> None:
    assert only(test).verdict is alone
    first, *others = decide([test, *[a_test(1.0)] * 19], RATES)
    assert first.verdict is among_twenty
    assert first.p == pytest.approx(min(1.0, 20 * test.p_worse))
    assert {finding.verdict for finding in others} == {U}


def test_a_clear_regression_leaves_the_rate_to_the_others() -> None:
    """Holm: 0.006 is the largest of two, so that it counts as it is."""
    findings = decide([a_test(0.0001, p_within=1.0), a_test(0.006, p_within=1.0)], RATES)
    assert [finding.verdict for finding in findings] == [R, R]
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
        assert value > rates.each or finding.verdict is R


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
        return any(finding.verdict is R for finding in decide(tests, rates))

    assert 0 < sum(any_worse() for _ in range(200)) / 200 <= 0.05


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        *(([U], Status.PASSED), ([U, I], Status.PASSED), ([], Status.PASSED), ([U, C], Status.UNDECIDED)),
        *(([U, I, C, R], Status.FAILED), ([R], Status.FAILED), ([R, C], Status.FAILED)),
    ],
)
def test_what_is_unusable_counts_before_a_regression_and_that_before_what_is_not_clear(
    verdicts: list[Verdict], status: Status
) -> None:
    findings = [a_finding(verdict=verdict) for verdict in verdicts]
    assert status_of(verdicts) == a_report(findings=findings).status == status
    assert a_report(findings=findings, problems=["a cell is missing"]).status == Status.UNUSABLE


def test_verdicts_and_statuses_are_those_of_the_documentation() -> None:
    assert tuple(Status) == (0, 1, 2, 3, 70, 74, 129, 130, 143)
    assert [str(verdict) for verdict in Verdict] == ["improved", "unchanged", "regressed", "inconclusive"]
