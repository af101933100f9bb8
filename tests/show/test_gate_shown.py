"""A gate's report as text: what differs first, numbers in people's units, the outcome last."""

from reports import ALL_HOSTILE, HOSTILE, MISLABELLED, OTHER_CPU, UNKNOWN, a_finding, a_report, is_tame
from views import content, table, written
from zoobench.judge.evidence import Verdict
from zoobench.show.gate import annotations, as_markdown, headline, render, sentence, view


def lines(**changes: object) -> list[str]:
    return [line.rstrip() for line in render(a_report(**changes), width=80, colours=False).splitlines()]


def test_what_differs_and_what_is_wrong_stand_before_the_verdicts_and_the_outcome_last() -> None:
    shown = lines(environment=(OTHER_CPU,), notes=("a worker was started anew",), problems=("no record of x",))
    assert shown[0] == "differs: cpu: Cortex-A76 in the baseline, AMD EPYC in the candidate"
    assert shown[1] == "note: a worker was started anew"
    assert shown[2] == "unusable: no record of x"
    assert shown[-1] == "gate against main: UNUSABLE INPUT (1 problem; 1 unchanged) in 31.4 s"


def test_a_latency_has_its_row_with_unit_change_interval_limit_and_what_could_be_seen() -> None:
    (row,) = (line for line in lines() if line.startswith("p50"))
    assert " ".join(row.split()) == "p50 5.65 5.70 ms +0.9 % -0.2 to +1.5 +5.0 % +6.6 % unchanged 6 processes"


def test_accuracy_counts_losses_as_negative_points() -> None:
    shown = lines(findings=(MISLABELLED,))
    (row,) = (line for line in shown if line.startswith("top-1"))
    told = "top-1 90.0 80.0 % -10.0 pt -14.0 to -7.0 -0.5 pt -3.1 pt regressed 260 samples"
    assert " ".join(row.split()) == told
    assert f"{MISLABELLED.cell}, top-1: {MISLABELLED.remark}" in shown


def test_no_line_is_cut_on_a_narrow_terminal() -> None:
    assert not any("…" in line for line in lines(findings=(a_finding(), MISLABELLED, UNKNOWN)))


def test_what_is_to_be_said_of_several_cells_is_said_once() -> None:
    shown = lines(findings=(a_finding(cell="a", remark="no noise"), a_finding(cell="b", remark="no noise")))
    assert [line for line in shown if "no noise" in line] == ["2 cells, p50: no noise"]


def test_colours_are_for_terminals_alone() -> None:
    report = a_report(findings=(MISLABELLED,))
    assert "\x1b[" not in render(report, width=128, colours=False)
    assert "\x1b[1;31mregressed" in render(report, width=128, colours=True)


def test_names_with_brackets_mean_themselves() -> None:
    assert "[red]x" in render(a_report(findings=(a_finding(cell="[red]x"),)), width=128, colours=True)


def test_the_headline_counts_the_verdicts() -> None:
    report = a_report(findings=(a_finding(), a_finding(), UNKNOWN))
    assert headline(report) == "gate against main: INCONCLUSIVE (2 unchanged, 1 inconclusive) in 31.4 s"


def test_markdown_has_what_matters_first_and_means_itself() -> None:
    text = as_markdown(a_report(findings=(a_finding(cell="a|b_c"), MISLABELLED)))
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert rows[2].startswith("| mobilenet-integer\\_only-litert-t1 | top-1 |")
    assert rows[3].startswith("| a\\|b\\_c | p50 |")
    assert {row.replace("\\|", "").count("|") for row in rows} == {13}


def test_json_holds_the_status_and_shares_of_one() -> None:
    found = content(view(a_report(findings=(MISLABELLED,))))
    assert (found["status"], found["kind"], found["schema"]) == (1, "zoobench-gate", 2)
    assert found["findings"][0]["verdict"] == "regressed"
    assert found["findings"][0]["change"] == -0.1


def test_a_page_begins_with_the_outcome_and_csv_has_a_row_for_each_finding() -> None:
    report = a_report(findings=(a_finding(), MISLABELLED))
    page = written(view(report), "html")
    assert page.index(headline(report)) < page.index("mobilenet-integer_only-litert-t1")
    assert [(row["metric"], row["verdict"]) for row in table(view(report))][1] == ("top1", "regressed")
    assert is_tame(written(view(ALL_HOSTILE), "html"))


def test_a_sentence_says_it_all_on_one_line() -> None:
    assert sentence(MISLABELLED) == (
        "top-1 regressed: 90.0 to 80.0 %, -10.0 pt (95 %: -14.0 to -7.0), limit -0.5 pt, detectable from -3.1 pt, "
        "by 260 samples; 26 newly wrong, 0 newly right; most of all dog: 92.3 to 0.0 %"
    )


def test_every_verdict_has_a_style() -> None:
    for verdict in Verdict:
        assert str(verdict) in render(a_report(findings=(a_finding(verdict=verdict),)), width=128, colours=True)


def test_names_from_files_neither_steer_a_terminal_nor_break_a_line_nor_the_encoding() -> None:
    (first, _) = ALL_HOSTILE.findings
    for text in (render(ALL_HOSTILE, width=128, colours=False), as_markdown(ALL_HOSTILE), headline(ALL_HOSTILE)):
        assert is_tame(text)
        assert "error::b\ufffd::error::b" in text
    assert sentence(first).isprintable()


def test_json_holds_names_as_they_are_in_plain_signs() -> None:
    assert written(view(ALL_HOSTILE), "json").isascii()
    assert content(view(ALL_HOSTILE))["problems"] == [HOSTILE]


def test_a_baselines_name_means_itself_in_the_markdown_title() -> None:
    assert as_markdown(a_report(baseline="a_<b>")).startswith("### gate against a\\_\\<b>: passed")


def test_what_regressed_is_an_error_and_what_is_unclear_a_warning() -> None:
    first, second = annotations(a_report(findings=(a_finding(), MISLABELLED, UNKNOWN))).splitlines()
    assert first.startswith("::error title=zoobench%3A mobilenet-integer_only-litert-t1::top-1 regressed: 90.0 to")
    assert second.startswith("::warning title=zoobench%3A mobilenet-float32-litert-t1::p50 inconclusive")


def test_signs_that_end_a_command_are_escaped() -> None:
    (line,) = annotations(a_report(findings=(), problems=("5 %\nof a, b: c",))).splitlines()
    assert line == "::error title=zoobench%3A unusable input::5 %25%0Aof a, b: c"


def test_a_gate_that_passed_says_so() -> None:
    assert annotations(a_report()) == "::notice title=zoobench::gate against main: passed (1 unchanged) in 31.4 s\n"


def test_names_from_files_cannot_add_a_command() -> None:
    text = annotations(ALL_HOSTILE)
    assert is_tame(text)
    assert [line.partition(" ")[0] for line in text.splitlines()] == ["::error", "::error", "::warning"]
