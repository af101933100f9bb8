"""Workflow commands, as GitHub's toolkit writes them."""

from reports import ALL_HOSTILE, MISLABELLED, UNKNOWN, a_finding, a_report, is_tame
from zoobench.show.github import annotations


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
