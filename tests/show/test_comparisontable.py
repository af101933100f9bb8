"""Can people and programs read a comparison?"""

from dataclasses import replace

import pytest

from fakes import a_record
from resultfiles import EPYC, a_run, a_side, a_timed_run, answered
from views import content, table, text, written
from zoobench.judge.compare.comparison import Comparison, compare
from zoobench.judge.metrics import METRICS
from zoobench.show.comparisontable import view

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
    assert "governor   not known   powersave" in shown


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
