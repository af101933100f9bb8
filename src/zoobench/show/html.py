"""How is a document written as one HTML page that needs no other file?"""

from collections.abc import Iterator

from markupsafe import Markup

from zoobench.show.document import Block, Grid, Screen, View, filled
from zoobench.system.terminal import sanitize

_STYLE = Markup(
    ":root { color-scheme: light dark } "
    "body { font: 15px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 75em; padding: 0 1em } "
    "table { border-collapse: collapse; margin: 1.5em 0; display: block; overflow-x: auto } "
    "th, td { padding: .2em .9em .2em 0; text-align: right; vertical-align: top; font-variant-numeric: tabular-nums } "
    "th { border-bottom: 1px solid } .left { text-align: left } .marked, .bad { color: light-dark(#b00020, #ff8a80) } "
    ".good { color: light-dark(#1b7837, #7fd79b) } p { margin: 0 } section { margin: 1.5em 0 }"
)
_PAGE = Markup('<!doctype html>\n<html lang="en">\n<head>{}<style>{}</style></head>\n<body>\n{}\n</body>\n</html>\n')
_OF_LINE = {
    "plain": Markup("<p>{}</p>"),
    "strong": Markup("<p><strong>{}</strong></p>"),
    "good": Markup('<p class="good">{}</p>'),
    "bad": Markup('<p class="bad">{}</p>'),
}


def write(view: View, screen: Screen) -> str:
    """Returns a result as a page."""
    del screen
    document = view.document()
    head = Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{}</title>').format(
        sanitize(document.title)
    )
    body = Markup("\n").join(part for block in filled(document.blocks) for part in _of_block(block))
    return _PAGE.format(head, _STYLE, body)


def _of_block(block: Block) -> Iterator[Markup]:
    if isinstance(block, Grid):
        yield from _of_grid(block)
        return
    yield Markup("<section>")
    for line in block.lines:
        yield _OF_LINE[block.tone].format(sanitize(line))
    yield Markup("</section>")


def _of_grid(grid: Grid) -> Iterator[Markup]:
    yield Markup("<table>")
    if grid.heads:
        yield _row(grid, grid.heads, Markup('<th scope="col"{}>{}</th>'))
    for position, texts in enumerate(grid.rows):
        yield _row(grid, texts, Markup("<td{}>{}</td>"), marked=position in grid.marked)
    yield Markup("</table>")


def _row(grid: Grid, texts: tuple[str, ...], cell: Markup, *, marked: bool = False) -> Markup:
    sides = (Markup(' class="left"') if is_left else "" for is_left in grid.is_left)
    cells = (cell.format(side, sanitize(text)) for side, text in zip(sides, texts, strict=True))
    return Markup("<tr{}>{}</tr>").format(Markup(' class="marked"') if marked else "", Markup("").join(cells))
