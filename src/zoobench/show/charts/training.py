"""How did training go? Loss and top-1 by epoch, on the training and the validation images, and what was kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from zoobench.results.schema import RecordedTraining
from zoobench.show.charts.scales import AXIS_HEIGHT, Area, Axis, Scale, horizontal, linear, room_of, vertical
from zoobench.show.charts.sheet import LARGEST, MARGIN, WIDTH, Chart, Drawn, Key, Symbol, header, presented
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
class _Panel:
    """One of the two quantities: its curves and how its values are described and stand at the axis."""

    name: str
    training: Curve
    validation: Curve
    describe: Callable[[float], str]
    tick: Callable[[float], str]
    most: float


def training(found: RecordedTraining, *, backbone: str, title: str | None = None, width: float = WIDTH) -> Chart:
    """Returns the picture of a training: loss and top-1, beside each other or, where it is narrow, below.

    Args:
        found: What it wrote down; a curve that it did not is empty.
        backbone: Whose head was trained.
        title: Above the picture; unless given it names the backbone.
        width: In units; letters keep their size.

    Raises:
        ResultsError: If the width leaves no room.
    """
    title = f"Training of {backbone}" if title is None else title
    panels = [panel for panel in _panels(found) if panel.training or panel.validation]
    return presented(
        (lambda: _draw(panels, kept=found.kept_epoch, title=title, width=width)) if panels else None,
        title=title,
        alternative=_describe(panels, kept=found.kept_epoch, backbone=backbone)
        if panels
        else f"Nothing was written down about the training of {backbone}.",
        width=width,
    )


def _panels(found: RecordedTraining) -> tuple[_Panel, _Panel]:
    return (
        _Panel(
            name="loss, nats",
            training=tuple(zip(found.shown, found.loss, strict=False)),
            validation=tuple(zip(found.validated, found.validation_loss, strict=False)),
            describe=lambda value: f"{nats(value)} nats",
            tick=tick,
            most=LARGEST,
        ),
        _Panel(
            name="top-1, %",
            training=tuple(zip(found.shown, found.accuracy, strict=False)),
            validation=tuple(zip(found.validated, found.validation_accuracy, strict=False)),
            describe=lambda value: f"{percent(value)} %",
            tick=tick_percent,
            most=1,
        ),
    )


def _epochs(panels: Sequence[_Panel]) -> int:
    return max(curve[-1][0] for panel in panels for curve in (panel.training, panel.validation) if curve)


def _draw(panels: Sequence[_Panel], *, kept: int | None, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(panels, kept), width=width)
    beside = width >= _SIDE_BY_SIDE_FROM
    columns = len(panels) if beside else 1
    panel_width = (width - 2 * MARGIN - (columns - 1) * _GAP) / columns
    bottom = top
    for index, panel in enumerate(panels):
        left = MARGIN + (index * (panel_width + _GAP) if beside else 0)
        upper = (top if beside else bottom) + _NAME_HEIGHT
        room = Area(left=left, top=upper, right=left + panel_width, bottom=upper + _PANEL_HEIGHT)
        drawn += _panel(panel, room, epochs=_epochs(panels), kept=kept)
        bottom = room.bottom + AXIS_HEIGHT
    return drawn, bottom


def _panel(panel: _Panel, room: Area, *, epochs: int, kept: int | None) -> list[str]:
    values = [value for _, value in (*panel.training, *panel.validation)]
    scale = linear(values, least=0, most=panel.most, least_span=_LEAST_SPAN)
    y = Axis(scale=scale, start=room.bottom - _INSET, end=room.top + _INSET)
    plot = Area(left=room.left + room_of(y, panel.tick), top=room.top, right=room.right, bottom=room.bottom)
    scale = Scale(low=0.5, high=epochs + 0.5, logarithmic=False)
    x = Axis(scale=scale, start=plot.left, end=plot.right, whole=True)
    drawn = [text(room.left, plot.top - 12, panel.name, class_="muted")]
    drawn += [*vertical(y, plot, panel.tick), *horizontal(x, plot, tick, title="epoch")]
    if kept is not None:
        chosen = x.at(kept)
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


def _keys(panels: Sequence[_Panel], kept: int | None) -> list[Key]:
    keys: list[Key] = []
    if any(panel.training for panel in panels):
        keys.append((_line_of("training"), "training images"))
    if any(panel.validation for panel in panels):
        keys.append((_line_of("validation"), "validation images"))
    if kept is not None:
        keys.append((lambda x, y: line(x, y - 8, x, y + 8, class_="chosen"), f"kept: epoch {kept}"))
    return keys


def _line_of(name: str) -> Symbol:
    return lambda x, y: line(x - 8, y, x + 8, y, class_=name)


def _describe(panels: Sequence[_Panel], *, kept: int | None, backbone: str) -> str:
    sentences = [f"Training of {backbone} over {_epochs(panels)} epochs."]
    if kept is not None:
        sentences.append(f"The weights of epoch {kept} were kept.")
    for panel in panels:
        for name, curve in (("training images", panel.training), ("validation images", panel.validation)):
            if curve:
                sentences.append(f"{panel.name.partition(',')[0].capitalize()} on {_ends(name, curve, panel)}.")
    return " ".join(sentences)
