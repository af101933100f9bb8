"""In which ways can one file be timed here? Each has a fresh process of its own run it."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from zoobench.commands.paritying.endtoend import time_end_to_end
from zoobench.commands.paritying.paritysubject import ParitySubject
from zoobench.data.photos import Photos
from zoobench.judge.parity import LeftOutPath
from zoobench.measure.programs import PROGRAMS, Dose, Order, Program, find_program, time_by
from zoobench.measure.worker import MODULE
from zoobench.system.processes import worker

REFERENCE = "litert"
END_TO_END = "end to end"
OURS = {
    REFERENCE: "Interpreter.invoke, on another image each time",
    "litert_compiled": "CompiledModel.run_by_index, on another image each time",
    "openvino": "OpenVINO's infer, on another image each time",
}
"""Our runtimes that are timed, the first of them what all else is held against."""
OPEN_SECONDS = 120.0
"""How long a file may take to open, and to run for the first few times."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What one process observed of one way: its median, and those of its phases if it has any, in seconds."""

    seconds: float
    phases: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way of timing the file.

    Attributes:
        name: What it is called.
        what: What is timed, and how.
        take: Has a fresh process run the file and returns what it observed; it takes at most the seconds given.
        resolution_seconds: What its medians are rounded to.
    """

    name: str
    what: str
    take: Callable[[Dose, float], Turn]
    resolution_seconds: float = 0.0


def find_ways(subject: ParitySubject) -> tuple[list[Way], list[LeftOutPath]]:
    """Returns the ways in which a file can be timed here, and why not in the others.

    Whether a runtime of ours is installed shows in the worker that is to open the file: it says what to install.
    """
    ways = [Way(name=name, what=what, take=partial(_by_worker, subject, name)) for name, what in OURS.items()]
    absent = []
    for program in PROGRAMS:
        executable = find_program(program.name)
        if executable:
            ways.append(_by_program(program, executable, subject))
        else:
            absent.append(LeftOutPath(name=program.name, reason=f"it is not installed: {program.install}"))
    if isinstance(subject.photos, str):
        absent.append(LeftOutPath(name=END_TO_END, reason=subject.photos))
    else:
        ways.append(_from_photos(subject, subject.photos))
    return ways, absent


def _by_worker(subject: ParitySubject, runtime: str, dose: Dose, patience: float) -> Turn:
    """Has a fresh worker run the file as a gate does: before each timed invocation, one untimed of the same image."""
    with worker(MODULE) as (running, _):
        request = {"do": "open", "name": runtime, "path": str(subject.model), "runtime": runtime}
        running.ask(request | {"threads": subject.threads}, patience=OPEN_SECONDS)

        def nanoseconds(count: int) -> list[int]:
            turns = [(runtime, row) for row in _rows(subject, count)]
            asked = {"do": "turns", "turns": turns, "pixels": str(subject.samples.path)}
            answer = running.ask(asked | {"settle": True, "slowdown": {}}, patience=patience)
            return list(answer["nanoseconds"])

        nanoseconds(math.ceil(dose.warmups / 2))
        return Turn(seconds=median(nanoseconds(dose.runs)) / 1e9)


def _rows(subject: ParitySubject, count: int) -> Iterator[int]:
    rows = subject.samples.rows.tolist()
    return (rows[number % len(rows)] for number in range(count))


def _by_program(program: Program, executable: Path, subject: ParitySubject) -> Way:
    def take(dose: Dose, patience: float) -> Turn:
        asked = Order(
            model=subject.model,
            input_type=subject.input_type,
            threads=subject.threads,
            dose=dose,
            patience=patience,
        )
        return Turn(seconds=time_by(program, executable, asked))

    return Way(name=program.name, what=program.what, take=take, resolution_seconds=program.resolution_seconds)


def _from_photos(subject: ParitySubject, photos: Photos) -> Way:
    def take(dose: Dose, _patience: float) -> Turn:
        observed = time_end_to_end(subject.model, photos, side=subject.side, threads=subject.threads, dose=dose)
        return Turn(seconds=observed.seconds, phases=observed.phases)

    return Way(name=END_TO_END, what=f"decode, resize, load, invoke, read; {photos.source}", take=take)
