"""How is a recommendation read? The decision first, then every cell with what is to be said of it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from textwrap import shorten
from typing import Any

from zoobench.judge.recommend.limits import DROP, QUANTITIES, QUANTIZATION_DROP, TOP1, Limit
from zoobench.judge.recommend.pareto import Place
from zoobench.judge.recommend.recommendation import Candidate, MachineRecommendation, Recommendation, Regret
from zoobench.judge.recommend.sentences import decision, describe, describe_miss, describe_regret
from zoobench.show.document import LEAST_WIDTH, Block, Document, Grid, Lines, View
from zoobench.show.records import DISTURBED
from zoobench.system.terminal import sanitize
from zoobench.system.units import ABSENT, chance, few, megabytes, milliseconds, percent, ratio

SCHEMA = 1
_OTHER_COLUMNS, _BESIDE_TWO = 94, 60
"""Characters that the columns beside a cell's name, or beside two of them, take at the most: names are not cut."""

_REASON_WIDTH = 200
"""Characters of a reason; the JSON has all of it."""

_NEAREST = 5
"""Of the cells that miss, how many are shown."""

_VALUES = ("p50 ms", "p90 ms", "× float", "top-1 %", "MB", "peak MB")


def view(recommendation: Recommendation) -> View:
    """Returns a recommendation for every writer; its rows are the candidates of each machine."""
    return View(
        document=lambda: document(recommendation),
        plain=lambda: _plain(recommendation),
        rows=lambda: [
            {"machine": machine.machine} | _candidate_row(one)
            for machine in recommendation.machines
            for one in machine.candidates
        ],
    )


def document(recommendation: Recommendation) -> Document:
    """Returns a recommendation: the decision, then every cell with what is to be said of it."""
    longest = max((len(cell) for machine in recommendation.machines for cell in machine.standings.cells), default=0)
    sentence = decision(recommendation)
    return Document(
        title=sentence,
        blocks=(Lines(lines=(sentence,), tone="strong"), *_blocks(recommendation)),
        least_width=max(LEAST_WIDTH, longest + _OTHER_COLUMNS, 2 * longest + _BESIDE_TWO),
    )


def _blocks(recommendation: Recommendation) -> list[Block]:
    blocks: list[Block] = [Lines(lines=tuple(_asked(recommendation)))]
    if len(recommendation.machines) > 1:
        blocks += [_regrets(recommendation)]
    for machine in recommendation.machines:
        blocks += _of_machine(machine, recommendation)
    return [*blocks, Lines(lines=tuple(_legend(recommendation)))]


def _asked(recommendation: Recommendation) -> Iterator[str]:
    limits = " and ".join(limit.summary for limit in recommendation.limits)
    if limits:
        yield f"asked for: {limits}, all at once with at least {percent(recommendation.confidence)} %"
    yield f"ordered by: {', then '.join(QUANTITIES[metric].title for metric in recommendation.preference)}"
    yield from recommendation.notes


def _of_machine(machine: MachineRecommendation, recommendation: Recommendation) -> list[Block]:
    title = (f"{machine.machine}: {', '.join(machine.files)}", *_nearby(machine, recommendation))
    return [
        Lines(lines=title),
        _holding(machine, recommendation.limits),
        _open(machine, recommendation),
        _missing(machine, recommendation),
        Lines(lines=tuple(_further(machine))),
        Lines(lines=tuple(f"left out: {one.cell}: {_short(one.why)}" for one in machine.excluded)),
        _front(machine),
        Lines(lines=tuple(_dominated(machine))),
        Lines(lines=tuple(_remarks(machine))),
    ]


def _short(reason: str) -> str:
    return sanitize(shorten(reason, _REASON_WIDTH, placeholder=" …"))


