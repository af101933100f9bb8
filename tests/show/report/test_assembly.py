"""Does the report hold every part, in the words that its records give, and say how it was measured?"""

from dataclasses import replace

import pytest

from fakes import a_disturbance, a_training, an_interval
from reportparts import FLOAT, INTEGER, a_report, refused, run_of, timed
from resultfiles import EPYC
from zoobench.judge.compare.comparison import Comparison, compare
from zoobench.results.run import Provenance, Run, Side
from zoobench.results.schema import Record
from zoobench.show.report.assembly import changes_of, environment_of, fewest_flips, method_of, unknowns_of
from zoobench.show.report.contents import Pictures
from zoobench.stats.paired import mcnemar_mid_p


def test_the_title_and_the_facts_say_what_was_measured_where_and_when() -> None:
    found = a_report()
    assert found.title == "mobilenet on pets"
    assert {fact.label: fact.value for fact in found.facts} == {
        "Cells": "2",
        "Test samples": "8 images of 2 classes",
        "Machine": "AMD EPYC, 2 cores",
        "Measured": "2026-11-25 08:23 UTC",
        "File": "machine/0001.json",
    }


def test_the_recommended_cell_is_the_marked_one() -> None:
    found = a_report()
    assert found.decision.cell
    assert [row.id for row in found.matrix.rows if row.chosen] == [found.decision.cell]


def test_cells_that_were_meant_and_are_missing_are_noted() -> None:
    found = a_report(provenance=Provenance(cells=("mobilenet-keras-keras-t1",)))
    assert any("mobilenet-keras-keras-t1" in note for note in found.matrix.notes)


def test_there_are_changes_only_with_a_baseline() -> None:
    side = Side(name="run", runs=(run_of(FLOAT, INTEGER),))
    assert a_report().changes is None
    assert a_report(comparison=compare(side, side)).changes is not None


def test_what_is_missing_is_said_in_its_place() -> None:
    untrained = a_report(replace(FLOAT, training=None))
    assert untrained.training_notes[0].startswith("No training curves are in the file")
    trained = a_report(replace(FLOAT, training=a_training()))
    assert (trained.training_notes, len(trained.training)) == ((), 1)
    unanswered = a_report(*(replace(one, accuracy=None) for one in (FLOAT, INTEGER)))
    assert "No accuracy was measured in this run" in unanswered.answers_notes[0]
    some = a_report(FLOAT, INTEGER, refused())
    assert some.answers_notes == ("Without accuracy, so not here: mobilenet-int16x8-litert-t1.",)


def test_a_reason_for_no_pictures_is_told() -> None:
    found = a_report(pictures=Pictures(reason="the store is gone"))
    assert found.answers_notes == ("Flipped samples are shown without images: the store is gone.",)


def test_the_recommended_cells_confusion_is_drawn_for_pictures() -> None:
    found = a_report()
    assert found.confusion is not None
    assert found.decision.cell in found.confusion.title
    assert a_report(replace(FLOAT, accuracy=None)).confusion is None


def compared(base: Run, new: Run) -> Comparison:
    return compare(Side(name="base.json", runs=(base,)), Side(name="new.json", runs=(new,)))


