"""What is the decision in a sentence, and by how much does a cell miss?"""

import math
from collections.abc import Iterator

from zoobench.errors import Status
from zoobench.judge.recommend.limits import QUANTITIES, TOP1
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import Candidate, MachineRecommendation, Recommendation
from zoobench.system.units import chance, change_percent, exactly, megabytes, milliseconds, percent

_SHOWN_FROM = 0.001
"""Probability of a limit below which it is not shown."""


def decision(recommendation: Recommendation) -> str:
    """Returns the decision in a sentence."""
    if len(recommendation.machines) > 1:
        return _of_several(recommendation)
    machine = recommendation.machines[0]
    if recommendation.cell is None:
        return _of_none(machine, recommendation)
    first = machine.holding[0]
    held = _held(recommendation, first.at_least)
    return f"Ship {recommendation.cell}: {', '.join((*_values(first), held))}{_undecided(machine)}."


def describe(found: LimitProbability) -> str:
    """Returns a limit's value and by how much it is beyond the limit: `p90 31.4 ms, 4.7 % over`."""
    quantity = found.limit.quantity
    if found.value is None or found.excess is None:
        return f"{quantity.title} is not known: {found.why}"
    value = f"{quantity.title} {quantity.written(found.value)}"
    if not found.is_beyond:
        return value
    side = "over" if quantity.lower_is_better else "under"
    unit = "pp" if quantity.of_accuracy else "%"
    return f"{value}, {_beyond(found.excess)} {unit} {side}"


def describe_miss(candidate: Candidate, *, confidence: float) -> str:
    """Returns what a cell that does not surely hold all limits misses by, and what is open or lacking.

    Args:
        candidate: The cell.
        confidence: The probability that is asked for, in which each limit has an equal part.
    """
    return "; ".join(_misses(candidate, confidence))


def describe_regret(cost: float | None, metric: str) -> str:
    """Returns by how much a cell is worse than the best of a machine in the preferred metric."""
    if cost is None:
        return "its cost is not known"
    if cost == 0:
        return "is the best"
    return f"{_beyond(cost)} {'pp' if metric == TOP1 else '%'} {QUANTITIES[metric].worse}"


def _misses(candidate: Candidate, confidence: float) -> Iterator[str]:
    enough = 1 - (1 - confidence) / max(len(candidate.probabilities), 1)
    yield from map(_with_chance, candidate.beyond)
    for one in candidate.probabilities:
        if one.probability is None:
            yield f"{one.limit.quantity.title}: {one.why}"
        elif candidate.state == "open" and not one.is_beyond and one.probability < enough:
            yield _with_chance(one)


def _with_chance(found: LimitProbability) -> str:
    disturbed = ", disturbed" if found.is_disturbed else ""
    if found.probability is None or found.probability < _SHOWN_FROM:
        return f"{describe(found)}{disturbed}"
    return f"{describe(found)}{disturbed} (holds with {chance(found.probability)} %)"


def _beyond(excess: float) -> str:
    return change_percent(excess).lstrip("+") if excess >= 0.0005 else "<0.1"


def _values(candidate: Candidate) -> Iterator[str]:
    if candidate.p50_seconds is not None:
        yield f"p50 {milliseconds(candidate.p50_seconds)} ms"
    if candidate.top1 is not None and not candidate.has_random_weights:
        yield f"top-1 {percent(candidate.top1)} %"
    if candidate.size_bytes is not None:
        yield f"{megabytes(candidate.size_bytes)} MB"


def _held(recommendation: Recommendation, at_least: float | None, where: str = "") -> str:
    if not recommendation.limits:
        return "the first by preference, as there is no limit to hold"
    return f"holds {_limits(recommendation)}{where} {_how_surely(at_least)}"


def _undecided(machine: MachineRecommendation) -> str:
    count = len(machine.undecided)
    cells = "1 preferred cell" if count == 1 else f"{exactly(count)} preferred cells"
    return f"; {cells} might also meet the limits, but the evidence is insufficient" if count else ""


def _how_surely(at_least: float | None) -> str:
    if at_least == 1:
        return "certainly"
    text = chance(at_least)
    return f"with probability above {text[1:]} %" if text.startswith(">") else f"with probability at least {text} %"


def _limits(recommendation: Recommendation) -> str:
    count = len(recommendation.limits)
    first = recommendation.limits[0].summary
    if recommendation.is_assumed:
        return f"the assumed limit ({first})"
    return first if count == 1 else "both limits" if count == 2 else f"all {count} limits"


def _of_none(machine: MachineRecommendation, recommendation: Recommendation) -> str:
    limits = _limits(recommendation) if recommendation.limits else "what is asked for"
    if not machine.candidates:
        return f"No cell can hold {limits}: none is a candidate."
    if not machine.open:
        nearest = machine.misses[0]
        miss = describe_miss(nearest, confidence=recommendation.confidence)
        return f"No cell holds {limits}; nearest is {nearest.cell}: {miss}."
    first = machine.open[0]
    if first.at_least is None:
        lacking = describe_miss(first, confidence=recommendation.confidence)
        return f"No cell surely holds {limits}: of {first.cell} it cannot be told – {lacking}."
    at_least, asked = f"at least {chance(first.at_least)} %", f"{percent(recommendation.confidence)} % is asked for"
    return f"No cell surely holds {limits}: most probable is {first.cell}, {at_least}, and {asked}."


def _of_several(recommendation: Recommendation) -> str:
    cell, count = recommendation.cell, len(recommendation.machines)
    if cell is None:
        which = "No cell surely holds" if recommendation.status is Status.UNDECIDED else "No cell holds"
        return f"{which} {_limits(recommendation)} on all {count} machines."
    found = [machine.of(cell) for machine in recommendation.machines]
    least = min((one.at_least for one in found if one and one.at_least is not None), default=None)
    return f"Ship {cell} to all {count} machines: {_held(recommendation, least, ' on each')}, {_cost(recommendation)}."


def _cost(recommendation: Recommendation) -> str:
    worst = recommendation.regrets[0].worst
    if not math.isfinite(worst):
        return "what it costs is not known on each"
    if worst == 0:
        return "and is the best on each"
    return f"at most {describe_regret(worst, recommendation.preference[0])} than the best on each"
