"""How is a document written as one HTML page that needs no other file?"""

from base64 import b64encode
from collections.abc import Iterator

from markupsafe import Markup

from zoobench.errors import sanitize
from zoobench.show.charts.sheet import Chart, svg_file
from zoobench.show.document import Block, Grid, Tone, View, filled

_STYLE = Markup(
    ":root { color-scheme: light dark } "
    "body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em } "
    "table { border-collapse: collapse; margin: 1.5em 0; display: block; overflow-x: auto } "
    "caption { text-align: left; font-weight: 600 } img { max-width: 100% } "
    "th, td { padding: .2em .9em .2em 0; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums } "
    "td:not(.left), td:first-child { white-space: nowrap } th { border-bottom: 1px solid } "
    ".left { text-align: left } .marked, .bad { color: light-dark(#b00020, #ff8a80) } "
    ".good { color: light-dark(#1b7837, #7fd79b) } .open { color: light-dark(#8a6100, #e8c268) } "
    ".strong { font-weight: 700 } p { margin: 0 } section { margin: 1.5em 0 }"
)
_HEAD = Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{}</title>')
_PAGE = Markup('<!doctype html>\n<html lang="en">\n<head>{}<style>{}</style></head>\n<body>\n{}\n</body>\n</html>\n')


def write(view: View) -> str:
    """Returns a result as a page."""
    document = view.document()
    parts = [part for block in filled(document.outcome, *document.blocks) for part in _of_block(block)]
    parts += [_image(draw()) for draw in document.pictures]
    return _PAGE.format(_HEAD.format(sanitize(document.title)), _STYLE, Markup("\n").join(parts))


def _of_block(block: Block) -> Iterator[Markup]:
    if isinstance(block, Grid):
        yield from _of_grid(block)
        return
    yield Markup("<section>")
    for line in block.lines:
        yield Markup("<p{}>{}</p>").format(_class(block.tone), line)
    yield Markup("</section>")


def _of_grid(grid: Grid) -> Iterator[Markup]:
    yield Markup("<table>")
    if grid.title:
        yield Markup("<caption>{}</caption>").format(grid.title)
    if grid.heads:
        yield _row(Markup('<th scope="col"{}>{}</th>'), grid, grid.heads, ["plain"] * len(grid.heads))
    for row, texts in enumerate(grid.rows):
        tones = [grid.tone(row, column) for column in range(len(texts))]
        yield _row(Markup("<td{}>{}</td>"), grid, texts, tones, name="marked" if row in grid.marked else "")
    yield Markup("</table>")


def _row(cell: Markup, grid: Grid, texts: tuple[str, ...], tones: list[Tone], *, name: str = "") -> Markup:
    cells = (
        cell.format(_class(tone, "left" if left else ""), text)
        for text, tone, left in zip(texts, tones, grid.is_left, strict=True)
    )
    return Markup("<tr{}>{}</tr>").format(_class("plain", name), Markup("").join(cells))


def _class(tone: Tone, name: str = "") -> Markup:
    names = " ".join(one for one in (name, "" if tone == "plain" else tone) if one)
    return Markup(' class="{}"').format(names) if names else Markup("")


def _image(chart: Chart) -> Markup:
    encoded = b64encode(svg_file(chart).encode()).decode()
    form = Markup('<p><img alt="{}" src="data:image/svg+xml;base64,{}"></p>')
    return form.format(sanitize(chart.alternative), encoded)
