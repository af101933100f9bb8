"""How is it read what changed between two sides, metric by metric, and what several machines say side by side?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from zoobench.judge.compare.comparison import CellComparison, Comparison, RunDifference
from zoobench.judge.compare.machines import MOST_FLIPS, AcrossMachines, OnMachine
from zoobench.judge.evidence import Finding, Verdict
from zoobench.judge.metrics import LATENCY_P50, METRICS, SPEEDUP, SPEEDUP_NOISE, TIME_NOISE, Metric
from zoobench.results.conditions import joined
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.show.records import said_once
from zoobench.stats.intervals import LEAST_PROCESSES
from zoobench.system.units import ABSENT, change_percent, probability, ratio

SCHEMA = 2
_KEPT = ("baseline", "candidate", "change", "basis", "verdict", "p")
"""What files hold of a finding, beside the ends of its interval."""
_COLUMNS = (
    *("candidate_side", "kind", "name", "metric", "unit", "baseline", "candidate", "change"),
    *("low", "high", "basis", "verdict", "p"),
)
_SHOWN_FLIPS = 50
"""For people; the files for programs have all that are kept."""
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
    blocks: list[Block] = []
    for one in comparisons:
        lone = (
            *(f"only in baseline: {cell}" for cell in one.only_baseline),
            *(f"only in candidate: {cell}" for cell in one.only_candidate),
        )
        blocks += [Lines(lines=title_lines(one)), differing_grid(one), Lines(lines=lone)]
        blocks += [metric_grid(metric, one.cells) for metric in METRICS.values()]
        blocks.append(Lines(lines=remark_lines(one)))
    return Document(title=f"What changed from {comparisons[0].baseline}", blocks=tuple(blocks))


def _plain(comparison: Comparison) -> dict[str, Any]:
    cells = []
    for cell in comparison.cells:
        metrics = {}
        for finding in cell.findings:
            metric, interval = METRICS[finding.metric], finding.interval
            kind = "relative" if metric.relative else "difference"
            ends = [interval.low, interval.high] if interval else None
            metrics[metric.key] = {"unit": metric.unit.name, "kind": kind, "interval": ends} | _kept(finding)
        known = {name: getattr(cell, name) for name in ("id", "differences", "refusals", "same_file")}
        cells.append(known | {"metrics": metrics})
    return asdict(comparison) | {"cells": cells, "remarks": remark_lines(comparison)}


def _kept(finding: Finding) -> dict[str, Any]:
    return {name: getattr(finding, name) for name in _KEPT}


def _rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    for one in comparison.environment:
        yield {"kind": "condition", "name": one.name, "baseline": joined(one.base), "candidate": joined(one.new)}
    yield from ({"kind": "only in baseline", "name": cell} for cell in comparison.only_baseline)
    yield from ({"kind": "only in candidate", "name": cell} for cell in comparison.only_candidate)
    for cell in comparison.cells:
        for finding in cell.findings:
            metric, interval = METRICS[finding.metric], finding.interval
            ends = {"low": interval.low, "high": interval.high} if interval else {}
            row = {"kind": "cell", "name": cell.id, "metric": metric.key, "unit": metric.unit.name}
            yield row | _kept(finding) | ends


def differing_grid(comparison: Comparison) -> Grid:
    """Returns the conditions that are not the same on both sides."""
    rows = tuple((one.name, joined(one.base), joined(one.new)) for one in comparison.environment)
    return Grid(heads=("differs", "baseline", "candidate"), rows=rows, words=frozenset({1, 2}))


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
    rows = []
    for one in known:
        interval = one.interval if one.basis != "exact" else None
        row = (
            one.cell,
            metric.unit.text(one.baseline),
            metric.unit.text(one.candidate),
            change_percent(one.change),
            f"{change_percent(interval.low)} to {change_percent(interval.high)}" if interval else ABSENT,
            *((probability(one.p),) if tested else ()),
            str(one.verdict or ""),
        )
        rows.append(row)
    return Grid(
        heads=heads, rows=tuple(rows), words=frozenset({len(heads) - 1}), spare=(*((5,) if tested else ()), 4, 1, 2)
    )


def remark_lines(comparison: Comparison) -> tuple[str, ...]:
    """Returns what to know in reading a comparison."""
    return (*_remarks(comparison), *comparison.notes)


def _remarks(comparison: Comparison) -> Iterator[str]:
    cells = comparison.cells
    yield _on_times(comparison) if cells else "No cell is on both sides: nothing is compared."
    if comparison.by_rounds and cells:
        of_ours = any(cell[SPEEDUP.key].change is not None for cell in cells)
        also = f", in × float by up to {100 * SPEEDUP_NOISE:.0f} % (Keras: a factor of 2)" if of_ours else ""
        yield (
            f"Two processes that time one file were measured to differ by up to {100 * TIME_NOISE:.0f} %{also}: only "
            "beyond that is a change called improved or regressed."
        )
    if same := sum(cell.same_file is True for cell in cells):
        yield f"Both sides measured the very same file in {same} of {len(cells)} cells."
    if drifted := sum(map(_is_drift, cells)):
        yield (
            f"p50 moved in {drifted} cells whose × float did not: look to the load of the machine, or to what they "
            "share with their float file, before you look to them."
        )
    if not comparison.same_machine:
        yield (
            "The machines differ: times and memory are shown but not compared; `--across-machines` shows where "
            "machines agree."
        )
    if any(finding.p is not None for cell in cells for finding in cell.findings):
        yield "top-1: paired by sample; p is McNemar's mid-p, adjusted by Holm for all cells, and decides at 0.05."
    differing = ((cell.id, one) for cell in cells for one in cell.differences)
    yield from (f"{whose}: not the same on both sides: {one}" for whose, one in said_once(differing, of=len(cells)))
    refused = ((cell.id, refusal) for cell in cells for refusal in cell.refusals)
    yield from (f"XFAIL {whose}, {refusal}" for whose, refusal in said_once(refused, of=len(cells)))


def _on_times(comparison: Comparison) -> str:
    if comparison.by_rounds:
        return (
            "Times: the interval is of this process's rounds alone; a change between processes is not in it – "
            "`zoobench gate` replays."
        )
    if min(comparison.baseline_runs, comparison.candidate_runs) < LEAST_PROCESSES:
        return f"Times: medians over the runs; fewer than {LEAST_PROCESSES} runs on a side allow no interval."
    return "Times: medians over the runs; the interval is that of their ratio, with the run as the unit."


def _is_drift(cell: CellComparison) -> bool:
    """Tells whether a cell's time is judged to have moved while its speed-up over the float file is not."""
    moved = cell[LATENCY_P50.key].verdict in (Verdict.IMPROVED, Verdict.REGRESSED)
    return moved and cell[SPEEDUP.key].verdict in (Verdict.UNCHANGED, Verdict.INCONCLUSIVE)


