"""How is it read what several machines say? Their values side by side, and where the order flips."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from zoobench.judge.compare.machines import AcrossMachines, OnMachine
from zoobench.judge.compare.order_flips import MOST_FLIPS
from zoobench.judge.metrics import LATENCY_P50, METRICS, SPEEDUP, SPEEDUP_NOISE, TIME_NOISE, Metric
from zoobench.results.machine import joined
from zoobench.show.document import Block, Document, Grid, Lines, View
from zoobench.system.units import ABSENT, probability, ratio

SCHEMA = 2
_SHOWN_FLIPS = 50
"""On a terminal and in markdown; the files for programs have all that are kept."""
_OF_MACHINE = tuple(metric for metric in METRICS.values() if metric.of_machine)
_COLUMNS = (
    *("kind", "name", "other", "machine", "other_machine", "value", *(metric.key for metric in _OF_MACHINE)),
    *("speedup_low", "speedup_high", "rank", "times_faster", "times_faster_on_other", "by", "p"),
)


def view(found: AcrossMachines) -> View:
    """Returns what several machines say for every writer: a row for each machine, condition, cell and flip."""
    return View(
        document=lambda: document(found),
        plain=lambda: _all_plain(found),
        rows=lambda: [dict.fromkeys(_COLUMNS) | row for row in _rows(found)],
    )


def document(found: AcrossMachines) -> Document:
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
    return _by(letters, [_plain(one) for one in on])


def _plain(one: OnMachine) -> dict[str, Any]:
    interval = one.speedup_interval
    known: dict[str, dict[str, Any]] = {
        metric.key: {"unit": metric.unit.name, "value": one.values.get(metric.key)} for metric in _OF_MACHINE
    }
    known[SPEEDUP.key]["interval"] = [interval.low, interval.high] if interval else None
    return {"metrics": known, "rank": one.rank}


def _by(letters: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(letters, values, strict=True))


def _rows(found: AcrossMachines) -> Iterator[dict[str, Any]]:
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


def _interval(one: OnMachine) -> str:
    interval = one.speedup_interval
    return ABSENT if interval is None else f"{ratio(interval.low)}–{ratio(interval.high)}"


_BESIDE: Mapping[str, tuple[str, Callable[[OnMachine], str]]] = {
    LATENCY_P50.key: ("rank", _rank),
    SPEEDUP.key: ("95 %", _interval),
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
