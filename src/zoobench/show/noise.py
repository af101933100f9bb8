"""How is it read what gates of identical files say? As four tables, as JSON with every count, as a picture of power."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.table import Table

from zoobench.judge.gate.false_alarms import COMPARE_FAIL, PYTEST_BENCHMARK, REAL, SOURCES, BySlowdown, NoiseReport
from zoobench.judge.gate.noise import Noise
from zoobench.judge.gate.noise import to_json as kept_json
from zoobench.judge.gate.resample import WITHIN_PROCESSES, Outcomes
from zoobench.show.charts.scales import AXIS_HEIGHT, Area, Axis, Scale, horizontal, linear, vertical
from zoobench.show.charts.sheet import LINE_HEIGHT, MARGIN, Chart, Drawn, Key, header, presented
from zoobench.show.charts.svg import circle, element, group, line, polyline, shortened, square, text, width_of
from zoobench.stats.intervals import Interval, wilson
from zoobench.system.terminal import console_text, plain_table, text_console
from zoobench.system.units import ABSENT, percent, three_digits, tick_percent

SCHEMA = 1
KIND = "zoobench-aa-report"
LEAST_WIDTH = 128
_SMALLEST_P = 0.01
_TEXT_COLUMNS = 2
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


def render(report: NoiseReport, *, width: int, colours: bool) -> str:
    """Returns the tables as text.

    Args:
        report: What to tell.
        width: Columns of the terminal; below `LEAST_WIDTH` the tables are wider than it.
        colours: Whether the reader is a terminal that knows them.
    """
    console = text_console(width=max(width, LEAST_WIDTH), colours=colours)
    console.print(_headline(report), soft_wrap=True)
    for table in (_gates(report), _caught_by_cell(report), *_noise(report), *_stored(report)):
        console.print("")
        console.print(table)
    console.print("", *_remarks(report), sep="\n", soft_wrap=True)
    return console_text(console)


def to_json(report: NoiseReport) -> dict[str, Any]:
    """Returns a report as plain JSON; `injected_slowdown` stands beside all that a slow-down was part of."""
    return {
        "schema": SCHEMA,
        "kind": KIND,
        "machine": report.machine,
        "tolerances": dict(report.tolerances),
        "rates": asdict(report.resampling.rates),
        "resampling": {name: getattr(report.resampling, name) for name in ("gates", "seed", "processes", "affordable")},
        "gates": [_ended_json(slowdown, ended) for slowdown, ended in report.gates.items()],
        "learned": _learned(report, report.noise) if report.noise else None,
        "compare_fail": COMPARE_FAIL,
        "stored": [_stored_runs(*one) for one in _flat(report.stored)],
        "notes": list(report.notes),
    }


def slowdown_name(slowdown: float) -> str:
    """Returns what a slow-down is called wherever it is shown."""
    return f"{percent(slowdown)} % INJECTED" if slowdown else "none"


def _headline(report: NoiseReport) -> str:
    tolerances = sorted({percent(tolerance) for tolerance in report.tolerances.values()})
    return (
        f"{report.machine}: gates of identical files, {len(report.tolerances)} cells, tolerance of latency "
        f"{', '.join(tolerances)} %, at most {percent(report.resampling.rates.error_rate)} % false alarms promised"
    )


def _table(title: str, heads: Sequence[str], *, text_columns: int = _TEXT_COLUMNS) -> Table:
    table = plain_table(title=title)
    for position, head in enumerate(heads):
        table.add_column(head, justify="left" if position < text_columns else "right", no_wrap=True)
    return table


def _gates(report: NoiseReport) -> Table:
    counts = ("gates", "alarms", "%", "95 %", "every cell", "improved", "inconclusive")
    table = _table("How gates ended", ("slow-down", "which gates", *counts, "processes", "disturbed"))
    for slowdown, ended in report.gates.items():
        for name, outcomes in ended.items():
            table.add_row(slowdown_name(slowdown), name.replace("_", " "), *_ended(outcomes, slowdown))
        table.add_section()
    return table


def _flat(found: BySlowdown) -> list[tuple[float, str, Outcomes]]:
    return [(slowdown, name, outcomes) for slowdown, ended in found.items() for name, outcomes in ended.items()]


def _real(report: NoiseReport) -> list[tuple[float, Outcomes]]:
    return [(slowdown, ended[REAL]) for slowdown, ended in report.gates.items() if REAL in ended]


def _ended(outcomes: Outcomes, slowdown: float) -> tuple[str, ...]:
    alarms = outcomes.caught if slowdown else outcomes.regressed
    return (
        str(outcomes.gates),
        str(alarms),
        percent(alarms / outcomes.gates),
        _interval(outcomes.interval(alarms)),
        str(outcomes.caught_everywhere),
        str(outcomes.improved),
        str(outcomes.inconclusive),
        three_digits(outcomes.processes),
        ABSENT if outcomes.disturbed is None else three_digits(outcomes.disturbed),
    )


def _caught_by_cell(report: NoiseReport) -> Table:
    """Of real gates alone."""
    known = _real(report)
    heads = ("cell", *(slowdown_name(slowdown) for slowdown, _ in known))
    table = _table("Real gates that called the cell's latency regressed, of all", heads, text_columns=1)
    for cell in report.tolerances:
        table.add_row(cell, *(f"{real.caught_by_cell[cell]} of {real.gates}" for _, real in known))
    return table


def _noise(report: NoiseReport) -> Iterator[Table]:
    if report.noise is None:
        return
    heads = ("cell", "processes", "scatter %", "alike", "p", "runs", "scatter %", "set %", "replay %", "stored %")
    rate = percent(report.wanted_rate)
    table = _table(
        f"Noise, and the tolerances that {rate} % false alarms of the whole matrix take", heads, text_columns=1
    )
    for cell, noise in report.noise.cells.items():
        alike = report.clusterings[cell]
        table.add_row(
            cell,
            str(noise.processes),
            three_digits(100 * noise.process_scatter),
            f"{alike.correlation:.2f}" if alike else ABSENT,
            _probability(alike.p) if alike else ABSENT,
            str(noise.runs),
            three_digits(100 * noise.run_scatter) if noise.stored_tolerance is not None else ABSENT,
            percent(report.tolerances[cell]),
            percent(noise.replay_tolerance),
            ABSENT if noise.stored_tolerance is None else three_digits(100 * noise.stored_tolerance),
        )
    yield table


def _stored(report: NoiseReport) -> Iterator[Table]:
    found = _flat(report.stored)
    if not found:
        return
    heads = ("slow-down", "method", "runs", "red", "%", "95 %", "cells", "red", "%", "inconclusive runs")
    table = _table("The same runs, each one's medians against those of the gate before", heads)
    for slowdown, method, outcomes in found:
        is_last = method == PYTEST_BENCHMARK
        name = f"{method} {COMPARE_FAIL}" if is_last else method
        table.add_row(slowdown_name(slowdown), name, *_fared(outcomes), end_section=is_last)
    yield table


def _fared(outcomes: Outcomes) -> tuple[str, ...]:
    cells, red_cells = _cell_runs(outcomes)
    return (
        str(outcomes.gates),
        str(outcomes.regressed),
        percent(outcomes.regressed / outcomes.gates),
        _interval(outcomes.interval(outcomes.regressed)),
        str(cells),
        str(red_cells),
        percent(red_cells / cells),
        str(outcomes.inconclusive),
    )


def _cell_runs(outcomes: Outcomes) -> tuple[int, int]:
    """Returns the runs of single cells, and those that were called worse."""
    return outcomes.gates * len(outcomes.caught_by_cell), sum(outcomes.caught_by_cell.values())


def _remarks(report: NoiseReport) -> list[str]:
    most, affordable = report.resampling.processes, report.resampling.affordable
    remarks = [
        "alarms: the gate ended with status 1; without a slow-down that is a false alarm, with one the gate caught it "
        "(by latency of any cell; every cell: of all of them).",
        "resampled: drawn with replacement from what the processes of true gates saw, a slow-down added in arithmetic, "
        f"at most {most} of a cell and {affordable} in all, judged as real gates are; whole: all of it from one real "
        "gate, whose chance becomes a bias there; slowed: from processes that ran with the slow-down.",
        "processes: of a cell, on average; disturbed: more of them that did not count, as their rounds disagreed.",
    ]
    if report.at_proposed:
        return [*remarks, *_of_learning(report, report.at_proposed), *_failures(report), *report.notes]
    unknown = "There are no gates without a slow-down: the noise is not known. Run `zoobench noise` without one."
    return [*remarks, unknown, *_failures(report), *report.notes]


def _failures(report: NoiseReport) -> list[str]:
    failed = sum(real.failed for _, real in _real(report))
    return [f"{failed} gates had a cell that could not be replayed and ended with status 2."] if failed else []


def _of_learning(report: NoiseReport, at: Outcomes) -> list[str]:
    rate = percent(report.wanted_rate)
    return [
        "scatter: standard deviation, of processes' ratios and of runs' medians. alike: correlation of the ratios of "
        "one gate's processes, 0 where they are as good as strangers, and the p of its F test.",
        f"replay %: smallest tolerance at which all but {rate} % of gates end `unchanged` within {WITHIN_PROCESSES} "
        f"processes a cell that count at the tolerance set; {at.gates} resampled at these: {at.regressed} alarms, "
        f"{at.inconclusive} inconclusive.",
        f"stored %: what medians of two runs differ by but for {rate} % of runs of the matrix.",
        "runs: a turn of a gate each, a process of every cell; turns of one gate are no strangers, so the 95 % of runs "
        "is rather narrow.",
    ]


def _probability(p: float) -> str:
    return f"{p:.2f}" if p >= _SMALLEST_P else f"< {_SMALLEST_P}"


def _interval(interval: Interval) -> str:
    return f"{percent(interval.low)}–{percent(interval.high)}"


def _ended_json(slowdown: float, ended: Mapping[str, Outcomes]) -> dict[str, Any]:
    found = {name: _outcomes(ended[name]) if name in ended else None for name in SOURCES}
    return {"injected_slowdown": slowdown} | found


def _outcomes(outcomes: Outcomes) -> dict[str, Any]:
    shares = {
        f"{name}_interval": asdict(outcomes.interval(getattr(outcomes, name)))
        for name in ("regressed", "caught", "caught_everywhere")
    }
    return asdict(outcomes) | shares


def _learned(report: NoiseReport, noise: Noise) -> dict[str, Any]:
    return {
        "wanted_rate": report.wanted_rate,
        "noise": kept_json(noise),
        "clustering": {cell: asdict(one) if one else None for cell, one in report.clusterings.items()},
        "at_proposed": _outcomes(report.at_proposed) if report.at_proposed else None,
        "curve": [{"injected_slowdown": one} | _outcomes(outcomes) for one, outcomes in report.curve.items()],
    }


def _stored_runs(slowdown: float, method: str, outcomes: Outcomes) -> dict[str, Any]:
    cells, red_cells = _cell_runs(outcomes)
    return {
        "method": method,
        "runs": outcomes.gates,
        "cell_runs": cells,
        "red_runs": outcomes.regressed,
        "red_cell_runs": red_cells,
        "inconclusive_runs": outcomes.inconclusive,
        "injected_slowdown": slowdown,
        "red_runs_interval": asdict(outcomes.interval(outcomes.regressed)),
    }


def power(report: NoiseReport) -> Chart:
    """Returns the picture: drawn gates as curves, real ones as points with their 95 % intervals.

    What pytest-benchmark says of the same runs stands beside them. Without true gates there are only points.
    """
    title = f"What gates of identical files call regressed, {report.machine}"
    return presented(lambda: _draw(report, title=title), title=title, alternative=_describe(report), width=_WIDTH)


def _draw(report: NoiseReport, *, title: str) -> Drawn:
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


def _curves(report: NoiseReport) -> Mapping[str, Sequence[_Share]]:
    found = report.curve.items()
    return (
        {
            "some": [(slowdown, one.caught, one.gates) for slowdown, one in found],
            "every": [(slowdown, one.caught_everywhere, one.gates) for slowdown, one in found],
        }
        if found
        else {}
    )


def _points(report: NoiseReport) -> Mapping[str, Sequence[_Share]]:
    real = _real(report)
    theirs = [one for one in _flat(report.stored) if one[1] == PYTEST_BENCHMARK]
    return {
        "some": [(slowdown, one.caught, one.gates) for slowdown, one in real],
        "every": [(slowdown, one.caught_everywhere, one.gates) for slowdown, one in real],
        "theirs": [(slowdown, one.regressed, one.gates) for slowdown, _, one in theirs],
    }


def _conditions(report: NoiseReport) -> str:
    limits = ", ".join(percent(one) for one in sorted(set(report.tolerances.values())))
    return f"{len(report.tolerances)} cells, tolerance of latency {limits} %"


def _keys(
    report: NoiseReport, curves: Mapping[str, Sequence[_Share]], points: Mapping[str, Sequence[_Share]]
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


def _describe(report: NoiseReport) -> str:
    sentences = [f"Gates that called an injected slow-down regressed, {_conditions(report)}."]
    for name, shares in _points(report).items():
        if shares:
            sentences.append(f"{_CALLED[name].capitalize()}: {', '.join(map(_share, shares))}.")
    return " ".join(sentences)
