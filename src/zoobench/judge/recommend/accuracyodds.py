"""How probable is it that a top-1, or its loss against the float file, is within a limit?"""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import betainc, betaincinv

from zoobench.judge.recommend.known import Answered, KnownCell
from zoobench.judge.recommend.scatter import NODES

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


def find_float_file(cell: KnownCell, cells: Mapping[str, KnownCell]) -> KnownCell | None:
    """Returns the float32 cell that a quantization loses top-1 against, None where none answered the same samples.

    It is that of the same backbone, image size and weights: of the same runtime if there is one, else LiteRT's, else
    the first; a float32 cell is its own, and loses nothing.
    """
    return _nearest(cell, [one for one in _floats(cell, cells) if _network(one) == _network(cell)])


def find_best_float_file(cell: KnownCell, cells: Mapping[str, KnownCell]) -> KnownCell | None:
    """Returns the float32 cell of the most accurate backbone, None where none answered the same samples.

    Of several of that backbone it is the one that `find_float_file` would take; of backbones that are right equally
    often, the cell's own. Random weights are no reference.
    """
    floats = [one for one in _floats(cell, cells) if not one.cell.has_random_weights]
    best = max(floats, key=lambda one: (one.top1 or 0.0, _network(one) == _network(cell)), default=None)
    return _nearest(cell, [one for one in floats if best and _network(one) == _network(best)])


def _floats(cell: KnownCell, cells: Mapping[str, KnownCell]) -> list[KnownCell]:
    """Returns the float32 cells that answered the samples that a cell did."""
    answered = cell.answered
    return [
        one
        for one in cells.values()
        if one.cell.variant == _FLOAT and one.answered and answered and one.answered.truth == answered.truth
    ]


def _network(cell: KnownCell) -> tuple[str, int, str]:
    return cell.cell.backbone, cell.cell.image_size, cell.cell.weights


def _nearest(cell: KnownCell, floats: Sequence[KnownCell]) -> KnownCell | None:
    if any(one is cell for one in floats):
        return cell
    return min(floats, key=lambda one: _distance(one, cell), default=None)


def _distance(one: KnownCell, cell: KnownCell) -> tuple[bool, bool, bool, str]:
    ours, theirs = one.cell, cell.cell
    return (ours.runtime != theirs.runtime, ours.runtime != "litert", ours.threads != theirs.threads, ours.id)
