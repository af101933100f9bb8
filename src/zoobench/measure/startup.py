"""What does a cell cost before its steady state, and how much memory does it take? Asked of fresh processes in turn.

Each process imports the runtime, says what it holds, opens the file, runs a first image and some more, and says what
it holds then. The clock runs while the file is opened, and again during the first invocation; starting Python and
importing libraries is on neither. What is warm: the file and the libraries are in the system's page cache, because the
file is read through before the first process starts. What is not: everything that a process does for itself, such as
mapping the file, packing weights, allocating tensors, filling the processor's caches. From a cold disk it takes longer.

Resident memory holds mapped files as far as they were touched. LiteRT maps the file, and XNNPACK packs its weights
anew: MobileNet's float32 file of 12.9 MB takes 38 MB, half of it in files, which the system may drop and read again,
and half in no file. That is why both are told. How much of it is LiteRT's arena, none of its Python interfaces tells.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median, median_low

from zoobench.errors import MeasurementError
from zoobench.measure.target import Target
from zoobench.measure.worker import RemoteBench, fresh_bench
from zoobench.results.schema import RecordedMemory, RecordedPhase, RecordedStartup
from zoobench.stats.intervals import percentile_interval
from zoobench.system.terminal import progress

_IMAGES = 5
"""Some memory is taken by the second invocation only."""
_CHUNK = 1 << 20
_NAME = "cell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """What one process observed; None is what the system does not tell.

    Attributes:
        initialization_seconds: To open the file, the runtime being imported.
        first_inference_seconds: Of the first invocation, its image being in place.
        base_rss_bytes: Resident before the file was opened: Python, NumPy and the runtime's libraries.
        peak_rss_bytes: The most that was resident at any time.
        anonymous_bytes: What of the resident memory was in no file in the end.
        threads_started: How many more threads the process had in the end than before it opened the file.
    """

    initialization_seconds: float
    first_inference_seconds: float
    base_rss_bytes: int | None
    peak_rss_bytes: int | None
    anonymous_bytes: int | None
    threads_started: int | None


def measure_memory(target: Target, *, processes: int) -> tuple[Start, ...]:
    """Has fresh processes open a file and run it, one after the other; shows progress meanwhile.

    Raises:
        MeasurementError: If one dies, hangs, or cannot open or run the file; the message names the cell.
    """
    try:
        with target.file.path.open("rb") as file:
            while file.read(_CHUNK):  # into the system's page cache, where every process then finds it
                pass
    except OSError as error:
        raise MeasurementError(f"cannot read {target.file.path}: {error.strerror}") from error
    starts = []
    with progress("Starting processes", total=processes) as advance:
        for number in range(1, processes + 1):
            try:
                with fresh_bench() as bench:
                    starts.append(_observe(target, bench))
            except MeasurementError as error:
                raise MeasurementError(f"{target.cell.id}, process {number} of {processes}: {error}") from error
            advance(1, target.cell.id)
    return tuple(starts)


def recorded_startup(starts: Sequence[Start]) -> RecordedStartup:
    """Returns the phases before the steady state to record; `starts` are one or more."""
    threads = [start.threads_started for start in starts if start.threads_started is not None]
    return RecordedStartup(
        initialization=_phase([start.initialization_seconds for start in starts]),
        first_inference=_phase([start.first_inference_seconds for start in starts]),
        threads_started=min(threads, default=None),
    )


def recorded_memory(starts: Sequence[Start]) -> RecordedMemory | None:
    """Returns the memory to record, or None where the system does not tell a process's peak."""
    peaks = [start.peak_rss_bytes for start in starts if start.peak_rss_bytes is not None]
    bases = [start.base_rss_bytes for start in starts if start.base_rss_bytes is not None]
    anonymous = [start.anonymous_bytes for start in starts if start.anonymous_bytes is not None]
    if not peaks:
        return None
    interval = percentile_interval(peaks, 0.50)
    return RecordedMemory(
        peak_rss_bytes=median_low(peaks),
        interval=None if interval is None else (int(interval.low), int(interval.high)),
        base_rss_bytes=median_low(bases) if bases else None,
        anonymous_bytes=median_low(anonymous) if anonymous else None,
        observed_peak_rss_bytes=tuple(peaks),
        observed_base_rss_bytes=tuple(bases),
        observed_anonymous_bytes=tuple(anonymous),
    )


def _observe(target: Target, bench: RemoteBench) -> Start:
    cell, samples = target.cell, target.samples
    bench.import_runtime(cell.runtime)
    before = bench.footprint()
    opening_seconds = bench.open(_NAME, target.file.path, runtime=cell.runtime, threads=cell.threads)
    turns = [(_NAME, int(samples.rows[number % len(samples)])) for number in range(_IMAGES)]
    nanoseconds, _ = bench.turns(turns, samples.path, settle=False)
    after = bench.footprint()
    threads = (before["threads"], after["threads"])
    return Start(
        initialization_seconds=opening_seconds,
        first_inference_seconds=nanoseconds[0] / 1e9,
        base_rss_bytes=before["rss_bytes"],
        peak_rss_bytes=after["peak_rss_bytes"],
        anonymous_bytes=after["anonymous_bytes"],
        threads_started=None if threads[0] is None or threads[1] is None else threads[1] - threads[0],
    )


def _phase(seconds: Sequence[float]) -> RecordedPhase:
    interval = percentile_interval(seconds, 0.50)
    return RecordedPhase(
        p50_seconds=median(seconds),
        interval=None if interval is None else (interval.low, interval.high),
        observed_seconds=tuple(seconds),
    )
