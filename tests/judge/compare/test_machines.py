"""Does each machine stand on its own terms, and are flips of order found where there are some, and only there?"""

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import norm

from fakes import a_memory, a_record
from resultfiles import EPYC, a_plain_run, a_run, a_side, a_timed_record, a_timed_run, cell_id, rounds_around
from zoobench.judge.compare.machines import AcrossMachines, OnMachine, OrderFlip, across, find_order_flips
from zoobench.judge.readings import QUANTILE, LogReading
from zoobench.results.run import Side
from zoobench.stats.intervals import Interval

PI = {"device": "Raspberry Pi 5", "cpu": "Cortex-A76", "cores": 4}
CELL = a_record().cell.id


def machine(environment: dict[str, object] | None = None, **speedups: float) -> Side:
    """Returns a machine on which the float32 file takes 10 ms and each variant is this much faster."""
    records = [
        a_timed_record(
            rounds_around(0.01 / speedup), variant=variant, speedup=speedup, environment=environment or dict(EPYC)
        )
        for variant, speedup in speedups.items()
    ]
    return a_side(a_run(*records), name="results")


EPYC_SIDE = machine(float32=1.0, integer_only=2.5, dynamic_range=2.0)
PI_SIDE = machine(PI, float32=1.0, integer_only=2.0, dynamic_range=0.5)


def on(found: AcrossMachines, variant: str) -> tuple[OnMachine, ...]:
    return dict(found.cells)[cell_id(variant)]


def test_each_machine_has_its_own_letter_name_time_speed_up_and_rank() -> None:
    found = across([EPYC_SIDE, PI_SIDE])
    assert [(one.letter, one.name, one.runs) for one in found.machines] == [
        ("A", "AMD EPYC, 2 cores", 1),
        ("B", "Raspberry Pi 5, 4 cores", 1),
    ]
    ours, theirs = on(found, "dynamic_range")
    assert (ours.values["latency_p50"], theirs.values["latency_p50"]) == (pytest.approx(0.005), pytest.approx(0.02))
    assert (ours.values["speedup"], theirs.values["speedup"]) == pytest.approx((2.0, 0.5))
    assert ours.speedup_interval == Interval(low=2.0 * 0.99, high=2.0 * 1.01)
    assert (ours.rank, theirs.rank) == (2, 3)
    assert [one.rank for one in on(found, "integer_only")] == [1, 1]
    (flip,) = found.flips
    assert flip.cells == (cell_id("dynamic_range"), cell_id("float32"))
    assert flip.times_faster == pytest.approx((2.0, 0.5))
    assert found.notes == ()


def test_a_machines_peak_of_memory_is_the_geometric_mean_of_its_runs_and_unknown_where_none_was_measured() -> None:
    runs = [a_timed_run(0.004, memory=None if peak is None else a_memory(peak)) for peak in (50, None, 70, 80)]
    ours, theirs = dict(across([a_side(*runs), a_side(a_timed_run(0.004, memory=None))]).cells)[CELL]
    assert ours.values["memory"] == pytest.approx((50 * 70 * 80) ** (1 / 3))
    assert "memory" not in theirs.values


def test_a_machine_against_itself_flips_nothing_and_is_warned_of() -> None:
    found = across([EPYC_SIDE, EPYC_SIDE])
    assert (found.flips_found, found.pairs) == (0, 3)
    (note,) = found.notes
    assert note.startswith("WARNING: A and B are the same kind of machine (AMD EPYC, 2 cores)")


def test_a_cell_that_a_machine_lacks_is_listed_and_not_ranked() -> None:
    found = across([EPYC_SIDE, machine(PI, float32=1.0, integer_only=2.0)])
    ours, theirs = on(found, "dynamic_range")
    assert (ours.values["speedup"], ours.rank) == (pytest.approx(2.0), None)
    assert theirs == OnMachine()
    assert [one.rank for one in on(found, "float32")] == [2, 2]  # of the two that both have
    assert found.notes == (f"only on A: {cell_id('dynamic_range')}",)


def test_equal_times_share_a_rank() -> None:
    found = across([machine(float32=1.0, integer_only=1.0, dynamic_range=0.5), PI_SIDE])
    assert [on(found, name)[0].rank for name in ("float32", "integer_only", "dynamic_range")] == [1, 1, 3]


def test_what_differs_is_told_for_every_machine() -> None:
    assert dict(across([EPYC_SIDE, PI_SIDE, EPYC_SIDE]).conditions)["device"] == ((), ("Raspberry Pi 5",), ())


def test_other_model_files_are_named() -> None:
    model = a_record().model
    assert model is not None
    other = a_side(a_timed_run(0.004, model=replace(model, sha256="00" * 32), environment=PI))
    assert across([a_side(a_timed_run(0.004)), other]).notes == (
        f"{CELL}: not the same model file everywhere (2 different ones)",
    )


def test_a_few_runs_have_the_interval_that_holds_all_of_theirs_and_many_one_of_their_own() -> None:
    few = a_side(*(a_timed_run(0.01 / one, speedup=one) for one in (2.0, 2.4)))
    many = a_side(*(a_timed_run(0.004 + index / 1e6, speedup=2.0 + index / 100) for index in range(7)), name="many")
    ours, theirs = dict(across([few, many]).cells)[CELL]
    assert ours.values["speedup"] == pytest.approx((2.0 * 2.4) ** 0.5)
    assert ours.speedup_interval == Interval(low=2.0 * 0.99, high=2.4 * 1.01)
    assert theirs.values["speedup"] == pytest.approx(2.03, abs=1e-3)
    assert theirs.speedup_interval is not None
    assert 2.0 <= theirs.speedup_interval.low < 2.03 < theirs.speedup_interval.high <= 2.06


def test_plain_benchmarks_flip_by_their_times() -> None:
    ours = a_plain_run({"cpu": "M1"}, x=rounds_around(0.01), y=rounds_around(0.02))
    theirs = a_plain_run({"cpu": "M2"}, x=rounds_around(0.02), y=rounds_around(0.01))
    (flip,) = across([a_side(ours), a_side(theirs)]).flips
    assert (flip.cells, flip.by) == (("x", "y"), "latency_p50")


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
