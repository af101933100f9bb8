"""Does the stated preference decide, and the next one where values read the same?"""

import pytest

from choices import a_known_cell, a_machine
from zoobench.errors import UsageError
from zoobench.judge.recommend.preference import DEFAULT_PREFERENCE, ordered, parse_confidence, parse_preference
from zoobench.judge.recommend.relations import standings

SMALL = a_known_cell("dynamic_range", seconds=0.006, size_bytes=3_400_000, right="++++")
FAST = a_known_cell("integer_only", seconds=0.004, size_bytes=3_500_000, right="+++-")
EQUAL = a_known_cell("float_fallback", seconds=0.0045, size_bytes=3_500_032, right="+++-")
UNTIMED = a_known_cell("float16", seconds=None, size_bytes=6_000_000, right="++++")


def order(text: str) -> list[str]:
    machine = a_machine(SMALL, EQUAL, FAST, UNTIMED)
    return [cell.split("-")[1] for cell in ordered(list(machine.cells), standings(machine), parse_preference(text))]


def test_the_fastest_comes_first_and_what_was_not_timed_last() -> None:
    assert order("latency") == ["integer_only", "float_fallback", "dynamic_range", "float16"]


def test_sizes_that_read_the_same_are_a_tie_that_the_next_metric_breaks() -> None:
    """3,500,000 and 3,500,032 bytes are both 3.50 MB."""
    assert order("size,latency") == ["dynamic_range", "integer_only", "float_fallback", "float16"]


def test_the_most_often_right_comes_first() -> None:
    assert order("top1,size") == ["dynamic_range", "float16", "integer_only", "float_fallback"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("latency,top1,size", DEFAULT_PREFERENCE),
        ("size", ("size", "latency", "top1")),
        (" memory , latency-p90", ("memory", "latency-p90", "latency", "top1", "size")),
    ],
)
def test_what_is_not_named_follows(text: str, found: tuple[str, ...]) -> None:
    assert parse_preference(text) == found


@pytest.mark.parametrize("text", ["speed", "", "size,size", "latency,"])
def test_an_unknown_preference_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match=r"--prefer: received .* allowed are latency, latency-p90, size, memory, top1"):
        parse_preference(text)


@pytest.mark.parametrize(("text", "share"), [("95 %", 0.95), ("50%", 0.5), ("99 %", 0.99)])
def test_a_confidence_is_a_percentage(text: str, share: float) -> None:
    assert parse_confidence(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["0.95", "95", "49 %", "99.1 %", "100 %", "", "-95 %"])
def test_any_other_confidence_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match=r"allowed is a number from 50 up to 99 and its unit, %"):
        parse_confidence(text)