def across_view(found: AcrossMachines) -> View:
    """Returns what several machines say for every writer: a row for each machine, condition, cell and flip."""
    return View(
        document=lambda: Document(title="What several machines say", blocks=tuple(_across_blocks(found))),
        plain=lambda: _across_plain(found),
        rows=lambda: [dict.fromkeys(_ACROSS_COLUMNS) | row for row in _across_rows(found)],
    )


def _across_plain(found: AcrossMachines) -> dict[str, Any]:
    def by_letter(values: Sequence[Any]) -> dict[str, Any]:
        return {machine.letter: value for machine, value in zip(found.machines, values, strict=True)}

    return {"schema": SCHEMA} | {
        **asdict(found),
        "cells": [{"id": cell, "machines": by_letter([_plain_on(one) for one in on])} for cell, on in found.cells],
        "conditions": [{"name": name, "machines": by_letter(values)} for name, values in found.conditions],
    }


def _plain_on(one: OnMachine) -> dict[str, Any]:
    interval = one.speedup_interval
    known: dict[str, dict[str, Any]] = {
        metric.key: {"unit": metric.unit.name, "value": one.values.get(metric.key)} for metric in _OF_MACHINE
    }
    known[SPEEDUP.key]["interval"] = [interval.low, interval.high] if interval else None
    return {"metrics": known, "rank": one.rank}


def _across_rows(found: AcrossMachines) -> Iterator[dict[str, Any]]:
    letters = [machine.letter for machine in found.machines]
    for machine in found.machines:
        yield {"kind": "machine", "machine": machine.letter, "name": machine.name, "value": machine.side}
    for name, values in found.conditions:
        for letter, value in zip(letters, values, strict=True):
            yield {"kind": "condition", "name": name, "machine": letter, "value": joined(value)}
    for cell, on in found.cells:
        for letter, one in zip(letters, on, strict=True):
            interval = one.speedup_interval
            ends = {"speedup_low": interval.low, "speedup_high": interval.high} if interval else {}
            yield {"kind": "cell", "name": cell, "machine": letter, "rank": one.rank} | dict(one.values) | ends
    for flip in found.flips:
        names = dict(zip(("name", "other"), flip.cells, strict=True))
        machines = dict(zip(("machine", "other_machine"), flip.machines, strict=True))
        times = dict(zip(("times_faster", "times_faster_on_other"), flip.times_faster, strict=True))
        yield {"kind": "flip", "by": flip.by, "p": flip.p} | names | machines | times


