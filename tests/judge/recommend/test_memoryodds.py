"""Is the probability of a peak of memory that of Student's t, with what runs differ by?"""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from zoobench.judge.recommend.memoryodds import memory_probability
from zoobench.judge.recommend.scatter import MEMORY_SCATTER

MB = 1_000_000


def test_the_mean_of_the_logarithms_is_a_limit_that_half_hold() -> None:
    found, why = memory_probability((90 * MB, 100 * MB), 1, limit=math.sqrt(90 * 100) * MB)
    assert (found, why) == (pytest.approx(0.5), "2 fresh processes")


def test_equal_peaks_still_differ_from_run_to_run() -> None:
    """Four equal peaks: 1 % above them is 0.00995 / 0.00273 = 3.64 errors of 3 degrees of freedom."""
    found, _ = memory_probability((100 * MB,) * 4, 1, limit=101 * MB)
    assert found == pytest.approx(t(3).cdf(math.log(1.01) / MEMORY_SCATTER))
    assert found == pytest.approx(0.982, abs=0.001)


@pytest.mark.parametrize(("peaks", "why"), [((), "it was not measured"), ((5 * MB,), "one process does not tell")])
def test_fewer_than_two_processes_tell_nothing_and_what_is_lacking_is_said(peaks: tuple[int, ...], why: str) -> None:
    found, told = memory_probability(peaks, 1, limit=100 * MB)
    assert found is None
    assert why in told
    assert "--zoo-processes 2" in told


@settings(deadline=None, max_examples=50)
@given(
    peaks=st.lists(st.integers(10**6, 10**9), min_size=2, max_size=8),
    bounds=st.tuples(st.floats(1e5, 1e10), st.floats(1e5, 1e10)),
)
def test_a_looser_limit_is_never_less_probable(peaks: list[int], bounds: tuple[float, float]) -> None:
    tight, loose = (memory_probability(peaks, 1, limit=one)[0] for one in sorted(bounds))
    assert tight is not None
    assert loose is not None
    assert 0 <= tight <= loose <= 1
