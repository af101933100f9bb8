"""Is refused what has no place in a chart, and is it surrounded by its title and key?"""

import math

import pytest

from drawings import outside, overlapping, words
from zoobench.errors import ResultsError
from zoobench.show.charts.sheet import Chart, Key, header, presented, require_number, require_span
from zoobench.show.charts.svg import element


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.1, 1.1])
def test_what_is_no_number_in_its_range_is_refused_by_name(value: float) -> None:
    with pytest.raises(ResultsError, match=r"top-1 of a is .*; expected a number of 0 to 1"):
        require_number(value, "top-1 of a", least=0, most=1)


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e16])
def test_what_is_too_large_for_any_measurement_is_refused_too(value: float) -> None:
    with pytest.raises(ResultsError, match=r"p50 of a is .*, which cannot be drawn; expected a number of 0 to 1e\+15"):
        require_number(value, "p50 of a", least=0)


@pytest.mark.parametrize("value", [None, 0, 0.5, 1])
def test_numbers_in_their_range_pass_and_so_does_what_was_not_measured(value: float | None) -> None:
    require_number(value, "top-1 of a", least=0, most=1)


@pytest.mark.parametrize("span", [(0.2, 0.1), (math.nan, 0.1), (0.1, math.inf)])
def test_an_interval_the_wrong_way_round_or_without_ends_is_refused(span: tuple[float, float]) -> None:
    with pytest.raises(ResultsError, match="the interval of a"):
        require_span(span, "the interval of a", least=0)


def test_an_interval_of_one_value_passes() -> None:
    require_span((0.1, 0.1), "the interval of a", least=0)
    require_span(None, "the interval of a", least=0)


@pytest.mark.parametrize("width", [0, 319, 1601, math.nan])
def test_a_width_in_which_nothing_can_be_read_is_refused(width: float) -> None:
    with pytest.raises(ResultsError, match="the width of a chart"):
        presented(None, title="Time", alternative="", width=width)


def symbol(x: float, y: float) -> str:
    return element("circle", cx=x, cy=y, r=5)


def a_chart(keys: list[Key], *, title: str = "Time", width: float = 360) -> Chart:
    return presented(lambda: header(title, keys, width=width), title=title, alternative="", width=width)


def test_the_key_stands_on_as_many_lines_as_it_needs() -> None:
    one_line = header("Time", [(symbol, "p50")], width=360)[1]
    keys: list[Key] = [(symbol, f"the meaning of mark {number}") for number in range(4)]
    assert header("Time", keys, width=360)[1] == one_line + 3 * 20
    assert header("Time", keys, width=1000)[1] == one_line
    chart = a_chart(keys)
    assert words(chart) == ["Time", *(f"the meaning of mark {number}" for number in range(4))]
    assert outside(chart) == overlapping(chart) == []


def test_words_of_the_key_need_no_mark() -> None:
    chart = a_chart([(None, "shade:"), (symbol, "2")])
    assert words(chart) == ["Time", "shade:", "2"]
    assert chart.svg.count("<circle") == 1


def test_words_that_just_fit_are_not_shortened() -> None:
    key: Key = (symbol, "fastest to slowest")
    assert words(a_chart([(symbol, "rounds"), (symbol, "p50"), key]))[-1] == "fastest to slowest"


def test_a_long_title_and_a_long_key_lose_their_middle() -> None:
    chart = a_chart([(symbol, "meaning " * 30)], title="title " * 30)
    assert outside(chart) == []
    assert all("…" in one for one in words(chart))
    assert chart.title == "title " * 30


def test_a_picture_of_nothing_says_why() -> None:
    chart = presented(None, title="Time", alternative="No cell was timed.", width=360)
    assert words(chart) == ["Time", "No cell was timed."]
    assert chart.alternative == "No cell was timed."
