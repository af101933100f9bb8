"""Is refused what has no place on an axis?"""

import math

import pytest

from zoobench.errors import ResultsError
from zoobench.show.report.charts.chart import require_number, require_span, require_width


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
        require_width(width)
