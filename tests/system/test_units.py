"""Do numbers reach people with three significant digits in the right unit?"""

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


def test_seconds_are_shown_as_milliseconds() -> None:
    assert milliseconds(0.0172) == "17.2"
    assert milliseconds(0.00043219) == "0.432"
    assert milliseconds(2.5) == "2500"


def test_bytes_are_shown_as_millions() -> None:
    assert megabytes(16_912_345) == "16.9"
    assert megabytes(217_500_000) == "218"
    assert megabytes(2_376) == "0.00238"


def test_sizes_in_a_text_carry_the_unit_that_suits_them() -> None:
    assert [size(count) for count in (0, 8, 999, 1_000, 43_776, 999_999, 1_000_000, 3_204_600)] == [
        *("0 B", "8 B", "999 B", "1.00 kB", "43.8 kB", "1000 kB", "1.00 MB", "3.20 MB")
    ]


def test_shares_are_shown_as_percentages_with_one_decimal() -> None:
    assert percent(0.9267) == "92.7"
    assert percent(1) == "100.0"
    assert percent(0) == "0.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1, "1.00"),
        (0.25, "0.25"),
        (2.5, "2.50"),
        (9.994, "9.99"),
        (9.996, "10.0"),
        (12.34, "12.3"),
        (0.096, "0.10"),
        (0.0867, "0.0867"),  # two decimals would say 0.09
        (0, "0"),
    ],
)
def test_ratios_have_two_decimals_where_that_says_enough(value: float, text: str) -> None:
    assert ratio(value) == text


def test_what_is_absent_is_a_dash_and_never_a_zero() -> None:
    assert {milliseconds(None), megabytes(None), percent(None), ratio(None)} == {ABSENT} == {"–"}


def test_a_number_of_which_every_digit_may_matter_is_shown_in_full() -> None:
    assert (exactly(3_519_584), exactly(0), exactly(None)) == ("3,519,584", "0", "–")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (0.1234, "+12.3"),
        (-0.0042, "-0.4"),
        (0.0, "0.0"),
        (0.0004, "0.0"),  # neither up nor down
        (-0.0004, "0.0"),
        (9.994, "+999.4"),
        (11.28, "+1130"),
        (None, "–"),
    ],
)
def test_changes_carry_their_sign(change: float | None, text: str) -> None:
    assert change_percent(change) == text


def test_losses_have_three_decimals_and_p_values_no_more() -> None:
    assert (nats(0.3204), nats(16.1), nats(12345.6), nats(None)) == ("0.320", "16.100", "12300", "–")
    assert (probability(0.0391), probability(1), probability(0.0004), probability(None)) == (
        *("0.039", "1.000", "<0.001", "–"),
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (5, "5"), (0.5, "0.5"), (2000, "2000"), (0.30000000000000004, "0.3"), (-2, "-2"), (5e9, "5e+09")],
)
def test_round_numbers_on_an_axis_have_no_digits_that_say_nothing(value: float, text: str) -> None:
    assert tick(value) == text


def test_axes_are_in_the_units_of_the_tables() -> None:
    assert [tick_milliseconds(seconds) for seconds in (0.0005, 0.02, 2)] == ["0.5", "20", "2000"]
    assert [tick_percent(share) for share in (0, 0.58, 0.925, 1)] == ["0", "58", "92.5", "100"]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (1.0, "100"),
        (0.99999, ">99.9"),
        (0.99899, "99.8"),
        (0.95, "95.0"),
        (0.9499, "94.9"),
        (0.57, "57.0"),
        (0.0011, "0.1"),
        (0.0009, "<0.1"),
        (0.0, "0"),
    ],
)
def test_a_probability_is_rounded_down_so_that_what_is_not_certain_never_reads_as_if(
    value: float | None, text: str
) -> None:
    assert chance(value) == text


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
