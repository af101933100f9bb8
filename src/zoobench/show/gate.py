"""How is a gate's report read? The outcome, what is wrong, and a row for each finding."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from zoobench.errors import Status, sanitize
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.metrics import METRICS
from zoobench.results.conditions import joined
from zoobench.show.document import Document, Grid, Lines, Tone, View
from zoobench.system.units import ABSENT, change_percent, few, three_digits

SCHEMA = 2
_HEADS = ("metric", "baseline", "candidate", "unit", "change", "95 %", "limit", "detectable from", "verdict", "by")
_WORDS = frozenset({1, 4, 9, 10})
_OUTCOMES: dict[Status, tuple[str, Tone]] = {
    Status.PASSED: ("passed", "good"),
    Status.FAILED: ("REGRESSED", "bad"),
    Status.UNUSABLE: ("UNUSABLE INPUT", "bad"),
    Status.UNDECIDED: ("INCONCLUSIVE", "open"),
}
_COUNTED = {"replay": "processes", "stored": "A/A runs", "samples": "samples", "processes": "processes"}
_LEGEND = (
    "regressed: worse by more than the limit; unchanged, improved: not worse by more (both with statistical "
    "confidence; top-1: no significant loss found); inconclusive: neither.",
    "detectable from: the smallest regression that this gate would have caught (minimum detectable effect).",
)
_FIRST = (Verdict.REGRESSED, Verdict.INCONCLUSIVE, None, Verdict.IMPROVED, Verdict.UNCHANGED)
"""In which order cells stand, by the first of these that one has."""
MOST_ANNOTATIONS = 10
"""That GitHub shows of a level and a step (actions/toolkit, docs/problem-matchers.md)."""
UNJUDGED = "not judged"
"""Instead of a verdict, of what nothing can be said about in these runs; it stands in nothing's way."""
_HEADLINE_LEVELS = {"good": "notice", "open": "warning", "bad": "error"}
_LEVELS = {Verdict.REGRESSED: "error", Verdict.INCONCLUSIVE: "warning"}
_IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = _IN_MESSAGES | {":": "%3A", ",": "%2C"}


def view(report: GateReport) -> View:
    """Returns a report for every writer: a row for each finding."""
    return View(
        document=lambda: _document(report),
        plain=lambda: {"schema": SCHEMA, "kind": "zoobench-gate", "status": report.status} | asdict(report),
        rows=lambda: [_plain_row(finding) for finding in report.findings],
    )


def headline(report: GateReport) -> str:
    """Returns the outcome in one line."""
    counts = {verdict: sum(one.verdict is verdict for one in report.findings) for verdict in Verdict}
    unjudged = {UNJUDGED: sum(one.verdict is None for one in report.findings)}
    verdicts = ", ".join(f"{number} {verdict}" for verdict, number in (*counts.items(), *unjudged.items()) if number)
    problems = f"{len(report.problems)} problem{'s' if len(report.problems) > 1 else ''}" if report.problems else ""
    found = "; ".join(filter(None, (problems, verdicts))) or "nothing to judge"
    outcome = f"{_OUTCOMES[report.status][0]} ({found}) in {three_digits(report.seconds)} s"
    return f"gate against {sanitize(report.baseline)}: {outcome}"


def _document(report: GateReport) -> Document:
    """Returns what differs, what is wrong, and the findings by cell: what regressed first, what is unchanged last."""
    by_cell = [list(group) for _, group in groupby(report.findings, key=lambda finding: finding.cell)]
    by_cell.sort(key=lambda findings: min(_FIRST.index(one.verdict) for one in findings))
    differing = (
        f"differs: {one.name}: {joined(one.base)} in the baseline, {joined(one.new)} in the candidate"
        for one in report.environment
    )
    return Document(
        title=headline(report),
        blocks=(
            Lines(lines=(*differing, *(f"note: {note}" for note in report.notes))),
            Lines(lines=tuple(f"unusable: {problem}" for problem in report.problems), tone="bad"),
            Grid(
                heads=("cell", *_HEADS),
                rows=tuple((one.cell, *_row(one)) for findings in by_cell for one in findings),
                words=_WORDS,
                is_grouped=True,
                spare=tuple(1 + _HEADS.index(head) for head in ("by", "detectable from", "95 %", "unit", "baseline")),
            ),
            Lines(lines=tuple(_remarks(report.findings))),
            Lines(lines=_LEGEND if report.findings else ()),
        ),
        outcome=Lines(lines=(headline(report),), tone=_OUTCOMES[report.status][1]),
    )


