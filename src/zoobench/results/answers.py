"""How did two cells answer the same samples? Told only where they are the same."""

from collections.abc import Mapping

from zoobench.matrix.runtimes import REFERENCE
from zoobench.results.packing import Answers, unpack
from zoobench.results.record import Record

_FLOAT = "float32"


def answers_of(record: Record) -> Answers | None:
    """Returns what a cell answered, or None where its accuracy was not measured.

    Whoever read the record has seen to it that its predictions can be decoded.
    """
    if record.accuracy is None:
        return None
    return unpack(record.accuracy.predictions, classes=len(record.dataset.classes))


def both_answers(base: Record, new: Record) -> tuple[Answers, Answers] | None:
    """Returns what both answered, sample by sample, or None where they did not answer the same ones."""
    if base.dataset.sha256 != new.dataset.sha256 or base.dataset.classes != new.dataset.classes:
        return None
    ours, theirs = answers_of(base), answers_of(new)
    if ours is None or theirs is None or ours.truth != theirs.truth or not ours.truth:
        return None
    return ours, theirs


def float_twin(record: Record, records: Mapping[str, Record]) -> Record | None:
    """Returns the record of a cell's float twin; None where it is that one itself, or was no cell of the run.

    It is the cell that the speed-up was measured against; where no time was measured, `float32` on the cell's own
    runtime, or on the one that all others are held against.

    Args:
        record: Of a cell.
        records: All of the run, by the cell's id.
    """
    cell, latency = record.cell, record.latency
    if cell.variant == _FLOAT:
        return None
    measured = latency.speedup_over_float.twin if latency and latency.speedup_over_float else ""
    usual = (f"{cell.backbone}-{_FLOAT}-{runtime}-t{cell.threads}" for runtime in (cell.runtime, REFERENCE))
    return next((records[one] for one in (measured, *usual) if one in records), None)
