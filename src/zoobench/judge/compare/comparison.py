"""What changed from one side to another, cell by cell?"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from zoobench.judge.evidence import Finding, Verdict, different_files, direction, find
from zoobench.judge.gate.rules import by_two_names, same_files
from zoobench.judge.metrics import METRICS, Metric
from zoobench.results.conditions import (
    DATA_SET,
    Difference,
    are_one_machine,
    changes_of_own_models,
    changes_of_quantizers,
    differences,
    leaves,
    of_cell,
)
from zoobench.results.disturbed import cautions, is_disturbed, told
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record
from zoobench.stats.paired import holm
from zoobench.system.units import ABSENT, exactly, milliseconds, percent, ratio, three_digits

SIGNIFICANT = 0.05
_ONE_FILE = "the files are the same, and the times were disturbed: measure again when the machine is quiet"


@dataclass(frozen=True, slots=True, kw_only=True)
class CellComparison:
    """One cell on both sides.

    Attributes:
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
    baseline: Side,
    candidate: Side,
    *,
    seed: int = 0,
    defaults: Mapping[str, str] | None = None,
    advance: Callable[[int, str], None] = lambda *_: None,
) -> Comparison:
    """Returns what changed from one side to the other.

    The seed is the bootstrap's; `defaults` are those of options, by name; `advance` is called with 1 and the cell's id
    after each cell of both sides.

    Raises:
        ResultsError: If a record's predictions cannot be read or contradict its accuracy.
    """
    there, known = set(candidate.ids), set(baseline.ids)
    same_machine = are_one_machine(baseline, candidate)
    shared = [cell for cell in baseline.ids if cell in there]
    cells = []
    for cell in shared:
        one = _compare_cell(cell, *(_runs_of(side, cell) for side in (baseline, candidate)), seed=seed)
        cells.append(one if same_machine else _unjudged(one, lambda metric: metric.of_machine))
        advance(1, cell)
    return Comparison(
        baseline=baseline.name,
        candidate=candidate.name,
        baseline_runs=len(baseline.runs),
        candidate_runs=len(candidate.runs),
        same_machine=same_machine,
        environment=differences(baseline, candidate, defaults=defaults),
        cells=_adjusted(cells),
        only_baseline=tuple(cell for cell in baseline.ids if cell not in there),
        only_candidate=tuple(cell for cell in candidate.ids if cell not in known),
        notes=(
            *(f"{change}: these are compared" for change in changes_of_own_models(_pairs(baseline, candidate))),
            *changes_of_quantizers(_pairs(baseline, candidate)),
            *_by_two_names(baseline, candidate),
            *(note for side in (baseline, candidate) for note in _notes(side, shared)),
        ),
    )


def _by_two_names(baseline: Side, candidate: Side) -> Iterator[str]:
    if pairs := same_files(baseline.records, candidate.records):
        yield f"{by_two_names(pairs)}; join them by --rename OLD=NEW"


def _pairs(baseline: Side, candidate: Side) -> list[tuple[Record, Record]]:
    ours, theirs = baseline.records, candidate.records
    return [(record, theirs[cell]) for cell, record in ours.items() if cell in theirs]


def _runs_of(side: Side, cell: str) -> list[Run]:
    return [run for run in side.runs if cell in run.records or cell in run.rounds]


def _compare_cell(cell: str, baseline: Sequence[Run], candidate: Sequence[Run], *, seed: int) -> CellComparison:
    ours, theirs = (
        next((run.records[cell] for run in side if cell in run.records), None) for side in (baseline, candidate)
    )
    unlike = of_cell(ours, theirs) if ours and theirs else {}
    files = [side.model.sha256 for side in (ours, theirs) if side and side.model]
    refusals = (("baseline", ours and ours.refusal), ("candidate", theirs and theirs.refusal))
    compared = CellComparison(
        id=cell,
        differences=tuple(f"{name}: {values}" for name, values in unlike.items()),
        refusals=tuple(f"{side}: {one.by} refuses it: {one.reason}" for side, one in refusals if one),
        same_file=files[0] == files[1] if len(files) == 2 else None,
        findings=tuple(find(metric, baseline, candidate, cell=cell, seed=seed) for metric in METRICS.values()),
    )
    if compared.same_file and any(_is_disturbed(run, cell) for run in (*baseline, *candidate)):
        compared = replace(compared, findings=tuple(map(_of_one_file, compared.findings)))
    if unlike.keys() - {DATA_SET}:
        return _unjudged(compared, lambda _: True)
    return _unjudged(compared, lambda metric: metric.of_samples) if unlike else compared


def _is_disturbed(run: Run, cell: str) -> bool:
    return cell in run.records and is_disturbed(run.records[cell].latency)


def _of_one_file(finding: Finding) -> Finding:
    """Returns what a finding comes to where both sides ran one file and were disturbed: neither better nor worse."""
    if not METRICS[finding.metric].of_machine or finding.verdict not in (Verdict.IMPROVED, Verdict.REGRESSED):
        return finding
    return replace(finding, verdict=Verdict.INCONCLUSIVE, remark=_ONE_FILE)


