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
from statistics import median, median_low

from zoobench.errors import MeasurementError
from zoobench.measure.target import Target
from zoobench.measure.worker import Footprint, RemoteBench, fresh_bench
from zoobench.results.schema import RecordedMemory, RecordedPhase, RecordedStartup
from zoobench.stats.intervals import percentile_interval
from zoobench.system.terminal import progress

_IMAGES = 5
"""Some memory is taken by the second invocation only."""
_CHUNK = 1 << 20
_NAME = "cell"


def measure_memory(target: Target, *, processes: int) -> tuple[RecordedStartup, RecordedMemory | None]:
    """Has fresh processes open a file and run it, one after the other; shows progress meanwhile.

    Returns:
        The phases before the steady state, and the memory; None where the system does not tell a process's peak.

    Raises:
        MeasurementError: If one dies, hangs, or cannot open or run the file; the message names the cell.
    """
    try:
        with target.file.path.open("rb") as file:
            while file.read(_CHUNK):  # into the system's page cache, where every process then finds it
                pass
    except OSError as error:
        raise MeasurementError(f"cannot read {target.file.path}: {error.strerror}") from error
    seen = []
    with progress("Starting processes", total=processes) as advance:
        for number in range(1, processes + 1):
            try:
                with fresh_bench() as bench:
                    seen.append(_observe(target, bench))
            except MeasurementError as error:
                raise MeasurementError(f"{target.cell.id}, process {number} of {processes}: {error}") from error
            advance(1, target.cell.id)
    opening, first_inference, before, after = zip(*seen, strict=True)
    threads = ((one["threads"], other["threads"]) for one, other in zip(before, after, strict=True))
    more = [later - first for first, later in threads if first is not None and later is not None]
    startup = RecordedStartup(
        initialization=_phase(opening),
        first_inference=_phase(first_inference),
        threads_started=min(more, default=None),
    )
    return startup, _memory(before, after)


def _observe(target: Target, bench: RemoteBench) -> tuple[float, float, Footprint, Footprint]:
    cell, samples = target.cell, target.samples
    bench.import_runtime(cell.runtime)
    before = bench.footprint()
    file = target.file
    opening_seconds = bench.open(_NAME, file.path, runtime=cell.runtime, threads=cell.threads, interface=file.interface)
    turns = [(_NAME, int(samples.rows[number % len(samples)])) for number in range(_IMAGES)]
    nanoseconds, _ = bench.turns(turns, samples.path, settle=False)
    return opening_seconds, nanoseconds[0] / 1e9, before, bench.footprint()


def _phase(seconds: tuple[float, ...]) -> RecordedPhase:
    interval = percentile_interval(seconds, 0.50)
    return RecordedPhase(
        p50_seconds=median(seconds),
        interval=None if interval is None else (interval.low, interval.high),
        observed_seconds=seconds,
    )


def _memory(before: Sequence[Footprint], after: Sequence[Footprint]) -> RecordedMemory | None:
    """Returns the memory to record: the most resident at any time, before the file was opened, and in no file."""
    bases, peaks = _known(before, "rss_bytes"), _known(after, "peak_rss_bytes")
    anonymous = _known(after, "anonymous_bytes")
    if not peaks:
        return None
    interval = percentile_interval(peaks, 0.50)
    return RecordedMemory(
        peak_rss_bytes=median_low(peaks),
        interval=None if interval is None else (int(interval.low), int(interval.high)),
        base_rss_bytes=median_low(bases) if bases else None,
        anonymous_bytes=median_low(anonymous) if anonymous else None,
        observed_peak_rss_bytes=peaks,
        observed_base_rss_bytes=bases,
        observed_anonymous_bytes=anonymous,
    )


def _known(footprints: Sequence[Footprint], name: str) -> tuple[int, ...]:
    return tuple(value for one in footprints if (value := one[name]) is not None)
