"""Do raw observations come to the numbers that one gets by hand?"""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from zoobench.measure.accuracy import Evaluation
from zoobench.measure.latency import Latency
from zoobench.measure.observation import recorded_accuracy, recorded_latency, recorded_memory, recorded_startup
from zoobench.measure.startup import Start
from zoobench.results.packing import decode
from zoobench.results.record import Agreement, Speedup

TWIN = "mobilenet-float32-litert-t1"


def evaluation(predicted: list[int], truth: list[int], *, seconds: list[float] | None = None) -> Evaluation:
    return Evaluation(
        predicted=np.array(predicted),
        probability=np.linspace(0.5, 1, len(predicted), dtype=np.float32),
        truth=np.array(truth),
        loss=0.25,
        invocation_seconds=None if seconds is None else np.array(seconds),
    )


def latency(seconds: list[float], twin_seconds: list[float]) -> Latency:
    return Latency(seconds=tuple(seconds), twin_seconds=tuple(twin_seconds))


def test_accuracy_is_counted_and_has_wilsons_interval() -> None:
    right = evaluation([1] * 15 + [0] * 133, [1] * 148)
    recorded = recorded_accuracy(right, twin=right)
    assert (recorded.correct, recorded.total, recorded.loss) == (15, 148, 0.25)
    assert recorded.top1 == 15 / 148
    assert recorded.interval == pytest.approx((0.0624, 0.1605), abs=5e-5)  # Newcombe 1998, table I, method 3


def test_agreement_counts_equal_answers_right_or_wrong() -> None:
    own = evaluation([0, 1, 1, 2], [0, 0, 0, 0])
    twin = evaluation([0, 1, 2, 2], [0, 0, 0, 0])
    assert recorded_accuracy(own, twin=twin).agreement_with_float == 0.75
    assert recorded_accuracy(own, twin=own).agreement_with_float == 1.0


def test_another_runtime_is_held_against_the_same_file_elsewhere() -> None:
    own, elsewhere = evaluation([0, 1, 1, 2], [0, 0, 0, 0]), evaluation([0, 1, 1, 1], [0, 0, 0, 0])
    recorded = recorded_accuracy(own, twin=own, reference=("the-other", elsewhere))
    assert recorded.agreement_with_reference == Agreement(cell="the-other", share=0.75)
    assert recorded_accuracy(own, twin=own).agreement_with_reference is None


def test_the_time_over_the_same_file_elsewhere_is_paired_too() -> None:
    seconds = (1.0, 2.0, 4.0) * 3
    observed = replace(
        latency(list(seconds), list(seconds)),
        reference_seconds=tuple(1.5 * one for one in seconds),
        threads_reported=2,
    )
    recorded = recorded_latency(observed, twin=TWIN, reference="the-other")
    assert recorded.speedup_over_reference == Speedup(twin="the-other", point=1.5, interval=(1.5, 1.5))
    assert recorded.threads_reported == 2
    assert recorded_latency(latency(list(seconds), list(seconds)), twin=TWIN).speedup_over_reference is None


def test_every_prediction_is_kept_with_its_probability_and_the_truth() -> None:
    recorded = recorded_accuracy(evaluation([2, 0, 1], [2, 1, 1]), twin=evaluation([2, 0, 1], [2, 1, 1]))
    assert decode(recorded.predictions.classes) == (2, 0, 1)
    assert decode(recorded.predictions.truth) == (2, 1, 1)
    assert decode(recorded.predictions.probabilities) == (32768, 49151, 65535)  # 0.5, 0.75 and 1 of 65535


def test_the_median_invocation_is_kept_where_there_is_one() -> None:
    timed = evaluation([0, 0, 0, 0], [0, 0, 0, 0], seconds=[0.004, 0.001, 0.002, 0.009])
    assert recorded_accuracy(timed, twin=timed).invocation_p50_seconds == pytest.approx(0.003)
    untimed = evaluation([0], [0])
    assert recorded_accuracy(untimed, twin=timed_like(untimed)).invocation_p50_seconds is None


def timed_like(one: Evaluation) -> Evaluation:
    return evaluation(one.predicted.tolist(), one.truth.tolist(), seconds=[0.001] * one.total)


def test_rounds_come_to_percentiles_and_mean() -> None:
    seconds = [milliseconds / 1024 for milliseconds in range(64, 0, -1)]  # exact in binary
    recorded = recorded_latency(latency(seconds, seconds), twin=TWIN)
    assert recorded.samples == 64
    assert recorded.p50_seconds == recorded.mean_seconds == 32.5 / 1024
    assert recorded.p90_seconds == 58 / 1024  # rank 57.6, rounded up
    assert recorded.p50_interval == (24 / 1024, 41 / 1024)  # ranks whose binomial tails hold 1.6 % each


