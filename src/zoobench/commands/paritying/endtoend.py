"""How long does it take from the bytes of a photo to its class? Each phase on its own, in a fresh process."""

import gc
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import numpy as np

from zoobench.data.photos import Photos
from zoobench.errors import DataError, MeasurementError
from zoobench.measure.programs import Dose
from zoobench.measure.runtimes import Session, open_session
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output

PHASES = ("decode", "resize", "load", "invoke", "read")
Clock = Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndToEnd:
    """What one process observed: medians over its photos in seconds, of all phases together and of each."""

    seconds: float
    phases: Mapping[str, float]


def time_end_to_end(model: Path, photos: Photos, *, side: int, threads: int, dose: Dose) -> EndToEnd:
    """Returns how long a fresh process took from a photo's bytes, which were in memory, to the number of its class.

    Photos are decoded and resized as those of a data set are (`build/images.py`).

    Args:
        model: A TFLite file; LiteRT's interpreter runs it.
        photos: One after the other, from the first again after the last.
        side: Of the images that the model takes, in pixels.
        threads: Of one invocation.
        dose: How many photos.

    Raises:
        MeasurementError: If the file cannot be run, a photo is of no use, or the process dies.
    """
    observed = in_fresh_process(_observe, model, photos.contents, side=side, threads=threads, dose=dose)
    return summary(observed)


def observe(session: Session, contents: Sequence[bytes], *, side: int, dose: Dose, clock: Clock) -> list[list[int]]:
    """Returns nanoseconds of each phase, in the order of `PHASES`, of each photo that was on the clock."""
    photos = (contents[number % len(contents)] for number in range(dose.warmups + dose.runs))
    timed = [_phases(session, content, side=side, clock=clock) for content in photos]
    return timed[dose.warmups :]


def summary(observed: Sequence[Sequence[int]]) -> EndToEnd:
    """Returns the medians of what `observe` returned."""
    phases = {name: median(times) / 1e9 for name, times in zip(PHASES, zip(*observed, strict=True), strict=True)}
    return EndToEnd(seconds=median(sum(times) for times in observed) / 1e9, phases=phases)


def _observe(model: Path, contents: Sequence[bytes], *, side: int, threads: int, dose: Dose) -> list[list[int]]:
    gc.disable()
    with capture_native_output(), open_session(model, runtime="litert", threads=threads) as session:
        try:
            return observe(session, contents, side=side, dose=dose, clock=time.perf_counter_ns)
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
