"""Are answers scored as Keras scores them, and is none left out?"""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fakes import ScriptedSession, opening, write_samples
from zoobench.errors import MeasurementError
from zoobench.measure.accuracy import EPSILON, Evaluation, evaluate, scored

some_rows = hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 5)), elements=st.floats(0, 1, width=32))


def score(probabilities: list[list[float]], truth: list[int]) -> Evaluation:
    return scored(np.array(probabilities, np.float32), np.array(truth, np.int64))


def test_the_loss_is_the_mean_of_minus_the_logarithms() -> None:
    found = score([[0.5, 0.5], [0.75, 0.25]], [0, 1])
    assert found.loss == pytest.approx(1.5 * math.log(2))  # ln 2 and ln 4


def test_rows_are_divided_by_their_sums() -> None:
    assert score([[2, 6]], [0]).loss == pytest.approx(math.log(4))
    assert score([[0.125, 0.125]], [0]).loss == pytest.approx(math.log(2))


def test_a_probability_of_nought_costs_what_epsilon_costs() -> None:
    assert EPSILON == 1e-7
    assert score([[1, 0]], [1]).loss == pytest.approx(16.118, abs=5e-4)  # -ln 1e-7 = 7 ln 10
    assert score([[0, 0]], [1]).loss == pytest.approx(16.118, abs=5e-4)


def test_certainty_costs_next_to_nothing() -> None:
    assert score([[1, 0]], [0]).loss == pytest.approx(1e-7, rel=1e-3)


def test_of_equals_the_first_is_predicted() -> None:
    found = score([[0.2, 0.4, 0.4], [0.3, 0.3, 0.3]], [1, 2])
    assert found.predicted.tolist() == [1, 0]
    assert (found.correct, found.total) == (1, 2)


def test_the_probability_is_the_largest_of_the_row_as_the_model_gave_it() -> None:
    assert score([[0.125, 0.5], [2, 6]], [0, 0]).probability.tolist() == [0.5, 6.0]


@given(rows=some_rows, data=st.data())
def test_every_sample_counts_whatever_was_answered(rows: np.ndarray, data: st.DataObject) -> None:
    truth = np.array(data.draw(st.lists(st.integers(0, rows.shape[1] - 1), min_size=len(rows), max_size=len(rows))))
    found = scored(rows, truth)
    assert found.total == len(found.predicted) == len(found.probability) == len(rows)
    assert 0 <= found.correct <= found.total
    assert 0 < found.loss <= -math.log(EPSILON) + 1e-9


@given(rows=some_rows, data=st.data())
def test_the_order_of_samples_plays_no_part(rows: np.ndarray, data: st.DataObject) -> None:
    truth = np.array(data.draw(st.lists(st.integers(0, rows.shape[1] - 1), min_size=len(rows), max_size=len(rows))))
    order = np.array(data.draw(st.permutations(range(len(rows)))))
    assert scored(rows[order], truth[order]).correct == scored(rows, truth).correct
    assert scored(rows[order], truth[order]).loss == pytest.approx(scored(rows, truth).loss)


@pytest.mark.parametrize("label", [2, 3])
def test_a_label_that_the_model_does_not_know_is_an_error(label: int) -> None:
    with pytest.raises(MeasurementError, match=f"the model gives 2 classes, the data has {label + 1} or more"):
        score([[0.5, 0.5], [0.5, 0.5]], [0, label])


@pytest.mark.parametrize(("workers", "batch_size"), [(1, 1), (3, 1), (1, 4)])
def test_a_model_is_evaluated_on_every_sample(tmp_path: Path, workers: int, batch_size: int) -> None:
    answers = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7], [0.5, 0.5]], np.float32)
    samples = write_samples(tmp_path, [0, 1, 1, 0, 0])
    sessions = [ScriptedSession(answers) for _ in range(workers)]
    found = evaluate(opening(*sessions), samples, name="model", workers=workers, batch_size=batch_size)
    assert found.predicted.tolist() == [0, 1, 0, 1, 0]
    assert found.truth.tolist() == [0, 1, 1, 0, 0]
    assert (found.correct, found.total) == (3, 5)
    expected = -sum(math.log(share) for share in (0.9, 0.8, 0.4, 0.3, 0.5)) / 5
    assert found.loss == pytest.approx(expected)


def test_seconds_are_kept_where_samples_ran_one_by_one(tmp_path: Path) -> None:
    samples = write_samples(tmp_path, [0, 1])
    one_by_one = evaluate(opening(ScriptedSession(np.eye(2))), samples, name="model")
    together = evaluate(opening(ScriptedSession(np.eye(2))), samples, name="model", batch_size=2)
    assert one_by_one.invocation_seconds is not None
    assert one_by_one.invocation_seconds.shape == (2,)
    assert together.invocation_seconds is None


def test_progress_ends_with_the_accuracy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = write_samples(tmp_path, [0, 1, 1])
    evaluate(opening(ScriptedSession([[1, 0], [1, 0], [0, 1]])), samples, name="mobilenet-float32")
    shown = capsys.readouterr().err
    assert shown.startswith("Accuracy of mobilenet-float32: 3 in ")
    assert shown.endswith(" s top-1 0.667\n")


def test_an_answer_that_is_no_number_stops_the_evaluation(tmp_path: Path) -> None:
    samples = write_samples(tmp_path, [0, 1, 1])
    answers = [[1.0, 0.0], [0.0, 1.0], [math.nan, 1.0]]
    with pytest.raises(MeasurementError, match="sample 2 holds numbers that are not finite"):
        evaluate(opening(ScriptedSession(answers)), samples, name="model")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["probabilities", "unnormalised", "certain"])
def test_the_loss_is_that_of_keras(kind: str) -> None:
    import keras

    rng = np.random.default_rng(1)
    rows = rng.random((500, 7), np.float32)
    if kind == "probabilities":
        rows /= rows.sum(axis=1, keepdims=True)
    if kind == "certain":
        rows = np.eye(7, dtype=np.float32)[rng.integers(0, 7, 500)]
    truth = rng.integers(0, 7, 500)
    expected = keras.losses.categorical_crossentropy(np.eye(7, dtype=np.float32)[truth], rows)
    assert scored(rows, truth).loss == pytest.approx(float(np.mean(np.asarray(expected))), rel=1e-5)
