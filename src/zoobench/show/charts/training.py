"""How did training go? Loss and top-1 by epoch, on the training and the validation images, and what was kept."""

from collections.abc import Callable
from dataclasses import dataclass

from zoobench.errors import ResultsError
from zoobench.show.charts.labels import Area
from zoobench.show.charts.scales import AXIS_HEIGHT, Axis, Scale, horizontal, linear, room_of, vertical
from zoobench.show.charts.sheet import (
    LARGEST,
    MARGIN,
    WIDTH,
    Chart,
    Drawn,
    Key,
    Symbol,
    header,
    presented,
    require_number,
)
from zoobench.show.charts.svg import circle, element, line, polyline, text, titled
from zoobench.system.units import nats, percent, tick, tick_percent

Curve = tuple[tuple[int, float], ...]
"""Epochs, the first of which is 1, in order, and the value after each; not every epoch need be there."""
_SIDE_BY_SIDE_FROM = 480.0
_PANEL_HEIGHT, _GAP = 190.0, 12.0
_NAME_HEIGHT, _INSET, _RADIUS = 22.0, 8.0, 3.0
_LEAST_SPAN = 0.02
"""From end to end of an axis, in nats or as a share."""
_DOTS = 60
"""Epochs up to which each has a dot of its own to point at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingCurves:
    """What a training wrote down; a curve that was not written down is empty.

    Attributes:
        backbone: Whose head was trained.
        chosen_epoch: The one whose weights were kept; None where nobody knows.
    """

    backbone: str
    training_loss: Curve
    validation_loss: Curve
    training_accuracy: Curve
    validation_accuracy: Curve
    chosen_epoch: int | None

    def __post_init__(self) -> None:
        """Refuses what has no place in the picture."""
        for name in ("training_loss", "validation_loss"):
            _require_curve(getattr(self, name), f"{name} of {self.backbone}", most=LARGEST)
        for name in ("training_accuracy", "validation_accuracy"):
            _require_curve(getattr(self, name), f"{name} of {self.backbone}", most=1)

    @property
    def epochs(self) -> int:
        """The last epoch of any curve; 0 where all are empty."""
        return max((curve[-1][0] for curve in self._curves if curve), default=0)

    @property
    def _curves(self) -> tuple[Curve, ...]:
        return self.training_loss, self.validation_loss, self.training_accuracy, self.validation_accuracy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """One of the two quantities: its curves and how its values are described and stand at the axis."""

    name: str
    training: Curve
    validation: Curve
    describe: Callable[[float], str]
    tick: Callable[[float], str]
    most: float


def training(curves: TrainingCurves, *, title: str | None = None, width: float = WIDTH) -> Chart:
    """Returns the picture of a training: loss and top-1, beside each other or, where it is narrow, below.

    Args:
        curves: Of one backbone.
        title: Above the picture; unless given it names the backbone.
        width: In units; letters keep their size.

    Raises:
        ResultsError: If the width leaves no room.
    """
    title = f"Training of {curves.backbone}" if title is None else title
    return presented(
        (lambda: _draw(curves, title=title, width=width)) if curves.epochs else None,
        title=title,
        alternative=_describe(curves),
        width=width,
    )


def _draw(curves: TrainingCurves, *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(curves), width=width)
    panels = [panel for panel in _panels(curves) if panel.training or panel.validation]
    beside = width >= _SIDE_BY_SIDE_FROM
    columns = len(panels) if beside else 1
    panel_width = (width - 2 * MARGIN - (columns - 1) * _GAP) / columns
    bottom = top
    for index, panel in enumerate(panels):
        left = MARGIN + (index * (panel_width + _GAP) if beside else 0)
        upper = (top if beside else bottom) + _NAME_HEIGHT
        room = Area(left=left, top=upper, right=left + panel_width, bottom=upper + _PANEL_HEIGHT)
        drawn += _panel(panel, room, curves)
        bottom = room.bottom + AXIS_HEIGHT
    return drawn, bottom


def _panels(curves: TrainingCurves) -> tuple[_Panel, _Panel]:
    return (
        _Panel(
            name="loss, nats",
            training=curves.training_loss,
            validation=curves.validation_loss,
            describe=lambda value: f"{nats(value)} nats",
            tick=tick,
            most=LARGEST,
        ),
        _Panel(
            name="top-1, %",
            training=curves.training_accuracy,
            validation=curves.validation_accuracy,
            describe=lambda value: f"{percent(value)} %",
            tick=tick_percent,
            most=1,
        ),
    )


def _panel(panel: _Panel, room: Area, curves: TrainingCurves) -> list[str]:
    values = [value for _, value in (*panel.training, *panel.validation)]
    scale = linear(values, least=0, most=panel.most, least_span=_LEAST_SPAN)
    y = Axis(scale=scale, start=room.bottom - _INSET, end=room.top + _INSET)
    plot = Area(left=room.left + room_of(y, panel.tick), top=room.top, right=room.right, bottom=room.bottom)
    epochs = Scale(low=0.5, high=curves.epochs + 0.5, logarithmic=False)
    x = Axis(scale=epochs, start=plot.left, end=plot.right, whole=True)
    drawn = [text(room.left, plot.top - 12, panel.name, class_="muted")]
    drawn += [*vertical(y, plot, panel.tick), *horizontal(x, plot, tick, title="epoch")]
    if curves.chosen_epoch is not None:
        chosen = x.at(curves.chosen_epoch)
        drawn.append(line(chosen, plot.top, chosen, plot.bottom, class_="chosen"))
    drawn += _curve(panel.training, "training", panel, x, y)
    return drawn + _curve(panel.validation, "validation", panel, x, y)


def _curve(curve: Curve, name: str, panel: _Panel, x: Axis, y: Axis) -> list[str]:
    if not curve:
        return []
    points = [(x.at(epoch), y.at(value)) for epoch, value in curve]
    drawn = [polyline(points, class_=name)]
    if len(curve) > _DOTS:
        return [element("g", titled(_ends(name, curve, panel)), *drawn)]
    for (epoch, value), (across, down) in zip(curve, points, strict=True):
        hover = titled(f"epoch {epoch}, {name}: {panel.describe(value)}")
        drawn.append(element("g", hover, circle(across, down, _RADIUS, class_=f"{name}-dot")))
    return drawn


def _ends(name: str, curve: Curve, panel: _Panel) -> str:
    first, last = curve[0], curve[-1]
    return f"{name}: {panel.describe(first[1])} in epoch {first[0]}, {panel.describe(last[1])} in epoch {last[0]}"


def _keys(curves: TrainingCurves) -> list[Key]:
    keys: list[Key] = []
    if curves.training_loss or curves.training_accuracy:
        keys.append((_line_of("training"), "training images"))
    if curves.validation_loss or curves.validation_accuracy:
        keys.append((_line_of("validation"), "validation images"))
    if curves.chosen_epoch is not None:
        keys.append((lambda x, y: line(x, y - 8, x, y + 8, class_="chosen"), f"kept: epoch {curves.chosen_epoch}"))
    return keys


def _line_of(name: str) -> Symbol:
    return lambda x, y: line(x - 8, y, x + 8, y, class_=name)


def _require_curve(curve: Curve, what: str, *, most: float) -> None:
    epochs = [epoch for epoch, _ in curve]
    for epoch, value in curve:
        require_number(epoch, f"an epoch in {what}", least=1)
        require_number(value, f"{what} after epoch {epoch}", least=0, most=most)
    if sorted(set(epochs)) != epochs:
        raise ResultsError(f"the epochs of {what} are {epochs}; expected ascending ones, each once")


def _describe(curves: TrainingCurves) -> str:
    if not curves.epochs:
        return f"Nothing was written down about the training of {curves.backbone}."
    sentences = [f"Training of {curves.backbone} over {curves.epochs} epochs."]
    if curves.chosen_epoch is not None:
        sentences.append(f"The weights of epoch {curves.chosen_epoch} were kept.")
    for panel in _panels(curves):
        for name, curve in (("training images", panel.training), ("validation images", panel.validation)):
            if curve:
                sentences.append(f"{panel.name.partition(',')[0].capitalize()} on {_ends(name, curve, panel)}.")
    return " ".join(sentences)
