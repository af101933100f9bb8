"""Is a record that contradicts itself refused?"""

from dataclasses import replace
from typing import Any

import pytest

from fakes import a_cell, a_record, a_training
from zoobench.errors import ResultsError
from zoobench.results.agreement import check_agreement
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Record


def refusal(record: Record) -> str:
    with pytest.raises(ResultsError) as caught:
        check_agreement(record, "place")
    return str(caught.value)


def scored(**changes: Any) -> Record:
    """Returns a record with another accuracy: 2 of 3 samples right unless changed."""
    accuracy = a_record().accuracy
    assert accuracy is not None
    return a_record(accuracy=replace(accuracy, **changes))


def predicted(**changes: str) -> Record:
    """Returns a record with other predictions."""
    accuracy = a_record().accuracy
    assert accuracy is not None
    return scored(predictions=replace(accuracy.predictions, **changes))


def begun(**changes: Any) -> Record:
    """Returns a record with another initialization."""
    startup = a_record().startup
    assert startup is not None
    return a_record(startup=replace(startup, initialization=replace(startup.initialization, **changes)))


def held(**changes: Any) -> Record:
    """Returns a record with other memory."""
    memory = a_record().memory
    assert memory is not None
    return a_record(memory=replace(memory, **changes))


def trained(**changes: Any) -> Record:
    """Returns a record with another training."""
    return a_record(training=a_training(**changes))


def test_a_record_of_the_program_agrees() -> None:
    check_agreement(a_record(), "place")
    check_agreement(a_record(accuracy=None), "place")
    check_agreement(a_record(startup=None, memory=None), "place")
    check_agreement(a_record(training=None), "place")
    check_agreement(trained(kept_epoch=None, learning_rate=(), seconds=None), "place")
    check_agreement(trained(validated=(), validation_loss=(), validation_accuracy=()), "place")
    check_agreement(trained(epochs=400), "place")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        (
            a_record(cell=a_cell(id="mobilenet-integer_only-litert-t2")),
            "cell.id: received 'mobilenet-integer_only-litert-t2'; "
            "expected 'mobilenet-integer_only-litert-t1' from backbone, variant, runtime and threads",
        ),
        (scored(correct=4), "accuracy.correct: received 4; expected at most the 3 of accuracy.total"),
        (scored(total=4), "accuracy.total: received 4; expected the 3 of dataset.samples"),
        (scored(top1=0.66), "accuracy.top1: received 0.66; expected 2 / 3 of accuracy.correct and .total"),
        (
            scored(correct=3, top1=1.0),
            "accuracy.predictions: received 2; expected as many right ones as accuracy.correct, 3",
        ),
        (
            predicted(classes=encode([0, 1])),
            "accuracy.predictions.classes: received 2 values; expected 3, as in truth",
        ),
        (
            predicted(classes=encode([0, 1, 2])),
            "accuracy.predictions.classes: received class 2; expected 0 to 1",
        ),
        (
            predicted(truth=encode([0, 1, 9])),
            "accuracy.predictions.truth: received class 9; expected 0 to 1",
        ),
        (
            predicted(classes=encode([0]), probabilities=encode_shares([1]), truth=encode([0])),
            "accuracy.predictions.truth: received 1; expected one for each of the 3 of accuracy.total",
        ),
        (
            begun(p50_seconds=0.07),
            "startup.initialization.p50_seconds: received 0.07; expected 0.05, the median of observed_seconds",
        ),
        (
            begun(interval=(0.04, 0.06)),
            "startup.initialization.interval: received [0.04, 0.06]; expected two of what was observed",
        ),
        (
            held(peak_rss_bytes=56_050_000),
            "memory.peak_rss_bytes: received 56050000; expected 56000000, the median of observed_peak_rss_bytes",
        ),
        (
            held(base_rss_bytes=None),
            "memory.base_rss_bytes: received None; expected 40000000, the median of observed_base_rss_bytes",
        ),
        (
            held(observed_anonymous_bytes=()),
            "memory.anonymous_bytes: received 25000000; expected None, the median of observed_anonymous_bytes",
        ),
        (
            held(interval=(1, 99_000_000)),
            "memory.interval: received [1, 99000000]; expected two of what was observed",
        ),
        (
            held(base_rss_bytes=57_000_000, observed_base_rss_bytes=(57_000_000,)),
            "memory.base_rss_bytes: received 57000000; expected at most the peak, 56000000",
        ),
        (
            trained(loss=(2.5,)),
            "training.loss: received 1; expected 4 values, one for each epoch of shown",
        ),
        (
            trained(accuracy=()),
            "training.accuracy: received 0; expected 4 values, one for each epoch of shown",
        ),
        (
            trained(learning_rate=(0.001,)),
            "training.learning_rate: received 1; expected 4 values, one for each epoch of shown",
        ),
        (
            trained(validation_loss=(1.5, 1.0, 0.5)),
            "training.validation_loss: received 3; expected 2 values, one for each epoch of validated",
        ),
        (
            trained(validation_accuracy=()),
            "training.validation_accuracy: received 0; expected 2 values, one for each epoch of validated",
        ),
        (trained(epochs=3), "training.shown: received 4; expected at most the 3 of epochs"),
        (trained(validated=(2, 5)), "training.validated: received 5; expected at most the 4 of epochs"),
        (trained(kept_epoch=5), "training.kept_epoch: received 5; expected at most the 4 of epochs"),
        (
            predicted(probabilities="AAA"),
            "accuracy.predictions.probabilities: predictions are not base64: Incorrect padding",
        ),
    ],
)
def test_values_that_contradict_one_another_are_named(record: Record, why: str) -> None:
    assert refusal(record) == f"place.{why}"


def test_long_names_make_no_long_message() -> None:
    assert len(refusal(a_record(cell=a_cell(id="x", backbone="b" * 1_000_000)))) < 300
