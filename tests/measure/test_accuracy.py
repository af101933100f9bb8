"""Is every sample run once, scored as one would by hand, and kept as it was?"""

import io
import math
import re
import threading
import time
import zipfile
from collections import Counter
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from fakes import MILLISECOND, FakeClock, ScriptedSession, opening, write_samples
from zoobench.errors import MeasurementError
from zoobench.measure.accuracy import (
    EPSILON,
    Evaluation,
    evaluate,
    load_evaluation,
    recorded_accuracy,
    run_all,
    save_evaluation,
    scored,
)
from zoobench.measure.runtimes import Session
from zoobench.measure.target import Samples
from zoobench.results.answers import decode
from zoobench.results.schema import ReferenceAgreement

some_rows = hnp.arrays(np.float32, st.tuples(st.integers(1, 20), st.integers(2, 5)), elements=st.floats(0, 1, width=32))


def score(probabilities: list[list[float]], truth: list[int]) -> Evaluation:
    return scored(np.array(probabilities, np.float32), np.array(truth, np.int64))


@pytest.mark.parametrize(
    ("probabilities", "truth", "loss"),
    [
        ([[0.5, 0.5], [0.75, 0.25]], [0, 1], 1.5 * math.log(2)),  # the mean of ln 2 and ln 4
        ([[2, 6]], [0], math.log(4)),  # rows are divided by their sums
        ([[0.125, 0.125]], [0], math.log(2)),
        ([[1, 0]], [1], 7 * math.log(10)),  # nought costs what epsilon does
        ([[0, 0]], [1], 7 * math.log(10)),
        ([[1, 0]], [0], 1e-7),  # certainty costs next to nothing
    ],
)
def test_the_loss_is_the_mean_of_minus_the_logarithms(
    probabilities: list[list[float]], truth: list[int], loss: float
) -> None:
    assert EPSILON == 1e-7
    assert score(probabilities, truth).loss == pytest.approx(loss, rel=1e-3 if loss < 1 else 1e-6)


def test_of_equals_the_first_is_predicted_with_the_probability_that_the_model_gave() -> None:
    found = score([[0.25, 0.5, 0.5], [2, 2, 2]], [1, 2])
    assert found.predicted.tolist() == [1, 0]
    assert found.probability.tolist() == [0.5, 2.0]
    assert (found.correct, found.total) == (1, 2)


some_answers = some_rows.flatmap(
    lambda rows: st.tuples(st.just(rows), hnp.arrays(np.int64, len(rows), elements=st.integers(0, rows.shape[1] - 1)))
)


@given(some_answers, st.randoms())
def test_every_sample_counts_whatever_was_answered_and_in_any_order(
    answers: tuple[np.ndarray, np.ndarray], random: Random
) -> None:
    rows, truth = answers
    found = scored(rows, truth)
    assert found.total == len(found.predicted) == len(found.probability) == len(rows)
    assert 0 <= found.correct <= found.total
    assert 0 < found.loss <= -math.log(EPSILON) + 1e-9
    order = np.array(random.sample(range(len(rows)), len(rows)))
    assert scored(rows[order], truth[order]).correct == found.correct
    assert scored(rows[order], truth[order]).loss == pytest.approx(found.loss)


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
    assert (found.invocation_seconds is not None) is (workers == batch_size == 1)


