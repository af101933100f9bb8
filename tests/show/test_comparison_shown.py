"""Can people and programs read a comparison of two sides, and one of several machines?"""

from dataclasses import replace

import pytest

from fakes import a_record
from reports import HOSTILE, is_tame
from resultfiles import EPYC, a_run, a_side, a_timed_record, a_timed_run, answered, cell_id, rounds_around
from views import content, table, text, written
from views import lines as lines_of
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


def test_conditions_come_first_then_lone_cells_then_each_metric() -> None:
    shown = lines(a_comparison(governor="powersave"))
    heads = [line.partition("  ")[0] for line in shown]
    order = ["baseline:", "differs", "only in baseline: gone", "only in candidate: come"]
    order += [metric.head for metric in METRICS.values() if metric.read(a_record())]
    places = [heads.index(head) for head in order]
    assert places == sorted(places)
    assert "governor  not known  powersave" in shown


def test_a_row_has_both_values_the_change_its_interval_and_a_word() -> None:
    (row,) = (line for line in lines(a_comparison()) if line.startswith(CELL) and "4.00" in line and "6.00" in line)
    assert row.split() == [CELL, "4.00", "6.00", "+50.0", *row.split()[4:7], "regressed"]
    low, to, high = row.split()[4:7]
    assert to == "to"
    assert 49 < float(low) < 50 < float(high) < 51


def test_top1_is_in_points_with_its_p() -> None:
    shown = lines(a_comparison())
    place = next(index for index, line in enumerate(shown) if line.startswith("top-1, %"))
    assert shown[place].split() == ["top-1,", "%", "baseline", "candidate", "points", "95", "%", "p"]
    assert shown[place + 2].split()[:4] == [CELL, "100.0", "60.0", "-40.0"]
    assert shown[place + 2].split()[-2:] == ["0.004", "regressed"]


def test_the_text_says_what_the_intervals_do_not_hold() -> None:
    text = "\n".join(lines(a_comparison()))
    assert "of this process's rounds alone; a change between processes is not in it – `zoobench gate` replays" in text
    assert "up to 20 %, in × float by up to 10 % (Keras: a factor of 2)" in text
    assert "McNemar's mid-p, adjusted by Holm" in text


def test_a_time_that_moved_while_the_speed_up_did_not_is_pointed_out() -> None:
    moved = lines(compare(a_side(a_timed_run(0.004)), a_side(a_timed_run(0.006))))
    assert any(line.startswith("p50 moved in 1 cells whose × float did not") for line in moved)
    both = lines(compare(a_side(a_timed_run(0.004)), a_side(a_timed_run(0.006, speedup=1.7))))
    assert not any(line.startswith("p50 moved") for line in both)


def test_several_runs_say_what_their_interval_is() -> None:
    five = a_side(*(a_timed_run(0.004 + index * 1e-5) for index in range(5)))
    assert any("with the run as the unit" in line for line in lines(compare(five, five)))
    assert any("fewer than 5 runs" in line for line in lines(compare(five, a_side(a_timed_run(0.004)))))


def test_equal_conditions_and_different_machines_are_said() -> None:
    assert "All known conditions are the same." in lines(a_comparison())
    assert any(line.startswith("The machines differ") for line in lines(a_comparison(cpu="Cortex-A76")))


def test_nothing_in_common_is_said() -> None:
    other = replace(a_record(), cell=replace(a_record().cell, id="other"))
    shown = lines(compare(a_side(a_run(a_record())), a_side(a_run(other))))
    assert "No cell is on both sides: nothing is compared." in shown
    assert not any("very same file" in line for line in shown)


def test_it_is_said_how_many_cells_are_the_very_same_file() -> None:
    assert "Both sides measured the very same file in 1 of 1 cells." in lines(a_comparison())


