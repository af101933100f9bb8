"""How does a person or a program read how far apart the methods of timing one file are?"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from statistics import median
from typing import Any

from rich.console import JustifyMethod
from rich.table import Table
from rich.text import Text

from zoobench.judge.crosscheck import TOLERANCE, Agreement, Answer, CrosscheckReport, Effort, Gap, TimedPath, gap
from zoobench.stats.intervals import Interval
from zoobench.system.terminal import console_text, plain_table, sanitize, text_console
from zoobench.system.units import ABSENT, change_percent, milliseconds, percent, three_digits

SCHEMA = 1
_WIDTH = 128
_HEADS = ("path", "p50 ms", "gap %", "95 %", "what is timed")
_PHASE_HEADS = ("phase", "p50 ms", "share %")
_STYLES = {Answer.YES: "green", Answer.NO: "bold red", Answer.OPEN: "yellow"}
_INVOKE = "invoke"
_ROUNDING_SHOWN = 0.0005
_PERCENT = f"{100 * TOLERANCE:g} %"


def render(report: CrosscheckReport, *, width: int, colours: bool) -> str:
    """Returns a report for a terminal: each method with its gap to the first, phases, agreements, what was left out.

    Args:
        report: What was found.
        width: Columns of the terminal; numbers are never cut.
        colours: Whether the reader is a terminal that knows them.
    """
    console = text_console(width=max(width, _WIDTH), colours=colours)
    console.print(Text(_headline(report)), Text(_effort(report)), "", sep="\n", soft_wrap=True)
    console.print(_paths(report))
    if report.phases:
        console.print("", _phases(report))
    console.print("", *map(Text, _remarks(report)), "", sep="\n", soft_wrap=True)
    for one in report.agreements:
        console.print(Text(sentence(one), style=_STYLES[one.answer]), soft_wrap=True)
    if not report.agreements:
        console.print("There was nothing to hold our own timing against.", style=_STYLES[Answer.OPEN])
    for absent in report.left_out:
        console.print(Text(sanitize(f"left out: {absent.name}: {absent.reason}")), soft_wrap=True)
    return console_text(console)


def as_json(report: CrosscheckReport) -> str:
    """Returns all that is known as JSON, in SI units and shares of one."""
    content: dict[str, Any] = {"schema": SCHEMA, "kind": "zoobench-crosscheck", "status": report.status} | asdict(
        report
    )
    content["gaps"] = {path.name: asdict(gap(path, report.paths[0])) for path in report.paths[1:]}
    content["agreements"] = [asdict(one) for one in report.agreements]
    content["tolerance"] = TOLERANCE
    return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def sentence(agreement: Agreement) -> str:
    """Returns whether two methods agree, with what that rests on."""
    pair = f"{agreement.ours} and {agreement.theirs}"
    told = f"{change_percent(agreement.gap.change)} % (95 %: {_interval(agreement.gap.interval)})"
    said = {
        Answer.YES: f"{pair} agree within {_PERCENT}",
        Answer.NO: f"{pair} DO NOT AGREE within {_PERCENT}",
        Answer.OPEN: f"{pair}: open whether they agree within {_PERCENT}; take more --turns, or a quieter machine",
    }
    return f"{said[agreement.answer]}: {told}"


def _headline(report: CrosscheckReport) -> str:
    threads = f"{report.threads} thread" + ("s" if report.threads > 1 else "")
    return sanitize(f"{report.subject}, {threads}, {report.images}")


def _effort(report: CrosscheckReport) -> str:
    effort = report.effort
    return (
        f"{effort.turns} turns; in each every path has a fresh process run the file {effort.warmups} times to warm up "
        f"and {effort.runs} times on the clock"
    )


def _table(heads: Sequence[str], *, left: Sequence[str]) -> Table:
    table = plain_table(gap=2)
    for head in heads:
        justify: JustifyMethod = "left" if head in left else "right"
        table.add_column(head, justify=justify, no_wrap=head not in left)
    return table


def _paths(report: CrosscheckReport) -> Table:
    table = _table(_HEADS, left=(_HEADS[0], _HEADS[-1]))
    reference = report.paths[0]
    for path in report.paths:
        found = None if path is reference else gap(path, reference)
        table.add_row(path.name, milliseconds(path.seconds), *_told(found), Text(sanitize(path.what)))
    return table


def _told(found: Gap | None) -> tuple[str, str]:
    if found is None:
        return ABSENT, ""
    return change_percent(found.change), _interval(found.interval)


def _interval(interval: Interval) -> str:
    return f"{change_percent(interval.low)} to {change_percent(interval.high)}"


def _phases(report: CrosscheckReport) -> Table:
    table = _table(_PHASE_HEADS, left=_PHASE_HEADS[:1])
    medians = {name: median(turns) for name, turns in report.phases.items()}
    for name, seconds in medians.items():
        table.add_row(name, milliseconds(seconds), percent(seconds / sum(medians.values())))
    return table


def _remarks(report: CrosscheckReport) -> Iterator[str]:
    yield f"gap: how much longer than {report.paths[0].name}, by the medians of the same turn; Student's t over turns."
    if _INVOKE in report.phases:
        invoked = TimedPath(name=_INVOKE, what="", turns=report.phases[_INVOKE])
        found = gap(invoked, report.paths[0])
        yield (
            f"invoke end to end: {change_percent(found.change)} % ({_interval(found.interval)}) to "
            f"{report.paths[0].name}: it follows decoding and resizing there."
        )
    yield from _on_crowds(report.effort)
    for path in report.paths:
        if path.rounding > _ROUNDING_SHOWN:
            resolution = three_digits(path.resolution_seconds * 1e3)
            yield (
                f"{path.name} rounds its median to {resolution} ms, so its gap may be off by "
                f"{percent(path.rounding)} %, by which the interval is wider."
            )


def _on_crowds(effort: Effort) -> Iterator[str]:
    if effort.retaken:
        yield f"{effort.retaken} turns more were taken and do not count: other processes kept the processors busy."
    if effort.crowded:
        yield (
            f"In {effort.crowded} of the {effort.turns} turns OTHER PROCESSES KEPT THE PROCESSORS BUSY, and there were "
            "no better ones; expect wide intervals, and measure again when the machine is quiet."
        )
