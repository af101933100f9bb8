"""Is what is known of a machine's cells gathered from all its runs, each once, and of one file alone?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from choices import a_known_cell
from fakes import a_disturbance, a_memory, a_record, an_interval
from machines import PI
from resultfiles import EPYC, a_plain_run, a_run, a_side, a_timed_record, answered, cell_id, rounds_around
from zoobench.errors import ResultsError
from zoobench.judge.recommend.cells import (
    FloatFiles,
    KnownCell,
    KnownMachine,
    by_machine,
    paired_answers,
)
from zoobench.results.conditions import machine_name
from zoobench.results.run import Run
from zoobench.results.schema import Cause, Record, RecordedDataset, RecordedModel
from zoobench.stats.paired import PairedAnswers

CELL = cell_id("integer_only")


def run(name: str, *records: Record, seconds: float = 0.004, rounds: bool = True) -> Run:
    """Returns a file's run of these records, or of one that took this long."""
    taken = records or (a_timed_record(rounds_around(seconds)),)
    timed = {one.cell.id: rounds_around(one.latency.p50_seconds) for one in taken if one.latency and rounds}
    return replace(a_run(*taken, rounds=timed), path=Path(name))


def only(*runs: Run) -> KnownMachine:
    (machine,) = by_machine([a_side(*runs)])
    return machine


def cell(*runs: Run) -> KnownCell:
    return only(*runs).cells[CELL]


def disturbed(seconds: float) -> Record:
    record = a_timed_record(rounds_around(seconds))
    seen = a_disturbance(an_interval(rounds=64), disturbed_rounds=64, causes=(Cause(kind="waiting", worst=0.5),))
    return replace(record, latency=replace(record.latency, disturbance=seen))


def test_everything_of_a_cell_is_gathered() -> None:
    found = cell(run("a.json", a_timed_record(rounds_around(0.004), accuracy=answered("++-"))))
    assert found.timing.p50_seconds == pytest.approx(0.004)
    assert found.timing.p90_seconds == pytest.approx(0.004032, rel=1e-3)
    assert (found.timing.speedup, found.timing.twin) == (pytest.approx(2.5), cell_id("float32"))
    assert (found.top1, found.size_bytes, found.middle("memory")) == (pytest.approx(2 / 3), 3_400_000, 56_000_000)
    assert len(found.timing.runs[0].rounds) == 64
    assert [len(one) for one in found.observed["memory"]] == [6]


@pytest.mark.parametrize("seconds", [(0.004, 0.009), (0.009, 0.004)])
def test_several_files_of_one_machine_are_its_runs_in_any_order(seconds: tuple[float, float]) -> None:
    found = cell(*(run(f"{one}.json", seconds=one) for one in seconds))
    assert [one.p50_seconds for one in found.timing.runs] == pytest.approx(seconds)
    assert found.timing.p50_seconds == pytest.approx(0.006)


def test_a_file_named_twice_and_a_baseline_of_a_run_that_is_there_count_once_with_the_rounds() -> None:
    baseline = run("baseline.json", rounds=False)
    for runs in ([run("a.json"), run("./a.json")], [run("a.json"), baseline], [baseline, run("a.json")]):
        (found,) = cell(*runs).timing.runs
        assert len(found.rounds) == 64


def test_disturbed_runs_are_set_aside_where_there_are_others_or_else_taken_and_it_is_said_by_what() -> None:
    waited = run("b.json", disturbed(0.009))
    machine = only(run("a.json"), waited)
    found, alone = machine.cells[CELL].timing, cell(waited).timing
    assert [one.p50_seconds for one in found.runs] == [pytest.approx(0.004)]
    assert (found.set_aside, found.disturbances) == (1, ())
    assert "Disturbed runs of 1 cells are set aside, as these have undisturbed ones." in machine.notes
    assert (len(alone.runs), alone.set_aside) == (1, 0)
    assert "waited for a CPU up to 50.0 % of the time" in alone.disturbances[0]


