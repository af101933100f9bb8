"""How does a person read what was found? A table for each kind."""

import io
from collections.abc import Sequence

from finding import AnyFinding, Cost, Finding, Overhead, Scaling
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from zoobench.system.units import ABSENT, megabytes, percent, ratio, three_digits

LEAST_WIDTH = 120


def render(findings: Sequence[AnyFinding], *, width: int) -> str:
    """Returns the tables of all findings as text; kinds without any have none."""
    buffer = io.StringIO()
    console = Console(file=buffer, width=max(width, LEAST_WIDTH), highlight=False, markup=False, emoji=False)
    contests = [one for one in findings if isinstance(one, Finding)]
    overheads = [one for one in findings if isinstance(one, Overhead)]
    scalings = [one for one in findings if isinstance(one, Scaling)]
    for table in (_contests(contests), _overheads(overheads), _scalings(scalings)):
        if table.row_count:
            console.print(table)
    return buffer.getvalue()


def _table(*heads: str, names: int) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for position, head in enumerate(heads):
        table.add_column(head, justify="left" if position < names else "right")
    return table


def _contests(findings: Sequence[Finding]) -> Table:
    table = _table("", "", "direct s", "ours s", "× faster", "goal", "direct MB", "ours MB", names=2)
    for one in findings:
        seconds = (three_digits(one.direct.seconds), three_digits(one.ours.seconds))
        table.add_row(
            one.question, one.subject, *seconds, ratio(one.ratio), one.goal, *map(_peak, (one.direct, one.ours))
        )
    return table


def _overheads(overheads: Sequence[Overhead]) -> Table:
    table = _table("", "wall s", "in invocations s", "in fresh processes s", "overhead %", "goal", names=1)
    for one in overheads:
        seconds = map(three_digits, (one.wall_seconds, one.invocation_seconds, one.process_seconds))
        table.add_row(one.subject, *seconds, percent(one.share), one.goal)
    return table


def _scalings(scalings: Sequence[Scaling]) -> Table:
    table = _table("", "images", "stage", "s", "s per 1,000", "peak MB", names=1)
    for one in scalings:
        for name, cost in one.stages.items():
            per_thousand = three_digits(1000 * cost.seconds / one.images)
            table.add_row(one.subject, f"{one.images}", name, three_digits(cost.seconds), per_thousand, _peak(cost))
    return table


def _peak(cost: Cost) -> str:
    return megabytes(cost.peak_bytes) if cost.peak_bytes else ABSENT