def _across_blocks(found: AcrossMachines) -> Iterator[Block]:
    letters = [machine.letter for machine in found.machines]
    machines = (f"{one.letter}: {one.name}, {one.side} ({_runs(one.runs)})" for one in found.machines)
    yield Lines(lines=(*machines, *(note for note in found.notes if note.startswith("WARNING"))))
    yield Grid(
        heads=("differs", *letters),
        rows=tuple((name, *map(joined, values)) for name, values in found.conditions),
        words=frozenset(range(1, len(letters) + 1)),
    )
    beside = {LATENCY_P50.key: "rank", SPEEDUP.key: "95 %"}
    for metric in _OF_MACHINE:
        columns = (metric.key, beside[metric.key]) if metric.key in beside else (metric.key,)
        yield Grid(
            heads=(metric.head, *(head for letter in letters for head in (letter, *columns[1:]))),
            rows=tuple(
                (cell, *(_text_of(one, column) for one in on for column in columns))
                for cell, on in found.cells
                if any(metric.key in one.values for one in on)
            ),
            spare=tuple(range(2, 2 * len(letters) + 1, 2)) if metric.key in beside else (),
        )
    yield _flips(found)
    yield Lines(lines=(*_on_order(found), *(note for note in found.notes if not note.startswith("WARNING"))))


def _text_of(one: OnMachine, column: str) -> str:
    """Returns what stands in a column of a machine: a metric, the rank, or the interval of the speed-up."""
    if column == "rank":
        return ABSENT if one.rank is None else str(one.rank)
    if column == "95 %":
        interval = one.speedup_interval
        return f"{ratio(interval.low)}–{ratio(interval.high)}" if interval else ABSENT
    return METRICS[column].unit.text(one.values.get(column))


def _flips(found: AcrossMachines) -> Grid:
    return Grid(
        heads=("the order flips", "against", "× faster", "× faster", "by", "p"),
        rows=tuple(
            (
                *flip.cells,
                *(f"{ratio(times)} on {on}" for times, on in zip(flip.times_faster, flip.machines, strict=True)),
                METRICS[flip.by].title,
                probability(flip.p),
            )
            for flip in found.flips[:_SHOWN_FLIPS]
        ),
        words=frozenset({1, 4}),
        spare=(5, 4),
    )


def _on_order(found: AcrossMachines) -> Iterator[str]:
    yield "× float: over each machine's own float32 file, paired by round. rank: by p50 among the cells that all have."
    yield (
        f"Order: {found.flips_found} of {found.pairs} pairs of cells and machines flip significantly: on both machines "
        "the intervals lie apart, and the difference is beyond what two processes differ by "
        f"({100 * SPEEDUP_NOISE:.0f} % in × float; {100 * TIME_NOISE:.0f} % in p50, which compares cells without a "
        "common float twin; a factor of 2 for Keras). p is adjusted by Holm for all pairs."
    )
    yield "A flip that is not listed may still be there."
    shown = min(found.flips_found, _SHOWN_FLIPS)
    if shown < found.flips_found:
        yield f"The {shown} most significant are shown; --format json and csv have up to {MOST_FLIPS}."


def differences_view(found: Mapping[str, Sequence[RunDifference]], *, names: tuple[str, str]) -> View:
    """Returns in what two runs differ for every writer: a row for each difference."""
    flat = [(about, *one) for about, those in found.items() for one in those]
    grid = Grid(heads=("about", "differs", *names), rows=tuple(flat), words=frozenset({1, 2, 3}), is_grouped=True)
    same = Lines(lines=() if found else (f"{names[0]} and {names[1]} do not differ",))
    rows = [dict(zip(("about", "what", "one", "other"), one, strict=True)) for one in flat]
    return View(
        document=lambda: Document(title=f"In what {names[0]} and {names[1]} differ", blocks=(same, grid)),
        plain=lambda: {"one": names[0], "other": names[1], "differences": rows},
        rows=lambda: rows,
    )
