"""Can a person read how gates of identical files ended, what was injected, and see what is caught of it?"""

from dataclasses import replace

import pytest

from drawings import HOSTILE, classes, hovers, of_class, outside, overlapping, words
from noisegates import a_cell_of, a_gate_of
from noisereports import OF_BOTH, OF_SLOWED, OF_TRUE, TRUE, report
from views import content, lines, table, written
from zoobench.judge.gate.false_alarms import CURVE, NoiseReport
from zoobench.show.noise import power, slowdown_name, view
from zoobench.system.units import ABSENT


def rows(of: NoiseReport, start: str) -> list[list[str]]:
    """Returns the words of each line that begins with `start`."""
    return [line.split() for line in lines(view(of), start)]


def test_real_gates_are_counted_with_their_interval_and_drawn_ones_have_no_disturbed_processes() -> None:
    assert rows(OF_TRUE, "real ") == [["real", "12", "0", "0.0", "0.0–24.2", "0", "0", "0", "6.00", "0"]]
    assert rows(OF_TRUE, "resampled  ")[0][-1] == ABSENT


def test_whatever_a_slow_down_was_injected_into_says_so() -> None:
    assert slowdown_name(0.05) == "5.0 % INJECTED"
    assert len(rows(OF_BOTH, "5.0 % INJECTED")) == 2, "above how gates ended, and above stored methods"
    assert "5.0 % INJECTED" in lines(view(OF_BOTH), "cell")[0]
    assert "INJECTED" not in "".join(lines(view(OF_TRUE)))


def test_without_true_gates_it_says_that_the_noise_is_not_known() -> None:
    found = "\n".join(lines(view(OF_SLOWED)))
    assert "the noise is not known" in found
    assert "stored" not in found


def test_a_gate_with_a_cell_that_could_not_be_replayed_is_counted() -> None:
    failed = a_gate_of({"a": a_cell_of([0.0] * 6), "b": a_cell_of([], failure="it died")})
    assert lines(view(report([*TRUE, failed])), "1 gates had a cell that could not be replayed")
    assert not any("could not be replayed" in line for line in lines(view(OF_TRUE)))


def test_a_small_probability_is_shown_as_that() -> None:
    alike = [a_gate_of({"a": a_cell_of([shift, shift + 0.001] * 3), "b": a_cell_of([0.0] * 6)}) for shift in (0.0, 0.1)]
    (row,) = (row for row in rows(report(alike), "a ") if "of" not in row)
    assert row[3:6] == ["1.00", "<", "0.01"]


def test_programs_get_a_row_for_each_kind_of_gates_and_a_page_has_the_picture() -> None:
    found = table(view(OF_BOTH))
    assert [(row["injected_slowdown"], row["which"]) for row in found][:2] == [("0.0", "real"), ("0.0", "resampled")]
    assert (found[0]["gates"], found[0]["regressed"]) == ("12", "0")
    assert "data:image/svg+xml" in written(view(OF_BOTH), "html")


CONTENT = content(view(OF_BOTH))


def test_what_was_injected_stands_beside_everything_that_it_was_part_of() -> None:
    assert [one["injected_slowdown"] for one in CONTENT["gates"]] == [0.0, 0.05]
    assert {one["injected_slowdown"] for one in CONTENT["stored"]} == {0.0, 0.05}
    assert [one["injected_slowdown"] for one in CONTENT["learned"]["curve"]] == list(CURVE)


def test_without_true_gates_nothing_is_learned() -> None:
    found = content(view(OF_SLOWED))
    assert (found["learned"], found["stored"]) == (None, [])


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
def test_nothing_stands_outside_the_picture_or_on_other_words(report: NoiseReport, machine: str) -> None:
    chart = power(replace(report, machine=machine))
    assert outside(chart) == overlapping(chart) == []
