"""Which cells does no other one surely beat in time, top-1 and size at once?

A cell dominates another if it is surely better in at least one of these, and surely better or equal in the others.
Surely means: by bytes, which are exact; by the interval of the paired difference of top-1, where equal is to have the
very same samples right; by the interval of the ratio of times, or of speed-ups over one float twin, beyond what two
processes differ by, so that times are never equal. Three things may therefore be said of a cell: it is on the front,
as no other one's values are at least as good in all; it is dominated, and by whom; or it is open: others' values are
better, but not surely in all of them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from zoobench.errors import ResultsError
from zoobench.judge.recommend.cells import KnownMachine, by_machine
from zoobench.judge.recommend.relations import LATENCY, SIZE, TOP1, Standings, relation, standings, value_of
from zoobench.results.run import Side

Standing = Literal["front", "open", "dominated"]
AXES = (LATENCY, TOP1, SIZE)
_AXIS_WORDS = {LATENCY: "latency", TOP1: "top-1", SIZE: "size"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a cell stands.

    Attributes:
        cell: Its id.
        standing: On the front, dominated, or neither for sure.
        dominated_by: The cells that surely are at least as good in all and better in one.
        beaten_by: The cells whose values are, surely or not.
        axes: What it was held against others in: without top-1 among random weights.
    """

    cell: str
    standing: Standing
    dominated_by: tuple[str, ...] = ()
    beaten_by: tuple[str, ...] = ()
    axes: tuple[str, ...] = AXES


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """The standing of each cell that knows all axes, and what is to be said of the others."""

    places: tuple[Place, ...]
    notes: tuple[str, ...] = ()

    @property
    def cells(self) -> tuple[str, ...]:
        """Ids of those on the front."""
        return tuple(place.cell for place in self.places if place.standing == "front")


def pareto_front(side: Side) -> Front:
    """Returns the front of one machine's results.

    Raises:
        ResultsError: If they are of several machines, or `by_machine` refuses them.
    """
    machines = by_machine([side])
    if len(machines) > 1:
        names = "; ".join(machine.name for machine in machines)
        raise ResultsError(f"{side.name} holds results of {len(machines)} machines ({names}); there is a front of each")
    return front_of(machines[0], standings(machines[0]))


def front_of(machine: KnownMachine, among: Standings) -> Front:
    """Returns the front of a machine: one of trained weights over all axes, one of random weights without top-1."""
    cells = sorted(machine.cells.values(), key=lambda one: one.cell.has_random_weights)
    places: list[Place] = []
    notes: list[str] = []
    for is_random, group in groupby(cells, key=lambda one: one.cell.has_random_weights):
        axes = (LATENCY, SIZE) if is_random else AXES
        names = [one.cell.id for one in group if one.refusal is None]
        known = [name for name in names if all(value_of(among, axis, name) is not None for axis in axes)]
        places += [_place(among, name, known, axes) for name in known]
        notes += _lacking(among, [name for name in names if name not in known], axes)
        if is_random and known:
            notes.append("Random weights: top-1 means nothing, so that their front is over latency and size alone.")
    return Front(places=tuple(places), notes=tuple(notes))


def _place(among: Standings, name: str, cells: Sequence[str], axes: tuple[str, ...]) -> Place:
    others = [one for one in cells if one != name]
    beaten_by = tuple(one for one in others if _beats(among, one, name, axes))
    dominated_by = tuple(one for one in beaten_by if _dominates(among, one, name, axes))
    standing: Standing = "dominated" if dominated_by else "open" if beaten_by else "front"
    return Place(cell=name, standing=standing, dominated_by=dominated_by, beaten_by=beaten_by, axes=axes)


def _beats(among: Standings, one: str, other: str, axes: Sequence[str]) -> bool:
    """Tells whether a cell's values are at least as good in all and better in one."""
    pairs = [(value_of(among, axis, one), value_of(among, axis, other)) for axis in axes]
    known = [(ours, theirs) for ours, theirs in pairs if ours is not None and theirs is not None]
    return all(ours <= theirs for ours, theirs in known) and any(ours < theirs for ours, theirs in known)


def _dominates(among: Standings, one: str, other: str, axes: Sequence[str]) -> bool:
    """Tells whether it surely is."""
    found = [relation(among, axis, one, other) for axis in axes]
    return "better" in found and all(each in ("better", "equal") for each in found)


def _lacking(among: Standings, names: Sequence[str], axes: Sequence[str]) -> Iterator[str]:
    for name in names:
        unknown = [_AXIS_WORDS[axis] for axis in axes if value_of(among, axis, name) is None]
        yield f"{name} has no place: its {', '.join(unknown)} is not known."
