"""Can people and programs read what several machines say?"""

import pytest

from resultfiles import EPYC, a_run, a_side, a_timed_record, cell_id, rounds_around
from views import content, table, text, written
from zoobench.commands.options import FORMATS
from zoobench.judge.compare.machines import AcrossMachines, across
from zoobench.show.machines import view

SPEEDUPS = {"AMD EPYC": {"float32": 1.0, "dynamic_range": 2.0}, "Cortex-A76": {"float32": 1.0, "dynamic_range": 0.5}}

GOLDEN = """\
A: AMD EPYC, 2 cores, AMD EPYC.json (1 run)
B: Cortex-A76, 2 cores, Cortex-A76.json (1 run)

differs   A          B
───────────────────────────────
cpu       AMD EPYC   Cortex-A76

p50, ms                                A   rank      B   rank
─────────────────────────────────────────────────────────────
mobilenet-float32-litert-t1         10.0      2   10.0      1
mobilenet-dynamic_range-litert-t1   5.00      1   20.0      2

p90, ms                                A      B
───────────────────────────────────────────────
mobilenet-float32-litert-t1         10.1   10.1
mobilenet-dynamic_range-litert-t1   5.04   20.2

× float                                A        95 %      B        95 %
───────────────────────────────────────────────────────────────────────
mobilenet-float32-litert-t1         1.00   0.99–1.01   1.00   0.99–1.01
mobilenet-dynamic_range-litert-t1   2.00   1.98–2.02   0.50   0.49–0.51

initialization, ms                     A      B
───────────────────────────────────────────────
mobilenet-float32-litert-t1         50.0   50.0
mobilenet-dynamic_range-litert-t1   50.0   50.0

first inference, ms                    A      B
───────────────────────────────────────────────
mobilenet-float32-litert-t1         20.0   20.0
mobilenet-dynamic_range-litert-t1   20.0   20.0

peak memory, MB                        A      B
───────────────────────────────────────────────
mobilenet-float32-litert-t1         56.0   56.0
mobilenet-dynamic_range-litert-t1   56.0   56.0

the order flips                     against                        × faster    × faster   by             p
──────────────────────────────────────────────────────────────────────────────────────────────────────────
mobilenet-dynamic_range-litert-t1   mobilenet-float32-litert-t1   2.00 on A   0.50 on B   × float   <0.001
"""


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


def test_the_terminal_shows_each_machine_in_its_own_columns(found: AcrossMachines) -> None:
    shown = "\n".join(line.rstrip() for line in text(view(found), width=100).splitlines())
    assert shown.startswith(GOLDEN)
    assert "1 of 1 pairs of cells and machines flip significantly" in shown


def test_there_is_no_verdict_and_no_merged_rank(found: AcrossMachines) -> None:
    for form in FORMATS:
        for word in ("better", "worse", "regressed", "improved", "best"):
            assert word not in written(view(found), form)


def test_markdown_has_the_same_tables(found: AcrossMachines) -> None:
    shown = written(view(found), "markdown")
    assert shown.count("\n| :---") == 8
    assert "| mobilenet-dynamic\\_range-litert-t1 | 5.00 | 1 | 20.0 | 2 |" in shown


def test_csv_has_a_line_for_each_machine_condition_cell_and_flip(found: AcrossMachines) -> None:
    rows = table(view(found))
    assert [row["kind"] for row in rows] == ["machine"] * 2 + ["condition"] * 2 + ["cell"] * 4 + ["flip"]
    assert (rows[6]["name"], rows[6]["machine"], rows[6]["rank"]) == (cell_id("dynamic_range"), "A", "1")
    assert float(rows[6]["speedup"]) == pytest.approx(2.0)
    assert float(rows[6]["memory"]) == pytest.approx(56_000_000)
    assert (rows[8]["other"], float(rows[8]["times_faster_on_other"])) == (cell_id("float32"), pytest.approx(0.5))


def test_json_has_all_of_it(found: AcrossMachines) -> None:
    known = content(view(found))
    assert known["schema"] == 2
    assert known["conditions"] == [{"name": "cpu", "machines": {"A": ["AMD EPYC"], "B": ["Cortex-A76"]}}]
    assert known["cells"][1]["machines"]["B"]["rank"] == 2
    assert known["cells"][1]["machines"]["B"]["metrics"]["speedup"]["interval"] == pytest.approx([0.495, 0.505])
    assert known["flips"][0]["machines"] == ["A", "B"]


def test_many_flips_are_cut_on_a_terminal_and_said_to_be(
    found: AcrossMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoobench.show.machines._SHOWN_FLIPS", 0)
    shown = text(view(found), width=100)
    assert "the order flips" not in shown
    assert "The 0 surest are shown" in shown
