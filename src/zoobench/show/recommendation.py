"""How is a recommendation read? The decision first, then every cell with what is to be said of it."""

import os
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from functools import partial
from math import isfinite
from textwrap import shorten
from typing import Any

from zoobench.errors import Status
from zoobench.judge.metrics import METRICS
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.limits import MEMORY, TOP1
from zoobench.judge.recommend.probability import LimitProbability
from zoobench.judge.recommend.recommendation import (
    Candidate,
    MachineRecommendation,
    Recommendation,
    states_of,
    worst,
)
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.show.records import DISTURBED, all_or
from zoobench.system.units import (
    ABSENT,
    chance,
    change_percent,
    exactly,
    few,
    megabytes,
    milliseconds,
    percent,
    ratio,
    short_hash,
)

SCHEMA = 1

_short = partial(shorten, width=200, placeholder=" …")
"""Of a reason; the JSON has all of it."""

_NEAREST = 5
"""Of the cells that miss, how many are shown."""

_SHOWN_FROM = 0.001
"""Probability of a limit below which it is not shown."""

_ARTIFACTS = "artifacts"
EXAMPLE = '--max-latency-p90 "30 ms", --max-size "5 MB" or --max-drop "1 pp"'
_VALUES = ("p50 ms", "p90 ms", "× float", "top-1 %", "MB", "peak MB")
_STANDINGS = ("front", "open")
"""Of cells that stand in the table of the front; what is dominated stands in lines below."""


def view(recommendation: Recommendation) -> View:
    """Returns a recommendation for every writer; its rows are the candidates of each machine."""
    nested = ("probabilities", "disturbances")
    return View(
        document=lambda: document(recommendation),
        plain=lambda: _plain(recommendation),
        rows=lambda: [
            {"machine": machine.known.name}
            | {key: value for key, value in _plain_candidate(one).items() if key not in nested}
            for machine in recommendation.machines
            for one in machine.candidates
        ],
    )


def document(recommendation: Recommendation) -> Document:
    """Returns a recommendation: the decision, then every cell with what is to be said of it."""
    sentence, several = decision(recommendation), len(recommendation.machines) > 1
    return Document(
        title=sentence,
        blocks=(
            Lines(lines=(sentence,), tone="strong"),
            Lines(lines=tuple(_asked(recommendation))),
            *((_regrets(recommendation),) if several else ()),
            *(block for machine in recommendation.machines for block in _of_machine(machine, recommendation)),
            Lines(lines=tuple(_legend(recommendation))),
            Lines(lines=tuple(filter(None, [export_line(recommendation)]))),
        ),
    )


