"""How is it read what changed between two sides, metric by metric, and what several machines say side by side?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from zoobench.judge.compare.comparison import CellComparison, Comparison, RunDifference
from zoobench.judge.compare.machines import MOST_FLIPS, AcrossMachines, OnMachine
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.metrics import LATENCY_P50, METRICS, SPEEDUP, SPEEDUP_NOISE, TIME_NOISE, Metric
from zoobench.results.conditions import joined
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.stats.intervals import LEAST_PROCESSES, Interval
from zoobench.system.units import ABSENT, change_percent, probability, ratio

SCHEMA = 2
_KEPT = ("baseline", "candidate", "change", "basis", "verdict", "p")
"""What files hold of a finding, beside the ends of its interval."""
_COLUMNS = (
    *("candidate_side", "kind", "name", "metric", "unit", "baseline", "candidate", "change"),
    *("low", "high", "basis", "verdict", "p"),
)
_SHOWN_FLIPS = 50
"""On a terminal and in markdown; the files for programs have all that are kept."""
_OF_MACHINE = tuple(metric for metric in METRICS.values() if metric.of_machine)
_ACROSS_COLUMNS = (
    *("kind", "name", "other", "machine", "other_machine", "value", *(metric.key for metric in _OF_MACHINE)),
    *("speedup_low", "speedup_high", "rank", "times_faster", "times_faster_on_other", "by", "p"),
)


def view(comparisons: Sequence[Comparison]) -> View:
    """Returns comparisons of several sides with one baseline for every writer.

    The rows are each condition that differs, each cell that one side lacks, and each metric of each cell; values are in
    SI units, changes are shares.
    """
    return View(
        document=lambda: document(comparisons),
        plain=lambda: {"schema": SCHEMA, "comparisons": [_plain(comparison) for comparison in comparisons]},
        rows=lambda: [
            dict.fromkeys(_COLUMNS) | {"candidate_side": comparison.candidate} | row
            for comparison in comparisons
            for row in _rows(comparison)
        ],
    )


def document(comparisons: Sequence[Comparison]) -> Document:
    """Returns comparisons one after the other."""
    return Document(
        title=f"What changed from {comparisons[0].baseline}",
        blocks=tuple(block for comparison in comparisons for block in _of_one(comparison)),
    )


def _plain(comparison: Comparison) -> dict[str, Any]:
    cells = [
        {
            "id": cell.id,
            "differences": cell.differences,
            "refusals": cell.refusals,
            "same_file": cell.same_file,
            "metrics": {finding.metric: _plain_finding(finding) for finding in cell.findings},
        }
        for cell in comparison.cells
    ]
    return asdict(comparison) | {"cells": cells, "remarks": remark_lines(comparison)}


def _plain_finding(finding: Finding) -> dict[str, Any]:
    metric, interval = METRICS[finding.metric], finding.interval
    kind = "relative" if metric.relative else "difference"
    plain = {"unit": metric.unit.name, "kind": kind, "interval": [interval.low, interval.high] if interval else None}
    return plain | {name: getattr(finding, name) for name in _KEPT}


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for one in comparison.environment:
        values = {"baseline": joined(one.base), "candidate": joined(one.new)}
        yield {"kind": "condition", "name": one.name} | values
    only = (("only in baseline", comparison.only_baseline), ("only in candidate", comparison.only_candidate))
    for kind, cells in only:
        yield from ({"kind": kind, "name": cell} for cell in cells)
    for cell in comparison.cells:
        for finding in cell.findings:
            yield {"kind": "cell", "name": cell.id, "metric": finding.metric} | _finding_row(finding)


def _finding_row(finding: Finding) -> dict[str, Any]:
    plain = {name: getattr(finding, name) for name in _KEPT} | {"unit": METRICS[finding.metric].unit.name}
    interval = finding.interval
    return plain | {"low": interval.low if interval else None, "high": interval.high if interval else None}


def _of_one(comparison: Comparison) -> list[Block]:
    grids = [metric_grid(metric, comparison.cells) for metric in METRICS.values()]
    title, missing = Lines(lines=title_lines(comparison)), Lines(lines=missing_lines(comparison))
    return [title, differing_grid(comparison), missing, *grids, Lines(lines=remark_lines(comparison))]


def differing_grid(comparison: Comparison) -> Grid:
    """Returns the conditions that are not the same on both sides."""
    rows = tuple((one.name, joined(one.base), joined(one.new)) for one in comparison.environment)
    return Grid(heads=("differs", "baseline", "candidate"), rows=rows, words=frozenset({1, 2}))


def missing_lines(comparison: Comparison) -> tuple[str, ...]:
    """Returns the cells that one side lacks."""
    return (
        *(f"only in baseline: {cell}" for cell in comparison.only_baseline),
        *(f"only in candidate: {cell}" for cell in comparison.only_candidate),
    )


def title_lines(comparison: Comparison) -> tuple[str, ...]:
    """Returns what is compared with what."""
    lines = (
        f"baseline:  {comparison.baseline} ({_runs(comparison.baseline_runs)})",
        f"candidate: {comparison.candidate} ({_runs(comparison.candidate_runs)})",
    )
    return lines if comparison.environment else (*lines, "All known conditions are the same.")


def _runs(count: int) -> str:
    return "1 run" if count == 1 else f"{count} runs"


def metric_grid(metric: Metric, cells: Sequence[CellComparison]) -> Grid:
    """Returns the cells of which at least one side knows a metric."""
    found = [cell[metric.key] for cell in cells]
    known = [one for one in found if one.baseline is not None or one.candidate is not None]
    tested = any(one.p is not None for one in known)
    unit = "change %" if metric.relative else "points"
    heads = (metric.head, "baseline", "candidate", unit, "95 %", *(("p",) if tested else ()), "")
    rows = tuple(_row(one, metric, tested=tested) for one in known)
    return Grid(heads=heads, rows=rows, words=frozenset({len(heads) - 1}))


def _row(finding: Finding, metric: Metric, *, tested: bool) -> tuple[str, ...]:
    return (
        finding.cell,
        metric.unit.text(finding.baseline),
        metric.unit.text(finding.candidate),
        change_percent(finding.change),
        _interval(finding.interval if finding.basis != "exact" else None),
        *((probability(finding.p),) if tested else ()),
        str(finding.verdict or ""),
    )


def _interval(interval: Interval | None) -> str:
    return ABSENT if interval is None else f"{change_percent(interval.low)} to {change_percent(interval.high)}"


def remark_lines(comparison: Comparison) -> tuple[str, ...]:
    """Returns what to know in reading a comparison."""
    times, noises = _of_times(comparison), (f"{100 * TIME_NOISE:.0f} %", f"{100 * SPEEDUP_NOISE:.0f} %")
    remarks = [*times] if comparison.cells else ["No cell is on both sides: nothing is compared."]
    if comparison.by_rounds and comparison.cells:
        remarks.append(
            f"Two processes that time one file were measured to differ by up to {noises[0]}, in × float by up to "
            f"{noises[1]} (Keras: a factor of 2): only beyond that is a change called improved or regressed."
        )
    same = sum(cell.same_file is True for cell in comparison.cells)
    if same:
        remarks.append(f"Both sides measured the very same file in {same} of {len(comparison.cells)} cells.")
    drifted = sum(_is_drift(cell) for cell in comparison.cells)
    if drifted:
        remarks.append(
            f"p50 moved in {drifted} cells whose × float did not: look to the load of the machine, or to what they "
            "share with their float file, before you look to them."
        )
    if not comparison.same_machine:
        remarks.append(
            "The machines differ: times and memory are shown but not compared; `--across-machines` shows where "
            "machines agree."
        )
    if any(finding.p is not None for cell in comparison.cells for finding in cell.findings):
        remarks.append(
            "top-1: paired by sample; p is McNemar's mid-p, adjusted by Holm for all cells, and decides at 0.05."
        )
    return (*remarks, *_of_cells(comparison.cells), *comparison.notes)


def _is_drift(cell: CellComparison) -> bool:
    """Tells whether a cell's time is judged to have moved while its speed-up over the float file is not."""
    moved = cell[LATENCY_P50.key].verdict in (Verdict.IMPROVED, Verdict.REGRESSED)
    return moved and cell[SPEEDUP.key].verdict in (Verdict.UNCHANGED, Verdict.INCONCLUSIVE)


