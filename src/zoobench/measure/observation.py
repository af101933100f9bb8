"""What do raw observations come to? The step from what was measured to what is recorded."""

from statistics import fmean, median

import numpy as np

from zoobench.judge.packing import encode, encode_shares
from zoobench.judge.record import Predictions, RecordedAccuracy, RecordedLatency, Speedup
from zoobench.judge.statistics import percentile, percentile_interval, wilson
from zoobench.measure.accuracy import Evaluation
from zoobench.measure.latency import Latency


def recorded_accuracy(evaluation: Evaluation, *, twin: Evaluation) -> RecordedAccuracy:
    """Returns the accuracy to record, with the agreement with the float twin's answers to the same samples."""
    interval = wilson(evaluation.correct, evaluation.total)
    seconds = evaluation.invocation_seconds
    return RecordedAccuracy(
        top1=evaluation.correct / evaluation.total,
        loss=evaluation.loss,
        correct=evaluation.correct,
        total=evaluation.total,
        interval=(interval.low, interval.high),
        agreement_with_float=float(np.mean(evaluation.predicted == twin.predicted)),
        invocation_p50_seconds=None if seconds is None else float(np.median(seconds)),
        predictions=Predictions(
            classes=encode(evaluation.predicted.tolist()),
            probabilities=encode_shares(evaluation.probability.tolist()),
            truth=encode(evaluation.truth.tolist()),
        ),
    )


def recorded_latency(latency: Latency, *, twin: str) -> RecordedLatency:
    """Returns the latency to record; `twin` is the id of the float twin's cell."""
    interval = percentile_interval(latency.seconds, 0.50)
    return RecordedLatency(
        p50_seconds=median(latency.seconds),
        p50_interval=None if interval is None else (interval.low, interval.high),
        p90_seconds=percentile(latency.seconds, 0.90),
        mean_seconds=fmean(latency.seconds),
        samples=len(latency.seconds),
        speedup_over_float=_speedup(latency, twin),
        initialization_seconds=latency.opening.initialization_seconds,
        first_inference_seconds=latency.opening.first_inference_seconds,
    )


def _speedup(latency: Latency, twin: str) -> Speedup | None:
    """Returns the paired speed-up, or None where there are too few rounds for its interval."""
    ratios = [theirs / own for own, theirs in zip(latency.seconds, latency.twin_seconds, strict=True)]
    interval = percentile_interval(ratios, 0.50)
    if interval is None:
        return None
    return Speedup(twin=twin, point=median(ratios), interval=(interval.low, interval.high))
