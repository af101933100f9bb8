"""Are cells paired by id, is nothing lost on the way, and is nothing judged that cannot be?"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fakes import a_cell, a_record, disturbed
from resultfiles import EPYC, a_plain_run, a_run, a_side, a_timed_record, a_timed_run, answered, rounds_around
from zoobench.judge.compare.comparison import Comparison, compare, run_differences
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.metrics import METRICS
from zoobench.results.run import Provenance, Run
from zoobench.results.schema import Record, RecordedModel, Refusal

CELL = a_record().cell.id


def changes(comparison: Comparison, cell: str = CELL) -> dict[str, Finding]:
    (found,) = (one for one in comparison.cells if one.id == cell)
    return {finding.metric: finding for finding in found.findings}


def verdicts(comparison: Comparison) -> dict[str, Verdict | None]:
    return {name: change.verdict for name, change in changes(comparison).items()}


def named(name: str, **parts: Any) -> Record:
    record = a_record(**parts)
    return replace(record, cell=replace(record.cell, id=name))


def test_a_side_against_itself_has_not_changed() -> None:
    side = a_side(a_timed_run(0.004))
    comparison = compare(side, side)
    measured = [finding for finding in comparison.cells[0].findings if finding.baseline is not None]
    assert {finding.verdict for finding in measured} == {Verdict.UNCHANGED}
    assert len(measured) >= 9
    assert comparison.environment == comparison.only_baseline == comparison.only_candidate == comparison.notes == ()


def test_every_cell_has_every_metric_in_the_same_order() -> None:
    comparison = compare(a_side(a_timed_run(0.004)), a_side(a_run(a_record(latency=None, model=None))))
    assert [finding.metric for finding in comparison.cells[0].findings] == list(METRICS)


def test_cells_of_one_side_only_are_listed() -> None:
    comparison = compare(
        a_side(a_run(named("a"), named("b"), named("c"))), a_side(a_run(named("d"), named("b"), named("e")))
    )
    assert [cell.id for cell in comparison.cells] == ["b"]
    assert (comparison.only_baseline, comparison.only_candidate) == (("a", "c"), ("d", "e"))


def test_each_cell_of_both_sides_is_told_as_it_is_done() -> None:
    told: list[tuple[int, str]] = []
    side = a_side(a_run(named("a"), named("b")))
    compare(side, side, advance=lambda steps, cell: told.append((steps, cell)))
    assert told == [(1, "a"), (1, "b")]


def test_times_of_different_machines_are_told_but_not_judged() -> None:
    other = a_timed_run(0.012, environment={**EPYC, "cpu": "Cortex-A76"})
    comparison = compare(a_side(a_timed_run(0.004)), a_side(other))
    found = verdicts(comparison)
    assert not comparison.same_machine
    assert changes(comparison)["latency_p50"].change == pytest.approx(2)
    assert found["latency_p50"] is found["speedup"] is None
    assert found["size"] == Verdict.UNCHANGED


def changed_cell(**cell: Any) -> Run:
    record = a_timed_record(rounds_around(0.008))
    return a_run(replace(record, cell=replace(record.cell, **cell)), rounds={CELL: rounds_around(0.008)})


def test_a_cell_of_another_image_size_is_not_judged_at_all() -> None:
    comparison = compare(a_side(a_timed_run(0.004)), a_side(changed_cell(image_size=128)))
    assert comparison.cells[0].differences == ("image size: 224 / 128",)
    assert set(verdicts(comparison).values()) == {None}


def test_other_data_leaves_times_and_size_to_be_judged() -> None:
    other = a_timed_run(0.008, dataset=replace(a_record().dataset, sha256="00" * 32))
    found = verdicts(compare(a_side(a_timed_run(0.004)), a_side(other)))
    assert (found["latency_p50"], found["size"]) == (Verdict.REGRESSED, Verdict.UNCHANGED)
    assert found["top1"] is found["loss"] is None


def accuracies(base: str, new: str, *, cells: int) -> Comparison:
    """Returns a comparison of cells of which only the first answers differently."""
    names = [f"cell{index}" for index in range(cells)]
    ours = a_run(*(named(name, accuracy=answered(base)) for name in names))
    theirs = a_run(*(named(name, accuracy=answered(new if name == "cell0" else base)) for name in names))
    return compare(a_side(ours), a_side(theirs))


def test_a_loss_of_accuracy_is_worse_where_mcnemar_says_so() -> None:
    found = changes(accuracies("+" * 20, "-" * 8 + "+" * 12, cells=1), "cell0")["top1"]
    assert found.p == pytest.approx(1 / 256)
    assert found.verdict == Verdict.REGRESSED
    assert changes(accuracies("-" * 8 + "+" * 12, "+" * 20, cells=1), "cell0")["top1"].verdict == Verdict.IMPROVED


def test_the_same_loss_among_many_cells_is_unclear() -> None:
    comparison = accuracies("+" * 20, "-" * 8 + "+" * 12, cells=20)
    found = changes(comparison, "cell0")["top1"]
    assert found.p == pytest.approx(20 / 256)
    assert found.verdict == Verdict.INCONCLUSIVE
    assert changes(comparison, "cell7")["top1"].verdict == Verdict.UNCHANGED


def test_it_is_told_whether_both_sides_measured_the_same_file() -> None:
    base = a_record()
    assert base.model is not None
    other = replace(base, model=replace(base.model, sha256="00" * 32))
    for new, expected in ((base, True), (other, False), (replace(base, model=None), None)):
        assert compare(a_side(a_run(base)), a_side(a_run(new))).cells[0].same_file is expected


def test_a_refusal_is_told_with_its_side() -> None:
    refused = a_record(model=None, accuracy=None, latency=None, refusal=Refusal(by="litert", reason="no kernel"))
    comparison = compare(a_side(a_run(a_record())), a_side(a_run(refused)))
    assert comparison.cells[0].refusals == ("candidate: litert refuses it: no kernel",)


def test_runs_of_different_files_on_one_side_are_named() -> None:
    model = a_record().model
    assert model is not None
    mixed = a_side(a_timed_run(0.004), a_timed_run(0.004, model=replace(model, sha256="00" * 32)), name="mixed")
    (note,) = compare(a_side(a_timed_run(0.004)), mixed).notes
    assert note.startswith(f"mixed: its runs measured 2 different files of {CELL}")


def test_plain_files_are_compared_by_their_times() -> None:
    rounds = tuple(rounds_around(0.004))
    comparison = compare(
        a_side(a_plain_run(test_sort=rounds)), a_side(a_plain_run(test_sort=[3 * one for one in rounds]))
    )
    found = changes(comparison, "test_sort")
    assert (found["latency_p50"].verdict, found["size"].baseline) == (Verdict.REGRESSED, None)


def test_the_number_of_runs_decides_what_the_unit_is() -> None:
    one, five = a_side(a_timed_run(0.004)), a_side(*(a_timed_run(0.004 + index * 1e-5) for index in range(5)))
    assert compare(one, one).by_rounds
    assert not compare(five, five).by_rounds
    assert changes(compare(five, five))["latency_p50"].basis == "processes"
    assert changes(compare(one, five))["latency_p50"].basis is None


def test_a_side_that_was_disturbed_is_noted() -> None:
    quiet, loud = a_run(a_record()), a_run(disturbed(a_record()))
    assert compare(a_side(quiet), a_side(quiet)).notes == ()
    (note,) = compare(a_side(quiet), a_side(loud)).notes
    assert note == (f"results.json: {CELL}: 12 of 30 rounds were disturbed: waited for a CPU up to 29.0 % of the time")


def run(*records: Record, **provenance: object) -> Run:
    return Run(
        path=Path("results/pi/0001_x.json"),
        records={one.cell.id: one for one in records},
        provenance=Provenance(**provenance),
    )  # type: ignore[arg-type]


def found(one: Run, other: Run) -> set[tuple[str, str, str, str]]:
    return {(about, *each) for about, those in run_differences(one, other).items() for each in those}


def test_equal_runs_do_not_differ() -> None:
    assert run_differences(run(a_record()), run(a_record())) == {}


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
    both = ("pets, 3 test samples, cdcdcdcdcdcd", "pets, 3 test samples, 121212121212")
    assert found(run(*cells), run(*others)) == {("the run", "data set", *both)}


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
