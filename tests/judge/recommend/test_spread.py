"""Is the spread between processes what was measured, and is it said where it is from?"""

import math

import numpy as np
import pytest
from scipy.stats import norm, t

from choices import learned
from fakes import a_cell
from zoobench.judge.recommend.spread import NODES, TAIL, Spread, default_sd, spread_of


def test_the_default_is_what_one_pair_of_processes_in_a_hundred_is_beyond() -> None:
    """ln(1.2) / (2.5758 sqrt(2)) = 0.18232 / 3.6428 = 0.05005."""
    sigma = default_sd(0.2)
    assert sigma == pytest.approx(0.05005, abs=5e-5)
    assert 2 * norm.sf(math.log(1.2) / (math.sqrt(2) * sigma)) == pytest.approx(0.01)


def test_the_default_agrees_with_the_consecutive_runs_it_was_measured_on() -> None:
    """43 % of pairs moved by more than 5 %, 13 % by more than 10 %: it is a little more than what they say."""
    of_pair = math.sqrt(2) * default_sd(0.2)
    for moved, share in ((0.05, 0.43), (0.10, 0.13)):
        found = 2 * norm.sf(math.log1p(moved) / of_pair)
        assert share < found < share + 0.08


def test_keras_varies_more() -> None:
    keras, litert = (spread_of(a_cell(runtime=runtime), None) for runtime in ("keras_graph", "litert"))
    assert keras.between_process_sd == pytest.approx(math.log(2) / 3.6428, rel=1e-4)
    assert keras.between_process_sd > 3 * litert.between_process_sd
    assert "the default for Keras" in keras.summary


def test_what_was_learned_of_the_machine_comes_first_and_is_an_estimate() -> None:
    cell = a_cell()
    found = spread_of(cell, learned(cell.id))
    assert (found.between_process_sd, found.freedom) == (0.04, 8)
    assert (
        found.summary
        == "processes differ by 4.0 % (standard deviation), as 9 runs of this cell on amd-epyc-2c did (zoobench noise)"
    )


@pytest.mark.parametrize("noise", [{"runs": 4}, {"run_scatter": 0.0}])
def test_what_was_learned_from_too_little_is_not_taken(noise: dict[str, float]) -> None:
    cell = a_cell()
    assert spread_of(cell, learned(cell.id, **noise)) == spread_of(cell, None)  # type: ignore[arg-type]


def test_what_was_learned_of_another_cell_is_not_taken() -> None:
    assert spread_of(a_cell(), learned("another")).freedom is None


@pytest.mark.parametrize("freedom", [None, 8])
def test_shifts_are_the_quantiles_of_the_distribution(freedom: int | None) -> None:
    shifts = Spread(between_process_sd=0.1, source="told", freedom=freedom).shifts()
    of = norm if freedom is None else t(freedom)
    assert len(shifts) == NODES
    assert np.quantile(shifts, 0.9) == pytest.approx(0.1 * of.ppf(0.9), rel=2e-3)
    assert shifts.mean() == pytest.approx(0, abs=1e-12)


def test_the_slowest_tenth_varies_more_than_the_median() -> None:
    spread = Spread(between_process_sd=0.1, source="told")
    assert spread.of_tail().between_process_sd == pytest.approx(0.1 * TAIL)
