"""Which cell should be shipped, how probably does it hold the limits, and what of the others?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from zoobench.errors import Status
from zoobench.judge.gate.noise import Noise
from zoobench.judge.metrics import LATENCY_P50, LATENCY_P90, SPEEDUP
from zoobench.judge.recommend.cells import FloatFiles, KnownCell, KnownMachine, by_machine
from zoobench.judge.recommend.limits import DEFAULT_PREFERENCE, DROP, SIZE, TOP1, Limit, parse_limit
from zoobench.judge.recommend.pareto import Place, front_of, ordered, relation
from zoobench.judge.recommend.probability import LimitProbability, probability_of, spread_of
from zoobench.results.disturbed import cautions
from zoobench.results.run import Side
from zoobench.results.schema import Record
from zoobench.stats.intervals import CONFIDENCE

State = Literal["holds", "open", "misses"]
Withheld = Literal["", "no limit", "random weights", "disturbed"]
"""Why the cell that comes first is not recommended all the same: nobody said what must hold, nobody can ship it, or
all of its rounds were disturbed, and times decide.
"""
ASSUMED = parse_limit(DROP, "1 pp")
"""What is to be held where no limit was given: without one the fastest cell would win, however wrong it is."""
ANY_ACCURACY = "No limit of accuracy was given, so that any accuracy will do; give --max-drop or --min-top1."
_IMPROBABLE = 0.05
"""Probability of a limit from which down a cell misses it, however little confidence is asked for."""
_TIMES = frozenset({LATENCY_P50.key, LATENCY_P90.key, SPEEDUP.key})
_NOTHING_LEARNED: Mapping[str, Noise] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A cell that may be shipped, and what is known of it and the limits.

    Attributes:
        cell: With all its values.
        state: `holds` if it holds all limits with at least the confidence asked for, `misses` if it is improbable that
            it holds one of them, otherwise `open`.
        probabilities: Of each limit, in the order of the limits.
    """

    cell: KnownCell
    state: State
    probabilities: tuple[LimitProbability, ...]

    @property
    def at_least(self) -> float | None:
        """The least probability that it holds all limits at once; None where one cannot be told."""
        return all_at_least(self.probabilities)

    @property
    def beyond(self) -> tuple[LimitProbability, ...]:
        """The limits that its values break, the worst first."""
        return tuple(sorted((one for one in self.probabilities if one.is_beyond), key=lambda one: -one.distance))

    @property
    def distance(self) -> float:
        """The largest excess over a limit; 0 where the values hold all that are known."""
        return max((one.distance for one in self.probabilities), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRecommendation:
    """What one machine's results come to.

    Attributes:
        known: All that they say.
        candidates: Those that hold first, by preference; then the open ones, the most probable first; then those that
            miss, the nearest first.
        rivals: Ids of cells that hold and are not significantly worse than the best in the preferred metric.
        undecided: Ids of open cells that come before the best by preference, so that they would be it if they held.
        excluded: By the ids of cells that are no candidates, why.
        front: Over p50, top-1 and size.
        front_notes: What a reader must know of that.
    """

    known: KnownMachine
    candidates: tuple[Candidate, ...]
    rivals: tuple[str, ...]
    undecided: tuple[str, ...]
    excluded: Mapping[str, str]
    front: tuple[Place, ...]
    front_notes: tuple[str, ...]

    def of(self, cell: str) -> Candidate | None:
        """Returns a candidate by its id, None if the cell is none here."""
        return next((one for one in self.candidates if one.cell.id == cell), None)

    def those(self, state: State) -> tuple[Candidate, ...]:
        """Returns the candidates of a state: those that hold all limits, that are open, or that miss one."""
        return tuple(one for one in self.candidates if one.state == state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What should be shipped.

    Attributes:
        first: Id of the one that comes first, recommended or withheld, None where none holds all limits everywhere.
        withheld: Why it is.
        source: The file that has it and the SHA-256 of its model; None where there is no cell or no model.
        limits: What is to be held.
        is_assumed: Whether nobody gave a limit, so that `ASSUMED` was taken.
        preference: What cells that hold are ordered by.
        confidence: The probability that is asked for.
        machines: Each one's candidates.
        regrets: Of several machines, by cell what it costs on each, see `regrets_of`; the recommended one first.
        notes: What a reader must know of the whole.
    """

    first: str | None
    limits: tuple[Limit, ...]
    is_assumed: bool
    withheld: Withheld = ""
    source: tuple[Path, str] | None = None
    preference: tuple[str, ...]
    confidence: float
    machines: tuple[MachineRecommendation, ...]
    regrets: Mapping[str, tuple[float | None, ...]]
    notes: tuple[str, ...]

    @property
    def cell(self) -> str | None:
        """Id of the recommended one."""
        return None if self.withheld else self.first

    @property
    def status(self) -> Status:
        """0 if a cell holds all limits on every machine, 3 if some cell may yet do, 1 if none can."""
        if self.cell is not None:
            return Status.PASSED
        cells = {one.cell.id for machine in self.machines for one in machine.candidates}
        may_hold = any({"misses", None}.isdisjoint(states_of(cell, self.machines)) for cell in cells)
        return Status.UNDECIDED if may_hold else Status.FAILED


def recommend(
    sides: Sequence[Side],
    *,
    limits: Sequence[Limit] = (),
    preference: Sequence[str] = DEFAULT_PREFERENCE,
    confidence: float = CONFIDENCE,
    noise: Mapping[str, Noise] = _NOTHING_LEARNED,
) -> Recommendation:
    """Returns which cell should be shipped.

    Args:
        sides: Results, in any order; those of one machine are taken together as its runs.
        limits: What must be held; if none is given, `ASSUMED` is, where any cell can be held to it.
        preference: What cells that hold are ordered by, some of `limits.PREFERENCES`.
        confidence: The probability with which all limits are to hold at once.
        noise: What was learned of machines, by what `conditions.machine_name` calls them.

    Raises:
        ResultsError: If the results cannot be weighed against each other; see `by_machine`.
    """
    machines = by_machine(sides)
    taken, notes = _taken(limits, machines)
    found = [
        _of_machine(one, taken, preference=preference, confidence=confidence, noise=noise.get(one.name))
        for one in machines
    ]
    regrets = regrets_of(found, preference[0]) if len(found) > 1 else {}
    order = regrets or [one.cell.id for one in found[0].candidates]
    first = next((cell for cell in order if all(state == "holds" for state in states_of(cell, found))), None)
    runs = (run for side in sides for run in side.runs)
    measured = [(run.path, record) for run in runs if (record := run.records.get(first or ""))]
    of_time = preference[0] in _TIMES or any(limit.metric.key in _TIMES for limit in taken)
    withheld = _withheld([record for _, record in measured], is_stated=bool(limits), of_time=of_time)
    files = [(path, record.model.sha256) for path, record in measured if record.model]
    return Recommendation(
        first=first,
        withheld=withheld,
        source=files[-1] if files and not withheld else None,
        limits=taken,
        is_assumed=bool(taken) and not limits,
        preference=tuple(preference),
        confidence=confidence,
        machines=tuple(found),
        regrets=regrets,
        notes=(*notes, *cautions(record for side in sides for run in side.runs for record in run.records.values())),
    )


def _withheld(records: Sequence[Record], *, is_stated: bool, of_time: bool) -> Withheld:
    """Returns why a cell that holds all limits is not recommended, given its records of all runs."""
    if not is_stated:
        return "no limit"
    if any(record.cell.has_random_weights for record in records):
        return "random weights"
    watched = [one.latency.disturbance for one in records if one.latency]
    throughout = [one is not None and 0 < one.rounds <= one.disturbed_rounds for one in watched]
    return "disturbed" if of_time and throughout and all(throughout) else ""


def _taken(limits: Sequence[Limit], machines: Sequence[KnownMachine]) -> tuple[tuple[Limit, ...], tuple[str, ...]]:
    tested = [cell for machine in machines for cell in machine.cells.values() if cell.answered]
    is_known = any(not cell.has_random_weights for cell in tested)
    if limits:
        is_asked = any(limit.of_accuracy for limit in limits)
        return tuple(limits), () if is_asked or not is_known else (ANY_ACCURACY,)
    if is_known:
        return (ASSUMED,), (f"No limit was given: {ASSUMED.summary} was assumed; give --max-drop, or any other limit.",)
    why = "all weights are random" if tested else "no accuracy was tested"
    return (), (f"No limit was given, and none was assumed, as {why}: every cell would do, and p50 and size decide.",)


def _of_machine(
    machine: KnownMachine,
    limits: Sequence[Limit],
    *,
    preference: Sequence[str],
    confidence: float,
    noise: Noise | None,
) -> MachineRecommendation:
    candidates, excluded = candidates_of(machine, limits, confidence=confidence, noise=noise)
    ranks = {cell.id: rank for rank, cell in enumerate(ordered(machine.cells.values(), preference))}
    found = sorted(candidates, key=lambda one: _position(one, ranks[one.cell.id]))
    holding = [one.cell for one in found if one.state == "holds"]
    best = ranks[holding[0].id] if holding else len(ranks)
    undecided = [one for one in found if one.state == "open" and ranks[one.cell.id] < best]
    undecided.sort(key=lambda one: (-(one.at_least or 0.0), ranks[one.cell.id]))
    front, front_notes = front_of(machine.cells.values())
    return MachineRecommendation(
        known=machine,
        candidates=tuple(found),
        rivals=tuple(one.id for one in holding[1:] if relation(preference[0], one, holding[0]) != "worse"),
        undecided=tuple(one.cell.id for one in undecided),
        excluded=excluded,
        front=front,
        front_notes=front_notes,
    )


def _position(candidate: Candidate, rank: int) -> tuple[float, ...]:
    if candidate.state == "holds":
        return (0, rank)
    if candidate.state == "open":
        known = candidate.at_least is not None
        # what is lacking, not the bound: that is 0 for many, which are not equally probable
        return (1, float(not known), lacking(candidate.probabilities) if known else candidate.distance, rank)
    return (2, candidate.distance, rank)


def candidates_of(
    machine: KnownMachine, limits: Sequence[Limit], *, confidence: float, noise: Noise | None
) -> tuple[tuple[Candidate, ...], dict[str, str]]:
    """Returns the candidates of a machine in the order of its cells, and of the cells that are none, why."""
    candidates, excluded, floats = [], {}, FloatFiles(machine.cells.values())
    for name, cell in machine.cells.items():
        if why := _exclusion(cell, limits):
            excluded[name] = why
        else:
            spread = spread_of(cell, noise)
            found = tuple(probability_of(cell, limit, floats=floats, spread=spread) for limit in limits)
            state = state_of(found, confidence=confidence)
            candidates.append(Candidate(cell=cell, state=state, probabilities=found))
    return tuple(candidates), excluded


def _exclusion(cell: KnownCell, limits: Sequence[Limit]) -> str:
    if cell.refusal:
        return f"refused by {cell.refusal.by}: {cell.refusal.reason}"
    of_accuracy = [limit.summary for limit in limits if limit.of_accuracy]
    if cell.has_random_weights and of_accuracy:
        return f"random weights: their accuracy means nothing, so that it cannot hold {' and '.join(of_accuracy)}"
    return ""


def all_at_least(probabilities: Sequence[LimitProbability]) -> float | None:
    """Returns the least probability that all limits hold at once, None where one cannot be told.

    By Bonferroni's inequality, so that they are not assumed to be independent: 1 - the sum of (1 - each).
    """
    if any(one.probability is None for one in probabilities):
        return None
    return max(0.0, 1 - lacking(probabilities))


def lacking(probabilities: Sequence[LimitProbability]) -> float:
    """Returns the sum of what each limit's probability, where it is known, lacks to one."""
    return math.fsum(1 - one.probability for one in probabilities if one.probability is not None)


def state_of(probabilities: Sequence[LimitProbability], *, confidence: float) -> State:
    """Returns what the probabilities of all limits come to; what disturbed rounds found too slow is open."""
    known = [one.probability for one in probabilities if one.probability is not None and not one.is_disturbed]
    if any(probability <= min(1 - confidence, _IMPROBABLE) for probability in known):
        return "misses"
    at_least = all_at_least(probabilities)
    return "holds" if at_least is not None and at_least >= confidence else "open"


def states_of(cell: str, machines: Sequence[MachineRecommendation]) -> list[State | None]:
    """Returns the state of a cell on each machine, None where it is no candidate."""
    return [one.state if (one := machine.of(cell)) else None for machine in machines]


def regrets_of(machines: Sequence[MachineRecommendation], metric: str) -> dict[str, tuple[float | None, ...]]:
    """Returns what it costs to ship each cell to all machines, the one that costs least first.

    On each machine it is by how much the cell is worse in the preferred metric than the best one that holds there: a
    share of that one's value, of top-1 a difference of shares. None where it does not hold, or the metric is not known.

    Those that hold on most machines come first. Minimax regret: L. J. Savage, "The theory of statistical decision",
    JASA 46 (1951). Cells of equal largest regret are in the order of the sum of theirs.
    """
    cells = dict.fromkeys(one.cell.id for machine in machines for one in machine.candidates)
    found = {cell: tuple(_regret(machine, cell, metric) for machine in machines) for cell in cells}

    def cost(cell: str) -> tuple[float | str, ...]:
        known = [one for one in found[cell] if one is not None]
        return (-states_of(cell, machines).count("holds"), worst(found[cell]), math.fsum(known), cell)

    return {cell: found[cell] for cell in sorted(found, key=cost)}


def _regret(machine: MachineRecommendation, cell: str, metric: str) -> float | None:
    holding = [one.cell for one in machine.those("holds")]
    values = {one.id: one.values[metric] for one in holding if metric in one.values}
    if cell not in values:
        return None
    own, best = values[cell], min(values.values())
    if metric == TOP1:
        return own - best
    return own / best - 1 if metric == SIZE else math.expm1(own - best)


def worst(regrets: Sequence[float | None]) -> float:
    """Returns the largest regret; infinite where one is not known."""
    return max((math.inf if one is None else one for one in regrets), default=math.inf)
