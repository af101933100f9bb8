"""`zoobench crosscheck`: how far apart are the methods of timing one file, ours and others', which take turns?"""

import math
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from zoobench.commands.crosscheck.methods import OPEN_SECONDS, PHASES, REFERENCE, Round, TimingMethod, find_methods
from zoobench.commands.crosscheck.target import CrosscheckRequest, CrosscheckTarget, find_target
from zoobench.commands.options import artifacts_option, output_options, present
from zoobench.errors import MeasurementError, Status
from zoobench.judge.crosscheck import CrosscheckReport, Effort, LeftOutMethod, TimedPath
from zoobench.measure.disturbance import Marking, crowding, is_crowded, mark
from zoobench.measure.environment import library_versions
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.programs import BENCHMARK_APP, LITERT_BENCHMARK, Repetitions
from zoobench.show.crosscheck import view
from zoobench.system.terminal import progress

_EXAMPLES = """\b
For example:
  zoobench crosscheck mobilenet-float32-litert-t1
  zoobench crosscheck mobilenet-float_fallback-litert-t1 --threads 2 --turns 20
  zoobench crosscheck model.tflite --images ~/photos
"""
PAIRS = (
    ("litert_compiled", LITERT_BENCHMARK.name),
    (REFERENCE, LITERT_BENCHMARK.name),
    ("openvino", BENCHMARK_APP.name),
)
"""Methods that should agree, ours first."""
_LEAST_RUNS, _MOST_RUNS = 20, 400
_PILOT = Repetitions(warmups=5, runs=10)
_WARMUP_SHARE = 0.2
_MOST_TAKEN = 2
"""Turns that are taken at the most, as a multiple of those that are to count."""
_LATE = 20
"""Times the expected duration after which a process is taken to hang, and `OPEN_SECONDS` besides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sitting:
    """How methods take turns: how many, and after how many seconds a process is taken to hang."""

    turns: int
    threads: int
    reference: str
    patience: float
    marking: Marking


@dataclass(frozen=True, slots=True, kw_only=True)
class _WholeTurn:
    """What one turn saw of each method, by name, and how many processors others kept busy during the worst of them."""

    seen: Mapping[str, Round]
    others: float


@click.command(epilog=_EXAMPLES)
@click.argument("cell")
@click.option("--threads", type=click.IntRange(1), metavar="N", help="Of one invocation. Default: the cell's, or 1.")
@click.option(
    "--turns",
    type=click.IntRange(2),
    default=12,
    show_default=True,
    metavar="N",
    help="How many turns every path takes; more make the intervals narrower.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0.1),
    default=0.5,
    show_default=True,
    metavar="N",
    help="About how long each turn times each path.",
)
@click.option(
    "--images",
    metavar="PATH",
    type=click.Path(path_type=Path, exists=True),
    help="A folder of photos, or a uint8 .npy file. Default: the test images of the results.",
)
@artifacts_option
@output_options
def crosscheck(
    *,
    cell: str,
    threads: int | None,
    turns: int,
    seconds: float,
    images: Path | None,
    artifacts: Path,
    form: str,
    output: Path | None,
) -> None:
    """Time one file in several ways, and see whether ours agrees with others'.

    CELL is a cell's id, whose file the results name and the store holds, or the path of a TFLite file.
    The paths: LiteRT's Interpreter and CompiledModel, OpenVINO, the programs litert-benchmark and benchmark_app of
    their makers, and end to end from a photo's bytes to its class, phase by phase. What is not installed is left out
    by name.

    The paths take turns, each time in a fresh process and in another order, so that what the machine does meanwhile
    falls on all of them. The gap to the Interpreter is that of the medians of one turn, with its 95 % interval.

    The status is 0 if ours agree with their makers' programs within 3 %, Interpreter and CompiledModel with
    litert-benchmark and OpenVINO with benchmark_app, that is if the whole interval does; 1 if one surely does not; 3 if
    that is open; 2 if the file cannot be timed.
    """
    request = CrosscheckRequest(
        cell=cell, artifacts=artifacts, images=images, threads=threads, turns=turns, seconds=seconds
    )
    try:
        report = run_crosscheck(request)
    except KeyboardInterrupt:
        click.echo("zoobench: interrupted; only whole turns of all paths say something, so nothing is kept", err=True)
        sys.exit(Status.INTERRUPTED)
    present(view(report), form=form, output=output)
    sys.exit(report.status)


def run_crosscheck(request: CrosscheckRequest) -> CrosscheckReport:
    """Returns how far apart the methods of timing one file are; shows progress meanwhile.

    Raises:
        UsageError: If it is not clear what to time.
        MeasurementError: If our own interpreter, which all else is held against, cannot run the file.
    """
    with tempfile.TemporaryDirectory(prefix="zoobench-") as folder:
        target = find_target(request, workplace=Path(folder))
        methods, absent = find_methods(target)
        return compare_methods(target, methods, request=request, absent=absent)


def compare_methods(
    target: CrosscheckTarget,
    methods: Sequence[TimingMethod],
    *,
    request: CrosscheckRequest,
    absent: Sequence[LeftOutMethod] = (),
    marking: Marking = mark,
) -> CrosscheckReport:
    """Returns how far apart these methods are, the first being what the others are held against.

    A method that fails is left out with the reason; if the first does, there is nothing to say.

    Args:
        target: What is timed.
        methods: At least one.
        request: How long.
        absent: Methods that cannot be taken here.
        marking: Tells what the processors did.

    Raises:
        MeasurementError: If the first fails.
    """
    repetitions, pilot_seconds = _repetitions(methods[0], request.seconds)
    sitting = _Sitting(
        turns=request.turns,
        threads=target.threads,
        reference=methods[0].name,
        patience=OPEN_SECONDS + _LATE * pilot_seconds,
        marking=marking,
    )
    turns, failed, effort = _take_turns(methods, repetitions, sitting)
    timed = [method for method in methods if method.name not in failed]
    seen = {method.name: [turn.seen[method.name] for turn in turns] for method in timed}
    return CrosscheckReport(
        subject=target.name,
        sha256=target.sha256,
        threads=target.threads,
        images=target.images,
        effort=effort,
        paths=tuple(_timed(method, seen[method.name]) for method in timed),
        left_out=(*absent, *(LeftOutMethod(name=name, reason=reason) for name, reason in failed.items())),
        pairs=PAIRS,
        phases=_phases(seen.values()),
        versions=library_versions(),
    )


def order(count: int, turn: int) -> list[int]:
    """Returns in which order so many methods take a turn.

    Each turn begins with the next method, and every other one goes backwards: over twice as many turns as methods each
    stands in every place, and before every neighbour as often as after it.
    """
    forwards = [(turn // 2 + place) % count for place in range(count)]
    return forwards if turn % 2 == 0 else forwards[::-1]


def _repetitions(reference: TimingMethod, seconds: float) -> tuple[Repetitions, float]:
    """Returns how often each method runs the file in a turn, and about how many seconds that takes, by a pilot."""
    each = reference.take(_PILOT, OPEN_SECONDS).seconds
    runs = RoundsConfig(seconds=seconds, least=_LEAST_RUNS, most=_MOST_RUNS).number(each)
    repetitions = Repetitions(warmups=math.ceil(runs * _WARMUP_SHARE), runs=runs)
    return repetitions, each * (repetitions.warmups + repetitions.runs)


def _take_turns(
    methods: Sequence[TimingMethod], repetitions: Repetitions, sitting: _Sitting
) -> tuple[list[_WholeTurn], dict[str, str], Effort]:
    """Returns the turns in which others were least in the way, why some methods failed, and how much was timed.

    A method that failed takes no more turns. A turn that is crowded is taken once more at the end, so that at the most
    twice as many are taken.
    """
    taken: list[_WholeTurn] = []
    failed: dict[str, str] = {}
    calm = 0
    with progress(f"Timing in {len(methods)} ways", total=sitting.turns * len(methods)) as advance:
        for number in range(_MOST_TAKEN * sitting.turns):
            turn = _take_turn([methods[place] for place in order(len(methods), number)], repetitions, sitting, failed)
            taken.append(turn)
            is_calm = not is_crowded(turn.others, threads=sitting.threads)
            calm += is_calm
            note = f"turn {number + 1}" + ("" if is_calm else ", others keep the processors busy")
            advance(len(methods) if is_calm else 0, note)
            if calm == sitting.turns:
                break
    kept = sorted(sorted(taken, key=lambda turn: turn.others)[: sitting.turns], key=taken.index)
    effort = Effort(
        turns=len(kept),
        warmups=repetitions.warmups,
        runs=repetitions.runs,
        retaken=len(taken) - len(kept),
        crowded=max(len(kept) - calm, 0),
    )
    return kept, failed, effort


def _take_turn(
    methods: Sequence[TimingMethod], repetitions: Repetitions, sitting: _Sitting, failed: dict[str, str]
) -> _WholeTurn:
    """Returns what each method observed; a method that fails is added to the failed ones."""
    seen, others = {}, []
    for method in methods:
        if method.name in failed:
            continue
        before = sitting.marking()
        try:
            seen[method.name] = method.take(repetitions, sitting.patience)
        except MeasurementError as error:
            if method.name == sitting.reference:
                raise
            failed[method.name] = str(error)
        others.append(crowding(before, sitting.marking()))
    return _WholeTurn(seen=seen, others=max(others))


def _timed(method: TimingMethod, seen: Sequence[Round]) -> TimedPath:
    return TimedPath(
        name=method.name,
        what=method.what,
        turns=tuple(one.seconds for one in seen),
        resolution_seconds=method.resolution_seconds,
    )


def _phases(seen: Iterable[Sequence[Round]]) -> dict[str, tuple[float, ...]]:
    """Returns the phases of the one method that has them, by turn."""
    phased = [turns for turns in seen if turns[0].phases]
    return {name: tuple(turn.phases[name] for turn in turns) for turns in phased for name in PHASES}
