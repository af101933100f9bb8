"""A gate's report as text: what differs first, numbers in people's units, the outcome last."""

import pytest

from reports import ALL_HOSTILE, HOSTILE, MISLABELLED, OTHER_CPU, UNKNOWN, a_finding, a_report, is_tame
from views import content, lines, table, text, written
from zoobench.judge.evidence import Verdict
from zoobench.show.gate import MOST_ANNOTATIONS, annotations, headline, sentence, view


def test_what_differs_and_what_is_wrong_stand_before_the_verdicts_and_the_outcome_last() -> None:
    report = a_report(environment=(OTHER_CPU,), notes=("a worker was started anew",), problems=("no record of x",))
    shown = lines(view(report))
    assert shown[:4] == [
        "differs: cpu: Cortex-A76 in the baseline, AMD EPYC in the candidate",
        "note: a worker was started anew",
        "",
        "unusable: no record of x",
    ]
    assert shown[-1] == "gate against main: UNUSABLE INPUT (1 problem; 1 unchanged) in 31.4 s"


@pytest.mark.parametrize(
    ("finding", "row"),
    [
        (a_finding(), "p50 5.65 5.70 ms +0.9 % -0.2 to +1.5 +5.0 % +6.6 % unchanged 6 processes"),
        (MISLABELLED, "top-1 90.0 80.0 % -10.0 pt -14.0 to -7.0 -0.5 pt -3.1 pt regressed 260 samples"),
    ],
)
def test_a_finding_has_its_row_with_unit_change_interval_limit_and_what_could_be_seen(
    finding: object, row: str
) -> None:
    assert row in [" ".join(line.split()) for line in lines(view(a_report(findings=(finding,))))]


def test_cells_where_something_changed_come_first_and_each_stands_above_its_rows() -> None:
    report = a_report(findings=(a_finding(cell="a"), a_finding(cell="b"), UNKNOWN))
    shown = lines(view(report))
    assert shown.index(UNKNOWN.cell) < shown.index("a") < shown.index("b")
    rows = [line for line in written(view(report), "markdown").splitlines() if line.startswith("|")]
    assert rows[2].startswith("| mobilenet-float32-litert-t1 | p50 |")
    assert rows[3].startswith("| a | p50 |")


@pytest.mark.parametrize("width", [80, 100, 120])
def test_the_table_fits_a_terminal_and_says_what_it_goes_without(width: int) -> None:
    shown = lines(view(a_report(findings=(a_finding(), MISLABELLED))), width=width)
    table = [line for line in shown[: shown.index("")] if not line.startswith("Without ")]
    assert max(map(len, table)) <= width
    assert all(head in table[0] for head in ("metric", "candidate", "change", "limit", "verdict"))


def test_what_is_to_be_said_of_several_cells_is_said_once() -> None:
    both = (a_finding(cell="a", remark="no noise"), a_finding(cell="b", remark="no noise"))
    assert lines(view(a_report(findings=both)), "p50 of") == ["p50 of a, b: no noise"]


def test_verdicts_are_coloured_on_a_terminal_that_knows_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    one = view(a_report(findings=(MISLABELLED, a_finding(cell="[red]x"))))
    assert "\x1b[31mregressed" in text(one, colours=True)
    assert "[red]x" in text(one, colours=True)
    assert "\x1b[" not in text(one)


def test_the_headline_counts_the_verdicts() -> None:
    report = a_report(findings=(a_finding(), a_finding(), UNKNOWN))
    assert headline(report) == "gate against main: INCONCLUSIVE (2 unchanged, 1 inconclusive) in 31.4 s"
    assert "nothing to judge" in headline(a_report(findings=()))


def test_markdown_and_a_page_begin_with_the_outcome_and_names_mean_themselves() -> None:
    one = view(a_report(baseline="a_<b>", findings=(a_finding(cell="a|b_c"),)))
    shown = written(one, "markdown")
    assert shown.startswith("**gate against a\\_\\<b>: passed (1 unchanged)")
    assert "| a\\|b\\_c | p50 |" in shown
    page = written(one, "html")
    assert page.index("passed (1 unchanged)") < page.index("a|b_c")


