"""How does a person read which baselines there are, and what one of them is?"""

from collections.abc import Sequence

from zoobench.results.run import Run
from zoobench.show.document import Document, Grid, View
from zoobench.show.table import render
from zoobench.system.units import ABSENT

_HEADS = ("name", "saved", "machine", "cells", "data set", "weights")
_KEYS = ("name", "saved", "machine", "cells", "dataset", "weights")
_LEAST_WIDTH = 100
_IDENTITY = 13
"""Characters of the weights' identity that tell files apart: `file:` and eight of the hash."""


def list_view(baselines: Sequence[Run]) -> View:
    """Returns baselines for every writer, one a row."""
    rows = [dict(zip(_KEYS, _row(one), strict=True)) for one in baselines]
    return View(document=lambda: _list_document(baselines), plain=lambda: rows, rows=lambda: rows)


def _list_document(baselines: Sequence[Run]) -> Document:
    grid = Grid(heads=_HEADS, rows=tuple(map(_row, baselines)), words=frozenset({2, 4, 5}))
    return Document(title="Baselines", blocks=(grid,), least_width=_LEAST_WIDTH)


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
