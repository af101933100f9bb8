"""How did training go? Loss and top-1 by epoch, on the training and the validation images, and what was kept."""

from collections.abc import Callable, Mapping, Sequence

from zoobench.results.schema import RecordedTraining
from zoobench.show.charts.scales import AXIS_HEIGHT, Area, Axis, Scale, horizontal, linear, room_of, vertical
from zoobench.show.charts.sheet import LARGEST, MARGIN, WIDTH, Chart, Drawn, Key, header, presented
from zoobench.show.charts.svg import circle, element, line, polyline, text, titled
from zoobench.system.units import nats, percent, tick, tick_percent

Curve = Sequence[tuple[int, float]]
"""Epochs, the first of which is 1, in order, and the value after each; not every epoch need be there."""
Panels = Mapping[str, Mapping[str, Curve]]
"""By quantity, the curves on the `training` and the `validation` images, those that are known."""
_LOSS, _TOP1 = "loss, nats", "top-1, %"
_SHOWN: Mapping[str, tuple[Callable[[float], str], Callable[[float], str], float]] = {
    _LOSS: (lambda value: f"{nats(value)} nats", tick, LARGEST),
    _TOP1: (lambda value: f"{percent(value)} %", tick_percent, 1),
}
"""How a quantity's values are described and stand at its axis, and where that ends at the latest."""
_SIDE_BY_SIDE_FROM = 480.0
_PANEL_HEIGHT, _GAP = 190.0, 12.0
_NAME_HEIGHT, _INSET, _RADIUS = 22.0, 8.0, 3.0
_LEAST_SPAN = 0.02
"""From end to end of an axis, in nats or as a share."""
_DOTS = 60
"""Epochs up to which each has a dot of its own to point at."""


def training(found: RecordedTraining, *, backbone: str, title: str, width: float = WIDTH) -> Chart:
    """Returns the picture of a training: loss and top-1, beside each other or, where it is narrow, below."""
    panels = _panels(found)
    return presented(
        (lambda: _draw(panels, kept=found.kept_epoch, title=title, width=width)) if panels else None,
        title=title,
        alternative=_describe(panels, kept=found.kept_epoch, backbone=backbone)
        if panels
        else f"Nothing was written down about the training of {backbone}.",
        width=width,
    )


def _panels(found: RecordedTraining) -> Panels:
    values = {
        _LOSS: {"training": found.loss, "validation": found.validation_loss},
        _TOP1: {"training": found.accuracy, "validation": found.validation_accuracy},
    }
    epochs = {"training": found.shown, "validation": found.validated}
    panels = {
        quantity: {
            name: list(zip(epochs[name], curve, strict=False))
            for name, curve in curves.items()
            if epochs[name] and curve
        }
        for quantity, curves in values.items()
    }
    return {quantity: curves for quantity, curves in panels.items() if curves}


def _epochs(panels: Panels) -> int:
    return max(curve[-1][0] for curves in panels.values() for curve in curves.values())


def _draw(panels: Panels, *, kept: int | None, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(panels, kept), width=width)
    beside = width >= _SIDE_BY_SIDE_FROM
    columns = len(panels) if beside else 1
    panel_width = (width - 2 * MARGIN - (columns - 1) * _GAP) / columns
    bottom = top
    for index, (quantity, curves) in enumerate(panels.items()):
        left = MARGIN + (index * (panel_width + _GAP) if beside else 0)
        upper = (top if beside else bottom) + _NAME_HEIGHT
        room = Area(left=left, top=upper, right=left + panel_width, bottom=upper + _PANEL_HEIGHT)
        drawn += _panel(quantity, curves, room, epochs=_epochs(panels), kept=kept)
        bottom = room.bottom + AXIS_HEIGHT
    return drawn, bottom


def _panel(quantity: str, curves: Mapping[str, Curve], room: Area, *, epochs: int, kept: int | None) -> list[str]:
    _, shown, most = _SHOWN[quantity]
    values = [value for curve in curves.values() for _, value in curve]
    scale = linear(values, least=0, most=most, least_span=_LEAST_SPAN)
    y = Axis(scale=scale, start=room.bottom - _INSET, end=room.top + _INSET)
    plot = Area(left=room.left + room_of(y, shown), top=room.top, right=room.right, bottom=room.bottom)
    scale = Scale(low=0.5, high=epochs + 0.5, logarithmic=False)
    x = Axis(scale=scale, start=plot.left, end=plot.right, whole=True)
    drawn = [text(room.left, plot.top - 12, quantity, class_="muted")]
    drawn += [*vertical(y, plot, shown), *horizontal(x, plot, tick, title="epoch")]
    if kept is not None:
        drawn.append(line(x.at(kept), plot.top, x.at(kept), plot.bottom, class_="chosen"))
    return drawn + [part for name, curve in curves.items() for part in _curve(curve, name, quantity, x, y)]


def _curve(curve: Curve, name: str, quantity: str, x: Axis, y: Axis) -> list[str]:
    describe, *_ = _SHOWN[quantity]
    points = [(x.at(epoch), y.at(value)) for epoch, value in curve]
    drawn = polyline(points, class_=name)
    if len(curve) > _DOTS:
        return [element("g", titled(_ends(name, curve, quantity)), drawn)]
    dots = [
        element(
            "g",
            titled(f"epoch {epoch}, {name}: {describe(value)}"),
            circle(across, down, _RADIUS, class_=f"{name}-dot"),
        )
        for (epoch, value), (across, down) in zip(curve, points, strict=True)
    ]
    return [drawn, *dots]


def _ends(name: str, curve: Curve, quantity: str) -> str:
    describe, *_ = _SHOWN[quantity]
    (first, start), (last, end) = curve[0], curve[-1]
    return f"{name}: {describe(start)} in epoch {first}, {describe(end)} in epoch {last}"


def _keys(panels: Panels, kept: int | None) -> list[Key]:
    known = {name for curves in panels.values() for name in curves}
    keys = [_key(name) for name in ("training", "validation") if name in known]
    if kept is not None:
        keys.append((lambda x, y: line(x, y - 8, x, y + 8, class_="chosen"), f"kept: epoch {kept}"))
    return keys


def _key(name: str) -> Key:
    return lambda x, y: line(x - 8, y, x + 8, y, class_=name), f"{name} images"


def _describe(panels: Panels, *, kept: int | None, backbone: str) -> str:
    sentences = [f"Training of {backbone} over {_epochs(panels)} epochs."]
    if kept is not None:
        sentences.append(f"The weights of epoch {kept} were kept.")
    for quantity, curves in panels.items():
        title = quantity.partition(",")[0].capitalize()
        sentences += [f"{title} on {_ends(f'{name} images', curve, quantity)}." for name, curve in curves.items()]
    return " ".join(sentences)
