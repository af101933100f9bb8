"""How far apart are the ways of timing one file, which take turns?"""

import math
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from rich.console import Console

from zoobench.endtoend import PHASES
from zoobench.errors import MeasurementError
from zoobench.judge.gaps import Effort, LeftOut, ParityReport, TimedPath
from zoobench.judge.paritytable import as_json, render
from zoobench.measure.environment import library_versions
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.programs import LITERT_BENCHMARK, Dose
from zoobench.paritysubject import ParityRequest, ParitySubject, find_subject
from zoobench.parityways import OPEN_SECONDS, REFERENCE, Turn, Way, find_ways
from zoobench.progress import progress

PAIRS = (("litert_compiled", LITERT_BENCHMARK.name), (REFERENCE, LITERT_BENCHMARK.name))
"""Ways that should agree, ours first."""
_LEAST_RUNS, _MOST_RUNS = 20, 400
_PILOT = Dose(warmups=5, runs=10)
_WARMUP_SHARE = 0.2
_LATE = 20
"""Times the expected duration after which a process is taken to hang, and `OPEN_SECONDS` besides."""


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
    subject: ParitySubject, ways: Sequence[Way], *, request: ParityRequest, absent: Sequence[LeftOut] = ()
) -> ParityReport:
    """Returns how far apart these ways are, the first being what the others are held against.

    A way that fails is left out with the reason; if the first does, there is nothing to say.

    Args:
        subject: What is timed.
        ways: At least one.
        request: How long.
        absent: Ways that cannot be taken here.

    Raises:
        MeasurementError: If the first fails.
    """
    dose, pilot_seconds = _dose(ways[0], request.seconds)
    seen, failed = _take_turns(ways, dose, turns=request.turns, patience=OPEN_SECONDS + _LATE * pilot_seconds)
    timed = [way for way in ways if way.name not in failed]
    return ParityReport(
        subject=subject.name,
        sha256=subject.sha256,
        threads=subject.threads,
        images=subject.images,
        effort=Effort(turns=request.turns, warmups=dose.warmups, runs=dose.runs),
        paths=tuple(_timed(way, seen[way.name]) for way in timed),
        left_out=(*absent, *(LeftOut(name=name, reason=reason) for name, reason in failed.items())),
        pairs=PAIRS,
        phases=_phases(seen[way.name] for way in timed),
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


def _take_turns(
    ways: Sequence[Way], dose: Dose, *, turns: int, patience: float
) -> tuple[dict[str, list[Turn]], dict[str, str]]:
    """Returns what was seen of each way by turn, and why some failed; these take no more turns."""
    seen: dict[str, list[Turn]] = {way.name: [] for way in ways}
    failed: dict[str, str] = {}
    with progress(f"Timing in {len(ways)} ways", total=turns * len(ways)) as advance:
        for turn in range(turns):
            for way in (ways[place] for place in order(len(ways), turn)):
                advance(1, f"{way.name}, turn {turn + 1}")
                if way.name in failed:
                    continue
                try:
                    seen[way.name].append(way.take(dose, patience))
                except MeasurementError as error:
                    if way is ways[0]:
                        raise
                    failed[way.name] = str(error)
    return seen, failed


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