def _nearby(machine: MachineRecommendation, recommendation: Recommendation) -> Iterator[str]:
    """Yields what else a reader of the first cell should know: others as good, preferred ones, its probabilities."""
    shown = machine.candidates[0] if machine.candidates else None
    if machine.rivals:
        worse = QUANTITIES[recommendation.preference[0]].worse
        yield f"not significantly {worse} than {machine.holding[0].cell}: {few(machine.rivals)}"
    first = machine.of(machine.undecided[0]) if machine.undecided and machine.holding else None
    if first:
        more = f" (and {len(machine.undecided) - 1} more)" if len(machine.undecided) > 1 else ""
        miss = describe_miss(first, confidence=recommendation.confidence)
        yield f"would come first if it held for sure: {first.cell}{more}: {miss}"
    for one in shown.probabilities if shown else ():
        yield f"{one.limit.summary}: {describe(one)}, {chance(one.probability)} % – {one.why}"


def _holding(machine: MachineRecommendation, limits: Sequence[Limit]) -> Grid:
    heads = ("holds", *_VALUES, *(f"P {limit.quantity.title}" for limit in limits), *(("all ≥",) if limits else ()))
    rows = tuple(
        (
            one.cell,
            *_values(one),
            *(chance(found.probability) for found in one.probabilities),
            *_all(one, limits),
        )
        for one in machine.holding
    )
    return Grid(heads=heads, rows=rows)


def _all(candidate: Candidate, limits: Sequence[Limit]) -> tuple[str, ...]:
    return (chance(candidate.at_least),) if limits else ()


def _values(candidate: Candidate) -> tuple[str, ...]:
    mark = DISTURBED if candidate.disturbances and candidate.p50_seconds is not None else ""
    return (
        f"{mark}{milliseconds(candidate.p50_seconds)}",
        milliseconds(candidate.p90_seconds),
        ratio(candidate.speedup),
        ABSENT if candidate.has_random_weights else percent(candidate.top1),
        megabytes(candidate.size_bytes),
        megabytes(candidate.peak_bytes),
    )


def _open(machine: MachineRecommendation, recommendation: Recommendation) -> Grid:
    rows = tuple(
        (one.cell, chance(one.at_least), describe_miss(one, confidence=recommendation.confidence))
        for one in machine.open
    )
    return Grid(heads=("open", "all ≥", "as"), rows=rows, words=frozenset({2}))


def _missing(machine: MachineRecommendation, recommendation: Recommendation) -> Grid:
    rows = tuple(
        (one.cell, describe_miss(one, confidence=recommendation.confidence)) for one in machine.misses[:_NEAREST]
    )
    return Grid(heads=("nearest misses", "by"), rows=rows, words=frozenset({1}))


def _further(machine: MachineRecommendation) -> Iterator[str]:
    if count := len(machine.misses[_NEAREST:]):
        yield f"and {count} more {'misses' if count == 1 else 'miss'} by more (--format json names all)"


def _front(machine: MachineRecommendation) -> Grid:
    """Returns the front; what is surely dominated stands in a line below."""
    order = ("front", "open")
    places = sorted(
        (one for one in machine.front.places if one.standing in order), key=lambda one: order.index(one.standing)
    )
    rows = tuple((place.cell, *_point(machine, place), place.standing, _by(place)) for place in places)
    heads = ("Pareto front", "p50 ms", "top-1 %", "MB", "", "by")
    return Grid(heads=heads, rows=rows, words=frozenset({4, 5}))


def _point(machine: MachineRecommendation, place: Place) -> tuple[str, str, str]:
    known = machine.standings.cells[place.cell]
    top1 = None if known.cell.has_random_weights else known.top1
    return milliseconds(known.timing.p50_seconds), percent(top1), megabytes(known.size_bytes)


def _by(place: Place) -> str:
    return few(place.beaten_by, most=1)


def _dominated(machine: MachineRecommendation) -> Iterator[str]:
    for place in machine.front.places:
        if place.standing == "dominated":
            yield f"dominated: {place.cell} by {few(place.dominated_by)}"


