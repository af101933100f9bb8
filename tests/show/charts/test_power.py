"""Does the picture show what gates catch, with and without true gates?"""

from dataclasses import replace

import pytest

from aareports import OF_BOTH, OF_SLOWED, OF_TRUE
from drawings import HOSTILE, classes, hovers, of_class, outside, overlapping, words
from zoobench.judge.gate.false_alarms import AAReport
from zoobench.show.charts.power import power


def test_some_cell_every_cell_and_pytest_benchmark_are_told_apart() -> None:
    chart = power(OF_BOTH)
    assert {"some", "every", "theirs"} <= classes(chart)
    assert len(of_class(chart, "curve")) == 4, "two curves and their keys"
    assert "some cell, real gates, 95 %: 5 of 5 at 5.0 %" in hovers(chart)
    assert "0 of 12 at 0.0 %, 5 of 5 at 5.0 %" in chart.alternative


def test_without_true_gates_there_are_points_alone() -> None:
    chart = power(OF_SLOWED)
    assert of_class(chart, "curve") == []
    assert {"some", "every"} <= classes(chart)
    assert "theirs" not in classes(chart)


def test_real_gates_are_counted_and_the_tolerance_is_a_line() -> None:
    chart = power(OF_BOTH)
    assert {"12 real", "5 real"} <= set(words(chart))
    assert len(of_class(chart, "chosen")) == 2, "the line and its key"
    assert "2 cells, tolerance of latency 3.0 %; every slow-down is injected" in words(chart)


@pytest.mark.parametrize("report", [OF_TRUE, OF_SLOWED, OF_BOTH], ids=["true", "slowed", "both"])
@pytest.mark.parametrize("machine", HOSTILE)
def test_nothing_stands_outside_the_picture_or_on_other_words(report: AAReport, machine: str) -> None:
    chart = power(replace(report, machine=machine))
    assert outside(chart) == overlapping(chart) == []
