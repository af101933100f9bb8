"""How does a person read which baselines there are, and what one of them is?"""

from collections.abc import Sequence

from rich.console import JustifyMethod

from zoobench.results.run import Run
from zoobench.show.table import render
from zoobench.system.terminal import console_text, plain_table, text_console
from zoobench.system.units import ABSENT

_HEADS = ("name", "saved", "machine", "cells", "data set", "weights")
_LEAST_WIDTH = 100
_IDENTITY = 13
"""Characters of the weights' identity that tell files apart: `file:` and eight of the hash."""


def render_list(baselines: Sequence[Run], *, width: int, colours: bool) -> str:
    """Returns a table of baselines, one a row."""
    table = plain_table()
    for head in _HEADS:
        justify: JustifyMethod = "right" if head == "cells" else "left"
        table.add_column(head, justify=justify, no_wrap=head in ("saved", "cells"), overflow="fold")
    for one in baselines:
        table.add_row(*_row(one))
    console = text_console(width=max(width, _LEAST_WIDTH), colours=colours)
    console.print(table)
    return console_text(console)


def render_baseline(one: Run, *, width: int, colours: bool) -> str:
    """Returns what a baseline is and the table of its records."""
    return (
        "".join(f"{line}\n" for line in _head(one))
        + "\n"
        + render(list(one.records.values()), width=width, colours=colours)
    )


def _head(one: Run) -> Sequence[str]:
    origin, told = one.origin, one.provenance
    first = f"baseline {origin.name}, saved {origin.saved} from {origin.source}" if origin else f"results {one.path}"
    files = {record.model.sha256 for record in one.records.values() if record.model}
    options = ", ".join(f"{name}={text}" for name, text in told.options.items())
    return (
        first,
        f"machine {told.machine or ABSENT}",
        f"options {options or ABSENT}",
        f"of {len(files)} model files, {len(files & told.manifests.keys())} are known how to be made again",
    )


def _row(one: Run) -> tuple[str, ...]:
    origin = one.origin
    return (
        one.path.stem,
        origin.saved[:16].replace("T", " ") if origin else ABSENT,
        one.provenance.machine or ABSENT,
        str(len(one.records)),
        ", ".join(dict.fromkeys(record.dataset.name for record in one.records.values())),
        ", ".join(dict.fromkeys(record.cell.weights[:_IDENTITY] for record in one.records.values())),
    )
