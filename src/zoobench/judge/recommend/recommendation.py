"""Which cell should be shipped, how surely does it hold the limits, and what of the others?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from zoobench.errors import Status
from zoobench.judge.gate.noise import Noise
from zoobench.judge.recommend.cells import KnownCell, KnownMachine, by_machine, spread_of
from zoobench.judge.recommend.limits import DEFAULT_PREFERENCE, DROP, SIZE, TOP1, Limit, parse_limit
from zoobench.judge.recommend.pareto import Front, Standings, front_of, ordered, relation, standings, value_of
from zoobench.judge.recommend.probability import LimitProbability, probability_of
from zoobench.results.run import Side
from zoobench.stats.intervals import CONFIDENCE

State = Literal["holds", "open", "misses"]
ASSUMED = parse_limit(DROP, "1 pp")
"""What is to be held where no limit was given: without one the fastest cell would win, however wrong it is."""
ANY_ACCURACY = "No limit of accuracy was given, so that any accuracy will do; give --max-drop or --min-top1."
_SURELY_NOT = 0.05
"""Probability of a limit from which down a cell misses it, however little confidence is asked for."""
_NOTHING_LEARNED: Mapping[str, Noise] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A cell and what is known of it and the limits.

    Attributes:
        cell: Its id.
        state: `holds` if it holds all limits with at least the confidence asked for, `misses` if it surely breaks one,
            otherwise `open`.
        probabilities: Of each limit, in the order of the limits.
        at_least: The least probability that it holds all of them at once, by Bonferroni's inequality, so that they are
            not assumed to be independent: 1 - the sum of (1 - each). None where one cannot be told.
        p50_seconds: Of its runs, as is `p90_seconds`; what was not measured is None.
        speedup: Over the float twin.
        top1: Share of right answers.
        size_bytes: Of the file.
        peak_bytes: Of resident memory, median of fresh processes.
        has_random_weights: Whether its top-1 means nothing.
        disturbances: What disturbed its rounds, a line for each run that was.
    """

    cell: str
    state: State
    probabilities: tuple[LimitProbability, ...]
    at_least: float | None
    p50_seconds: float | None = None
    p90_seconds: float | None = None
    speedup: float | None = None
    top1: float | None = None
    size_bytes: int | None = None
    peak_bytes: float | None = None
    has_random_weights: bool = False
    disturbances: tuple[str, ...] = ()

    @property
    def beyond(self) -> tuple[LimitProbability, ...]:
        """The limits that its values break, the worst first."""
        return tuple(sorted((one for one in self.probabilities if one.is_beyond), key=lambda one: -one.distance))

    @property
    def distance(self) -> float:
        """The largest excess over a limit; 0 where the values hold all that are known."""
        return max((one.distance for one in self.probabilities), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """A cell that is no candidate, and why."""

    cell: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineRecommendation:
    """What one machine's results come to.

    Attributes:
        machine: Device or CPU, and cores.
        files: That were read.
        candidates: Those that hold first, by preference; then the open ones, the most probable first; then those that
            miss, the nearest first.
        rivals: Ids of cells that hold and are not significantly worse than the best in the preferred metric.
        undecided: Ids of open cells that come before the best by preference, so that they would be it if they held.
        excluded: Cells that are no candidates.
        front: Over p50, top-1 and size.
        notes: What a reader must know.
        standings: The cells, ready to be compared.
    """

    machine: str
    files: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    rivals: tuple[str, ...]
    undecided: tuple[str, ...]
    excluded: tuple[Excluded, ...]
    front: Front
    notes: tuple[str, ...]
    standings: Standings

    @property
    def holding(self) -> tuple[Candidate, ...]:
        """Those that hold all limits, the best first."""
        return self._in("holds")

    @property
    def open(self) -> tuple[Candidate, ...]:
        """Those of which that cannot be told, the most probable first."""
        return self._in("open")

    @property
    def misses(self) -> tuple[Candidate, ...]:
        """Those that surely do not, the nearest first."""
        return self._in("misses")

    def of(self, cell: str) -> Candidate | None:
        """Returns a candidate by its id, None if the cell is none here."""
        return next((one for one in self.candidates if one.cell == cell), None)

    def _in(self, state: State) -> tuple[Candidate, ...]:
        return tuple(one for one in self.candidates if one.state == state)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regret:
    """What it costs to ship one cell to all machines.

    Attributes:
        cell: Its id, of a candidate on at least one machine.
        states: On each machine; None where it is no candidate there.
        regrets: On each machine, by how much it is worse in the preferred metric than the best cell that holds there:
            a share of that one's value, of top-1 a difference of shares. None where it does not hold, or the metric is
            not known.
    """

    cell: str
    states: tuple[State | None, ...]
    regrets: tuple[float | None, ...]

    @property
    def holds_everywhere(self) -> bool:
        """Whether it holds all limits on each machine."""
        return all(state == "holds" for state in self.states)

    @property
    def worst(self) -> float:
        """The largest; infinite where one is not known."""
        return max((math.inf if one is None else one for one in self.regrets), default=math.inf)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recommendation:
    """What should be shipped.

    Attributes:
        cell: Id of the recommended one, None where none surely holds all limits on every machine.
        limits: What is to be held.
        is_assumed: Whether nobody gave a limit, so that `ASSUMED` was taken.
        preference: What cells that hold are ordered by.
        confidence: The probability that is asked for.
        machines: Each one's candidates.
        regrets: Of several machines, each cell that is on all of them and what it costs; the recommended one first.
        notes: What a reader must know of the whole.
    """

    cell: str | None
    limits: tuple[Limit, ...]
    is_assumed: bool
    preference: tuple[str, ...]
    confidence: float
    machines: tuple[MachineRecommendation, ...]
    regrets: tuple[Regret, ...]
    notes: tuple[str, ...]

    @property
    def status(self) -> Status:
        """0 if a cell holds all limits on every machine, 3 if some cell may yet do, 1 if none can."""
        if self.cell is not None:
            return Status.PASSED
        found: dict[str, list[State]] = {}
        for machine in self.machines:
            for one in machine.candidates:
                found.setdefault(one.cell, []).append(one.state)
        on_all = [states for states in found.values() if len(states) == len(self.machines)]
        return Status.UNDECIDED if any("misses" not in states for states in on_all) else Status.FAILED


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
        noise: What was learned of machines, by what `cells.machine_name` calls them.

    Raises:
        ResultsError: If the results cannot be weighed against each other; see `by_machine`.
    """
    machines = by_machine(sides)
    taken, notes = _taken(limits, machines)
    found = [_of_machine(one, taken, preference, confidence, noise.get(one.name)) for one in machines]
    regrets = regrets_of(found, preference) if len(found) > 1 else ()
    best = common_cell(regrets) if len(found) > 1 else next((one.cell for one in found[0].holding), None)
    return Recommendation(
        cell=best,
        limits=taken,
        is_assumed=bool(taken) and not limits,
        preference=tuple(preference),
        confidence=confidence,
        machines=tuple(found),
        regrets=regrets,
        notes=notes,
    )


def candidates_of(
    machine: KnownMachine, limits: Sequence[Limit], *, confidence: float, noise: Noise | None
) -> tuple[tuple[Candidate, ...], tuple[Excluded, ...]]:
    """Returns the candidates of a machine in the order of its cells, and the cells that are none.

    Args:
        machine: All that is known of its cells.
        limits: What is to be held.
        confidence: The probability that is asked for.
        noise: What was learned of the machine.
    """
    reasons = {name: _exclusion(cell, limits) for name, cell in machine.cells.items()}
    excluded = tuple(Excluded(cell=name, why=why) for name, why in reasons.items() if why)
    included = [cell for name, cell in machine.cells.items() if not reasons[name]]
    return tuple(_candidate(cell, machine, limits, confidence, noise) for cell in included), excluded


def all_at_least(probabilities: Sequence[LimitProbability]) -> float | None:
    """Returns the least probability that all limits hold at once, None where one cannot be told."""
    missing = 0.0
    for one in probabilities:
        if one.probability is None:
            return None
        missing += 1 - one.probability
    return max(0.0, 1 - missing)


def state_of(probabilities: Sequence[LimitProbability], *, confidence: float) -> State:
    """Returns what the probabilities of all limits come to; what disturbed rounds found too slow is open."""
    known = [one.probability for one in probabilities if one.probability is not None and not one.is_disturbed]
    if any(probability <= min(1 - confidence, _SURELY_NOT) for probability in known):
        return "misses"
    at_least = all_at_least(probabilities)
    return "holds" if at_least is not None and at_least >= confidence else "open"


def regrets_of(machines: Sequence[MachineRecommendation], preference: Sequence[str]) -> tuple[Regret, ...]:
    """Returns what each cell would cost, the one with the smallest largest regret first.

    Minimax regret: L. J. Savage, "The theory of statistical decision", JASA 46 (1951). Cells of equal largest regret
    are in the order of the sum of theirs.
    """
    cells = dict.fromkeys(one.cell for machine in machines for one in machine.candidates)
    return tuple(sorted((_regret(cell, machines, preference[0]) for cell in cells), key=_cost))


def common_cell(regrets: Sequence[Regret]) -> str | None:
    """Returns the cell that serves all machines, None where none holds on each."""
    return next((one.cell for one in regrets if one.holds_everywhere), None)


def _taken(limits: Sequence[Limit], machines: Sequence[KnownMachine]) -> tuple[tuple[Limit, ...], tuple[str, ...]]:
    """Returns the limits that cells must hold, and what is to be said of that."""
    tested = [cell for machine in machines for cell in machine.cells.values() if cell.answered]
    is_known = any(not cell.cell.has_random_weights for cell in tested)
    if limits:
        is_asked = any(limit.quantity.of_accuracy for limit in limits)
        return tuple(limits), () if is_asked or not is_known else (ANY_ACCURACY,)
    if is_known:
        return (ASSUMED,), (f"No limit was given: {ASSUMED.summary} was assumed; give --max-drop, or any other limit.",)
    why = "all weights are random" if tested else "no accuracy was tested"
    return (), (f"No limit was given, and none was assumed, as {why}: every cell would do, and p50 and size decide.",)


def _of_machine(
    machine: KnownMachine,
    limits: Sequence[Limit],
    preference: Sequence[str],
    confidence: float,
    noise: Noise | None,
) -> MachineRecommendation:
    candidates, excluded = candidates_of(machine, limits, confidence=confidence, noise=noise)
    among = standings(machine)
    ranks = {cell: rank for rank, cell in enumerate(ordered(list(machine.cells), among, preference))}
    found = sorted(candidates, key=lambda one: _position(one, ranks))
    return MachineRecommendation(
        machine=machine.name,
        files=machine.files,
        candidates=tuple(found),
        rivals=_rivals(found, among, preference[0]),
        undecided=_undecided(found, ranks),
        excluded=excluded,
        front=front_of(machine, among),
        notes=machine.notes,
        standings=among,
    )


def _exclusion(cell: KnownCell, limits: Sequence[Limit]) -> str:
    """Returns why a cell is no candidate, '' if it is one."""
    if cell.refusal:
        return f"refused by {cell.refusal.by}: {cell.refusal.reason}"
    of_accuracy = [limit.summary for limit in limits if limit.quantity.of_accuracy]
    if cell.cell.has_random_weights and of_accuracy:
        return f"random weights: their accuracy means nothing, so that it cannot hold {' and '.join(of_accuracy)}"
    return ""


def _candidate(
    cell: KnownCell, machine: KnownMachine, limits: Sequence[Limit], confidence: float, noise: Noise | None
) -> Candidate:
    spread, timing = spread_of(cell.cell, noise), cell.timing
    found = tuple(probability_of(cell, limit, cells=machine.cells, spread=spread) for limit in limits)
    return Candidate(
        cell=cell.cell.id,
        state=state_of(found, confidence=confidence),
        probabilities=found,
        at_least=all_at_least(found),
        p50_seconds=timing.p50_seconds,
        p90_seconds=timing.p90_seconds,
        speedup=timing.speedup,
        top1=cell.top1,
        size_bytes=cell.size_bytes,
        peak_bytes=cell.peak_bytes,
        has_random_weights=cell.cell.has_random_weights,
        disturbances=timing.disturbances,
    )


def _position(candidate: Candidate, ranks: Mapping[str, int]) -> tuple[float, ...]:
    rank = ranks[candidate.cell]
    if candidate.state == "holds":
        return (0, rank)
    if candidate.state == "open":
        at_least = candidate.at_least
        return (1, float(at_least is None), candidate.distance if at_least is None else -at_least, rank)
    return (2, candidate.distance, rank)


def _rivals(candidates: Sequence[Candidate], among: Standings, metric: str) -> tuple[str, ...]:
    """Returns the cells that hold and are not significantly worse than the first."""
    holding = [one.cell for one in candidates if one.state == "holds"]
    return tuple(one for one in holding[1:] if relation(among, metric, one, holding[0]) != "worse")


def _undecided(candidates: Sequence[Candidate], ranks: Mapping[str, int]) -> tuple[str, ...]:
    """Returns the open cells that come before the first that holds, or all where none does, the most probable first."""
    best = next((ranks[one.cell] for one in candidates if one.state == "holds"), len(ranks))
    found = [one for one in candidates if one.state == "open" and ranks[one.cell] < best]
    return tuple(one.cell for one in sorted(found, key=lambda one: (-(one.at_least or 0.0), ranks[one.cell])))


def _regret(cell: str, machines: Sequence[MachineRecommendation], metric: str) -> Regret:
    found = [machine.of(cell) for machine in machines]
    return Regret(
        cell=cell,
        states=tuple(one.state if one else None for one in found),
        regrets=tuple(
            _regret_on(machine, cell, metric) if one and one.state == "holds" else None
            for machine, one in zip(machines, found, strict=True)
        ),
    )


def _regret_on(machine: MachineRecommendation, cell: str, metric: str) -> float | None:
    own = value_of(machine.standings, metric, cell)
    values = [value_of(machine.standings, metric, one.cell) for one in machine.holding]
    known = [value for value in values if value is not None]
    if own is None or not known:
        return None
    best = min(known)
    if metric == TOP1:
        return own - best
    return own / best - 1 if metric == SIZE else math.expm1(own - best)


def _cost(regret: Regret) -> tuple[object, ...]:
    held = sum(state == "holds" for state in regret.states)
    known = [one for one in regret.regrets if one is not None]
    return (-held, regret.worst, math.fsum(known), regret.cell)
