"""Are SQNR, cosine and losses what their formulas say?"""

import math
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layers import layer
from zoobench.measure.layers import Sums, cosine, layer_error, losses, short_names, sqnr, worst

values = st.floats(-100, 100).filter(lambda value: value == 0 or abs(value) > 1e-3)
pairs = st.lists(st.tuples(values, values), min_size=1, max_size=30)


def sums(*pairs: tuple[float, float], of: Sums | None = None) -> Sums:
    total = of or Sums()
    total.add(*np.array(pairs).T)
    return total


def test_what_is_added_up_is_what_the_formulas_say() -> None:
    expected = Sums(count=2, signal=25.0, quantized=13.0, noise=4.0, product=17.0, max_error=2.0, low=-4.0, high=3.0)
    assert sums((3.0, 3.0), (-4.0, -2.0)) == expected


def test_an_error_of_a_tenth_of_the_signal_is_20_db() -> None:
    assert sqnr(sums((10.0, 9.0))) == pytest.approx(20.0)


def test_sqnr_is_of_powers_over_all_values() -> None:
    assert sqnr(sums((3.0, 3.0), (4.0, 3.0))) == pytest.approx(10 * math.log10(25 / 1))


def test_without_noise_or_without_signal_there_is_no_sqnr() -> None:
    assert sqnr(sums((1.0, 1.0))) is None
    assert sqnr(sums((0.0, 1.0))) is None


def test_the_cosine_of_orthogonal_values_is_0_and_of_opposite_ones_minus_1() -> None:
    assert cosine(sums((1.0, 0.0), (0.0, 1.0))) == 0.0
    assert cosine(sums((2.0, -1.0))) == -1.0
    assert cosine(sums((3.0, 4.0), (4.0, 3.0))) == pytest.approx(24 / 25)


def test_where_one_side_is_zero_there_is_no_cosine() -> None:
    assert cosine(sums((0.0, 1.0))) is None
    assert cosine(sums((1.0, 0.0))) is None


def test_errors_are_given_beside_the_signal_they_belong_to() -> None:
    found = layer_error(sums((3.0, 3.0), (-1.0, 1.0)), position=4, kind="ADD", name="sum", inputs=(2, 3))
    assert (found.max_error, found.error_rms) == (2.0, pytest.approx(math.sqrt(2)))
    assert (found.signal_low, found.signal_high, found.signal_rms) == (-1.0, 3.0, pytest.approx(math.sqrt(5)))
    assert found.max_error_of_range == 0.5
    assert (found.position, found.inputs) == (4, (2, 3))


@given(pairs=pairs)
def test_a_file_against_itself_is_exact(pairs: list[tuple[float, float]]) -> None:
    found = layer_error(sums(*((x, x) for x, _ in pairs)), position=0, kind="ADD", name="sum", inputs=())
    assert found.exact
    assert found.sqnr_db is None
    assert found.cosine is None or found.cosine == pytest.approx(1)


@given(pairs=pairs, factor=st.floats(0.01, 100))
def test_sqnr_and_cosine_do_not_depend_on_the_scale(pairs: list[tuple[float, float]], factor: float) -> None:
    one, scaled = sums(*pairs), sums(*((factor * x, factor * y) for x, y in pairs))
    assert (sqnr(one) is None) == (sqnr(scaled) is None) or one.noise < 1e-9 * one.signal
    if sqnr(one) is not None and one.noise > 1e-9 * one.signal:
        assert sqnr(scaled) == pytest.approx(sqnr(one), abs=1e-4)
    if cosine(one) is not None:
        assert cosine(scaled) == pytest.approx(cosine(one), abs=1e-9)


@given(first=pairs, second=pairs)
def test_sums_of_parts_add_up_to_those_of_the_whole(
    first: list[tuple[float, float]], second: list[tuple[float, float]]
) -> None:
    added, whole = sums(*second, of=sums(*first)), sums(*first, *second)
    for field in fields(Sums):
        assert getattr(added, field.name) == pytest.approx(getattr(whole, field.name), abs=1e-6)


def test_the_worst_layers_have_the_lowest_sqnr_and_errors_without_a_signal_come_first() -> None:
    layers = [layer(0, None, max_error=0.0), layer(1, 40.0), layer(2, 20.0), layer(3, None), layer(4, 30.0)]
    assert [one.position for one in worst(layers, 3)] == [3, 2, 4]


def test_a_layer_loses_what_its_worst_input_had_more() -> None:
    layers = [layer(0, 50.0), layer(1, 40.0), layer(2, 33.0, inputs=(0, 1)), layer(3, 36.0, inputs=(2,))]
    assert losses(layers) == {2: 7.0, 3: -3.0}


def test_float_arithmetic_is_no_noise_that_could_be_lost_from() -> None:
    assert losses([layer(0, 150.0), layer(1, 40.0, inputs=(0,)), layer(2, 40.0, inputs=(-1,))]) == {}


def test_names_are_as_short_as_tells_them_apart() -> None:
    names = ["net/conv1/Relu;net/bn/add", "net/a/conv/Relu", "net/b/conv/Relu", "Identity"]
    assert short_names(names) == ["conv1/Relu", "a/conv/Relu", "b/conv/Relu", "Identity"]
