"""Is each process fresh, asked in the right order, ended, and named when it fails?"""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fakes import write_samples
from measuring import NOTHING, ScriptedWorker, Workers, a_target
from zoobench.errors import MeasurementError
from zoobench.measure.startup import measure_memory
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
    return partial(Workers.replacing, monkeypatch)


def a_worker(*footprints: Any, **changes: Any) -> ScriptedWorker:
    return ScriptedWorker({"cell": 5_000_000}, *(footprints or (BEFORE, AFTER)), **changes)


def test_a_process_tells_what_it_held_before_and_after_and_how_long_both_phases_took(
    target: Target, scripted: Scripted
) -> None:
    one = a_worker()
    scripted(one)
    startup, memory = measure_memory(target, processes=1)
    assert startup.initialization.observed_seconds == (0.25,)
    assert startup.first_inference.observed_seconds == (0.005,)
    assert startup.threads_started == 1
    assert memory is not None
    assert (memory.base_rss_bytes, memory.peak_rss_bytes, memory.anonymous_bytes) == (40, 80, 30)
    assert [request["do"] for request in one.asked] == ["import", "footprint", "open", "turns", "footprint"]
    (opening,) = one.those("open")
    assert (opening["path"], opening["runtime"], opening["threads"]) == (str(target.file.path), "litert", 2)


def test_each_process_ends_before_the_next_begins(target: Target, scripted: Scripted) -> None:
    workers = scripted(*(a_worker() for _ in range(3)))
    measure_memory(target, processes=3)
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


@pytest.mark.parametrize(("told", "memory"), [({}, None), ({"peak_rss_bytes": 80}, (80, None, None))])
def test_what_the_system_does_not_tell_is_none(
    target: Target, scripted: Scripted, told: dict[str, int], memory: tuple[int | None, ...] | None
) -> None:
    scripted(a_worker(NOTHING | told))
    startup, found = measure_memory(target, processes=1)
    assert startup.threads_started is None
    assert memory == (found and (found.peak_rss_bytes, found.base_rss_bytes, found.anonymous_bytes))


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
    startup, memory = measure_memory(target, processes=2)
    assert min(startup.initialization.observed_seconds + startup.first_inference.observed_seconds) > 0
    if sys.platform == "linux":
        assert memory is not None
        assert startup.threads_started == 2
        observed = (memory.observed_peak_rss_bytes, memory.observed_base_rss_bytes, memory.observed_anonymous_bytes)
        for peak, base, anonymous in zip(*observed, strict=True):
            assert peak > base > anonymous / 2 > 1 << 20


def test_a_real_file_that_is_none_names_the_cell_and_the_file(target: Target) -> None:
    with pytest.raises(MeasurementError, match=r"^mobilenet-float32-litert-t2, process 1 of 2: LiteRT cannot open "):
        measure_memory(target, processes=2)


def test_six_processes_come_to_medians_and_intervals_from_the_least_to_the_most(
    target: Target, scripted: Scripted
) -> None:
    """Six miss the median with 2 / 2^6 = 3.1 %. The fewest threads that any process started are told."""
    seconds, peaks, threads = (0.5, 0.25, 0.125, 0.75, 1.0, 0.375), (81, 83, 80, 82, 90, 84), (3, 4, 5, 4, 4, 4)
    scripted(
        *(
            ScriptedWorker({"cell": int(one * 1e9)}, BEFORE, AFTER | {"peak_rss_bytes": peak, "threads": thread})
            for one, peak, thread in zip(seconds, peaks, threads, strict=True)
        )
    )
    startup, memory = measure_memory(target, processes=6)
    assert startup.first_inference.p50_seconds == 0.4375
    assert startup.first_inference.interval == (0.125, 1.0)
    assert startup.first_inference.observed_seconds == seconds
    assert startup.initialization.interval == (0.25, 0.25)
    assert startup.threads_started == 1
    assert memory is not None
    assert (memory.peak_rss_bytes, memory.interval) == (82, (80, 90)), "a peak that a process had"
    assert memory.observed_peak_rss_bytes == peaks
    assert memory.observed_base_rss_bytes == (40,) * 6


@pytest.mark.parametrize("processes", [1, 3, 5])
def test_fewer_than_six_processes_have_no_interval(target: Target, scripted: Scripted, processes: int) -> None:
    scripted(*(a_worker() for _ in range(processes)))
    startup, memory = measure_memory(target, processes=processes)
    assert memory is not None
    assert memory.interval is startup.initialization.interval is None
