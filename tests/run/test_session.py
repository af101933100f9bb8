"""Does a session measure what it is given, keep it, and say why a cell is not measured? No process, no model."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from fakes import ScriptedSession, write_samples
from zoobench.errors import MeasurementError, ModelError, UsageError
from zoobench.matrix.cell import Cell
from zoobench.measure import accuracy, latency, runtimes
from zoobench.measure.latency import RoundsConfig
from zoobench.measure.runtimes import Session
from zoobench.measure.startup import Start
from zoobench.measure.target import ModelFile
from zoobench.results.answers import decode
from zoobench.results.file import BLOCK
from zoobench.results.schema import RecordedDataset, Refusal
from zoobench.run import session
from zoobench.run.inputs import Inputs, Split
from zoobench.run.plan import Plan
from zoobench.run.session import BenchSession

KERAS = Cell(backbone="mobilenet", variant="keras", runtime="keras", threads=1, image_size=2)
FLOAT = Cell(backbone="mobilenet", variant="float32", runtime="litert", threads=1, image_size=2)
INTEGER = replace(FLOAT, variant="integer_only")
OPENVINO = replace(INTEGER, runtime="openvino", threads=2)
CELLS = (KERAS, FLOAT, INTEGER)
LABELS = (0, 1, 0)
RIGHT = [[0.9, 0.1], [0.1, 0.9], [0.9, 0.1]]
ONE_WRONG = [[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]]
NO_KERNEL = "no kernel"


@dataclass
class Runtime:
    """Stands in for all runtimes: each variant gives its answers; what is opened is written down.

    Attributes:
        answers: By variant.
        opened: File, runtime and threads of each session.
        processes: What was run in a fresh process.
        error: Raised where a file is opened.
    """

    answers: dict[str, Any] = field(
        default_factory=lambda: {"keras": RIGHT, "float32": RIGHT, "integer_only": ONE_WRONG}
    )
    opened: list[tuple[str, str, int]] = field(default_factory=list)
    processes: list[str] = field(default_factory=list)
    error: MeasurementError | None = None

    @contextmanager
    def open_session(self, path: Path, *, runtime: str, threads: int) -> Iterator[Session]:
        if self.error:
            raise self.error
        self.opened.append((path.stem, runtime, threads))
        yield ScriptedSession(self.answers[path.stem])

    def in_fresh_process(self, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        self.processes.append(function.__name__)
        return function(*arguments, **named)


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    double = Runtime()
    for module, name in ((accuracy, "open_session"), (accuracy, "open_answering_session"), (latency, "open_session")):
        monkeypatch.setattr(module, name, double.open_session)
    monkeypatch.setattr(accuracy, "in_fresh_process", double.in_fresh_process)
    monkeypatch.setattr(session, "needs_trial", lambda _cell: False)
    return double


Opener = Callable[..., BenchSession]


@pytest.fixture
def opened(tmp_path: Path, runtime: Runtime) -> Opener:
    """Opens a session of cells whose files are scripted; some are refused, by variant and runtime."""
    del runtime
    samples = write_samples(tmp_path, LABELS)

    def file(cell: Cell, refused: Mapping[tuple[str, str], Refusal], unmade: Mapping[str, Refusal]) -> Any:
        refusal = refused.get((cell.variant, cell.runtime))
        size = {"keras": 900, "float32": 800}.get(cell.variant, 200)
        path = tmp_path / f"{cell.variant}.tflite"
        made = ModelFile(path=path, sha256=cell.variant, size_bytes=size, refusal=refusal, product="a-folder")
        return unmade.get(cell.variant, made)

    def open_(
        *cells: Cell,
        refused: tuple[tuple[str, str], ...] = (),
        unmade: tuple[str, ...] = (),
        unknown: Mapping[str, str] | None = None,
        **options: Any,
    ) -> BenchSession:
        dataset = RecordedDataset(name="pets", sha256="cd" * 32, classes=("cat", "dog"), samples=3, left_out=0)
        by_runtime = {one: Refusal(by=one[1], reason=NO_KERNEL) for one in refused}
        by_quantizer = {one: Refusal(by="tensorflow", reason="makes none") for one in unmade}
        inputs = Inputs(
            cells=cells or CELLS,
            splits={2: Split(samples=samples, identity={"dataset": "cd"}, dataset=dataset)},
            weights={"mobilenet": "random"},
            find=lambda cell: file(cell, by_runtime, by_quantizer),
            description=("data: pets",),
            provenance={"cells": [cell.id for cell in cells or CELLS]},
            unknown=unknown or {},
        )
        rounds = RoundsConfig(least=6, most=6)
        usual = {
            "cells": cells or CELLS,
            "source": None,
            "rounds": dict.fromkeys(("keras", "litert", "openvino"), rounds),
            "workers": 2,
            "processes": 2,
            "artifacts": tmp_path / "artifacts",
            "machine": "pi",
            "options": {"drawn": "60"},
        }
        bench = BenchSession(Plan(**cast(Any, usual | options)), open_inputs=lambda _plan, _cells: inputs)
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


def test_a_session_that_was_not_prepared_says_so(tmp_path: Path) -> None:
    bench = BenchSession(cast(Plan, SimpleNamespace(machine="pi", options={}, cells=(), artifacts=tmp_path)))
    with pytest.raises(UsageError, match=r"call prepare\(\) first"):
        _ = bench.inputs
    assert bench.provenance() == {"machine": "pi", "options": {}}


def test_size_is_that_of_the_file_beside_its_float_twins(opened: Opener) -> None:
    bench = opened()
    model = bench.measure_size(INTEGER)
    assert (model.size_bytes, model.float_twin_size_bytes) == (200, 800)
    record = bench.records[INTEGER.id]
    assert record.model == model
    assert (record.cell.id, record.cell.weights, record.dataset.samples) == (INTEGER.id, "random", 3)
    assert (record.accuracy, record.latency, record.memory) == (None, None, None)


def test_accuracy_is_of_all_samples_and_compared_with_the_float_twins_answers(opened: Opener) -> None:
    bench = opened()
    accuracy = bench.measure_accuracy(INTEGER)
    assert (accuracy.correct, accuracy.total, accuracy.agreement_with_float) == (2, 3, 2 / 3)
    assert accuracy.agreement_with_reference is None
    assert bench.records[INTEGER.id].accuracy == accuracy


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.variant)
def test_workers_do_not_change_predictions_and_one_alone_times_each_invocation(opened: Opener, cell: Cell) -> None:
    alone, together = (opened(workers=count).measure_accuracy(cell) for count in (1, 2))
    assert decode(alone.predictions.classes) == decode(together.predictions.classes)
    assert alone.invocation_p50_seconds is not None
    assert together.invocation_p50_seconds is None


def test_an_evaluation_is_made_once_in_a_session_and_kept_in_the_store_for_the_next(
    opened: Opener, runtime: Runtime
) -> None:
    bench = opened()
    bench.measure_accuracy(INTEGER)
    bench.measure_accuracy(INTEGER)
    assert runtime.opened.count(("integer_only", "litert", 1)) == 2  # by two workers, once
    opened().measure_accuracy(INTEGER)
    assert runtime.opened.count(("integer_only", "litert", 1)) == 2


def test_what_answers_in_batches_does_so_in_a_process_of_its_own(opened: Opener, runtime: Runtime) -> None:
    opened().measure_accuracy(KERAS)
    assert runtime.processes == ["evaluate"]
    assert ("keras", "keras", 2) in runtime.opened


def test_latency_is_timed_beside_the_float_twin_and_judged_as_it_is_recorded(opened: Opener, runtime: Runtime) -> None:
    bench, benchmark = opened(), Benchmark()
    latency = bench.measure_latency(INTEGER, benchmark)
    assert latency is not None
    assert latency.samples == 6
    assert latency.speedup_over_float is not None
    assert latency.speedup_over_float.twin == FLOAT.id
    assert latency.disturbance is not None
    assert runtime.opened == [("integer_only", "litert", 1), ("float32", "litert", 1)]
    assert benchmark.extra_info[BLOCK]["latency"]["samples"] == 6
    assert bench.records[INTEGER.id].latency == latency


def test_another_runtime_is_timed_beside_its_own_float_file_and_its_file_on_litert(
    opened: Opener, runtime: Runtime
) -> None:
    latency = opened(OPENVINO).measure_latency(OPENVINO, Benchmark())
    assert latency is not None
    assert latency.speedup_over_reference is not None
    assert latency.speedup_over_reference.twin == "mobilenet-integer_only-litert-t2"
    files = [("integer_only", "openvino", 2), ("float32", "openvino", 2), ("integer_only", "litert", 2)]
    assert runtime.opened == files


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


def test_memory_and_start_up_are_those_of_fresh_processes(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    start = Start(
        initialization_seconds=0.1,
        first_inference_seconds=0.2,
        base_rss_bytes=40,
        peak_rss_bytes=90,
        anonymous_bytes=50,
        threads_started=0,
    )
    monkeypatch.setattr(session, "measure_memory", lambda *_, processes, **__: (start,) * processes)
    bench = opened()
    memory = bench.measure_memory(INTEGER)
    assert memory is not None
    assert memory.observed_peak_rss_bytes == (90, 90)
    startup = bench.records[INTEGER.id].startup
    assert startup is not None
    assert startup.initialization.p50_seconds == 0.1


def test_a_record_gathers_what_is_measured_in_any_order(opened: Opener) -> None:
    bench = opened()
    bench.measure_latency(INTEGER, Benchmark())
    bench.measure_accuracy(INTEGER)
    bench.measure_size(INTEGER)
    record = bench.records[INTEGER.id]
    assert record.model is not None
    assert record.latency is not None
    assert record.accuracy is not None


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
    assert bench.refusal(INTEGER) == Refusal(by="litert", reason=NO_KERNEL)
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
    assert record.refusal == Refusal(by="litert", reason=NO_KERNEL)
    assert (record.accuracy, record.latency, record.memory) == (None, None, None)


def test_what_the_quantizer_does_not_make_is_recorded_without_a_file(opened: Opener) -> None:
    bench = opened(unmade=("integer_only",))
    assert bench.refusal(INTEGER) == Refusal(by="tensorflow", reason="makes none")
    assert not bench.is_made(INTEGER)
    assert bench.records[INTEGER.id].model is None
    with pytest.raises(ModelError, match="there is no integer_only of mobilenet: tensorflow refuses it: makes none"):
        bench.model(INTEGER)


def test_a_runtime_that_nobody_has_tried_is_tried_once(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[str] = []

    def refuse(_root: Path, target: Any, *, environment: Mapping[str, Any]) -> Refusal:
        assert environment["libraries"]
        tried.append(target.cell.id)
        return Refusal(by="openvino", reason=NO_KERNEL)

    monkeypatch.setattr(session, "needs_trial", lambda cell: cell.runtime == "openvino")
    monkeypatch.setattr(session, "obtain_refusal", refuse)
    bench = opened(OPENVINO)
    assert [bench.refusal(OPENVINO), bench.refusal(OPENVINO)] == [Refusal(by="openvino", reason=NO_KERNEL)] * 2
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


def test_a_run_tells_what_made_its_files(opened: Opener) -> None:
    bench = opened()
    bench.measure_size(INTEGER)
    assert bench.provenance() == {
        "machine": "pi",
        "options": {"drawn": "60"},
        "cells": [cell.id for cell in CELLS],
        "products": {"integer_only": "a-folder"},
    }


def test_an_invocation_that_fails_is_an_error_that_names_the_sample(opened: Opener, runtime: Runtime) -> None:
    runtime.answers["integer_only"] = np.full((3, 2), np.nan)
    with pytest.raises(MeasurementError, match="sample 0 holds numbers that are not finite"):
        opened().measure_accuracy(INTEGER)
