"""Is each process fresh, asked in the right order, ended, and named when it fails?"""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from fakes import write_samples
from zoobench.errors import MeasurementError
from zoobench.matrix.cell import Cell
from zoobench.measure.startup import Start, observe_starts, recorded_memory, recorded_startup
from zoobench.measure.target import ModelFile, Samples, Target
from zoobench.system.processes import Worker

NOTHING = {"rss_bytes": None, "peak_rss_bytes": None, "anonymous_bytes": None, "threads": None}
BEFORE = {"rss_bytes": 40, "peak_rss_bytes": 41, "anonymous_bytes": 10, "threads": 2}
AFTER = {"rss_bytes": 70, "peak_rss_bytes": 80, "anonymous_bytes": 30, "threads": 3}


class ScriptedWorkers:
    """Workers that answer by a script and write down what they are asked.

    Attributes:
        asked: Every request, and `start` and `stop` of each worker.
    """

    def __init__(self, *footprints: Mapping[str, Any], failing: BaseException | None = None) -> None:
        self.asked: list[Any] = []
        self._footprints = iter(footprints)
        self._failing = failing

    @contextmanager
    def start(self) -> Iterator[tuple[Worker, Mapping[str, Any]]]:
        self.asked.append("start")
        try:
            yield cast(Worker, self), {}
        finally:
            self.asked.append("stop")

    def ask(self, request: Mapping[str, Any], *, patience: float) -> Mapping[str, Any]:
        assert patience > 0
        self.asked.append(request)
        if request["do"] == "turns" and self._failing:
            raise self._failing
        return {
            "import": dict,
            "footprint": lambda: next(self._footprints),
            "open": lambda: {"initialization_seconds": 0.25},
            "turns": lambda: {"nanoseconds": [5_000_000, *[1_000_000] * (len(request["turns"]) - 1)]},
        }[request["do"]]()

    @property
    def rows(self) -> Sequence[int]:
        return [row for one in self.asked if "turns" in one for _, row in one["turns"]]


def a_target(folder: Path, *, rows: Sequence[int] = range(7), content: bytes = b"a model", threads: int = 2) -> Target:
    (folder / "model.tflite").write_bytes(content)
    samples = Samples(
        path=folder / "pixels.npy", rows=np.array(rows, np.int64), labels=np.zeros(len(rows), dtype=np.int64)
    )
    return Target(
        cell=Cell(backbone="mobilenet", variant="float32", runtime="litert", threads=threads, image_size=24),
        file=ModelFile(path=folder / "model.tflite", sha256="", size_bytes=len(content)),
        samples=samples,
    )


def test_a_process_tells_what_it_held_before_and_after_and_how_long_both_phases_took(tmp_path: Path) -> None:
    (found,) = observe_starts(a_target(tmp_path), processes=1, start=ScriptedWorkers(BEFORE, AFTER).start)
    assert found == Start(
        initialization_seconds=0.25,
        first_inference_seconds=0.005,
        base_rss_bytes=40,
        peak_rss_bytes=80,
        anonymous_bytes=30,
        threads_started=1,
    )


def test_the_runtime_is_imported_before_anything_is_held_against_the_file(tmp_path: Path) -> None:
    workers = ScriptedWorkers(BEFORE, AFTER)
    observe_starts(a_target(tmp_path), processes=1, start=workers.start)
    done = [one if isinstance(one, str) else one["do"] for one in workers.asked]
    assert done == ["start", "import", "footprint", "open", "turns", "footprint", "stop"]
    assert workers.asked[3]["path"] == str(tmp_path / "model.tflite")
    assert workers.asked[3]["threads"] == 2


def test_each_process_ends_before_the_next_begins_and_is_told(tmp_path: Path) -> None:
    workers, told = ScriptedWorkers(*[BEFORE, AFTER] * 3), []
    found = observe_starts(a_target(tmp_path), processes=3, advance=lambda *one: told.append(one), start=workers.start)
    assert [one for one in workers.asked if isinstance(one, str)] == ["start", "stop"] * 3
    assert len(found) == 3
    assert told == [(1, "mobilenet-float32-litert-t2")] * 3


@pytest.mark.parametrize(("rows", "taken"), [([9, 4, 7, 2, 5, 1], [9, 4, 7, 2, 5]), ([3, 8], [3, 8, 3, 8, 3])])
def test_the_first_five_invocations_are_each_on_the_next_sample(
    tmp_path: Path, rows: Sequence[int], taken: Sequence[int]
) -> None:
    workers = ScriptedWorkers(BEFORE, AFTER)
    observe_starts(a_target(tmp_path, rows=rows), processes=1, start=workers.start)
    assert workers.rows == taken


