"""How is it read what gates of identical files say? As four tables, as JSON with every count, as a picture of power."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from zoobench.judge.gate.false_alarms import COMPARE_FAIL, PYTEST_BENCHMARK, REAL, SOURCES, BySlowdown, NoiseReport
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.noise import to_json as kept_json
from zoobench.judge.gate.resample import WITHIN_PROCESSES, Outcomes
from zoobench.show.charts.scales import AXIS_HEIGHT, Area, Axis, Scale, horizontal, linear, vertical
from zoobench.show.charts.sheet import LINE_HEIGHT, MARGIN, Chart, Drawn, Key, Symbol, header, presented
from zoobench.show.charts.svg import circle, element, group, line, polyline, shortened, square, text, width_of
from zoobench.show.document import Document, Grid, Lines, View
from zoobench.stats.intervals import Interval, wilson
from zoobench.system.units import ABSENT, percent, three_digits, tick_percent

SCHEMA = 1
KIND = "zoobench-aa-report"
_SMALLEST_P = 0.01
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


def view(report: NoiseReport) -> View:
    """Returns a report for every writer; its rows say how gates ended, by slow-down and by which gates."""
    return View(
        document=lambda: _document(report),
        plain=lambda: _plain(report),
        rows=lambda: [
            {"injected_slowdown": slowdown, "which": name} | _outcomes_row(outcomes)
            for slowdown, name, outcomes in _flat(report.gates)
        ],
    )


def slowdown_name(slowdown: float) -> str:
    """Returns what a slow-down is called wherever it is shown."""
    return f"{percent(slowdown)} % INJECTED" if slowdown else "none"


def _document(report: NoiseReport) -> Document:
    title = (
        f"{report.machine}: gates of identical files, {_conditions(report)}, "
        f"at most {percent(report.resampling.rates.error_rate)} % false alarms intended"
    )
    learned = (_noise(report, report.noise),) if report.noise else ()
    tables = (_gates(report), _caught_by_cell(report), *learned, _stored(report))
    return Document(
        title=f"Gates of identical files on {report.machine}",
        blocks=(Lines(lines=(title,)), *tables, Lines(lines=tuple(_remarks(report)))),
        pictures=(partial(power, report),),
    )


def _flat(found: BySlowdown) -> list[tuple[float, str, Outcomes]]:
    return [(slowdown, name, outcomes) for slowdown, ended in found.items() for name, outcomes in ended.items()]


def _real(report: NoiseReport) -> list[tuple[float, Outcomes]]:
    return [(slowdown, ended[REAL]) for slowdown, ended in report.gates.items() if REAL in ended]


def _gates(report: NoiseReport) -> Grid:
    counts = ("gates", "alarms", "%", "95 %", "every cell", "improved", "inconclusive")
    return Grid(
        title="How gates ended, by injected slow-down",
        heads=("slow-down", "which gates", *counts, "processes", "disturbed"),
        rows=tuple(
            (slowdown_name(slowdown), name.replace("_", " "), *_ended(outcomes, slowdown))
            for slowdown, name, outcomes in _flat(report.gates)
        ),
        words=frozenset({1}),
        is_grouped=True,
    )


def _ended(outcomes: Outcomes, slowdown: float) -> tuple[str, ...]:
    alarms = outcomes.caught if slowdown else outcomes.regressed
    return (
        *_counted(alarms, outcomes.gates),
        _interval(outcomes.interval(alarms)),
        str(outcomes.caught_everywhere),
        str(outcomes.improved),
        str(outcomes.inconclusive),
        three_digits(outcomes.processes),
        ABSENT if outcomes.disturbed is None else three_digits(outcomes.disturbed),
    )


def _caught_by_cell(report: NoiseReport) -> Grid:
    known = _real(report)
    return Grid(
        title="Real gates that called the cell's latency regressed, of all",
        heads=("cell", *(slowdown_name(slowdown) for slowdown, _ in known)),
        rows=tuple(
            (cell, *(f"{real.caught_by_cell[cell]} of {real.gates}" for _, real in known)) for cell in report.tolerances
        ),
    )


def _noise(report: NoiseReport, learned: Noise) -> Grid:
    tolerances = ("set %", "replay %", "stored %")
    rows = []
    for cell, noise in learned.cells.items():
        alike, stored = report.clusterings[cell], noise.stored_tolerance
        p = f"{alike.p:.2f}" if alike and alike.p >= _SMALLEST_P else f"< {_SMALLEST_P}"
        row = (
            cell,
            str(noise.processes),
            three_digits(100 * noise.process_scatter),
            f"{alike.correlation:.2f}" if alike else ABSENT,
            p if alike else ABSENT,
            str(noise.runs),
            ABSENT if stored is None else three_digits(100 * noise.run_scatter),
            percent(report.tolerances[cell]),
            percent(noise.replay_tolerance),
            ABSENT if stored is None else three_digits(100 * stored),
        )
        rows.append(row)
    return Grid(
        title=f"Noise, and the tolerances that {percent(report.wanted_rate)} % false alarms of the whole matrix take",
        heads=("cell", "processes", "spread %", "correlation", "p", "runs", "spread %", *tolerances),
        rows=tuple(rows),
    )


def _stored(report: NoiseReport) -> Grid:
    return Grid(
        title="The same runs, each one's medians compared with those of the gate before, by injected slow-down",
        heads=("slow-down", "method", "runs", "red", "%", "95 %", "cells", "red", "%", "inconclusive runs"),
        rows=tuple(
            (
                slowdown_name(slowdown),
                f"{method} {COMPARE_FAIL}" if method == PYTEST_BENCHMARK else method,
                *_counted(outcomes.regressed, outcomes.gates),
                _interval(outcomes.interval(outcomes.regressed)),
                *_counted(*_cell_runs(outcomes)),
                str(outcomes.inconclusive),
            )
            for slowdown, method, outcomes in _flat(report.stored)
        ),
        words=frozenset({1}),
        is_grouped=True,
    )


def _counted(count: int, of: int) -> tuple[str, str, str]:
    return str(of), str(count), percent(count / of)


def _cell_runs(outcomes: Outcomes) -> tuple[int, int]:
    return sum(outcomes.caught_by_cell.values()), outcomes.gates * len(outcomes.caught_by_cell)


def _remarks(report: NoiseReport) -> Iterator[str]:
    most, affordable = report.resampling.processes, report.resampling.affordable
    yield (
        "alarms: the gate ended with status 1; without a slow-down that is a false alarm, with one the gate caught it "
        "(by latency of any cell; every cell: of all of them)."
    )
    yield (
        "resampled: drawn with replacement from what the processes of true gates saw, a slow-down added in arithmetic, "
        f"at most {most} of a cell and {affordable} in all, judged as real gates are; whole: all of it from one real "
        "gate, whose chance becomes a bias there; slowed: from processes that ran with the slow-down."
    )
    yield "processes: of a cell, on average; disturbed: more of them that did not count, as their rounds disagreed."
    if report.at_proposed:
        yield from _on_learning(report, report.at_proposed)
    else:
        yield "There are no gates without a slow-down: the noise is not known. Run `zoobench noise` without one."
    if failed := sum(real.failed for _, real in _real(report)):
        yield f"{failed} gates had a cell that could not be replayed and ended with status 2."
    yield from report.notes


def _on_learning(report: NoiseReport, at: Outcomes) -> Iterator[str]:
    rate = percent(report.wanted_rate)
    yield (
        "spread: standard deviation, of processes' ratios and of runs' medians. correlation: of the ratios of "
        "one gate's processes, 0 where they are independent, and the p of its F test."
    )
    yield (
        f"replay %: smallest tolerance at which all but {rate} % of gates end `unchanged` within {WITHIN_PROCESSES} "
        f"processes a cell that count at the tolerance set; {at.gates} resampled at these: {at.regressed} alarms, "
        f"{at.inconclusive} inconclusive."
    )
    yield f"stored %: what medians of two runs differ by but for {rate} % of runs of the matrix."
    yield (
        "runs: a round of a gate each, a process of every cell; rounds of one gate are not independent, so the 95 % of "
        "runs is rather narrow."
    )


def _interval(interval: Interval) -> str:
    return f"{percent(interval.low)}–{percent(interval.high)}"


def _plain(report: NoiseReport) -> dict[str, Any]:
    """Returns a report as plain JSON; `injected_slowdown` stands beside all that a slow-down was part of."""
    learned = {
        "wanted_rate": report.wanted_rate,
        "noise": report.noise and kept_json(report.noise),
        "clustering": {cell: one and asdict(one) for cell, one in report.clusterings.items()},
        "at_proposed": report.at_proposed and _plain_outcomes(report.at_proposed),
        "curve": [{"injected_slowdown": one} | _plain_outcomes(found) for one, found in report.curve.items()],
    }
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "machine": report.machine,
        "tolerances": dict(report.tolerances),
        "rates": asdict(report.resampling.rates),
        "resampling": {name: getattr(report.resampling, name) for name in ("gates", "seed", "processes", "affordable")},
        "gates": [
            {"injected_slowdown": slowdown}
            | {one: _plain_outcomes(ended[one]) if one in ended else None for one in SOURCES}
            for slowdown, ended in report.gates.items()
        ],
        "learned": learned if report.noise else None,
        "compare_fail": COMPARE_FAIL,
        "stored": [_plain_stored(*one) for one in _flat(report.stored)],
        "notes": list(report.notes),
    }


def _plain_outcomes(outcomes: Outcomes) -> dict[str, Any]:
    counted = ("regressed", "caught", "caught_everywhere")
    intervals = {f"{name}_interval": asdict(outcomes.interval(getattr(outcomes, name))) for name in counted}
    return asdict(outcomes) | intervals


def _plain_stored(slowdown: float, method: str, outcomes: Outcomes) -> dict[str, Any]:
    red_cell_runs, cell_runs = _cell_runs(outcomes)
    return {
        "method": method,
        "runs": outcomes.gates,
        "cell_runs": cell_runs,
        "red_runs": outcomes.regressed,
        "red_cell_runs": red_cell_runs,
        "inconclusive_runs": outcomes.inconclusive,
        "injected_slowdown": slowdown,
        "red_runs_interval": asdict(outcomes.interval(outcomes.regressed)),
    }


def _outcomes_row(outcomes: Outcomes) -> dict[str, Any]:
    row = asdict(outcomes)
    del row["caught_by_cell"]
    for name in ("regressed", "caught"):
        interval = outcomes.interval(row[name])
        row |= {f"{name}_low": interval.low, f"{name}_high": interval.high}
    return row


def power(report: NoiseReport) -> Chart:
    """Returns the picture: drawn gates as curves, real ones as points with their 95 % intervals.

    What pytest-benchmark says of the same runs stands beside them. Without true gates there are only points.
    """
    title = f"What gates of identical files call regressed, {report.machine}"
    return presented(lambda: _draw(report, title=title), title=title, alternative=_describe(report), width=_WIDTH)


def _draw(report: NoiseReport, *, title: str) -> Drawn:
    curves, points = _curves(report), _points(report)
    tolerances = sorted(set(report.tolerances.values()))
    drawn, top = header(title, list(_keys(report, points)), width=_WIDTH)
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


def _curves(report: NoiseReport) -> dict[str, list[_Share]]:
    return _shares(report.curve.items()) if report.curve else {}


def _points(report: NoiseReport) -> dict[str, list[_Share]]:
    theirs = [(slowdown, one) for slowdown, method, one in _flat(report.stored) if method == PYTEST_BENCHMARK]
    return _shares(_real(report)) | {"theirs": [(slowdown, one.regressed, one.gates) for slowdown, one in theirs]}


def _shares(outcomes: Iterable[tuple[float, Outcomes]]) -> dict[str, list[_Share]]:
    found = list(outcomes)
    return {
        "some": [(slowdown, one.caught, one.gates) for slowdown, one in found],
        "every": [(slowdown, one.caught_everywhere, one.gates) for slowdown, one in found],
    }


def _conditions(report: NoiseReport) -> str:
    limits = ", ".join(percent(one) for one in sorted(set(report.tolerances.values())))
    return f"{len(report.tolerances)} cells, tolerance of latency {limits} %"


def _keys(report: NoiseReport, points: Mapping[str, Sequence[_Share]]) -> Iterator[Key]:
    def curve(name: str) -> Symbol:
        return lambda x, y: element("g", line(x - 8, y, x + 8, y, class_="curve"), class_=name)

    def mark(name: str) -> Symbol:
        return lambda x, y: element("g", _SHAPES[name](x, y, _RADIUS), class_=name)

    yield (lambda x, y: line(x, y - 8, x, y + 8, class_="chosen")), "tolerance"
    if report.curve:
        yield curve("some"), f"some cell called regressed (status 1), {report.resampling.gates} resampled gates a point"
        yield curve("every"), "every cell called regressed, resampled"
    yield from ((mark(name), _CALLED[name]) for name, found in points.items() if found)


def _point(name: str, share: _Share, x: Axis, y: Axis, *, aside: float) -> str:
    slowdown, count, of = share
    interval = wilson(count, of)
    across, low, high = x.at(slowdown) + aside, y.at(interval.low), y.at(interval.high)
    whisker = [line(across, low, across, high, class_="whisker")]
    whisker += [line(across - _CAP, end, across + _CAP, end, class_="whisker") for end in (low, high)]
    mark = _SHAPES[name](across, y.at(count / of), _RADIUS)
    return group([*whisker, mark], class_=name, hover=f"{_CALLED[name]}: {_describe_share(share)}")


def _counts(real: Sequence[_Share], x: Axis, plot: Area) -> Iterator[str]:
    """Yields how many gates were real below their points, but where that would stand on the one before."""
    last = -math.inf
    for slowdown, _, of in real:
        words, across = f"{of} real", x.at(slowdown)
        if across - width_of(words) / 2 > last:
            yield text(across, plot.bottom - LINE_HEIGHT / 2 - 2, words, class_="over middle muted")
            last = across + width_of(words) / 2


def _describe(report: NoiseReport) -> str:
    sentences = [f"Gates that called an injected slow-down regressed, {_conditions(report)}."]
    for name, shares in _points(report).items():
        if shares:
            sentences.append(f"{_CALLED[name].capitalize()}: {', '.join(map(_describe_share, shares))}.")
    return " ".join(sentences)


def _describe_share(share: _Share) -> str:
    slowdown, count, of = share
    return f"{count} of {of} at {percent(slowdown)} %"
