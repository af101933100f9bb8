"""What does a model answer to every sample, how often is it right, and how sure is it of the truth?"""

import threading
import time
import zipfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.matrix.runtimes import find_runtime
from zoobench.measure.runtimes import OpenSession, Session, flattened, open_answering_session, open_session
from zoobench.measure.target import Samples, Target
from zoobench.measure.worker import first_patience, later_patience
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import Predictions, RecordedAccuracy, ReferenceAgreement
from zoobench.stats.intervals import wilson
from zoobench.system.files import writing
from zoobench.system.processes import expect, in_fresh_process
from zoobench.system.terminal import capture_native_output, progress

EPSILON = 1e-7
"""As `keras.backend.epsilon()`: probabilities are clipped to [EPSILON, 1 - EPSILON] before the logarithm."""
BATCH = 8
"""Images in one invocation where only the answers matter, of runtimes that answer in batches."""
OnBatch = Callable[[int, npt.NDArray[np.float32]], None]
"""Called with the position of a batch's first sample and the batch's outputs."""
_DTYPES = {
    "predicted": np.dtype(np.int64),
    "probability": np.dtype(np.float32),
    "truth": np.dtype(np.int64),
    "invocation_seconds": np.dtype(np.float64),
}
_LOSS = "loss"
_OPTIONAL = "invocation_seconds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """A model's answers to the test samples, held against the truth.

    Attributes:
        predicted: [n] class index of the largest probability; the first of equals.
        probability: [n] that probability.
        truth: [n] class index of the label.
        loss: Mean categorical cross-entropy in nats.
        invocation_seconds: [n], or None where samples were not run one by one.
    """

    predicted: npt.NDArray[np.int64]
    probability: npt.NDArray[np.float32]
    truth: npt.NDArray[np.int64]
    loss: float
    invocation_seconds: npt.NDArray[np.float64] | None

    @property
    def correct(self) -> int:
        """Number of samples whose predicted class is the true one."""
        return int((self.predicted == self.truth).sum())

    @property
    def total(self) -> int:
        """Number of samples."""
        return len(self.truth)


def measure_accuracy(target: Target, *, workers: int) -> Evaluation:
    """Runs the whole test split; with one worker sample by sample, each invocation timed.

    Workers are sessions side by side, or threads of one session that answers in batches.

    Raises:
        LostError: If native code crashes or never ends.
        MeasurementError: If the file cannot be run, or its answers are not one probability for each class.
    """
    cell, in_batches = target.cell, find_runtime(target.cell.runtime).answers_in_batches
    threads, batch_size = (cell.threads, 1) if workers == 1 else answers_alike(cell.runtime, workers=workers)
    opens = open_answering_session if in_batches and workers > 1 else open_session
    file = target.file
    opener = partial(opens, file.path, runtime=cell.runtime, threads=threads, interface=file.interface)
    return in_fresh_process(  # native code of any file may crash, or never end
        _run_the_samples,
        opener,
        target.samples,
        name=cell.id,
        workers=1 if in_batches else workers,
        batch_size=batch_size,
        patience=first_patience(file.path, runtime=cell.runtime),
    )


def _run_the_samples(
    open_session: OpenSession, samples: Samples, *, name: str, workers: int, batch_size: int, patience: float
) -> Evaluation:
    """Evaluates, and says meanwhile how long the next batch may take: by the longest of those before."""
    longest, latest, done = 0.0, time.monotonic(), 0
    expect(patience, "opening it and its first sample")

    def go_on(count: int) -> None:
        nonlocal longest, latest, done
        now = time.monotonic()
        longest, latest, done = max(longest, now - latest), now, done + count
        expect(later_patience(longest), f"a sample after the first {done}")

    return evaluate(open_session, samples, name=name, workers=workers, batch_size=batch_size, on_done=go_on)


def answers_alike(runtime: str, *, workers: int) -> tuple[int, int]:
    """Returns on how many threads and in which batches several workers have a runtime answer."""
    return (workers, BATCH) if find_runtime(runtime).answers_in_batches else (1, 1)


def evaluate(
    open_session: OpenSession,
    samples: Samples,
    *,
    name: str,
    workers: int = 1,
    batch_size: int = 1,
    on_done: Callable[[int], None] = lambda _count: None,
) -> Evaluation:
    """Runs the test samples through a model, as `run_all` does, and scores its answers; `name` is shown meanwhile.

    `on_done` is told how many more are done.
    """
    done = right = 0
    with progress(f"Accuracy of {name}", total=len(samples)) as advance:

        def count(position: int, values: npt.NDArray[np.float32]) -> None:
            nonlocal done, right
            done += len(values)
            right += int((values.argmax(axis=1) == samples.labels[position : position + len(values)]).sum())
            advance(len(values), f"top-1 {right / done:.3f}")
            on_done(len(values))

        values, seconds = run_all(open_session, samples, workers=workers, batch_size=batch_size, on_batch=count)
    return scored(values, samples.labels, invocation_seconds=seconds)


def scored(
    probabilities: npt.NDArray[np.float32],
    truth: npt.NDArray[np.int64],
    *,
    invocation_seconds: npt.NDArray[np.float64] | None = None,
) -> Evaluation:
    """Scores probabilities [n, classes] against class indices [n].

    The loss is that of `keras.losses.categorical_crossentropy`: each row divided by its sum (quantized outputs do not
    sum to one), clipped to [EPSILON, 1 - EPSILON], minus the logarithm of the true class's share, averaged.

    Raises:
        MeasurementError: If a label has no column.
    """
    if truth.size and truth.max() >= probabilities.shape[1]:
        raise MeasurementError(
            f"the model gives {probabilities.shape[1]} classes, the data has {truth.max() + 1} or more"
        )
    predicted = probabilities.argmax(axis=1)
    sums = probabilities.sum(axis=1, dtype=np.float64)
    true_shares = probabilities[np.arange(len(truth)), truth] / np.maximum(sums, EPSILON)
    loss = -np.log(np.clip(true_shares, EPSILON, 1 - EPSILON)).mean()
    return Evaluation(
        predicted=predicted,
        probability=probabilities.max(axis=1),
        truth=truth,
        loss=float(loss),
        invocation_seconds=invocation_seconds,
    )


def recorded_accuracy(
    evaluation: Evaluation, *, twin: Evaluation | None, reference: tuple[str, Evaluation] | None = None
) -> RecordedAccuracy:
    """Returns the accuracy to record, with the agreement with others' answers to the same samples.

    Args:
        evaluation: The cell's.
        twin: The float twin's; None where there is none.
        reference: Id and evaluation of the same file on the runtime that others are held against; None for its own.
    """
    interval = wilson(evaluation.correct, evaluation.total)
    seconds = evaluation.invocation_seconds
    return RecordedAccuracy(
        top1=evaluation.correct / evaluation.total,
        loss=evaluation.loss,
        correct=evaluation.correct,
        total=evaluation.total,
        interval=(interval.low, interval.high),
        agreement_with_float=_agreement(evaluation, twin) if twin else None,
        agreement_with_reference=_with_reference(evaluation, *reference) if reference else None,
        invocation_p50_seconds=None if seconds is None else float(np.median(seconds)),
        predictions=Predictions(
            classes=encode(evaluation.predicted.tolist()),
            probabilities=encode_shares(evaluation.probability.tolist()),
            truth=encode(evaluation.truth.tolist()),
        ),
    )


def _agreement(ours: Evaluation, theirs: Evaluation) -> float:
    return float(np.mean(ours.predicted == theirs.predicted))


def _with_reference(ours: Evaluation, cell: str, theirs: Evaluation) -> ReferenceAgreement:
    same = ours.predicted == theirs.predicted
    apart = np.abs(ours.probability.astype(np.float64) - theirs.probability)[same]
    return ReferenceAgreement(
        cell=cell,
        share=_agreement(ours, theirs),
        max_probability_difference=float(apart.max()) if same.any() else None,
        mean_probability_difference=float(apart.mean()) if same.any() else None,
    )


def run_all(
    open_session: OpenSession,
    samples: Samples,
    *,
    workers: int = 1,
    batch_size: int = 1,
    on_batch: OnBatch = lambda _position, _values: None,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64] | None]:
    """Runs every sample through a model; the answers depend neither on the number of workers nor on batches.

    Args:
        open_session: Opens the model; each worker opens its own.
        samples: What to run.
        workers: Threads that take batches in turn.
        batch_size: Samples in one invocation, for runtimes that take more than one.
        on_batch: Told of each finished batch, from any worker but never from two at once.
        clock: Nanoseconds.

    Returns:
        The answers [samples, outputs] as the model gave them, dequantized, and the seconds of each invocation
        [samples]: None where samples shared an invocation or the processor with others.

    Raises:
        MeasurementError: If an invocation fails or gives a number that is not finite; it names the sample.
    """
    job = _Job(samples, batch_size=batch_size, on_batch=on_batch, clock=clock)
    with ExitStack() as stack, ThreadPoolExecutor(workers) as pool:
        with capture_native_output():
            sessions = [stack.enter_context(open_session()) for _ in range(workers)]
        futures = [pool.submit(job.work, session) for session in sessions]
        try:
            for future in futures:
                future.result()
        finally:
            job.stop.set()  # on Ctrl-C the other threads end after their current batch
    if job.values is None:
        raise MeasurementError("there are no samples to run; the test split is empty")
    return job.values, job.seconds if workers == batch_size == 1 else None


class _Job:
    def __init__(self, samples: Samples, *, batch_size: int, on_batch: OnBatch, clock: Callable[[], int]) -> None:
        self.stop = threading.Event()
        self.values: npt.NDArray[np.float32] | None = None
        self.seconds = np.zeros(len(samples))
        self._samples = samples
        self._batch_size = batch_size
        self._on_batch = on_batch
        self._clock = clock
        self._starts = iter(range(0, len(samples), batch_size))
        self._lock = threading.Lock()

    def work(self, session: Session) -> None:
        """Takes batches until there are none left or another worker failed."""
        try:
            while not self.stop.is_set():
                with self._lock:
                    start = next(self._starts, None)
                if start is None:
                    break
                self._run(session, start)
        finally:
            self.stop.set()  # no batch is left, or this worker failed: either way nobody takes another

    def _run(self, session: Session, start: int) -> None:
        images = self._samples.images(start, start + self._batch_size)
        session.load(images)
        began = self._clock()
        try:
            session.invoke()
        except (RuntimeError, ValueError, MeasurementError) as error:
            raise MeasurementError(f"the invocation on sample {start} failed: {error}") from error
        elapsed = self._clock() - began
        values = _checked(session.read(), start, len(images))
        with self._lock:
            if self.values is None:
                self.values = np.zeros((len(self._samples), values.shape[1]), np.float32)
            self.values[start : start + len(values)] = values
            self.seconds[start : start + len(values)] = elapsed / 1e9
            self._on_batch(start, values)


def _checked(outputs: npt.NDArray[np.float32], start: int, count: int) -> npt.NDArray[np.float32]:
    """Returns the answers to `count` samples as [count, outputs]."""
    try:
        values = flattened(outputs, count=count)
    except MeasurementError as error:
        raise MeasurementError(f"sample {start}: {error}") from error
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise MeasurementError(
            f"the model's answer to sample {start + int(finite.argmin())} holds numbers that are not finite"
        )
    return values


def save_evaluation(path: Path, evaluation: Evaluation) -> None:
    """Writes an evaluation as plain arrays (.npz, no pickle); equal evaluations give equal bytes.

    Raises:
        OSError: If it cannot be written.
    """
    arrays = {name: getattr(evaluation, name) for name in _DTYPES}
    present = {name: array.astype(_DTYPES[name]) for name, array in arrays.items() if array is not None}
    with writing(path) as handle:
        np.savez(handle, **present, **{_LOSS: np.float64(evaluation.loss)})


def load_evaluation(path: Path, *, truth: npt.NDArray[np.int64]) -> Evaluation:
    """Returns what `save_evaluation` wrote of samples with the class indices `truth` [n].

    Raises:
        MeasurementError: If it is no evaluation, or one of other samples.
    """
    try:
        with path.open("rb") as handle:
            archive = np.load(handle, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is no .npz archive")
            arrays = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise MeasurementError(f"{path} cannot be read ({error}); remove its folder and run again") from error
    if reason := _misfit(arrays, truth):
        raise MeasurementError(f"{path} is no evaluation of these samples: {reason}; remove its folder and run again")
    return Evaluation(
        predicted=arrays["predicted"],
        probability=arrays["probability"],
        truth=arrays["truth"],
        loss=float(arrays[_LOSS]),
        invocation_seconds=arrays.get(_OPTIONAL),
    )


def _misfit(arrays: Mapping[str, npt.NDArray[Any]], truth: npt.NDArray[np.int64]) -> str | None:
    needed = {*_DTYPES, _LOSS}
    if not needed - {_OPTIONAL} <= arrays.keys() <= needed:
        return f"it holds {', '.join(sorted(arrays)) or 'nothing'}"
    for name in _DTYPES.keys() & arrays.keys():
        if (arrays[name].dtype, arrays[name].shape) != (_DTYPES[name], truth.shape):
            return f"{name} is {arrays[name].dtype} {arrays[name].shape}, not {_DTYPES[name]} {truth.shape}"
    if arrays[_LOSS].shape != () or arrays[_LOSS].dtype != np.float64:
        return f"the loss is {arrays[_LOSS].dtype} {arrays[_LOSS].shape}, not one number"
    return None if np.array_equal(arrays["truth"], truth) else "their labels are others"
