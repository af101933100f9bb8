"""Does markdown say the same, and does a foreign text mean itself in it?"""

from dataclasses import replace
from itertools import pairwise

import pytest

from reportparts import FLOAT, INTEGER, SCRIPT, a_report, refused, run_of
from zoobench.judge.compare.comparison import compare
from zoobench.results.run import Side
from zoobench.results.schema import Record
from zoobench.show.report.markdown import to_markdown

SIDE = Side(name="base.json", runs=(run_of(FLOAT, INTEGER),))


def test_every_part_has_a_heading_in_the_order_of_the_page() -> None:
    text = to_markdown(a_report(comparison=compare(SIDE, SIDE)))
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == [
        *("Decision", "All cells", "Changes against the baseline", "Trade-off", "Latency", "Speed-up"),
        *("Right and wrong", "Training", "Environment", "How it was measured", "What it cannot tell"),
    ]


def test_the_decision_is_the_first_thing_in_bold() -> None:
    report = a_report()
    bold = [line for line in to_markdown(report).splitlines() if line.startswith("**")]
    assert bold[0].replace("\\", "") == f"**{report.decision.sentence}**"


def test_every_cell_has_a_row_with_its_values_and_marks() -> None:
    text = to_markdown(a_report(FLOAT, INTEGER, refused()))
    rows = text.partition("## All cells")[2].partition("## Trade-off")[0].splitlines()
    assert any(
        row.startswith("| mobilenet-int16x8-litert-t1 |") and row.endswith("| refused by litert |") for row in rows
    )
    assert any("2.50 (2.48–2.52)" in row for row in rows)


def test_tables_have_as_many_fields_in_each_row() -> None:
    lines = to_markdown(a_report(comparison=compare(SIDE, SIDE))).splitlines()
    for above, below in pairwise(lines):
        if above.startswith("|") and below.startswith("|"):
            assert above.replace("\\|", "").count("|") == below.replace("\\|", "").count("|")


def test_confusions_are_a_table() -> None:
    text = to_markdown(a_report())
    assert "|  | cat | dog |" in text
    assert "| cat | 3 | 1 |" in text


def test_answers_are_folded() -> None:
    text = to_markdown(a_report())
    assert "<details><summary>mobilenet integer_only</summary>" in text
    assert text.count("<details>") == text.count("</details>") == 2


@pytest.mark.parametrize("name", [SCRIPT, "a|b", "`rm`", "**bold**", "[x](javascript:1)", "two\nlines"])
def test_a_name_from_a_file_means_itself(name: str) -> None:
    def renamed(record: Record) -> Record:
        cell = replace(record.cell, backbone=name)
        return replace(record, dataset=replace(record.dataset, name=name, classes=(name, "dog")), cell=cell)

    text = to_markdown(a_report(*map(renamed, (FLOAT, INTEGER))))
    folded = [line for line in text.splitlines() if line.startswith(("<details>", "</details>"))]
    assert all(line.count("<") in (1, 3) for line in folded)
    escaped = "\n".join(line for line in text.splitlines() if line not in folded)
    for sign in "|<*[_`\\":
        escaped = escaped.replace(f"\\{sign}", "")
    assert "<" not in escaped
    assert "`" not in escaped
    assert "[" not in escaped
    assert "\nlines" not in text
