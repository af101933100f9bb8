"""Which classes does a cell take for which? A square of counts, each row shaded by its own shares."""

from collections.abc import Iterator
from dataclasses import dataclass

from zoobench.errors import ResultsError
from zoobench.show.charts.scales import Area
from zoobench.show.charts.sheet import MARGIN, WIDTH, Chart, Drawn, Key, Symbol, header, presented
from zoobench.show.charts.svg import TEXT_SIZE, element, shortened, text, titled, width_of
from zoobench.system.units import exactly, percent, tick_percent

SHADES_FROM = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Share of a row from which its cell has the next darker shade: fine where mistakes are, coarse where they are not."""
_LARGEST_SIDE, _GAP = 44.0, 6.0
_NAMES_SHARE = 0.3
_NAMED_FROM = TEXT_SIZE + 2
"""Side of a cell from which a class's name fits beside its row."""
_COUNT_ROOM = 4.0
_READING, _SHADED = "row: true class, column: predicted", "share of the row, %:"
_MOST_MISTAKES, _MOST_CLASSES = 5, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfusionMatrix:
    """How often a cell took which class for which.

    Attributes:
        cell: Its id.
        classes: Their names.
        counts: For each true class, how often each class was predicted, both in the order of `classes`.
    """

    cell: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def __post_init__(self) -> None:
        """Refuses what is no square of counts.

        Raises:
            ResultsError: If so.
        """
        sides = {len(self.counts), *map(len, self.counts)}
        if sides != {len(self.classes)}:
            raise ResultsError(
                f"the confusion of {self.cell} has rows and columns of {sorted(sides)} entries; expected "
                f"{len(self.classes)} each, as there are classes"
            )
        for row in self.counts:
            for count in row:
                if count < 0:
                    raise ResultsError(f"the confusion of {self.cell} has the count {count}; expected 0 or more")

    @property
    def total(self) -> int:
        """How many samples there were."""
        return sum(map(sum, self.counts))

    @property
    def correct(self) -> int:
        """How many were taken for what they are."""
        return sum(row[index] for index, row in enumerate(self.counts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Where the square is: its corner, the side of each cell, and the room for names to the left and above."""

    left: float
    top: float
    side: float
    names: float
    above: float

    def area(self, row: int, column: int) -> Area:
        x, y = self.left + column * self.side, self.top + row * self.side
        return Area(left=x, top=y, right=x + self.side, bottom=y + self.side)


def confusion(matrix: ConfusionMatrix, *, title: str | None = None, width: float = WIDTH) -> Chart:
    """Returns the picture of who was taken for whom.

    Args:
        matrix: Of one cell.
        title: Above the picture; unless given it names the cell.
        width: In units; letters keep their size, so with many classes names and counts are shown on hover alone.

    Raises:
        ResultsError: If the width leaves no room.
    """
    title = f"Confusion of {matrix.cell}" if title is None else title
    return presented(
        (lambda: _draw(matrix, title=title, width=width)) if matrix.total else None,
        title=title,
        alternative=_describe_all(matrix),
        width=width,
    )


def mistakes(matrix: ConfusionMatrix) -> list[tuple[int, int]]:
    """Returns which class was taken for which other one, as places, the most frequent first.

    Of equally frequent ones that of the larger share of its class comes first.
    """
    found = [
        (truth, taken)
        for truth, row in enumerate(matrix.counts)
        for taken, count in enumerate(row)
        if count and truth != taken
    ]
    return sorted(found, key=lambda pair: (-matrix.counts[pair[0]][pair[1]], sum(matrix.counts[pair[0]])))


def shade(share: float) -> int:
    """Returns which of the shades has a cell with a share of its row's samples."""
    return sum(share >= start for start in SHADES_FROM)


def _draw(matrix: ConfusionMatrix, *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(), width=width)
    grid = _grid(matrix, top=top, width=width)
    counted = _has_counts(matrix, grid)
    drawn += _names(matrix, grid)
    for index, row in enumerate(matrix.counts):
        drawn.append(_row(matrix, grid, index))
        drawn += [_cell(matrix, grid, index, other, counted=counted) for other, count in enumerate(row) if count]
    return drawn, grid.top + grid.side * len(matrix.classes) + MARGIN


def _grid(matrix: ConfusionMatrix, *, top: float, width: float) -> _Grid:
    room = width - 2 * MARGIN
    count = len(matrix.classes)
    names = min(max(map(width_of, matrix.classes)), _NAMES_SHARE * room)
    side = min((room - names - _GAP) / count, _LARGEST_SIDE)
    if side < _NAMED_FROM:
        return _Grid(left=MARGIN, top=top, side=min(room / count, _LARGEST_SIDE), names=0.0, above=0.0)
    return _Grid(left=MARGIN + names + _GAP, top=top + names + _GAP, side=side, names=names, above=names)


def _has_counts(matrix: ConfusionMatrix, grid: _Grid) -> bool:
    """Returns whether the largest count fits into a cell."""
    widest = max(width_of(str(count)) for row in matrix.counts for count in row)
    return grid.side >= max(widest + _COUNT_ROOM, _NAMED_FROM + _COUNT_ROOM)


def _names(matrix: ConfusionMatrix, grid: _Grid) -> Iterator[str]:
    if not grid.names:
        return
    for index, name in enumerate(matrix.classes):
        shown = shortened(name, grid.names)
        middle = (index + 0.5) * grid.side
        yield text(grid.left - _GAP, grid.top + middle, shown, class_="end")
        yield text(grid.left + middle, grid.top - _GAP, shown, turned=-90)


def _row(matrix: ConfusionMatrix, grid: _Grid, index: int) -> str:
    start, end = grid.area(index, 0), grid.area(index, len(matrix.classes) - 1)
    gap = _gap(grid)
    return element(
        "rect",
        titled(_describe_row(matrix, index)),
        x=start.left,
        y=start.top,
        width=end.right - start.left - gap,
        height=grid.side - gap,
        class_="shade-0",
    )


def _gap(grid: _Grid) -> float:
    return min(1.0, grid.side / 8)


def _cell(matrix: ConfusionMatrix, grid: _Grid, index: int, other: int, *, counted: bool) -> str:
    row = matrix.counts[index]
    level = shade(row[other] / sum(row))
    area = grid.area(index, other)
    side = grid.side - _gap(grid)
    hover = titled(_describe(matrix, index, other))
    if not counted:
        return element("rect", hover, x=area.left, y=area.top, width=side, height=side, class_=f"shade-{level}")
    square = element("rect", x=area.left, y=area.top, width=side, height=side, class_=f"shade-{level}")
    words = text(area.left + side / 2, area.top + side / 2, str(row[other]), class_=f"middle on-{level}")
    return element("g", hover, square, words)


def _keys() -> list[Key]:
    starts = [tick_percent(share) for share in SHADES_FROM]
    words = [f"below {starts[0]}", *starts[:-1], f"{starts[-1]} or more"]
    return [(None, _READING), (None, _SHADED), *((_key(level), word) for level, word in enumerate(words))]


def _key(level: int) -> Symbol:
    def symbol(x: float, y: float) -> str:
        return element("rect", x=x - 7, y=y - 7, width=14, height=14, class_=f"shade-{level}")

    return symbol


def _describe(matrix: ConfusionMatrix, index: int, other: int) -> str:
    row = matrix.counts[index]
    of = f"{exactly(row[other])} of {exactly(sum(row))} ({percent(row[other] / sum(row))} %)"
    name = matrix.classes[index]
    return f"{name}: {of} right" if index == other else f"{name} taken for {matrix.classes[other]}: {of}"


def _describe_row(matrix: ConfusionMatrix, index: int) -> str:
    row = matrix.counts[index]
    if not sum(row):
        return f"{matrix.classes[index]}: no samples"
    return _describe(matrix, index, index)


def _describe_all(matrix: ConfusionMatrix) -> str:
    if not matrix.total:
        return f"There are no samples of {matrix.cell}."
    share = percent(matrix.correct / matrix.total)
    sentences = [
        f"Of {exactly(matrix.total)} samples in {len(matrix.classes)} classes, {matrix.cell} has "
        f"{exactly(matrix.correct)} right ({share} %)."
    ]
    seen = [index for index, row in enumerate(matrix.counts) if sum(row)]
    worst = sorted(seen, key=lambda index: matrix.counts[index][index] / sum(matrix.counts[index]))[:_MOST_CLASSES]
    sentences.append(f"Least often right: {'; '.join(_describe(matrix, index, index) for index in worst)}.")
    frequent = mistakes(matrix)[:_MOST_MISTAKES]
    if frequent:
        sentences.append(f"Most frequent mistakes: {'; '.join(_describe(matrix, *pair) for pair in frequent)}.")
    return " ".join(sentences)
