"""How probable is it that the peak of memory of a typical fresh process is within a limit?"""

import math
from collections.abc import Sequence
from statistics import fmean, stdev

from scipy.special import stdtr

from zoobench.judge.recommend.scatter import MEMORY_SCATTER


def memory_probability(peaks: Sequence[int], runs: int, *, limit: float) -> tuple[float | None, str]:
    """Returns the probability that the mean log peak is at most the limit's, and how it is known or what is lacking.

    Student's t of the logarithms, as for latencies of several processes. To their standard error is added what the peak
    was measured to move by from one run to another, so that equal peaks of one run do not pass for certainty.

    Args:
        peaks: Bytes, each of a fresh process.
        runs: How many runs they are of.
        limit: In bytes.
    """
    if len(peaks) < 2:
        few = "one process does not tell how peaks scatter" if peaks else "it was not measured"
        return None, f"{few}; run bench/ with --zoo-processes 2 or more"
    logs = [math.log(peak) for peak in peaks]
    error = math.hypot(stdev(logs) / math.sqrt(len(logs)), MEMORY_SCATTER / math.sqrt(runs))
    probability = float(stdtr(len(logs) - 1, (math.log(limit) - fmean(logs)) / error))
    return probability, f"{len(peaks)} fresh processes"
