"""Where in the picture of times and accuracies are marks, names and limits?"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from zoobench.show.report.charts.axes import Axis
from zoobench.show.report.charts.labels import HEIGHT, Anchor, Area, Label, Segment, placed
from zoobench.show.report.charts.paretopoint import ORDER, ParetoLimit, ParetoPoint, told
from zoobench.show.report.charts.scales import fitted, linear
from zoobench.show.report.charts.shapes import circle, diamond, reach, square
from zoobench.show.report.charts.svg import group, polyline, text
from zoobench.show.report.charts.words import shortened, width_of

SHAPES = {"front": circle, "open": diamond, "dominated": square}
_LEAST_RADIUS, _MOST_RADIUS = 3.5, 12.0
_NAMED = 14
"""Cells up to which each is named if there is room; of more only the front is, and what is recommended."""
_LABEL_SHARE = 0.62
_HALO = 4.0
_LEAST_SPAN = 0.02
"""From end to end of the axis of top-1."""
_FAR = 4.0
"""Times the cells' own from which a limit is not drawn, as it would press them together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plane:
    """Where times and accuracies are on the picture, and how large a file's mark is."""

    plot: Area
    x: Axis
    y: Axis
    largest_bytes: int

    def place(self, point: ParetoPoint) -> tuple[float, float]:
        """Returns the middle of a cell's mark."""
        return self.x.at(point.p50_seconds), self.y.at(point.top1)

    def radius(self, point: ParetoPoint) -> float:
        """Returns the radius of a cell's mark, whose area is that of its file unless it would be lost."""
        share = point.size_bytes / self.largest_bytes if self.largest_bytes else 0.0
        return max(_LEAST_RADIUS, _MOST_RADIUS * float(share**0.5))


def plane_of(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], plot: Area) -> Plane:
    """Returns the plane of a plot that holds all cells with their intervals, and all limits but `far` ones."""
    times = _times(points) + [one.value for one in limits if one.axis == "p50" and not is_far(one, points)]
    shares = [value for one in points for value in (one.top1, *(one.top1_interval or ()))]
    shares += [one.value for one in limits if one.axis == "top1"]
    inset = reach(_MOST_RADIUS) + _HALO
    return Plane(
        plot=plot,
        x=Axis(scale=fitted(times, least=0), start=plot.left + inset, end=plot.right - inset),
        y=Axis(
            scale=linear(shares, least=0, most=1, least_span=_LEAST_SPAN),
            start=plot.bottom - inset,
            end=plot.top + inset,
        ),
        largest_bytes=max(point.size_bytes for point in points),
    )


def is_far(limit: ParetoLimit, points: Sequence[ParetoPoint]) -> bool:
    """Returns whether a limit of time is so far from all cells that it is not drawn."""
    times = _times(points)
    return limit.axis == "p50" and not min(times) / _FAR <= limit.value <= max(times) * _FAR


def steps(points: Sequence[ParetoPoint], plane: Plane) -> list[tuple[float, float]]:
    """Returns the corners of the best top-1 up to each time, from the bottom to the right edge."""
    corners: list[tuple[float, float]] = []
    best, height = -1.0, plane.plot.bottom
    for point in sorted(points, key=lambda one: (one.p50_seconds, -one.top1)):
        if point.top1 > best:
            x, y = plane.place(point)
            corners += [(x, height), (x, y)]
            best, height = point.top1, y
    return [*corners, (plane.plot.right, height)]


def is_quiet(point: ParetoPoint, points: Sequence[ParetoPoint]) -> bool:
    """Returns whether a cell's intervals are shown on hover alone, where those of all would hide the picture."""
    return len(points) > _NAMED and point.standing != "front" and not point.recommended


def marks(points: Sequence[ParetoPoint], plane: Plane) -> list[str]:
    """Returns each cell's mark with its intervals: what matters lies on top, and the small on the large."""
    ordered = sorted(points, key=lambda one: (-ORDER.index(one.standing), -one.size_bytes))
    return [_mark(point, plane, quiet=is_quiet(point, points)) for point in ordered]


