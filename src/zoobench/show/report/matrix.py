"""What stands in the report's matrix: which columns, which rows, what is said below?"""

from collections.abc import Sequence

from zoobench.matrix.variants import VARIANTS
from zoobench.results.schema import Record
from zoobench.show.report.columns import READINGS, UNKNOWN, Reading
from zoobench.show.report.matrixparts import Matrix, Row
from zoobench.show.table import (
    OVER_REFERENCE_MEANS,
    SPEEDUP_MEANS,
    by_backbone,
    marked,
    memory_remarks,
    over_reference,
    random_remarks,
    remarks,
    title_of,
)

_ALWAYS = frozenset({"top1", "loss", "p50", "p90", "over-float", "size"})
"""Columns that are there even if no cell has a value in them."""
_DISTURBED_MEANS = "~ before a time: other work disturbed the rounds, so that it is not the model's alone."


def matrix_of(records: Sequence[Record], *, chosen: str = "", planned: Sequence[str] = ()) -> Matrix:
    """Returns the matrix of a run.

    Args:
        records: Of all its cells.
        chosen: Id of the recommended cell.
        planned: Ids of the cells that were to be measured.
    """
    fields = [one for one in READINGS if _is_worth_showing(one, records)]
    rows = tuple(_row(record, fields, chosen=chosen) for record in by_backbone(records))
    return Matrix(
        caption=title_of(records),
        columns=tuple(one.column for one in fields),
        rows=rows,
        notes=_notes(records, planned),
        remarks=tuple(remarks(records)),
    )


def _row(record: Record, fields: Sequence[Reading], *, chosen: str) -> Row:
    cell = record.cell
    return Row(
        id=cell.id,
        backbone=cell.backbone,
        variant=cell.variant,
        short=VARIANTS[cell.variant].short if cell.variant in VARIANTS else "",
        runtime=cell.runtime,
        threads=cell.threads,
        values=tuple(one.read(record) for one in fields),
        marks=_marks(record),
        chosen=cell.id == chosen,
    )


def _marks(record: Record) -> tuple[str, ...]:
    found = []
    if record.refusal:
        found.append(f"refused by {record.refusal.by}")
    elif record.latency is None and record.accuracy is None:
        found.append("not measured")
    if record.cell.has_random_weights:
        found.append("random weights")
    if marked(record.latency):
        found.append("disturbed")
    return tuple(found)


def _notes(records: Sequence[Record], planned: Sequence[str]) -> tuple[str, ...]:
    there = {record.cell.id for record in records}
    missing = [cell for cell in planned if cell not in there]
    notes = [*random_remarks(records), SPEEDUP_MEANS]
    if any(map(over_reference, records)):
        notes.append(OVER_REFERENCE_MEANS)
    notes += memory_remarks(records)
    if any(marked(record.latency) for record in records):
        notes.append(_DISTURBED_MEANS)
    if missing:
        notes.append(f"Meant to be measured and not in the file: {', '.join(missing)}.")
    return tuple(notes)


def _is_worth_showing(one: Reading, records: Sequence[Record]) -> bool:
    return one.key in _ALWAYS or any(one.read(record) != UNKNOWN for record in records)
