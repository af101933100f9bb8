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
        newly_wrong: Samples that only the base has right.
        newly_right: Samples that only the new one has right.
        neither: Samples that both have wrong.
    """

    both: int
    newly_wrong: int
    newly_right: int
    neither: int

    @property
    def total(self) -> int:
        """All samples."""
        return self.both + self.newly_wrong + self.newly_right + self.neither

    @property
    def base_share(self) -> float:
        """The base's share of right answers."""
        return (self.both + self.newly_wrong) / self.total

    @property
    def new_share(self) -> float:
        """The new model's share of right answers."""
        return (self.both + self.newly_right) / self.total


def mcnemar_mid_p(newly_wrong: int, newly_right: int) -> float:
    """Returns the two-sided p-value of the hypothesis that a change is as likely for the worse as for the better.

    McNemar's exact conditional test as mid-p: twice the smaller tail of the binomial, less the probability of what was
    observed; 1 - half of that where both are equal. M. W. Fagerland, S. Lydersen and P. Laake, "The McNemar test for
    binary matched-pairs data: mid-p and asymptotic are better than exact conditional", BMC Medical Research Methodology
    13:91 (2013). Where no sample changed nothing speaks against the hypothesis: 1.

    Raises:
        ValueError: If a count is negative.
    """
    if newly_wrong == newly_right > 0:
        return 1 - _probability(newly_wrong, newly_right) / 2
    return min(1.0, 2 * mcnemar_mid_p_of_loss(max(newly_wrong, newly_right), min(newly_wrong, newly_right)))


def mcnemar_mid_p_of_loss(newly_wrong: int, newly_right: int) -> float:
    """Returns the one-sided p-value of the hypothesis that newly wrong samples are not likelier than newly right ones.

    The mid-p as in `mcnemar_mid_p`, with the one tail: P(X > wrong) + P(X = wrong) / 2 of X binomial(wrong + right,
    1/2).

    Raises:
        ValueError: If a count is negative.
    """
    if newly_wrong < 0 or newly_right < 0:
        raise ValueError(f"{newly_wrong} newly wrong, {newly_right} newly right samples: neither can be negative")
    changed = newly_wrong + newly_right
    if changed == 0:
        return 1.0
    # The upper tail from `newly_wrong` is the lower one to `newly_right`: the binomial of 1/2 is symmetric.
    return float(bdtr(newly_right, changed, 0.5)) - _probability(newly_wrong, newly_right) / 2


def _probability(newly_wrong: int, newly_right: int) -> float:
    """Returns the binomial probability of these of all changes, were each as likely as the other."""
    changed = newly_wrong + newly_right
    logarithm = gammaln(changed + 1) - gammaln(newly_wrong + 1) - gammaln(newly_right + 1) - changed * math.log(2)
    return math.exp(logarithm)


def paired_difference(answers: PairedAnswers, *, confidence: float = CONFIDENCE) -> Interval:
    """Returns the interval of the new model's share of right answers less the base's.

    Wilson's intervals of both, squared and added with the correlation of the answers: method 10 of R. G. Newcombe,
    "Improved confidence intervals for the difference between binomial proportions based on paired data", Statistics in
    Medicine 17 (1998), 2635-2650.

    Raises:
        ValueError: If there is no sample.
    """
    new, base = answers.both + answers.newly_right, answers.both + answers.newly_wrong
    of_new, of_base = (wilson(count, answers.total, confidence=confidence) for count in (new, base))
    share, base_share, correlation = answers.new_share, answers.base_share, _correlation(answers)

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
        asked: How many questions were asked, where only the smallest p-values are given; by default their number.

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
    new, base = answers.both + answers.newly_right, answers.both + answers.newly_wrong
    variance = new * (answers.total - new) * base * (answers.total - base)
    if variance == 0:
        return 0.0
    product = answers.both * answers.neither - answers.newly_wrong * answers.newly_right
    return (product if product < 0 else max(product - answers.total / 2, 0.0)) / math.sqrt(variance)