def test_every_process_tells_its_memory() -> None:
    records = [a_timed_record(rounds_around(0.004), memory=a_memory(*peaks)) for peaks in ((1, 2), (3, 4), (3, 4))]
    found = cell(*(run(f"{index}.json", one) for index, one in enumerate(records)))
    assert found.observed["memory"] == ((1, 2), (3, 4))


def test_machines_are_told_apart_by_cpu_and_cores_and_each_may_have_made_its_own_file() -> None:
    made_there = RecordedModel(sha256="ef" * 32, size_bytes=3_400_100, float_twin_size_bytes=12_800_000)
    there = a_timed_record(rounds_around(0.008), environment=PI, model=made_there)
    here, pi = by_machine([a_side(run("a.json")), a_side(run("pi.json", there)), a_side(run("c.json", seconds=0.005))])
    assert (here.name, pi.name) == ("AMD EPYC, 2 cores", "Raspberry Pi 5, 4 cores")
    assert (here.files, pi.files) == (("a.json", "c.json"), ("pi.json",))
    assert machine_name(run("pi.json", there)) == pi.name


def test_what_the_runs_differ_in_and_how_many_benchmarks_are_left_out_is_said() -> None:
    upgraded = a_timed_record(rounds_around(0.005), environment={**EPYC, "libraries": {"numpy": "2.5.0"}})
    mixed = run("b.json", upgraded)
    mixed = replace(mixed, rounds={**mixed.rounds, **a_plain_run(sort=(0.1, 0.2)).rounds})
    differ, left_out = only(run("a.json"), mixed).notes
    assert differ.startswith("The runs differ in numpy:")
    assert left_out == "1 benchmarks that are not zoobench's are left out."
    with pytest.raises(ResultsError, match="no cell to choose from"):
        by_machine([a_side(a_plain_run(sort=(0.1, 0.2)))])


def test_cells_of_different_samples_are_refused_with_both_named() -> None:
    data = RecordedDataset(name="birds", sha256="ee" * 32, classes=("cat", "dog"), samples=3, left_out=0)
    other = a_timed_record(rounds_around(0.01), variant="float32", dataset=data)
    with pytest.raises(ResultsError, match="are no choice") as caught:
        by_machine([a_side(run("a.json"), run("b.json", other))])
    assert all(one in str(caught.value) for one in ("a.json", "b.json", "'pets'", "'birds'", "name results of one"))


@pytest.mark.parametrize(
    "changes",
    [
        {"model": RecordedModel(sha256="ef" * 32, size_bytes=1, float_twin_size_bytes=2)},
        {"cell": replace(a_record().cell, id=CELL, image_size=128)},
        {"cell": replace(a_record().cell, id=CELL, weights="random")},
    ],
)
def test_two_files_of_one_name_are_refused(changes: dict[str, Any]) -> None:
    other = replace(a_timed_record(rounds_around(0.005)), **changes)
    with pytest.raises(ResultsError, match="is not the same model file everywhere") as caught:
        by_machine([a_side(run("a.json"), run("b.json", other))])
    assert all(one in str(caught.value) for one in ("a.json", "b.json", "name only the results of the one"))


@pytest.mark.parametrize("seconds", [0.0, 1e-300, 1e10, 1e308])
def test_what_is_no_time_and_no_ratio_is_absent(seconds: float) -> None:
    record = a_timed_record(rounds_around(0.004))
    paired = replace(record.latency.speedup_over_float, point=seconds)
    without = replace(record, latency=replace(record.latency, p90_seconds=seconds, speedup_over_float=paired))
    found = cell(run("a.json", without))
    assert len(found.timing.runs) == 1
    assert (found.timing.p90_seconds, found.timing.speedup, found.timing.twin) == (None, None, None)
    untimed = replace(record, latency=replace(record.latency, p50_seconds=seconds))
    assert cell(run("a.json", untimed, rounds=False)).timing.runs == ()


