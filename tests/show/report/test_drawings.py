"""Are latencies and speed-ups drawn of every cell that has them, with their numbers?"""

from dataclasses import replace

from reportparts import FLOAT, INTEGER, refused, run_of
from zoobench.judge.recommend.choosing import choose
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record, Speedup
from zoobench.show.report.contents import Figure
from zoobench.show.report.drawings import figures_of


def figures(run: Run) -> dict[str, Figure]:
    return {one.name: one for one in figures_of(run, choose([Side(name="run", runs=(run,))]))}


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
