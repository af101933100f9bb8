"""What is the decision in a sentence, and by how much does a cell miss?"""

import math
from collections.abc import Iterator

from zoobench.errors import Status
from zoobench.judge.recommend.limits import LIMITED, TOP1
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import Candidate, MachineRecommendation, Recommendation, worst
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
    first = machine.candidates[0]
    facts = ", ".join((*_values(first), _held(recommendation, first.at_least)))
    count = len(machine.undecided)
    cells = "1 preferred cell" if count == 1 else f"{exactly(count)} preferred cells"
    undecided = f"; {cells} might also meet the limits, but the evidence is insufficient" if count else ""
    return f"Ship {recommendation.cell}: {facts}{undecided}."


def _values(candidate: Candidate) -> Iterator[str]:
    cell = candidate.cell
    if cell.timing.p50_seconds is not None:
        yield f"p50 {milliseconds(cell.timing.p50_seconds)} ms"
    if cell.top1 is not None and not cell.cell.has_random_weights:
        yield f"top-1 {percent(cell.top1)} %"
    if cell.size_bytes is not None:
        yield f"{megabytes(cell.size_bytes)} MB"


def _held(recommendation: Recommendation, at_least: float | None, where: str = "") -> str:
    if not recommendation.limits:
        return "the first by preference, as there is no limit to hold"
    text = chance(at_least)
    how = f"with probability above {text[1:]} %" if text.startswith(">") else f"with probability at least {text} %"
    return f"holds {_limits(recommendation)}{where} {'certainly' if at_least == 1 else how}"


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
    first = machine.candidates[0]
    miss = describe_miss(first, confidence=recommendation.confidence)
    if first.state == "misses":
        return f"No cell holds {limits}; nearest is {first.cell.id}: {miss}."
    if first.at_least is None:
        return f"It is open whether a cell holds {limits}: of {first.cell.id} it cannot be told – {miss}."
    at_least, asked = f"at least {chance(first.at_least)} %", f"{percent(recommendation.confidence)} % is asked for"
    return f"It is open whether a cell holds {limits}: most probable is {first.cell.id}, {at_least}, and {asked}."


def _of_several(recommendation: Recommendation) -> str:
    cell, count = recommendation.cell, len(recommendation.machines)
    if cell is None:
        is_open = recommendation.status is Status.UNDECIDED
        which = "It is open whether a cell holds" if is_open else "No cell holds"
        return f"{which} {_limits(recommendation)} on all {count} machines."
    found = [machine.of(cell) for machine in recommendation.machines]
    least = min((one.at_least for one in found if one and one.at_least is not None), default=None)
    largest = worst(recommendation.regrets[cell])
    if not math.isfinite(largest):
        cost = "what it costs is not known on each"
    elif largest == 0:
        cost = "and is the best on each"
    else:
        cost = f"at most {describe_regret(largest, recommendation.preference[0])} than the best on each"
    return f"Ship {cell} to all {count} machines: {_held(recommendation, least, ' on each')}, {cost}."


def describe(found: LimitProbability) -> str:
    """Returns a limit's value and by how much it is beyond the limit: `p90 31.4 ms, 4.7 % over`."""
    metric = found.limit.metric
    if found.value is None or found.excess is None:
        return f"{metric.title} is not known: {found.why}"
    value = f"{metric.title} {metric.unit.text(found.value)} {metric.unit.symbol}"
    if not found.is_beyond:
        return value
    side = "over" if metric.lower_is_better else "under"
    return f"{value}, {_beyond(found.excess)} {'pp' if found.limit.of_accuracy else '%'} {side}"


def describe_miss(candidate: Candidate, *, confidence: float) -> str:
    """Returns by what a cell misses limits, and what is open or lacking.

    Args:
        candidate: The cell.
        confidence: The probability that is asked for, in which each limit has an equal part.
    """
    enough = 1 - (1 - confidence) / max(len(candidate.probabilities), 1)
    found = [_with_chance(one) for one in candidate.beyond]
    for one in candidate.probabilities:
        if one.probability is None:
            found.append(f"{one.limit.metric.title}: {one.why}")
        elif candidate.state == "open" and not one.is_beyond and one.probability < enough:
            found.append(_with_chance(one))
    return "; ".join(found)


def _with_chance(found: LimitProbability) -> str:
    text = f"{describe(found)}{', disturbed' if found.is_disturbed else ''}"
    if found.probability is None or found.probability < _SHOWN_FROM:
        return text
    return f"{text} (holds with {chance(found.probability)} %)"


def describe_regret(cost: float | None, metric: str) -> str:
    """Returns by how much a cell is worse than the best of a machine in the preferred metric."""
    if cost is None:
        return "its cost is not known"
    if cost == 0:
        return "is the best"
    return f"{_beyond(cost)} {'pp' if metric == TOP1 else '%'} {LIMITED[metric].worse}"


def _beyond(excess: float) -> str:
    return change_percent(excess).lstrip("+") if excess >= 0.0005 else "<0.1"
