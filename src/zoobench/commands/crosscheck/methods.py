"""By which methods can one file be timed here? Each has a fresh process of its own run it."""

import gc
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from zoobench.commands.crosscheck.target import CrosscheckTarget
from zoobench.data.photos import Photos
from zoobench.errors import DataError, MeasurementError
from zoobench.judge.crosscheck import LeftOutMethod
from zoobench.measure.programs import PROGRAMS, RESOLUTION_SECONDS, Program, Repetitions, find_program, time_by
from zoobench.measure.runtimes import Session, open_session
from zoobench.measure.worker import fresh_bench
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output

REFERENCE = "litert"
END_TO_END = "end to end"
OURS = {
    REFERENCE: "Interpreter.invoke, on another image each time",
    "litert_compiled": "CompiledModel.run_by_index, on another image each time",
    "openvino": "OpenVINO's infer, on another image each time",
}
"""Our runtimes that are timed, the first of them what all else is held against."""
PHASES = ("decode", "resize", "load", "invoke", "read")
"""From a photo to its class."""
Clock = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What one process observed of one method: its median, and those of its phases if it has any, in seconds."""

    seconds: float
    phases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimingMethod:
    """A method of timing one file.

    Attributes:
        name: What it is called.
        what: What is timed, and how.
        take: Has a fresh process run the file and returns what it observed; it takes at most the seconds given.
        resolution_seconds: What its medians are rounded to.
    """

    name: str
    what: str
    take: Callable[[Repetitions, float], Round]
    resolution_seconds: float = 0.0


def find_methods(target: CrosscheckTarget) -> tuple[list[TimingMethod], list[LeftOutMethod]]:
    """Returns the methods by which a file can be timed here, and why not by the others.

    Whether a runtime of ours is installed shows in the worker that is to open the file: it says what to install.
    """
    methods = [
        TimingMethod(name=name, what=what, take=partial(_by_worker, target, name)) for name, what in OURS.items()
    ]
    absent = []
    for program in PROGRAMS:
        executable = find_program(program.name)
        if executable:
            methods.append(_by_program(program, executable, target))
        else:
            absent.append(LeftOutMethod(name=program.name, reason=f"it is not installed: {program.install}"))
    if isinstance(target.photos, str):
        absent.append(LeftOutMethod(name=END_TO_END, reason=target.photos))
    else:
        methods.append(_from_photos(target, target.photos))
    return methods, absent


def _by_worker(target: CrosscheckTarget, runtime: str, repetitions: Repetitions, patience: float) -> Round:
    """Has a fresh worker run the file as a gate does: before each timed invocation, one untimed of the same image."""
    with fresh_bench() as bench:
        bench.open(runtime, target.model, runtime=runtime, threads=target.threads)

        def nanoseconds(count: int) -> list[int]:
            turns = [(runtime, row) for row in _rows(target, count)]
            return bench.turns(turns, target.samples.path, settle=True, patience=patience)[0]

        nanoseconds(math.ceil(repetitions.warmups / 2))
        return Round(seconds=median(nanoseconds(repetitions.runs)) / 1e9)


def _rows(target: CrosscheckTarget, count: int) -> Iterator[int]:
    rows = target.samples.rows.tolist()
    return (rows[number % len(rows)] for number in range(count))


def _by_program(program: Program, executable: Path, target: CrosscheckTarget) -> TimingMethod:
    def take(repetitions: Repetitions, patience: float) -> Round:
        seconds = time_by(
            program,
            executable,
            target.model,
            input_type=target.input_type,
            threads=target.threads,
            repetitions=repetitions,
            patience=patience,
        )
        return Round(seconds=seconds)

    return TimingMethod(name=program.name, what=program.what, take=take, resolution_seconds=RESOLUTION_SECONDS)


def _from_photos(target: CrosscheckTarget, photos: Photos) -> TimingMethod:
    def take(repetitions: Repetitions, _patience: float) -> Round:
        return time_end_to_end(target.model, photos, side=target.side, threads=target.threads, repetitions=repetitions)

    return TimingMethod(name=END_TO_END, what=f"decode, resize, load, invoke, read; {photos.source}", take=take)


def time_end_to_end(model: Path, photos: Photos, *, side: int, threads: int, repetitions: Repetitions) -> Round:
    """Returns how long a fresh process took from a photo's bytes, which were in memory, to the number of its class.

    Photos are decoded and resized as those of a data set are (`data/images.py`).

    Args:
        model: A TFLite file; LiteRT's interpreter runs it.
        photos: One after the other, from the first again after the last.
        side: Of the images that the model takes, in pixels.
        threads: Of one invocation.
        repetitions: How many photos.

    Raises:
        MeasurementError: If the file cannot be run, a photo is of no use, or the process dies.
    """
    observed = in_fresh_process(_observe, model, photos.contents, side=side, threads=threads, repetitions=repetitions)
    return summary(observed)


def observe(
    session: Session, contents: Sequence[bytes], *, side: int, repetitions: Repetitions, clock: Clock
) -> list[list[int]]:
    """Returns nanoseconds of each phase, in the order of `PHASES`, of each photo that was on the clock."""
    photos = (contents[number % len(contents)] for number in range(repetitions.warmups + repetitions.runs))
    timed = [_phases(session, content, side=side, clock=clock) for content in photos]
    return timed[repetitions.warmups :]


def summary(observed: Sequence[Sequence[int]]) -> Round:
    """Returns the medians over its photos, of all phases together and of each, of what `observe` returned."""
    phases = {name: median(times) / 1e9 for name, times in zip(PHASES, zip(*observed, strict=True), strict=True)}
    return Round(seconds=median(sum(times) for times in observed) / 1e9, phases=phases)


def _observe(
    model: Path, contents: Sequence[bytes], *, side: int, threads: int, repetitions: Repetitions
) -> list[list[int]]:
    gc.disable()
    with capture_native_output(), open_session(model, runtime="litert", threads=threads) as session:
        try:
            return observe(session, contents, side=side, repetitions=repetitions, clock=time.perf_counter_ns)
        except DataError as error:
            raise MeasurementError(f"a photo cannot be used: {error}; name other photos with --images") from error


def _phases(session: Session, content: bytes, *, side: int, clock: Clock) -> list[int]:
    marks = list(_marks(session, content, side=side, clock=clock))
    return [after - before for before, after in pairwise(marks)]


def _marks(session: Session, content: bytes, *, side: int, clock: Clock) -> Iterator[int]:
    """Yields the time before the first phase and after each."""
    from zoobench.data.images import decode, resize  # needs Pillow

    yield clock()
    pixels = decode(content)
    yield clock()
    image = resize(pixels, size=side)
    yield clock()
    session.load(image[np.newaxis])
    yield clock()
    session.invoke()
    yield clock()
    session.read().argmax()
    yield clock()
