"""Are flips of order found where there are some, and only there?"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from scipy.stats import norm

from zoobench.judge.compare.order_flips import OrderFlips, Placed, find_order_flips
from zoobench.judge.readings import QUANTILE, LogReading

AB = ("A", "B")


def sure(point: float, *, within: float = 0.01, noise: float = 0.05) -> LogReading:
    """Returns a value that is known to a share of itself either way."""
    return LogReading(point=math.log(point), error=math.log1p(within) / QUANTILE, margin=math.log1p(noise))


def placed(speedup: float, *, twin: str | None = "float", p50: float | None = None, within: float = 0.01) -> Placed:
    return Placed(
        p50=sure(p50 or 1 / speedup, within=within, noise=0.2), slowness=sure(1 / speedup, within=within), twin=twin
    )


def flips(*machines: Mapping[str, Placed], letters: Sequence[str] = AB) -> OrderFlips:
    return find_order_flips(list(machines[0]), machines, letters=letters)


def test_two_cells_that_change_places_are_a_flip_the_faster_on_the_first_machine_first() -> None:
    found = flips({"x": placed(1.0), "y": placed(2.0)}, {"x": placed(1.0), "y": placed(0.5)})
    (flip,) = found.flips
    assert (flip.cells, flip.machines, flip.by) == (("y", "x"), AB, "speedup")
    assert flip.times_faster == pytest.approx((2.0, 0.5))
    assert (found.found, found.pairs) == (1, 1)


def test_the_p_is_the_worse_machines_against_the_margin_doubled() -> None:
    """On B x is 10 % faster; the margin is 5 %; 3 % either way are a standard error of log(1.03) / 1.96 each."""
    found = flips({"x": placed(1.0, within=0.03), "y": placed(3.0)}, {"x": placed(1.1, within=0.03), "y": placed(1.0)})
    error = math.hypot(math.log(1.03), math.log(1.01)) / norm.ppf(0.975)
    expected = 2 * norm.sf((math.log(1.1) - math.log(1.05)) / error)
    assert found.flips[0].p == pytest.approx(expected)
    assert expected == pytest.approx(0.004, abs=0.001)


def test_the_same_order_is_no_flip_however_large_the_difference() -> None:
    assert flips({"x": placed(1.0), "y": placed(9.0)}, {"x": placed(1.0), "y": placed(1.2)}).found == 0


@pytest.mark.parametrize("other", [1.0, 0.98, 0.955])
def test_a_difference_within_what_two_processes_differ_by_is_no_flip(other: float) -> None:
    exact = placed(other, within=1e-6)
    assert flips({"x": placed(1.0), "y": placed(2.0)}, {"x": placed(1.0, within=1e-6), "y": exact}).found == 0


def test_several_processes_need_no_margin() -> None:
    ours = {
        name: Placed(p50=None, slowness=sure(1 / one, noise=0.0), twin="f") for name, one in (("x", 1.0), ("y", 2.0))
    }
    theirs = {
        name: Placed(p50=None, slowness=sure(1 / one, noise=0.0), twin="f") for name, one in (("x", 1.0), ("y", 0.96))
    }
    assert flips(ours, theirs).found == 1


def test_intervals_that_overlap_on_one_machine_are_no_flip() -> None:
    assert (
        flips({"x": placed(1.0), "y": placed(9.0)}, {"x": placed(1.0, within=0.3), "y": placed(0.7, within=0.3)}).found
        == 0
    )


def test_cells_without_a_common_twin_are_compared_by_time_with_a_wider_margin() -> None:
    def cells(seconds: float) -> dict[str, Placed]:
        return {"x": placed(1.0, p50=0.010), "y": placed(1.0, twin="another", p50=seconds)}

    found = flips(cells(0.005), cells(0.013))
    assert (found.flips[0].by, found.flips[0].cells) == ("latency_p50", ("y", "x"))
    assert flips(cells(0.005), cells(0.0115)).found == 0


def test_the_speed_ups_of_different_twins_are_never_compared() -> None:
    ours = {"x": placed(1.0, p50=0.01), "y": placed(2.0, twin="another", p50=0.02)}
    theirs = {"x": placed(2.0, p50=0.01), "y": placed(1.0, twin="another", p50=0.02)}
    assert flips(ours, theirs).found == 0


@pytest.mark.parametrize(
    "unknown",
    [None, LogReading(point=0.7, error=None)],
)
def test_what_is_not_known_is_no_pair(unknown: LogReading | None) -> None:
    odd = Placed(p50=None, slowness=unknown, twin="float")
    found = flips({"x": placed(1.0), "y": odd}, {"x": placed(1.0), "y": placed(0.5)})
    assert (found.found, found.pairs) == (0, 0)


def test_every_pair_of_machines_is_looked_at() -> None:
    fast, slow = {"x": placed(1.0), "y": placed(2.0)}, {"x": placed(1.0), "y": placed(0.5)}
    found = flips(fast, slow, fast, letters=("A", "B", "C"))
    assert [flip.machines for flip in found.flips] == [("A", "B"), ("B", "C")]
    assert found.pairs == 3


def test_machines_that_only_differ_by_chance_hardly_ever_flip() -> None:
    """Of 190 pairs on two machines a twentieth would be 10 flips; Holm allows one in 20 families at the most."""
    random, alarms = np.random.default_rng(2), 0
    for _ in range(60):
        machines = [
            {f"cell{index}": placed(float(random.lognormal(0, 0.05)), within=0.1) for index in range(20)} for _ in AB
        ]
        alarms += flips(*machines).found > 0
    assert alarms <= 6


def test_the_order_of_the_cells_does_not_matter() -> None:
    ours = {name: placed(one) for name, one in (("x", 1.0), ("y", 2.0), ("z", 3.0))}
    theirs = {name: placed(one) for name, one in (("x", 3.0), ("y", 2.0), ("z", 1.0))}
    there = flips(ours, theirs)
    back = find_order_flips(["z", "x", "y"], [ours, theirs], letters=AB)
    assert {(one.cells, round(one.p, 9)) for one in there.flips} == {(one.cells, round(one.p, 9)) for one in back.flips}
    assert there.found == 3


def test_the_surest_flips_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoobench.judge.compare.order_flips.MOST_FLIPS", 2)
    ours = {f"cell{index}": placed(2.0**index) for index in range(4)}
    theirs = {f"cell{index}": placed(2.0**-index) for index in range(4)}
    found = flips(ours, theirs)
    assert (len(found.flips), found.found) == (2, 6)
    assert found.flips[0].cells == ("cell3", "cell0")


def test_no_cell_and_one_cell_have_no_order() -> None:
    assert flips({}, {}) == OrderFlips(flips=(), found=0, pairs=0)
    assert flips({"x": placed(1.0)}, {"x": placed(2.0)}).pairs == 0
