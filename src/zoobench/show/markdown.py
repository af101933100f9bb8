"""How is a document written as markdown?"""

from collections.abc import Iterable, Sequence

from zoobench.show.document import Block, Lines, Screen, View, filled
from zoobench.system.terminal import sanitize


def write(view: View, screen: Screen) -> str:
    """Returns a result as markdown."""
    del screen
    return to_markdown(view.document().blocks)


def to_markdown(blocks: Sequence[Block]) -> str:
    """Returns the blocks as markdown; empty ones are left out."""
    return "\n\n".join(_marked(block) for block in filled(blocks)) + "\n"


def row(texts: Iterable[str]) -> str:
    """Returns texts as a row of a markdown table, in which each means itself."""
    return f"| {' | '.join(escaped(text) for text in texts)} |"


def escaped(text: str) -> str:
    """Returns a foreign text that means itself in markdown, on one line."""
    return "".join(f"\\{one}" if one in "|\\<*[_`" else one for one in sanitize(text))


def _marked(block: Block) -> str:
    if isinstance(block, Lines):
        form = "- {}" if block.tone == "plain" else "**{}**"
        return "\n".join(form.format(escaped(line)) for line in block.lines)
    rule = [":---" if left else "---:" for left in block.is_left]
    heads = block.heads or ("",) * len(rule)
    return "\n".join(map(row, (heads, rule, *block.rows)))
