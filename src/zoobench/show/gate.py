"""How is a gate's report read? The outcome, what is wrong, and a row for each finding."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from zoobench.errors import Status
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.gate.decide import GateReport
from zoobench.judge.metrics import METRICS
from zoobench.results.conditions import joined
from zoobench.show import markdown
from zoobench.show.document import Document, Grid, Lines, Tone, View
from zoobench.system.terminal import console_text, plain_table, sanitize, text_console
from zoobench.system.units import ABSENT, change_percent, three_digits

SCHEMA = 2
_LEAST_WIDTH = 128
_OTHER_COLUMNS = 112
"""Characters that the columns beside the cell's take at the most."""

_HEADS = ("metric", "baseline", "candidate", "", "change", "95 %", "limit", "detectable from", "verdict", "by")
_NUMBERS = frozenset({1, 2, 4, 5, 6, 7})

_WORDS = {
    Status.PASSED: "passed",
    Status.FAILED: "REGRESSED",
    Status.UNUSABLE: "UNUSABLE INPUT",
    Status.UNDECIDED: "INCONCLUSIVE",
}

_STYLES = {
    Verdict.IMPROVED: "green",
    Verdict.UNCHANGED: "",
    Verdict.REGRESSED: "bold red",
    Verdict.INCONCLUSIVE: "yellow",
}

_COUNTED = {"replay": "processes", "stored": "A/A runs", "samples": "samples", "processes": "processes"}

_LEGEND = (
    "regressed: worse by more than the limit; unchanged, improved: not worse by more (both with statistical "
    "confidence; top-1: no significant loss found); inconclusive: neither.",
    "detectable from: the smallest regression that this gate would have caught (minimum detectable effect).",
)


def headline(report: GateReport) -> str:
    """Returns the outcome in one line."""
    counts = {verdict: sum(one.verdict is verdict for one in report.findings) for verdict in Verdict}
    told = ", ".join(f"{number} {verdict}" for verdict, number in counts.items() if number)
    problems = f"{len(report.problems)} problems" if len(report.problems) != 1 else "1 problem"
    parts = ([problems] if report.problems else []) + ([told] if told else [])
    outcome = f"{_WORDS[report.status]} ({'; '.join(parts) or 'nothing to judge'})"
    return f"gate against {sanitize(report.baseline)}: {outcome} in {three_digits(report.seconds)} s"


def render(report: GateReport, *, width: int, colours: bool) -> str:
    """Returns a report for a terminal: what differs, what is wrong, the verdicts, the outcome.

    Args:
        report: What was found.
        width: Columns of the terminal; numbers are never cut.
        colours: Whether the reader is a terminal that knows them.
    """
    longest = max((len(one.cell) for one in report.findings), default=0)
    console = text_console(width=max(width, _LEAST_WIDTH, longest + _OTHER_COLUMNS), colours=colours)
    for line in _preamble(report):
        console.print(Text(line), soft_wrap=True)
    for problem in report.problems:
        console.print(Text(f"unusable: {sanitize(problem)}", style="red"), soft_wrap=True)
    if report.findings:
        console.print(_table(report.findings))
        console.print("", *_remarks(report.findings), *_LEGEND, sep="\n", soft_wrap=True)
    style = "green" if report.status is Status.PASSED else "yellow" if report.status is Status.UNDECIDED else "bold red"
    console.print(Text(headline(report), style=style), soft_wrap=True)
    return console_text(console)


def as_markdown(report: GateReport) -> str:
    """Returns a report as Markdown, what is not unchanged first."""
    lines = [f"### {markdown.escaped(headline(report))}", ""]
    lines += [f"- **unusable**: {markdown.escaped(problem)}" for problem in report.problems]
    lines += [f"- {markdown.escaped(line)}" for line in _preamble(report)]
    if report.findings:
        heads = ("cell", *(head or "unit" for head in _HEADS), "remark")
        rows = [(finding.cell, *_row(finding), finding.remark) for finding in _ranked(report.findings)]
        lines += [
            "",
            markdown.row(heads),
            markdown.row(["---"] * len(heads)),
            *map(markdown.row, rows),
        ]
        lines += ["", *_LEGEND]
    return "\n".join(lines) + "\n"


def view(report: GateReport) -> View:
    """Returns a report for every writer: a row for each finding, what is not unchanged first."""
    return View(
        document=lambda: _document(report),
        plain=lambda: {"schema": SCHEMA, "kind": "zoobench-gate", "status": report.status} | asdict(report),
        rows=lambda: [_plain_row(finding) for finding in report.findings],
    )


def _document(report: GateReport) -> Document:
    tone: Tone = "good" if report.status is Status.PASSED else "bad"
    heads = ("cell", *(head or "unit" for head in _HEADS), "remark")
    rows = tuple((finding.cell, *_row(finding), finding.remark) for finding in _ranked(report.findings))
    words = frozenset({1, 4, 9, 10, 11})
    problems = tuple(f"unusable: {problem}" for problem in report.problems)
    return Document(
        title=headline(report),
        blocks=(
            Lines(lines=(headline(report),), tone=tone),
            Lines(lines=problems, tone="bad"),
            Lines(lines=tuple(_preamble(report))),
            Grid(heads=heads, rows=rows, words=words),
            Lines(lines=_LEGEND if rows else ()),
        ),
    )


