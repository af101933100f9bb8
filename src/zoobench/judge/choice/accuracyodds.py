"""How probable is it that a top-1, or its loss against the float file, is within a limit?"""

from collections.abc import Mapping

import numpy as np
from scipy.special import betainc, betaincinv

from zoobench.judge.choice.known import Answered, KnownCell
from zoobench.judge.choice.scatter import NODES

_FLOAT = "float32"
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


def lost_and_won(reference: Answered, cell: Answered) -> tuple[int, int]:
    """Returns how many samples only the reference has right, and how many only the cell."""
    return int((reference.right & ~cell.right).sum()), int((cell.right & ~reference.right).sum())


def find_reference(cell: KnownCell, cells: Mapping[str, KnownCell]) -> KnownCell | None:
    """Returns the float32 cell that a loss of top-1 is against, None where none answered the same samples.

    It is that of the same backbone, image size and weights: of the same runtime if there is one, else LiteRT's, else
    the first; a float32 cell is its own, and loses nothing.
    """
    if cell.cell.variant == _FLOAT:
        return cell
    floats = [one for one in cells.values() if _is_float_of(one, cell)]
    return min(floats, key=lambda one: _distance(one, cell), default=None)


def _is_float_of(one: KnownCell, cell: KnownCell) -> bool:
    if one.cell.variant != _FLOAT or one.answered is None or cell.answered is None:
        return False
    ours, theirs = ((of.cell.backbone, of.cell.image_size, of.cell.weights) for of in (one, cell))
    return ours == theirs and one.answered.truth == cell.answered.truth


def _distance(one: KnownCell, cell: KnownCell) -> tuple[bool, bool, bool, str]:
    ours, theirs = one.cell, cell.cell
    return (ours.runtime != theirs.runtime, ours.runtime != "litert", ours.threads != theirs.threads, ours.id)
