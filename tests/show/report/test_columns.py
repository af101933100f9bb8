"""Does each column of the matrix say what the record says?"""

from dataclasses import replace

import pytest

from fakes import a_record
from reportparts import FLOAT, INTEGER, refused
from zoobench.results.schema import Speedup
from zoobench.show.report.columns import READINGS, span
from zoobench.show.report.matrixparts import Value
from zoobench.system.units import ratio

BY_KEY = {one.key: one for one in READINGS}


def read(key: str, record: object = INTEGER) -> Value:
    return BY_KEY[key].read(record)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("key", "text", "order"),
    [
        ("top1", "87.5", 7 / 8),
        ("loss", "0.500", 0.5),
        ("agreement", "100.0", 1.0),
        ("p50", "4.00", 0.004),
        ("over-float", "2.50", 2.5),
        ("size", "3.40", 3_400_000),
        ("memory", "56.0", 56_000_000),
    ],
)
def test_a_value_is_scaled_for_people_and_sorted_as_it_is(key: str, text: str, order: float) -> None:
    assert (read(key).text, read(key).order) == (text, pytest.approx(order))


def test_an_interval_and_a_relative_size_stand_beside_the_value() -> None:
    assert read("over-float").detail == "2.48–2.52"  # 2.475 and 2.525, 1 % to each side
    assert read("size").detail == "× 0.27"  # 3.4 of 12.8 MB
    assert span(None, ratio) == ""


@pytest.mark.parametrize("key", BY_KEY)
def test_what_was_not_measured_is_a_dash_that_sorts_nowhere(key: str) -> None:
    assert read(key, refused()) == Value(text="–")


@pytest.mark.parametrize(("low", "high", "tone"), [(1.03, 1.5, "better"), (0.5, 0.97, "worse"), (0.97, 1.5, "")])
def test_a_speedup_is_called_better_or_worse_only_beyond_what_copies_differ_by(
    low: float, high: float, tone: str
) -> None:
    assert FLOAT.latency is not None
    speedup = Speedup(twin="twin", point=(low + high) / 2, interval=(low, high))
    record = replace(FLOAT, latency=replace(FLOAT.latency, speedup_over_float=speedup))
    assert read("over-float", record).tone == tone


def test_a_start_is_opening_and_the_first_image_together() -> None:
    record = a_record()
    assert record.startup is not None
    startup = record.startup
    seconds = startup.initialization.p50_seconds + startup.first_inference.p50_seconds
    assert read("startup", record).order == seconds


def test_a_number_that_stands_alone_has_its_unit() -> None:
    assert BY_KEY["p50"].with_unit("4.00") == "4.00 ms"
    assert BY_KEY["over-float"].with_unit("2.50") == "× 2.50"
    assert BY_KEY["loss"].with_unit("0.500") == "0.500"


def test_keys_are_told_once() -> None:
    assert len(BY_KEY) == len(READINGS)
