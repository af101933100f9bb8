"""Do title and key fit, and does a picture of nothing say so?"""

import pytest

from drawings import outside, overlapping, words
from zoobench.errors import ResultsError
from zoobench.show.report.charts.chart import Chart
from zoobench.show.report.charts.sheet import Key, header, presented
from zoobench.show.report.charts.svg import element


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


def test_a_width_without_room_is_refused() -> None:
    with pytest.raises(ResultsError, match="the width of a chart is 100"):
        presented(None, title="Time", alternative="", width=100)
