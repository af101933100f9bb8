"""Is each process fresh, asked in the right order, ended, and named when it fails?"""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from fakes import write_samples
from measuring import NOTHING, ScriptedWorker, Workers, a_target
from zoobench.errors import MeasurementError
from zoobench.measure import worker
from zoobench.measure.startup import Start, measure_memory, recorded_memory, recorded_startup
from zoobench.measure.target import Target

BEFORE = {"rss_bytes": 40, "peak_rss_bytes": 41, "anonymous_bytes": 10, "threads": 2}
AFTER = {"rss_bytes": 70, "peak_rss_bytes": 80, "anonymous_bytes": 30, "threads": 3}


@pytest.fixture
def target(tmp_path: Path) -> Target:
    (tmp_path / "model.tflite").write_bytes(b"a model")
    return a_target(tmp_path / "model.tflite")


Scripted = Callable[..., Workers]


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Scripted:
    """Has processes be scripted ones."""

    def script(*workers: ScriptedWorker) -> Workers:
        started = Workers(*workers)
        monkeypatch.setattr(worker, "worker", started)
        return started

    return script


def a_worker(*footprints: Any, **changes: Any) -> ScriptedWorker:
    return ScriptedWorker({"cell": 5_000_000}, *(footprints or (BEFORE, AFTER)), **changes)


def test_a_process_tells_what_it_held_before_and_after_and_how_long_both_phases_took(
    target: Target, scripted: Scripted
) -> None:
    one = a_worker()
    scripted(one)
    (found,) = measure_memory(target, processes=1)
    assert found == Start(
        initialization_seconds=0.25,
        first_inference_seconds=0.005,
        base_rss_bytes=40,
        peak_rss_bytes=80,
        anonymous_bytes=30,
        threads_started=1,
    )
    assert [request["do"] for request in one.asked] == ["import", "footprint", "open", "turns", "footprint"]
    (opening,) = one.those("open")
    assert (opening["path"], opening["runtime"], opening["threads"]) == (str(target.file.path), "litert", 2)


def test_each_process_ends_before_the_next_begins(target: Target, scripted: Scripted) -> None:
    workers = scripted(*(a_worker() for _ in range(3)))
    assert len(measure_memory(target, processes=3)) == 3
    assert workers.steps == [None, "end"] * 3


@pytest.mark.parametrize(("rows", "taken"), [([9, 4, 7, 2, 5, 1], [9, 4, 7, 2, 5]), ([3, 8], [3, 8, 3, 8, 3])])
def test_the_first_five_invocations_are_each_on_the_next_sample(
    target: Target, scripted: Scripted, rows: Sequence[int], taken: Sequence[int]
) -> None:
    one = a_worker()
    scripted(one)
    measure_memory(a_target(target.file.path, rows=rows), processes=1)
    (request,) = one.those("turns")
    assert [row for _, row in request["turns"]] == taken


def test_what_the_system_does_not_tell_is_none(target: Target, scripted: Scripted) -> None:
    scripted(a_worker(NOTHING))
    (found,) = measure_memory(target, processes=1)
    assert found.base_rss_bytes is found.peak_rss_bytes is found.anonymous_bytes is found.threads_started is None


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MeasurementError("the worker died"), "^mobilenet-float32-litert-t2, process 1 of 6: the worker died$"),
        (KeyboardInterrupt(), "^$"),
    ],
)
def test_a_failure_names_the_cell_and_the_process_which_is_ended_as_by_ctrl_c(
    target: Target, scripted: Scripted, error: BaseException, told: str
) -> None:
    workers = scripted(a_worker(failing=error))
    with pytest.raises(type(error), match=told):
        measure_memory(target, processes=6)
    assert workers.steps == [None, "end"]


def test_a_file_that_is_gone_is_named_before_a_process_is_started(target: Target, scripted: Scripted) -> None:
    workers = scripted()
    target.file.path.unlink()
    with pytest.raises(MeasurementError, match=r"cannot read .*model\.tflite: No such file"):
        measure_memory(target, processes=1)
    assert not workers.steps


@pytest.mark.slow
def test_a_real_file_is_opened_on_as_many_threads_as_it_is_to_have(tmp_path: Path) -> None:
    from modelfiles import labelled  # TensorFlow

    write_samples(tmp_path, [0, 0, 0], side=24)
    (tmp_path / "model.tflite").write_bytes(labelled("float32"))
    target = a_target(tmp_path / "model.tflite", rows=[0, 1, 2], threads=3)
    for found in measure_memory(target, processes=2):
        assert found.initialization_seconds > 0
        assert found.first_inference_seconds > 0
        if sys.platform == "linux":
            assert found.threads_started == 2
            assert found.peak_rss_bytes > found.base_rss_bytes > found.anonymous_bytes / 2 > 1 << 20


def test_a_real_file_that_is_none_names_the_cell_and_the_file(target: Target) -> None:
    with pytest.raises(MeasurementError, match=r"^mobilenet-float32-litert-t2, process 1 of 2: LiteRT cannot open "):
        measure_memory(target, processes=2)


def start(seconds: float = 1.0, *, peak: int | None = 80, base: int | None = 40, threads: int | None = 1) -> Start:
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
    assert recorded_startup([start(threads=2), start(threads=1)]).threads_started == 1
    assert recorded_startup([start(threads=None)]).threads_started is None


def test_memory_comes_to_a_peak_that_a_process_had_and_keeps_them_all() -> None:
    peaks = [81, 83, 80, 82, 90, 84]
    recorded = recorded_memory([start(peak=peak) for peak in peaks])
    assert recorded is not None
    assert recorded.peak_rss_bytes == 82
    assert recorded.interval == (80, 90)
    assert recorded.base_rss_bytes == recorded.anonymous_bytes == 40
    assert recorded.observed_peak_rss_bytes == tuple(peaks)


@pytest.mark.parametrize("processes", [1, 3, 5])
def test_fewer_than_six_processes_have_no_interval(processes: int) -> None:
    memory = recorded_memory([start()] * processes)
    assert memory is not None
    assert memory.interval is recorded_startup([start()] * processes).initialization.interval is None


def test_a_system_that_tells_the_peak_alone_has_no_base_and_one_that_tells_nothing_no_memory() -> None:
    peak_alone = recorded_memory([start(base=None)])
    assert peak_alone is not None
    assert (peak_alone.peak_rss_bytes, peak_alone.base_rss_bytes, peak_alone.anonymous_bytes) == (80, None, None)
    assert recorded_memory([start(peak=None)]) is None
