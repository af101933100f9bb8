"""Does the report hold every part, in the words that its records give?"""

from dataclasses import replace

from fakes import a_training
from reportparts import FLOAT, INTEGER, a_report, refused, run_of, timed
from zoobench.judge.compare.comparison import Comparison, compare
from zoobench.results.provenance import Provenance
from zoobench.results.run import Run, Side
from zoobench.show.report.assembly import changes_of
from zoobench.show.report.contents import Pictures


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
