"""Are limits what their texts say, and is every other text refused with what is allowed?"""

import pytest

from zoobench.errors import UsageError
from zoobench.judge.recommend.limits import (
    DEFAULT_PREFERENCE,
    DROP,
    LIMITED,
    MEMORY,
    P50,
    P90,
    PREFERENCES,
    QUANTIZATION_DROP,
    SIZE,
    TOP1,
    option_of,
    parse_confidence,
    parse_limit,
    parse_preference,
)


@pytest.mark.parametrize(
    ("metric", "text", "bound"),
    [
        (P90, "30 ms", 0.030),
        (P50, "800µs", 0.0008),
        (SIZE, "5 MB", 5e6),
        (MEMORY, "1 GB", 1e9),
        (DROP, "0.5 points", 0.005),
        (DROP, "0 pp", 0.0),
        (TOP1, " 100% ", 1.0),
    ],
)
def test_a_number_and_its_unit_are_a_limit(metric: str, text: str, bound: float) -> None:
    found = parse_limit(metric, text)
    assert (found.metric.key, found.bound) == (metric, pytest.approx(bound))


@pytest.mark.parametrize(
    ("metric", "text"),
    [
        (P90, "30"),
        (P90, "30 MB"),
        (P90, "0 ms"),
        (P90, "30 ms 40 ms"),
        (SIZE, "5 MiB"),
        (SIZE, "5 mb"),
        (DROP, "1 %"),
        (DROP, "101 pp"),
        (TOP1, "88 pp"),
        (TOP1, "0 %"),
        (TOP1, "100.1 %"),
    ],
)
def test_any_other_text_is_refused_with_what_was_received_what_is_allowed_and_an_example(
    metric: str, text: str
) -> None:
    row = LIMITED[metric]
    with pytest.raises(UsageError) as caught:
        parse_limit(metric, text)
    assert f"{option_of(row)}: received {text!r}; allowed is a number" in str(caught.value)
    assert f'such as "{row.example}"' in str(caught.value)
    assert all(unit in str(caught.value) for unit in row.unit.written)


@pytest.mark.parametrize(
    ("metric", "text", "told", "option"),
    [
        (P90, "30ms", "p90 ≤ 30 ms", "--max-latency-p90"),
        (TOP1, "88 %", "top-1 ≥ 88 %", "--min-top1"),
        (QUANTIZATION_DROP, "1pp", "quantization drop ≤ 1 pp", "--max-quantization-drop"),
    ],
)
def test_a_limit_and_its_option_are_told_with_their_direction(metric: str, text: str, told: str, option: str) -> None:
    found = parse_limit(metric, text)
    assert (found.summary, option_of(found.metric)) == (told, option)


def test_limits_are_the_same_however_they_are_written() -> None:
    assert parse_limit(P90, "30 ms") == parse_limit(P90, "0.03 s")
    assert parse_limit(P90, "30 ms") != parse_limit(P50, "30 ms")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("latency_p50,top1,size", DEFAULT_PREFERENCE),
        ("size", ("size", "latency_p50", "top1")),
        (" memory , latency_p90", ("memory", "latency_p90", "latency_p50", "top1", "size")),
    ],
)
def test_what_is_not_named_follows(text: str, found: tuple[str, ...]) -> None:
    assert parse_preference(text) == found


@pytest.mark.parametrize("text", ["speed", "", "size,size", "latency", "latency_p50,"])
def test_an_unknown_preference_is_refused_with_the_known_ones(text: str) -> None:
    with pytest.raises(UsageError, match=rf"--prefer: received .* allowed are {', '.join(PREFERENCES)}"):
        parse_preference(text)


@pytest.mark.parametrize(("text", "share"), [("95 %", 0.95), ("50%", 0.5), ("99 %", 0.99)])
def test_a_confidence_is_a_percentage(text: str, share: float) -> None:
    assert parse_confidence(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["0.95", "95", "49 %", "99.1 %", "100 %", "", "-95 %"])
def test_any_other_confidence_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UsageError, match=r"allowed is a number from 50 up to 99 and its unit, %"):
        parse_confidence(text)
