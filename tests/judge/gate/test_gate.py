"""Is each change called what its evidence says, among all the others that were asked about?"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports import a_finding
from zoobench.judge.gate.gate import Test as GateTest
from zoobench.judge.gate.gate import decide
from zoobench.judge.gate.metrics import (
    latency_test,
)
from zoobench.judge.gate.schedule import Budget, Rates, replay_until_clear
from zoobench.judge.gate.verdict import Finding, Verdict

CELL = "mobilenet-integer_only-litert-t1"
RATES = Rates()
MEGABYTE = 1_000_000


def only(test: GateTest, rates: Rates = RATES) -> Finding:
    (finding,) = decide([test], rates)
    return finding


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
            budget=Budget(seconds=1.0, processes=12),
            clock=lambda: 0.0,
        )
        tests = [latency_test(cell, seen[cell], seconds=([], []), tolerance=0.05, rates=rates) for cell in cells]
        return any(finding.verdict is Verdict.REGRESSED for finding in decide(tests, rates))

    assert 0 < sum(any_worse() for _ in range(200)) / 200 <= 0.05
