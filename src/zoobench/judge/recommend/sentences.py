"""What is the decision in a sentence, and by how much does a cell miss?"""

import math
from collections.abc import Iterator, Sequence

from zoobench.judge.recommend.candidates import Candidate
from zoobench.judge.recommend.odds import Odds
from zoobench.judge.recommend.preference import WORSE
from zoobench.judge.recommend.relations import TOP1
from zoobench.judge.recommend.result import OPEN, Choice, MachineChoice
from zoobench.system.units import chance, change_percent, exactly, megabytes, milliseconds, percent

_SURELY = 0.001
"""Probability of a limit below which it is not told."""


def decision(choice: Choice) -> str:
    """Returns the decision of a choice."""
    if len(choice.machines) > 1:
        return _of_several(choice)
    machine = choice.machines[0]
    if choice.chosen is None:
        return _of_none(machine, choice)
    first = machine.holding[0]
    held = _held(choice, first.at_least)
    return f"Ship {choice.chosen}: {', '.join((*_values(first), held))}{_ahead(machine)}."


def told(odds: Odds) -> str:
    """Returns a limit's value and by how much it is beyond the limit: `p90 31.4 ms, 4.7 % over`."""
    quantity = odds.limit.quantity
    if odds.value is None or odds.excess is None:
        return f"{quantity.title} is not known: {odds.why}"
    value = f"{quantity.title} {quantity.shown(odds.value)} {quantity.unit}"
    if not odds.is_beyond:
        return value
    side = "over" if quantity.lower_is_better else "under"
    unit = "pp" if quantity.of_accuracy else "%"
    return f"{value}, {_beyond(odds.excess)} {unit} {side}"


def missed(candidate: Candidate, *, confidence: float) -> str:
    """Returns what a cell that does not surely hold all limits misses by, and what is open or lacking.

    Args:
        candidate: The cell.
        confidence: The probability that is asked for, in which each limit has an equal part.
    """
    return "; ".join(_missed(candidate, confidence))


def few(cells: Sequence[str], *, most: int = 3) -> str:
    """Returns the first of some cells, and how many more there are."""
    more = f" and {exactly(len(cells) - most)} more" if len(cells) > most else ""
    return f"{', '.join(cells[:most])}{more}"


def _missed(candidate: Candidate, confidence: float) -> Iterator[str]:
    enough = 1 - (1 - confidence) / max(len(candidate.odds), 1)
    yield from map(_with_chance, candidate.beyond)
    for one in candidate.odds:
        if one.probability is None:
            yield f"{one.limit.quantity.title}: {one.why}"
        elif candidate.state == "open" and not one.is_beyond and one.probability < enough:
            yield _with_chance(one)


def _with_chance(odds: Odds) -> str:
    disturbed = ", disturbed" if odds.is_disturbed else ""
    if odds.probability is None or odds.probability < _SURELY:
        return f"{told(odds)}{disturbed}"
    return f"{told(odds)}{disturbed} (holds with {chance(odds.probability)} %)"


def _beyond(excess: float) -> str:
    return change_percent(excess).lstrip("+") if excess >= 0.0005 else "<0.1"


def _values(candidate: Candidate) -> Iterator[str]:
    if candidate.p50_seconds is not None:
        yield f"p50 {milliseconds(candidate.p50_seconds)} ms"
    if candidate.top1 is not None and not candidate.has_random_weights:
        yield f"top-1 {percent(candidate.top1)} %"
    if candidate.size_bytes is not None:
        yield f"{megabytes(candidate.size_bytes)} MB"


def _held(choice: Choice, at_least: float | None, where: str = "") -> str:
    if not choice.limits:
        return "the first by preference, as there is no limit to hold"
    return f"holds {_limits(choice)}{where} {_how_surely(at_least)}"


def _ahead(machine: MachineChoice) -> str:
    count = len(machine.ahead)
    cells = "1 cell that comes" if count == 1 else f"{count} cells that come"
    return f"; {cells} before it may hold too, but not surely" if count else ""


def _how_surely(at_least: float | None) -> str:
    if at_least == 1:
        return "certainly"
    text = chance(at_least)
    return f"with probability above {text[1:]} %" if text.startswith(">") else f"with probability at least {text} %"


def _limits(choice: Choice) -> str:
    count = len(choice.limits)
    if choice.is_assumed:
        return f"the assumed limit ({choice.limits[0].told})"
    return choice.limits[0].told if count == 1 else "both limits" if count == 2 else f"all {count} limits"


def _of_none(machine: MachineChoice, choice: Choice) -> str:
    limits = _limits(choice) if choice.limits else "what is asked for"
    if not machine.candidates:
        return f"No cell can hold {limits}: none is a candidate."
    if not machine.open:
        nearest = machine.misses[0]
        return f"No cell holds {limits}; nearest is {nearest.cell}: {missed(nearest, confidence=choice.confidence)}."
    first = machine.open[0]
    if first.at_least is None:
        lacking = missed(first, confidence=choice.confidence)
        return f"No cell surely holds {limits}: of {first.cell} it cannot be told – {lacking}."
    at_least, asked = f"at least {chance(first.at_least)} %", f"{percent(choice.confidence)} % is asked for"
    return f"No cell surely holds {limits}: most probable is {first.cell}, {at_least}, and {asked}."


def _of_several(choice: Choice) -> str:
    count = len(choice.machines)
    if choice.chosen is None:
        which = "No cell surely holds" if choice.status == OPEN else "No cell holds"
        return f"{which} {_limits(choice)} on all {count} machines."
    found = [machine.of(choice.chosen) for machine in choice.machines]
    least = min((one.at_least for one in found if one and one.at_least is not None), default=None)
    return f"Ship {choice.chosen} to all {count} machines: {_held(choice, least, ' on each')}, {_cost(choice)}."


def regret_told(cost: float | None, metric: str) -> str:
    """Returns by how much a cell is worse than the best of a machine in the preferred metric."""
    if cost is None:
        return "its cost is not known"
    if cost == 0:
        return "is the best"
    return f"{_beyond(cost)} {'pp' if metric == TOP1 else '%'} {WORSE[metric]}"


def _cost(choice: Choice) -> str:
    worst = choice.regrets[0].worst
    if worst is None or not math.isfinite(worst):
        return "what it costs is not known on each"
    if worst == 0:
        return "and is the best on each"
    return f"at most {regret_told(worst, choice.preference[0])} than the best on each"
