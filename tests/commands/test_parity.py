"""Do the ways of timing a file take turns fairly, and does one that fails neither stop nor bend the rest?"""

from collections import Counter
from collections.abc import Callable
from itertools import count, pairwise
from pathlib import Path

import pytest

from parities import SUBJECT
from zoobench.commands.parity import compare_ways, order, shown
from zoobench.commands.paritying.paritysubject import ParityRequest
from zoobench.commands.paritying.parityways import Turn, Way
from zoobench.errors import MeasurementError
from zoobench.judge.parity import LeftOutPath
from zoobench.measure.disturbance import Mark
from zoobench.measure.programs import Dose

REQUEST = ParityRequest(cell="a", artifacts=Path(), images=None, threads=None, turns=4, seconds=0.5)


def quiet() -> Mark:
    return Mark(at=0.0, busy=0.0, ours=0.0)


class Scripted:
    """Ways that answer with times of their own, some of them phases, and fail when they are told to."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, Dose]] = []

    def way(self, name: str, seconds: float, *, fails_from: int | None = None, phases: bool = False) -> Way:
        def take(dose: Dose, patience: float) -> Turn:
            self.taken.append((name, dose))
            assert patience > 100
            if fails_from is not None and sum(one == name for one, _ in self.taken) >= fails_from:
                raise MeasurementError(f"{name} broke")
            halves = dict.fromkeys(("decode", "resize", "load", "invoke", "read"), seconds / 5)
            return Turn(seconds=seconds, phases=halves if phases else {})

        return Way(name=name, what=f"what {name} does", take=take)


def test_over_twice_as_many_turns_as_ways_each_stands_everywhere_and_before_each_neighbour_as_often_as_after() -> None:
    turns = [order(3, turn) for turn in range(6)]
    assert turns[:4] == [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]]
    for place in range(3):
        assert Counter(turn[place] for turn in turns) == {0: 2, 1: 2, 2: 2}
    neighbours = Counter(pair for turn in turns for pair in pairwise(turn))
    assert all(neighbours[pair] == neighbours[pair[::-1]] for pair in neighbours)


def test_every_way_takes_every_turn_with_the_same_number_of_runs() -> None:
    scripted = Scripted()
    found = compare_ways(
        SUBJECT, [scripted.way("litert", 0.010), scripted.way("other", 0.020)], request=REQUEST, marking=quiet
    )
    assert Counter(name for name, _ in scripted.taken[1:]) == {"litert": 4, "other": 4}
    assert {dose for _, dose in scripted.taken[1:]} == {Dose(warmups=10, runs=50)}  # 0.5 s of 10 ms
    assert [(one.name, one.turns) for one in found.paths] == [("litert", (0.010,) * 4), ("other", (0.020,) * 4)]
    assert (found.effort.turns, found.effort.runs) == (4, 50)


def test_very_short_and_very_long_invocations_are_timed_neither_endlessly_nor_hardly_ever() -> None:
    for seconds, runs in ((1e-6, 400), (2.0, 20)):
        found = compare_ways(SUBJECT, [Scripted().way("litert", seconds)], request=REQUEST, marking=quiet)
        assert found.effort.runs == runs


def test_a_way_that_fails_is_left_out_with_its_reason_and_asked_no_more() -> None:
    scripted = Scripted()
    ways = [scripted.way("litert", 0.01), scripted.way("frail", 0.01, fails_from=2), scripted.way("other", 0.01)]
    absent = [LeftOutPath(name="benchmark_app", reason="it is not installed")]
    found = compare_ways(SUBJECT, ways, request=REQUEST, marking=quiet, absent=absent)
    assert [one.name for one in found.paths] == ["litert", "other"]
    assert found.left_out == (*absent, LeftOutPath(name="frail", reason="frail broke"))
    assert sum(name == "frail" for name, _ in scripted.taken) == 2


def test_if_what_all_are_held_against_fails_there_is_nothing_to_say() -> None:
    with pytest.raises(MeasurementError, match="litert broke"):
        compare_ways(SUBJECT, [Scripted().way("litert", 0.01, fails_from=3)], request=REQUEST, marking=quiet)


def crowded_at(*turns: int, ways: int) -> Callable[[], Mark]:
    """Returns marks, two for each way and turn; in these turns others keep both processors busy, else none."""
    marks = count()

    def marking() -> Mark:
        number = next(marks)
        is_after, turn = number % 2, number // (2 * ways)
        return Mark(at=float(is_after), busy=100.0 * is_after * (turn in turns), ours=0.0)

    return marking


def test_turns_in_which_others_kept_the_machine_busy_are_taken_again() -> None:
    scripted = Scripted()
    ways = [scripted.way("litert", 0.01), scripted.way("other", 0.01)]
    found = compare_ways(SUBJECT, ways, request=REQUEST, marking=crowded_at(1, 2, ways=2))
    assert (found.effort.turns, found.effort.retaken, found.effort.crowded) == (4, 2, 0)
    assert len(scripted.taken) == 1 + 6 * 2
    assert [len(path.turns) for path in found.paths] == [4, 4]


def test_where_it_is_never_quiet_the_least_disturbed_turns_count_and_that_is_told() -> None:
    found = compare_ways(
        SUBJECT, [Scripted().way("litert", 0.01)], request=REQUEST, marking=crowded_at(*range(1, 8), ways=1)
    )
    assert (found.effort.turns, found.effort.retaken, found.effort.crowded) == (4, 4, 3)
    assert "In 3 of the 4 turns OTHER PROCESSES KEPT THE PROCESSORS BUSY" in shown(found, form="text")


def test_phases_are_told_by_turn_in_their_order() -> None:
    scripted = Scripted()
    ways = [scripted.way("litert", 0.01), scripted.way("end to end", 0.05, phases=True)]
    found = compare_ways(SUBJECT, ways, request=REQUEST, marking=quiet)
    assert list(found.phases) == ["decode", "resize", "load", "invoke", "read"]
    assert found.phases["decode"] == pytest.approx((0.01,) * 4)
    assert compare_ways(SUBJECT, ways[:1], request=REQUEST, marking=quiet).phases == {}


def test_it_is_shown_as_text_and_as_json() -> None:
    found = compare_ways(SUBJECT, [Scripted().way("litert", 0.01)], request=REQUEST, marking=quiet)
    assert shown(found, form="text").startswith("mobilenet-float32-litert-t1, 1 thread")
    assert shown(found, form="json").startswith("{")
