"""Do decision, matrix and pictures hold every cell, in whatever state it is, with its numbers?"""

from dataclasses import replace

import pytest

from fakes import disturbed
from reportparts import FLOAT, INTEGER, refused, run_of, sped, timed
from zoobench.judge.recommend.limits import Limit, parse_limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.results.run import Side
from zoobench.results.schema import Record
from zoobench.show.recommendation import decision
from zoobench.show.report.cells import COLUMNS, decision_of, matrix_of
from zoobench.show.report.contents import Decision, Value

BY_KEY = {one.key: one for one in COLUMNS}
SIZE, FAST, IMPOSSIBLE = parse_limit("size", "5 MB"), parse_limit("latency_p50", "6 ms"), parse_limit("size", "1 MB")


def test_rows_stand_as_in_the_table_on_a_terminal_each_with_a_value_for_each_column() -> None:
    found = matrix_of([INTEGER, timed("float32", 0.02, backbone="xception"), refused(), FLOAT])
    assert [f"{cell.backbone} {cell.variant}" for cell, *_ in found.rows] == [
        *("mobilenet float32", "mobilenet integer_only", "mobilenet int16x8", "xception float32"),
    ]
    assert {len(values) for _, values, _ in found.rows} == {len(found.columns)}


def test_columns_of_what_no_cell_has_are_left_out_but_for_those_that_one_looks_for() -> None:
    bare = replace(FLOAT, accuracy=None, memory=None, startup=None)
    assert [column.key for column in matrix_of([bare]).columns] == [
        *("top1", "latency_p50", "latency_p90", "speedup", "size", "loss"),
    ]
    assert "memory" in [column.key for column in matrix_of([bare, INTEGER]).columns]


@pytest.mark.parametrize(
    ("record", "marks"),
    [
        (FLOAT, ()),
        (refused(), ("refused by litert",)),
        (replace(FLOAT, accuracy=None, latency=None), ("not measured",)),
        (timed("float32", 0.01, weights="random"), ("random weights",)),
        (disturbed(FLOAT), ("disturbed",)),
    ],
)
def test_states_are_told_in_words(record: Record, marks: tuple[str, ...]) -> None:
    [(_, _, found)] = matrix_of([record]).rows
    assert found == marks


def test_what_a_reader_must_know_is_noted() -> None:
    found = matrix_of([disturbed(FLOAT), timed("float32", 0.02, backbone="own", weights="random"), refused()])
    assert found.notes[0].startswith("RANDOM WEIGHTS in own")
    assert any(note.startswith("~ before a time") for note in found.notes)
    assert any("waited for a CPU up to 29.0 %" in remark for remark in found.remarks)
    assert found.remarks[0] == "XFAIL mobilenet-int16x8-litert-t1: litert refuses it: it has no such kernel"
    notes = matrix_of([FLOAT], planned=[FLOAT.cell.id, "mobilenet-keras-keras-t1"]).notes
    assert "Meant to be measured and not in the file: mobilenet-keras-keras-t1." in notes


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
        ("startup", "70.0", 0.07),  # 50 ms to open it, 20 ms for the first image
    ],
)
def test_a_value_is_scaled_for_people_and_sorted_as_it_is(key: str, text: str, order: float) -> None:
    found = BY_KEY[key].read(INTEGER)
    assert (found.text, found.order) == (text, pytest.approx(order))


def test_a_sign_an_interval_and_a_relative_size_stand_beside_the_value() -> None:
    assert BY_KEY["latency_p50"].read(disturbed(FLOAT)).text == "~10.0"
    assert BY_KEY["speedup"].read(INTEGER).detail == "2.48–2.52"  # 2.475 and 2.525, 1 % to each side
    assert BY_KEY["size"].read(INTEGER).detail == "× 0.27"  # 3.4 of 12.8 MB


@pytest.mark.parametrize("key", BY_KEY)
def test_what_was_not_measured_is_a_dash_that_sorts_nowhere(key: str) -> None:
    assert BY_KEY[key].read(refused()) == Value(text="–")


@pytest.mark.parametrize(("low", "high", "tone"), [(1.03, 1.5, "good"), (0.5, 0.97, "bad"), (0.97, 1.5, "plain")])
def test_a_speedup_is_called_better_or_worse_only_beyond_what_copies_differ_by(
    low: float, high: float, tone: str
) -> None:
    assert BY_KEY["speedup"].read(sped(FLOAT, low, high)).tone == tone


def test_keys_stand_for_one_column_each() -> None:
    assert len(BY_KEY) == len(COLUMNS)


def decided(*records: Record, limits: tuple[Limit, ...] = (SIZE,)) -> Decision:
    run = run_of(*records)
    recommendation = recommend([Side(name="run", runs=(run,))], limits=limits)
    found = decision_of(recommendation, run.records)
    assert found.sentence == decision(recommendation)
    return found


def test_the_recommended_cell_has_its_figures_with_their_units() -> None:
    found = decided(FLOAT, INTEGER, limits=(FAST,))
    assert found.cell == INTEGER.cell.id
    figures = {name: rest for name, *rest in found.figures}
    assert figures["p50"][0] == "4.00 ms"
    assert figures["size"] == ["3.40 MB", "× 0.27"]
    assert figures["over float"] == ["× 2.50", "2.48–2.52"]
    assert "peak memory" in figures
    bare = decided(FLOAT, replace(INTEGER, memory=None), limits=(FAST,))
    assert "peak memory" not in {name for name, *_ in bare.figures}, "what was not measured is no figure"


def test_each_limit_stands_with_what_was_found_and_the_chance_to_hold() -> None:
    limits = decided(FLOAT, INTEGER, limits=(FAST, SIZE)).limits
    assert limits is not None
    assert limits.rows[0][:2] == ("p50 ≤ 6 ms", "4.00 ms")
    assert limits.rows[1] == ("size ≤ 5 MB", "3.40 MB", "100", "exact")


def test_the_nearest_misses_and_what_is_no_candidate_are_kept() -> None:
    big = replace(FLOAT, model=replace(FLOAT.model, size_bytes=12_800_000))  # type: ignore[type-var]
    bad = refused()
    assert bad.refusal
    wordy = replace(refused("float16"), refusal=replace(bad.refusal, reason="no such kernel, " * 100))
    others = {grid.title: grid.rows for grid in decided(big, INTEGER, bad, wordy).others}
    assert others["The nearest misses"][0][0] == FLOAT.cell.id
    short, long = others["No candidates"]
    assert short == ("mobilenet-int16x8-litert-t1", "refused by litert: it has no such kernel")
    assert len(long[1]) <= 300


def test_where_nothing_holds_there_is_no_cell_but_the_nearest_and_its_limits() -> None:
    found = decided(FLOAT, INTEGER, limits=(IMPOSSIBLE,))
    assert (found.cell, found.figures) == ("", ())
    assert found.limits is not None
    assert found.sentence.startswith("No cell")


def test_rivals_and_assumptions_are_notes() -> None:
    near = timed("float_fallback", 0.0041, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    notes = " ".join(decided(FLOAT, INTEGER, near, limits=(FAST,)).notes)
    assert f"Not significantly worse in p50, and holding all limits too: {near.cell.id}." in notes
    assert "No limit was given" in " ".join(decided(FLOAT, INTEGER, limits=()).notes)