def test_verdicts_are_coloured_on_a_terminal_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[31mregressed" in text(view([a_comparison()]), width=100, colours=True)
    assert "\x1b" not in text(view([a_comparison()]), width=100)


def test_markdown_has_a_table_for_each_metric() -> None:
    shown = written(view([a_comparison(governor="powersave")]), "markdown")
    assert shown.count("\n| :---") == 1 + sum(bool(metric.read(a_record())) for metric in METRICS.values())
    assert "| governor | not known | powersave |" in shown
    assert "| mobilenet-integer\\_only-litert-t1 | 4.00 | 6.00 | +50.0 |" in shown
    assert "- only in candidate: come" in shown


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


def test_json_has_all_of_it() -> None:
    (comparison,) = content(view([a_comparison(governor="powersave")]))["comparisons"]
    assert comparison["environment"] == [{"name": "governor", "base": [], "new": ["powersave"]}]
    assert (comparison["only_baseline"], comparison["only_candidate"]) == (["gone"], ["come"])
    (cell,) = comparison["cells"]
    assert list(cell["metrics"]) == list(METRICS)
    assert cell["metrics"]["top1"]["change"] == pytest.approx(-0.4)
    assert cell["metrics"]["top1"]["kind"] == "difference"
    assert cell["metrics"]["loss"]["interval"] is None
    assert len(cell["metrics"]["latency_p50"]["interval"]) == 2


def test_several_new_sides_stand_below_each_other() -> None:
    one = a_comparison()
    both = [one, replace(one, candidate="third.json")]
    assert text(view(both), width=100).count("baseline:  before.json") == 2
    assert len(content(view(both))["comparisons"]) == 2
    assert {row["candidate_side"] for row in table(view(both))} == {"after.json", "third.json"}


SPEEDUPS = {"AMD EPYC": {"float32": 1.0, "dynamic_range": 2.0}, "Cortex-A76": {"float32": 1.0, "dynamic_range": 0.5}}

GOLDEN = """\
A: AMD EPYC, 2 cores, AMD EPYC.json (1 run)
B: Cortex-A76, 2 cores, Cortex-A76.json (1 run)

differs  A         B
─────────────────────────────
cpu      AMD EPYC  Cortex-A76

p50, ms                               A  rank     B  rank
─────────────────────────────────────────────────────────
mobilenet-float32-litert-t1        10.0     2  10.0     1
mobilenet-dynamic_range-litert-t1  5.00     1  20.0     2

p90, ms                               A     B
─────────────────────────────────────────────
mobilenet-float32-litert-t1        10.1  10.1
mobilenet-dynamic_range-litert-t1  5.04  20.2

× float                               A       95 %     B       95 %
───────────────────────────────────────────────────────────────────
mobilenet-float32-litert-t1        1.00  0.99–1.01  1.00  0.99–1.01
mobilenet-dynamic_range-litert-t1  2.00  1.98–2.02  0.50  0.49–0.51

initialization, ms                    A     B
─────────────────────────────────────────────
mobilenet-float32-litert-t1        50.0  50.0
mobilenet-dynamic_range-litert-t1  50.0  50.0

first inference, ms                   A     B
─────────────────────────────────────────────
mobilenet-float32-litert-t1        20.0  20.0
mobilenet-dynamic_range-litert-t1  20.0  20.0

peak memory, MB                       A     B
─────────────────────────────────────────────
mobilenet-float32-litert-t1        56.0  56.0
mobilenet-dynamic_range-litert-t1  56.0  56.0

the order flips                    against                       × faster   × faster  by            p
─────────────────────────────────────────────────────────────────────────────────────────────────────
mobilenet-dynamic_range-litert-t1  mobilenet-float32-litert-t1  2.00 on A  0.50 on B  × float  <0.001
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
    shown = "\n".join(line.rstrip() for line in text(across_view(found), width=100).splitlines())
    assert shown.startswith(GOLDEN)
    assert "1 of 1 pairs of cells and machines flip significantly" in shown


def test_there_is_no_verdict_and_no_merged_rank(found: AcrossMachines) -> None:
    for form in FORMATS:
        for word in ("better", "worse", "regressed", "improved", "best"):
            assert word not in written(across_view(found), form)


def test_markdown_has_the_same_tables(found: AcrossMachines) -> None:
    shown = written(across_view(found), "markdown")
    assert shown.count("\n| :---") == 8
    assert "| mobilenet-dynamic\\_range-litert-t1 | 5.00 | 1 | 20.0 | 2 |" in shown


def test_csv_has_a_line_for_each_machine_condition_cell_and_flip(found: AcrossMachines) -> None:
    rows = table(across_view(found))
    assert [row["kind"] for row in rows] == ["machine"] * 2 + ["condition"] * 2 + ["cell"] * 4 + ["flip"]
    assert (rows[6]["name"], rows[6]["machine"], rows[6]["rank"]) == (cell_id("dynamic_range"), "A", "1")
    assert float(rows[6]["speedup"]) == pytest.approx(2.0)
    assert float(rows[6]["memory"]) == pytest.approx(56_000_000)
    assert (rows[8]["other"], float(rows[8]["times_faster_on_other"])) == (cell_id("float32"), pytest.approx(0.5))


def test_json_has_all_of_the_machines(found: AcrossMachines) -> None:
    known = content(across_view(found))
    assert known["schema"] == 2
    assert known["conditions"] == [{"name": "cpu", "machines": {"A": ["AMD EPYC"], "B": ["Cortex-A76"]}}]
    assert known["cells"][1]["machines"]["B"]["rank"] == 2
    assert known["cells"][1]["machines"]["B"]["metrics"]["speedup"]["interval"] == pytest.approx([0.495, 0.505])
    assert known["flips"][0]["machines"] == ["A", "B"]


def test_many_flips_are_cut_on_a_terminal_and_said_to_be(
    found: AcrossMachines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoobench.show.comparison._SHOWN_FLIPS", 0)
    shown = text(across_view(found), width=100)
    assert "the order flips" not in shown
    assert "The 0 surest are shown" in shown


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
