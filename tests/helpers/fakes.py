"""A clock that is told the time, a model that is told its answers, samples and records to use them with."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from statistics import median, median_low
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from zoobench.measure.runtimes import OpenSession, Session
from zoobench.measure.target import Samples
from zoobench.results.answers import encode, encode_shares
from zoobench.results.schema import (
    SCHEMA,
    Cause,
    Predictions,
    Record,
    RecordedAccuracy,
    RecordedCell,
    RecordedDataset,
    RecordedDisturbance,
    RecordedInterval,
    RecordedLatency,
    RecordedMemory,
    RecordedModel,
    RecordedPhase,
    RecordedStartup,
    RecordedTraining,
    Speedup,
    to_json,
)

MILLISECOND = 1_000_000
"""In nanoseconds."""


class FakeClock:
    """Nanoseconds that pass only when they are told to: by hand, or by a script, one step before each reading."""

    def __init__(self, *steps: int) -> None:
        self.now = 0
        self._steps = iter(steps)

    def __call__(self) -> int:
        self.advance(next(self._steps, 0))
        return self.now

    def advance(self, nanoseconds: int) -> None:
        self.now += nanoseconds


class ScriptedSession:
    """A model that is given its answers, durations and failures, and writes down what is asked of it.

    It knows an image of `write_samples` by its pixels.

    Attributes:
        log: Such as `model.load(3)` and `model.invoke`; several sessions may share one.
    """

    def __init__(
        self,
        answers: npt.ArrayLike,
        *,
        name: str = "model",
        log: list[str] | None = None,
        clock: FakeClock | None = None,
        durations: Iterable[int] = (),
        load_duration: int = 0,
        failures: Mapping[int, Exception] = MappingProxyType({}),
    ) -> None:
        self.name = name
        self.log = [] if log is None else log
        self.clock = clock or FakeClock()
        self._answers = np.array(answers, np.float32)
        self._durations = iter(durations)
        self._load_duration = load_duration
        self._failures = failures
        self._rows: list[int] = []
        self._result = np.zeros((0, 0), np.float32)

    @property
    def invocations(self) -> int:
        return self.log.count(f"{self.name}.invoke")

    def load(self, images: npt.NDArray[np.uint8]) -> None:
        self._rows = [row_of(image) for image in images]
        self.log.append(f"{self.name}.load({', '.join(map(str, self._rows))})")
        self.clock.advance(self._load_duration)

    def invoke(self) -> None:
        self.log.append(f"{self.name}.invoke")
        self.clock.advance(next(self._durations, 0))
        for row in self._rows:
            if row in self._failures:
                raise self._failures[row]
        self._result = self._answers[self._rows]

    def read(self) -> npt.NDArray[np.float32]:
        return self._result


def opening(*sessions: ScriptedSession, duration: int = 0) -> OpenSession:
    """Returns what opens these sessions, each once, in turn; each takes `duration` nanoseconds to open."""
    waiting = iter(sessions)

    @contextmanager
    def open_session() -> Iterator[Session]:
        session = next(waiting)
        session.log.append(f"{session.name}.open")
        session.clock.advance(duration)
        try:
            yield session
        finally:
            session.log.append(f"{session.name}.close")

    return open_session


def write_samples(folder: Path, labels: Sequence[int], *, rows: Sequence[int] | None = None, side: int = 2) -> Samples:
    """Writes one small image for each label, of a colour of its own, and returns them as samples in order.

    Args:
        folder: Where `pixels.npy` is written.
        labels: Class index of each sample.
        rows: Which row of the file each sample is; the same as its position unless given.
        side: Of the images in pixels.
    """
    rows = range(len(labels)) if rows is None else rows
    images = np.zeros((max(rows, default=-1) + 1, side, side, 3), np.uint8)
    for row in range(len(images)):
        images[row, :, :] = (row % 256, row // 256, 9)
    np.save(folder / "pixels.npy", images)
    return Samples(path=folder / "pixels.npy", rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))


def row_of(image: npt.NDArray[np.uint8]) -> int:
    """Returns the row of an image that `write_samples` wrote."""
    return int(image[0, 0, 0]) + 256 * int(image[0, 0, 1])


def a_cell(**changes: Any) -> RecordedCell:
    """Returns a cell; its id is that of its parts unless it is given."""
    usual: dict[str, Any] = {
        "backbone": "mobilenet",
        "variant": "integer_only",
        "runtime": "litert",
        "threads": 1,
        "image_size": 224,
        "weights": "imagenet",
    }
    parts = {**usual, **changes}
    parts.setdefault("id", "{backbone}-{variant}-{runtime}-t{threads}".format(**parts))
    return RecordedCell(**parts)


def a_phase(*seconds: float) -> RecordedPhase:
    """Returns a phase that processes took, with the interval of six or of none."""
    return RecordedPhase(
        p50_seconds=median(seconds),
        interval=(min(seconds), max(seconds)) if len(seconds) == 6 else None,
        observed_seconds=seconds,
    )


def a_memory(*peaks: int) -> RecordedMemory:
    """Returns the memory of processes that had these peaks, with the interval of six or of none."""
    return RecordedMemory(
        peak_rss_bytes=median_low(peaks),
        interval=(min(peaks), max(peaks)) if len(peaks) == 6 else None,
        base_rss_bytes=40_000_000,
        anonymous_bytes=25_000_000,
        observed_peak_rss_bytes=peaks,
        observed_base_rss_bytes=(40_000_000,) * len(peaks),
        observed_anonymous_bytes=(25_000_000,) * len(peaks),
    )


def a_training(**changes: Any) -> RecordedTraining:
    """Returns the training of a head over four epochs that was validated after every second, the second being best."""
    usual: dict[str, Any] = {
        "epochs": 4,
        "kept_epoch": 2,
        "shown": (1, 2, 3, 4),
        "loss": (2.5, 1.25, 1.0, 0.75),
        "accuracy": (0.25, 0.5, 0.625, 0.75),
        "learning_rate": (0.001, 0.00086071, 0.00074082, 0.00063763),
        "validated": (2, 4),
        "validation_loss": (1.5, 1.75),
        "validation_accuracy": (0.5, 0.375),
        "seconds": 7.03,
    }
    return RecordedTraining(**{**usual, **changes})


def a_record(**changes: Any) -> Record:
    """Returns a record of which every part was measured; the numbers are those of no real run."""
    usual: dict[str, Any] = {
        "schema": SCHEMA,
        "cell": a_cell(),
        "model": RecordedModel(sha256="ab" * 32, size_bytes=3_400_000, float_twin_size_bytes=12_800_000),
        "dataset": RecordedDataset(name="pets", sha256="cd" * 32, classes=("cat", "dog"), samples=3, left_out=0),
        "accuracy": RecordedAccuracy(
            top1=2 / 3,
            loss=0.5,
            correct=2,
            total=3,
            interval=(0.208, 0.939),
            agreement_with_float=1.0,
            invocation_p50_seconds=0.0041,
            predictions=Predictions(
                classes=encode([0, 1, 1]), probabilities=encode_shares([0.5, 0.75, 1.0]), truth=encode([0, 1, 0])
            ),
        ),
        "latency": RecordedLatency(
            p50_seconds=0.004,
            p50_interval=(0.0039, 0.0042),
            p90_seconds=0.0051,
            mean_seconds=0.0043,
            samples=64,
            speedup_over_float=Speedup(twin="mobilenet-float32-litert-t1", point=2.5, interval=(2.4, 2.6)),
        ),
        "environment": {"cpu": "AMD EPYC", "cores": 2},
        "startup": RecordedStartup(
            initialization=a_phase(0.05, 0.049, 0.052, 0.048, 0.05, 0.051),
            first_inference=a_phase(0.02, 0.019, 0.022, 0.018, 0.02, 0.021),
            threads_started=0,
        ),
        "memory": a_memory(56_000_000, 56_100_000, 55_900_000, 56_000_000, 56_200_000, 56_000_000),
        "training": a_training(),
    }
    return Record(**{**usual, **changes})


def an_interval(**changes: Any) -> RecordedInterval:
    """Returns half a second with 30 rounds of a single thread on a quiet machine."""
    usual: dict[str, Any] = {
        "rounds": 30,
        "seconds": 0.5,
        "busy_seconds": 0.5,
        "own_seconds": 0.49,
        "steal_seconds": 0.0,
        "waiting_seconds": 0.002,
        "involuntary_switches": 4,
        "major_faults": 0,
        "frequency_share": None,
        "temperature_celsius": None,
        "throttled": (),
    }
    return RecordedInterval(**{**usual, **changes})


def a_disturbance(*intervals: RecordedInterval, **changes: Any) -> RecordedDisturbance:
    """Returns what was seen in these intervals on two CPUs, without a judgement."""
    usual: dict[str, Any] = {
        "cpus": 2,
        "look_seconds": 0.0001,
        "load_before": 0.3,
        "available_memory_bytes": 8_000_000_000,
        "before": an_interval(rounds=0),
        "intervals": intervals,
        "disturbed_rounds": 0,
        "causes": (),
    }
    return RecordedDisturbance(**{**usual, **changes})


def disturbed(record: Record) -> Record:
    """Returns a record whose cell waited for a CPU in 12 of its 30 rounds."""
    assert record.latency is not None
    found = a_disturbance(
        an_interval(waiting_seconds=0.2), disturbed_rounds=12, causes=(Cause(kind="waiting", worst=0.29),)
    )
    return replace(record, latency=replace(record.latency, disturbance=found))


def write_results_file(
    path: Path, *records: Record, benchmarks: Sequence[Any] = (), measured: str | None = None, **block: Any
) -> Path:
    """Writes a results file with these records, and whatever else its `zoobench` block is to hold."""
    path.parent.mkdir(parents=True, exist_ok=True)
    own = {"schema": SCHEMA, "records": [to_json(record) for record in records], **block}
    content = {"machine_info": {"node": "here"}, "benchmarks": list(benchmarks), "version": "5.3.1", "zoobench": own}
    path.write_text(json.dumps(content if measured is None else {**content, "datetime": measured}))
    return path
