"""Can people and programs read a comparison of two sides, and one of several machines?"""

from dataclasses import replace

import pytest

from fakes import a_record
from reports import HOSTILE, is_tame
from resultfiles import EPYC, a_run, a_side, a_timed_record, a_timed_run, answered, cell_id, rounds_around
from views import lines as lines_of
from views import table, text, written
from zoobench.commands.options import FORMATS
from zoobench.judge.compare.comparison import Comparison, compare
from zoobench.judge.compare.machines import AcrossMachines, across
from zoobench.judge.metrics import METRICS
from zoobench.show.comparison import across_view, differences_view, view

CELL = a_record().cell.id


def a_comparison(**environment: object) -> Comparison:
    """Returns a comparison with one of everything."""
    before, after = (
        replace(record, cell=replace(record.cell, id=name))
        for record, name in ((a_record(environment=dict(EPYC)), "gone"), (a_record(environment=dict(EPYC)), "come"))
    )
    base = a_timed_run(0.004, accuracy=answered("+" * 20))
    new = a_timed_run(0.006, accuracy=answered("-" * 8 + "+" * 12), environment={**EPYC, **environment})
    return compare(
        a_side(replace(base, records={**base.records, "gone": before}), name="before.json"),
        a_side(replace(new, records={**new.records, "come": after}), name="after.json"),
    )


def lines(comparison: Comparison) -> list[str]:
    return [line.rstrip() for line in text(view([comparison]), width=100).splitlines()]


def test_a_row_has_both_values_the_change_its_interval_and_a_word() -> None:
    (row,) = (line for line in lines(a_comparison()) if line.startswith(CELL) and "4.00" in line and "6.00" in line)
    assert row.split() == [CELL, "4.00", "6.00", "+50.0", *row.split()[4:7], "regressed"]
    low, to, high = row.split()[4:7]
    assert to == "to"
    assert 49 < float(low) < 50 < float(high) < 51


def test_a_time_that_moved_while_the_speed_up_did_not_is_pointed_out() -> None:
    moved = lines(compare(a_side(a_timed_run(0.004)), a_side(a_timed_run(0.006))))
    assert any(line.startswith("p50 moved in 1 cells whose × float did not") for line in moved)
    both = lines(compare(a_side(a_timed_run(0.004)), a_side(a_timed_run(0.006, speedup=1.7))))
    assert not any(line.startswith("p50 moved") for line in both)


def test_several_runs_say_what_their_interval_is() -> None:
    five = a_side(*(a_timed_run(0.004 + index * 1e-5) for index in range(5)))
    assert any("with the run as the unit" in line for line in lines(compare(five, five)))
    assert any("fewer than 5 runs" in line for line in lines(compare(five, a_side(a_timed_run(0.004)))))


def test_csv_has_a_line_for_each_fact_in_si_units() -> None:
    rows = table(view([a_comparison(governor="powersave")]))
    assert [row["kind"] for row in rows] == [
        "condition",
        "only in baseline",
        "only in candidate",
        *["cell"] * len(METRICS),
    ]
    p50 = next(row for row in rows if row["metric"] == "latency_p50")
    assert (p50["candidate_side"], p50["name"], p50["verdict"], p50["basis"]) == (
        "after.json",
        CELL,
        "regressed",
        "rounds",
    )
    assert (float(p50["baseline"]), float(p50["change"])) == (pytest.approx(0.004), pytest.approx(0.5))
    assert float(p50["low"]) < 0.5 < float(p50["high"])


SPEEDUPS = {"AMD EPYC": {"float32": 1.0, "dynamic_range": 2.0}, "Cortex-A76": {"float32": 1.0, "dynamic_range": 0.5}}


@pytest.fixture
def found() -> AcrossMachines:
    sides = []
    for cpu, speedups in SPEEDUPS.items():
        records = [
            a_timed_record(rounds_around(0.01 / one), variant=name, speedup=one, environment={**EPYC, "cpu": cpu})
            for name, one in speedups.items()
        ]
        sides.append(a_side(a_run(*records), name=f"{cpu}.json"))
    return across(sides)


def test_there_is_no_verdict_and_no_merged_rank(found: AcrossMachines) -> None:
    for form in FORMATS:
        for word in ("better", "worse", "regressed", "improved", "best"):
            assert word not in written(across_view(found), form)


def test_csv_has_a_line_for_each_machine_condition_cell_and_flip(found: AcrossMachines) -> None:
    rows = table(across_view(found))
    assert [row["kind"] for row in rows] == ["machine"] * 2 + ["condition"] * 2 + ["cell"] * 4 + ["flip"]
    assert (rows[6]["name"], rows[6]["machine"], rows[6]["rank"]) == (cell_id("dynamic_range"), "A", "1")
    assert float(rows[6]["speedup"]) == pytest.approx(2.0)
    assert float(rows[6]["memory"]) == pytest.approx(56_000_000)
    assert (rows[8]["other"], float(rows[8]["times_faster_on_other"])) == (cell_id("float32"), pytest.approx(0.5))


def test_many_flips_are_cut_on_a_terminal_and_said_to_be(
    found: AcrossMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoobench.show.comparison._SHOWN_FLIPS", 0)
    shown = text(across_view(found), width=100)
    assert "the order flips" not in shown
    assert "The 0 most significant are shown" in shown


def test_each_cell_stands_above_what_differs_in_it_with_both_sides() -> None:
    found = {"the run": [("cores", "2", "4")], "a": [("model", "x", "y"), ("p50 ms", "–", "2")]}
    shown = lines_of(differences_view(found, names=("main", "pi/0001_x.json")))
    assert [line.split() for line in (shown[0], *shown[2:])] == [
        *(["differs", "main", "pi/0001_x.json"], ["the", "run"], ["cores", "2", "4"], []),
        *(["a"], ["model", "x", "y"], ["p50", "ms", "–", "2"]),
    ]
    assert lines_of(differences_view({}, names=("a", "b"))) == ["a and b do not differ"]


def test_names_from_files_neither_steer_a_terminal_nor_break_a_line_nor_the_encoding() -> None:
    for found in ({HOSTILE: [(HOSTILE, HOSTILE, HOSTILE)]}, {}):
        assert is_tame(text(differences_view(found, names=(HOSTILE, HOSTILE))))