def _of_times(comparison: Comparison) -> tuple[str, ...]:
    if comparison.by_rounds:
        return (
            "Times: the interval is of this process's rounds alone; a change between processes is not in it – "
            "`zoobench gate` replays.",
        )
    if min(comparison.baseline_runs, comparison.candidate_runs) < LEAST_PROCESSES:
        return (f"Times: medians over the runs; fewer than {LEAST_PROCESSES} runs on a side allow no interval.",)
    return ("Times: medians over the runs; the interval is that of their ratio, with the run as the unit.",)


def _of_cells(cells: Sequence[CellComparison]) -> list[str]:
    remarks = [f"{cell.id}: not the same on both sides: {one}" for cell in cells for one in cell.differences]
    return remarks + [f"XFAIL {cell.id}, {refusal}" for cell in cells for refusal in cell.refusals]


def across_view(found: AcrossMachines) -> View:
    """Returns what several machines say for every writer: a row for each machine, condition, cell and flip."""
    return View(
        document=lambda: _across_document(found),
        plain=lambda: _all_plain(found),
        rows=lambda: [dict.fromkeys(_ACROSS_COLUMNS) | row for row in _across_rows(found)],
    )


def _across_document(found: AcrossMachines) -> Document:
    """Returns what several machines say: in what they differ, their values side by side, and where the order flips."""
    return Document(title="What several machines say", blocks=tuple(_blocks(found)))


