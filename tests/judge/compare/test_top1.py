"""Is the change of accuracy paired by sample?"""

from dataclasses import replace

import pytest

from fakes import a_cell, a_record
from resultfiles import answered
from zoobench.judge.compare.top1 import paired_answers, top1_change
from zoobench.results.record import Record
from zoobench.stats.paired import Answers


def record(right: str) -> Record:
    return a_record(accuracy=answered(right))


def test_answers_are_paired_sample_by_sample() -> None:
    assert paired_answers(record("++--+"), record("+-+-+")) == Answers(both=2, lost=1, won=1, neither=1)


def test_a_change_is_in_points_with_mcnemars_p() -> None:
    found = top1_change(record("+" * 7 + "-" + "+" * 12), record("-" * 7 + "+" + "+" * 12))
    assert found.change == pytest.approx(-6 / 20)
    assert found.p_value == pytest.approx(10 / 256)
    assert found.interval is not None
    assert found.interval.low < -0.3 < found.interval.high < 0
    assert (found.basis, found.judgement) == ("samples", "unclear")  # decided when all cells are known


def test_the_same_answers_are_the_same_accuracy() -> None:
    found = top1_change(record("++-"), record("++-"))
    assert (found.change, found.p_value, found.judgement) == (0, 1, "same")


def test_other_samples_are_not_paired() -> None:
    base, new = record("++-"), record("+++")
    other = replace(new, dataset=replace(new.dataset, sha256="00" * 32))
    assert paired_answers(base, other) is None
    found = top1_change(base, other)
    assert (found.interval, found.p_value, found.judgement) == (None, None, "unclear")


def test_other_truths_under_the_same_hash_are_not_paired() -> None:
    base = record("++-")
    assert base.accuracy is not None
    predictions = base.accuracy.predictions
    turned = replace(
        base.accuracy, predictions=replace(predictions, classes=predictions.truth, truth=predictions.classes)
    )
    assert paired_answers(base, replace(base, accuracy=turned)) is None


def test_other_classes_under_the_same_hash_are_not_paired() -> None:
    base = record("++-")
    assert paired_answers(base, replace(base, dataset=replace(base.dataset, classes=("cat",)))) is None


def test_another_name_of_the_same_samples_does_not_matter() -> None:
    base = record("++-")
    assert paired_answers(base, replace(base, dataset=replace(base.dataset, name="zoo"))) is not None


def test_random_weights_are_shown_and_not_judged() -> None:
    random = replace(record("---------"), cell=a_cell(weights="random"))
    found = top1_change(record("+++++++++"), random)
    assert (found.change, found.p_value, found.judgement) == (-1, None, "unclear")


def test_what_one_side_lacks_is_not_compared() -> None:
    for found in (top1_change(record("+-"), None), top1_change(record("+-"), a_record(accuracy=None))):
        assert (found.base, found.new, found.change, found.judgement) == (0.5, None, None, None)
