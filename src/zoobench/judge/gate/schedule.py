"""Which cell is replayed next, and when is its verdict clear? Effort goes where the answer is still open."""

from collections.abc import Callable, Mapping
from enum import Enum

from zoobench.stats.sequential import MOST_UNITS, Rates, is_clear, is_look, weigh_sequence

_MOST_STARTED = 3
"""Processes that are started at the most, as a multiple of those that may count."""


class Nothing(Enum):
    """What a process may come to instead of a ratio."""

    NOT_COUNTED = "disturbed, so it is repeated"
    GIVEN_UP = "failed, and would again"


Replay = Callable[[str, int], float | Nothing]
"""Given a cell's id and how many of its processes counted, returns the log ratio that one more sees."""


def replay_until_clear(
    tolerances: Mapping[str, float],
    *,
    replay: Replay,
    rates: Rates,
    seconds: float,
    clock: Callable[[], float],
    processes: int = MOST_UNITS,
) -> dict[str, tuple[float, ...]]:
    """Returns each cell's log ratios in the order in which they came.

    Cells take turns, a process each, so that what the machine does meanwhile falls on all of them; a cell whose answer
    is clear takes no more turns, nor one whose next process would not end within the seconds.

    Args:
        tolerances: Of each cell's id, the change that is still none.
        replay: Has one process replay a cell.
        rates: When an answer is clear.
        seconds: When to stop though answers are not clear.
        clock: Seconds.
        processes: The most of one cell that count.
    """
    deadline = clock() + seconds
    seen: dict[str, list[float]] = {cell: [] for cell in tolerances}
    started = dict.fromkeys(tolerances, 0)
    longest = dict.fromkeys(tolerances, 0.0)
    open_cells = list(tolerances)
    while open_cells:
        for cell in list(open_cells):
            began, ratios = clock(), seen[cell]
            if began + longest[cell] > deadline or started[cell] >= _MOST_STARTED * processes:
                open_cells.remove(cell)
                continue
            ratio = replay(cell, len(ratios))
            started[cell] += 1
            longest[cell] = max(longest[cell], clock() - began)
            if isinstance(ratio, float):
                ratios.append(ratio)
            is_done = ratio is Nothing.GIVEN_UP or len(ratios) >= processes
            if is_done or _is_clear_now(ratios, tolerances[cell], rates):
                open_cells.remove(cell)
    return {cell: tuple(ratios) for cell, ratios in seen.items()}


def _is_clear_now(ratios: list[float], tolerance: float, rates: Rates) -> bool:
    return is_look(len(ratios)) and is_clear(weigh_sequence(ratios, tolerance=tolerance, error_rate=rates.each), rates)
