"""By which methods can a file be timed here, each in a process of its own?"""

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
from zoobench.matrix.interface import ImageSize
from zoobench.measure.programs import PROGRAMS, RESOLUTION_SECONDS, Program, Repetitions, find_program, time_by
from zoobench.measure.runtimes import Session, open_session
from zoobench.measure.worker import fresh_bench
from zoobench.system.processes import expect, in_fresh_process
from zoobench.system.terminal import capture_native_output

REFERENCE = "litert"
END_TO_END = "end to end"
OURS = {
    REFERENCE: "Interpreter.invoke, on another input each time",
    "litert_compiled": "CompiledModel.run_by_index, on another input each time",
    "openvino": "OpenVINO's infer, on another input each time",
}
"""Our runtimes that are timed; the others are compared with the first of them."""
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
        what: What is timed, and how.
        take: Has a fresh process run the file and returns what it observed; it takes at most the seconds given.
        resolution_seconds: What its medians are rounded to.
    """

    name: str
    what: str
    take: Callable[[Repetitions, float], Round]
    resolution_seconds: float = 0.0


def find_methods(target: CrosscheckTarget) -> tuple[list[TimingMethod], dict[str, str]]:
    """Returns the methods by which a file can be timed here, and why not by the others, by name.

    Whether a runtime of ours is installed shows in the worker that is to open the file: it says what to install.
    """
    methods = [
        TimingMethod(name=name, what=what, take=partial(_by_worker, target, name)) for name, what in OURS.items()
    ]
    absent = {}
    for program in PROGRAMS:
        if executable := find_program(program.name):
            take = partial(_by_program, program, executable, target)
            methods.append(
                TimingMethod(name=program.name, what=program.what, take=take, resolution_seconds=RESOLUTION_SECONDS)
            )
        else:
            absent[program.name] = f"it is not installed: {program.install}"
    if isinstance(target.photos, str):
        absent[END_TO_END] = target.photos
    else:
        what = f"decode, resize, load, invoke, read; {target.photos.source}"
        methods.append(TimingMethod(name=END_TO_END, what=what, take=partial(_from_photos, target, target.photos)))
    return methods, absent


def time_end_to_end(target: CrosscheckTarget, photos: Photos, *, repetitions: Repetitions, patience: float) -> Round:
    """Returns how long a fresh process took from a photo's bytes, which were in memory, to the number of its class.

    Photos are decoded and resized as those of the run's data set were, one after the other, from the first again after
    the last; LiteRT's interpreter runs the TFLite file.
    """
    return summary(in_fresh_process(_observe, target, photos, repetitions=repetitions, patience=patience))


def observe(
    session: Session, photos: Photos, *, size: ImageSize, repetitions: Repetitions, clock: Clock
) -> list[list[int]]:
    """Returns nanoseconds of each phase, in the order of `PHASES`, of each photo that was on the clock."""
    count, given = repetitions.warmups + repetitions.runs, photos.contents
    contents = (given[number % len(given)] for number in range(count))
    marks = [list(_marks(session, content, photos, size=size, clock=clock)) for content in contents]
    return [[after - before for before, after in pairwise(one)] for one in marks[repetitions.warmups :]]


def summary(observed: Sequence[Sequence[int]]) -> Round:
    """Returns the medians over its photos, of all phases together and of each, of what `observe` returned."""
    phases = {name: median(times) / 1e9 for name, times in zip(PHASES, zip(*observed, strict=True), strict=True)}
    return Round(seconds=median(sum(times) for times in observed) / 1e9, phases=phases)


def _by_worker(target: CrosscheckTarget, runtime: str, repetitions: Repetitions, patience: float) -> Round:
    rows = target.samples.rows.tolist()
    with fresh_bench() as bench:
        bench.open(runtime, target.model, runtime=runtime, threads=target.threads, interface=target.interface)

        def nanoseconds(count: int) -> list[int]:
            turns = [(runtime, rows[number % len(rows)]) for number in range(count)]
            pixels = target.samples.path
            return bench.turns(turns, pixels, settle=True, batch=target.batch, patience=patience)[0]

        nanoseconds(math.ceil(repetitions.warmups / 2))
        return Round(seconds=median(nanoseconds(repetitions.runs)) / 1e9)


def _by_program(
    program: Program, executable: Path, target: CrosscheckTarget, repetitions: Repetitions, patience: float
) -> Round:
    seconds = time_by(
        program,
        executable,
        target.model,
        taken=target.port,
        threads=target.threads,
        repetitions=repetitions,
        patience=patience,
    )
    return Round(seconds=seconds)


def _from_photos(target: CrosscheckTarget, photos: Photos, repetitions: Repetitions, patience: float) -> Round:
    return time_end_to_end(target, photos, repetitions=repetitions, patience=patience)


def _observe(target: CrosscheckTarget, photos: Photos, *, repetitions: Repetitions, patience: float) -> list[list[int]]:
    expect(patience, "that")
    gc.disable()
    opening = open_session(target.model, runtime=REFERENCE, threads=target.threads, interface=target.interface)
    with capture_native_output(), opening as session:
        try:
            return observe(session, photos, size=target.image_size, repetitions=repetitions, clock=time.perf_counter_ns)
        except DataError as error:
            raise MeasurementError(f"a photo cannot be used: {error}; name other photos with --images") from error


def _marks(session: Session, content: bytes, photos: Photos, *, size: ImageSize, clock: Clock) -> Iterator[int]:
    yield clock()
    pixels = photos.decoded(content)
    yield clock()
    image = photos.resized(pixels, size=size)
    yield clock()
    session.load(image[np.newaxis])
    yield clock()
    session.invoke()
    yield clock()
    session.read().argmax()
    yield clock()
