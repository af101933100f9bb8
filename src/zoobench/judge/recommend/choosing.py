"""Which cell should be shipped, how surely does it hold the limits, and what of the others?"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from zoobench.judge.gate.noise import Noise
from zoobench.judge.recommend.candidates import Candidate, candidates_of
from zoobench.judge.recommend.cells import KnownMachine, by_machine
from zoobench.judge.recommend.limits import DROP, Limit, parse_limit
from zoobench.judge.recommend.pareto import front_of
from zoobench.judge.recommend.preference import DEFAULT_PREFERENCE, ordered
from zoobench.judge.recommend.regrets import common_choice, regrets_of
from zoobench.judge.recommend.relations import Standings, relation, standings
from zoobench.judge.recommend.result import Choice, MachineChoice
from zoobench.judge.recommend.sentences import decision
from zoobench.results.run import Side
from zoobench.stats.statistics import CONFIDENCE

ASSUMED = parse_limit(DROP, "1 pp")
"""What is to be held where no limit was given: without one the fastest cell would win, however wrong it is."""
ANY_ACCURACY = "No limit of accuracy was given, so that any accuracy will do; give --drop or --top1."
_NOTHING_LEARNED: Mapping[str, Noise] = MappingProxyType({})


def choose(
    sides: Sequence[Side],
    *,
    limits: Sequence[Limit] = (),
    preference: Sequence[str] = DEFAULT_PREFERENCE,
    confidence: float = CONFIDENCE,
    noise: Mapping[str, Noise] = _NOTHING_LEARNED,
) -> Choice:
    """Returns which cell should be shipped.

    Args:
        sides: Results, in any order; those of one machine are taken together as its runs.
        limits: What must be held; if none is given, `ASSUMED` is, where any cell can be held to it.
        preference: What cells that hold are ordered by, names of `PREFERENCES`.
        confidence: The probability with which all limits are to hold at once.
        noise: What was learned of machines, by what `machine.machine_name` calls them.

    Raises:
        ResultsError: If the results cannot be weighed against each other; see `by_machine`.
    """
    machines = by_machine(sides)
    taken, notes = _taken(limits, machines)
    chosen = [_of_machine(one, taken, preference, confidence, noise.get(one.name)) for one in machines]
    regrets = regrets_of(chosen, preference) if len(chosen) > 1 else ()
    best = common_choice(regrets) if len(chosen) > 1 else next((one.cell for one in chosen[0].holding), None)
    draft = Choice(
        chosen=best,
        limits=taken,
        is_assumed=bool(taken) and not limits,
        preference=tuple(preference),
        confidence=confidence,
        machines=tuple(chosen),
        regrets=regrets,
        notes=notes,
    )
    return replace(draft, sentence=decision(draft))


def _taken(limits: Sequence[Limit], machines: Sequence[KnownMachine]) -> tuple[tuple[Limit, ...], tuple[str, ...]]:
    """Returns the limits to hold cells to, and what is to be said of that."""
    tested = [cell for machine in machines for cell in machine.cells.values() if cell.answered]
    is_known = any(not cell.cell.has_random_weights for cell in tested)
    if limits:
        is_asked = any(limit.quantity.of_accuracy for limit in limits)
        return tuple(limits), () if is_asked or not is_known else (ANY_ACCURACY,)
    if is_known:
        return (ASSUMED,), (f"No limit was given: {ASSUMED.told} was assumed; give --drop, or any other limit.",)
    why = "all weights are random" if tested else "no accuracy was tested"
    return (), (f"No limit was given, and none was assumed, as {why}: every cell would do, and p50 and size decide.",)


def _of_machine(
    machine: KnownMachine,
    limits: Sequence[Limit],
    preference: Sequence[str],
    confidence: float,
    noise: Noise | None,
) -> MachineChoice:
    candidates, excluded = candidates_of(machine, limits, confidence=confidence, noise=noise)
    among = standings(machine)
    ranks = {cell: rank for rank, cell in enumerate(ordered(list(machine.cells), among, preference))}
    found = sorted(candidates, key=lambda one: _position(one, ranks))
    return MachineChoice(
        machine=machine.name,
        files=machine.files,
        candidates=tuple(found),
        rivals=_rivals(found, among, preference[0]),
        ahead=_ahead(found, ranks),
        excluded=excluded,
        front=front_of(machine, among),
        notes=machine.notes,
        standings=among,
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
    """Returns the cells that hold and of which it is not sure that they are worse than the first."""
    holding = [one.cell for one in candidates if one.state == "holds"]
    return tuple(one for one in holding[1:] if relation(among, metric, one, holding[0]) != "worse")


def _ahead(candidates: Sequence[Candidate], ranks: Mapping[str, int]) -> tuple[str, ...]:
    """Returns the open cells that come before the first that holds, or all where none does, the most probable first."""
    best = next((ranks[one.cell] for one in candidates if one.state == "holds"), len(ranks))
    found = [one for one in candidates if one.state == "open" and ranks[one.cell] < best]
    return tuple(one.cell for one in sorted(found, key=lambda one: (-(one.at_least or 0.0), ranks[one.cell])))
