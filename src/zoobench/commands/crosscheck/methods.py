"""What is crosschecked, on which images, and by which methods can it be timed here, each in a process of its own?"""

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

from zoobench.data.photos import MOST_PHOTOS, Photos, decoded, drawn_photos, given_photos, last_parts, photos_of
from zoobench.errors import DataError, MeasurementError, ModelError, UsageError
from zoobench.matrix.interface import Interface
from zoobench.measure.presentation import side_of
from zoobench.measure.programs import PROGRAMS, RESOLUTION_SECONDS, Program, Repetitions, find_program, time_by
from zoobench.measure.runtimes import Session, open_session
from zoobench.measure.target import Samples
from zoobench.measure.worker import fresh_bench
from zoobench.results.file import newest_first
from zoobench.results.run import Run, read_recorded
from zoobench.results.schema import Record
from zoobench.run.locate import find_interface, find_models, find_pixels, given_pixels
from zoobench.system.files import sha256_of_file
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output
from zoobench.tflite.contract import read_contract

REFERENCE = "litert"
END_TO_END = "end to end"
OURS = {
    REFERENCE: "Interpreter.invoke, on another image each time",
    "litert_compiled": "CompiledModel.run_by_index, on another image each time",
    "openvino": "OpenVINO's infer, on another image each time",
}
"""Our runtimes that are timed; the others are compared with the first of them."""
PHASES = ("decode", "resize", "load", "invoke", "read")
"""From a photo to its class."""
Clock = Callable[[], int]
_SUFFIX = ".tflite"
_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class CrosscheckTarget:
    """What is timed."""

    name: str
    model: Path
    sha256: str
    input_type: str
    side: int
    threads: int
    samples: Samples
    images: str
    photos: Photos | str
    interface: Interface | None = None


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


def find_target(
    cell: str, *, artifacts: Path, images: Path | None, threads: int | None, workplace: Path
) -> CrosscheckTarget:
    """Returns what is to be timed.

    Args:
        cell: A cell's id or a TFLite file's path.
        artifacts: The folder of the store and the results.
        images: A folder of photos or a `.npy` file to run on instead of the images of the results.
        threads: None for the cell's, or one.
        workplace: Folder for what is made meanwhile.
    """
    if Path(cell).suffix == _SUFFIX:
        model, name, usual_threads = Path(cell), last_parts(Path(cell)), 1
        run = _run_of_file(model, artifacts)
        interface = find_interface(model)
    else:
        run, record = _recorded(cell, artifacts)
        model, name, usual_threads = _stored(record, run, artifacts), cell, record.cell.threads
        interface = record.model.interface if record.model else None
    input_type, side = _input(model, interface)
    of_run = run and not images and find_pixels(run.provenance, image_size=side, artifacts=artifacts)
    photos: Photos | str
    if images:
        samples = given_pixels(images, image_size=side, count=MOST_PHOTOS, folder=workplace)
        photos, described = given_photos(images), f"images of {last_parts(images)}"
    elif run and of_run:
        samples, photos = of_run, _photos_of(run, of_run)
        described = f"test images of {next(iter(run.records.values())).dataset.name}"
    else:
        photos = drawn_photos()
        samples, described = decoded(photos, side=side, folder=workplace), photos.source
    return CrosscheckTarget(
        name=name,
        model=model,
        sha256=sha256_of_file(model),
        input_type=input_type,
        side=side,
        threads=threads or usual_threads,
        samples=samples,
        interface=interface,
        images=f"{len(samples)} {described}",
        photos=photos,
    )


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


def time_end_to_end(
    model: Path,
    photos: Photos,
    *,
    side: int,
    threads: int,
    repetitions: Repetitions,
    interface: Interface | None = None,
) -> Round:
    """Returns how long a fresh process took from a photo's bytes, which were in memory, to the number of its class.

    Photos are decoded and resized as those of a data set are (`data/images.py`), one after the other, from the first
    again after the last; LiteRT's interpreter runs the TFLite file.
    """
    observed = in_fresh_process(
        _observe,
        model,
        photos.contents,
        side=side,
        threads=threads,
        repetitions=repetitions,
        interface=interface,
    )
    return summary(observed)


def observe(
    session: Session, contents: Sequence[bytes], *, side: int, repetitions: Repetitions, clock: Clock
) -> list[list[int]]:
    """Returns nanoseconds of each phase, in the order of `PHASES`, of each photo that was on the clock."""
    photos = (contents[number % len(contents)] for number in range(repetitions.warmups + repetitions.runs))
    marks = [list(_marks(session, content, side=side, clock=clock)) for content in photos]
    return [[after - before for before, after in pairwise(one)] for one in marks[repetitions.warmups :]]


