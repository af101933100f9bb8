"""How do a run's records become the contents of a report?"""

from collections.abc import Sequence
from dataclasses import dataclass

from zoobench.judge.compare.comparison import Comparison
from zoobench.judge.recommend.result import Choice
from zoobench.results.machine import machine_name
from zoobench.results.run import Run
from zoobench.show.charts.confusion import ConfusionMatrix, confusion
from zoobench.show.report.answerparts import Pictures
from zoobench.show.report.answersets import Answers, answered_of
from zoobench.show.report.baselinechanges import changes_of
from zoobench.show.report.charting import drawn
from zoobench.show.report.conditions import environment_of
from zoobench.show.report.confusion import confusion_of
from zoobench.show.report.contents import Fact, Figure
from zoobench.show.report.decision import decision_of
from zoobench.show.report.drawings import figures_of
from zoobench.show.report.matrix import matrix_of
from zoobench.show.report.method import method_of
from zoobench.show.report.phrases import named
from zoobench.show.report.trainings import NO_CURVES, trainings_of
from zoobench.show.report.unknowns import unknowns_of
from zoobench.show.report.whole import Report
from zoobench.system.units import exactly

_NO_ANSWERS = "No accuracy was measured in this run, so nothing is known of what the variants get right and wrong."


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredients:
    """What a report is made of.

    Attributes:
        run: That is reported.
        choice: What is recommended, of this run alone.
        answers: What the cells answered, from `distinct_answers`.
        pictures: Of the samples that `wanted_samples` names.
        comparison: With a baseline; None without one.
        version: Of zoobench.
    """

    run: Run
    choice: Choice
    answers: Sequence[Answers]
    pictures: Pictures
    comparison: Comparison | None
    version: str


def assemble(parts: Ingredients) -> Report:
    """Returns the contents of the report."""
    records = list(parts.run.records.values())
    trainings = trainings_of(records)
    return Report(
        title=_title(parts.run),
        facts=_facts(parts),
        decision=decision_of(parts.choice, parts.run.records),
        matrix=matrix_of(records, chosen=parts.choice.chosen or "", planned=parts.run.provenance.cells),
        changes=changes_of(parts.comparison) if parts.comparison else None,
        figures=figures_of(parts.run, parts.choice),
        answered=answered_of(parts.answers, parts.pictures),
        answers_notes=_answers_notes(parts),
        photos=parts.pictures.photos,
        training=trainings,
        confusion=_confusion(parts),
        training_notes=() if trainings else (NO_CURVES,),
        environment=environment_of(parts.run),
        method=method_of(records),
        limits=unknowns_of(parts.run),
        version=parts.version,
    )


def _confusion(parts: Ingredients) -> Figure | None:
    """Returns the confusion of the recommended cell as a drawing, for those who put pictures elsewhere."""
    record = parts.run.records.get(parts.choice.chosen or "")
    found = confusion_of(record) if record else None
    if record is None or found is None:
        return None
    matrix = ConfusionMatrix(cell=record.cell.id, classes=found.classes, counts=found.counts)
    return drawn("confusion", wide=confusion(matrix))


def _title(run: Run) -> str:
    records = run.records.values()
    backbones = dict.fromkeys(record.cell.backbone for record in records)
    data = dict.fromkeys(record.dataset.name for record in records)
    return f"{', '.join(backbones)} on {', '.join(data)}"


def _facts(parts: Ingredients) -> tuple[Fact, ...]:
    records = list(parts.run.records.values())
    samples = dict.fromkeys((record.dataset.samples, len(record.dataset.classes)) for record in records)
    data = "; ".join(f"{exactly(count)} images of {exactly(classes)} classes" for count, classes in samples)
    facts = (
        Fact(label="Cells", value=exactly(len(records))),
        Fact(label="Test samples", value=data),
        Fact(label="Machine", value=machine_name(parts.run)),
        Fact(label="Measured", value=_to_the_minute(parts.run.measured)),
        Fact(label="File", value="/".join(parts.run.path.parts[-2:])),
    )
    return tuple(fact for fact in facts if fact.value)


def _to_the_minute(measured: str) -> str:
    return measured[:16].replace("T", " ") + " UTC" if measured.endswith("+00:00") else ""


def _answers_notes(parts: Ingredients) -> tuple[str, ...]:
    if not parts.answers:
        return (_NO_ANSWERS,)
    unanswered = [record.cell.id for record in parts.run.records.values() if not record.accuracy]
    notes = [f"Without accuracy, so not here: {named(unanswered)}."] if unanswered else []
    if parts.pictures.reason:
        notes.append(f"Flipped samples are shown without images: {parts.pictures.reason}.")
    return tuple(notes)
