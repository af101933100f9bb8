"""Is every sample run once, whoever runs it, and is no failure lost?"""

import re
import threading
import time
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import MILLISECOND, FakeClock, ScriptedSession, opening, write_samples
from zoobench.errors import MeasurementError
from zoobench.measure.inference import run_all
from zoobench.measure.runtimes import Session
from zoobench.measure.samples import Samples

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
    outputs = run_all(opening(*sessions), first(samples, count), workers=workers, batch_size=batch_size)
    np.testing.assert_array_equal(outputs.values, ANSWERS[:count])
    assert outputs.values.dtype == np.float32
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
    outputs = run_all(opening(session, duration=70 * MILLISECOND), first(samples, 3), clock=clock)
    assert outputs.invocation_seconds is not None
    assert outputs.invocation_seconds.tolist() == [0.003, 0.005, 0.004]


@pytest.mark.parametrize(("workers", "batch_size"), [(2, 1), (1, 2)])
def test_shared_invocations_have_no_seconds_of_their_own(samples: Samples, workers: int, batch_size: int) -> None:
    sessions = [ScriptedSession(ANSWERS) for _ in range(workers)]
    assert run_all(opening(*sessions), samples, workers=workers, batch_size=batch_size).invocation_seconds is None


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