def summary(observed: Sequence[Sequence[int]]) -> Round:
    """Returns the medians over its photos, of all phases together and of each, of what `observe` returned."""
    phases = {name: median(times) / 1e9 for name, times in zip(PHASES, zip(*observed, strict=True), strict=True)}
    return Round(seconds=median(sum(times) for times in observed) / 1e9, phases=phases)


def _runs(artifacts: Path) -> Iterator[Run]:
    yield from map(read_recorded, newest_first(artifacts / "results"))


def _run_of_file(path: Path, artifacts: Path) -> Run | None:
    if not path.is_file():
        raise UsageError(f"there is no file {path}; give the path of a TFLite file, or a cell's id")
    sha256 = sha256_of_file(path)
    measured = (
        run for run in _runs(artifacts) if any(one.model and one.model.sha256 == sha256 for one in run.records.values())
    )
    return next(measured, None)


def _recorded(cell: str, artifacts: Path) -> tuple[Run, Record]:
    known: dict[str, None] = {}
    for run in _runs(artifacts):
        if cell in run.records:
            return run, run.records[cell]
        known |= dict.fromkeys(run.records)
    results = artifacts / "results"
    if not known:
        raise UsageError(
            f"{cell} is no file, and there are no results in {results}; run pytest bench/ first, or give the path of a "
            "TFLite file"
        )
    listed = ", ".join(list(known)[:_NAMED]) + (", …" if len(known) > _NAMED else "")
    raise UsageError(
        f"{cell} is neither a TFLite file nor a cell of the results in {results}; cells there: {listed} (another "
        "number of threads: --threads)"
    )


def _stored(record: Record, run: Run, artifacts: Path) -> Path:
    path = next(iter(find_models([record], artifacts=artifacts).values()), None)
    if path is None:
        raise UsageError(
            f"the file of {record.cell.id} in {last_parts(run.path)} is not in the store below {artifacts}; run "
            "pytest bench/ again, or give the path of a TFLite file"
        )
    if path.suffix != _SUFFIX:
        raise UsageError(f"{record.cell.id} is run from {path.name}; what is timed here is one TFLite file")
    return path


def _input(model: Path, interface: Interface | None) -> tuple[str, int]:
    ports = read_contract(model.read_bytes()).inputs
    side = side_of(ports[0].shape, interface) if len(ports) == 1 else None
    if side is None:
        taken = ", ".join(f"{port.type} {list(port.shape)}" for port in ports)
        raise ModelError(f"{model} takes {taken or 'nothing'}; only one input [1, side, side, 3] is known here")
    return ports[0].type, side


def _photos_of(run: Run, samples: Samples) -> Photos | str:
    options = run.provenance.options
    seed = options.get("seed", "0")
    folder = Path(options["data"]) if "data" in options else None
    return photos_of(samples, folder=folder, seed=int(seed) if seed.isdecimal() else 0)


def _by_worker(target: CrosscheckTarget, runtime: str, repetitions: Repetitions, patience: float) -> Round:
    rows = target.samples.rows.tolist()
    with fresh_bench() as bench:
        bench.open(runtime, target.model, runtime=runtime, threads=target.threads, interface=target.interface)

        def nanoseconds(count: int) -> list[int]:
            turns = [(runtime, rows[number % len(rows)]) for number in range(count)]
            return bench.turns(turns, target.samples.path, settle=True, patience=patience)[0]

        nanoseconds(math.ceil(repetitions.warmups / 2))
        return Round(seconds=median(nanoseconds(repetitions.runs)) / 1e9)


def _by_program(
    program: Program, executable: Path, target: CrosscheckTarget, repetitions: Repetitions, patience: float
) -> Round:
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


def _from_photos(target: CrosscheckTarget, photos: Photos, repetitions: Repetitions, _patience: float) -> Round:
    return time_end_to_end(
        target.model,
        photos,
        side=target.side,
        threads=target.threads,
        repetitions=repetitions,
        interface=target.interface,
    )


def _observe(
    model: Path,
    contents: Sequence[bytes],
    *,
    side: int,
    threads: int,
    repetitions: Repetitions,
    interface: Interface | None,
) -> list[list[int]]:
    gc.disable()
    opening = open_session(model, runtime=REFERENCE, threads=threads, interface=interface)
    with capture_native_output(), opening as session:
        try:
            return observe(session, contents, side=side, repetitions=repetitions, clock=time.perf_counter_ns)
        except DataError as error:
            raise MeasurementError(f"a photo cannot be used: {error}; name other photos with --images") from error


def _marks(session: Session, content: bytes, *, side: int, clock: Clock) -> Iterator[int]:
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
