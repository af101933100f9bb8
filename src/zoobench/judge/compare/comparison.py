"""What changed from one side to another, cell by cell?"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from zoobench.judge.compare.changes import (
    Change,
    bare_change,
    exact_change,
    first_inference_change,
    initialization_change,
    memory_change,
    p50_change,
    p90_change,
    speedup_change,
)
from zoobench.judge.compare.compared import LOSS, METRICS, OF_THE_MACHINE, SIZE, TOP1, Metric
from zoobench.judge.compare.seen import Seen, seen_by
from zoobench.judge.compare.top1 import top1_change
from zoobench.results.disturbed import told
from zoobench.results.environments import DATA_SET, Difference, differences, machines_of, of_cell
from zoobench.results.record import Record
from zoobench.results.timings import Side
from zoobench.stats.multiple import holm

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CellComparison:
    """One cell on both sides.

    Attributes:
        id: The cell's.
        differences: In what the cell itself is not the same on both sides; then its numbers answer different questions.
        refusals: Why it was refused, and on which side.
        same_file: Whether both sides measured the very same model file; None where that is not known.
        changes: One for each metric, in the order of `METRICS`.
    """

    id: str
    differences: tuple[str, ...]
    refusals: tuple[str, ...]
    same_file: bool | None
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A new side against a base.

    Attributes:
        base: Its name; `base_runs` is how many processes measured it.
        new: As `base`.
        same_machine: Whether both were measured on the same kind of machine; if not, times and memory are not judged.
        environment: In what the conditions differ.
        cells: Those of both sides, in the base's order.
        only_base: Cells that the new side lacks.
        only_new: Cells that the base lacks.
        notes: What a reader must know of single cells.
    """

    base: str
    new: str
    base_runs: int
    new_runs: int
    same_machine: bool
    environment: tuple[Difference, ...]
    cells: tuple[CellComparison, ...]
    only_base: tuple[str, ...]
    only_new: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def by_rounds(self) -> bool:
        """Whether each side is a single process."""
        return self.base_runs == self.new_runs == 1


def compare(
    base: Side, new: Side, *, seed: int = 0, advance: Callable[[int, str], None] = lambda *_: None
) -> Comparison:
    """Returns what changed from `base` to `new`.

    Args:
        base: The stored side.
        new: The other.
        seed: Of the bootstrap.
        advance: Called with 1 and the cell's id after each cell of both sides.

    Raises:
        ResultsError: If a record's predictions cannot be read or contradict its accuracy.
    """
    there, same_machine = set(new.ids), machines_of(base) == machines_of(new)
    shared = [cell for cell in base.ids if cell in there]
    cells = []
    for cell in shared:
        one = _compare_cell(cell, seen_by(base, cell), seen_by(new, cell), seed=seed)
        cells.append(one if same_machine else _unjudged(one, OF_THE_MACHINE))
        advance(1, cell)
    known = set(base.ids)
    return Comparison(
        base=base.name,
        new=new.name,
        base_runs=len(base.runs),
        new_runs=len(new.runs),
        same_machine=same_machine,
        environment=differences(base, new),
        cells=_adjusted(cells),
        only_base=tuple(cell for cell in base.ids if cell not in there),
        only_new=tuple(cell for cell in new.ids if cell not in known),
        notes=tuple(note for side in (base, new) for note in (*_of_several_models(side), *_of_disturbed(side, shared))),
    )


def _compare_cell(cell: str, base: Sequence[Seen], new: Sequence[Seen], *, seed: int) -> CellComparison:
    ours, theirs = _first_record(base), _first_record(new)
    unlike = of_cell(ours, theirs) if ours and theirs else {}
    compared = CellComparison(
        id=cell,
        differences=tuple(f"{name}: {values}" for name, values in unlike.items()),
        refusals=(*_refusal("base", ours), *_refusal("new", theirs)),
        same_file=_is_same_file(ours, theirs),
        changes=(
            p50_change(base, new, seed=seed),
            p90_change(base, new, seed=seed),
            speedup_change(base, new, seed=seed),
            initialization_change(base, new, seed=seed),
            first_inference_change(base, new, seed=seed),
            memory_change(base, new, seed=seed),
            top1_change(_measured(base), _measured(new)),
            bare_change(LOSS, _loss(_measured(base)), _loss(_measured(new))),
            exact_change(SIZE, _size(ours), _size(theirs)),
        ),
    )
    return _unjudged(compared, METRICS if unlike.keys() - {DATA_SET} else (TOP1, LOSS) if unlike else ())


def _unjudged(cell: CellComparison, metrics: Sequence[Metric]) -> CellComparison:
    """Returns the cell without a judgement of some metrics: what differs there is not the model alone."""
    return replace(
        cell,
        changes=tuple(
            replace(change, judgement=None, p_value=None) if change.metric in metrics else change
            for change in cell.changes
        ),
    )


def _first_record(seen: Sequence[Seen]) -> Record | None:
    return next((one.record for one in seen if one.record), None)


def _measured(seen: Sequence[Seen]) -> Record | None:
    """Returns the first record that has an accuracy; the same model gives every run the same."""
    return next((one.record for one in seen if one.record and one.record.accuracy), None)


def _refusal(side: Literal["base", "new"], record: Record | None) -> tuple[str, ...]:
    return (f"{side}: {record.refusal.by} refuses it: {record.refusal.reason}",) if record and record.refusal else ()


def _is_same_file(base: Record | None, new: Record | None) -> bool | None:
    if base is None or new is None or base.model is None or new.model is None:
        return None
    return base.model.sha256 == new.model.sha256


def _loss(record: Record | None) -> float | None:
    return record.accuracy.loss if record and record.accuracy else None


def _size(record: Record | None) -> float | None:
    return record.model.size_bytes if record and record.model else None


def _adjusted(cells: Sequence[CellComparison]) -> tuple[CellComparison, ...]:
    """Returns the cells with the p-values of top-1 adjusted for all of them, and what these come to."""
    tested = [change for cell in cells for change in cell.changes if change.p_value is not None]
    adjusted = iter(holm([change.p_value for change in tested if change.p_value is not None]))
    return tuple(
        replace(
            cell,
            changes=tuple(
                change if change.p_value is None else _decided(change, next(adjusted)) for change in cell.changes
            ),
        )
        for cell in cells
    )


def _decided(change: Change, p_value: float) -> Change:
    if p_value >= SIGNIFICANT or not change.change:
        return replace(change, p_value=p_value)
    return replace(change, p_value=p_value, judgement="better" if change.change > 0 else "worse")


def _of_several_models(side: Side) -> tuple[str, ...]:
    """Returns the cells whose runs measured different files: they are not several runs of one thing."""
    models: dict[str, set[str]] = {}
    for run in side.runs:
        for cell, record in run.records.items():
            if record.model:
                models.setdefault(cell, set()).add(record.model.sha256)
    return tuple(
        f"{side.name}: its runs measured {len(found)} different files of {cell}; size and accuracy are of the first"
        for cell, found in models.items()
        if len(found) > 1
    )


def _of_disturbed(side: Side, cells: Sequence[str]) -> Iterator[str]:
    """Yields which of these cells were disturbed while they were timed: their times are not the model's alone."""
    for run in side.runs:
        for cell in cells:
            latency = run.records[cell].latency if cell in run.records else None
            if latency and latency.disturbance and latency.disturbance.causes:
                yield f"{run.path}: {cell}: {told(latency.disturbance)}"
