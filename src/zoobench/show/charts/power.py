"""What does a gate catch? The share of gates that call a slow-down regressed, by its size."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from zoobench.judge.gate.false_alarms import COMPARE_FAIL, PYTEST_BENCHMARK, AAReport
from zoobench.show.charts.scales import AXIS_HEIGHT, Area, Axis, Scale, horizontal, linear, vertical
from zoobench.show.charts.sheet import LINE_HEIGHT, MARGIN, Chart, Drawn, Key, header, presented
from zoobench.show.charts.svg import circle, element, group, line, polyline, shortened, square, text, width_of
from zoobench.stats.intervals import wilson
from zoobench.system.units import percent, tick_percent

_WIDTH, _HEIGHT = 1000.0, 420.0
_LEFT, _INSET = 44.0, 24.0
_ASIDE = 6.0
"""Points of the same slow-down stand that far beside one another."""
_RADIUS, _DOT, _CAP = 5.0, 2.5, 4.0
_SHAPES = {"some": circle, "every": circle, "theirs": square}
_CALLED = {
    "some": "some cell, real gates, 95 %",
    "every": "every cell, real gates, 95 %",
    "theirs": f"some cell, pytest-benchmark {COMPARE_FAIL} on the same runs, 95 %",
}

_Share = tuple[float, int, int]
"""Slow-down, how many gates called it regressed, of how many."""


def power(report: AAReport) -> Chart:
    """Returns the picture: drawn gates as curves, real ones as points with their 95 % intervals.

    What pytest-benchmark says of the same runs stands beside them. Without true gates there are only points.
    """
    title = f"What gates of identical files call regressed, {report.machine}"
    return presented(lambda: _draw(report, title=title), title=title, alternative=_describe(report), width=_WIDTH)


def _draw(report: AAReport, *, title: str) -> Drawn:
    curves, points = _curves(report), _points(report)
    tolerances = sorted(set(report.tolerances.values()))
    drawn, top = header(title, list(_keys(report, curves, points)), width=_WIDTH)
    words = f"{_conditions(report)}; every slow-down is injected"
    drawn.append(text(MARGIN, top + LINE_HEIGHT / 2, shortened(words, _WIDTH - 2 * MARGIN), class_="muted"))
    top += 2.5 * LINE_HEIGHT
    plot = Area(left=MARGIN + _LEFT, top=top, right=_WIDTH - MARGIN, bottom=top + _HEIGHT)
    slowdowns = [share[0] for found in (*curves.values(), *points.values()) for share in found]
    x = Axis(scale=linear([0.0, *slowdowns, *tolerances]), start=plot.left + _INSET, end=plot.right - _INSET)
    y = Axis(scale=Scale(low=0, high=1, logarithmic=False), start=plot.bottom - 2 * LINE_HEIGHT, end=plot.top + 8)
    drawn.append(text(MARGIN, plot.top - 12, "gates, %", class_="muted"))
    drawn += vertical(y, plot, tick_percent)
    drawn += horizontal(x, plot, tick_percent, title="injected slow-down, % of the median")
    drawn += [line(x.at(one), plot.top, x.at(one), plot.bottom, class_="chosen") for one in tolerances]
    for name, curve in curves.items():
        corners = [(x.at(slowdown), y.at(count / of)) for slowdown, count, of in curve]
        dots = [circle(across, down, _DOT) for across, down in corners]
        drawn.append(element("g", polyline(corners, class_="curve"), *dots, class_=name))
    for place, (name, found) in enumerate(points.items()):
        drawn += [_point(name, share, x, y, aside=(2 * place - 1) * _ASIDE) for share in found]
    return [*drawn, *_counts(points["some"], x, plot)], plot.bottom + AXIS_HEIGHT


def _curves(report: AAReport) -> Mapping[str, Sequence[_Share]]:
    if report.learned is None:
        return {}
    found = report.learned.curve.items()
    return {
        "some": [(slowdown, one.caught, one.gates) for slowdown, one in found],
        "every": [(slowdown, one.caught_everywhere, one.gates) for slowdown, one in found],
    }


def _points(report: AAReport) -> Mapping[str, Sequence[_Share]]:
    real = [(one.slowdown, one.real) for one in report.detections if one.real]
    stored = [one for one in report.stored if one.method == PYTEST_BENCHMARK]
    return {
        "some": [(slowdown, one.caught, one.gates) for slowdown, one in real],
        "every": [(slowdown, one.caught_everywhere, one.gates) for slowdown, one in real],
        "theirs": [(one.slowdown, one.red_runs, one.runs) for one in stored],
    }


def _conditions(report: AAReport) -> str:
    limits = ", ".join(percent(one) for one in sorted(set(report.tolerances.values())))
    return f"{len(report.tolerances)} cells, tolerance of latency {limits} %"


def _keys(
    report: AAReport, curves: Mapping[str, Sequence[_Share]], points: Mapping[str, Sequence[_Share]]
) -> Iterator[Key]:
    yield (lambda x, y: line(x, y - 8, x, y + 8, class_="chosen")), "tolerance"
    drawn = f"some cell called regressed (status 1), {report.resampling.gates} resampled gates a point"
    for name, words in (("some", drawn), ("every", "every cell called regressed, resampled")):
        if name in curves:
            yield _line_of(name), words
    for name, found in points.items():
        if found:
            yield _mark_of(name), _CALLED[name]


def _line_of(name: str) -> Callable[[float, float], str]:
    return lambda x, y: element("g", line(x - 8, y, x + 8, y, class_="curve"), class_=name)


def _mark_of(name: str) -> Callable[[float, float], str]:
    return lambda x, y: element("g", _SHAPES[name](x, y, _RADIUS), class_=name)


def _point(name: str, share: _Share, x: Axis, y: Axis, *, aside: float) -> str:
    slowdown, count, of = share
    interval = wilson(count, of)
    across, low, high = x.at(slowdown) + aside, y.at(interval.low), y.at(interval.high)
    whisker = [line(across, low, across, high, class_="whisker")]
    whisker += [line(across - _CAP, end, across + _CAP, end, class_="whisker") for end in (low, high)]
    mark = _SHAPES[name](across, y.at(count / of), _RADIUS)
    return group([*whisker, mark], class_=name, hover=f"{_CALLED[name]}: {_share(share)}")


def _share(share: _Share) -> str:
    slowdown, count, of = share
    return f"{count} of {of} at {percent(slowdown)} %"


def _counts(real: Sequence[_Share], x: Axis, plot: Area) -> Iterator[str]:
    """Yields how many gates were real below their points, but where that would stand on the one before."""
    last = -math.inf
    for slowdown, _, of in real:
        words, across = f"{of} real", x.at(slowdown)
        if across - width_of(words) / 2 > last:
            yield text(across, plot.bottom - LINE_HEIGHT / 2 - 2, words, class_="over middle muted")
            last = across + width_of(words) / 2


def _describe(report: AAReport) -> str:
    sentences = [f"Gates that called an injected slow-down regressed, {_conditions(report)}."]
    for name, shares in _points(report).items():
        if shares:
            sentences.append(f"{_CALLED[name].capitalize()}: {', '.join(map(_share, shares))}.")
    return " ".join(sentences)
