"""Are the probabilities of top-1 and of its loss those that can be reckoned by hand, or drawn?"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from zoobench.judge.recommend.accuracyodds import drop_probability, top1_probability


def test_half_right_is_as_likely_above_one_half_as_below() -> None:
    assert top1_probability(50, 100, limit=0.5) == pytest.approx(0.5)


def test_top1_is_the_tail_of_a_beta() -> None:
    """90 of 100: Beta(90.5, 10.5) above 0.85."""
    assert top1_probability(90, 100, limit=0.85) == pytest.approx(beta(90.5, 10.5).sf(0.85))
    assert top1_probability(1, 1, limit=1.0) == 0


def test_one_sample_that_is_right_is_surer_to_be_above_a_half_by_the_arcsine_law() -> None:
    """Beta(1.5, 0.5) above 1/2 is 1/2 + 1/pi."""
    assert top1_probability(1, 1, limit=0.5) == pytest.approx(0.5 + 1 / np.pi)


def test_as_many_lost_as_won_lose_nothing_with_one_half() -> None:
    assert drop_probability(7, 7, total=100, limit=0.0) == pytest.approx(0.5)


def test_at_a_limit_of_nothing_it_is_the_share_of_lost_among_the_changed() -> None:
    """P(u <= 1/2) of Beta(8.5, 2.5), whatever share changed."""
    assert drop_probability(8, 2, total=100, limit=0.0) == pytest.approx(beta(8.5, 2.5).cdf(0.5))
    assert drop_probability(8, 2, total=5000, limit=0.0) == pytest.approx(beta(8.5, 2.5).cdf(0.5))


@pytest.mark.parametrize(
    ("lost", "won", "total", "limit"),
    [(4, 2, 260, 0.01), (0, 0, 260, 0.01), (2, 3, 260, 0.01), (30, 10, 2600, 0.01), (5, 0, 20, 0.3), (20, 0, 20, 0.9)],
)
def test_the_drop_is_that_of_drawn_dirichlet_shares(lost: int, won: int, total: int, limit: float) -> None:
    shares = np.random.default_rng(7).dirichlet([lost + 0.5, won + 0.5, total - lost - won + 0.5], 400_000)
    drawn = np.mean(shares[:, 0] - shares[:, 1] <= limit)
    assert drop_probability(lost, won, total=total, limit=limit) == pytest.approx(drawn, abs=0.003)


@settings(deadline=None, max_examples=50)
@given(
    lost=st.integers(0, 50),
    won=st.integers(0, 50),
    more=st.integers(0, 1000),
    limits=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_a_looser_limit_is_never_less_probable(lost: int, won: int, more: int, limits: tuple[float, float]) -> None:
    total, (tight, loose) = lost + won + more + 1, sorted(limits)
    found = [drop_probability(lost, won, total=total, limit=one) for one in (tight, loose)]
    assert 0 <= found[0] <= found[1] + 1e-12 <= 1 + 1e-9
    top1 = [top1_probability(lost, total, limit=one) for one in (loose, tight)]
    assert 0 <= top1[0] <= top1[1] + 1e-12


@settings(deadline=None, max_examples=50)
@given(lost=st.integers(0, 40), won=st.integers(0, 40))
def test_one_more_sample_lost_is_never_more_probable(lost: int, won: int) -> None:
    ours, worse = (drop_probability(one, won, total=200, limit=0.02) for one in (lost, lost + 1))
    assert worse <= ours + 1e-9
