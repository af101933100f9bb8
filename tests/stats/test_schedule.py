"""Do cells take turns, does effort go where the answer is open, and is the budget kept?"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.stats.sequential import FIRST_LOOK, Nothing, Rates, is_clear, is_look, replay_until_clear, weigh_sequence

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
        tolerances = dict.fromkeys(self._ratios, 0.05)
        return replay_until_clear(tolerances, replay=self.replay, rates=rates or Rates(), clock=self.clock, **limits)


def test_cells_take_turns_a_process_each() -> None:
    processes = Processes({"a": CLEAR, "b": CLEAR})
    processes.run(seconds=100)
    assert processes.log == [(cell, index) for index in range(FIRST_LOOK) for cell in ("a", "b")]


LIMITS = {"seconds": 1000, "processes": 12}


@pytest.mark.parametrize(
    ("ratios", "durations", "limits", "counts"),
    [
        ({"clear": CLEAR, "open": OPEN, "worse": WORSE}, {}, LIMITS, {"clear": 6, "open": 12, "worse": 6}),
        ({"slow": OPEN, "quick": OPEN}, {"slow": 4.0, "quick": 1.0}, {"seconds": 12}, {"slow": 2, "quick": 4}),
        ({"a": OPEN}, {"a": 3.0}, {"seconds": 10}, {"a": 3}),
        ({"a": OPEN}, {}, {"seconds": 1000}, {"a": 30}),
        ({"a": CLEAR}, {}, {"seconds": -1}, {"a": 0}),
        ({"a": [0.1, Nothing.GIVEN_UP], "b": CLEAR}, {}, LIMITS, {"a": 1, "b": 6}),
        ({}, {}, LIMITS, {}),
    ],
    ids=["clear ones stop", "quick ones go on", "none would overshoot", "the most", "no time", "given up", "no cell"],
)
def test_effort_goes_where_the_answer_is_open_and_time_is_left(
    ratios: dict[str, Any], durations: dict[str, float], limits: dict[str, Any], counts: dict[str, int]
) -> None:
    processes = Processes(ratios, {cell: [seconds] * 30 for cell, seconds in durations.items()})
    found = processes.run(**limits)
    assert {cell: len(seen) for cell, seen in found.items()} == counts
    assert all(list(seen) == ratios[cell][: len(seen)] for cell, seen in found.items())


def test_a_cell_that_becomes_clear_late_stops_at_that_look() -> None:
    ratios = [0.2, -0.2] + [0.001, -0.001] * 40
    count = len(Processes({"a": ratios}).run(seconds=1000, processes=80)["a"])
    assert FIRST_LOOK < count < 80
    assert is_look(count)
    for units, clear in ((count - 2, False), (count, True)):
        assert is_clear(weigh_sequence(ratios[:units], tolerance=0.05, error_rate=0.01), Rates()) is clear
    assert not is_clear(None, Rates())


def test_a_share_of_the_rate_among_many_tests_takes_more_processes() -> None:
    ratios = [0.115, 0.085] * 20
    few, many = (len(Processes({"a": ratios}).run(Rates(tests=tests), seconds=1000)["a"]) for tests in (1, 400))
    assert few < many
    assert Rates(error_rate=0.01, tests=20).each == 0.0005


def test_a_process_that_does_not_count_is_repeated_with_its_number() -> None:
    """The number tells which side is opened first: both must have their turn among those that count."""
    processes = Processes({"a": [CLEAR[0], Nothing.NOT_COUNTED, *CLEAR[1:]]})
    assert processes.run(seconds=100)["a"] == tuple(CLEAR[:FIRST_LOOK])
    assert [index for _, index in processes.log] == [0, 1, 1, 2, 3, 4, 5]


def test_a_cell_none_of_whose_processes_counts_is_left_after_three_times_as_many() -> None:
    processes = Processes({"a": [Nothing.NOT_COUNTED] * 100})
    assert processes.run(seconds=1000, processes=30) == {"a": ()}
    assert len(processes.log) == 90


@given(
    seconds=st.dictionaries(st.sampled_from("abc"), st.lists(st.floats(0.1, 20), min_size=30, max_size=30), min_size=1),
    budget=st.floats(1, 100),
)
def test_the_budget_is_never_overshot_by_more_than_one_process(seconds: dict[str, list[float]], budget: float) -> None:
    processes = Processes(dict.fromkeys(seconds, OPEN), seconds)
    processes.run(seconds=budget)
    assert processes.now - 100 <= budget + processes.longest + 1e-9
