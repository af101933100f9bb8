"""Does a session measure what it is given, keep it, and say why a cell is not measured? No process, no model."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sessions import CELLS, FLOAT, INTEGER, KERAS, NO_KERNEL, NOT_MADE, ONE_WRONG, OPENVINO, ScriptedRuntimes, a_session
from zoobench.errors import MeasurementError, ModelError, UsageError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import Interface
from zoobench.measure import runtimes
from zoobench.results.answers import decode
from zoobench.results.file import BLOCK
from zoobench.results.schema import Refusal
from zoobench.run import session
from zoobench.run.session import BenchSession
from zoobench.system.processes import LostError

Opener = Callable[..., BenchSession]


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> ScriptedRuntimes:
    return ScriptedRuntimes(monkeypatch)


@pytest.fixture
def opened(tmp_path: Path, runtime: ScriptedRuntimes) -> Opener:
    """Opens a session of cells whose files are scripted, see `a_session`."""
    del runtime

    def open_(*cells: Cell, **options: Any) -> BenchSession:
        bench = a_session(tmp_path, *cells, **options)
        bench.prepare(cells or CELLS)
        return bench

    return open_


class Benchmark:
    """Stands in for pytest-benchmark's fixture: runs the rounds, one millisecond each."""

    def __init__(self, *, disabled: bool = False) -> None:
        self.disabled = disabled
        self.stats: Any = None
        self.extra_info: dict[str, Any] = {}

    def pedantic(
        self, target: Callable[[], None], *, setup: Callable[[], None], teardown: Callable[[], None], rounds: int
    ) -> None:
        for _ in range(rounds):
            setup()
            target()
            teardown()
        if not self.disabled:
            self.stats = SimpleNamespace(stats=SimpleNamespace(data=[0.001] * rounds))


def test_a_session_that_was_not_prepared_says_so_and_another_tells_what_made_its_files(
    tmp_path: Path, opened: Opener
) -> None:
    bench = a_session(tmp_path)
    with pytest.raises(UsageError, match=r"call prepare\(\) first"):
        _ = bench.inputs
    known = {"machine": "pi", "options": {"drawn": "60"}}
    assert bench.provenance() == known
    bench = opened()
    bench.measure_size(INTEGER)
    made = {"cells": [cell.id for cell in CELLS], "products": {sha256(b"integer_only").hexdigest(): "a-folder"}}
    assert bench.provenance() == known | made


def test_size_and_accuracy_stand_beside_the_float_twins_and_nothing_else_is_recorded(opened: Opener) -> None:
    bench = opened()
    model, accuracy = bench.measure_size(INTEGER), bench.measure_accuracy(INTEGER)
    assert (model.size_bytes, model.float_twin_size_bytes) == (200, 800)
    assert (accuracy.correct, accuracy.total, accuracy.agreement_with_float) == (2, 3, 2 / 3)
    assert accuracy.agreement_with_reference is None
    record = bench.records[INTEGER.id]
    assert (record.model, record.accuracy) == (model, accuracy)
    assert (record.cell.id, record.cell.weights, record.dataset.samples) == (INTEGER.id, "random", 3)
    assert (record.latency, record.memory) == (None, None)


def test_a_file_that_was_quantized_elsewhere_has_no_float_file_that_its_numbers_refer_to(
    opened: Opener, runtime: ScriptedRuntimes
) -> None:
    runtime.answers["prequantized"] = ONE_WRONG
    cell = replace(FLOAT, variant="prequantized")
    bench, benchmark = opened(cell), Benchmark()
    model, accuracy, latency = (
        bench.measure_size(cell),
        bench.measure_accuracy(cell),
        bench.measure_latency(cell, benchmark),
    )
    assert (model.size_bytes, model.float_twin_size_bytes) == (200, None)
    assert (accuracy.correct, accuracy.agreement_with_float) == (2, None)
    assert latency
    assert (latency.samples, latency.speedup_over_float) == (6, None)
    assert {name for name, *_ in runtime.opened} == {"prequantized"}


@pytest.mark.parametrize("workers", [1, 2])
def test_answers_of_a_model_of_one_s_own_are_read_as_its_interface_says(
    opened: Opener, runtime: ScriptedRuntimes, workers: int
) -> None:
    runtime.answers |= {"float32": [[9.0, 1.0], [2.0, 8.0], [3.0, 3.0 + math.log(3)]]}
    taken_as = Interface(taken_as="classifier", scores="logits", order=(1, 0), remarks=("seen",))
    bench = opened(FLOAT, workers=workers, interface=taken_as)
    accuracy = bench.measure_accuracy(FLOAT)
    # the second output is the first class's: predicted are 1, 0 and 0, true are 0, 1 and 0
    assert (accuracy.correct, accuracy.total) == (1, 3)
    assert decode(accuracy.predictions.probabilities)[2] / 65535 == pytest.approx(0.75, abs=1e-4)
    recorded = bench.records[FLOAT.id].model
    assert recorded
    assert recorded.interface == taken_as


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.variant)
def test_workers_do_not_change_predictions_and_one_alone_times_each_invocation(opened: Opener, cell: Cell) -> None:
    alone, together = (opened(workers=count).measure_accuracy(cell) for count in (1, 2))
    assert decode(alone.predictions.classes) == decode(together.predictions.classes)
    assert alone.invocation_p50_seconds is not None
    assert together.invocation_p50_seconds is None