def names(points: Sequence[ParetoPoint], limits: Sequence[ParetoLimit], plane: Plane) -> tuple[Label, ...]:
    """Returns where the names of cells stand; where there is no room for one it is told on hover alone."""
    named = [one for one in points if len(points) <= _NAMED or one.standing == "front" or one.recommended]
    named.sort(key=lambda one: (not one.recommended, ORDER.index(one.standing), one.p50_seconds, -one.top1))
    near = [limit for limit in limits if not is_far(limit, points)]
    lines = [line for point in points if not is_quiet(point, points) for line in _whiskers(point, plane)]
    return placed(
        [_anchor(point, plane) for point in named],
        within=plane.plot,
        kept_free=[*(_around(point, plane) for point in points), *(_limit_words(limit, plane) for limit in near)],
        rather_free=[*lines, *(_ends_of(limit, plane) for limit in near), *pairwise(steps(points, plane))],
    )


def leader(label: Label) -> str:
    """Returns the line from a mark to its name, empty where none is needed."""
    return polyline(label.leader, class_="leader") if label.leader else ""


def name(label: Label) -> str:
    """Returns the words of a label."""
    area, words = label.area, label.anchor.words
    x, y = (area.left + area.right) / 2, (area.top + area.bottom) / 2
    return text(x, y, words, class_="over middle strong" if label.anchor.strong else "over middle")


def limit_line(limit: ParetoLimit, plane: Plane) -> list[str]:
    """Returns the line of a limit and the words at it."""
    area = _limit_words(limit, plane)
    words = text(area.left, (area.top + area.bottom) / 2, _limit_label(limit, plane), class_="over limit-text")
    return [polyline(_ends_of(limit, plane), class_="limit"), words]


def _mark(point: ParetoPoint, plane: Plane, *, quiet: bool) -> str:
    x, y = plane.place(point)
    radius = plane.radius(point)
    parts = [polyline(segment, class_="whisker") for segment in _whiskers(point, plane)]
    if point.recommended:
        parts.append(circle(x, y, reach(radius) + _HALO, class_="halo"))
    parts.append(SHAPES[point.standing](x, y, radius))
    return group(parts, class_=f"{point.standing} quiet" if quiet else point.standing, hover=told(point))


def _anchor(point: ParetoPoint, plane: Plane) -> Anchor:
    x, y = plane.place(point)
    room = _LABEL_SHARE * (plane.plot.right - plane.plot.left)
    around = reach(plane.radius(point)) + (_HALO + 2 if point.recommended else 0)
    words = shortened(point.label, room, strong=point.recommended)
    return Anchor(x=x, y=y, reach=around, words=words, strong=point.recommended)


def _around(point: ParetoPoint, plane: Plane) -> Area:
    x, y = plane.place(point)
    around = reach(plane.radius(point)) + (_HALO if point.recommended else 0)
    return Area(left=x - around, top=y - around, right=x + around, bottom=y + around)


def _whiskers(point: ParetoPoint, plane: Plane) -> list[Segment]:
    x, y = plane.place(point)
    found: list[Segment] = []
    if point.p50_interval is not None:
        low, high = map(plane.x.at, point.p50_interval)
        found.append(((low, y), (high, y)))
    if point.top1_interval is not None:
        low, high = map(plane.y.at, point.top1_interval)
        found.append(((x, low), (x, high)))
    return found


def _ends_of(limit: ParetoLimit, plane: Plane) -> Segment:
    plot = plane.plot
    if limit.axis == "p50":
        x = plane.x.at(limit.value)
        return (x, plot.top), (x, plot.bottom)
    y = plane.y.at(limit.value)
    return (plot.left, y), (plot.right, y)


def _limit_label(limit: ParetoLimit, plane: Plane) -> str:
    return shortened(limit.label, _LABEL_SHARE * (plane.plot.right - plane.plot.left) / 2)


def _limit_words(limit: ParetoLimit, plane: Plane) -> Area:
    """Returns where a limit's words stand: above its line at the right, or beside it at the bottom."""
    plot, width = plane.plot, width_of(_limit_label(limit, plane))
    x, y = _ends_of(limit, plane)[0]
    if limit.axis == "top1":
        return Area(left=plot.right - 4 - width, top=y - HEIGHT - 1, right=plot.right - 4, bottom=y - 1)
    left = x + 6 if x < (plot.left + plot.right) / 2 else x - 6 - width
    return Area(left=left, top=plot.bottom - HEIGHT - 2, right=left + width, bottom=plot.bottom - 2)


def _times(points: Sequence[ParetoPoint]) -> list[float]:
    return [value for one in points for value in (one.p50_seconds, *(one.p50_interval or ()))]