def _unjudged(cell: CellComparison, which: Callable[[Metric], bool]) -> CellComparison:
    findings = (
        replace(finding, verdict=None, p=None) if which(METRICS[finding.metric]) else finding
        for finding in cell.findings
    )
    return replace(cell, findings=tuple(findings))


def _adjusted(cells: Sequence[CellComparison]) -> tuple[CellComparison, ...]:
    adjusted = iter(holm([finding.p for cell in cells for finding in cell.findings if finding.p is not None]))

    def decided(finding: Finding) -> Finding:
        if finding.p is None:
            return finding
        found = replace(finding, p=next(adjusted))
        if found.p is None or found.p >= SIGNIFICANT or not finding.change:
            return found
        return replace(found, verdict=direction(METRICS[finding.metric], up=finding.change > 0))

    return tuple(replace(cell, findings=tuple(map(decided, cell.findings))) for cell in cells)


def _notes(side: Side, cells: Sequence[str]) -> Iterator[str]:
    for cell, count in different_files(side.runs).items():
        yield f"{side.name}: its runs measured {count} different files of {cell}; size and accuracy are of the first"
    for run in side.runs:
        if count := sum(
            not run.rounds[cell].rounds for cell in cells if cell in run.rounds and cell not in run.records
        ):
            yield (
                f"{run.path} holds no single rounds of {count} benchmarks, as --benchmark-save-data would keep them: "
                "p50 is compared by median, interquartile range and number of rounds, p90 is not known"
            )
        shared = [run.records[cell] for cell in cells if cell in run.records]
        yield from (f"{run.path}: {one}" for one in cautions(shared))
        for cell in cells:
            latency = run.records[cell].latency if cell in run.records else None
            if latency and latency.disturbance and latency.disturbance.causes:
                yield f"{run.path}: {cell}: {told(latency.disturbance)}"


_SHORT = 12
"""Characters of a hash that tell it from others."""

_WHOLE_RUN = "the run"
Facts = Mapping[str, tuple[Any, str]]
"""What is compared, and how it is shown, by what it is."""


RunDifference = tuple[str, str, str]
"""What differs, as the first run has it and as the second."""


def run_differences(one: Run, other: Run) -> dict[str, list[RunDifference]]:
    """Returns all that differs by what it is about: `the run` first, then cell by cell as the first run has them."""
    first, second = one.records, other.records
    found = {_WHOLE_RUN: _differing(_of_run(one), _of_run(other))}
    for cell in {**first, **second}:
        if cell in first and cell in second:
            found[cell] = _differing(_of_cell(one, cell), _of_cell(other, cell))
        else:
            found[cell] = [("cell", _presence(one, cell), _presence(other, cell))]
    return {about: those for about, those in found.items() if those}


def _presence(run: Run, cell: str) -> str:
    if cell not in run.records:
        return "absent"
    return "refused" if run.records[cell].refusal else "measured"


def _differing(one: Facts, other: Facts) -> list[RunDifference]:
    absent = (None, ABSENT)
    both = {what: (one.get(what, absent), other.get(what, absent)) for what in {**one, **other}}
    return [(what, ours[1], theirs[1]) for what, (ours, theirs) in both.items() if ours[0] != theirs[0]]


def _of_run(run: Run) -> Facts:
    datasets = dict.fromkeys(record.dataset for record in run.records.values())
    shown = "; ".join(f"{one.name}, {one.samples} test samples, {one.sha256[:_SHORT]}" for one in datasets)
    options = {f"option {name}": (text, text) for name, text in run.provenance.options.items()}
    machine = {"machine": (run.provenance.machine, run.provenance.machine or ABSENT)}
    return {"data set": (set(datasets), shown), **options, **machine, **_environment(run)}


def _environment(run: Run) -> Facts:
    found: dict[str, dict[str, None]] = {}
    for record in run.records.values():
        for keys, value in leaves(record.environment):
            shown = exactly(value) if isinstance(value, int) else str(value)
            found.setdefault(" ".join(keys), {})[shown] = None
    return {name: (list(values), "; ".join(values)) for name, values in found.items()}


def _of_cell(run: Run, cell: str) -> Facts:
    record = run.records[cell]
    model, accuracy, latency, refusal = record.model, record.accuracy, record.latency, record.refusal
    speedup = latency.speedup_over_float if latency else None
    return {
        "weights": (record.cell.weights, record.cell.weights),
        "image size": (record.cell.image_size, str(record.cell.image_size)),
        "model": (model and model.sha256, model.sha256[:_SHORT] if model else ABSENT),
        "bytes": (model and model.size_bytes, exactly(model.size_bytes if model else None)),
        "top-1 %": (accuracy and accuracy.top1, percent(accuracy.top1 if accuracy else None)),
        "loss": (accuracy and accuracy.loss, three_digits(accuracy.loss) if accuracy else ABSENT),
        "p50 ms": (latency and latency.p50_seconds, milliseconds(latency.p50_seconds if latency else None)),
        "× float": (speedup and speedup.point, ratio(speedup.point if speedup else None)),
        "refused by": (refusal, f"{refusal.by}: {refusal.reason}" if refusal else ABSENT),
    }
