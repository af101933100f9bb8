"""How probable is it that a top-1, or its loss against the float file, is within a limit?"""

import numpy as np
from scipy.special import betainc, betaincinv

from zoobench.judge.recommend.scatter import NODES

_HALF = 0.5
"""Of Jeffreys' prior, for each kind of answer."""


def top1_probability(correct: int, total: int, *, limit: float) -> float:
    """Returns the probability that the share of right answers is at least the limit.

    The posterior of a binomial share under Jeffreys' prior is Beta(correct + 1/2, wrong + 1/2): L. D. Brown, T. T. Cai
    and A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science 16 (2001). It takes the test
    samples for independent draws of the images that will come.
    """
    return float(1 - betainc(correct + _HALF, total - correct + _HALF, limit))


def drop_probability(lost: int, won: int, *, total: int, limit: float) -> float:
    """Returns the probability that the loss of top-1 is at most the limit.

    Both answered the same samples, so that a sample is lost, won, or as before; their shares are Dirichlet(lost + 1/2,
    won + 1/2, as before + 1/2) under Jeffreys' prior. By its aggregation property the share that changed, s, is
    Beta(lost + won + 1, as before + 1/2), and of it the share that was lost, u, is independently Beta(lost + 1/2,
    won + 1/2) (A. Gelman et al., "Bayesian Data Analysis", 3rd ed., section 3.4 and appendix A). The loss is
    s (2 u - 1), so that P(u <= (1 + limit / s) / 2) is averaged over s, at `NODES` equally probable ones.

    Args:
        lost: Samples that only the reference has right.
        won: Samples that only the cell has right.
        total: All samples.
        limit: A share of one, from 0.
    """
    shares = (np.arange(NODES) + 0.5) / NODES
    changed = np.maximum(betaincinv(lost + won + 2 * _HALF, total - lost - won + _HALF, shares), np.finfo(float).tiny)
    most_lost = np.minimum((1 + limit / changed) / 2, 1.0)
    return float(np.mean(betainc(lost + _HALF, won + _HALF, most_lost)))
