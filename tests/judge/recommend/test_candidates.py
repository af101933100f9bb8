"""Is a cell said to hold, to miss or to be open as its odds are, and is what is no candidate named?"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from choices import a_known_cell, a_machine, limit, some_odds
from zoobench.judge.recommend.candidates import Candidate, all_at_least, candidates_of, state_of
from zoobench.judge.recommend.limits import DROP, MEMORY, P90, SIZE, TOP1
from zoobench.results.schema import Refusal


@pytest.mark.parametrize(
    ("probabilities", "at_least", "state"),
    [
        ((), 1.0, "holds"),
        ((1.0, 0.98, 0.97), 0.95, "holds"),
        ((0.98, 0.96), 0.94, "open"),
        ((0.5, 0.4), 0.0, "open"),
        ((1.0, 0.05), 0.05, "misses"),
        ((1.0, None), None, "open"),
        ((0.01, None), None, "misses"),
    ],
)
def test_nothing_is_assumed_of_how_limits_hang_together(
    probabilities: tuple[float | None, ...], at_least: float | None, state: str
) -> None:
    odds = [some_odds(P90, probability=one) for one in probabilities]
    assert all_at_least(odds) == (None if at_least is None else pytest.approx(at_least))
    assert state_of(odds, confidence=0.95) == state


@settings(deadline=None, max_examples=50)
@given(st.lists(st.floats(0, 1), max_size=6))
def test_all_together_are_never_likelier_than_each(probabilities: list[float]) -> None:
    found = all_at_least([some_odds(P90, probability=one) for one in probabilities])
    assert found is not None
    assert 0 <= found <= min(probabilities, default=1.0) + 1e-12


def test_little_confidence_makes_no_cell_miss_that_may_well_hold() -> None:
    assert state_of([some_odds(P90, probability=0.38)], confidence=0.55) == "open"
    assert state_of([some_odds(P90, probability=0.04)], confidence=0.55) == "misses"


def test_a_miss_that_disturbed_rounds_may_explain_is_open() -> None:
    assert state_of([some_odds(P90, probability=0.0, is_disturbed=True)], confidence=0.95) == "open"
    both = [some_odds(P90, probability=0.0, is_disturbed=True), some_odds(SIZE, probability=0.0)]
    assert state_of(both, confidence=0.95) == "misses"


def test_a_cell_with_all_its_values_is_a_candidate() -> None:
    machine = a_machine(a_known_cell("float32", speedup=1.0, disturbance="waited"))
    (found,), excluded = candidates_of(machine, [limit(SIZE), limit(DROP)], confidence=0.95, noise=None)
    assert (found.state, found.at_least, excluded) == ("holds", 1.0, ())
    assert (found.p50_seconds, found.speedup, found.top1) == (pytest.approx(0.004), pytest.approx(1.0), 0.75)
    assert (found.size_bytes, found.peak_bytes, found.disturbances) == (3_500_000, 60_000_000, ("waited",))


def test_what_was_refused_is_excluded_with_the_reason() -> None:
    machine = a_machine(a_known_cell(refusal=Refusal(by="litert", reason="no such kernel")))
    found, (excluded,) = candidates_of(machine, [], confidence=0.95, noise=None)
    assert (found, excluded.why) == ((), "refused by litert: no such kernel")


def test_random_weights_are_excluded_by_limits_of_accuracy_alone() -> None:
    machine = a_machine(a_known_cell(weights="random"))
    found, (excluded,) = candidates_of(machine, [limit(SIZE), limit(TOP1)], confidence=0.95, noise=None)
    assert not found
    assert excluded.cell == "mobilenet-integer_only-litert-t1"
    assert excluded.why == "random weights: their accuracy means nothing, so that it cannot hold top-1 ≥ 88 %"
    found, none = candidates_of(machine, [limit(SIZE)], confidence=0.95, noise=None)
    assert [one.has_random_weights for one in found] == [True]
    assert not none


def test_the_worst_limit_is_told_first() -> None:
    odds = (
        some_odds(SIZE, value=5.5e6),
        some_odds(P90, value=0.060),
        some_odds(MEMORY, probability=None),
    )
    found = Candidate(cell="x", state="misses", odds=odds, at_least=None)
    assert [one.limit.metric for one in found.beyond] == [P90, SIZE]
    assert [one.limit.metric for one in found.lacking] == [MEMORY]
    assert found.distance == pytest.approx(1.0)
