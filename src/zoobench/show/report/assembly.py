"""How do a run's records become the contents of a report?"""

from collections import Counter
from collections.abc import Iterator, Sequence

from zoobench.judge.compare.comparison import CellComparison, Comparison
from zoobench.judge.evidence import Verdict
from zoobench.judge.metrics import METRICS, Metric
from zoobench.judge.recommend.recommendation import Recommendation
from zoobench.results.machine import machine_name
from zoobench.results.run import Run
from zoobench.results.schema import Record
from zoobench.show.charts.confusion import confusion
from zoobench.show.comparison import differing_grid, metric_grid, remark_lines, title_lines
from zoobench.show.report.answers import AnswerSet, answered_of, confusion_of
from zoobench.show.report.conditions import environment_of, method_of, unknowns_of
from zoobench.show.report.contents import ChangedMetric, Changes, Fact, Figure, Pictures, Report, Sheet, named
from zoobench.show.report.figures import NO_CURVES, drawn, figures_of, trainings_of
from zoobench.show.report.matrix import decision_of, matrix_of
from zoobench.system.units import exactly

_NO_ANSWERS = "No accuracy was measured in this run, so nothing is known of what the variants get right and wrong."
_VERDICTS = (Verdict.REGRESSED, Verdict.IMPROVED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE)


def assemble(
    run: Run,
    *,
    recommendation: Recommendation,
    answers: Sequence[AnswerSet],
    pictures: Pictures,
    comparison: Comparison | None,
    version: str,
) -> Report:
    """Returns the contents of the report.

    Args:
        run: That is reported.
        recommendation: What is recommended, of this run alone.
        answers: What the cells answered, from `distinct_answers`.
        pictures: Of the samples that `wanted_samples` names.
        comparison: With a baseline; None without one.
        version: Of zoobench.
    """
    records = list(run.records.values())
    trainings = trainings_of(records)
    unanswered = [record.cell.id for record in records if not record.accuracy]
    return Report(
        title=_title(records),
        facts=tuple(fact for fact in _facts(run) if fact.value),
        decision=decision_of(recommendation, run.records),
        matrix=matrix_of(records, chosen=recommendation.cell or "", planned=run.provenance.cells),
        changes=changes_of(comparison) if comparison else None,
        figures=figures_of(run, recommendation),
        answered=answered_of(answers, pictures),
        answers_notes=tuple(_answers_notes(unanswered, pictures)) if answers else (_NO_ANSWERS,),
        pictures=pictures,
        training=trainings,
        confusion=_confusion(run.records.get(recommendation.cell or "")),
        training_notes=() if trainings else (NO_CURVES,),
        environment=environment_of(run),
        method=method_of(records),
        limits=unknowns_of(run),
        version=version,
    )


def _title(records: Sequence[Record]) -> str:
    backbones = dict.fromkeys(record.cell.backbone for record in records)
    data = dict.fromkeys(record.dataset.name for record in records)
    return f"{', '.join(backbones)} on {', '.join(data)}"


def _facts(run: Run) -> Iterator[Fact]:
    records = run.records.values()
    samples = dict.fromkeys((record.dataset.samples, len(record.dataset.classes)) for record in records)
    data = "; ".join(f"{exactly(count)} images of {exactly(classes)} classes" for count, classes in samples)
    yield Fact(label="Cells", value=exactly(len(records)))
    yield Fact(label="Test samples", value=data)
    yield Fact(label="Machine", value=machine_name(run))
    yield Fact(label="Measured", value=_to_the_minute(run.measured))
    yield Fact(label="File", value="/".join(run.path.parts[-2:]))


def _to_the_minute(measured: str) -> str:
    return measured[:16].replace("T", " ") + " UTC" if measured.endswith("+00:00") else ""


def _answers_notes(unanswered: Sequence[str], pictures: Pictures) -> Iterator[str]:
    if unanswered:
        yield f"Without accuracy, so not here: {named(unanswered)}."
    if pictures.reason:
        yield f"Flipped samples are shown without images: {pictures.reason}."


def _confusion(record: Record | None) -> Figure | None:
    """Returns the confusion of the recommended cell as a drawing, for those who put pictures elsewhere."""
    found = confusion_of(record) if record else None
    return drawn("confusion", wide=confusion(found)) if found else None


def changes_of(comparison: Comparison) -> Changes:
    """Returns what a comparison with a baseline shows, metric by metric; the gate judges."""
    sides = (("the baseline", comparison.only_baseline), ("this run", comparison.only_candidate))
    missing = (f"Only in {side} ({exactly(len(cells))}): {', '.join(cells)}." for side, cells in sides if cells)
    conditions = differing_grid(comparison)
    return Changes(
        lead=(*title_lines(comparison), *missing),
        conditions=Sheet(caption="Conditions that differ", grid=conditions) if conditions.rows else None,
        metrics=tuple(one for metric in METRICS.values() if (one := _metric(metric, comparison.cells))),
        notes=(*remark_lines(comparison), "This compares; `zoobench gate` judges, by replaying both sides."),
    )


def _metric(metric: Metric, cells: Sequence[CellComparison]) -> ChangedMetric | None:
    grid = metric_grid(metric, cells)
    if not grid.rows:
        return None
    judged = Counter(cell[metric.key].verdict for cell in cells)
    summary = ", ".join(f"{judged[one]} {one}" for one in _VERDICTS if judged[one])
    return ChangedMetric(
        summary=summary or "not judged",
        moved=bool(judged[Verdict.REGRESSED] or judged[Verdict.IMPROVED]),
        sheet=Sheet(caption=metric.head, grid=grid),
    )
