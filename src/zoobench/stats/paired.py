"""Two models answered the same questions: is one right more often, by how much, and if many were asked at once?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtr, gammaln

from zoobench.stats.intervals import CONFIDENCE, Interval, wilson


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedAnswers:
    """How two models, a base and a new one, answered the same samples.

    Attributes:
        both: Samples that both have right.
        lost: Samples that only the base has right.
        won: Samples that only the new one has right.
        neither: Samples that both have wrong.
    """

    both: int
    lost: int
    won: int
    neither: int

    @property
    def total(self) -> int:
        """All samples."""
        return self.both + self.lost + self.won + self.neither


def mcnemar_mid_p(lost: int, won: int) -> float:
    """Returns the two-sided p-value of the hypothesis that losing and winning a sample are equally likely.

    McNemar's exact conditional test as mid-p: twice the smaller tail of the binomial, less the probability of what was
    observed; 1 - half of that where both are equal. M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for
    binary matched-pairs data: mid-p and asymptotic are better than exact conditional", BMC Medical Research Methodology
    13:91 (2013). Where no sample changed nothing speaks against the hypothesis: 1.

    Raises:
        ValueError: If a count is negative.
    """
    changed = _changed(lost, won)
    if changed == 0:
        return 1.0
    observed = _probability(lost, changed)
    if lost == won:
        return 1 - observed / 2
    return float(2 * bdtr(min(lost, won), changed, 0.5) - observed)


def mcnemar_mid_p_of_loss(lost: int, won: int) -> float:
    """Returns the one-sided p-value of the hypothesis that losing a sample is not likelier than winning one.

    The mid-p as in `mcnemar_mid_p`, with the one tail: P(X > lost) + P(X = lost) / 2 of X binomial(lost + won, 1/2).

    Raises:
        ValueError: If a count is negative.
    """
    changed = _changed(lost, won)
    if changed == 0:
        return 1.0
    # The upper tail from `lost` is the lower one to `won`: the binomial of 1/2 is symmetric.
    return float(bdtr(won, changed, 0.5)) - _probability(lost, changed) / 2


def paired_difference(answers: PairedAnswers, *, confidence: float = CONFIDENCE) -> Interval:
    """Returns the interval of the new model's share of right answers less the base's.

    Wilson's intervals of both, squared and added with the correlation of the answers: method 10 of R. G. Newcombe,
    "Improved confidence intervals for the difference between binomial proportions based on paired data", Statistics in
    Medicine 17 (1998), 2635-2650.

    Raises:
        ValueError: If there is no sample.
    """
    total = answers.total
    new, base = answers.both + answers.won, answers.both + answers.lost
    of_new, of_base = (wilson(count, total, confidence=confidence) for count in (new, base))
    share, base_share, correlation = new / total, base / total, _correlation(answers)

    def reach(one: float, other: float) -> float:
        return math.sqrt(max(one**2 - 2 * correlation * one * other + other**2, 0.0))

    difference = share - base_share
    return Interval(
        low=difference - reach(share - of_new.low, of_base.high - base_share),
        high=difference + reach(base_share - of_base.low, of_new.high - share),
    )


def holm(p_values: Sequence[float], *, asked: int | None = None) -> tuple[float, ...]:
    """Returns the p-values adjusted so that calling those up to 0.05 is wrong at all in at most 5 % of families.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979): the
    k-th smallest of m is multiplied by m - k + 1, and none is less than the one before it. It takes no independence.

    Args:
        p_values: In any order; the result is in the same.
        asked: How many questions were asked, where only the smallest p-values are given; their number unless told.

    Raises:
        ValueError: If a p-value is not from 0 to 1, or fewer were asked than are given.
    """
    family = len(p_values) if asked is None else asked
    if family < len(p_values) or not all(0 <= p <= 1 for p in p_values):
        raise ValueError(
            f"received {len(p_values)} p-values of {family}; each must be from 0 to 1, and there can be no more of them"
        )
    order = np.argsort(p_values, kind="stable")
    steps = np.asarray(p_values, np.float64)[order] * (family - np.arange(len(order)))
    adjusted = np.empty(len(order))
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return tuple(adjusted.tolist())


def _correlation(answers: PairedAnswers) -> float:
    """Returns the correlation of the answers being right (phi), 0 where a model has all right or all wrong.

    By Newcombe's correction a positive one is made smaller by half a sample, to 0 at most, which widens the interval.
    """
    new, base = answers.both + answers.won, answers.both + answers.lost
    variance = new * (answers.total - new) * base * (answers.total - base)
    if variance == 0:
        return 0.0
    product = answers.both * answers.neither - answers.lost * answers.won
    return (product if product < 0 else max(product - answers.total / 2, 0.0)) / math.sqrt(variance)


def _changed(lost: int, won: int) -> int:
    if lost < 0 or won < 0:
        raise ValueError(f"{lost} lost and {won} won samples: neither can be negative")
    return lost + won


def _probability(successes: int, trials: int) -> float:
    """Returns the binomial probability of this many successes of chance 1/2."""
    logarithm = gammaln(trials + 1) - gammaln(successes + 1) - gammaln(trials - successes + 1) - trials * math.log(2)
    return float(math.exp(logarithm))
