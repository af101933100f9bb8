"""Do the pictures show every cell and every training that can be drawn, with their numbers?"""

from dataclasses import replace

from fakes import a_training
from reportparts import FLOAT, INTEGER, refused, run_of, timed
from zoobench.judge.recommend.limits import Limit, parse_limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record, Speedup
from zoobench.show.charts.sheet import Chart
from zoobench.show.document import Grid
from zoobench.show.report.contents import Figure, Sheet
from zoobench.show.report.figures import drawn, figures_of, group, label, labels, trade_off, trainings_of

TRAINED = a_training()
CHART = Chart(svg="<svg/>", title="A chart", alternative="What it shows.")


def figures(run: Run) -> dict[str, Figure]:
    return {one.name: one for one in figures_of(run, recommend([Side(name="run", runs=(run,))]))}


def test_three_pictures_come_in_the_order_of_reading() -> None:
    found = figures(run_of(FLOAT, INTEGER))
    assert list(found) == ["trade-off", "latency", "speed-up"]
    assert [one.title for one in found.values()] == ["Trade-off", "Latency", "Speed-up"]


def test_latencies_have_the_rounds_of_the_file() -> None:
    sheet = figures(run_of(FLOAT, INTEGER, refused()))["latency"].sheet
    assert sheet is not None
    assert sheet.grid.rows[1] == (INTEGER.cell.id, "64", "3.96", "4.00", "4.03", "4.04")  # 4 ms, spread over 2 %
    assert len(sheet.grid.rows) == 2


def test_a_file_without_rounds_still_has_its_medians() -> None:
    sheet = figures(replace(run_of(INTEGER), rounds={}))["latency"].sheet
    assert sheet is not None
    assert sheet.grid.rows == ((INTEGER.cell.id, "0", "–", "4.00", "4.03", "–"),)


def test_speedups_name_their_twin() -> None:
    sheet = figures(run_of(FLOAT, INTEGER))["speed-up"].sheet
    assert sheet is not None
    assert sheet.grid.rows[1] == (INTEGER.cell.id, FLOAT.cell.id, "2.50", "2.48–2.52")


def test_a_speedup_of_nothing_has_no_place_on_a_logarithmic_axis() -> None:
    def sped(record: Record) -> Record:
        assert record.latency is not None
        speedup = Speedup(twin=FLOAT.cell.id, point=0.0, interval=(0.0, 0.0))
        return replace(record, latency=replace(record.latency, speedup_over_float=speedup))

    assert figures(run_of(sped(INTEGER)))["speed-up"].sheet is None


def of_cells(*records: Record, limits: tuple[Limit, ...] = ()) -> Figure:
    recommendation = recommend([Side(name="run", runs=(run_of(*records),))], limits=limits)
    return trade_off(records, recommendation)


def cells(figure: Figure) -> list[str]:
    return [row[0] for row in figure.sheet.grid.rows] if figure.sheet else []


def test_every_cell_that_has_all_three_is_there() -> None:
    found = of_cells(FLOAT, INTEGER, replace(timed("int16x8", 0.1), accuracy=None))
    assert cells(found) == [FLOAT.cell.id, INTEGER.cell.id]
    assert "mobilenet-int16x8-litert-t1 has no place" in " ".join(found.notes)
    assert found.svg.startswith("<svg")
    assert found.narrow_svg != found.svg


def test_what_beats_a_cell_is_named() -> None:
    slow = timed("dynamic_range", 0.1, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    found = of_cells(INTEGER, slow)
    assert found.sheet is not None
    assert found.sheet.grid.rows[1][-1] == INTEGER.cell.id
    assert found.sheet.grid.rows[0][-2:] == ("on the front", "")


def test_limits_on_an_axis_are_drawn() -> None:
    assert "p50 ≤ 6 ms" in of_cells(FLOAT, INTEGER, limits=(parse_limit("latency_p50", "6 ms"),)).svg
    assert "size ≤ 5 MB" not in of_cells(FLOAT, INTEGER, limits=(parse_limit("size", "5 MB"),)).svg


def test_random_weights_are_left_out_beside_trained_ones_and_that_is_said() -> None:
    random = timed("float32", 0.02, backbone="xception", weights="random")
    found = of_cells(FLOAT, INTEGER, random)
    assert cells(found) == [FLOAT.cell.id, INTEGER.cell.id]
    assert found.notes[0] == f"Random weights, so not here, as their accuracy means nothing: {random.cell.id}."


def test_random_weights_alone_are_shown_and_that_is_said_loudly() -> None:
    random = timed("float32", 0.02, weights="random")
    found = of_cells(random)
    assert cells(found) == [random.cell.id]
    assert found.notes[0].startswith("RANDOM WEIGHTS: how high a cell stands here means nothing")


def test_cells_of_one_head_share_its_picture() -> None:
    (figure,) = trainings_of([replace(one, training=TRAINED) for one in (FLOAT, INTEGER)])
    assert figure.title == "Training of mobilenet's head"
    assert figure.notes == ("4 epochs, 7.03 s; epoch 2 was kept.",)
    assert figure.sheet is not None
    assert figure.sheet.grid.rows[:2] == (("1", "2.500", "25.0", "–", "–"), ("2", "1.250", "50.0", "1.500", "50.0"))


def test_two_heads_of_one_backbone_are_told_apart() -> None:
    other = a_training(seconds=None, kept_epoch=None)
    found = trainings_of([replace(FLOAT, training=TRAINED), replace(INTEGER, training=other)])
    assert [one.name for one in found] == ["training-1", "training-2"]
    assert len({one.title for one in found}) == 2
    assert found[1].notes == ("4 epochs; which epoch was kept is not known.",)


def test_each_backbone_has_its_own() -> None:
    other = timed("float32", 0.02, backbone="xception")
    found = trainings_of([replace(one, training=TRAINED) for one in (FLOAT, other)])
    assert [one.title for one in found] == ["Training of mobilenet's head", "Training of xception's head"]


def test_without_curves_there_is_no_picture() -> None:
    assert trainings_of([replace(one, training=None) for one in (FLOAT, INTEGER)]) == ()


def renamed(record: Record, **changes: str) -> Record:
    cell = replace(record.cell, **changes)  # type: ignore[arg-type]
    return replace(record, cell=replace(cell, id=f"{cell.backbone}-{cell.variant}-{cell.runtime}-t{cell.threads}"))


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