def _all_plain(found: AcrossMachines) -> dict[str, Any]:
    letters = [machine.letter for machine in found.machines]
    content = asdict(found) | {
        "cells": [{"id": cell, "machines": _plain_cells(letters, on)} for cell, on in found.cells],
        "conditions": [{"name": name, "machines": _by(letters, values)} for name, values in found.conditions],
    }
    return {"schema": SCHEMA} | content


def _plain_cells(letters: Sequence[str], on: Sequence[OnMachine]) -> dict[str, Any]:
    return _by(letters, [_across_plain(one) for one in on])


def _across_plain(one: OnMachine) -> dict[str, Any]:
    interval = one.speedup_interval
    known: dict[str, dict[str, Any]] = {
        metric.key: {"unit": metric.unit.name, "value": one.values.get(metric.key)} for metric in _OF_MACHINE
    }
    known[SPEEDUP.key]["interval"] = [interval.low, interval.high] if interval else None
    return {"metrics": known, "rank": one.rank}


def _by(letters: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(letters, values, strict=True))


def _across_rows(found: AcrossMachines) -> Iterator[dict[str, Any]]:
    letters = [machine.letter for machine in found.machines]
    for machine in found.machines:
        yield {"kind": "machine", "machine": machine.letter, "name": machine.name, "value": machine.side}
    for name, values in found.conditions:
        for letter, value in zip(letters, values, strict=True):
            yield {"kind": "condition", "name": name, "machine": letter, "value": joined(value)}
    for cell, on in found.cells:
        for letter, one in zip(letters, on, strict=True):
            yield {"kind": "cell", "name": cell, "machine": letter} | _cell_row(one)
    for flip in found.flips:
        names = {"name": flip.cells[0], "other": flip.cells[1]}
        machines = {"machine": flip.machines[0], "other_machine": flip.machines[1]}
        times = {"times_faster": flip.times_faster[0], "times_faster_on_other": flip.times_faster[1]}
        yield {"kind": "flip", "by": flip.by, "p": flip.p} | names | machines | times


def _cell_row(one: OnMachine) -> dict[str, Any]:
    interval = one.speedup_interval
    ends = {"speedup_low": interval.low, "speedup_high": interval.high} if interval else {}
    return {"rank": one.rank} | dict(one.values) | ends


def _blocks(found: AcrossMachines) -> list[Block]:
    letters = tuple(machine.letter for machine in found.machines)
    differing = Grid(
        heads=("differs", *letters),
        rows=tuple((name, *map(joined, values)) for name, values in found.conditions),
        words=frozenset(range(1, len(letters) + 1)),
    )
    warnings = tuple(note for note in found.notes if note.startswith("WARNING"))
    others = tuple(note for note in found.notes if not note.startswith("WARNING"))
    return [
        Lines(lines=(*_machines(found), *warnings)),
        differing,
        *(_grid(metric, found, letters) for metric in _OF_MACHINE),
        _flips(found),
        Lines(lines=(*_remarks(found), *others)),
    ]