def test_what_was_not_measured_is_absent() -> None:
    bare = a_timed_record(rounds_around(0.004), latency=None, accuracy=None, model=None, memory=None, startup=None)
    found = cell(run("a.json", bare))
    assert found == KnownCell(recorded=bare.cell)
    assert (found.timing.p50_seconds, found.timing.p90_seconds, found.timing.speedup) == (None, None, None)
    assert (found.top1, found.middle("memory"), found.timing.twin, found.values) == (None, None, None, {})


def test_newly_wrong_are_those_that_only_the_reference_has_right() -> None:
    found = paired_answers(a_known_cell(right="++++---"), a_known_cell(right="+---++-"))
    assert found == PairedAnswers(both=1, newly_wrong=3, newly_right=2, neither=1)


def test_the_reference_of_a_quantization_is_of_the_same_backbone_and_if_there_is_one_of_the_same_runtime() -> None:
    cell = a_known_cell(runtime="openvino")
    floats = [
        a_known_cell("float32", runtime=runtime, backbone=backbone, threads=threads)
        for backbone, runtime, threads in (
            ("mobilenet", "openvino", 1),
            ("mobilenet", "openvino", 2),
            ("mobilenet", "litert", 1),
            ("xception", "openvino", 1),
        )
    ]
    for count, expected in enumerate([*floats[:3], None]):
        left = floats[count:]
        assert FloatFiles({one.id: one for one in (cell, *left[::-1])}.values()).own(cell) is expected
    assert FloatFiles({one.id: one for one in floats}.values()).own(floats[0]) is floats[0]


def test_a_float_file_of_other_weights_or_other_samples_is_no_reference() -> None:
    cell = a_known_cell()
    for other in (a_known_cell("float32", weights="random"), a_known_cell("float32", right="+++++")):
        assert FloatFiles({"float": other}.values()).own(cell) is None


def test_a_drop_is_against_the_most_accurate_backbone_on_the_same_runtime_if_there_is_one() -> None:
    cell = a_known_cell(runtime="openvino", right="++--")
    floats = [
        a_known_cell("float32", backbone=backbone, runtime=runtime, right=right)
        for backbone, runtime, right in (
            ("xception", "openvino", "++++"),
            ("xception", "litert", "++++"),
            ("mobilenet", "openvino", "+++-"),
        )
    ]
    for count, expected in enumerate(floats):
        left = {one.id: one for one in (cell, *floats[:count:-1], expected)}
        assert FloatFiles(left.values()).best(cell) is expected
        assert FloatFiles(left.values()).best(expected) is expected
        assert FloatFiles(left.values()).best(floats[2]) is expected


def test_of_backbones_that_are_right_equally_often_the_own_one_is_the_reference() -> None:
    cell, own, other = a_known_cell(), a_known_cell("float32"), a_known_cell("float32", backbone="xception")
    cells = {one.id: one for one in (other, own, cell)}
    assert FloatFiles(cells.values()).best(cell) is own
    assert FloatFiles(cells.values()).best(other) is other


def test_random_weights_are_never_the_most_accurate_backbone() -> None:
    cell = a_known_cell()
    lucky = a_known_cell("float32", backbone="xception", right="++++", weights="random")
    assert FloatFiles({one.id: one for one in (cell, lucky)}.values()).best(cell) is None


def test_float_files_of_many_cells_are_found_without_a_look_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    cells = [
        a_known_cell(variant, backbone=f"b{number}") for number in range(300) for variant in ("float32", "integer_only")
    ]
    top1 = type(cells[0]).top1
    asked: list[str] = []
    monkeypatch.setattr(KnownCell, "top1", property(lambda one: asked.append(one.id) or top1.fget(one)))
    floats = FloatFiles(cells)
    for float32, integer in zip(cells[::2], cells[1::2], strict=True):
        assert floats.own(integer) is floats.best(integer) is floats.own(float32) is float32
    assert len(asked) <= 4 * len(cells)