def test_programs_get_the_status_and_shares_of_one() -> None:
    one = view(a_report(findings=(a_finding(), MISLABELLED)))
    found = content(one)
    assert (found["status"], found["kind"], found["schema"]) == (1, "zoobench-gate", 2)
    assert (found["findings"][1]["verdict"], found["findings"][1]["change"]) == ("regressed", -0.1)
    rows = table(one)
    assert [(row["metric"], row["verdict"]) for row in rows] == [("latency_p50", "unchanged"), ("top1", "regressed")]
    assert (rows[0]["low"], rows[0]["high"]) == ("-0.002", "0.015")


def test_a_sentence_says_it_all_on_one_line() -> None:
    assert sentence(MISLABELLED) == (
        "top-1 regressed: 90.0 to 80.0 %, -10.0 pt (95 %: -14.0 to -7.0), limit -0.5 pt, detectable from -3.1 pt, "
        "by 260 samples; 26 newly wrong, 0 newly right; most of all dog: 92.3 to 0.0 %"
    )


@pytest.mark.parametrize("verdict", Verdict)
def test_every_verdict_can_be_shown(verdict: Verdict) -> None:
    assert str(verdict) in text(view(a_report(findings=(a_finding(verdict=verdict),))), colours=True)


@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_names_from_files_neither_steer_a_terminal_nor_break_a_line_nor_the_encoding(form: str) -> None:
    shown = written(view(ALL_HOSTILE), form)
    assert is_tame(shown)
    assert "error::b\ufffd::error::b" in shown
    assert is_tame(headline(ALL_HOSTILE))
    assert sentence(ALL_HOSTILE.findings[0]).isprintable()


def test_json_holds_names_as_they_are_in_plain_signs() -> None:
    assert written(view(ALL_HOSTILE), "json").isascii()
    assert content(view(ALL_HOSTILE))["problems"] == [HOSTILE]


def test_the_headline_is_annotated_first_then_what_regressed_as_an_error_and_what_is_unclear_as_a_warning() -> None:
    head, first, second = annotations(a_report(findings=(a_finding(), MISLABELLED, UNKNOWN))).splitlines()
    assert head.startswith("::error title=zoobench::gate against main: REGRESSED (")
    assert first.startswith("::error title=zoobench%3A mobilenet-integer_only-litert-t1::top-1 regressed: 90.0 to")
    assert second.startswith("::warning title=zoobench%3A mobilenet-float32-litert-t1::p50 inconclusive")
    assert annotations(a_report()) == "::notice title=zoobench::gate against main: passed (1 unchanged) in 31.4 s\n"


def test_what_is_beyond_githubs_ten_of_a_level_is_counted_by_the_last_one() -> None:
    many = annotations(a_report(findings=(MISLABELLED,) * 12 + (UNKNOWN,) * 11)).splitlines()
    errors, warnings = ([one for one in many if one.startswith(f"::{level}")] for level in ("error", "warning"))
    assert (len(errors), len(warnings)) == (MOST_ANNOTATIONS, MOST_ANNOTATIONS)
    assert "REGRESSED" in many[0]
    assert "::4 more of this level" in errors[-1]  # 12, of which 8 are shown beside the headline
    assert "::2 more of this level" in warnings[-1]
    exactly = annotations(a_report(findings=(MISLABELLED,) * 9))
    assert exactly.count("::error") == MOST_ANNOTATIONS
    assert "more of this level" not in exactly


def test_signs_that_end_a_command_are_escaped_and_names_cannot_add_one() -> None:
    _, line = annotations(a_report(findings=(), problems=("5 %\nof a, b: c",))).splitlines()
    assert line == "::error title=zoobench%3A unusable input::5 %25%0Aof a, b: c"
    hostile = annotations(ALL_HOSTILE)
    assert is_tame(hostile)
    assert [line.partition(" ")[0] for line in hostile.splitlines()] == ["::error", "::error", "::error", "::warning"]
