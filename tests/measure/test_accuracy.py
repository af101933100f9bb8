"""Is every sample run once, scored as one would by hand, and kept as it was?"""

import math
import re
import threading
import time
import zipfile
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path
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
    own = evaluation([0, 1, 1, 2], [0, 0, 0, 0])
    twin = evaluation([0, 1, 2, 2], [0, 0, 0, 0])
    assert recorded_accuracy(own, twin=twin).agreement_with_float == 0.75
    assert recorded_accuracy(own, twin=own).agreement_with_float == 1.0


def test_another_runtime_is_held_against_the_same_file_elsewhere() -> None:
    own, elsewhere = evaluation([0, 1, 1, 2], [0, 0, 0, 0]), evaluation([0, 1, 1, 1], [0, 0, 0, 0])
    recorded = recorded_accuracy(own, twin=own, reference=("the-other", elsewhere))
    assert recorded.agreement_with_reference == ReferenceAgreement(cell="the-other", share=0.75)
    assert recorded_accuracy(own, twin=own).agreement_with_reference is None


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
    assert session.log == [
        "model.open",
        "model.load(0)",
        "model.invoke",
        "model.load(1)",
        "model.invoke",
        "model.close",
    ]


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

    def __init__(self, answers: npt.ArrayLike, *, failed: threading.Event, log: list[str]) -> None:
        super().__init__(answers, name="other", log=log)
        self._failed = failed

    def invoke(self) -> None:
        self._failed.wait()
        time.sleep(0.01)
        super().invoke()


class Failing(ScriptedSession):
    """Fails on the first sample it gets."""

    def __init__(self, answers: npt.ArrayLike, *, failed: threading.Event, log: list[str]) -> None:
        super().__init__(answers, name="failing", log=log)
        self._failed = failed

    def invoke(self) -> None:
        self._failed.set()
        raise RuntimeError("no luck")


def test_a_failing_worker_stops_the_others(tmp_path: Path) -> None:
    count = 2000  # the other worker would need 20 s for them
    samples = write_samples(tmp_path, [0] * count)
    failed, log = threading.Event(), list[str]()
    sessions = [kind(np.zeros((count, 2)), failed=failed, log=log) for kind in (Waiting, Failing)]
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


def test_samples_without_an_answer_are_not_passed_over(samples: Samples) -> None:
    with pytest.raises(MeasurementError) as caught:
        run_all(opening(Forgetful(ANSWERS)), samples, batch_size=8)
    assert str(caught.value) == "the model's answer to sample 0 has the shape (1, 3); expected (8, classes)"


def test_a_model_that_gives_images_is_no_classifier(samples: Samples) -> None:
    with pytest.raises(MeasurementError, match=re.escape("has the shape (1, 4, 4); expected (1, classes)")):
        run_all(opening(ScriptedSession(np.zeros((COUNT, 4, 4)))), samples)


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


def assert_equal(one: Evaluation, other: Evaluation) -> None:
    for name in ("predicted", "probability", "truth"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        assert getattr(one, name).dtype == getattr(other, name).dtype
    assert one.loss == other.loss


def test_an_evaluation_comes_back_as_it_was(path: Path) -> None:
    back = load_evaluation(path, truth=TRUTH)
    assert_equal(back, an_evaluation())
    assert back.invocation_seconds is None
    assert (back.correct, back.total) == (2, 3)


def test_times_come_back_where_there_are_any(tmp_path: Path) -> None:
    seconds = np.array([0.1, 0.2, 0.3])
    save_evaluation(tmp_path / "timed.npz", an_evaluation(invocation_seconds=seconds))
    back = load_evaluation(tmp_path / "timed.npz", truth=TRUTH)
    assert back.invocation_seconds is not None
    np.testing.assert_array_equal(back.invocation_seconds, seconds)


def test_equal_evaluations_give_equal_bytes(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 2_000_000_000.0)
    monkeypatch.setattr("time.localtime", lambda *_: (2033, 5, 18, 3, 33, 20, 2, 138, 0))
    save_evaluation(tmp_path / "again.npz", an_evaluation())
    assert (tmp_path / "again.npz").read_bytes() == path.read_bytes()


def test_an_evaluation_of_other_samples_is_refused(path: Path) -> None:
    np.savez(path, **arrays(path) | {"truth": np.array([1, 1, 1])})
    assert "their labels are others" in refusal(path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"predicted": np.array([0, 1])}, "predicted is int64 (2,), not int64 (3,)"),
        ({"predicted": np.array([0.0, 1.0, 1.0])}, "predicted is float64 (3,), not int64 (3,)"),
        ({"probability": np.zeros((3, 1), np.float32)}, "probability is float32 (3, 1), not float32 (3,)"),
        ({"loss": np.zeros(1)}, "the loss is float64 (1,), not one number"),
        ({"loss": np.int64(1)}, "the loss is int64 (), not one number"),
        ({"more": np.zeros(1)}, "it holds loss, more, predicted, probability, truth"),
    ],
)
def test_arrays_of_another_shape_or_kind_are_refused(path: Path, changes: dict[str, Any], reason: str) -> None:
    np.savez(path, **arrays(path) | changes)
    assert reason in refusal(path)


@pytest.mark.parametrize("name", ["predicted", "probability", "truth", "loss"])
def test_a_missing_array_is_refused(path: Path, name: str) -> None:
    kept = arrays(path)
    del kept[name]
    np.savez(path, **kept)
    assert "it holds " in refusal(path)


def test_pickled_objects_are_refused(path: Path) -> None:
    np.savez(path, **arrays(path) | {"truth": np.array([{}, {}, {}], object)})
    assert "cannot be read (Object arrays cannot be loaded" in refusal(path)


def test_a_single_array_is_refused(path: Path) -> None:
    with path.open("wb") as handle:
        np.save(handle, TRUTH)
    assert "cannot be read (it is no .npz archive)" in refusal(path)


@pytest.mark.parametrize("content", [b"", b"what is this?", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert "cannot be read (" in refusal(path)


def test_a_missing_file_is_refused(path: Path) -> None:
    path.unlink()
    assert "cannot be read ([Errno 2]" in refusal(path)


def test_an_empty_archive_is_refused(path: Path) -> None:
    with zipfile.ZipFile(path, "w"):
        pass
    assert "it holds nothing" in refusal(path)
