"""What changed from one side to another, cell by cell?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zoobench.judge.evidence import CellRun, Finding, direction, find, runs_of
from zoobench.judge.metrics import METRICS, Metric
from zoobench.results.conditions import DATA_SET, Difference, differences, leaves, machines_of, of_cell
from zoobench.results.disturbed import told
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.stats.paired import holm
from zoobench.system.units import ABSENT, exactly, milliseconds, percent, ratio, three_digits

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class CellComparison:
    """One cell on both sides.

    Attributes:
        id: The cell's.
        differences: In what the cell itself is not the same on both sides; then its numbers answer different questions.
        refusals: Why it was refused, and on which side.
        same_file: Whether both sides measured the very same model file; None where that is not known.
        findings: One for each metric, in the order of `METRICS`.
    """

    id: str
    differences: tuple[str, ...]
    refusals: tuple[str, ...]
    same_file: bool | None
    findings: tuple[Finding, ...]

    def __getitem__(self, metric: str) -> Finding:
        """Returns what became of a metric, by its key."""
        return next(finding for finding in self.findings if finding.metric == metric)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A candidate against a baseline.

    Attributes:
        baseline: Its name; `baseline_runs` is how many processes measured it.
        candidate: As `baseline`.
        same_machine: Whether both were measured on the same kind of machine; if not, what is of the machine is not
            judged.
        environment: In what the conditions differ.
        cells: Those of both sides, in the baseline's order.
        only_baseline: Cells that the candidate lacks.
        only_candidate: Cells that the baseline lacks.
        notes: What a reader must know of single cells.
    """

    baseline: str
    candidate: str
    baseline_runs: int
    candidate_runs: int
    same_machine: bool
    environment: tuple[Difference, ...]
    cells: tuple[CellComparison, ...]
    only_baseline: tuple[str, ...]
    only_candidate: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def by_rounds(self) -> bool:
        """Whether each side is a single process."""
        return self.baseline_runs == self.candidate_runs == 1


def compare(
    baseline: Side, candidate: Side, *, seed: int = 0, advance: Callable[[int, str], None] = lambda *_: None
) -> Comparison:
    """Returns what changed from one side to the other.

    Args:
        baseline: The stored side.
        candidate: The new one.
        seed: Of the bootstrap.
        advance: Called with 1 and the cell's id after each cell of both sides.

    Raises:
        ResultsError: If a record's predictions cannot be read or contradict its accuracy.
    """
    there, known = set(candidate.ids), set(baseline.ids)
    same_machine = machines_of(baseline) == machines_of(candidate)
    shared = [cell for cell in baseline.ids if cell in there]
    cells = []
    for cell in shared:
        one = _compare_cell(cell, runs_of(baseline, cell), runs_of(candidate, cell), seed=seed)
        cells.append(one if same_machine else _unjudged(one, lambda metric: metric.of_machine))
        advance(1, cell)
    return Comparison(
        baseline=baseline.name,
        candidate=candidate.name,
        baseline_runs=len(baseline.runs),
        candidate_runs=len(candidate.runs),
        same_machine=same_machine,
        environment=differences(baseline, candidate),
        cells=_adjusted(cells),
        only_baseline=tuple(cell for cell in baseline.ids if cell not in there),
        only_candidate=tuple(cell for cell in candidate.ids if cell not in known),
        notes=tuple(
            note for side in (baseline, candidate) for note in (*_of_several_models(side), *_of_disturbed(side, shared))
        ),
    )


def _compare_cell(cell: str, baseline: Sequence[CellRun], candidate: Sequence[CellRun], *, seed: int) -> CellComparison:
    ours, theirs = (next((run.record for run in side if run.record), None) for side in (baseline, candidate))
    unlike = of_cell(ours, theirs) if ours and theirs else {}
    compared = CellComparison(
        id=cell,
        differences=tuple(f"{name}: {values}" for name, values in unlike.items()),
        refusals=(*_refusal("baseline", ours), *_refusal("candidate", theirs)),
        same_file=_is_same_file(ours, theirs),
        findings=tuple(find(metric, baseline, candidate, cell=cell, seed=seed) for metric in METRICS.values()),
    )
    if unlike.keys() - {DATA_SET}:
        return _unjudged(compared, lambda _: True)
    return _unjudged(compared, lambda metric: metric.of_samples) if unlike else compared


def _unjudged(cell: CellComparison, which: Callable[[Metric], bool]) -> CellComparison:
    """Returns the cell without a verdict on some metrics: what differs there is not the model alone."""
    return replace(
        cell,
        findings=tuple(
            replace(finding, verdict=None, p=None) if which(METRICS[finding.metric]) else finding
            for finding in cell.findings
        ),
    )


def _refusal(side: str, record: Record | None) -> tuple[str, ...]:
    return (f"{side}: {record.refusal.by} refuses it: {record.refusal.reason}",) if record and record.refusal else ()


