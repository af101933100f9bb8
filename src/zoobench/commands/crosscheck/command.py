"""`zoobench crosscheck`: how far apart are the methods of timing one file, ours and others', which take turns?"""

import math
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from zoobench.commands.crosscheck.methods import (
    PHASES,
    REFERENCE,
    Round,
    TimingMethod,
    find_methods,
)
from zoobench.commands.crosscheck.target import CrosscheckTarget, find_target
from zoobench.commands.options import artifacts_option, output_options, present, signature_option
from zoobench.errors import MeasurementError
from zoobench.judge.crosscheck import CrosscheckReport, Effort, TimedPath
from zoobench.measure.disturbance import Marking, crowding, mark
from zoobench.measure.environment import library_versions
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.programs import BENCHMARK_APP, LITERT_BENCHMARK, Repetitions
from zoobench.measure.worker import OPEN_SECONDS, first_patience, later_patience
from zoobench.results.disturbed import are_in_the_way
from zoobench.show.crosscheck import view
from zoobench.system.keeper import status_of, temporary_folder
from zoobench.system.terminal import progress, say

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
    help="A folder of photos, or a .npy file: uint8 images, or numbers of the input's shape. Default: the test images "
    "of the results, else drawn ones; random numbers where the file takes no images.",
)
@signature_option
@output_options
@artifacts_option
def crosscheck(*, cell: str, turns: int, seconds: float, form: str, output: Path | None, **asked: Any) -> None:
    """Time one file in several ways, and see whether ours agrees with others'.

    CELL is a cell's id, whose file the results name and the store holds, or the path of a TFLite file, which may take
    an array of any shape and give several; a batch that is left open is 1.
    The paths: LiteRT's Interpreter and CompiledModel, OpenVINO, the programs litert-benchmark and benchmark_app of
    their makers, and end to end from a photo's bytes to its class, phase by phase. What is not installed is left out
    by name.

    The paths take turns, each time in a fresh process and in another order, so that what the machine does meanwhile
    falls on all of them. The gap to the Interpreter is that of the medians of one turn, with its 95 % interval.

    The status is 0 if ours agree with their makers' programs within 3 %, Interpreter and CompiledModel with
    litert-benchmark and OpenVINO with benchmark_app, the whole interval and not only its middle; 1 if the whole
    interval of one lies outside; 3 if that is open; 2 if the file cannot be timed.
    """
    try:
        with temporary_folder() as folder:
            target = find_target(cell, workplace=folder, **asked)
            report = compare_methods(target, *find_methods(target), turns=turns, seconds=seconds)
    except KeyboardInterrupt as error:
        say("zoobench: interrupted; only whole turns of all paths say something, so nothing is kept", error=True)
        sys.exit(status_of(error))
    present(view(report), form=form, output=output)
    sys.exit(report.status)


def compare_methods(
    target: CrosscheckTarget,
    methods: Sequence[TimingMethod],
    absent: Mapping[str, str] | None = None,
    *,
    turns: int,
    seconds: float,
    marking: Marking = mark,
) -> CrosscheckReport:
    """Returns how far apart these methods are, the first being what the others are compared with.

    A method that fails is left out with the reason; if the first does, there is nothing to say. Progress is shown.

    `absent` says by name why others cannot be taken here; `seconds` are about how long each turn times each method.
    """
    each = methods[0].take(_PILOT, first_patience(target.model, runtime=REFERENCE)).seconds
    runs = RoundsConfig(seconds=seconds, least=_LEAST_RUNS, most=_MOST_RUNS).number(each)
    repetitions = Repetitions(warmups=math.ceil(runs * _WARMUP_SHARE), runs=runs)
    patience = OPEN_SECONDS + later_patience(each * (repetitions.warmups + runs))
    taken, failed, effort = _take_turns(
        methods, repetitions, turns=turns, threads=target.threads, patience=patience, marking=marking
    )
    seen = {one.name: [turn[one.name] for turn in taken] for one in methods if one.name not in failed}
    return CrosscheckReport(
        subject=target.name,
        sha256=target.sha256,
        threads=target.threads,
        images=target.images,
        effort=effort,
        paths=tuple(
            TimedPath(
                name=one.name,
                what=one.what,
                turns=tuple(turn.seconds for turn in seen[one.name]),
                resolution_seconds=one.resolution_seconds,
            )
            for one in methods
            if one.name in seen
        ),
        left_out={**(absent or {}), **failed},
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


def _take_turns(
    methods: Sequence[TimingMethod],
    repetitions: Repetitions,
    *,
    turns: int,
    threads: int,
    patience: float,
    marking: Marking,
) -> tuple[list[Mapping[str, Round]], Mapping[str, str], Effort]:
    """Returns the turns in which others were least in the way, why some methods failed, and how much was timed.

    A method that failed takes no more turns. A turn that is crowded is taken once more at the end, so that at the most
    twice as many are taken.
    """
    taken: list[Mapping[str, Round]] = []
    others: list[float] = []
    failed: dict[str, str] = {}
    calm = 0
    with progress(f"Timing in {len(methods)} ways", total=turns * len(methods)) as advance:
        for number in range(_MOST_TAKEN * turns):
            ordered = [methods[place] for place in order(len(methods), number)]
            seen, worst = _take_turn(ordered, repetitions, patience, marking, failed)
            if methods[0].name in failed:
                raise MeasurementError(failed[methods[0].name])
            taken.append(seen)
            others.append(worst)
            is_calm = not are_in_the_way(worst, threads=threads, cpus=os.cpu_count() or 1)
            calm += is_calm
            note = f"turn {number + 1}" + ("" if is_calm else ", others keep the processors busy")
            advance(len(methods) if is_calm else 0, note)
            if calm == turns:
                break
    kept = sorted(sorted(range(len(taken)), key=others.__getitem__)[:turns])
    effort = Effort(
        turns=len(kept),
        warmups=repetitions.warmups,
        runs=repetitions.runs,
        retaken=len(taken) - len(kept),
        crowded=max(len(kept) - calm, 0),
    )
    return [taken[number] for number in kept], failed, effort


def _take_turn(
    methods: Sequence[TimingMethod],
    repetitions: Repetitions,
    patience: float,
    marking: Marking,
    failed: dict[str, str],
) -> tuple[Mapping[str, Round], float]:
    """Returns what each method observed, and how many processors others kept busy during the worst of them.

    A method that fails is added to the failed ones, with the reason.
    """
    seen, others = {}, [0.0]
    for method in methods:
        if method.name not in failed:
            before = marking()
            try:
                seen[method.name] = method.take(repetitions, patience)
            except MeasurementError as error:
                failed[method.name] = str(error)
            others.append(crowding(before, marking()))
    return seen, max(others)


def _phases(seen: Iterable[Sequence[Round]]) -> dict[str, tuple[float, ...]]:
    phased = [turns for turns in seen if turns[0].phases]
    return {name: tuple(turn.phases[name] for turn in turns) for turns in phased for name in PHASES}
