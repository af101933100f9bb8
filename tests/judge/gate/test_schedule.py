"""Do cells take turns, does effort go where the answer is open, and is the budget kept?"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.judge.gate.schedule import Nothing, Rates, is_clear, replay_until_clear
from zoobench.stats.sequential import FIRST_LOOK, is_look, weigh_sequence

CLEAR = [0.001, -0.001] * 20
"""Units that are clear at the first look: nothing is slower."""
WORSE = [0.301, 0.299] * 20
"""Units that are clear at the first look: a third slower."""
OPEN = [0.4, -0.3] * 20
"""Units that say nothing."""


class Processes:
    """Processes of scripted results and durations, on a clock of their own."""

    def __init__(
        self, ratios: Mapping[str, Sequence[float | Nothing]], seconds: Mapping[str, Sequence[float]] | None = None
    ) -> None:
        self.now = 100.0
        self.log: list[tuple[str, int]] = []
        self.longest = 0.0
        self._ratios = {cell: iter(values) for cell, values in ratios.items()}
        self._seconds = {cell: iter(values) for cell, values in (seconds or {}).items()}

    def clock(self) -> float:
        return self.now

    def replay(self, cell: str, index: int) -> float | Nothing:
        self.log.append((cell, index))
        taken = next(self._seconds[cell]) if cell in self._seconds else 1.0
        self.longest = max(self.longest, taken)
        self.now += taken
        return next(self._ratios[cell])

    def run(self, rates: Rates | None = None, **limits: Any) -> dict[str, tuple[float, ...]]:
        return replay_until_clear(
            dict.fromkeys(self._ratios, 0.05),
            replay=self.replay,
            rates=rates or Rates(),
            **limits,
            clock=self.clock,
        )


def test_cells_take_turns_a_process_each() -> None:
    processes = Processes({"a": CLEAR, "b": CLEAR})
    processes.run(seconds=100)
    assert processes.log == [(cell, index) for index in range(FIRST_LOOK) for cell in ("a", "b")]


def test_a_cell_whose_answer_is_clear_takes_no_more_turns() -> None:
    processes = Processes({"clear": CLEAR, "open": OPEN, "worse": WORSE})
    found = processes.run(seconds=1000, processes=12)
    assert {cell: len(ratios) for cell, ratios in found.items()} == {"clear": 6, "open": 12, "worse": 6}


def test_what_came_is_returned_in_its_order() -> None:
    assert Processes({"a": [0.3, 0.1, 0.2]}).run(seconds=1000, processes=3) == {"a": (0.3, 0.1, 0.2)}


def test_a_cell_that_becomes_clear_late_stops_at_that_look() -> None:
    ratios = [0.2, -0.2] + [0.001, -0.001] * 40
    count = len(Processes({"a": ratios}).run(seconds=1000, processes=80)["a"])
    assert FIRST_LOOK < count < 80
    assert is_look(count)
    for units, clear in ((count - 2, False), (count, True)):
        assert is_clear(weigh_sequence(ratios[:units], tolerance=0.05, error_rate=0.01), Rates()) is clear


def test_a_share_of_the_rate_among_many_tests_takes_more_processes() -> None:
    ratios = [0.115, 0.085] * 20
    few, many = (len(Processes({"a": ratios}).run(Rates(tests=tests), seconds=1000)["a"]) for tests in (1, 400))
    assert few < many


def test_a_cell_that_is_given_up_takes_no_more_turns_and_keeps_what_it_has() -> None:
    processes = Processes({"a": [0.1, Nothing.GIVEN_UP], "b": CLEAR})
    found = processes.run(seconds=100)
    assert found["a"] == (0.1,)
    assert processes.log.count(("a", 1)) == 1
    assert len(found["b"]) == FIRST_LOOK


def test_a_process_that_does_not_count_is_repeated_with_its_number() -> None:
    """The number tells which side is opened first: both must have their turn among those that count."""
    processes = Processes({"a": [CLEAR[0], Nothing.NOT_COUNTED, *CLEAR[1:]]})
    assert processes.run(seconds=100)["a"] == tuple(CLEAR[:FIRST_LOOK])
    assert [index for _, index in processes.log] == [0, 1, 1, 2, 3, 4, 5]


def test_a_cell_none_of_whose_processes_counts_is_left_after_three_times_as_many() -> None:
    processes = Processes({"a": [Nothing.NOT_COUNTED] * 100})
    assert processes.run(seconds=1000, processes=30) == {"a": ()}
    assert len(processes.log) == 90


def test_no_process_is_started_that_would_not_end_within_the_budget() -> None:
    processes = Processes({"a": OPEN}, {"a": [3.0] * 30})
    assert len(processes.run(seconds=10)["a"]) == 3
    assert processes.now == 109


def test_a_slow_cell_that_no_longer_fits_leaves_the_rest_to_a_quick_one() -> None:
    processes = Processes({"slow": OPEN, "quick": OPEN}, {"slow": [4.0] * 30, "quick": [1.0] * 30})
    found = processes.run(seconds=12)
    assert {cell: len(ratios) for cell, ratios in found.items()} == {"slow": 2, "quick": 4}


def test_without_time_nothing_is_started() -> None:
    processes = Processes({"a": CLEAR})
    assert processes.run(seconds=-1) == {"a": ()}


@given(
    seconds=st.dictionaries(st.sampled_from("abc"), st.lists(st.floats(0.1, 20), min_size=30, max_size=30), min_size=1),
    budget=st.floats(1, 100),
)
def test_the_budget_is_never_overshot_by_more_than_one_process(seconds: dict[str, list[float]], budget: float) -> None:
    processes = Processes(dict.fromkeys(seconds, OPEN), seconds)
    processes.run(seconds=budget)
    assert processes.now - 100 <= budget + processes.longest + 1e-9


def test_no_cell_has_more_processes_than_are_allowed() -> None:
    assert len(Processes({"a": OPEN}).run(seconds=1000, processes=30)["a"]) == 30


@pytest.mark.parametrize("cells", [1, 3])
def test_a_gate_without_cells_or_with_several_ends(cells: int) -> None:
    names = "abc"[:cells]
    assert set(Processes(dict.fromkeys(names, CLEAR)).run(seconds=100)) == set(names)
    assert Processes({}).run(seconds=100) == {}


def test_nothing_is_clear_before_the_first_look() -> None:
    assert not is_clear(None, Rates())


def test_a_test_may_spend_its_share_of_the_rate() -> None:
    assert Rates(error_rate=0.01, tests=20).each == 0.0005
