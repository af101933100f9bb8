"""What does a choice say? The cell that should be shipped, the others, and where each stands."""

from dataclasses import dataclass

from zoobench.judge.recommend.candidates import Candidate, Excluded, State
from zoobench.judge.recommend.limits import Limit
from zoobench.judge.recommend.pareto import Front
from zoobench.judge.recommend.regrets import Regret
from zoobench.judge.recommend.relations import Standings

HOLDS, MISSES, OPEN = 0, 1, 3
"""Exit statuses, as those of the gate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineChoice:
    """What one machine's results come to.

    Attributes:
        machine: Device or CPU, and cores.
        files: That were read.
        candidates: Those that hold first, by preference; then the open ones, the most probable first; then those that
            miss, the nearest first.
        rivals: Ids of cells that hold and are not surely worse than the best in the preferred metric.
        ahead: Ids of open cells that come before the best by preference, so that they would be it if they surely held.
        excluded: Cells that are no candidates.
        front: Over p50, top-1 and size.
        notes: What a reader must know.
        standings: The cells, ready to be held against each other.
    """

    machine: str
    files: tuple[str, ...]
    candidates: tuple[Candidate, ...]
    rivals: tuple[str, ...]
    ahead: tuple[str, ...]
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
class Choice:
    """What should be shipped.

    Attributes:
        chosen: Id of the cell, None where none surely holds all limits on every machine.
        limits: What is to be held.
        is_assumed: Whether nobody gave a limit, so that `ASSUMED` was taken.
        preference: What cells that hold are ordered by.
        confidence: The probability that is asked for.
        machines: Each one's candidates.
        regrets: Of several machines, each cell that is on all of them and what it costs; the chosen one first.
        notes: What a reader must know of the whole.
        sentence: The decision.
    """

    chosen: str | None
    limits: tuple[Limit, ...]
    is_assumed: bool
    preference: tuple[str, ...]
    confidence: float
    machines: tuple[MachineChoice, ...]
    regrets: tuple[Regret, ...]
    notes: tuple[str, ...]
    sentence: str = ""

    @property
    def status(self) -> int:
        """0 if a cell holds all limits on every machine, 3 if some cell may yet do, 1 if none can."""
        if self.chosen is not None:
            return HOLDS
        return OPEN if any(all(state != "misses" for state in states) for states in self._states().values()) else MISSES

    @property
    def holding(self) -> tuple[Candidate, ...]:
        """Of the first machine, which is the only one but for comparisons of several."""
        return self.machines[0].holding

    @property
    def open(self) -> tuple[Candidate, ...]:
        """Of the first machine."""
        return self.machines[0].open

    @property
    def misses(self) -> tuple[Candidate, ...]:
        """Of the first machine."""
        return self.machines[0].misses

    @property
    def front(self) -> Front:
        """Of the first machine."""
        return self.machines[0].front

    def _states(self) -> dict[str, list[State]]:
        """Returns the states on each machine of every cell that is a candidate on all."""
        found: dict[str, list[State]] = {}
        for machine in self.machines:
            for one in machine.candidates:
                found.setdefault(one.cell, []).append(one.state)
        return {cell: states for cell, states in found.items() if len(states) == len(self.machines)}
