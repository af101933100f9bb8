"""Are flips of order found where there are some, and only there?"""

import math
from collections.abc import Mapping

import numpy as np
import pytest
from scipy.stats import norm

from zoobench.judge.compare.machines import OnMachine, OrderFlip, find_order_flips
from zoobench.judge.readings import QUANTILE, LogReading

AB = ("A", "B")
Cells = Mapping[str, OnMachine]


def sure(point: float, *, within: float = 0.01, noise: float = 0.05) -> LogReading:
    """Returns a value that is known to a share of itself either way."""
    return LogReading(point=math.log(point), error=math.log1p(within) / QUANTILE, margin=math.log1p(noise))


def placed(speedup: float, *, twin: str | None = "float", p50: float | None = None, within: float = 0.01) -> OnMachine:
    return OnMachine(
        p50=sure(p50 or 1 / speedup, within=within, noise=0.2), slowness=sure(1 / speedup, within=within), twin=twin
    )


def xy(x: float, y: float, *, within: float = 0.01) -> Cells:
    return {"x": placed(x, within=within), "y": placed(y, within=within)}


def flips(*machines: Cells) -> tuple[tuple[OrderFlip, ...], int, int]:
    return find_order_flips(list(machines[0]), machines, letters="ABC"[: len(machines)])


def test_two_cells_that_change_places_are_a_flip_the_faster_on_the_first_machine_first() -> None:
    (flip,), found, pairs = flips(xy(1.0, 2.0), xy(1.0, 0.5))
    assert (flip.cells, flip.machines, flip.by) == (("y", "x"), AB, "speedup")
    assert flip.times_faster == pytest.approx((2.0, 0.5))
    assert (found, pairs) == (1, 1)


def test_the_p_is_the_worse_machines_against_the_margin_doubled() -> None:
    """On B x is 10 % faster; the margin is 5 %; 3 % either way are a standard error of log(1.03) / 1.96 each."""
    there = {"x": placed(1.1, within=0.03), "y": placed(1.0)}
    (flip,), _, _ = flips({"x": placed(1.0, within=0.03), "y": placed(3.0)}, there)
    error = math.hypot(math.log(1.03), math.log(1.01)) / norm.ppf(0.975)
    expected = 2 * norm.sf((math.log(1.1) - math.log(1.05)) / error)
    assert flip.p == pytest.approx(expected)
    assert expected == pytest.approx(0.004, abs=0.001)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (xy(1.0, 9.0), xy(1.0, 1.2)),
        *((xy(1.0, 2.0), xy(1.0, within_margin, within=1e-6)) for within_margin in (1.0, 0.98, 0.955)),
        (xy(1.0, 9.0), xy(1.0, 0.7, within=0.3)),
    ],
    ids=["the same order", "equal", "2 % apart", "4.5 % apart", "intervals overlap on one machine"],
)
def test_the_same_order_or_a_difference_within_noise_is_no_flip(ours: Cells, theirs: Cells) -> None:
    assert flips(ours, theirs) == ((), 0, 1)


def test_several_processes_need_no_margin() -> None:
    def cells(y: float) -> Cells:
        return {name: OnMachine(slowness=sure(1 / one, noise=0.0), twin="f") for name, one in (("x", 1.0), ("y", y))}

    assert flips(cells(2.0), cells(0.96))[1] == 1


def test_cells_without_a_common_twin_are_compared_by_time_with_a_wider_margin_and_never_by_speed_up() -> None:
    def cells(seconds: float, *, speedup: float = 1.0) -> Cells:
        return {"x": placed(1.0, p50=0.010), "y": placed(speedup, twin="another", p50=seconds)}

    (flip,), _, _ = flips(cells(0.005), cells(0.013))
    assert (flip.by, flip.cells) == ("latency_p50", ("y", "x"))
    assert flips(cells(0.005), cells(0.0115))[1] == 0
    assert flips(cells(0.02, speedup=2.0), cells(0.02, speedup=0.5))[1] == 0


@pytest.mark.parametrize("unknown", [None, LogReading(point=0.7, error=None)])
def test_what_is_not_known_is_no_pair(unknown: LogReading | None) -> None:
    odd = OnMachine(slowness=unknown, twin="float")
    assert flips({"x": placed(1.0), "y": odd}, xy(1.0, 0.5)) == ((), 0, 0)


def test_every_pair_of_machines_is_looked_at() -> None:
    found, _, pairs = flips(xy(1.0, 2.0), xy(1.0, 0.5), xy(1.0, 2.0))
    assert [flip.machines for flip in found] == [("A", "B"), ("B", "C")]
    assert pairs == 3


def test_machines_that_only_differ_by_chance_hardly_ever_flip() -> None:
    """Of 190 pairs on two machines a twentieth would be 10 flips; Holm allows one in 20 families at the most."""
    random, alarms = np.random.default_rng(2), 0
    for _ in range(60):
        machines = [
            {f"cell{index}": placed(float(random.lognormal(0, 0.05)), within=0.1) for index in range(20)} for _ in AB
        ]
        alarms += flips(*machines)[1] > 0
    assert alarms <= 6


def test_the_order_of_the_cells_does_not_matter() -> None:
    ours = {name: placed(one) for name, one in (("x", 1.0), ("y", 2.0), ("z", 3.0))}
    theirs = {name: placed(one) for name, one in (("x", 3.0), ("y", 2.0), ("z", 1.0))}
    there, back = (find_order_flips(cells, [ours, theirs], letters=AB) for cells in (["x", "y", "z"], ["z", "x", "y"]))
    assert {(one.cells, round(one.p, 9)) for one in there[0]} == {(one.cells, round(one.p, 9)) for one in back[0]}
    assert there[1] == 3


def test_the_surest_flips_are_kept_and_all_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoobench.judge.compare.machines.MOST_FLIPS", 2)
    ours = {f"cell{index}": placed(2.0**index) for index in range(4)}
    theirs = {f"cell{index}": placed(2.0**-index) for index in range(4)}
    kept, found, _ = flips(ours, theirs)
    assert (len(kept), found) == (2, 6)
    assert kept[0].cells == ("cell3", "cell0")


def test_no_cell_and_one_cell_have_no_order() -> None:
    assert flips({}, {}) == flips({"x": placed(1.0)}, {"x": placed(2.0)}) == ((), 0, 0)