def test_each_metric_counts_its_cells_by_verdict() -> None:
    slower = timed("integer_only", 0.008, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    found = changes_of(compared(run_of(FLOAT, INTEGER), run_of(FLOAT, slower)))
    p50 = next(metric for metric in found.metrics if metric.sheet.caption == "p50, ms")
    assert (p50.summary, p50.moved) == ("1 regressed, 1 unchanged", True)
    size = next(metric for metric in found.metrics if metric.sheet.caption == "size, MB")
    assert (size.summary, size.moved) == ("2 unchanged", False)
    assert len(p50.sheet.grid.rows) == 2


def test_cells_that_one_side_lacks_are_named_and_counted() -> None:
    found = changes_of(compared(run_of(FLOAT), run_of(FLOAT, INTEGER)))
    assert found.lead[0] == "baseline:  base.json (1 run)"
    assert f"Only in this run (1): {INTEGER.cell.id}." in found.lead
    assert not any("Only in the baseline" in line for line in found.lead)


def test_conditions_that_differ_have_a_table_and_equal_ones_a_sentence() -> None:
    found = changes_of(compared(run_of(FLOAT), run_of(timed("float32", 0.010, weights="random"))))
    assert found.conditions is not None
    assert ("weights", "imagenet", "random") in found.conditions.grid.rows
    same = changes_of(compared(run_of(FLOAT), run_of(FLOAT)))
    assert same.conditions is None
    assert "All known conditions are the same." in same.lead


def test_it_is_said_that_this_is_no_judgement() -> None:
    notes = changes_of(compared(run_of(FLOAT), run_of(FLOAT))).notes
    assert notes[-1] == "This compares; `zoobench gate` judges, by replaying both sides."


SURROUNDINGS = {
    "cpu": "AMD EPYC",
    "cores": 2,
    "memory_bytes": 25_276_502_016,
    "virtualization": {"virtual_machine": True, "container": None},
    "libraries": {"numpy": "2.4.6", "ai-edge-litert": "2.3.0"},
}


def tables(*records: Record, provenance: Provenance | None = None) -> dict[str, dict[str, tuple[str, ...]]]:
    sheets = environment_of(run_of(*records, provenance=provenance))
    return {sheet.caption: {row[0]: row[1:] for row in sheet.grid.rows} for sheet in sheets}


def test_the_machine_is_told_apart_from_the_libraries() -> None:
    found = tables(replace(FLOAT, environment=SURROUNDINGS))
    assert found["Machine"] == {
        "cpu": ("AMD EPYC",),
        "cores": ("2",),
        "memory": ("25300 MB",),
        "virtual machine": ("yes",),
    }
    assert found["Libraries"] == {"numpy": ("2.4.6",), "ai-edge-litert": ("2.3.0",)}


def test_every_version_that_a_cell_had_is_told() -> None:
    other = {**SURROUNDINGS, "libraries": {"numpy": "1.26.0"}}
    found = tables(replace(FLOAT, environment=SURROUNDINGS), replace(INTEGER, environment=other))
    assert found["Libraries"]["numpy"] == ("2.4.6, 1.26.0",)


def test_options_are_written_as_they_are_given() -> None:
    options = tables(FLOAT, provenance=Provenance(options={"threads": "1,2"}))
    assert options["Options of the run that are not the defaults"] == {"--zoo-threads": ("1,2",)}
    assert "Options of the run that are not the defaults" not in tables(FLOAT)


def test_data_are_told_once_with_their_hash() -> None:
    data = tables(FLOAT, INTEGER)["Test data"]
    assert data["classes"] == ("2: cat, dog",)
    assert data["SHA-256"] == ("cd" * 32,)


def test_a_file_that_several_cells_ran_stands_once() -> None:
    files = tables(FLOAT, INTEGER)["Model files"]
    assert files == {f"{FLOAT.cell.id}, {INTEGER.cell.id}": ("abababababab", "3,400,000", "imagenet")}


def test_weights_of_a_file_are_told_by_the_beginning_of_its_hash() -> None:
    own = replace(FLOAT, cell=replace(FLOAT.cell, weights=f"file:{'ef' * 32}"))
    assert tables(own)["Model files"][FLOAT.cell.id][2] == "file:efefefefefef"


def test_rounds_samples_and_processes_are_those_of_the_records() -> None:
    text = "\n".join(method_of([FLOAT, INTEGER]))
    assert "Rounds of a cell: 64." in text
    assert "every one of 8 test samples" in text
    assert "6 a cell" in text


def test_what_was_not_done_is_not_explained() -> None:
    bare = replace(FLOAT, accuracy=None, latency=None, memory=None, startup=None)
    assert method_of([bare]) == ()
    untimed = "\n".join(method_of([replace(FLOAT, latency=None)]))
    assert "× float" not in untimed
    assert "Accuracy" in untimed


def test_a_kit_is_told() -> None:
    assert "came in a kit" in "\n".join(method_of([replace(FLOAT, kit="ab" * 32)]))
    assert "kit" not in "\n".join(method_of([FLOAT]))


def unknowns(*records: Record) -> str:
    return "\n".join(unknowns_of(run_of(*records)))


def test_the_machine_is_named_and_that_others_differ() -> None:
    assert "this machine's (AMD EPYC, 2 cores)" in unknowns(FLOAT)
    assert "unknown machine, unknown number of cores" in unknowns(replace(FLOAT, environment={}))


def test_a_virtual_machine_and_a_container_are_told_only_where_they_are() -> None:
    inside = {**EPYC, "virtualization": {"virtual_machine": True, "hypervisor": None, "container": "docker"}}
    assert "It is a virtual machine and a container (docker)" in unknowns(replace(FLOAT, environment=inside))
    outside = {**EPYC, "virtualization": {"virtual_machine": False, "hypervisor": None, "container": None}}
    assert "It is a" not in unknowns(replace(FLOAT, environment=outside))


@pytest.mark.parametrize(
    ("governor", "phrase"), [("powersave", "(governor: powersave)"), (None, "(governor: not known)")]
)
def test_a_frequency_that_was_free_is_told(governor: str | None, phrase: str) -> None:
    assert phrase in unknowns(replace(FLOAT, environment={**EPYC, "governor": governor}))


def test_a_fixed_frequency_is_not() -> None:
    assert "governor" not in unknowns(replace(FLOAT, environment={**EPYC, "governor": "performance"}))


def test_the_smallest_loss_that_is_no_chance_is_reckoned_from_the_samples() -> None:
    assert fewest_flips() == 5
    assert mcnemar_mid_p(5, 0) < 0.05 <= mcnemar_mid_p(4, 0)
    assert "fewer than 5 newly wrong with none newly right (62.5 points) may be chance" in unknowns(FLOAT)  # 5 of 8


def test_accuracy_of_random_weights_is_not_quoted() -> None:
    text = unknowns(timed("float32", 0.01, weights="random"))
    assert "Random weights in mobilenet: its accuracy means nothing" in text
    assert "best top-1" not in text


def test_drawn_images_say_nothing_of_photos() -> None:
    drawn = replace(FLOAT, dataset=replace(FLOAT.dataset, name="drawn"))
    assert "The images are drawn" in unknowns(drawn)
    assert "come from one collection" in unknowns(FLOAT)


def test_disturbed_and_unwatched_cells_are_named() -> None:
    assert FLOAT.latency is not None
    watched = a_disturbance(an_interval())
    quiet = replace(FLOAT, latency=replace(FLOAT.latency, disturbance=watched))
    assert "disturb" not in unknowns(quiet)
    assert f"was not watched in {FLOAT.cell.id}, {INTEGER.cell.id}." in unknowns(FLOAT, INTEGER)


def test_parts_that_were_not_measured_are_told_and_refused_cells_are_not_among_them() -> None:
    bare = replace(INTEGER, accuracy=None, memory=None)
    text = unknowns(FLOAT, bare, refused())
    assert f"Accuracy was not measured in {INTEGER.cell.id}." in text
    assert f"Memory was not measured in {INTEGER.cell.id}." in text
    assert "Time was not measured" not in text
    assert "Accuracy was not measured in the only cell." in unknowns(bare)


def test_what_was_not_timed_or_answered_is_not_explained() -> None:
    text = unknowns(replace(FLOAT, accuracy=None, latency=None))
    assert "One process timed" not in text
    assert "test samples" not in text
