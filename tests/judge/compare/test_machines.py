"""Is each machine told on its own terms?"""

from dataclasses import replace

import pytest

from fakes import a_memory, a_record
from resultfiles import EPYC, a_plain_run, a_run, a_side, a_timed_record, a_timed_run, cell_id, rounds_around
from zoobench.judge.compare.machines import AcrossMachines, OnMachine, across
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


def test_machines_are_lettered_and_named() -> None:
    found = across([EPYC_SIDE, PI_SIDE])
    assert [(one.letter, one.name, one.runs) for one in found.machines] == [
        ("A", "AMD EPYC, 2 cores", 1),
        ("B", "Raspberry Pi 5, 4 cores", 1),
    ]
    assert found.notes == ()


def test_each_machine_has_its_own_time_speed_up_and_rank() -> None:
    found = across([EPYC_SIDE, PI_SIDE])
    ours, theirs = on(found, "dynamic_range")
    assert (ours.values["latency_p50"], theirs.values["latency_p50"]) == (pytest.approx(0.005), pytest.approx(0.02))
    assert (ours.values["speedup"], theirs.values["speedup"]) == pytest.approx((2.0, 0.5))
    assert ours.speedup_interval == Interval(low=2.0 * 0.99, high=2.0 * 1.01)
    assert (ours.rank, theirs.rank) == (2, 3)
    assert [one.rank for one in on(found, "integer_only")] == [1, 1]


def test_a_machines_peak_of_memory_is_the_geometric_mean_of_its_runs_and_unknown_where_none_was_measured() -> None:
    runs = [a_timed_run(0.004, memory=None if peak is None else a_memory(peak)) for peak in (50, None, 70, 80)]
    ours, theirs = dict(across([a_side(*runs), a_side(a_timed_run(0.004, memory=None))]).cells)[CELL]
    assert ours.values["memory"] == pytest.approx((50 * 70 * 80) ** (1 / 3))
    assert "memory" not in theirs.values


def test_the_order_that_flips_is_told() -> None:
    (flip,) = across([EPYC_SIDE, PI_SIDE]).flips
    assert flip.cells == (cell_id("dynamic_range"), cell_id("float32"))
    assert flip.times_faster == pytest.approx((2.0, 0.5))


def test_a_machine_against_itself_flips_nothing_and_is_warned_of() -> None:
    found = across([EPYC_SIDE, EPYC_SIDE])
    assert found.flips_found == 0
    assert found.pairs == 3
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