def test_the_speedup_is_the_median_of_paired_ratios() -> None:
    own = [1.0, 2.0, 4.0, 1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]
    ratios = [3, 1, 2, 4, 5, 6, 7, 8, 9, 10]
    twin = [ratio * seconds for ratio, seconds in zip(ratios, own, strict=True)]
    recorded = recorded_latency(latency(own, twin), twin=TWIN)
    # Of ten values the middle is 5.5 and the interval goes from rank 2 to rank 9: P(B <= 1) = 11 / 1024 < 0.025.
    assert float(Fraction(11, 1024)) < 0.025
    assert recorded.speedup_over_float == Speedup(twin=TWIN, point=5.5, interval=(2.0, 9.0))


def test_a_cell_against_a_second_copy_of_itself_has_a_speedup_of_one() -> None:
    seconds = [0.001 * (1 + number % 3) for number in range(20)]
    recorded = recorded_latency(latency(seconds, seconds), twin=TWIN)
    assert recorded.speedup_over_float == Speedup(twin=TWIN, point=1.0, interval=(1.0, 1.0))


@pytest.mark.parametrize(("rounds", "told"), [(1, False), (5, False), (6, True)])
def test_few_rounds_have_neither_intervals_nor_a_speedup(rounds: int, told: bool) -> None:
    recorded = recorded_latency(latency([0.5] * rounds, [1.0] * rounds), twin=TWIN)
    assert (recorded.p50_interval is not None) == told
    assert (recorded.speedup_over_float is not None) == told
    assert recorded.p90_seconds is None
    assert recorded.p50_seconds == 0.5


def test_rounds_without_their_twin_are_an_error_and_not_cut_off() -> None:
    with pytest.raises(ValueError, match="shorter"):
        recorded_latency(latency([1.0] * 10, [1.0] * 9), twin=TWIN)


def start(seconds: float, *, peak: int | None = 80, base: int | None = 40, threads: int | None = 1) -> Start:
    return Start(
        initialization_seconds=seconds,
        first_inference_seconds=2 * seconds,
        base_rss_bytes=base,
        peak_rss_bytes=peak,
        anonymous_bytes=base,
        threads_started=threads,
    )


def test_phases_come_to_their_median_and_six_processes_to_an_interval_from_the_least_to_the_most() -> None:
    seconds = [0.5, 0.25, 0.125, 0.75, 1.0, 0.375]
    recorded = recorded_startup([start(one) for one in seconds])
    assert recorded.initialization.p50_seconds == 0.4375
    assert recorded.initialization.interval == (0.125, 1.0)  # misses the median with 2 / 2^6 = 3.1 %
    assert recorded.initialization.observed_seconds == tuple(seconds)
    assert recorded.first_inference.p50_seconds == 0.875


def test_the_fewest_threads_that_any_process_started_are_told() -> None:
    assert recorded_startup([start(1, threads=2), start(1, threads=1)]).threads_started == 1
    assert recorded_startup([start(1, threads=None)]).threads_started is None


def test_memory_comes_to_a_peak_that_a_process_had_and_keeps_them_all() -> None:
    peaks = [81, 83, 80, 82, 90, 84]
    recorded = recorded_memory([start(1, peak=peak) for peak in peaks])
    assert recorded is not None
    assert recorded.peak_rss_bytes == 82
    assert recorded.interval == (80, 90)
    assert recorded.base_rss_bytes == recorded.anonymous_bytes == 40
    assert recorded.observed_peak_rss_bytes == tuple(peaks)


@pytest.mark.parametrize("processes", [1, 3, 5])
def test_fewer_than_six_processes_have_no_interval(processes: int) -> None:
    starts = [start(1)] * processes
    assert recorded_startup(starts).initialization.interval is None
    memory = recorded_memory(starts)
    assert memory is not None
    assert memory.interval is None


def test_a_system_that_tells_the_peak_alone_has_no_base_and_one_that_tells_nothing_no_memory() -> None:
    peak_alone = recorded_memory([start(1, base=None)])
    assert peak_alone is not None
    assert (peak_alone.peak_rss_bytes, peak_alone.base_rss_bytes, peak_alone.anonymous_bytes) == (80, None, None)
    assert recorded_memory([start(1, peak=None)]) is None
