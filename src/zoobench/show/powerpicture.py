"""How does a person see what a gate catches? The share of gates that call a slow-down, by its size."""

from collections.abc import Sequence
from typing import IO

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from zoobench.judge.aa.aagates import Outcomes
from zoobench.judge.aa.falsealarms import AAReport
from zoobench.judge.aa.storedruns import COMPARE_FAIL, PYTEST_BENCHMARK
from zoobench.stats.statistics import Interval, wilson
from zoobench.system.units import percent

_WIDTH, _HEIGHT, _DOTS_PER_INCH = 10.0, 6.0, 110
_ANY, _EVERY, _OTHER, _BOUND = "#0072B2", "#009E73", "#D55E00", "#777777"
_ASIDE = 0.06
"""In percent of slow-down: points of the same slow-down stand beside one another."""
_ROOM = 3.0

Point = tuple[float, float, Interval]
"""Slow-down and share, both in percent, and the share's interval."""


def write_picture(report: AAReport, handle: IO[bytes]) -> None:
    """Writes a PNG: drawn gates as curves, real ones as points with their 95 % intervals, pytest-benchmark beside them.

    Args:
        report: With or without true gates; without them there are only points.
        handle: Opened for writing.
    """
    figure = Figure(figsize=(_WIDTH, _HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    _draw_tolerances(axes, report)
    _draw_curves(axes, report)
    _draw_points(axes, report)
    _label(figure, axes, report)
    figure.savefig(handle, format="png", dpi=_DOTS_PER_INCH)


def _draw_tolerances(axes: Axes, report: AAReport) -> None:
    for number, tolerance in enumerate(sorted(set(report.tolerances.values()))):
        label = "tolerance" if number == 0 else None
        axes.axvline(100 * tolerance, color=_BOUND, linestyle=":", linewidth=1.2, label=label)


def _draw_curves(axes: Axes, report: AAReport) -> None:
    if report.learned is None:
        return
    curve = report.learned.curve
    places = [100 * slowdown for slowdown in curve]
    drawn = report.resampling.gates
    for name, colour, count in (
        (f"some cell called regressed (status 1), {drawn} resampled gates a point", _ANY, _caught),
        ("every cell called regressed, resampled", _EVERY, _caught_everywhere),
    ):
        shares = [100 * count(outcomes) / outcomes.gates for outcomes in curve.values()]
        axes.plot(places, shares, color=colour, linewidth=1.6, marker=".", markersize=4, label=name)


def _draw_points(axes: Axes, report: AAReport) -> None:
    real = [(one.slowdown, one.real) for one in report.detections if one.real]
    for name, colour, count, aside in (
        ("some cell, real gates, 95 %", _ANY, _caught, -_ASIDE),
        ("every cell, real gates, 95 %", _EVERY, _caught_everywhere, _ASIDE),
    ):
        found = [_point(slowdown, count(outcomes), outcomes.gates) for slowdown, outcomes in real]
        _draw(axes, found, colour=colour, marker="o", aside=aside, name=name)
    theirs = [_point(one.slowdown, one.red_runs, one.runs) for one in report.stored if one.method == PYTEST_BENCHMARK]
    name = f"some cell, pytest-benchmark {COMPARE_FAIL} on the same runs, 95 %"
    _draw(axes, theirs, colour=_OTHER, marker="s", aside=3 * _ASIDE, name=name)
    for slowdown, outcomes in real:
        axes.annotate(f"{outcomes.gates} real", (100 * slowdown, -_ROOM), ha="center", va="top", fontsize=8, color=_ANY)


def _draw(axes: Axes, points: Sequence[Point], *, colour: str, marker: str, aside: float, name: str) -> None:
    if not points:
        return
    shares = [share for _, share, _ in points]
    below = [share - 100 * interval.low for _, share, interval in points]
    above = [100 * interval.high - share for _, share, interval in points]
    axes.errorbar(
        [place + aside for place, _, _ in points],
        shares,
        yerr=(below, above),
        fmt=marker,
        color=colour,
        markersize=6,
        capsize=3,
        linewidth=1,
        label=name,
    )


def _label(figure: Figure, axes: Axes, report: AAReport) -> None:
    tolerances = ", ".join(percent(one) for one in sorted(set(report.tolerances.values())))
    axes.set_title(
        f"what gates of identical files call regressed, {report.machine}\n"
        f"{len(report.tolerances)} cells, tolerance of latency {tolerances} %; every slow-down is injected",
        loc="left",
        fontsize=10,
    )
    axes.set_xlabel("injected slow-down, % of the median")
    axes.set_ylabel("gates, %")
    axes.set_ylim(-3 * _ROOM, 100 + _ROOM)
    axes.grid(color="#E5E5E5")
    figure.legend(loc="outside lower center", ncols=2, fontsize=8.5, frameon=False)


def _caught(outcomes: Outcomes) -> int:
    return outcomes.caught


def _caught_everywhere(outcomes: Outcomes) -> int:
    return outcomes.caught_everywhere


def _point(slowdown: float, count: int, total: int) -> Point:
    return 100 * slowdown, 100 * count / total, wilson(count, total)
