"""What does a model answer to every sample, and how long did each answer take?"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from zoobench.errors import MeasurementError
from zoobench.measure.runtimes import Session
from zoobench.measure.samples import Samples
from zoobench.system.terminal import capture_native_output

OpenSession = Callable[[], AbstractContextManager[Session]]
OnBatch = Callable[[int, npt.NDArray[np.float32]], None]
"""Called with the position of a batch's first sample and the batch's outputs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Every sample's answer.

    Attributes:
        values: [samples, outputs] float32, as the model gave them, dequantized.
        invocation_seconds: [samples], or None where samples shared an invocation or the processor with others.
    """

    values: npt.NDArray[np.float32]
    invocation_seconds: npt.NDArray[np.float64] | None


def run_all(
    open_session: OpenSession,
    samples: Samples,
    *,
    workers: int = 1,
    batch_size: int = 1,
    on_batch: OnBatch = lambda _position, _values: None,
    clock: Callable[[], int] = time.perf_counter_ns,
) -> Outputs:
    """Runs every sample through a model.

    Args:
        open_session: Opens the model; each worker opens its own.
        samples: What to run.
        workers: Threads that take batches in turn. The answers do not depend on their number.
        batch_size: Samples in one invocation.
        on_batch: Told of each finished batch, from any worker but never from two at once.
        clock: Nanoseconds.

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
    alone = workers == 1 and batch_size == 1
    return Outputs(values=job.values, invocation_seconds=job.seconds if alone else None)


class _Job:
    """The work that several threads share: which batch is next, and where answers are put."""

    def __init__(self, samples: Samples, *, batch_size: int, on_batch: OnBatch, clock: Callable[[], int]) -> None:
        self.stop = threading.Event()
        self._samples = samples
        self._batch_size = batch_size
        self._on_batch = on_batch
        self._clock = clock
        self._starts = iter(range(0, len(samples), batch_size))
        self._lock = threading.Lock()
        self._values: npt.NDArray[np.float32] | None = None
        self.seconds = np.zeros(len(samples))

    def work(self, session: Session) -> None:
        """Takes batches until there are none left or another worker failed."""
        try:
            while not self.stop.is_set() and (start := self._next_start()) is not None:
                self._run(session, start)
        finally:
            self.stop.set()  # no batch is left, or this worker failed: either way nobody takes another

    @property
    def values(self) -> npt.NDArray[np.float32]:
        """The answers, [samples, outputs]."""
        if self._values is None:
            raise MeasurementError("there are no samples to run; the test split is empty")
        return self._values

    def _next_start(self) -> int | None:
        with self._lock:
            return next(self._starts, None)

    def _run(self, session: Session, start: int) -> None:
        images = self._samples.images(start, start + self._batch_size)
        session.load(images)
        began = self._clock()
        try:
            session.invoke()
        except (RuntimeError, ValueError, MeasurementError) as error:
            raise MeasurementError(f"the invocation on sample {start} failed: {error}") from error
        elapsed = self._clock() - began
        values = session.read()
        _check(values, start, len(images))
        with self._lock:
            self._keep(start, values, elapsed / 1e9)

    def _keep(self, start: int, values: npt.NDArray[np.float32], seconds: float) -> None:
        if self._values is None:
            self._values = np.zeros((len(self._samples), values.shape[1]), np.float32)
        self._values[start : start + len(values)] = values
        self.seconds[start : start + len(values)] = seconds
        self._on_batch(start, values)


def _check(values: npt.NDArray[np.float32], start: int, count: int) -> None:
    """Refuses answers that are not one row of finite numbers for each of the `count` samples from `start` on."""
    if values.ndim != 2 or len(values) != count:
        raise MeasurementError(
            f"the model's answer to sample {start} has the shape {values.shape}; expected ({count}, classes)"
        )
    finite = np.isfinite(values).all(axis=1)
    if not finite.all():
        raise MeasurementError(
            f"the model's answer to sample {start + int(finite.argmin())} holds numbers that are not finite"
        )
