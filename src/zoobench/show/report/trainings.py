"""How was each head trained? A picture of the curves of each training that the records hold, or why there is none."""

from collections.abc import Sequence

from zoobench.results.schema import Record, RecordedTraining
from zoobench.show.charts.training import TrainingCurves, training
from zoobench.show.document import Grid
from zoobench.show.report.charting import NARROW, WIDE, drawn
from zoobench.show.report.contents import Figure, Sheet
from zoobench.system.units import ABSENT, exactly, nats, percent, three_digits

NO_CURVES = "No training curves are in the file: the models came trained, or it is older than curves in results."


def trainings_of(records: Sequence[Record]) -> tuple[Figure, ...]:
    """Returns a picture of each training; cells of one classifier share theirs."""
    trainings = dict.fromkeys((record.cell.backbone, record.training) for record in records if record.training)
    names = [backbone for backbone, _ in trainings]
    return tuple(
        _figure(found, backbone=backbone, name=f"training-{number}", many=names.count(backbone) > 1)
        for number, (backbone, found) in enumerate(trainings, start=1)
        if found
    )


def _figure(found: RecordedTraining, *, backbone: str, name: str, many: bool) -> Figure:
    curves = TrainingCurves(
        backbone=backbone,
        training_loss=tuple(zip(found.shown, found.loss, strict=True)),
        validation_loss=tuple(zip(found.validated, found.validation_loss, strict=True)),
        training_accuracy=tuple(zip(found.shown, found.accuracy, strict=True)),
        validation_accuracy=tuple(zip(found.validated, found.validation_accuracy, strict=True)),
        chosen_epoch=found.kept_epoch,
    )
    title = f"Training of {backbone}'s head" + (f" ({name})" if many else "")
    return drawn(
        name,
        wide=training(curves, title=title, width=WIDE),
        narrow=training(curves, title=title, width=NARROW),
        notes=(_told(found),),
        sheet=_sheet(found, title),
    )


def _told(found: RecordedTraining) -> str:
    kept = "which epoch was kept is not known" if found.kept_epoch is None else f"epoch {found.kept_epoch} was kept"
    seconds = "" if found.seconds is None else f", {three_digits(found.seconds)} s"
    return f"{exactly(found.epochs)} epochs{seconds}; {kept}."


def _sheet(found: RecordedTraining, title: str) -> Sheet:
    validated = {
        epoch: (nats(loss), percent(share))
        for epoch, loss, share in zip(found.validated, found.validation_loss, found.validation_accuracy, strict=True)
    }
    rows = tuple(
        (exactly(epoch), nats(loss), percent(share), *validated.get(epoch, (ABSENT, ABSENT)))
        for epoch, loss, share in zip(found.shown, found.loss, found.accuracy, strict=True)
    )
    heads = ("epoch", "loss", "top-1 %", "validation loss", "validation top-1 %")
    return Sheet(caption=title, grid=Grid(heads=heads, rows=rows))
