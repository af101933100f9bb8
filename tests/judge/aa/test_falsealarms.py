"""Does one report answer all that gates of identical files can be asked?"""

from dataclasses import replace

import pytest

from aagates import a_cell_of, a_gate_of, simulated
from aareports import OF_BOTH, OF_SLOWED, OF_TRUE, TRUE, report
from zoobench.judge.aa.falsealarms import CURVE, AAReport, Detection
from zoobench.judge.aa.storedruns import PLAIN


def detection(found: AAReport, slowdown: float) -> Detection:
    (one,) = (one for one in found.detections if one.slowdown == slowdown)
    return one


def test_true_and_slowed_gates_are_told_apart() -> None:
    found = OF_BOTH
    assert [one.slowdown for one in found.detections] == [0.0, 0.05]
    true, slowed = (detection(found, share).real for share in (0.0, 0.05))
    assert true is not None
    assert slowed is not None
    assert (true.gates, true.regressed) == (12, 0)
    assert (slowed.gates, slowed.caught) == (5, 5)


def test_slowed_gates_are_drawn_from_true_ones_in_arithmetic_and_from_real_slowed_ones() -> None:
    slowed = detection(OF_BOTH, 0.05)
    assert slowed.resampled is not None
    assert slowed.resampled_slowed is not None
    assert slowed.resampled.caught == slowed.resampled_slowed.caught == 100


def test_true_gates_are_not_said_to_be_drawn_from_slowed_ones() -> None:
    assert detection(OF_TRUE, 0.0).resampled_slowed is None


def test_gates_with_a_slow_down_teach_nothing_about_noise() -> None:
    wild = tuple(simulated(5, scatter=0.3, slowdown=0.05, seed=3))
    assert report([*TRUE, *wild]).learned == OF_TRUE.learned


def test_without_true_gates_only_how_gates_ended_is_told() -> None:
    found = OF_SLOWED
    assert (found.learned, found.stored) == (None, ())
    slowed = detection(found, 0.05)
    assert slowed.real is not None
    assert slowed.resampled is None


def test_the_curve_goes_from_nothing_to_everything() -> None:
    learned = OF_TRUE.learned
    assert learned is not None
    assert tuple(learned.curve) == CURVE
    assert learned.curve[0.0].caught == 0
    assert learned.curve[0.08].caught == 100


def test_gates_drawn_at_the_proposed_tolerances_end_clear() -> None:
    learned = OF_TRUE.learned
    assert learned is not None
    assert learned.at_proposed.regressed <= 1
    assert learned.at_proposed.inconclusive <= 5


def test_the_stored_methods_are_asked_about_true_and_slowed_runs() -> None:
    plain = {one.slowdown: one for one in OF_BOTH.stored if one.method == PLAIN}
    assert {slowdown: one.runs for slowdown, one in plain.items()} == {0.0: 11 * 6, 0.05: 5 * 6}


def test_drawn_gates_have_the_processes_that_a_real_ones_seconds_are_enough_for() -> None:
    assert report(TRUE, seconds=60.0).resampling.affordable == 60  # a second each
    slower = [replace(gate, seconds=2 * gate.seconds) for gate in TRUE]
    assert report(slower, seconds=60.0).resampling.affordable == 30


def test_what_was_left_out_or_cut_short_is_told() -> None:
    other = a_gate_of({"c": a_cell_of([0.0] * 6)})
    short = a_gate_of({"a": a_cell_of([0.0] * 6), "b": a_cell_of([])})
    notes = report([*TRUE, other, short]).notes
    assert "left out: 1 kept gates of other cells" in notes
    assert any(note.startswith("1 gates ended before every cell had its first 6 processes") for note in notes)


@pytest.mark.parametrize(("cpu", "told"), [("one", 0), ("another", 1)])
def test_gates_of_several_environments_are_told(cpu: str, told: int) -> None:
    notes = report([*TRUE, replace(TRUE[0], environment={"cpu": cpu})]).notes
    assert sum("environments" in note for note in notes) == told