def test_an_evaluation_is_made_once_in_a_session_and_kept_in_the_store_for_the_next(
    opened: Opener, runtime: ScriptedRuntimes
) -> None:
    bench = opened()
    bench.measure_accuracy(INTEGER)
    bench.measure_accuracy(INTEGER)
    assert runtime.opened.count(("integer_only", "litert", 1)) == 2  # by two workers, once
    opened().measure_accuracy(INTEGER)
    assert runtime.opened.count(("integer_only", "litert", 1)) == 2


def test_what_answers_in_batches_does_so_in_a_process_of_its_own(opened: Opener, runtime: ScriptedRuntimes) -> None:
    opened().measure_accuracy(KERAS)
    assert runtime.processes == ["_run_the_samples"] * 2
    assert ("keras", "keras", 2) in runtime.opened


@pytest.mark.parametrize(
    ("cell", "others"),
    [
        (INTEGER, [("float32", "litert", 1)]),
        (OPENVINO, [("float32", "openvino", 2), ("integer_only", "litert", 2)]),
    ],
    ids=["on LiteRT", "elsewhere"],
)
def test_latency_is_timed_beside_the_float_twin_and_the_file_on_litert_and_judged_as_it_is_recorded(
    opened: Opener, runtime: ScriptedRuntimes, cell: Cell, others: list[tuple[str, str, int]]
) -> None:
    bench, benchmark = opened(cell), Benchmark()
    latency = bench.measure_latency(cell, benchmark)
    assert latency is not None
    twins = [latency.speedup_over_float, latency.speedup_over_reference]
    assert [one.twin for one in twins if one] == [f"mobilenet-{name}-{by}-t{threads}" for name, by, threads in others]
    assert latency.disturbance is not None
    assert runtime.opened == [("integer_only", cell.runtime, cell.threads), *others]
    assert latency.samples == benchmark.extra_info[BLOCK]["latency"]["samples"] == 6
    assert bench.records[cell.id].latency == latency


def test_where_timing_is_disabled_each_target_runs_once_and_nothing_is_recorded(opened: Opener) -> None:
    bench, benchmark = opened(), Benchmark(disabled=True)
    assert bench.measure_latency(INTEGER, benchmark) is None
    assert bench.records[INTEGER.id].latency is None
    assert benchmark.extra_info == {}


def test_a_profile_that_runs_the_target_once_more_does_not_cost_the_latency(opened: Opener) -> None:
    class Profiled(Benchmark):
        def pedantic(self, target: Any, *, setup: Any, teardown: Any, rounds: int) -> None:
            super().pedantic(target, setup=setup, teardown=teardown, rounds=rounds)
            setup()
            target()
            teardown()

    latency = opened().measure_latency(INTEGER, Profiled())
    assert latency is not None
    assert (latency.samples, latency.speedup_over_float is None) == (6, False)


def test_a_record_gathers_what_is_measured_in_any_order(opened: Opener) -> None:
    bench = opened()
    memory = bench.measure_memory(INTEGER)
    bench.measure_latency(INTEGER, Benchmark())
    bench.measure_accuracy(INTEGER)
    bench.measure_size(INTEGER)
    record = bench.records[INTEGER.id]
    assert memory is not None
    assert memory.observed_peak_rss_bytes == (90_000_000,) * 2
    assert record.startup is not None
    assert record.startup.initialization.p50_seconds == 0.1
    assert record.memory == memory
    assert None not in (record.model, record.latency, record.accuracy)