def _asked(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.limits:
        limits = " and ".join(limit.summary for limit in recommendation.limits)
        yield f"asked for: {limits}, all at once with at least {percent(recommendation.confidence)} %"
    yield f"ordered by: {', then '.join(METRICS[metric].title for metric in recommendation.preference)}"
    yield from recommendation.notes


def _of_machine(machine: MachineRecommendation, recommendation: Recommendation) -> Iterator[Block]:
    limits, misses = recommendation.limits, machine.those("misses")
    miss = partial(describe_miss, confidence=recommendation.confidence)
    yield Lines(lines=tuple(_first_of(machine, recommendation)))
    yield Grid(
        heads=("holds", *_VALUES, *(f"P {limit.metric.title}" for limit in limits), *(("all ≥",) if limits else ())),
        rows=tuple(
            (
                one.cell.id,
                *_values(one.cell),
                *(chance(found.probability) for found in one.probabilities),
                *((chance(one.at_least),) if limits else ()),
            )
            for one in machine.those("holds")
        ),
        spare=(3, 2, 6, 5, *range(len(_VALUES) + 1, len(_VALUES) + 1 + len(limits)), 4),
    )
    yield Grid(
        heads=("open", "all ≥", "as"),
        rows=tuple((one.cell.id, chance(one.at_least), miss(one)) for one in machine.those("open")),
        words=frozenset({2}),
    )
    yield Grid(
        heads=("nearest misses", "by"),
        rows=tuple((one.cell.id, miss(one)) for one in misses[:_NEAREST]),
        words=frozenset({1}),
    )
    if count := len(misses[_NEAREST:]):
        yield Lines(lines=(f"and {count} more {'misses' if count == 1 else 'miss'} by more (--format json names all)",))
    yield Lines(lines=tuple(f"left out: {cell}: {_short(why)}" for cell, why in machine.excluded.items()))
    yield from _front(machine)
    yield Lines(lines=tuple(_remarks(machine)))


def _first_of(machine: MachineRecommendation, recommendation: Recommendation) -> Iterator[str]:
    """Yields what a reader of the first cell should know: others as good, preferred ones, its probabilities."""
    yield f"{machine.known.name}: {', '.join(machine.known.files)}"
    shown = machine.candidates[0] if machine.candidates else None
    if shown and machine.rivals:
        worse = METRICS[recommendation.preference[0]].worse
        yield f"not significantly {worse} than {shown.cell.id}: {few(machine.rivals)}"
    first = machine.of(machine.undecided[0]) if machine.undecided and shown and shown.state == "holds" else None
    if first:
        more = f" (and {len(machine.undecided) - 1} more)" if len(machine.undecided) > 1 else ""
        miss = describe_miss(first, confidence=recommendation.confidence)
        yield f"would come first if it held: {first.cell.id}{more}: {miss}"
    for one in shown.probabilities if shown else ():
        yield f"{one.limit.summary}: {describe(one)}, {chance(one.probability)} % – {one.why}"


def _values(cell: KnownCell) -> tuple[str, ...]:
    mark = DISTURBED if cell.timing.disturbances else ""
    return (
        f"{mark}{milliseconds(cell.timing.p50_seconds)}",
        milliseconds(cell.timing.p90_seconds),
        ratio(cell.timing.speedup),
        _top1(cell),
        megabytes(cell.size_bytes),
        megabytes(cell.middle(MEMORY)),
    )


def _top1(cell: KnownCell) -> str:
    return percent(None if cell.has_random_weights else cell.top1)


def _front(machine: MachineRecommendation) -> Iterator[Block]:
    places = [one for standing in _STANDINGS for one in machine.front if one.standing == standing]
    rows = []
    for place in places:
        cell = machine.known.cells[place.cell]
        values = (milliseconds(cell.timing.p50_seconds), _top1(cell), megabytes(cell.size_bytes))
        rows.append((place.cell, *values, place.standing, few(place.beaten_by, most=1)))
    heads = ("Pareto front", "p50 ms", "top-1 %", "MB", "", "by")
    yield Grid(heads=heads, rows=tuple(rows), words=frozenset({4, 5}), spare=(5, 3, 2))
    dominated = (place for place in machine.front if place.standing == "dominated")
    yield Lines(lines=tuple(f"dominated: {place.cell} by {few(place.dominated_by)}" for place in dominated))


def _regrets(recommendation: Recommendation) -> Grid:
    machines = recommendation.machines
    holding = [machine.those("holds") for machine in machines]
    best = ("best there", *(some[0].cell.id if some else ABSENT for some in holding))
    rows = ((cell, *_costs(cell, recommendation)) for cell in recommendation.regrets)
    return Grid(
        heads=("on all machines", *(machine.known.name for machine in machines)),
        rows=(best, *rows),
        words=frozenset(range(1, len(machines) + 1)),
    )


def _costs(cell: str, recommendation: Recommendation) -> Iterator[str]:
    for machine, cost in zip(recommendation.machines, recommendation.regrets[cell], strict=True):
        candidate = machine.of(cell)
        if candidate is None:
            yield _short(machine.excluded.get(cell, "not measured there"))
        elif candidate.state == "holds":
            yield describe_regret(cost, recommendation.preference[0])
        else:
            yield f"{candidate.state}: {describe_miss(candidate, confidence=recommendation.confidence)}"


def _remarks(machine: MachineRecommendation) -> Iterator[str]:
    yield from machine.known.notes
    disturbed = [one.cell.id for one in machine.candidates if one.cell.timing.disturbances]
    if disturbed:
        whose = all_or(disturbed, of=len(machine.candidates))
        yield f"{DISTURBED} disturbed, so that they may be faster; measure them again: {whose}"
    yield from machine.front_notes


def _legend(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.limits:
        yield (
            "P: probability, %, that a limit holds for this machine's typical process, and of accuracy for all images "
            "of which the test split is a sample; all ≥: that all do, whatever they have to do with each other."
        )
    if any(limit.of_accuracy for limit in recommendation.limits):
        yield "What accuracy leaves open only more test images settle."
    yield (
        "Pareto front over p50, top-1 and size: front: no other cell's values are as good in all; dominated: by those "
        "named; open: those named have better values, but not significantly in all."
    )


def _plain(recommendation: Recommendation) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "sentence": decision(recommendation),
        "recommended": recommendation.cell,
        "withheld": recommendation.withheld or None,
        "first": recommendation.first,
        "status": recommendation.status,
        "limits": [
            {
                "metric": limit.metric.key,
                "bound": limit.bound,
                "text": limit.text,
                "at": "most" if limit.metric.lower_is_better else "least",
            }
            for limit in recommendation.limits
        ],
        "limits_assumed": recommendation.is_assumed,
        "preference": list(recommendation.preference),
        "confidence": recommendation.confidence,
        "machines": [_plain_machine(machine) for machine in recommendation.machines],
        "regrets": [_plain_regret(cell, recommendation) for cell in recommendation.regrets],
        "notes": list(recommendation.notes),
    }


def _plain_machine(machine: MachineRecommendation) -> dict[str, Any]:
    return {
        "machine": machine.known.name,
        "files": list(machine.known.files),
        "candidates": [_plain_candidate(one) for one in machine.candidates],
        "not_significantly_worse": list(machine.rivals),
        "undecided_preferred": list(machine.undecided),
        "excluded": [{"cell": cell, "why": why} for cell, why in machine.excluded.items()],
        "front": {"places": [asdict(place) for place in machine.front], "notes": list(machine.front_notes)},
        "notes": list(machine.known.notes),
    }


def _plain_candidate(candidate: Candidate) -> dict[str, Any]:
    cell, timing = candidate.cell, candidate.cell.timing
    of_limit = ("value", "probability", "excess", "why", "is_disturbed")
    return {
        "cell": cell.id,
        "state": candidate.state,
        "probabilities": [
            {"metric": one.limit.metric.key} | {name: getattr(one, name) for name in of_limit}
            for one in candidate.probabilities
        ],
        "at_least": candidate.at_least,
        **{name: getattr(timing, name) for name in ("p50_seconds", "p90_seconds", "speedup")},
        "top1": cell.top1,
        "size_bytes": cell.size_bytes,
        "peak_bytes": cell.middle(MEMORY),
        "has_random_weights": cell.has_random_weights,
        "disturbances": list(timing.disturbances),
    }


def _plain_regret(cell: str, recommendation: Recommendation) -> dict[str, Any]:
    machines, costs = recommendation.machines, recommendation.regrets[cell]
    on = [
        {"machine": machine.known.name, "state": state, "regret": cost}
        for machine, state, cost in zip(machines, states_of(cell, machines), costs, strict=True)
    ]
    largest = worst(costs)
    return {"cell": cell, "largest": largest if isfinite(largest) else None, "on": on}


def decision(recommendation: Recommendation) -> str:
    """Returns the decision in a sentence."""
    if recommendation.withheld:
        return _of_withheld(recommendation)
    if len(recommendation.machines) > 1:
        return _of_several(recommendation)
    machine = recommendation.machines[0]
    if recommendation.cell is None:
        return _of_none(machine, recommendation)
    first = machine.candidates[0]
    facts = ", ".join((*_facts(first.cell), _held(recommendation, first.at_least)))
    count = len(machine.undecided)
    cells = "1 preferred cell" if count == 1 else f"{exactly(count)} preferred cells"
    undecided = f"; {cells} might also meet the limits, but the evidence is insufficient" if count else ""
    return f"Ship {recommendation.cell}: {facts}{undecided}."


def _of_withheld(recommendation: Recommendation) -> str:
    if recommendation.withheld == "no limit":
        return f"No cell is recommended, as no limit was stated: say what must hold, such as {EXAMPLE}."
    limits = _limits(recommendation)
    if recommendation.withheld == "random weights":
        why = "its weights are random, so that its answers mean nothing; measure it with trained weights"
    else:
        why = "all of its rounds were disturbed by other work; measure again on a machine that does nothing else"
    return f"No cell is recommended: {recommendation.first} holds {limits} and comes first, but {why}."


def export_line(recommendation: Recommendation) -> str:
    """Returns which file the recommended cell is, and the command that writes it; '' where there is none."""
    if recommendation.cell is None or recommendation.source is None:
        return ""
    path, sha256 = recommendation.source
    words = ["zoobench", "export", recommendation.cell, "--from", path.name if path.is_absolute() else str(path)]
    if path.parent.parent.name == "results" and (artifacts := os.path.relpath(path.parents[2])) != _ARTIFACTS:
        words += ["--artifacts", artifacts]
    command = shlex.join([*words, "-o", "ship"])
    return f"its file, SHA-256 {short_hash(sha256)}, with labels, card and code: {command}"


def _facts(cell: KnownCell) -> Iterator[str]:
    if cell.timing.p50_seconds is not None:
        yield f"p50 {DISTURBED if cell.timing.disturbances else ''}{milliseconds(cell.timing.p50_seconds)} ms"
    if cell.top1 is not None and not cell.has_random_weights:
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
    if not isfinite(largest):
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
    return f"{_beyond(cost)} {'pp' if metric == TOP1 else '%'} {METRICS[metric].worse}"


def _beyond(excess: float) -> str:
    return change_percent(excess).lstrip("+") if excess >= 0.0005 else "<0.1"
