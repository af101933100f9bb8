"""Does a chart become a part of the page with all that it says?"""

from reportparts import FLOAT, timed
from zoobench.judge.blocks import Grid
from zoobench.judge.charts.chart import Chart
from zoobench.judge.report.charting import drawn, group, label
from zoobench.judge.report.contents import Sheet

CHART = Chart(svg="<svg/>", title="A chart", alternative="What it shows.")


def test_a_chart_has_its_own_title_unless_another_is_given() -> None:
    assert drawn("name", wide=CHART).title == "A chart"
    assert drawn("name", wide=CHART, title="Other").title == "Other"


def test_a_drawing_for_phones_is_optional() -> None:
    assert drawn("name", wide=CHART).narrow_svg == ""
    assert drawn("name", wide=CHART, narrow=CHART).narrow_svg == "<svg/>"


def test_a_table_without_rows_is_none() -> None:
    empty = Sheet(caption="Nothing", grid=Grid(heads=("a",), rows=()))
    assert drawn("name", wide=CHART, sheet=empty).sheet is None


def test_rows_are_grouped_by_backbone_and_threads() -> None:
    assert (label(FLOAT), group(FLOAT)) == ("float32 litert", "mobilenet, 1 thread")
    assert group(timed("float32", 0.01, threads=2)) == "mobilenet, 2 threads"
