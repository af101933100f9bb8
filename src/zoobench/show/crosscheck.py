"""How does a person or a program read how far apart the methods of timing one file are?"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

from zoobench.judge.crosscheck import TOLERANCE, Agreement, Answer, CrosscheckReport, TimedPath, gap
from zoobench.show.document import Document, Grid, Lines, Tone, View
from zoobench.stats.intervals import Interval
from zoobench.system.units import ABSENT, change_percent, milliseconds, percent, three_digits

SCHEMA = 1
_TONES: Mapping[Answer, Tone] = {Answer.YES: "good", Answer.NO: "bad", Answer.OPEN: "open"}
_INVOKE = "invoke"
_ROUNDING_SHOWN = 0.0005
_PERCENT = f"{100 * TOLERANCE:g} %"


def view(report: CrosscheckReport) -> View:
    """Returns a report for every writer, for programs in SI units and shares of one: a row for each method."""
    return View(document=lambda: _document(report), plain=lambda: _plain(report), rows=lambda: [*_plain_rows(report)])


def sentence(agreement: Agreement) -> str:
    """Returns whether two methods agree, with what that rests on."""
    pair = f"{agreement.ours} and {agreement.theirs}"
    said = {
        Answer.YES: f"{pair} agree within {_PERCENT}",
        Answer.NO: f"{pair} DO NOT AGREE within {_PERCENT}",
        Answer.OPEN: f"{pair}: open whether they agree within {_PERCENT}; take more --turns, or a quieter machine",
    }
    found = f"{change_percent(agreement.gap.change)} % (95 %: {_interval(agreement.gap.interval)})"
    return f"{said[agreement.answer]}: {found}"


def _document(report: CrosscheckReport) -> Document:
    effort = report.effort
    head = (
        f"{report.subject}, {report.threads} thread{'s' if report.threads > 1 else ''}, {report.images}",
        f"{effort.turns} turns; in each every path has a fresh process run the file {effort.warmups} times to warm up "
        f"and {effort.runs} times on the clock",
    )
    agreements = [Lines(lines=(sentence(one),), tone=_TONES[one.answer]) for one in report.agreements]
    nothing = Lines(lines=("There was nothing to compare our own timing with.",), tone="open")
    return Document(
        title=f"Ways of timing {report.subject}",
        blocks=(
            Lines(lines=head),
            _paths(report),
            _phases(report),
            Lines(lines=tuple(_remarks(report))),
            *(agreements or [nothing]),
            Lines(lines=tuple(f"left out: {absent.name}: {absent.reason}" for absent in report.left_out)),
        ),
    )


def _paths(report: CrosscheckReport) -> Grid:
    rows = []
    for path in report.paths:
        gap_percent, interval = ABSENT, ""
        if path is not report.paths[0]:
            found = gap(path, report.paths[0])
            gap_percent, interval = change_percent(found.change), _interval(found.interval)
        rows.append((path.name, milliseconds(path.seconds), gap_percent, interval, path.what))
    heads = ("path", "p50 ms", "gap %", "95 %", "what is timed")
    return Grid(heads=heads, rows=tuple(rows), words=frozenset({4}))


def _phases(report: CrosscheckReport) -> Grid:
    medians = {name: median(turns) for name, turns in report.phases.items()}
    total = sum(medians.values())
    rows = ((name, milliseconds(seconds), percent(seconds / total)) for name, seconds in medians.items())
    return Grid(heads=("phase", "p50 ms", "share %"), rows=tuple(rows))


def _interval(interval: Interval) -> str:
    return f"{change_percent(interval.low)} to {change_percent(interval.high)}"


def _remarks(report: CrosscheckReport) -> Iterator[str]:
    reference, effort = report.paths[0], report.effort
    yield f"gap: how much longer than {reference.name}, by the medians of the same turn; Student's t over turns."
    if _INVOKE in report.phases:
        found = gap(TimedPath(name=_INVOKE, what="", turns=report.phases[_INVOKE]), reference)
        yield (
            f"invoke end to end: {change_percent(found.change)} % ({_interval(found.interval)}) to {reference.name}: "
            "it follows decoding and resizing there."
        )
    if effort.retaken:
        yield f"{effort.retaken} turns more were taken and do not count: other processes kept the processors busy."
    if effort.crowded:
        yield (
            f"In {effort.crowded} of the {effort.turns} turns OTHER PROCESSES KEPT THE PROCESSORS BUSY, and there were "
            "no better ones; expect wide intervals, and measure again when the machine is quiet."
        )
    for path in report.paths:
        if path.rounding > _ROUNDING_SHOWN:
            resolution = three_digits(path.resolution_seconds * 1e3)
            yield (
                f"{path.name} rounds its median to {resolution} ms, so its gap may be off by "
                f"{percent(path.rounding)} %, by which the interval is wider."
            )


def _plain(report: CrosscheckReport) -> dict[str, Any]:
    return {"schema": SCHEMA, "kind": "zoobench-crosscheck", "status": report.status} | {
        **asdict(report),
        "gaps": {path.name: asdict(gap(path, report.paths[0])) for path in report.paths[1:]},
        "agreements": [asdict(one) for one in report.agreements],
        "tolerance": TOLERANCE,
    }


def _plain_rows(report: CrosscheckReport) -> Iterator[dict[str, Any]]:
    for path in report.paths:
        found = None if path is report.paths[0] else gap(path, report.paths[0])
        yield {
            "path": path.name,
            "p50_seconds": path.seconds,
            "gap": found and found.change,
            "low": found and found.interval.low,
            "high": found and found.interval.high,
            "what": path.what,
        }
