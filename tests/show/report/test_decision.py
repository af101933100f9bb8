"""Does the report begin with what to take, and why?"""

from dataclasses import replace

from reportparts import FLOAT, INTEGER, refused, run_of, timed
from zoobench.judge.recommend.limits import parse_limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.judge.recommend.sentences import decision
from zoobench.results.run import Side
from zoobench.results.schema import Record
from zoobench.show.document import Grid
from zoobench.show.report.contents import Decision, without_empty
from zoobench.show.report.decision import decision_of

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
