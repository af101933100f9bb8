"""Does the picture of time, accuracy and size hold the cells that it should, and tell what beats them?"""

from dataclasses import replace

from reportparts import FLOAT, INTEGER, run_of, timed
from zoobench.judge.recommend.choosing import choose
from zoobench.judge.recommend.limits import Limit, parse_limit
from zoobench.results.run import Side
from zoobench.results.schema import Record
from zoobench.show.report.contents import Figure
from zoobench.show.report.tradeoff import trade_off


def drawn(*records: Record, limits: tuple[Limit, ...] = ()) -> Figure:
    choice = choose([Side(name="run", runs=(run_of(*records),))], limits=limits)
    return trade_off(records, choice)


def cells(figure: Figure) -> list[str]:
    return [row[0] for row in figure.sheet.grid.rows] if figure.sheet else []


def test_every_cell_that_has_all_three_is_there() -> None:
    found = drawn(FLOAT, INTEGER, replace(timed("int16x8", 0.1), accuracy=None))
    assert cells(found) == [FLOAT.cell.id, INTEGER.cell.id]
    assert "mobilenet-int16x8-litert-t1 has no place" in " ".join(found.notes)
    assert found.svg.startswith("<svg")
    assert found.narrow_svg != found.svg


def test_what_beats_a_cell_is_named() -> None:
    slow = timed("dynamic_range", 0.1, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    found = drawn(INTEGER, slow)
    assert found.sheet is not None
    assert found.sheet.grid.rows[1][-1] == INTEGER.cell.id
    assert found.sheet.grid.rows[0][-2:] == ("on the front", "")


def test_limits_on_an_axis_are_drawn() -> None:
    assert "p50 ≤ 6 ms" in drawn(FLOAT, INTEGER, limits=(parse_limit("latency_p50", "6 ms"),)).svg
    assert "size ≤ 5 MB" not in drawn(FLOAT, INTEGER, limits=(parse_limit("size", "5 MB"),)).svg


def test_random_weights_are_left_out_beside_trained_ones_and_that_is_said() -> None:
    random = timed("float32", 0.02, backbone="xception", weights="random")
    found = drawn(FLOAT, INTEGER, random)
    assert cells(found) == [FLOAT.cell.id, INTEGER.cell.id]
    assert found.notes[0] == f"Random weights, so not here, as their accuracy means nothing: {random.cell.id}."


def test_random_weights_alone_are_shown_and_that_is_said_loudly() -> None:
    random = timed("float32", 0.02, weights="random")
    found = drawn(random)
    assert cells(found) == [random.cell.id]
    assert found.notes[0].startswith("RANDOM WEIGHTS: how high a cell stands here means nothing")
