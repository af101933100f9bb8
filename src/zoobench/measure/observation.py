"""What do raw observations come to? The step from what was measured to what is recorded."""

from collections.abc import Sequence
from statistics import fmean, median, median_low

import numpy as np

from zoobench.measure.accuracy import Evaluation
from zoobench.measure.latency import Latency
from zoobench.measure.startup import Start
from zoobench.results.packing import encode, encode_shares
from zoobench.results.record import (
    Agreement,
    Predictions,
    RecordedAccuracy,
    RecordedLatency,
    RecordedMemory,
    RecordedPhase,
    RecordedStartup,
    Speedup,
)
from zoobench.stats.statistics import percentile, percentile_interval, wilson


def recorded_accuracy(
    evaluation: Evaluation, *, twin: Evaluation, reference: tuple[str, Evaluation] | None = None
) -> RecordedAccuracy:
    """Returns the accuracy to record, with the agreement with others' answers to the same samples.

    Args:
        evaluation: The cell's.
        twin: The float twin's.
        reference: Id and evaluation of the same file's cell on the runtime that others are held against; None where the
            cell is that one.
    """
    interval = wilson(evaluation.correct, evaluation.total)
    seconds = evaluation.invocation_seconds
    return RecordedAccuracy(
        top1=evaluation.correct / evaluation.total,
        loss=evaluation.loss,
        correct=evaluation.correct,
        total=evaluation.total,
        interval=(interval.low, interval.high),
        agreement_with_float=_agreement(evaluation, twin),
        agreement_with_reference=Agreement(cell=reference[0], share=_agreement(evaluation, reference[1]))
        if reference
        else None,
        invocation_p50_seconds=None if seconds is None else float(np.median(seconds)),
        predictions=Predictions(
            classes=encode(evaluation.predicted.tolist()),
            probabilities=encode_shares(evaluation.probability.tolist()),
            truth=encode(evaluation.truth.tolist()),
        ),
    )


def recorded_latency(latency: Latency, *, twin: str, reference: str = "") -> RecordedLatency:
    """Returns the latency to record; `twin` and `reference` are the ids of the cells that it was run beside."""
    interval = percentile_interval(latency.seconds, 0.50)
    return RecordedLatency(
        p50_seconds=median(latency.seconds),
        p50_interval=None if interval is None else (interval.low, interval.high),
        p90_seconds=percentile(latency.seconds, 0.90),
        mean_seconds=fmean(latency.seconds),
        samples=len(latency.seconds),
        speedup_over_float=_speedup(latency.seconds, latency.twin_seconds, twin),
        speedup_over_reference=_speedup(latency.seconds, latency.reference_seconds, reference)
        if latency.reference_seconds
        else None,
        threads_reported=latency.threads_reported,
    )


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


def _phase(seconds: Sequence[float]) -> RecordedPhase:
    interval = percentile_interval(seconds, 0.50)
    return RecordedPhase(
        p50_seconds=median(seconds),
        interval=None if interval is None else (interval.low, interval.high),
        observed_seconds=tuple(seconds),
    )


def _agreement(ours: Evaluation, theirs: Evaluation) -> float:
    return float(np.mean(ours.predicted == theirs.predicted))


def _speedup(seconds: Sequence[float], others: Sequence[float], twin: str) -> Speedup | None:
    """Returns the paired speed-up, or None where there are too few rounds for its interval."""
    ratios = [theirs / own for own, theirs in zip(seconds, others, strict=True)]
    interval = percentile_interval(ratios, 0.50)
    if interval is None:
        return None
    return Speedup(twin=twin, point=median(ratios), interval=(interval.low, interval.high))
