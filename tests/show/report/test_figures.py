"""Do the pictures of a report show the cells that they should, with their numbers and what is left out?"""

from dataclasses import replace

from fakes import a_training
from reportparts import FLOAT, INTEGER, refused, run_of, sped, timed
from zoobench.judge.recommend.limits import Limit, parse_limit
from zoobench.judge.recommend.recommendation import recommend
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.show.report.contents import Figure
from zoobench.show.report.figures import figures_of, trade_off, trainings_of

SIZE, FAST = parse_limit("size", "5 MB"), parse_limit("latency_p50", "6 ms")


def figures(run: Run) -> dict[str, Figure]:
    rounds = {name: one.rounds for name, one in run.rounds.items()}
    recommendation = recommend([Side(name="run", runs=(run,))])
    return {one.name: one for one in figures_of(list(run.records.values()), rounds, recommendation)}


def rows(figure: Figure) -> tuple[tuple[str, ...], ...]:
    return figure.numbers.rows if figure.numbers else ()


def test_three_pictures_come_in_the_order_of_reading_for_a_screen_and_for_a_phone() -> None:
    found = figures(run_of(FLOAT, INTEGER))
    assert [one.title for one in found.values()] == ["Trade-off", "Latency", "Speed-up"]
    assert list(found) == ["trade-off", "latency", "speed-up"]
    assert all(one.narrow and one.narrow.svg != one.wide.svg for one in found.values())


def test_latencies_have_the_rounds_of_the_file_or_the_medians_alone() -> None:
    run = run_of(FLOAT, INTEGER, refused())
    assert rows(figures(run)["latency"])[1:] == (
        (INTEGER.cell.id, "64", "3.96", "4.00", "4.03", "4.04"),  # 4 ms, spread over 2 %
    )
    bare = figures(replace(run, rounds={}))["latency"]
    assert rows(bare)[1] == (INTEGER.cell.id, "0", "–", "4.00", "4.03", "–")


def test_speedups_name_their_twin_and_one_of_nothing_has_no_place_on_a_logarithmic_axis() -> None:
    found = rows(figures(run_of(FLOAT, INTEGER))["speed-up"])
    assert found[1] == (INTEGER.cell.id, FLOAT.cell.id, "2.50", "2.48–2.52")
    assert rows(figures(run_of(sped(INTEGER, 0.0, 0.0, point=0.0)))["speed-up"]) == ()


def of_cells(*records: Record, limits: tuple[Limit, ...] = ()) -> Figure:
    recommendation = recommend([Side(name="run", runs=(run_of(*records),))], limits=limits)
    return trade_off(records, recommendation)


def test_every_cell_that_has_all_three_is_in_the_trade_off() -> None:
    found = of_cells(FLOAT, INTEGER, replace(timed("int16x8", 0.1), accuracy=None))
    assert [row[0] for row in rows(found)] == [FLOAT.cell.id, INTEGER.cell.id]
    assert "mobilenet-int16x8-litert-t1 has no place" in " ".join(found.notes)


def test_what_dominates_a_cell_is_named() -> None:
    slow = timed("dynamic_range", 0.1, predicted=(0, 0, 0, 1, 1, 1, 1, 1))
    front, other = rows(of_cells(INTEGER, slow))
    assert front[-2:] == ("on the front", "")
    assert other[-1] == INTEGER.cell.id


def test_limits_on_an_axis_are_drawn() -> None:
    assert "p50 ≤ 6 ms" in of_cells(FLOAT, INTEGER, limits=(FAST,)).wide.svg
    assert "size ≤ 5 MB" not in of_cells(FLOAT, INTEGER, limits=(SIZE,)).wide.svg


def test_random_weights_are_left_out_beside_trained_ones_or_marked_loudly() -> None:
    random = timed("float32", 0.02, backbone="xception", weights="random")
    found = of_cells(FLOAT, INTEGER, random)
    assert [row[0] for row in rows(found)] == [FLOAT.cell.id, INTEGER.cell.id]
    assert found.notes[0] == f"Random weights, so not here, as their accuracy means nothing: {random.cell.id}."
    alone = of_cells(random)
    assert [row[0] for row in rows(alone)] == [random.cell.id]
    assert alone.notes[0].startswith("RANDOM WEIGHTS: how high a cell stands here means nothing")


def test_cells_of_one_head_share_its_picture() -> None:
    (figure,), _ = trainings_of([replace(one, training=a_training()) for one in (FLOAT, INTEGER)])
    assert figure.title == "Training of mobilenet's head"
    assert figure.notes == ("4 epochs, 7.03 s; epoch 2 was kept.",)
    assert rows(figure)[:2] == (("1", "2.500", "25.0", "–", "–"), ("2", "1.250", "50.0", "1.500", "50.0"))


def test_two_heads_are_told_apart_and_without_curves_there_is_no_picture() -> None:
    first, again = replace(FLOAT, training=a_training()), replace(INTEGER, training=a_training(kept_epoch=None))
    other = replace(timed("float32", 0.02, backbone="xception"), training=a_training())
    found, _ = trainings_of([first, again, other, replace(FLOAT, training=None)])
    assert [one.name for one in found] == ["training-1", "training-2", "training-3"]
    assert [one.title for one in found] == [
        *("Training of mobilenet's head (training-1)", "Training of mobilenet's head (training-2)"),
        "Training of xception's head",
    ]
    assert found[1].notes == ("4 epochs, 7.03 s; which epoch was kept is not known.",)