def _is_same_file(baseline: Record | None, candidate: Record | None) -> bool | None:
    if baseline is None or candidate is None or baseline.model is None or candidate.model is None:
        return None
    return baseline.model.sha256 == candidate.model.sha256


def _adjusted(cells: Sequence[CellComparison]) -> tuple[CellComparison, ...]:
    """Returns the cells with the p values adjusted for all of them, and what these come to."""
    tested = [finding.p for cell in cells for finding in cell.findings if finding.p is not None]
    adjusted = iter(holm(tested))
    return tuple(
        replace(
            cell,
            findings=tuple(
                finding if finding.p is None else _decided(finding, next(adjusted)) for finding in cell.findings
            ),
        )
        for cell in cells
    )


def _decided(finding: Finding, p: float) -> Finding:
    if p >= SIGNIFICANT or not finding.change:
        return replace(finding, p=p)
    return replace(finding, p=p, verdict=direction(METRICS[finding.metric], up=finding.change > 0))


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


_SHORT = 12
"""Characters of a hash that tell it from others."""

_WHOLE_RUN = "the run"
Facts = Mapping[str, tuple[Any, str]]
"""What is compared, and how it is shown, by what it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDifference:
    """One thing that is not the same in both.

    Attributes:
        about: A cell's id, or `the run`.
        what: What differs.
        one: As the first run has it.
        other: As the second has it.
    """

    about: str
    what: str
    one: str
    other: str


def run_differences(one: Run, other: Run) -> tuple[RunDifference, ...]:
    """Returns all that differs, what is about the runs first, then cell by cell as the first run has them."""
    return (*_differing(_WHOLE_RUN, _of_run(one), _of_run(other)), *_of_cells(one.records, other.records))


def _of_cells(first: Mapping[str, Record], second: Mapping[str, Record]) -> Iterator[RunDifference]:
    for cell_id in {**first, **second}:
        if cell_id in first and cell_id in second:
            yield from _differing(cell_id, _of_cell(first[cell_id]), _of_cell(second[cell_id]))
        else:
            sides = (_presence(side.get(cell_id)) for side in (first, second))
            yield RunDifference(about=cell_id, what="cell", one=next(sides), other=next(sides))


def _presence(record: Record | None) -> str:
    if record is None:
        return "absent"
    return "refused" if record.refusal else "measured"


def _differing(about: str, one: Facts, other: Facts) -> Iterator[RunDifference]:
    absent = (None, ABSENT)
    for what in {**one, **other}:
        (value, shown), (other_value, other_shown) = one.get(what, absent), other.get(what, absent)
        if value != other_value:
            yield RunDifference(about=about, what=what, one=shown, other=other_shown)


def _of_run(run: Run) -> Facts:
    datasets = dict.fromkeys(record.dataset for record in run.records.values())
    shown = "; ".join(f"{one.name}, {one.samples} test samples, {one.sha256[:_SHORT]}" for one in datasets)
    options = {f"option {name}": (text, text) for name, text in run.provenance.options.items()}
    machine = {"machine": (run.provenance.machine, run.provenance.machine or ABSENT)}
    return {"data set": (set(datasets), shown), **options, **machine, **_environment(list(run.records.values()))}


def _environment(records: Sequence[Record]) -> Facts:
    """Returns the environments of all records; where cells were measured in several, each value that one has."""
    flat = [{" ".join(keys): _plain(value) for keys, value in leaves(record.environment)} for record in records]
    names = dict.fromkeys(name for one in flat for name in one)
    values = {name: list(dict.fromkeys(one[name] for one in flat if name in one)) for name in names}
    return {name: (found, "; ".join(found)) for name, found in values.items()}


def _plain(value: Any) -> str:
    return exactly(value) if isinstance(value, int) else str(value)


def _of_cell(record: Record) -> Facts:
    model, accuracy, latency, refusal = record.model, record.accuracy, record.latency, record.refusal
    speedup = latency.speedup_over_float if latency else None
    facts: dict[str, tuple[Any, str]] = {
        "weights": (record.cell.weights, record.cell.weights),
        "image size": (record.cell.image_size, exactly(record.cell.image_size)),
        "model": (model and model.sha256, model.sha256[:_SHORT] if model else ABSENT),
        "bytes": (model and model.size_bytes, exactly(model.size_bytes if model else None)),
        "top-1 %": (accuracy and accuracy.top1, percent(accuracy.top1 if accuracy else None)),
        "loss": (accuracy and accuracy.loss, three_digits(accuracy.loss) if accuracy else ABSENT),
        "p50 ms": (latency and latency.p50_seconds, milliseconds(latency.p50_seconds if latency else None)),
        "× float": (speedup and speedup.point, ratio(speedup.point if speedup else None)),
        "refused by": (refusal, f"{refusal.by}: {refusal.reason}" if refusal else ABSENT),
    }
    return facts