def _machines(found: AcrossMachines) -> tuple[str, ...]:
    return tuple(
        f"{one.letter}: {one.name}, {one.side} ({'1 run' if one.runs == 1 else f'{one.runs} runs'})"
        for one in found.machines
    )


def _grid(metric: Metric, found: AcrossMachines, letters: Sequence[str]) -> Grid:
    """Returns the cells of which a machine knows a metric, with what stands beside its values."""
    head, read = _BESIDE.get(metric.key, ("", None))

    def texts(one: OnMachine) -> tuple[str, ...]:
        value = metric.unit.text(one.values.get(metric.key))
        return (value, read(one)) if read else (value,)

    rows = tuple(
        (cell, *(text for one in on for text in texts(one)))
        for cell, on in found.cells
        if any(metric.key in one.values for one in on)
    )
    columns = (text for letter in letters for text in ((letter, head) if read else (letter,)))
    return Grid(heads=(metric.head, *columns), rows=rows)


def _rank(one: OnMachine) -> str:
    return ABSENT if one.rank is None else str(one.rank)


def _machine_interval(one: OnMachine) -> str:
    interval = one.speedup_interval
    return ABSENT if interval is None else f"{ratio(interval.low)}–{ratio(interval.high)}"


_BESIDE: Mapping[str, tuple[str, Callable[[OnMachine], str]]] = {
    LATENCY_P50.key: ("rank", _rank),
    SPEEDUP.key: ("95 %", _machine_interval),
}
"""What stands beside the values of a metric: its head, and how it is read."""


def _flips(found: AcrossMachines) -> Grid:
    rows = tuple(
        (
            flip.cells[0],
            flip.cells[1],
            *(f"{ratio(times)} on {letter}" for times, letter in zip(flip.times_faster, flip.machines, strict=True)),
            METRICS[flip.by].title,
            probability(flip.p),
        )
        for flip in found.flips[:_SHOWN_FLIPS]
    )
    heads = ("the order flips", "against", "× faster", "× faster", "by", "p")
    return Grid(heads=heads, rows=rows, words=frozenset({1, 4}))


def _remarks(found: AcrossMachines) -> tuple[str, ...]:
    shown = min(found.flips_found, _SHOWN_FLIPS)
    remarks = [
        "× float: over each machine's own float32 file, paired by round. rank: by p50 among the cells that all have.",
        f"Order: {found.flips_found} of {found.pairs} pairs of cells and machines flip significantly: on both machines "
        "the intervals lie apart, and the difference is beyond what two processes differ by "
        f"({100 * SPEEDUP_NOISE:.0f} % in × float; {100 * TIME_NOISE:.0f} % in p50, which compares cells without a "
        "common float twin; a factor of 2 for Keras). p is adjusted by Holm for all pairs.",
        "A flip that is not listed may still be there.",
    ]
    if shown < found.flips_found:
        remarks.append(f"The {shown} surest are shown; --format json and csv have up to {MOST_FLIPS}.")
    return tuple(remarks)


def differences_view(found: Mapping[str, Sequence[RunDifference]], *, names: tuple[str, str]) -> View:
    """Returns in what two runs differ for every writer: a row for each difference.

    Args:
        found: By what they are about.
        names: Of the two runs.
    """
    flat = [(about, *one) for about, those in found.items() for one in those]
    grid = Grid(heads=("about", "differs", *names), rows=tuple(flat), words=frozenset({1, 2, 3}), is_grouped=True)
    same = Lines(lines=() if found else (f"{names[0]} and {names[1]} do not differ",))
    rows = [dict(zip(("about", "what", "one", "other"), one, strict=True)) for one in flat]
    return View(
        document=lambda: Document(title=f"In what {names[0]} and {names[1]} differ", blocks=(same, grid)),
        plain=lambda: {"one": names[0], "other": names[1], "differences": rows},
        rows=lambda: rows,
    )