def test_what_the_system_does_not_tell_is_none(tmp_path: Path) -> None:
    (found,) = observe_starts(a_target(tmp_path), processes=1, start=ScriptedWorkers(NOTHING, NOTHING).start)
    assert found.base_rss_bytes is found.peak_rss_bytes is found.anonymous_bytes is found.threads_started is None


def test_a_failure_names_the_cell_and_the_process_which_is_ended(tmp_path: Path) -> None:
    workers = ScriptedWorkers(BEFORE, failing=MeasurementError("the worker died at 'turns'"))
    with pytest.raises(MeasurementError) as caught:
        observe_starts(a_target(tmp_path), processes=6, start=workers.start)
    assert str(caught.value) == "mobilenet-float32-litert-t2, process 1 of 6: the worker died at 'turns'"
    assert workers.asked[-1] == "stop"


def test_ctrl_c_ends_the_process_too(tmp_path: Path) -> None:
    workers = ScriptedWorkers(BEFORE, failing=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        observe_starts(a_target(tmp_path), processes=6, start=workers.start)
    assert workers.asked[-1] == "stop"


def test_a_file_that_is_gone_is_named_before_a_process_is_started(tmp_path: Path) -> None:
    target, workers = a_target(tmp_path), ScriptedWorkers()
    target.file.path.unlink()
    with pytest.raises(MeasurementError, match=r"cannot read .*model\.tflite: No such file"):
        observe_starts(target, processes=1, start=workers.start)
    assert not workers.asked


@pytest.mark.slow
def test_a_real_file_is_opened_on_as_many_threads_as_it_is_to_have(tmp_path: Path) -> None:
    from modelfiles import labelled  # TensorFlow

    samples = write_samples(tmp_path, [0, 0, 0], side=24)
    target = a_target(tmp_path, rows=[0, 1, 2], content=labelled("float32"), threads=3)
    for found in observe_starts(target, processes=2):
        assert found.initialization_seconds > 0
        assert found.first_inference_seconds > 0
        if sys.platform == "linux":
            assert found.threads_started == 2
            assert found.peak_rss_bytes > found.base_rss_bytes > found.anonymous_bytes / 2 > 1 << 20
    assert samples.path == target.samples.path


def test_a_real_file_that_is_none_names_the_cell_and_the_file(tmp_path: Path) -> None:
    target = a_target(tmp_path)
    with pytest.raises(MeasurementError) as caught:
        observe_starts(target, processes=2)
    assert str(caught.value).startswith("mobilenet-float32-litert-t2, process 1 of 2: LiteRT cannot open ")


def start(seconds: float, *, peak: int | None = 80, base: int | None = 40, threads: int | None = 1) -> Start:
    return Start(
        initialization_seconds=seconds,
        first_inference_seconds=2 * seconds,
        base_rss_bytes=base,
        peak_rss_bytes=peak,
        anonymous_bytes=base,
        threads_started=threads,
    )


def test_phases_come_to_their_median_and_six_processes_to_an_interval_from_the_least_to_the_most() -> None:
    seconds = [0.5, 0.25, 0.125, 0.75, 1.0, 0.375]
    recorded = recorded_startup([start(one) for one in seconds])
    assert recorded.initialization.p50_seconds == 0.4375
    assert recorded.initialization.interval == (0.125, 1.0)  # misses the median with 2 / 2^6 = 3.1 %
    assert recorded.initialization.observed_seconds == tuple(seconds)
    assert recorded.first_inference.p50_seconds == 0.875


def test_the_fewest_threads_that_any_process_started_are_told() -> None:
    assert recorded_startup([start(1, threads=2), start(1, threads=1)]).threads_started == 1
    assert recorded_startup([start(1, threads=None)]).threads_started is None


def test_memory_comes_to_a_peak_that_a_process_had_and_keeps_them_all() -> None:
    peaks = [81, 83, 80, 82, 90, 84]
    recorded = recorded_memory([start(1, peak=peak) for peak in peaks])
    assert recorded is not None
    assert recorded.peak_rss_bytes == 82
    assert recorded.interval == (80, 90)
    assert recorded.base_rss_bytes == recorded.anonymous_bytes == 40
    assert recorded.observed_peak_rss_bytes == tuple(peaks)


@pytest.mark.parametrize("processes", [1, 3, 5])
def test_fewer_than_six_processes_have_no_interval(processes: int) -> None:
    starts = [start(1)] * processes
    assert recorded_startup(starts).initialization.interval is None
    memory = recorded_memory(starts)
    assert memory is not None
    assert memory.interval is None


def test_a_system_that_tells_the_peak_alone_has_no_base_and_one_that_tells_nothing_no_memory() -> None:
    peak_alone = recorded_memory([start(1, base=None)])
    assert peak_alone is not None
    assert (peak_alone.peak_rss_bytes, peak_alone.base_rss_bytes, peak_alone.anonymous_bytes) == (80, None, None)
    assert recorded_memory([start(1, peak=None)]) is None
