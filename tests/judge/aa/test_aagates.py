"""Do kept gates of identical files come together rightly, and is counted what happened?"""

import pytest

from aagates import TOLERANCE, a_cell_of, a_gate_of
from zoobench.judge.aa.aagates import Outcomes, choose, count_outcomes
from zoobench.judge.aa.aarecord import AAGate

CALM = [0.0] * 6
ASKED = {"a": TOLERANCE, "b": TOLERANCE}


def gate(first: str = "unchanged", second: str = "unchanged", *, memory: str = "unchanged") -> AAGate:
    return a_gate_of({"a": a_cell_of(CALM, latency=first), "b": a_cell_of(CALM, latency=second, memory=memory)})


def outcomes(*gates: AAGate) -> Outcomes:
    found = count_outcomes(gates)
    assert found is not None
    return found


def test_a_gate_counts_once_however_many_of_its_cells_regressed() -> None:
    found = outcomes(gate("regressed", "regressed"), gate("regressed"), gate())
    assert (found.gates, found.regressed, found.caught, found.caught_everywhere) == (3, 2, 2, 1)
    assert found.caught_by_cell == {"a": 2, "b": 1}


def test_memory_that_is_called_regressed_is_a_false_alarm_but_catches_no_slow_down() -> None:
    found = outcomes(gate(memory="regressed"), gate())
    assert (found.regressed, found.caught) == (1, 0)


def test_improved_and_inconclusive_are_counted_where_nothing_regressed() -> None:
    found = outcomes(gate("improved"), gate("inconclusive"), gate("regressed", "inconclusive"))
    assert (found.regressed, found.improved, found.inconclusive) == (1, 1, 1)


def test_a_cell_that_could_not_be_replayed_is_counted() -> None:
    assert outcomes(gate(), a_gate_of({"a": a_cell_of([], failure="it died"), "b": a_cell_of(CALM)})).failed == 1


def test_processes_are_counted_for_a_cell_on_average() -> None:
    found = outcomes(a_gate_of({"a": a_cell_of([0.0] * 6), "b": a_cell_of([0.0] * 10, disturbed=3)}))
    assert (found.processes, found.disturbed) == (8, 1.5)


def test_the_interval_is_wilsons() -> None:
    found = outcomes(*(gate() for _ in range(20))).interval(0)
    assert (found.low, found.high) == pytest.approx((0.0, 0.1611), abs=5e-5)  # Newcombe 1998, table I


def test_of_no_gates_nothing_is_counted() -> None:
    assert count_outcomes([]) is None


def test_gates_of_other_cells_or_tolerances_are_left_out_and_told() -> None:
    other_cells = a_gate_of({"a": a_cell_of(CALM)})
    other_tolerance = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of(CALM)}, tolerance=0.05)
    choice = choose([gate(), other_cells, other_tolerance, gate()], ASKED)
    assert len(choice.gates) == 2
    assert choice.left_out == (
        "left out: 1 kept gates of other cells",
        "left out: 1 kept gates of other tolerances",
    )


def test_gates_whose_error_rate_was_shared_among_another_number_of_tests_than_the_newests_are_left_out() -> None:
    older = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of(CALM)}, tests=6)
    newer = gate()
    choice = choose([newer, older], ASKED)
    assert choice.gates == (newer,)
    assert choice.left_out == ("left out: 1 kept gates of another number of tests",)


def test_gates_stand_by_time_and_slow_down() -> None:
    cells = {"a": a_cell_of(CALM), "b": a_cell_of(CALM)}
    first, second, third = (a_gate_of(cells, slowdown=share) for share in (0.05, 0.0, 0.05))
    choice = choose([third, second, first], ASKED)
    assert choice.gates == (first, second, third)
    assert choice.slowdowns == (0.0, 0.05)
    assert choice.slowed(0.05) == (first, third)


def test_a_gate_that_ended_before_every_cells_first_look_tells_nothing_of_processes() -> None:
    short = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of([0.0] * 5)})
    failed = a_gate_of({"a": a_cell_of(CALM), "b": a_cell_of(CALM, failure="it died")})
    choice = choose([short, failed], ASKED)
    assert (len(choice.slowed(0.0)), len(choice.telling(0.0))) == (2, 0)
