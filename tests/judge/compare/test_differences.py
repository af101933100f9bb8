"""Is everything told that differs between two runs, and nothing that does not?"""

from dataclasses import replace
from pathlib import Path

from fakes import a_cell, a_record
from reports import HOSTILE, is_tame
from zoobench.judge.compare.differences import RunDifference, differences, render_differences
from zoobench.results.provenance import Provenance
from zoobench.results.run import Run
from zoobench.results.schema import Record, RecordedModel, Refusal

CELL = a_cell().id


def run(*records: Record, **provenance: object) -> Run:
    return Run(
        path=Path("results/pi/0001_x.json"),
        records={one.cell.id: one for one in records},
        provenance=Provenance(**provenance),
    )  # type: ignore[arg-type]


def found(one: Run, other: Run) -> set[tuple[str, str, str, str]]:
    return {(each.about, each.what, each.one, each.other) for each in differences(one, other)}


def test_equal_runs_do_not_differ() -> None:
    assert differences(run(a_record()), run(a_record())) == ()


def test_cells_of_one_side_alone_are_told() -> None:
    more = replace(a_record(), cell=a_cell(id="more"))
    assert found(run(a_record()), run(a_record(), more)) == {("more", "cell", "absent", "measured")}
    assert found(run(a_record(), more), run(a_record())) == {("more", "cell", "measured", "absent")}
    refused = replace(more, refusal=Refusal(by="litert", reason="NEG"))
    assert found(run(a_record()), run(a_record(), refused)) == {("more", "cell", "absent", "refused")}


def test_models_are_told_by_hash_and_single_bytes() -> None:
    model = RecordedModel(sha256="ef" * 32, size_bytes=3_400_004, float_twin_size_bytes=12_800_000)
    assert found(run(a_record()), run(replace(a_record(), model=model))) == {
        (CELL, "model", "abababababab", "efefefefefef"),
        (CELL, "bytes", "3,400,000", "3,400,004"),
    }


def test_medians_are_told_without_a_verdict() -> None:
    latency = a_record().latency
    assert latency is not None
    slower = replace(a_record(), latency=replace(latency, p50_seconds=0.005))
    assert found(run(a_record()), run(slower)) == {(CELL, "p50 ms", "4.00", "5.00")}


def test_what_was_not_measured_or_refused_is_absent() -> None:
    refused = replace(a_record(), model=None, accuracy=None, latency=None, refusal=Refusal(by="litert", reason="NEG"))
    told = found(run(a_record()), run(refused))
    assert {one[1] for one in told} == {"model", "bytes", "top-1 %", "loss", "p50 ms", "× float", "refused by"}
    assert (CELL, "refused by", "–", "litert: NEG") in told


def test_another_data_set_is_told_once_for_the_run() -> None:
    dataset = replace(a_record().dataset, sha256="12" * 32)
    cells = [replace(a_record(), cell=a_cell(id=name)) for name in "ab"]
    others = [replace(one, dataset=dataset) for one in cells]
    (one,) = differences(run(*cells), run(*others))
    assert (one.about, one.what) == ("the run", "data set")
    assert (one.one, one.other) == ("pets, 3 test samples, cdcdcdcdcdcd", "pets, 3 test samples, 121212121212")


def test_environment_machine_and_options_are_told_key_by_key() -> None:
    here = replace(a_record(), environment={"cpu": "A", "cores": 2, "libraries": {"numpy": "2.4", "keras": None}})
    there = replace(a_record(), environment={"cpu": "A", "cores": 4, "libraries": {"numpy": "2.5", "keras": None}})
    assert found(run(here, machine="a", options={"epochs": "3"}), run(there, machine="b")) == {
        ("the run", "cores", "2", "4"),
        ("the run", "libraries numpy", "2.4", "2.5"),
        ("the run", "machine", "a", "b"),
        ("the run", "option epochs", "3", "–"),
    }


def test_cells_that_were_measured_in_several_environments_show_them_all() -> None:
    two = [replace(a_record(), cell=a_cell(id=str(n)), environment={"cores": n}) for n in (2, 4)]
    one = [replace(a_record(), cell=a_cell(id=str(n)), environment={"cores": 2}) for n in (2, 4)]
    assert found(run(*two), run(*one)) == {("the run", "cores", "2; 4", "2")}


def test_each_cell_has_a_paragraph_with_both_sides() -> None:
    shown = [
        RunDifference(about="the run", what="cores", one="2", other="4"),
        RunDifference(about="a", what="model", one="x", other="y"),
        RunDifference(about="a", what="p50 ms", one="–", other="2"),
    ]
    assert render_differences(shown, names=("main", "pi/0001_x.json")) == (
        "main → pi/0001_x.json\n\nthe run\n    cores   2 → 4\n\na\n    model   x → y\n    p50 ms  – → 2\n"
    )


def test_nothing_to_tell_is_told() -> None:
    assert render_differences((), names=("a", "b")) == "a and b do not differ\n"


def test_names_from_files_neither_steer_a_terminal_nor_break_a_line_nor_the_encoding() -> None:
    hostile = RunDifference(about=HOSTILE, what=HOSTILE, one=HOSTILE, other=HOSTILE)
    assert is_tame(render_differences((hostile,), names=(HOSTILE, HOSTILE)))
    assert is_tame(render_differences((), names=(HOSTILE, HOSTILE)))
