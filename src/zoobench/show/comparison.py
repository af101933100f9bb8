"""How is a comparison read? What differs, then each metric with its change and what that comes to."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from zoobench.judge.compare.comparison import CellComparison, Comparison
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.metrics import LATENCY_P50, METRICS, SPEEDUP, SPEEDUP_NOISE, TIME_NOISE, Metric
from zoobench.results.machine import joined
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.stats.bootstrap import LEAST_PROCESSES
from zoobench.stats.intervals import Interval
from zoobench.system.units import ABSENT, change_percent, probability

SCHEMA = 2
_KEPT = ("baseline", "candidate", "change", "basis", "verdict", "p")
"""What files hold of a finding, beside the ends of its interval."""
_COLUMNS = (
    *("candidate_side", "kind", "name", "metric", "unit", "baseline", "candidate", "change"),
    *("low", "high", "basis", "verdict", "p"),
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
