"""Can a person read how gates of identical files ended, what was injected, and see what is caught of it?"""

import json
from dataclasses import replace

import pytest

from drawings import HOSTILE, classes, hovers, of_class, outside, overlapping, words
from noisegates import a_cell_of, a_gate_of
from noisereports import OF_BOTH, OF_SLOWED, OF_TRUE, TRUE, report
from zoobench.judge.gate.false_alarms import CURVE, NoiseReport
from zoobench.show.noise import LEAST_WIDTH, power, render, slowdown_name, to_json
from zoobench.system.units import ABSENT


def lines(of: NoiseReport) -> list[str]:
    return [line.rstrip() for line in render(of, width=LEAST_WIDTH, colours=False).splitlines()]


def test_the_head_says_machine_cells_and_tolerance() -> None:
    assert lines(OF_TRUE)[0] == (
        "here: gates of identical files, 2 cells, tolerance of latency 3.0 %, at most 1.0 % false alarms promised"
    )


def test_real_gates_are_counted_with_their_interval() -> None:
    (row,) = (line.split() for line in lines(OF_TRUE) if line.startswith("none") and " real " in line)
    assert row == ["none", "real", "12", "0", "0.0", "0.0–24.2", "0", "0", "0", "6.00", "0"]


def test_whatever_a_slow_down_was_injected_into_says_so() -> None:
    found = lines(OF_BOTH)
    assert slowdown_name(0.05) == "5.0 % INJECTED"
    assert sum(line.startswith("5.0 % INJECTED") for line in found) == 4 + 3  # how gates ended, and stored methods
    assert any("5.0 % INJECTED" in line and line.startswith("cell") for line in found)
    assert "INJECTED" not in "\n".join(lines(OF_TRUE))


def test_each_cell_says_how_often_it_was_called() -> None:
    assert ["a", "0 of 12", "5 of 5"] in [
        [part.strip() for part in line.split("  ") if part.strip()] for line in lines(OF_BOTH)
    ]


def test_pytest_benchmarks_threshold_stands_with_its_name() -> None:
    assert any("pytest-benchmark median:5%" in line for line in lines(OF_TRUE))


def test_without_true_gates_it_says_that_the_noise_is_not_known() -> None:
    found = "\n".join(lines(OF_SLOWED))
    assert "the noise is not known" in found
    assert "stored" not in found


def test_no_table_is_wider_than_the_least_width() -> None:
    tables = [line for line in lines(OF_BOTH) if line.startswith(("none", "5.0 %", "a ", "─"))]
    assert max(map(len, tables)) <= LEAST_WIDTH
    assert not any("…" in line for line in tables)


def test_a_gate_with_a_cell_that_could_not_be_replayed_is_told() -> None:
    failed = a_gate_of({"a": a_cell_of([0.0] * 6), "b": a_cell_of([], failure="it died")})
    assert "1 gates had a cell that could not be replayed and ended with status 2." in lines(report([*TRUE, failed]))
    assert not any("could not be replayed" in line for line in lines(OF_TRUE))


def test_drawn_gates_have_no_disturbed_processes_to_tell_of() -> None:
    (row,) = (line.split() for line in lines(OF_TRUE) if line.startswith("none") and "resampled  " in line)
    assert row[-1] == ABSENT


def test_a_small_probability_is_told_as_that() -> None:
    alike = [a_gate_of({"a": a_cell_of([shift, shift + 0.001] * 3), "b": a_cell_of([0.0] * 6)}) for shift in (0.0, 0.1)]
    (row,) = (line.split() for line in lines(report(alike)) if line.startswith("a ") and "of" not in line)
    assert row[3:6] == ["1.00", "<", "0.01"]


CONTENT = json.loads(json.dumps(to_json(OF_BOTH), allow_nan=False))


def test_it_says_what_it_is() -> None:
    assert (CONTENT["schema"], CONTENT["kind"], CONTENT["machine"]) == (1, "zoobench-aa-report", "here")


def test_every_count_has_its_interval() -> None:
    real = CONTENT["gates"][0]["real"]
    assert (real["gates"], real["regressed"]) == (12, 0)
    assert real["regressed_interval"] == pytest.approx({"low": 0.0, "high": 0.2425}, abs=5e-5)


def test_what_was_injected_stands_beside_everything_that_it_was_part_of() -> None:
    assert [one["injected_slowdown"] for one in CONTENT["gates"]] == [0.0, 0.05]
    assert {one["injected_slowdown"] for one in CONTENT["stored"]} == {0.0, 0.05}
    assert [one["injected_slowdown"] for one in CONTENT["learned"]["curve"]] == list(CURVE)


def test_without_true_gates_nothing_is_learned() -> None:
    content = to_json(OF_SLOWED)
    assert (content["learned"], content["stored"]) == (None, [])


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
