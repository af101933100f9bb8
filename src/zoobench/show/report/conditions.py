"""On what machine, with which libraries and data was a run made? As tables for people."""

from collections.abc import Container, Iterable, Sequence

from zoobench.results.machine import DATA_SET, conditions, joined
from zoobench.results.provenance import Provenance
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.show.document import Grid
from zoobench.show.report.contents import Sheet
from zoobench.show.report.phrases import named
from zoobench.system.units import exactly, size

_SHORT = 12
"""Digits of a hash that people compare."""
_MEMORY = "memory_bytes"
_ELSEWHERE = (DATA_SET, "threads", "runtime", "weights", "image size")
"""Conditions that other tables of the report hold."""
_YES_AND_NO = {"True": "yes", "False": "no"}


def environment_of(run: Run) -> tuple[Sheet, ...]:
    """Returns what is known of machine and libraries, the options of the run, the data and the model files."""
    records = list(run.records.values())
    libraries = dict.fromkeys(name for record in records for name in _libraries(record))
    sheets = (
        _sheet("Machine", ("condition", "value"), _conditions(run, without=(*libraries, *_ELSEWHERE))),
        _sheet("Libraries", ("library", "version"), _conditions(run, only=libraries)),
        _sheet("Options of the run that are not the defaults", ("option", "value"), _options(run.provenance)),
        _sheet("Test data", ("what", "value"), _data(records)),
        _files(records),
    )
    return tuple(sheet for sheet in sheets if sheet.grid.rows)


def _libraries(record: Record) -> Iterable[str]:
    known = record.environment.get("libraries")
    return known if isinstance(known, dict) else ()


def _sheet(caption: str, heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Sheet:
    return Sheet(caption=caption, grid=Grid(heads=heads, rows=tuple(rows), words=frozenset(range(1, len(heads)))))


def _conditions(
    run: Run, *, only: Container[str] | None = None, without: Container[str] = ()
) -> Sequence[tuple[str, ...]]:
    found = conditions(Side(name="", runs=(run,)))
    wanted = [name for name in found if name not in without and (only is None or name in only)]
    return [_told(name, found[name]) for name in wanted]


def _told(name: str, values: Sequence[str]) -> tuple[str, str]:
    if name == _MEMORY and all(value.isdecimal() for value in values):
        return ("memory", joined(size(int(value)) for value in values))
    return (name.replace("_", " "), joined(_YES_AND_NO.get(value, value) for value in values))


def _options(provenance: Provenance) -> list[tuple[str, ...]]:
    return [(f"--zoo-{name}", value) for name, value in provenance.options.items()]


def _data(records: Sequence[Record]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for data in dict.fromkeys(record.dataset for record in records):
        rows += [
            ("name", data.name),
            ("test samples", exactly(data.samples)),
            ("classes", f"{len(data.classes)}: {', '.join(data.classes)}"),
            ("images left out", exactly(data.left_out)),
            ("SHA-256", data.sha256),
        ]
    return rows


def _files(records: Sequence[Record]) -> Sheet:
    """Returns each file once, with the cells that ran it."""
    cells: dict[tuple[str, int, str], list[str]] = {}
    for record in records:
        if record.model:
            key = (record.model.sha256, record.model.size_bytes, record.cell.weights)
            cells.setdefault(key, []).append(record.cell.id)
    rows = tuple(
        (named(ids), sha256[:_SHORT], exactly(size_bytes), _weights(weights))
        for (sha256, size_bytes, weights), ids in cells.items()
    )
    heads = ("cells", "SHA-256", "bytes", "weights")
    return Sheet(caption="Model files", grid=Grid(heads=heads, rows=rows, words=frozenset({1, 3})))


def _weights(weights: str) -> str:
    kind, colon, digest = weights.partition(":")
    return f"{kind}{colon}{digest[:_SHORT]}"
