"""Many questions were asked at once: which answers still count?"""

from collections.abc import Sequence

import numpy as np


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
