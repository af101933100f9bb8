"""Which cells are fast and right? Top-1 against the time for an image, with intervals, file sizes and the front."""

from collections.abc import Sequence

from zoobench.show.report.charts.axes import AXIS_HEIGHT, horizontal, vertical
from zoobench.show.report.charts.chart import WIDTH, Chart, Standing
from zoobench.show.report.charts.labels import HEIGHT, Area
from zoobench.show.report.charts.paretoplane import (
    SHAPES,
    is_far,
    is_quiet,
    leader,
    limit_line,
    marks,
    name,
    names,
    plane_of,
    steps,
)
from zoobench.show.report.charts.paretopoint import MEANING, ORDER, ParetoLimit, ParetoPoint, in_words
from zoobench.show.report.charts.shapes import circle
from zoobench.show.report.charts.sheet import MARGIN, Drawn, Key, header, presented
from zoobench.show.report.charts.svg import element, line, polyline, text
from zoobench.system.units import megabytes, tick_milliseconds, tick_percent

__all__ = ["TITLE", "ParetoLimit", "ParetoPoint", "pareto"]
TITLE = "Top-1 against time per image"
_LEFT = 44.0
_HEIGHT_SHARE, _LEAST_HEIGHT, _MOST_HEIGHT = 0.56, 260.0, 420.0


def pareto(
    points: Sequence[ParetoPoint], *, limits: Sequence[ParetoLimit] = (), title: str = TITLE, width: float = WIDTH
) -> Chart:
    """Returns the picture of times, accuracies and sizes.

    The dotted steps are the best top-1 that was measured at a time or below it.

    Args:
        points: A cell each, in any order.
        limits: Lines that a user drew.
        title: Above the picture.
        width: In units; letters keep their size.

    Raises:
        ResultsError: If the width leaves no room.
    """
    return presented(
        (lambda: _draw(points, limits, title=title, width=width)) if points else None,
        title=title,
        alternative=in_words(points, limits),
        width=width,
    )


def _draw(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(points, limits), width=width)
    top += HEIGHT
    height = min(max(_LEAST_HEIGHT, _HEIGHT_SHARE * width), _MOST_HEIGHT)
    plot = Area(left=MARGIN + _LEFT, top=top, right=width - MARGIN, bottom=top + height)
    plane = plane_of(points, limits, plot)
    drawn.append(text(MARGIN, top - HEIGHT / 2 - 4, "top-1, %", class_="muted"))
    drawn += vertical(plane.y, plot, tick_percent)
    drawn += horizontal(plane.x, plot, tick_milliseconds, title="p50 of one image, ms")
    drawn.append(polyline(steps(points, plane), class_="step"))
    drawn += [part for limit in limits if not is_far(limit, points) for part in limit_line(limit, plane)]
    labels = names(points, limits, plane)
    drawn += [*marks(points, plane), *map(leader, labels), *map(name, labels)]
    return drawn, plot.bottom + AXIS_HEIGHT


def _keys(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit]) -> list[Key]:
    keys = [_key(standing) for standing in ORDER if any(point.standing == standing for point in points)]
    if any(point.recommended for point in points):
        keys.append((lambda x, y: circle(x, y, 7, class_="halo"), "recommended"))
    sizes = sorted({point.size_bytes for point in points})
    words = f"{megabytes(sizes[0])} MB" if len(sizes) == 1 else f"{megabytes(sizes[0])} to {megabytes(sizes[-1])} MB"
    keys.append((_dots, f"area: file, {words}"))
    keys.append((lambda x, y: line(x - 8, y, x + 8, y, class_="step"), "best top-1 so far"))
    if any(is_quiet(point, points) for point in points):
        keys.append((lambda x, y: line(x, y - 8, x, y + 8, class_="axis"), "95 % of the front"))
    keys += [(None, f"{limit.label}: beyond the picture") for limit in limits if is_far(limit, points)]
    return keys


def _key(standing: Standing) -> Key:
    def symbol(x: float, y: float) -> str:
        return element("g", SHAPES[standing](x, y, 5.0), class_=standing)

    return symbol, MEANING[standing]


def _dots(x: float, y: float) -> str:
    return element("g", circle(x - 5, y, 2.5, class_="axis"), circle(x + 3, y, 5, class_="axis"))
