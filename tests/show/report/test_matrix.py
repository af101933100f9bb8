"""Does the matrix hold every cell, in whatever state it is?"""

from dataclasses import replace

import pytest

from fakes import a_disturbance, a_record, an_interval
from reportparts import FLOAT, INTEGER, refused, run_of, timed
from zoobench.judge.recommend.limits import parse_limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.judge.recommend.sentences import decision
from zoobench.results.run import Side
from zoobench.results.schema import Cause, Record, Speedup
from zoobench.show.document import Grid
from zoobench.show.report.contents import Decision, MatrixRow, Value, span, without_empty
from zoobench.show.report.matrix import COLUMNS, decision_of, matrix_of
from zoobench.system.units import ratio

BY_KEY = {one.key: one for one in COLUMNS}


def disturbed(record: Record) -> Record:
    assert record.latency is not None
    disturbance = replace(
        a_disturbance(an_interval()), disturbed_rounds=12, causes=(Cause(kind="waiting", worst=0.29),)
    )
    return replace(record, latency=replace(record.latency, disturbance=disturbance))


def row(record: Record, **options: str) -> MatrixRow:
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
    assert [column.key for column in matrix_of([bare]).columns] == [
        "top1",
        "latency_p50",
        "latency_p90",
        "speedup",
        "size",
        "loss",
    ]
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


def read(key: str, record: object = INTEGER) -> Value:
    return BY_KEY[key].read(record)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "text", "order"),
    [
        ("top1", "87.5", 7 / 8),
        ("loss", "0.500", 0.5),
        ("agreement", "100.0", 1.0),
        ("latency_p50", "4.00", 0.004),
        ("speedup", "2.50", 2.5),
        ("size", "3.40", 3_400_000),
        ("memory", "56.0", 56_000_000),
    ],
)
def test_a_value_is_scaled_for_people_and_sorted_as_it_is(key: str, text: str, order: float) -> None:
    assert (read(key).text, read(key).order) == (text, pytest.approx(order))


def test_an_interval_and_a_relative_size_stand_beside_the_value() -> None:
    assert read("speedup").detail == "2.48–2.52"  # 2.475 and 2.525, 1 % to each side
    assert read("size").detail == "× 0.27"  # 3.4 of 12.8 MB
    assert span(None, ratio) == ""


@pytest.mark.parametrize("key", BY_KEY)
def test_what_was_not_measured_is_a_dash_that_sorts_nowhere(key: str) -> None:
    assert read(key, refused()) == Value(text="–")


@pytest.mark.parametrize(("low", "high", "tone"), [(1.03, 1.5, "better"), (0.5, 0.97, "worse"), (0.97, 1.5, "")])
def test_a_speedup_is_called_better_or_worse_only_beyond_what_copies_differ_by(
    low: float, high: float, tone: str
) -> None:
    assert FLOAT.latency is not None
    speedup = Speedup(twin="twin", point=(low + high) / 2, interval=(low, high))
    record = replace(FLOAT, latency=replace(FLOAT.latency, speedup_over_float=speedup))
    assert read("speedup", record).tone == tone


def test_a_start_is_opening_and_the_first_image_together() -> None:
    record = a_record()
    assert record.startup is not None
    startup = record.startup
    seconds = startup.initialization.p50_seconds + startup.first_inference.p50_seconds
    assert read("startup", record).order == seconds


def test_a_number_that_stands_alone_has_its_unit() -> None:
    assert BY_KEY["latency_p50"].with_unit("4.00") == "4.00 ms"
    assert BY_KEY["speedup"].with_unit("2.50") == "× 2.50"
    assert BY_KEY["loss"].with_unit("0.500") == "0.500"


def test_keys_are_told_once() -> None:
    assert len(BY_KEY) == len(COLUMNS)


SIZE, FAST, IMPOSSIBLE = parse_limit("size", "5 MB"), parse_limit("latency_p50", "6 ms"), parse_limit("size", "1 MB")


def decided(*records: Record, limits: tuple[object, ...] = (SIZE,)) -> Decision:
    run = run_of(*records)
    return decision_of(recommend([Side(name="run", runs=(run,))], limits=limits), run.records)  # type: ignore[arg-type]


def test_the_sentence_is_that_of_the_recommendation() -> None:
    run = run_of(FLOAT, INTEGER)
    recommendation = recommend([Side(name="run", runs=(run,))], limits=(SIZE,))
    assert decision_of(recommendation, run.records).sentence == decision(recommendation)


def test_the_recommended_cell_has_its_figures_with_their_units() -> None:
    found = decided(FLOAT, INTEGER, limits=(FAST,))
    assert found.cell == INTEGER.cell.id
    figures = {fact.label: (fact.value, fact.detail) for fact in found.figures}
    assert figures["p50"][0] == "4.00 ms"
    assert figures["size"] == ("3.40 MB", "× 0.27")
    assert figures["over float"] == ("× 2.50", "2.48–2.52")


def test_what_was_not_measured_is_no_figure() -> None:
    bare = replace(INTEGER, memory=None)
    assert "peak memory" not in {fact.label for fact in decided(FLOAT, bare, limits=(FAST,)).figures}


def test_each_limit_stands_with_what_was_found_and_the_chance_to_hold() -> None:
    limits = decided(FLOAT, INTEGER, limits=(FAST, SIZE)).limits
    assert limits is not None
    assert limits.grid.rows[0][:2] == ("p50 ≤ 6 ms", "4.00 ms")
    assert limits.grid.rows[1] == ("size ≤ 5 MB", "3.40 MB", "100", "exact")


def test_the_nearest_misses_and_what_is_no_candidate_are_kept() -> None:
    big = replace(FLOAT, model=replace(FLOAT.model, size_bytes=12_800_000))  # type: ignore[type-var]
    others = {sheet.caption: sheet.grid for sheet in decided(big, INTEGER, refused(), limits=(SIZE,)).others}
    assert others["The nearest misses"].rows[0][0] == FLOAT.cell.id
    assert others["No candidates"].rows == (
        ("mobilenet-int16x8-litert-t1", "refused by litert: it has no such kernel"),
    )


def test_where_nothing_holds_there_is_no_cell_but_the_nearest_and_its_limits() -> None:
    found = decided(FLOAT, INTEGER, limits=(IMPOSSIBLE,))
    assert (found.cell, found.figures) == ("", ())
    assert found.limits is not None
    assert found.sentence.startswith("No cell")


def test_a_long_refusal_is_cut() -> None:
    long = refused()
    assert long.refusal is not None
    wordy = replace(long, refusal=replace(long.refusal, reason="no such kernel, " * 100))
    (why,) = (sheet for sheet in decided(FLOAT, wordy).others if sheet.caption == "No candidates")
    assert len(why.grid.rows[0][1]) <= 300


def test_rivals_and_assumptions_are_notes() -> None:
    near = timed("float_fallback", 0.0041, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    notes = " ".join(decided(FLOAT, INTEGER, near, limits=(FAST,)).notes)
    assert f"Not significantly worse in p50, and holding all limits too: {near.cell.id}." in notes
    assert "No limit was given" in " ".join(decided(FLOAT, INTEGER, limits=()).notes)


def test_columns_in_which_nothing_stands_are_left_out() -> None:
    grid = Grid(heads=("a", "b", "c"), rows=(("1", "", "x"), ("2", "", "")), words=frozenset({2}))
    assert without_empty(grid) == Grid(heads=("a", "c"), rows=(("1", "x"), ("2", "")), words=frozenset({1}))
