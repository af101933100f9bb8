"""How do people and programs read what several machines say? As text for a terminal, markdown, CSV or JSON."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from zoobench.judge.compare.compared import SPEEDUP_NOISE, TIME_NOISE
from zoobench.judge.compare.machines import AcrossMachines, OnMachine
from zoobench.judge.compare.orderflips import MOST_FLIPS
from zoobench.results.environments import joined
from zoobench.show.blocks import Block, Grid, Lines, to_markdown, to_terminal
from zoobench.stats.statistics import Interval
from zoobench.system.terminal import sanitize
from zoobench.system.units import ABSENT, megabytes, milliseconds, probability, ratio

SCHEMA = 1
_SHOWN_FLIPS = 50
"""On a terminal and in markdown; the files for programs have all that are kept."""
_COLUMNS = (
    *("kind", "name", "other", "machine", "other_machine", "value", "p50_seconds", "rank", "speedup_over_float"),
    *("low", "high", "peak_rss_bytes", "times_faster", "times_faster_on_other", "by", "p_value"),
)
_BY = {"speedup": "× float", "p50": "p50"}


def render(found: AcrossMachines, *, width: int, colours: bool) -> str:
    """Returns what several machines say as text for a terminal.

    Args:
        found: Of two machines or more.
        width: Columns of the terminal.
        colours: Whether the reader is a terminal that knows them.
    """
    return to_terminal(_blocks(found), width=width, colours=colours)


def as_markdown(found: AcrossMachines) -> str:
    """Returns what several machines say as markdown."""
    return to_markdown(_blocks(found))


def as_json(found: AcrossMachines) -> str:
    """Returns all that is known as JSON in SI units; undefined is null."""
    letters = [machine.letter for machine in found.machines]
    content = asdict(found) | {
        "cells": [{"id": cell, "machines": _plain_cells(letters, on)} for cell, on in found.cells],
        "conditions": [{"name": name, "machines": _by(letters, values)} for name, values in found.conditions],
    }
    return json.dumps({"schema": SCHEMA} | content, indent=2, allow_nan=False) + "\n"


def as_csv(found: AcrossMachines) -> str:
    """Returns a line for each machine, condition, cell and flip; in SI units, undefined is empty."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, _COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for row in _csv_rows(found):
        writer.writerow({key: sanitize(value) if isinstance(value, str) else value for key, value in row.items()})
    return buffer.getvalue()


def _plain_cells(letters: Sequence[str], on: Sequence[OnMachine]) -> dict[str, Any]:
    return _by(letters, [asdict(one) | {"interval": _ends(one.interval)} for one in on])


def _by(letters: Sequence[str], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip(letters, values, strict=True))


def _ends(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _csv_rows(found: AcrossMachines) -> Iterator[dict[str, Any]]:
    letters = [machine.letter for machine in found.machines]
    for machine in found.machines:
        yield {"kind": "machine", "machine": machine.letter, "name": machine.name, "value": machine.side}
    for name, values in found.conditions:
        for letter, value in zip(letters, values, strict=True):
            yield {"kind": "condition", "name": name, "machine": letter, "value": joined(value)}
    for cell, on in found.cells:
        for letter, one in zip(letters, on, strict=True):
            yield {"kind": "cell", "name": cell, "machine": letter} | _csv_cell(one)
    for flip in found.flips:
        names = {"name": flip.cells[0], "other": flip.cells[1]}
        machines = {"machine": flip.machines[0], "other_machine": flip.machines[1]}
        times = {"times_faster": flip.times_faster[0], "times_faster_on_other": flip.times_faster[1]}
        yield {"kind": "flip", "by": flip.by, "p_value": flip.p_value} | names | machines | times


def _csv_cell(one: OnMachine) -> dict[str, Any]:
    interval = one.interval
    ends = {"low": interval.low if interval else None, "high": interval.high if interval else None}
    known = {"p50_seconds": one.p50_seconds, "rank": one.rank, "speedup_over_float": one.speedup}
    return known | ends | {"peak_rss_bytes": one.peak_rss_bytes}


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
        _times(found, letters),
        _speedups(found, letters),
        _memory(found, letters),
        _flips(found),
        Lines(lines=(*_remarks(found), *others)),
    ]


def _machines(found: AcrossMachines) -> tuple[str, ...]:
    return tuple(
        f"{one.letter}: {one.name}, {one.side} ({'1 run' if one.runs == 1 else f'{one.runs} runs'})"
        for one in found.machines
    )


def _times(found: AcrossMachines, letters: Sequence[str]) -> Grid:
    rows = tuple(
        (cell, *(text for one in on for text in (milliseconds(one.p50_seconds), _rank(one.rank))))
        for cell, on in found.cells
    )
    return Grid(heads=("p50, ms", *(head for letter in letters for head in (letter, "rank"))), rows=rows)


def _rank(rank: int | None) -> str:
    return ABSENT if rank is None else str(rank)


def _speedups(found: AcrossMachines, letters: Sequence[str]) -> Grid:
    rows = tuple(
        (cell, *(text for one in on for text in (ratio(one.speedup), _interval(one.interval))))
        for cell, on in found.cells
        if any(one.speedup is not None for one in on)
    )
    return Grid(heads=("× float", *(head for letter in letters for head in (letter, "95 %"))), rows=rows)


def _memory(found: AcrossMachines, letters: Sequence[str]) -> Grid:
    rows = tuple(
        (cell, *(megabytes(one.peak_rss_bytes) for one in on))
        for cell, on in found.cells
        if any(one.peak_rss_bytes is not None for one in on)
    )
    return Grid(heads=("peak memory, MB", *letters), rows=rows)


def _interval(interval: Interval | None) -> str:
    return ABSENT if interval is None else f"{ratio(interval.low)}–{ratio(interval.high)}"


def _flips(found: AcrossMachines) -> Grid:
    rows = tuple(
        (
            flip.cells[0],
            flip.cells[1],
            *(f"{ratio(times)} on {letter}" for times, letter in zip(flip.times_faster, flip.machines, strict=True)),
            _BY[flip.by],
            probability(flip.p_value),
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