def _regrets(recommendation: Recommendation) -> Grid:
    """Returns what each cell costs on each machine, those that hold everywhere first."""
    names = tuple(machine.machine for machine in recommendation.machines)
    best = ("best there", *(one.holding[0].cell if one.holding else ABSENT for one in recommendation.machines))
    rows = tuple((one.cell, *_costs(one, recommendation)) for one in recommendation.regrets)
    return Grid(
        heads=("on all machines", *names),
        rows=(best, *rows),
        words=frozenset(range(1, len(names) + 1)),
    )


def _costs(regret: Regret, recommendation: Recommendation) -> Iterator[str]:
    for machine, state, cost in zip(recommendation.machines, regret.states, regret.regrets, strict=True):
        candidate = machine.of(regret.cell)
        if state == "holds":
            yield describe_regret(cost, recommendation.preference[0])
        elif candidate is None:
            excluded = next((one.why for one in machine.excluded if one.cell == regret.cell), "not measured there")
            yield _short(excluded)
        else:
            yield f"{state}: {describe_miss(candidate, confidence=recommendation.confidence)}"


def _remarks(machine: MachineRecommendation) -> Iterator[str]:
    yield from machine.notes
    disturbed = [one.cell for one in machine.candidates if one.disturbances]
    if disturbed:
        yield f"{DISTURBED} disturbed, so that they may be faster; measure them again: {', '.join(disturbed)}"
    yield from machine.front.notes


def _legend(recommendation: Recommendation) -> Iterator[str]:
    if recommendation.limits:
        yield (
            "P: probability, %, that a limit holds for this machine's typical process, and of accuracy for all images "
            "of which the test split is a sample; all ≥: that all do, whatever they have to do with each other."
        )
    if any(limit.metric in (DROP, QUANTIZATION_DROP, TOP1) for limit in recommendation.limits):
        yield "What accuracy leaves open only more test images settle."
    yield (
        "Pareto front over p50, top-1 and size: front: no other cell's values are as good in all; dominated: by those "
        "named; open: those named have better values, but not significantly in all."
    )


def _plain(recommendation: Recommendation) -> dict[str, Any]:
    """Returns a recommendation as plain JSON."""
    return {
        "schema": SCHEMA,
        "sentence": decision(recommendation),
        "recommended": recommendation.cell,
        "status": recommendation.status,
        "limits": [_limit(limit) for limit in recommendation.limits],
        "limits_assumed": recommendation.is_assumed,
        "preference": list(recommendation.preference),
        "confidence": recommendation.confidence,
        "machines": [_machine(machine) for machine in recommendation.machines],
        "regrets": [_regret(regret, recommendation) for regret in recommendation.regrets],
        "notes": list(recommendation.notes),
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return asdict(limit) | {"at": "most" if limit.quantity.lower_is_better else "least"}


def _machine(machine: MachineRecommendation) -> dict[str, Any]:
    return {
        "machine": machine.machine,
        "files": list(machine.files),
        "candidates": [_candidate(one) for one in machine.candidates],
        "not_significantly_worse": list(machine.rivals),
        "undecided_preferred": list(machine.undecided),
        "excluded": [asdict(one) for one in machine.excluded],
        "front": asdict(machine.front),
        "notes": list(machine.notes),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    probabilities = [
        {
            "metric": one.limit.metric,
            "value": one.value,
            "probability": one.probability,
            "excess": one.excess,
            "why": one.why,
            "is_disturbed": one.is_disturbed,
        }
        for one in candidate.probabilities
    ]
    return asdict(candidate) | {"probabilities": probabilities}


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    plain = asdict(candidate)
    return {key: value for key, value in plain.items() if key not in ("probabilities", "disturbances")}


def _regret(regret: Regret, recommendation: Recommendation) -> dict[str, Any]:
    on = [
        {"machine": machine.machine, "state": state, "regret": cost}
        for machine, state, cost in zip(recommendation.machines, regret.states, regret.regrets, strict=True)
    ]
    return {"cell": regret.cell, "largest": regret.worst if math.isfinite(regret.worst) else None, "on": on}
