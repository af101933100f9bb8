"""Do raw observations come to the numbers that one gets by hand?"""

from fractions import Fraction

import numpy as np
import pytest

from zoobench.judge.packing import decode
from zoobench.judge.record import Speedup
from zoobench.measure.accuracy import Evaluation
from zoobench.measure.latency import Latency, Opening
from zoobench.measure.observation import recorded_accuracy, recorded_latency

OPENING = Opening(initialization_seconds=0.5, first_inference_seconds=0.25)
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
    return Latency(seconds=tuple(seconds), twin_seconds=tuple(twin_seconds), opening=OPENING)


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
    assert recorded.initialization_seconds == 0.5
    assert recorded.first_inference_seconds == 0.25


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
