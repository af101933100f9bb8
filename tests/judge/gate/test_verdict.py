"""Is a gate's exit status that of the gravest that was found?"""

from collections.abc import Sequence

import pytest

from zoobench.judge.gate.metrics import size_finding
from zoobench.judge.gate.verdict import INCONCLUSIVE, PASSED, REGRESSED, UNUSABLE, GateReport, Verdict, status_of

I, R, U, C = Verdict.IMPROVED, Verdict.REGRESSED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE  # noqa: E741


def a_report(problems: Sequence[str] = (), sizes: Sequence[int] = (100,)) -> GateReport:
    return GateReport(
        baseline="main",
        candidate="results.json",
        findings=tuple(size_finding("a", (100, size), tolerance=0.01) for size in sizes),
        problems=problems,
        environment=(),
        notes=(),
        seconds=1.0,
    )


def test_the_four_exit_statuses_are_those_of_the_documentation() -> None:
    assert (PASSED, REGRESSED, UNUSABLE, INCONCLUSIVE) == (0, 1, 2, 3)


@pytest.mark.parametrize(
    ("verdicts", "status"),
    [
        ([U], PASSED),
        ([U, I], PASSED),
        ([U, C], INCONCLUSIVE),
        ([U, I, C, R], REGRESSED),
        ([R], REGRESSED),
        ([R, C], REGRESSED),
        ([], PASSED),
    ],
)
def test_a_regression_counts_before_what_is_not_clear(verdicts: list[Verdict], status: int) -> None:
    assert status_of(verdicts) == status


def test_a_report_without_problems_has_the_status_of_its_verdicts() -> None:
    assert a_report().status == PASSED
    assert a_report(sizes=[100, 200]).status == REGRESSED


def test_what_is_unusable_counts_before_what_regressed() -> None:
    assert a_report(problems=["a cell is missing"], sizes=[200]).status == UNUSABLE


def test_a_verdict_is_written_as_its_word() -> None:
    assert [str(verdict) for verdict in Verdict] == ["improved", "unchanged", "regressed", "inconclusive"]
    assert f"{Verdict.REGRESSED}" == "regressed"
