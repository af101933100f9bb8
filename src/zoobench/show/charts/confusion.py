"""Which classes does a cell take for which? A square of counts, each row shaded by its own shares."""

from collections.abc import Sequence

from zoobench.show.charts.sheet import MARGIN, WIDTH, Chart, Drawn, Key, Symbol, header, presented
from zoobench.show.charts.svg import TEXT_SIZE, element, shortened, text, titled, width_of
from zoobench.system.units import exactly, percent, tick_percent

Counts = Sequence[Sequence[int]]
"""For each true class, how often each class was predicted, both in the same order."""
SHADES_FROM = (0.02, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8)
"""Share of a row from which its cell has the next darker shade: fine where mistakes are, coarse where they are not."""
_LARGEST_SIDE, _GAP = 44.0, 6.0
_NAMES_SHARE = 0.3
_NAMED_FROM = TEXT_SIZE + 2
"""Side of a cell from which a class's name fits beside its row."""
_COUNT_ROOM = 4.0
_READING, _SHADED = "row: true class, column: predicted", "share of the row, %:"
_MOST_MISTAKES, _MOST_CLASSES = 5, 3


def confusion(counts: Counts, *, classes: Sequence[str], cell: str, width: float = WIDTH) -> Chart:
    """Returns the picture of who was taken for whom.

    Args:
        counts: A row and a column for each class.
        classes: Their names.
        cell: Id of the cell that answered so.
        width: In units; letters keep their size, so with many classes names and counts are shown on hover alone.
    """
    title = f"Confusion of {cell}"
    is_empty = not any(map(sum, counts))
    return presented(
        None if is_empty else lambda: _draw(counts, classes, title=title, width=width),
        title=title,
        alternative=f"There are no samples of {cell}." if is_empty else _describe_all(counts, classes, cell),
        width=width,
    )


def mistakes(counts: Counts) -> list[tuple[int, int]]:
    """Returns which class was taken for which other one, as places, the most frequent first.

    Of equally frequent ones that of the larger share of its class comes first.
    """
    found = [
        (truth, taken)
        for truth, row in enumerate(counts)
        for taken, count in enumerate(row)
        if count and truth != taken
    ]
    return sorted(found, key=lambda pair: (-counts[pair[0]][pair[1]], sum(counts[pair[0]])))


def shade(share: float) -> int:
    """Returns which of the shades has a cell with a share of its row's samples."""
    return sum(share >= start for start in SHADES_FROM)


def _draw(counts: Counts, classes: Sequence[str], *, title: str, width: float) -> Drawn:
    drawn, top = header(title, _keys(), width=width)
    room, left = width - 2 * MARGIN, MARGIN
    names = min(max(map(width_of, classes)), _NAMES_SHARE * room)
    side = min((room - names - _GAP) / len(classes), _LARGEST_SIDE)
    if side < _NAMED_FROM:
        side = min(room / len(classes), _LARGEST_SIDE)
    else:
        left, top = left + names + _GAP, top + names + _GAP
        for index, name in enumerate(classes):
            shown, middle = shortened(name, names), (index + 0.5) * side
            drawn.append(text(left - _GAP, top + middle, shown, class_="end"))
            drawn.append(text(left + middle, top - _GAP, shown, turned=-90))
    widest = max(width_of(str(count)) for count in set().union(*map(set, counts)))
    is_counted = side >= max(widest, _NAMED_FROM) + _COUNT_ROOM
    for truth, row in enumerate(counts):
        y = top + truth * side
        of_row = _describe(counts, classes, truth, truth) if sum(row) else f"{classes[truth]}: no samples"
        drawn.append(_square(left, y, side, of_row, columns=len(classes)))
        for taken, count in enumerate(row):
            if count:
                words = _describe(counts, classes, truth, taken)
                shown = str(count) if is_counted else ""
                drawn.append(_square(left + taken * side, y, side, words, level=shade(count / sum(row)), count=shown))
    return drawn, top + side * len(classes) + MARGIN


def _square(x: float, y: float, side: float, hover: str, *, level: int = 0, columns: int = 1, count: str = "") -> str:
    """Returns a cell of the square with its count, if there is room, or the ground of a whole row."""
    gap = min(1.0, side / 8)
    width, height = columns * side - gap, side - gap
    hover_text, place = titled(hover), {"x": x, "y": y, "width": width, "height": height}
    if not count:
        return element("rect", hover_text, **place, class_=f"shade-{level}")
    words = text(x + width / 2, y + height / 2, count, class_=f"middle on-{level}")
    return element("g", hover_text, element("rect", **place, class_=f"shade-{level}"), words)


def _keys() -> list[Key]:
    starts = [tick_percent(share) for share in SHADES_FROM]
    words = [f"below {starts[0]}", *starts[:-1], f"{starts[-1]} or more"]
    return [(None, _READING), (None, _SHADED), *((_symbol(level), word) for level, word in enumerate(words))]


def _symbol(level: int) -> Symbol:
    return lambda x, y: element("rect", x=x - 7, y=y - 7, width=14, height=14, class_=f"shade-{level}")


def _describe(counts: Counts, classes: Sequence[str], truth: int, taken: int) -> str:
    count, of = counts[truth][taken], sum(counts[truth])
    share = f"{exactly(count)} of {exactly(of)} ({percent(count / of)} %)"
    name = classes[truth]
    return f"{name}: {share} right" if truth == taken else f"{name} taken for {classes[taken]}: {share}"


def _describe_all(counts: Counts, classes: Sequence[str], cell: str) -> str:
    total, correct = sum(map(sum, counts)), sum(row[index] for index, row in enumerate(counts))
    seen = [index for index, row in enumerate(counts) if sum(row)]
    worst = sorted(seen, key=lambda index: counts[index][index] / sum(counts[index]))[:_MOST_CLASSES]
    sentences = [
        f"Of {exactly(total)} samples in {len(classes)} classes, {cell} has {exactly(correct)} right "
        f"({percent(correct / total)} %).",
        f"Least often right: {'; '.join(_describe(counts, classes, index, index) for index in worst)}.",
    ]
    frequent = [_describe(counts, classes, *pair) for pair in mistakes(counts)[:_MOST_MISTAKES]]
    if frequent:
        sentences.append(f"Most frequent mistakes: {'; '.join(frequent)}.")
    return " ".join(sentences)
