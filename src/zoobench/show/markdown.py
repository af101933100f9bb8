"""How is a document written as markdown?"""

from collections.abc import Iterable, Sequence

from zoobench.show.document import Block, Lines, View, filled
from zoobench.system.terminal import sanitize


def write(view: View) -> str:
    """Returns a result as markdown."""
    document = view.document()
    return to_markdown((document.outcome, *document.blocks))


def to_markdown(blocks: Sequence[Block]) -> str:
    """Returns the blocks as markdown; empty ones are left out."""
    return "\n\n".join(map(_marked, filled(*blocks))) + "\n"


def escaped(text: str) -> str:
    """Returns a foreign text that means itself in markdown, on one line."""
    return "".join(f"\\{one}" if one in "|\\<*[_`" else one for one in sanitize(text))


def _marked(block: Block) -> str:
    if isinstance(block, Lines):
        form = "- {}" if block.tone == "plain" else "**{}**"
        return "\n".join(form.format(escaped(line)) for line in block.lines)
    title = f"**{escaped(block.title)}**\n\n" if block.title else ""
    rule = [":---" if left else "---:" for left in block.is_left]
    heads = block.heads or ("",) * len(rule)
    return title + "\n".join(map(_row, (heads, rule, *block.rows)))


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(map(escaped, texts))} |"
