"""Does the matrix hold every cell, in whatever state it is?"""

from dataclasses import replace

from fakes import a_disturbance, an_interval
from reportparts import FLOAT, INTEGER, refused, timed
from zoobench.results.schema import Cause, Record
from zoobench.show.report.matrix import matrix_of
from zoobench.show.report.matrixparts import Row


def disturbed(record: Record) -> Record:
    assert record.latency is not None
    disturbance = replace(
        a_disturbance(an_interval()), disturbed_rounds=12, causes=(Cause(kind="waiting", worst=0.29),)
    )
    return replace(record, latency=replace(record.latency, disturbance=disturbance))


def row(record: Record, **options: str) -> Row:
    (found,) = matrix_of([record], **options).rows
    return found


def test_rows_stand_as_in_the_table_on_a_terminal() -> None:
    found = matrix_of([INTEGER, timed("float32", 0.02, backbone="xception"), FLOAT])
    assert [(one.backbone, one.variant) for one in found.rows] == [
        ("mobilenet", "float32"),
        ("mobilenet", "integer_only"),
        ("xception", "float32"),
    ]
    assert found.names("backbone") == ("mobilenet", "xception")
    assert found.names("threads") == ("1",)


def test_every_row_has_a_value_for_each_column() -> None:
    found = matrix_of([FLOAT, INTEGER, refused()])
    assert {len(one.values) for one in found.rows} == {len(found.columns)}


def test_columns_of_what_no_cell_has_are_left_out_but_for_those_that_one_looks_for() -> None:
    bare = replace(FLOAT, accuracy=None, memory=None, startup=None)
    assert [column.key for column in matrix_of([bare]).columns] == ["top1", "p50", "p90", "over-float", "size", "loss"]
    assert "memory" in [column.key for column in matrix_of([bare, INTEGER]).columns]


def test_the_recommended_cell_is_marked() -> None:
    assert row(FLOAT, chosen=FLOAT.cell.id).chosen
    assert not row(FLOAT, chosen=INTEGER.cell.id).chosen


def test_states_are_told_in_words() -> None:
    assert row(FLOAT).marks == ()
    assert row(refused()).marks == ("refused by litert",)
    assert row(replace(FLOAT, accuracy=None, latency=None)).marks == ("not measured",)
    assert row(timed("float32", 0.01, weights="random")).marks == ("random weights",)


def test_a_disturbed_cell_has_its_mark_and_its_reason() -> None:
    found = matrix_of([disturbed(FLOAT)])
    assert found.rows[0].marks == ("disturbed",)
    assert "~10.0" in [value.text for value in found.rows[0].values]
    assert any(note.startswith("~ before a time") for note in found.notes)
    assert any("waited for a CPU up to 29.0 %" in remark for remark in found.remarks)


def test_random_weights_are_the_first_note() -> None:
    assert matrix_of([timed("float32", 0.01, weights="random")]).notes[0].startswith("RANDOM WEIGHTS in mobilenet")


def test_a_cell_that_was_meant_and_is_not_there_is_named() -> None:
    notes = matrix_of([FLOAT], planned=[FLOAT.cell.id, "mobilenet-keras-keras-t1"]).notes
    assert "Meant to be measured and not in the file: mobilenet-keras-keras-t1." in notes


def test_a_refusal_is_remarked_with_its_reason() -> None:
    assert matrix_of([FLOAT, refused()]).remarks == (
        "XFAIL mobilenet-int16x8-litert-t1: litert refuses it: it has no such kernel",
    )