def test_progress_ends_with_the_accuracy(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    samples = write_samples(tmp_path, [0, 1, 1])
    evaluate(opening(ScriptedSession([[1, 0], [1, 0], [0, 1]])), samples, name="mobilenet-float32")
    shown = capsys.readouterr().err
    assert shown.startswith("Accuracy of mobilenet-float32: 3 in ")
    assert shown.endswith(" s top-1 0.667\n")


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


def evaluation(predicted: list[int], truth: list[int], *, seconds: list[float] | None = None) -> Evaluation:
    return Evaluation(
        predicted=np.array(predicted),
        probability=np.linspace(0.5, 1, len(predicted), dtype=np.float32),
        truth=np.array(truth),
        loss=0.25,
        invocation_seconds=None if seconds is None else np.array(seconds),
    )


def test_accuracy_is_counted_and_has_wilsons_interval() -> None:
    right = evaluation([1] * 15 + [0] * 133, [1] * 148)
    recorded = recorded_accuracy(right, twin=right)
    assert (recorded.correct, recorded.total, recorded.loss) == (15, 148, 0.25)
    assert recorded.top1 == 15 / 148
    assert recorded.interval == pytest.approx((0.0624, 0.1605), abs=5e-5)  # Newcombe 1998, table I, method 3


def test_agreement_counts_equal_answers_right_or_wrong() -> None:
    own, twin, elsewhere = (evaluation(one, [0] * 4) for one in ([0, 1, 1, 2], [0, 1, 2, 2], [0, 1, 1, 1]))
    recorded = recorded_accuracy(own, twin=twin, reference=("the-other", elsewhere))
    assert recorded.agreement_with_float == 0.75
    agreement = recorded.agreement_with_reference
    assert agreement
    assert (agreement.cell, agreement.share) == ("the-other", 0.75)
    alone = recorded_accuracy(own, twin=own)
    assert (alone.agreement_with_float, alone.agreement_with_reference) == (1.0, None)


def test_probabilities_are_compared_where_both_predict_the_same_class() -> None:
    own, there = evaluation([0, 1, 2], [0] * 3), evaluation([0, 1, 0], [0] * 3)
    there = replace(there, probability=there.probability + np.array([0.25, -0.05, 0.5], np.float32))
    agreement = recorded_accuracy(own, twin=own, reference=("the-other", there)).agreement_with_reference
    assert agreement
    assert agreement.max_probability_difference == pytest.approx(0.25)
    assert agreement.mean_probability_difference == pytest.approx(0.15)


def test_where_no_class_agrees_no_probability_is_compared() -> None:
    own, there = evaluation([0, 1], [0] * 2), evaluation([1, 0], [0] * 2)
    agreement = recorded_accuracy(own, twin=own, reference=("the-other", there)).agreement_with_reference
    assert agreement == ReferenceAgreement(cell="the-other", share=0.0)


def test_every_prediction_is_kept_with_its_probability_and_the_truth() -> None:
    recorded = recorded_accuracy(evaluation([2, 0, 1], [2, 1, 1]), twin=evaluation([2, 0, 1], [2, 1, 1]))
    assert decode(recorded.predictions.classes) == (2, 0, 1)
    assert decode(recorded.predictions.truth) == (2, 1, 1)
    assert decode(recorded.predictions.probabilities) == (32768, 49151, 65535)  # 0.5, 0.75 and 1 of 65535


def test_the_median_invocation_is_kept_where_there_is_one() -> None:
    timed = evaluation([0, 0, 0, 0], [0, 0, 0, 0], seconds=[0.004, 0.001, 0.002, 0.009])
    assert recorded_accuracy(timed, twin=timed).invocation_p50_seconds == pytest.approx(0.003)
    untimed = evaluation([0] * 4, [0] * 4)
    assert recorded_accuracy(untimed, twin=timed).invocation_p50_seconds is None


COUNT = 40
ANSWERS = np.random.default_rng(0).random((COUNT, 3), np.float32)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Samples:
    return write_samples(tmp_path_factory.mktemp("samples"), [0] * COUNT)


def first(samples: Samples, count: int) -> Samples:
    return Samples(path=samples.path, rows=samples.rows[:count], labels=samples.labels[:count])


def loaded(log: list[str]) -> list[int]:
    """Returns every row that was loaded, in order."""
    return [int(row) for line in log if ".load" in line for row in re.findall(r"\d+", line)]


@settings(max_examples=60, deadline=None)
@given(count=st.integers(1, COUNT), workers=st.integers(1, 4), batch_size=st.integers(1, 7))
def test_answers_depend_neither_on_workers_nor_on_batches(
    samples: Samples, count: int, workers: int, batch_size: int
) -> None:
    log: list[str] = []
    sessions = [ScriptedSession(ANSWERS, log=log) for _ in range(workers)]
    values, _ = run_all(opening(*sessions), first(samples, count), workers=workers, batch_size=batch_size)
    np.testing.assert_array_equal(values, ANSWERS[:count])
    assert values.dtype == np.float32
    assert Counter(loaded(log)) == Counter(range(count))


def test_one_worker_goes_sample_by_sample_and_closes_what_it_opened(samples: Samples) -> None:
    session = ScriptedSession(ANSWERS)
    run_all(opening(session), first(samples, 2))
    steps = ("open", "load(0)", "invoke", "load(1)", "invoke", "close")
    assert session.log == [f"model.{step}" for step in steps]


def test_the_invocation_alone_is_on_the_clock(samples: Samples) -> None:
    clock = FakeClock()
    durations = (3 * MILLISECOND, 5 * MILLISECOND, 4 * MILLISECOND)
    session = ScriptedSession(ANSWERS, clock=clock, durations=durations, load_duration=100 * MILLISECOND)
    _, seconds = run_all(opening(session, duration=70 * MILLISECOND), first(samples, 3), clock=clock)
    assert seconds is not None
    assert seconds.tolist() == [0.003, 0.005, 0.004]


@pytest.mark.parametrize(("workers", "batch_size"), [(2, 1), (1, 2)])
def test_shared_invocations_have_no_seconds_of_their_own(samples: Samples, workers: int, batch_size: int) -> None:
    sessions = [ScriptedSession(ANSWERS) for _ in range(workers)]
    assert run_all(opening(*sessions), samples, workers=workers, batch_size=batch_size)[1] is None


@settings(max_examples=20, deadline=None)
@given(workers=st.integers(1, 4), batch_size=st.integers(1, 7))
def test_each_batch_is_told_once_and_never_two_at_a_time(samples: Samples, workers: int, batch_size: int) -> None:
    alone = threading.Lock()
    told: dict[int, npt.NDArray[np.float32]] = {}

    def on_batch(position: int, values: npt.NDArray[np.float32]) -> None:
        assert alone.acquire(blocking=False), "two workers told of a batch at once"
        time.sleep(0.0001)  # a window for the other worker to come in by
        told[position] = values
        alone.release()

    sessions = [ScriptedSession(ANSWERS) for _ in range(workers)]
    run_all(opening(*sessions), samples, workers=workers, batch_size=batch_size, on_batch=on_batch)
    assert sorted(told) == list(range(0, COUNT, batch_size))
    np.testing.assert_array_equal(np.concatenate([told[position] for position in sorted(told)]), ANSWERS)


@pytest.mark.parametrize("error", [RuntimeError("out of memory"), ValueError("out of memory")])
def test_a_failing_invocation_names_its_sample(samples: Samples, error: Exception) -> None:
    session = ScriptedSession(ANSWERS, failures={2: error})
    with pytest.raises(MeasurementError) as caught:
        run_all(opening(session), samples)
    assert str(caught.value) == "the invocation on sample 2 failed: out of memory"
    assert session.invocations == 3
    assert session.log[-1] == "model.close"


class Waiting(ScriptedSession):
    """Goes on only once another session has failed, and then slowly enough for that to be noticed."""

    failed = threading.Event()

    def invoke(self) -> None:
        self.failed.wait()
        time.sleep(0.01)
        super().invoke()


class Failing(ScriptedSession):
    """Fails on the first sample it gets."""

    def invoke(self) -> None:
        Waiting.failed.set()
        raise RuntimeError("no luck")


def test_a_failing_worker_stops_the_others(tmp_path: Path) -> None:
    count = 2000  # the other worker would need 20 s for them
    samples = write_samples(tmp_path, [0] * count)
    Waiting.failed.clear()
    log = list[str]()
    answers = np.zeros((count, 2))
    sessions = [Waiting(answers, name="other", log=log), Failing(answers, name="failing", log=log)]
    with pytest.raises(MeasurementError, match="failed: no luck"):
        run_all(opening(*sessions), samples, workers=2)
    assert len(loaded(log)) < count
    assert log[-2:] == ["failing.close", "other.close"]


def test_an_error_while_told_of_a_batch_is_not_lost(samples: Samples) -> None:
    def on_batch(_position: int, _values: npt.NDArray[np.float32]) -> None:
        raise LookupError("nobody listens")

    with pytest.raises(LookupError, match="nobody listens"):
        run_all(opening(ScriptedSession(ANSWERS)), samples, on_batch=on_batch)


def test_no_samples_are_an_error_and_no_empty_result(samples: Samples) -> None:
    with pytest.raises(MeasurementError, match="there are no samples to run; the test split is empty"):
        run_all(opening(ScriptedSession(ANSWERS)), first(samples, 0))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("batch_size", [1, 3, 40])
def test_an_answer_that_is_not_finite_names_its_sample(samples: Samples, value: float, batch_size: int) -> None:
    answers = ANSWERS.copy()
    answers[4, 1] = value
    with pytest.raises(MeasurementError, match="the model's answer to sample 4 holds numbers that are not finite"):
        run_all(opening(ScriptedSession(answers)), samples, batch_size=batch_size)


class Forgetful(ScriptedSession):
    """Answers to the first sample of a batch alone, as a model built for a batch of one might."""

    def read(self) -> npt.NDArray[np.float32]:
        return super().read()[:1]


@pytest.mark.parametrize(
    ("session", "told"),
    [
        (Forgetful(ANSWERS), "sample 0: the model's answer to 8 images has the shape (1, 3); expected (8, classes)"),
        (ScriptedSession(np.zeros((COUNT, 4, 4))), "has the shape (8, 4, 4); expected (8, classes)"),
    ],
)
def test_what_is_not_one_row_for_each_sample_is_no_classifier_s_answer(
    samples: Samples, session: ScriptedSession, told: str
) -> None:
    with pytest.raises(MeasurementError, match=re.escape(told)):
        run_all(opening(session), samples, batch_size=8)


def test_a_session_that_cannot_be_opened_closes_those_that_were(samples: Samples) -> None:
    session = ScriptedSession(ANSWERS)
    open_once = opening(session)

    def open_session() -> AbstractContextManager[Session]:
        if session.log:
            raise MeasurementError("no such file")
        return open_once()

    with pytest.raises(MeasurementError, match="no such file"):
        run_all(open_session, samples, workers=2)
    assert session.log == ["model.open", "model.close"]


TRUTH = np.array([0, 1, 1])


def an_evaluation(**changes: Any) -> Evaluation:
    answers = np.array([[0.9, 0.1], [0.4, 0.6], [0.7, 0.3]], np.float32)
    return scored(answers, TRUTH, **changes)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_evaluation(tmp_path / "evaluation.npz", an_evaluation())
    return tmp_path / "evaluation.npz"


def arrays(path: Path) -> dict[str, Any]:
    with np.load(path) as archive:
        return dict(archive)


def refusal(path: Path) -> str:
    with pytest.raises(MeasurementError) as caught:
        load_evaluation(path, truth=TRUTH)
    assert str(caught.value).startswith(f"{path} ")
    assert str(caught.value).endswith("; remove its folder and run again")
    return str(caught.value)


@pytest.mark.parametrize("seconds", [None, np.array([0.1, 0.2, 0.3])])
def test_an_evaluation_comes_back_as_it_was(tmp_path: Path, seconds: Any) -> None:
    saved = an_evaluation(invocation_seconds=seconds)
    save_evaluation(tmp_path / "one.npz", saved)
    back = load_evaluation(tmp_path / "one.npz", truth=TRUTH)
    for name in ("predicted", "probability", "truth", *([] if seconds is None else ["invocation_seconds"])):
        np.testing.assert_array_equal(getattr(back, name), getattr(saved, name))
        assert getattr(back, name).dtype == getattr(saved, name).dtype
    assert (back.loss, back.invocation_seconds is None) == (saved.loss, seconds is None)


def test_equal_evaluations_give_equal_bytes(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    save_evaluation(tmp_path / "again.npz", an_evaluation())
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"truth": np.array([1, 1, 1])}, "their labels are others"),
        ({"truth": np.array([{}, {}, {}], object)}, "cannot be read (Object arrays cannot be loaded"),
        ({"predicted": np.array([0, 1])}, "predicted is int64 (2,), not int64 (3,)"),
        ({"predicted": np.array([0.0, 1.0, 1.0])}, "predicted is float64 (3,), not int64 (3,)"),
        ({"probability": np.zeros((3, 1), np.float32)}, "probability is float32 (3, 1), not float32 (3,)"),
        ({"loss": np.zeros(1)}, "the loss is float64 (1,), not one number"),
        ({"loss": np.int64(1)}, "the loss is int64 (), not one number"),
        ({"more": np.zeros(1)}, "it holds loss, more, predicted, probability, truth"),
    ],
)
def test_arrays_of_other_samples_of_another_shape_or_pickled_are_refused(
    path: Path, changes: dict[str, Any], reason: str
) -> None:
    np.savez(path, **arrays(path) | changes)
    assert reason in refusal(path)


@pytest.mark.parametrize("name", ["predicted", "probability", "truth", "loss"])
def test_a_missing_array_is_refused(path: Path, name: str) -> None:
    kept = arrays(path)
    del kept[name]
    np.savez(path, **kept)
    assert "it holds " in refusal(path)


def a_single_array() -> bytes:
    content = io.BytesIO()
    np.save(content, TRUTH)
    return content.getvalue()


def an_empty_archive() -> bytes:
    content = io.BytesIO()
    zipfile.ZipFile(content, "w").close()
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "cannot be read ("),
        (b"what is this?", "cannot be read ("),
        (b"PK\x03\x04", "cannot be read ("),
        (a_single_array(), "cannot be read (it is no .npz archive)"),
        (an_empty_archive(), "it holds nothing"),
        (None, "cannot be read ([Errno 2]"),
    ],
)
def test_what_is_no_archive_is_refused(path: Path, content: bytes | None, reason: str) -> None:
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert reason in refusal(path)
