"""Do numbers reach people with three significant digits in the right unit?"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zoobench.errors import UsageError
from zoobench.system.units import (
    ABSENT,
    BYTES,
    SECONDS,
    SHARE,
    chance,
    change_percent,
    duration,
    exactly,
    megabytes,
    milliseconds,
    nats,
    parse_number,
    parse_quantity,
    percent,
    probability,
    ratio,
    size,
    three_digits,
    tick,
    tick_milliseconds,
    tick_percent,
)

shown_without_exponent = st.floats(1e-4, 1e6, exclude_max=True)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (1, "1.00"),
        (12.345, "12.3"),
        (99.96, "100"),  # rounding makes a fourth digit
        (100, "100"),
        (123.6, "124"),
        (999.6, "1000"),
        (1234, "1230"),
        (99_999, "100000"),
        (999_999, "1000000"),
        (1_234_567, "1.23e+06"),
        (0.5, "0.500"),
        (0.012345, "0.0123"),
        (0.0001, "0.000100"),
        (-12.345, "-12.3"),
    ],
)
def test_three_significant_digits_are_shown(value: float, text: str) -> None:
    assert three_digits(value) == text


@given(value=shown_without_exponent)
def test_what_is_shown_is_true_to_half_a_per_cent(value: float) -> None:
    text = three_digits(value)
    assert "e" not in text
    assert float(text) == pytest.approx(value, rel=0.005)


@given(first=shown_without_exponent, second=shown_without_exponent)
def test_a_larger_number_is_never_shown_as_the_smaller(first: float, second: float) -> None:
    low, high = sorted((first, second))
    assert float(three_digits(low)) <= float(three_digits(high))
    assert float(ratio(low)) <= float(ratio(high))


@pytest.mark.parametrize(
    ("show", "texts"),
    [
        (milliseconds, {0.0172: "17.2", 0.00043219: "0.432", 2.5: "2500", None: ABSENT}),
        (megabytes, {16_912_345: "16.9", 217_500_000: "218", 2_376: "0.00238", None: ABSENT}),
        (size, {0: "0 B", 8: "8 B", 999: "999 B", 1_000: "1.00 kB", 43_776: "43.8 kB", 999_999: "1000 kB"}),
        (size, {1_000_000: "1.00 MB", 3_204_600: "3.20 MB"}),
        (percent, {0.9267: "92.7", 1: "100.0", 0: "0.0", None: ABSENT}),
        (ratio, {1: "1.00", 0.25: "0.25", 2.5: "2.50", 9.994: "9.99", 9.996: "10.0", 12.34: "12.3", None: ABSENT}),
        (ratio, {0.096: "0.10", 0.0867: "0.0867", 0: "0"}),  # of the second two decimals would say 0.09
        (exactly, {3_519_584: "3,519,584", 0: "0", None: ABSENT}),
        (change_percent, {0.1234: "+12.3", -0.0042: "-0.4", 9.994: "+999.4", 11.28: "+1130", None: ABSENT}),
        (change_percent, {0.0: "0.0", 0.0004: "0.0", -0.0004: "0.0"}),  # neither up nor down
        (nats, {0.3204: "0.320", 16.1: "16.100", 12345.6: "12300", None: ABSENT}),
        (probability, {0.0391: "0.039", 1: "1.000", 0.0004: "<0.001", None: ABSENT}),
        (chance, {1.0: "100", 0.99999: ">99.9", 0.99899: "99.8", 0.95: "95.0", 0.9499: "94.9", None: ABSENT}),
        (chance, {0.57: "57.0", 0.0011: "0.1", 0.0009: "<0.1", 0.0: "0"}),  # what is not certain never reads as if
        (tick, {0: "0", 5: "5", 0.5: "0.5", 2000: "2000", 0.30000000000000004: "0.3", -2: "-2", 5e9: "5e+09"}),
        (tick_milliseconds, {0.0005: "0.5", 0.02: "20", 2: "2000"}),
        (tick_percent, {0: "0", 0.58: "58", 0.925: "92.5", 1: "100"}),
    ],
)
def test_a_number_is_shown_in_its_unit_with_the_digits_that_say_something(
    show: Callable[[Any], str], texts: dict[float | None, str]
) -> None:
    assert {value: show(value) for value in texts} == texts


@pytest.mark.parametrize(
    ("text", "units", "value"),
    [
        ("57%", SHARE.written, 0.57),
        (" 0.5  % ", SHARE.written, 0.005),
        ("30 ms", SECONDS.written, 0.03),
        ("5 MB", BYTES.written, 5e6),
    ],
)
def test_a_quantity_is_read_exactly(text: str, units: dict[str, float], value: float) -> None:
    assert parse_quantity(text, units, where="--x", example="x") == value


@pytest.mark.parametrize(
    "received", ["5", "5 kg", "-5 %", "0 %", "nan %", "1e3 %", "% 5", "", "51 %", f"1{'0' * 400} %", 5, True]
)
def test_what_is_no_allowed_quantity_is_refused_with_what_is(received: object) -> None:
    with pytest.raises(UsageError) as caught:
        parse_quantity(received, SHARE.written, where="--x", example="5 %", most=0.5)
    expected = f'--x: received {received!r}; allowed is a number above 0 up to 50 and its unit, %, such as "5 %"'
    assert str(caught.value) == expected


@given(number=st.integers(1, 100))
def test_a_number_in_bounds_is_read_and_others_are_refused(number: int) -> None:
    assert parse_number(f"{number}", int, where="--x", least=number, most=number) == number
    with pytest.raises(UsageError, match=f"received {number}; allowed is {number + 1} or more"):
        parse_number(f"{number}", int, where="--x", least=number + 1)
    with pytest.raises(UsageError, match=f"received {number}; allowed is {number - 1} or less"):
        parse_number(f"{number}", int, where="--x", most=number - 1)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.3, "under 1 s"), (40.4, "about 40 s"), (89.6, "about 90 s"), (400, "about 7 min")]
)
def test_a_duration_that_is_expected_is_said_as_well_as_it_is_known(seconds: float, text: str) -> None:
    assert duration(seconds) == text
