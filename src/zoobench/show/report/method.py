"""How was a run measured? Told from what its records hold."""

from collections.abc import Iterator, Sequence

from zoobench.results.schema import Record
from zoobench.show.report.phrases import spread

_TIME = (
    "Time: one image at a time, its pixels already in place; only the runtime's own invocation is timed, by a "
    "monotonic clock, after warm-up. The image changes from round to round."
)
_PAIRED = (
    "× float: the float32 file runs between the rounds of each cell, in alternating order, so that both meet the same "
    "moments of the machine. It is the median of the ratios by round, with its 95 % interval."
)
_P50 = "p50 is the median of the rounds and p90 their 90th percentile, which is told from 64 rounds on, not below."
_FRESH = (
    "Memory and start-up: fresh processes in which nothing else ran before ({processes} a cell); the table has medians."
)
_PIXELS = (
    "All cells were given the same pixels: each image is decoded and resized once, and a backbone's own preprocessing "
    "is part of its model."
)


def method_of(records: Sequence[Record]) -> tuple[str, ...]:
    """Returns in sentences how cells of a run were timed, answered and started."""
    return tuple(_lines(records))


def _lines(records: Sequence[Record]) -> Iterator[str]:
    timed = [record.latency for record in records if record.latency]
    if timed:
        yield f"{_TIME} Rounds of a cell: {spread(latency.samples for latency in timed)}."
        yield _P50
    if any(latency.speedup_over_float for latency in timed):
        yield _PAIRED
    answered = [record.accuracy for record in records if record.accuracy]
    if answered:
        yield (
            f"Accuracy: every one of {spread(accuracy.total for accuracy in answered)} test samples is answered; "
            "neither training nor calibration has seen them. An image that fails is an error, not one less to count."
        )
        yield _PIXELS
    started = [record.memory for record in records if record.memory]
    if started:
        yield _FRESH.format(processes=spread(len(memory.observed_peak_rss_bytes) for memory in started))
    if any(record.kit for record in records):
        yield "Models and samples came in a kit, made on another machine; this one only measured."
