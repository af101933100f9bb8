"""How does a person or a program read how far apart the methods of timing one file are?"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from statistics import median
from typing import Any

from zoobench.errors import Status
from zoobench.judge.crosscheck import TOLERANCE, Answer, CrosscheckReport, TimedPath, answer, gap
from zoobench.show.document import Document, Grid, Lines, Tone, View
from zoobench.stats.intervals import Estimate, Interval
from zoobench.system.units import ABSENT, change_percent, milliseconds, percent, three_digits

SCHEMA = 1
_HEADS = ("path", "p50 ms", "gap %", "95 %", "what is timed")
_INVOKE = "invoke"
_ROUNDING_SHOWN = 0.0005
_PERCENT = f"{100 * TOLERANCE:g} %"


def view(report: CrosscheckReport) -> View:
    """Returns for every writer each method with its gap to the first, phases, agreements, and what was left out."""
    return View(document=lambda: _document(report), plain=lambda: _plain(report), rows=lambda: list(_rows(report)))


def _document(report: CrosscheckReport) -> Document:
    threads = f"{report.threads} thread" + ("s" if report.threads > 1 else "")
    effort = report.effort
    head = (
        f"{report.subject}, {threads}, {report.images}",
        f"{effort.turns} turns; in each every path has a fresh process run the file {effort.warmups} times to warm up "
        f"and {effort.runs} times on the clock",
    )
    paths = tuple(
        (path.name, milliseconds(path.seconds), *_gap_texts(found), path.what) for path, found in _gaps(report)
    )
    medians = {name: median(turns) for name, turns in report.phases.items()}
    phases = tuple(
        (name, milliseconds(seconds), percent(seconds / sum(medians.values()))) for name, seconds in medians.items()
    )
    agreements = tuple(sentence(*one) for one in report.gaps_of_pairs)
    left_out = tuple(f"left out: {name}: {reason}" for name, reason in report.left_out.items())
    return Document(
        title=f"Methods of timing {report.subject}",
        blocks=(
            Lines(lines=head),
            Grid(heads=_HEADS, rows=paths, words=frozenset({4})),
            Grid(heads=("phase", "p50 ms", "share %"), rows=phases),
            Lines(lines=tuple(_remarks(report))),
            Lines(lines=agreements or ("There was nothing to compare our own timing with.",), tone=_tone(report)),
            Lines(lines=left_out),
        ),
    )


def _plain(report: CrosscheckReport) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "kind": "zoobench-crosscheck",
        "status": report.status,
        **asdict(report),
        "left_out": [{"name": name, "reason": reason} for name, reason in report.left_out.items()],
        "gaps": {path.name: _gap_json(found) for path, found in _gaps(report) if found},
        "agreements": [
            {"ours": ours, "theirs": theirs, "gap": _gap_json(found), "answer": answer(found)}
            for ours, theirs, found in report.gaps_of_pairs
        ],
        "tolerance": TOLERANCE,
    }


def _gap_json(found: Estimate) -> dict[str, Any]:
    return {"change": found.point, "interval": asdict(found.interval)}


def _rows(report: CrosscheckReport) -> Iterator[Mapping[str, Any]]:
    for path, found in _gaps(report):
        yield {
            "path": path.name,
            "p50_seconds": path.seconds,
            "gap": found and found.point,
            "gap_low": found and found.interval.low,
            "gap_high": found and found.interval.high,
            "turns": len(path.turns),
            "what": path.what,
        }


def sentence(ours: str, theirs: str, found: Estimate) -> str:
    """Returns whether two methods agree, with the gap that shows it."""
    pair = f"{ours} and {theirs}"
    said = {
        Answer.YES: f"{pair} agree within {_PERCENT}",
        Answer.NO: f"{pair} DO NOT AGREE within {_PERCENT}",
        Answer.OPEN: f"{pair}: open whether they agree within {_PERCENT}; take more --turns, or a quieter machine",
    }
    return f"{said[answer(found)]}: {change_percent(found.point)} % (95 %: {_interval(found.interval)})"


def _gaps(report: CrosscheckReport) -> list[tuple[TimedPath, Estimate | None]]:
    first, *others = report.paths
    return [(first, None), *((path, gap(path, first)) for path in others)]


def _gap_texts(found: Estimate | None) -> tuple[str, str]:
    return (change_percent(found.point), _interval(found.interval)) if found else (ABSENT, "")


def _interval(interval: Interval) -> str:
    return f"{change_percent(interval.low)} to {change_percent(interval.high)}"


def _tone(report: CrosscheckReport) -> Tone:
    if report.status is Status.FAILED:
        return "bad"
    return "good" if report.status is Status.PASSED else "open"


def _remarks(report: CrosscheckReport) -> Iterator[str]:
    first, effort = report.paths[0], report.effort
    yield f"gap: how much longer than {first.name}, by the medians of the same turn; Student's t over turns."
    if _INVOKE in report.phases:
        found = gap(TimedPath(name=_INVOKE, what="", turns=report.phases[_INVOKE]), first)
        yield (
            f"invoke end to end: {change_percent(found.point)} % ({_interval(found.interval)}) to "
            f"{first.name}: it follows decoding and resizing there."
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