@pytest.mark.parametrize(("timed", "imported"), [((KERAS, INTEGER), ["keras"]), ((INTEGER,), []), ((), [])])
def test_tensorflow_is_imported_beside_the_data_where_rounds_need_it(
    opened: Opener, monkeypatch: pytest.MonkeyPatch, timed: tuple[Cell, ...], imported: list[str]
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(runtimes, "import_runtime", asked.append)
    opened().prepare(CELLS, timed=timed)
    assert asked == imported


def test_threads_are_a_dimension_and_keras_says_why_it_has_but_one(opened: Opener) -> None:
    two = replace(KERAS, threads=2)
    bench = opened(KERAS, FLOAT, two, replace(FLOAT, threads=2))
    assert bench.unavailable_reason(KERAS) == ""
    assert bench.unavailable_reason(replace(FLOAT, threads=2)) == ""
    assert "TensorFlow fixes its threads once per process, here at 1" in bench.unavailable_reason(two)
    assert "--zoo-threads 2" in bench.unavailable_reason(two)


def test_what_is_not_installed_is_said_before_the_run_and_of_its_cells(opened: Opener) -> None:
    fast = replace(FLOAT, threads=3)
    bench = opened(FLOAT, fast, unknown={fast.id: "the variant w4 was added by zoobench-w4"})
    assert bench.unavailable_reason(fast) == "the variant w4 was added by zoobench-w4"
    assert bench.prepare(()) == ("data: pets", "skipped: the variant w4 was added by zoobench-w4")


def test_a_file_that_the_runtime_refuses_has_a_size_a_reason_and_no_measurement(opened: Opener) -> None:
    bench = opened(refused=(("integer_only", "litert"),))
    assert bench.refusal(INTEGER) == NO_KERNEL
    assert bench.is_made(INTEGER)
    assert bench.measure_size(INTEGER).size_bytes == 200
    measures: list[Callable[[], object]] = [
        lambda: bench.measure_accuracy(INTEGER),
        lambda: bench.measure_latency(INTEGER, Benchmark()),
        lambda: bench.measure_memory(INTEGER),
    ]
    for measure in measures:
        with pytest.raises(MeasurementError, match="litert refuses integer_only of mobilenet: no kernel"):
            measure()
    record = bench.records[INTEGER.id]
    assert record.refusal == NO_KERNEL
    assert (record.accuracy, record.latency, record.memory) == (None, None, None)


def test_what_the_quantizer_does_not_make_is_recorded_without_a_file(opened: Opener) -> None:
    bench = opened(unmade=("integer_only",))
    assert bench.refusal(INTEGER) == NOT_MADE
    assert not bench.is_made(INTEGER)
    assert bench.records[INTEGER.id].model is None
    with pytest.raises(ModelError, match="there is no integer_only of mobilenet: tensorflow refuses it: makes none"):
        bench.model(INTEGER)


def test_a_runtime_that_nobody_has_tried_is_tried_once(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []
    refusal = Refusal(by="openvino", reason="no kernel")

    def refuse(_root: Path, target: Any, *, environment: Mapping[str, Any]) -> Refusal:
        assert environment["libraries"]
        tried.append(target.cell.id)
        return refusal

    monkeypatch.setattr(session, "needs_trial", lambda cell: cell.runtime == "openvino")
    monkeypatch.setattr(session, "obtain_refusal", refuse)
    bench = opened(OPENVINO)
    assert [bench.refusal(OPENVINO), bench.refusal(OPENVINO)] == [refusal] * 2
    assert tried == [OPENVINO.id]


@pytest.mark.parametrize(
    ("refused", "cell", "expected"),
    [
        ((), OPENVINO, ["mobilenet-float32-openvino-t2", "mobilenet-integer_only-litert-t2"]),
        ((), INTEGER, ["mobilenet-float32-litert-t1", None]),
        ((("integer_only", "litert"),), OPENVINO, ["mobilenet-float32-openvino-t2", None]),
        ((("float32", "openvino"),), OPENVINO, ["mobilenet-float32-litert-t2", "mobilenet-integer_only-litert-t2"]),
    ],
    ids=["own float file and LiteRT", "LiteRT itself", "a file that LiteRT refuses", "a float file that it refuses"],
)
def test_a_cell_is_compared_with_its_float_file_and_its_file_on_litert(
    opened: Opener, refused: tuple[tuple[str, str], ...], cell: Cell, expected: list[str | None]
) -> None:
    found = opened(cell, refused=refused).references(cell)
    assert [other and other.id for other in found] == expected


def test_a_file_that_crashes_a_process_of_its_own_is_never_opened_in_this_one(
    opened: Opener, runtime: ScriptedRuntimes
) -> None:
    runtime.lost = {"integer_only"}
    bench = opened()
    with pytest.raises(LostError, match="it crashed"):
        bench.measure_accuracy(INTEGER)
    with pytest.raises(MeasurementError, match="litert refuses integer_only of mobilenet: it crashed"):
        bench.measure_latency(INTEGER, Benchmark())
    assert "integer_only" not in {name for name, *_ in runtime.opened}
    refusal = bench.records[INTEGER.id].refusal
    assert refusal == Refusal(by="litert", reason="it crashed")
    assert not bench.is_expected(refusal)
    assert bench.is_expected(NO_KERNEL)


def test_a_cell_whose_float_twin_crashes_is_measured_without_it(opened: Opener, runtime: ScriptedRuntimes) -> None:
    runtime.lost = {"float32"}
    bench = opened()
    accuracy, latency = bench.measure_accuracy(INTEGER), bench.measure_latency(INTEGER, Benchmark())
    assert (accuracy.correct, accuracy.agreement_with_float) == (2, None)
    assert latency
    assert (latency.samples, latency.speedup_over_float) == (6, None)
    assert {name for name, *_ in runtime.opened} == {"integer_only"}
    assert bench.references(INTEGER) == (None, None)
