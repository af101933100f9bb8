"""Does a chart become a part of the page with all that it says?"""

from dataclasses import replace

from reportparts import FLOAT, timed
from zoobench.results.schema import Record
from zoobench.show.charts.sheet import Chart
from zoobench.show.document import Grid
from zoobench.show.report.charting import drawn, group, label, labels
from zoobench.show.report.contents import Sheet


def renamed(record: Record, **changes: str) -> Record:
    cell = replace(record.cell, **changes)  # type: ignore[arg-type]
    return replace(record, cell=replace(cell, id=f"{cell.backbone}-{cell.variant}-{cell.runtime}-t{cell.threads}"))


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


def test_cells_are_called_by_what_tells_them_apart() -> None:
    one, other = timed("float32", 0.01), timed("float16", 0.01)
    assert list(labels([one, other]).values()) == ["float32", "float16"]
    threads = [one, timed("float32", 0.005, threads=2)]
    assert list(labels(threads).values()) == ["float32 t1", "float32 t2"]
    both = [renamed(one, backbone="mobilenet"), renamed(one, backbone="xception", runtime="openvino")]
    assert list(labels(both).values()) == ["mobilenet float32", "xception float32"]
    assert labels([]) == {}
