"""Does a reader find the decision first, and every cell with what is to be said of it?"""

from dataclasses import replace

import pytest

import views
from choices import limit
from fakes import a_disturbance, an_interval
from machines import FAST, FLOAT, PI, SMALL, record, side, usual
from zoobench.judge.recommend.limits import DROP, MEMORY, P50, P90, SIZE
from zoobench.judge.recommend.recommendation import Recommendation, recommend
from zoobench.results.schema import Cause, Record, Refusal
from zoobench.show.recommendation import view

CHOICE = recommend([usual()], limits=[limit(P90, "4.4 ms"), limit(SIZE, "5 MB")])


def markdown(recommendation: Recommendation) -> str:
    return views.written(view(recommendation), "markdown")


def text(recommendation: Recommendation) -> str:
    return views.text(view(recommendation), width=200)


def words(recommendation: Recommendation, start: str) -> list[list[str]]:
    return [line.split() for line in text(recommendation).splitlines() if line.startswith(start)]


def disturbed(variant: str, seconds: float) -> Record:
    made = record(variant, seconds)
    assert made.latency is not None
    seen = a_disturbance(an_interval(rounds=64), disturbed_rounds=64, causes=(Cause(kind="waiting", worst=0.5),))
    return replace(made, latency=replace(made.latency, disturbance=seen))


def test_every_cell_stands_under_what_it_comes_to() -> None:
    found = recommend([usual()], limits=[limit(P50, "5.2 ms"), limit(SIZE, "5 MB")])
    heads = [line.split()[0] for line in text(found).splitlines() if "────" not in line and line[:1].isalpha()]
    places = [heads.index(one) for one in ("holds", "open", "nearest", "Pareto")]
    assert places == sorted(places)
    assert heads[places[0] + 1] == FAST
    assert heads[places[1] + 1] == SMALL
    assert heads[places[2] + 1] == FLOAT


def test_of_the_cells_that_miss_the_nearest_are_shown_and_the_others_counted() -> None:
    variants = ("float16", "dynamic_range", "weight_only_int8", "float_fallback", "integer_only", "int16x8", "float32")
    runs = side(*(record(name, 0.01 + index / 1000) for index, name in enumerate(variants)))
    shown = text(recommend([runs], limits=[limit(P50, "1 ms")]))
    rows = shown.partition("nearest misses")[2].partition("Pareto front")[0].splitlines()
    assert [row.split()[0] for row in rows if row.startswith("mobilenet")] == [
        f"mobilenet-{name}-litert-t1" for name in variants[:5]
    ]
    assert "and 2 more miss by more (--format json names all)" in rows


def test_an_open_cell_that_would_come_first_is_named() -> None:
    found = recommend(
        [side(record("integer_only", 0.004, memory=None), record("float32", 0.01))], limits=[limit(MEMORY)]
    )
    (line,) = [one for one in text(found).splitlines() if one.startswith("would come first")]
    assert line.startswith(f"would come first if it held: {FAST}: peak memory: it was not measured")


def test_a_disturbed_time_is_marked_and_named() -> None:
    found = recommend([side(disturbed("integer_only", 0.004))], limits=[limit(SIZE)])
    assert "~4.00" in words(found, FAST)[0]
    assert f"~ disturbed, so that they may be faster; measure them again: {FAST}" in text(found)


def test_what_is_left_out_is_named_with_a_reason_that_fits_a_line() -> None:
    refused = record("int16x8", 0.004, latency=None, accuracy=None, refusal=Refusal(by="litert", reason="no\n" * 999))
    (line,) = [
        one
        for one in text(recommend([side(record("float32", 0.01), refused)])).splitlines()
        if one.startswith("left out: ")
    ]
    assert line.startswith("left out: mobilenet-int16x8-litert-t1: refused by litert: no")
    assert line.endswith(" …")
    assert len(line) < 260


def test_random_weights_show_no_top1() -> None:
    found = recommend([side(record("integer_only", 0.004, weights="random"))])
    assert words(found, FAST)[0][1:5] == ["4.00", "4.03", "2.50", "–"]


def test_a_name_is_never_cut() -> None:
    long = record("integer_only", 0.004)
    long = replace(long, cell=replace(long.cell, id="inception_resnet_v2-" + "x" * 90))
    assert long.cell.id in views.text(view(recommend([side(long)])), width=80)


def test_every_machine_shows_its_best_and_what_the_common_cell_costs_it() -> None:
    slow = side(
        record("integer_only", 0.012, environment=PI), record("dynamic_range", 0.009, environment=PI), name="pi.json"
    )
    found = recommend([usual(), slow], limits=[limit(P50, "11 ms")])
    assert words(found, "best there")[0] == ["best", "there", FAST, SMALL]
    assert words(found, SMALL)[0][1:] == ["25.0", "%", "slower", "is", "the", "best"]
    (row,) = [one for one in words(found, FLOAT) if "measured" in one]
    assert row[-3:] == ["not", "measured", "there"]
    assert any("Raspberry Pi 5, 4 cores: pi.json" in line for line in text(found).splitlines())


@pytest.mark.parametrize("shown", [text, markdown])
def test_a_name_that_would_steer_a_terminal_is_marked(shown: object) -> None:
    steering = record("integer_only", 0.004)
    steering = replace(steering, cell=replace(steering.cell, id="x\x1b[31m-t1"))
    assert callable(shown)
    assert "\x1b" not in shown(recommend([side(steering)], limits=[limit(DROP, "99 pp"), limit(SIZE)]))


def test_what_is_not_known_is_null() -> None:
    alone = side(record("integer_only", 0.004, memory=None))
    content = views.content(view(recommend([alone], limits=[limit(MEMORY)])))
    (candidate,) = content["machines"][0]["candidates"]
    assert (content["recommended"], candidate["at_least"], candidate["peak_bytes"]) == (None, None, None)
    assert candidate["probabilities"][0]["probability"] is None


def test_regrets_are_by_machine() -> None:
    slow = side(record("integer_only", 0.012, environment=PI), name="pi.json")
    content = views.content(view(recommend([usual(), slow], limits=[limit(P90, "30 ms")])))
    first, *others = content["regrets"]
    assert (first["cell"], first["largest"]) == (FAST, pytest.approx(0.0))
    assert [one["machine"] for one in first["on"]] == ["AMD EPYC, 2 cores", "Raspberry Pi 5, 4 cores"]
    assert {one["largest"] for one in others} == {None}
    assert {one["on"][1]["state"] for one in others} == {None}
