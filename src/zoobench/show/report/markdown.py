"""How does a report become markdown, as for the description of a pull request?"""

import html
from collections.abc import Iterator, Sequence

from zoobench.show.document import Block, Grid, Lines
from zoobench.show.markdown import escaped
from zoobench.show.markdown import to_markdown as blocks_to_markdown
from zoobench.show.report.contents import (
    Changes,
    ConfusionTable,
    Decision,
    Fact,
    Figure,
    Matrix,
    MatrixRow,
    Report,
    Sheet,
    VariantAnswers,
)
from zoobench.system.terminal import sanitize
from zoobench.system.units import percent

_CONFUSION = "Confusion matrix: rows are true classes, columns predicted ones."
_Part = str | Block
"""A line of markdown, or what becomes some."""


def to_markdown(report: Report) -> str:
    """Returns what a report says, without pictures, as markdown; a foreign text means itself in it."""
    return "\n\n".join(_marked(part) for part in _parts(report)) + "\n"


def _marked(part: _Part) -> str:
    return part if isinstance(part, str) else blocks_to_markdown([part]).rstrip("\n")


def _parts(report: Report) -> Iterator[_Part]:
    yield f"# {escaped(report.title)}"
    yield _facts(report.facts)
    yield from _decision(report.decision)
    yield from _section("All cells", [_matrix(report.matrix), *_lines((*report.matrix.notes, *report.matrix.remarks))])
    if report.changes:
        yield from _section("Changes against the baseline", list(_changes(report.changes)))
    for figure in report.figures:
        yield from _section(figure.title, list(_figure(figure)))
    yield from _section("Right and wrong", [*_lines(report.answers_notes), *_answers(report.answered)])
    training = [part for figure in report.training for part in _figure(figure)]
    yield from _section("Training", [*_lines(report.training_notes), *training])
    yield from _section("Environment", [part for sheet in report.environment for part in _sheet(sheet)])
    yield from _section("How it was measured", _lines(report.method))
    yield from _section("What it cannot tell", _lines(report.limits))


def _section(title: str, parts: Sequence[_Part]) -> Iterator[_Part]:
    if parts:
        yield f"## {escaped(title)}"
        yield from parts


def _decision(decision: Decision) -> Iterator[_Part]:
    yield "## Decision"
    yield f"**{escaped(decision.sentence)}**"
    if decision.figures:
        yield _facts(decision.figures)
    if decision.limits:
        yield from _sheet(decision.limits)
    yield from _lines(decision.notes)
    for sheet in decision.others:
        yield from _sheet(sheet)


def _facts(facts: Sequence[Fact]) -> Lines:
    return Lines(
        lines=tuple(f"{fact.label}: {fact.value}{f' ({fact.detail})' if fact.detail else ''}" for fact in facts)
    )


def _matrix(matrix: Matrix) -> Grid:
    heads = ("cell", *(column.title for column in matrix.columns), "")
    rows = tuple(_row(row) for row in matrix.rows)
    return Grid(heads=heads, rows=rows, words=frozenset({len(heads) - 1}))


def _row(row: MatrixRow) -> tuple[str, ...]:
    values = (f"{value.text} ({value.detail})" if value.detail else value.text for value in row.values)
    marks = (*(("recommended",) if row.chosen else ()), *row.marks)
    return (row.id, *values, ", ".join(marks))


def _changes(changes: Changes) -> Iterator[_Part]:
    yield from _lines(changes.lead)
    if changes.conditions:
        yield from _sheet(changes.conditions)
    for metric in changes.metrics:
        yield f"### {escaped(f'{metric.sheet.caption}: {metric.summary}')}"
        yield metric.sheet.grid
    yield from _lines(changes.notes)


def _figure(figure: Figure) -> Iterator[_Part]:
    yield from _lines(figure.notes)
    yield figure.sheet.grid if figure.sheet else escaped(figure.alternative)


def _answers(answered: Sequence[VariantAnswers]) -> Iterator[_Part]:
    """Yields each set of answers folded, as readers of pull requests know it; in HTML a title is escaped otherwise."""
    for one in answered:
        yield f"<details><summary>{html.escape(sanitize(one.title))}</summary>"
        yield escaped(one.summary)
        if one.confusion:
            yield f"### {escaped(f'{_CONFUSION} {one.confusion.note}'.strip())}"
            yield _confusion(one.confusion)
        for sheet in (one.worst, one.mixups):
            if sheet:
                yield from _sheet(sheet)
        if one.flips:
            yield escaped(one.flips)
        if one.flipped:
            yield _flipped(one)
        yield "</details>"


def _confusion(table: ConfusionTable) -> Grid:
    rows = tuple((name, *(count for count, _, _ in fields)) for name, fields in table.rows)
    return Grid(heads=("", *table.heads), rows=rows)


def _flipped(one: VariantAnswers) -> Grid:
    rows = tuple(
        (
            str(each.sample + 1),
            each.kind.replace("_", " "),
            each.truth,
            f"{each.before}, {percent(each.before_probability)} %",
            f"{each.after}, {percent(each.after_probability)} %",
        )
        for each in one.flipped
    )
    return Grid(heads=("sample", "", "is", "float says", "variant says"), rows=rows, words=frozenset({1, 2, 3, 4}))


def _sheet(sheet: Sheet) -> Iterator[_Part]:
    yield f"### {escaped(sheet.caption)}"
    yield sheet.grid


def _lines(texts: Sequence[str]) -> list[_Part]:
    return [Lines(lines=tuple(texts))] if texts else []
