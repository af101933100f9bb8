"""Are changes against a baseline summed up and none of them hidden?"""

from reportparts import FLOAT, INTEGER, run_of, timed
from zoobench.judge.compare.comparison import Comparison, compare
from zoobench.results.run import Run, Side
from zoobench.show.report.baselinechanges import changes_of


def compared(base: Run, new: Run) -> Comparison:
    return compare(Side(name="base.json", runs=(base,)), Side(name="new.json", runs=(new,)))


def test_each_metric_counts_its_cells_by_verdict() -> None:
    slower = timed("integer_only", 0.008, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    found = changes_of(compared(run_of(FLOAT, INTEGER), run_of(FLOAT, slower)))
    p50 = next(metric for metric in found.metrics if metric.sheet.caption == "p50, ms")
    assert (p50.told, p50.moved) == ("1 regressed, 1 unchanged", True)
    size = next(metric for metric in found.metrics if metric.sheet.caption == "size, MB")
    assert (size.told, size.moved) == ("2 unchanged", False)
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
