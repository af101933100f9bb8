"""How is a recommendation read? The decision first, then every cell with what is to be said of it."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from math import isfinite
from textwrap import shorten
from typing import Any

from zoobench.judge.metrics import METRICS
from zoobench.judge.recommend.cells import KnownCell
from zoobench.judge.recommend.limits import MEMORY, Limit
from zoobench.judge.recommend.pareto import Place
from zoobench.judge.recommend.recommendation import (
    Candidate,
    MachineRecommendation,
    Recommendation,
    states_of,
    worst,
)
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
            {"machine": machine.known.name} | _candidate_row(one)
            for machine in recommendation.machines
            for one in machine.candidates
        ],
    )


def document(recommendation: Recommendation) -> Document:
    """Returns a recommendation: the decision, then every cell with what is to be said of it."""
    longest = max((len(cell) for machine in recommendation.machines for cell in machine.known.cells), default=0)
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
    yield f"ordered by: {', then '.join(METRICS[metric].title for metric in recommendation.preference)}"
    yield from recommendation.notes


def _of_machine(machine: MachineRecommendation, recommendation: Recommendation) -> list[Block]:
    title = (f"{machine.known.name}: {', '.join(machine.known.files)}", *_nearby(machine, recommendation))
    return [
        Lines(lines=title),
        _holding(machine, recommendation.limits),
        _open(machine, recommendation),
        _missing(machine, recommendation),
        Lines(lines=tuple(_further(machine))),
        Lines(lines=tuple(f"left out: {cell}: {_short(why)}" for cell, why in machine.excluded.items())),
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
        worse = METRICS[recommendation.preference[0]].worse
        yield f"not significantly {worse} than {machine.candidates[0].cell.id}: {few(machine.rivals)}"
    first = machine.of(machine.undecided[0]) if machine.undecided and shown and shown.state == "holds" else None
    if first:
        more = f" (and {len(machine.undecided) - 1} more)" if len(machine.undecided) > 1 else ""
        miss = describe_miss(first, confidence=recommendation.confidence)
        yield f"would come first if it held: {first.cell.id}{more}: {miss}"
    for one in shown.probabilities if shown else ():
        yield f"{one.limit.summary}: {describe(one)}, {chance(one.probability)} % – {one.why}"


def _holding(machine: MachineRecommendation, limits: Sequence[Limit]) -> Grid:
    heads = ("holds", *_VALUES, *(f"P {limit.metric.title}" for limit in limits), *(("all ≥",) if limits else ()))
    rows = tuple(
        (
            one.cell.id,
            *_values(one.cell),
            *(chance(found.probability) for found in one.probabilities),
            *((chance(one.at_least),) if limits else ()),
        )
        for one in machine.those("holds")
    )
    return Grid(heads=heads, rows=rows)


def _values(cell: KnownCell) -> tuple[str, ...]:
    mark = DISTURBED if cell.timing.disturbances else ""
    return (
        f"{mark}{milliseconds(cell.timing.p50_seconds)}",
        milliseconds(cell.timing.p90_seconds),
        ratio(cell.timing.speedup),
        ABSENT if cell.cell.has_random_weights else percent(cell.top1),
        megabytes(cell.size_bytes),
        megabytes(cell.middle(MEMORY)),
    )


def _open(machine: MachineRecommendation, recommendation: Recommendation) -> Grid:
    rows = tuple(
        (one.cell.id, chance(one.at_least), describe_miss(one, confidence=recommendation.confidence))
        for one in machine.those("open")
    )
    return Grid(heads=("open", "all ≥", "as"), rows=rows, words=frozenset({2}))


def _missing(machine: MachineRecommendation, recommendation: Recommendation) -> Grid:
    rows = tuple(
        (one.cell.id, describe_miss(one, confidence=recommendation.confidence))
        for one in machine.those("misses")[:_NEAREST]
    )
    return Grid(heads=("nearest misses", "by"), rows=rows, words=frozenset({1}))


def _further(machine: MachineRecommendation) -> Iterator[str]:
    if count := len(machine.those("misses")[_NEAREST:]):
        yield f"and {count} more {'misses' if count == 1 else 'miss'} by more (--format json names all)"


def _front(machine: MachineRecommendation) -> Grid:
    """Returns the front; what is dominated stands in a line below."""
    order = ("front", "open")
    places = sorted((one for one in machine.front if one.standing in order), key=lambda one: order.index(one.standing))
    rows = tuple((place.cell, *_point(machine, place), place.standing, _by(place)) for place in places)
    heads = ("Pareto front", "p50 ms", "top-1 %", "MB", "", "by")
    return Grid(heads=heads, rows=rows, words=frozenset({4, 5}))


def _point(machine: MachineRecommendation, place: Place) -> tuple[str, str, str]:
    known = machine.known.cells[place.cell]
    top1 = None if known.cell.has_random_weights else known.top1
    return milliseconds(known.timing.p50_seconds), percent(top1), megabytes(known.size_bytes)


def _by(place: Place) -> str:
    return few(place.beaten_by, most=1)


def _dominated(machine: MachineRecommendation) -> Iterator[str]:
    for place in machine.front:
        if place.standing == "dominated":
            yield f"dominated: {place.cell} by {few(place.dominated_by)}"


def _regrets(recommendation: Recommendation) -> Grid:
    """Returns what each cell costs on each machine, those that hold everywhere first."""
    names = tuple(machine.known.name for machine in recommendation.machines)
    holding = [machine.those("holds") for machine in recommendation.machines]
    best = ("best there", *(some[0].cell.id if some else ABSENT for some in holding))
    rows = tuple((cell, *_costs(cell, recommendation)) for cell in recommendation.regrets)
    return Grid(
        heads=("on all machines", *names),
        rows=(best, *rows),
        words=frozenset(range(1, len(names) + 1)),
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
        yield f"{DISTURBED} disturbed, so that they may be faster; measure them again: {', '.join(disturbed)}"
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
        "regrets": [_regret(cell, recommendation) for cell in recommendation.regrets],
        "notes": list(recommendation.notes),
    }


def _limit(limit: Limit) -> dict[str, Any]:
    at = "most" if limit.metric.lower_is_better else "least"
    return {"metric": limit.metric.key, "bound": limit.bound, "text": limit.text, "at": at}


def _machine(machine: MachineRecommendation) -> dict[str, Any]:
    return {
        "machine": machine.known.name,
        "files": list(machine.known.files),
        "candidates": [_candidate(one) for one in machine.candidates],
        "not_significantly_worse": list(machine.rivals),
        "undecided_preferred": list(machine.undecided),
        "excluded": [{"cell": cell, "why": why} for cell, why in machine.excluded.items()],
        "front": {"places": [asdict(place) for place in machine.front], "notes": list(machine.front_notes)},
        "notes": list(machine.known.notes),
    }


def _candidate(candidate: Candidate) -> dict[str, Any]:
    cell, timing = candidate.cell, candidate.cell.timing
    probabilities = [
        {
            "metric": one.limit.metric.key,
            "value": one.value,
            "probability": one.probability,
            "excess": one.excess,
            "why": one.why,
            "is_disturbed": one.is_disturbed,
        }
        for one in candidate.probabilities
    ]
    return {
        "cell": cell.id,
        "state": candidate.state,
        "probabilities": probabilities,
        "at_least": candidate.at_least,
        "p50_seconds": timing.p50_seconds,
        "p90_seconds": timing.p90_seconds,
        "speedup": timing.speedup,
        "top1": cell.top1,
        "size_bytes": cell.size_bytes,
        "peak_bytes": cell.middle(MEMORY),
        "has_random_weights": cell.cell.has_random_weights,
        "disturbances": list(timing.disturbances),
    }


def _candidate_row(candidate: Candidate) -> dict[str, Any]:
    plain = _candidate(candidate)
    return {key: value for key, value in plain.items() if key not in ("probabilities", "disturbances")}


def _regret(cell: str, recommendation: Recommendation) -> dict[str, Any]:
    machines, costs = recommendation.machines, recommendation.regrets[cell]
    on = [
        {"machine": machine.known.name, "state": state, "regret": cost}
        for machine, state, cost in zip(machines, states_of(cell, machines), costs, strict=True)
    ]
    largest = worst(costs)
    return {"cell": cell, "largest": largest if isfinite(largest) else None, "on": on}
