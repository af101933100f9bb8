"""How far apart are the ways of timing one file, which take turns?"""

import math
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from zoobench.commands.paritying.endtoend import PHASES
from zoobench.commands.paritying.paritysubject import ParityRequest, ParitySubject, find_subject
from zoobench.commands.paritying.parityways import OPEN_SECONDS, REFERENCE, Turn, Way, find_ways
from zoobench.errors import MeasurementError
from zoobench.judge.parity import Effort, LeftOutPath, ParityReport, TimedPath
from zoobench.measure.disturbance import Marking, crowding, is_crowded, mark
from zoobench.measure.environment import library_versions
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.programs import BENCHMARK_APP, LITERT_BENCHMARK, Dose
from zoobench.show.paritytable import as_json, render
from zoobench.system.terminal import progress

PAIRS = (
    ("litert_compiled", LITERT_BENCHMARK.name),
    (REFERENCE, LITERT_BENCHMARK.name),
    ("openvino", BENCHMARK_APP.name),
)
"""Ways that should agree, ours first."""
_LEAST_RUNS, _MOST_RUNS = 20, 400
_PILOT = Dose(warmups=5, runs=10)
_WARMUP_SHARE = 0.2
_MOST_TAKEN = 2
"""Turns that are taken at the most, as a multiple of those that are to count."""
_LATE = 20
"""Times the expected duration after which a process is taken to hang, and `OPEN_SECONDS` besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """How ways take turns: how many, and after how many seconds a process is taken to hang."""

    turns: int
    threads: int
    reference: str
    patience: float
    marking: Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class _WholeTurn:
    """What one turn saw of each way, by name, and how many processors others kept busy during the worst of them."""

    seen: Mapping[str, Turn]
    others: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    """The turns that count, why ways failed, how many turns were taken and how many of these others left alone."""

    turns: Sequence[_WholeTurn]
    failed: Mapping[str, str]
    taken: int
    calm: int


def run_parity(request: ParityRequest) -> ParityReport:
    """Returns how far apart the ways of timing one file are; shows progress meanwhile.

    Raises:
        UsageError: If it is not clear what to time.
        MeasurementError: If our own interpreter, which all else is held against, cannot run the file.
    """
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        subject = find_subject(request, workplace=Path(folder))
        ways, absent = find_ways(subject)
        return compare_ways(subject, ways, request=request, absent=absent)


def compare_ways(
    subject: ParitySubject,
    ways: Sequence[Way],
    *,
    request: ParityRequest,
    absent: Sequence[LeftOutPath] = (),
    marking: Marking = mark,
) -> ParityReport:
    """Returns how far apart these ways are, the first being what the others are held against.

    A way that fails is left out with the reason; if the first does, there is nothing to say.

    Args:
        subject: What is timed.
        ways: At least one.
        request: How long.
        absent: Ways that cannot be taken here.
        marking: Tells what the processors did.

    Raises:
        MeasurementError: If the first fails.
    """
    dose, pilot_seconds = _dose(ways[0], request.seconds)
    sitting = _Sitting(
        turns=request.turns,
        threads=subject.threads,
        reference=ways[0].name,
        patience=OPEN_SECONDS + _LATE * pilot_seconds,
        marking=marking,
    )
    taken = _take_turns(ways, dose, sitting)
    timed = [way for way in ways if way.name not in taken.failed]
    seen = {way.name: [turn.seen[way.name] for turn in taken.turns] for way in timed}
    return ParityReport(
        subject=subject.name,
        sha256=subject.sha256,
        threads=subject.threads,
        images=subject.images,
        effort=_effort(taken, dose),
        paths=tuple(_timed(way, seen[way.name]) for way in timed),
        left_out=(*absent, *(LeftOutPath(name=name, reason=reason) for name, reason in taken.failed.items())),
        pairs=PAIRS,
        phases=_phases(seen.values()),
        versions=library_versions(),
    )


def shown(report: ParityReport, *, form: str) -> str:
    """Returns a report as `text` or `json`."""
    if form == "json":
        return as_json(report)
    terminal = Console()
    return render(report, width=terminal.width, colours=terminal.is_terminal)


def order(count: int, turn: int) -> list[int]:
    """Returns in which order so many ways take a turn.

    Each turn begins with the next way, and every other one goes backwards: over twice as many turns as ways each stands
    in every place, and before every neighbour as often as after it.
    """
    forwards = [(turn // 2 + place) % count for place in range(count)]
    return forwards if turn % 2 == 0 else forwards[::-1]


def _dose(reference: Way, seconds: float) -> tuple[Dose, float]:
    """Returns how often each way runs the file in a turn, and about how long that takes, from a process of its own."""
    each = reference.take(_PILOT, OPEN_SECONDS).seconds
    runs = RoundsConfig(seconds=seconds, least=_LEAST_RUNS, most=_MOST_RUNS).number(each)
    dose = Dose(warmups=math.ceil(runs * _WARMUP_SHARE), runs=runs)
    return dose, each * (dose.warmups + dose.runs)


def _take_turns(ways: Sequence[Way], dose: Dose, sitting: _Sitting) -> _Taken:
    """Returns the turns in which others were least in the way, and why some ways failed; these take no more turns.

    A turn that is crowded is taken once more at the end, so that at the most twice as many are taken.
    """
    taken: list[_WholeTurn] = []
    failed: dict[str, str] = {}
    calm = 0
    with progress(f"Timing in {len(ways)} ways", total=sitting.turns * len(ways)) as advance:
        for number in range(_MOST_TAKEN * sitting.turns):
            turn = _take_turn([ways[place] for place in order(len(ways), number)], dose, sitting, failed)
            taken.append(turn)
            is_calm = not is_crowded(turn.others, threads=sitting.threads)
            calm += is_calm
            note = f"turn {number + 1}" + ("" if is_calm else ", others keep the processors busy")
            advance(len(ways) if is_calm else 0, note)
            if calm == sitting.turns:
                break
    kept = sorted(sorted(taken, key=lambda turn: turn.others)[: sitting.turns], key=taken.index)
    return _Taken(turns=kept, failed=failed, taken=len(taken), calm=calm)


def _take_turn(ways: Sequence[Way], dose: Dose, sitting: _Sitting, failed: dict[str, str]) -> _WholeTurn:
    """Returns what each way observed; a way that fails is added to the failed ones."""
    seen, others = {}, []
    for way in ways:
        if way.name in failed:
            continue
        before = sitting.marking()
        try:
            seen[way.name] = way.take(dose, sitting.patience)
        except MeasurementError as error:
            if way.name == sitting.reference:
                raise
            failed[way.name] = str(error)
        others.append(crowding(before, sitting.marking()))
    return _WholeTurn(seen=seen, others=max(others))


def _effort(taken: _Taken, dose: Dose) -> Effort:
    counted = len(taken.turns)
    return Effort(
        turns=counted,
        warmups=dose.warmups,
        runs=dose.runs,
        retaken=taken.taken - counted,
        crowded=max(counted - taken.calm, 0),
    )


def _timed(way: Way, seen: Sequence[Turn]) -> TimedPath:
    return TimedPath(
        name=way.name,
        what=way.what,
        turns=tuple(one.seconds for one in seen),
        resolution_seconds=way.resolution_seconds,
    )


def _phases(seen: Iterable[Sequence[Turn]]) -> dict[str, tuple[float, ...]]:
    """Returns the phases of the one way that has them, by turn."""
    phased = [turns for turns in seen if turns[0].phases]
    return {name: tuple(turn.phases[name] for turn in turns) for turns in phased for name in PHASES}
