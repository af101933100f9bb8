"""How does a report become HTML or Markdown that needs nothing else, not even trust in the names that it shows?"""

import base64
import hashlib
import html
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined, Template
from markupsafe import Markup, escape

from zoobench.errors import sanitize
from zoobench.matrix.variants import VARIANTS
from zoobench.show.charts.svg import page_stylesheet
from zoobench.show.document import Block, Grid, Lines
from zoobench.show.markdown import escaped, unlinked
from zoobench.show.markdown import to_markdown as blocks_to_markdown
from zoobench.show.report.contents import Changes, Decision, Figure, Report, VariantAnswers
from zoobench.system.units import percent

TEMPLATE, STYLE, SCRIPT = "report.html.j2", "style.css", "report.js"
"""Files in `templates/`."""
_CODE = re.compile("`((?:zoobench|pytest) [^`]+)`")
"""Commands in our own sentences; what else stands between backticks is a name that has them."""
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=(?:%|ms|s|MB|pp)(?![a-z]))")
"""Where no line is to end."""
_CONFUSION = "Confusion matrix: rows are true classes, columns predicted ones."
_Part = str | Block
"""A line of markdown, or what becomes some."""


def to_html(report: Report) -> str:
    """Returns a report as the text of an HTML file.

    Every text is escaped; besides, the page forbids its reader to load or run anything that does not stand in it: the
    style and the script are known by their hashes, images may only be `data:`.
    """
    style, script = page_stylesheet() + _file(STYLE), _file(SCRIPT)
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    return _template().render(report=report, style=Markup(style), script=Markup(script), policy=policy)


@cache
def _template() -> Template:
    environment = Environment(
        loader=BaseLoader(),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_tame,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["drawing"] = Markup  # of charts alone, which escape what they are given
    environment.filters |= {"coded": _coded, "percent": percent, "short": _short}
    return environment.from_string(_file(TEMPLATE))


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _tame(value: Any) -> Any:
    """Returns a foreign text without characters that steer or cannot be written; markup of our own as it is."""
    return sanitize(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _coded(text: str) -> Markup:
    """Returns a text, escaped, with what stands between backticks as code and each number on one line with its unit."""
    parts = [_BEFORE_UNIT.sub("\N{NO-BREAK SPACE}", sanitize(part)) for part in _CODE.split(text)]
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def _short(variant: str) -> str:
    return VARIANTS[variant].short if variant in VARIANTS else ""


@cache
def _file(name: str) -> str:
    return (files(__package__) / "templates" / name).read_text(encoding="utf-8")


def to_markdown(report: Report) -> str:
    """Returns what a report says, without pictures, as markdown; a foreign text means itself in it."""
    parts = (part if isinstance(part, str) else blocks_to_markdown([part]).rstrip("\n") for part in _parts(report))
    return "\n\n".join(parts) + "\n"


def _parts(report: Report) -> Iterator[_Part]:
    yield f"# {escaped(report.title)}"
    yield Lines(lines=tuple(f"{name}: {value}" for name, value in report.facts.items()))
    yield from _section("Decision", _decision(report.decision))
    yield from _section("All cells", [_matrix(report), *_lines((*report.matrix.notes, *report.matrix.remarks))])
    if report.changes:
        yield from _section("Changes against the baseline", _changes(report.changes))
    for figure in report.figures:
        yield from _section(figure.title, _figure(figure))
    yield from _section("Right and wrong", [*_lines(report.answers_notes), *_answers(report.answered)])
    training = (part for figure in report.training for part in _figure(figure))
    yield from _section("Training", [*_lines(report.training_notes), *training])
    yield from _section("Environment", _tables(*report.environment))
    yield from _section("How it was measured", _lines(report.method))
    yield from _section("What it cannot tell", _lines(report.limits))


def _section(title: str, parts: Iterable[_Part]) -> Iterator[_Part]:
    found = list(parts)
    if found:
        yield f"## {escaped(title)}"
        yield from found


def _decision(decision: Decision) -> Iterator[_Part]:
    yield f"**{escaped(decision.sentence)}**"
    yield from _lines([f"{name}: {_beside(value, detail)}" for name, value, detail in decision.figures])
    yield from _tables(decision.limits)
    yield from _lines(decision.notes)
    yield from _tables(*decision.others)


def _beside(value: str, detail: str) -> str:
    return f"{value} ({detail})" if detail else value


def _matrix(report: Report) -> Grid:
    rows = []
    for cell, values, marks in report.matrix.rows:
        chosen = ("recommended",) if cell.id == report.decision.cell else ()
        rows.append((cell.id, *(_beside(one.text, one.detail) for one in values), ", ".join((*chosen, *marks))))
    heads = ("cell", *(column.title for column in report.matrix.columns), "")
    return Grid(heads=heads, rows=tuple(rows), words=frozenset({len(heads) - 1}))


def _changes(changes: Changes) -> Iterator[_Part]:
    yield from _lines(changes.lead)
    yield from _tables(changes.conditions)
    for metric in changes.metrics:
        yield from _tables(replace(metric.grid, title=f"{metric.grid.title}: {metric.summary}"))
    yield from _lines(changes.notes)


def _figure(figure: Figure) -> Iterator[_Part]:
    yield from _lines(figure.notes)
    yield replace(figure.numbers, title="") if figure.numbers else escaped(figure.wide.alternative)


def _answers(answered: Sequence[VariantAnswers]) -> Iterator[_Part]:
    """Yields each set of answers folded, as readers of pull requests know it; in HTML a title is escaped otherwise."""
    for one in answered:
        yield f"<details><summary>{unlinked(html.escape(sanitize(one.title)))}</summary>"
        yield escaped(one.summary, is_line=True)
        rows = tuple((name, *(count for count, _, _ in fields)) for name, fields in one.confusion.rows)
        title = f"{_CONFUSION} {one.confusion.note}".strip()
        yield from _tables(Grid(title=title, heads=("", *one.confusion.heads), rows=rows), one.worst, one.mixups)
        if one.flips:
            yield escaped(one.flips, is_line=True)
        if one.flipped:
            yield _flipped(one)
        yield "</details>"


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


def _tables(*grids: Grid | None) -> Iterator[_Part]:
    for grid in filter(None, grids):
        yield f"### {escaped(grid.title)}"
        yield replace(grid, title="")


def _lines(texts: Sequence[str]) -> list[_Part]:
    return [Lines(lines=tuple(texts))] if texts else []