def _plain_row(finding: Finding) -> dict[str, Any]:
    plain, interval = asdict(finding), finding.interval
    del plain["interval"]
    return plain | {"low": interval.low if interval else None, "high": interval.high if interval else None}


def _remarks(findings: Sequence[Finding]) -> Iterator[str]:
    cells: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.remark:
            cells.setdefault((METRICS[finding.metric].title, finding.remark), []).append(finding.cell)
    for (metric, remark), those in cells.items():
        yield f"{metric} of {few(those)}: {remark}"


def sentence(finding: Finding) -> str:
    """Returns a finding as one sentence, for annotations and test reports."""
    metric, baseline, candidate, unit, change, interval, limit, detectable, verdict, grounds = _row(finding)
    if finding.verdict is None:
        return sanitize(f"{metric} {verdict}: {finding.remark}")
    text = f"{metric} {verdict}: {baseline} to {candidate} {unit}, {change}"
    text += f" (95 %: {interval})" if interval else ""
    text += f", limit {limit}, detectable from {detectable}, by {grounds}"
    return sanitize(f"{text}; {finding.remark}" if finding.remark else text)


def _row(finding: Finding) -> tuple[str, ...]:
    metric, interval = METRICS[finding.metric], finding.interval
    worse = 1 if metric.lower_is_better else -1

    def change(share: float | None) -> str:
        return ABSENT if share is None else f"{change_percent(share)} {'%' if metric.relative else 'pt'}"

    return (
        metric.title,
        metric.unit.text(finding.baseline),
        metric.unit.text(finding.candidate),
        metric.unit.symbol,
        change(finding.change),
        f"{change_percent(interval.low)} to {change_percent(interval.high)}" if interval else "",
        change(finding.tolerance and worse * finding.tolerance),
        change(finding.smallest_change and worse * finding.smallest_change),
        str(finding.verdict or UNJUDGED),
        f"{finding.units} {_COUNTED[finding.basis]}" if finding.basis in _COUNTED else finding.basis or "",
    )


def annotations(report: GateReport) -> str:
    """Returns workflow commands: the headline, an error for each problem and regression, a warning for what is unclear.

    GitHub shows `MOST_ANNOTATIONS` of a level and drops the others without a word: the last one says how many more
    there are. The escapes are those of GitHub's own toolkit (`packages/core/src/command.ts`).
    """
    said = [(_HEADLINE_LEVELS[_OUTCOMES[report.status][1]], "zoobench", headline(report))]
    said += [("error", "zoobench: unusable input", problem) for problem in report.problems]
    said += [
        (level, f"zoobench: {finding.cell}", sentence(finding))
        for finding in report.findings
        if finding.verdict and (level := _LEVELS.get(finding.verdict))
    ]
    kept = [one for level in ("error", "warning", "notice") for one in _shown([it for it in said if it[0] == level])]
    kept.sort(key=lambda one: one[2] != headline(report))
    return "".join(f"{_command(*one)}\n" for one in kept)


def _shown(said: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    if len(said) <= MOST_ANNOTATIONS:
        return said
    more = len(said) - (MOST_ANNOTATIONS - 1)
    level = said[0][0]
    text = f"{more} more of this level are in the log and the summary of this step; GitHub shows {MOST_ANNOTATIONS}"
    return [*said[: MOST_ANNOTATIONS - 1], (level, "zoobench", text)]


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_escaped(title, _IN_PROPERTIES)}::{_escaped(message, _IN_MESSAGES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    lines = "\n".join(map(sanitize, text.split("\n")))
    return "".join(escapes.get(sign, sign) for sign in lines)