def _ranked(findings: Sequence[Finding]) -> list[Finding]:
    return sorted(findings, key=lambda finding: finding.verdict is Verdict.UNCHANGED)


def _plain_row(finding: Finding) -> dict[str, Any]:
    ends = {"low": finding.interval.low, "high": finding.interval.high} if finding.interval else {}
    plain = {key: value for key, value in asdict(finding).items() if key != "interval"}
    return plain | {"low": ends.get("low"), "high": ends.get("high")}


def _preamble(report: GateReport) -> list[str]:
    differing = [
        f"differs: {one.name}: {joined(one.base)} in the baseline, {joined(one.new)} in the candidate"
        for one in report.environment
    ]
    return [sanitize(line) for line in (*differing, *(f"note: {note}" for note in report.notes))]


def sentence(finding: Finding) -> str:
    """Returns a finding as one sentence, for annotations and test reports."""
    metric, baseline, candidate, unit, change, interval, limit, detectable, verdict, grounds = _row(finding)
    told = f"{metric} {verdict}: {baseline} to {candidate} {unit}, {change}"
    told += f" (95 %: {interval})" if interval else ""
    told += f", limit {limit}, detectable from {detectable}, by {grounds}"
    return sanitize(f"{told}; {finding.remark}" if finding.remark else told)


def _remarks(findings: Sequence[Finding]) -> list[str]:
    """Returns what is to be said of single findings, the same of several once, and an empty line after it."""
    cells: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        if finding.remark:
            cells.setdefault((METRICS[finding.metric].title, finding.remark), []).append(finding.cell)
    told = [
        f"{those[0] if len(those) == 1 else f'{len(those)} cells'}, {metric}: {remark}"
        for (metric, remark), those in cells.items()
    ]
    return [*map(sanitize, told), ""] if told else []


def _table(findings: Sequence[Finding]) -> Table:
    table = plain_table()
    for position, head in enumerate(_HEADS):
        justify: JustifyMethod = "right" if position in _NUMBERS else "left"
        table.add_column(head, justify=justify, no_wrap=True)
    for cell, rows in groupby(findings, key=lambda finding: finding.cell):
        table.add_row(Text(sanitize(cell), style="bold"))
        for finding in rows:
            table.add_row(*_styled(finding))
        table.add_section()
    return table


def _styled(finding: Finding) -> list[Text]:
    texts = [Text(text) for text in _row(finding)]
    texts[_HEADS.index("verdict")].stylize(_STYLES[finding.verdict] if finding.verdict else "")
    return texts


def _row(finding: Finding) -> tuple[str, ...]:
    metric, interval = METRICS[finding.metric], finding.interval

    def change(share: float | None, *, worse: bool = False) -> str:
        """Returns a change with its unit; one that is told as so much worse stands as the change that it is."""
        if share is None:
            return ABSENT
        sign = -1 if worse and not metric.lower_is_better else 1
        return f"{change_percent(sign * share)} {'%' if metric.relative else 'pt'}"

    return (
        metric.title,
        metric.unit.text(finding.baseline),
        metric.unit.text(finding.candidate),
        metric.unit.symbol,
        change(finding.change),
        f"{change_percent(interval.low)} to {change_percent(interval.high)}" if interval else "",
        change(finding.tolerance, worse=True),
        change(finding.smallest_change, worse=True),
        str(finding.verdict or ""),
        f"{finding.units} {_COUNTED[finding.basis]}" if finding.basis in _COUNTED else finding.basis or "",
    )


_LEVELS = {Verdict.REGRESSED: "error", Verdict.INCONCLUSIVE: "warning"}
_IN_MESSAGES = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_PROPERTIES = _IN_MESSAGES | {":": "%3A", ",": "%2C"}


def annotations(report: GateReport) -> str:
    """Returns workflow commands: an error for each problem and regression, a warning for what is inconclusive.

    The escapes are those of GitHub's own toolkit (`packages/core/src/command.ts`).
    """
    return "".join(f"{line}\n" for line in _lines(report))


def _lines(report: GateReport) -> Iterator[str]:
    for problem in report.problems:
        yield _command("error", "zoobench: unusable input", problem)
    for finding in report.findings:
        if finding.verdict and (level := _LEVELS.get(finding.verdict)):
            yield _command(level, f"zoobench: {finding.cell}", sentence(finding))
    if report.status is Status.PASSED:
        yield _command("notice", "zoobench", headline(report))


def _command(level: str, title: str, message: str) -> str:
    return f"::{level} title={_escaped(title, _IN_PROPERTIES)}::{_escaped(message, _IN_MESSAGES)}"


def _escaped(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(sign) or sanitize(sign) for sign in text)
