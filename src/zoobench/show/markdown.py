"""How is a document written as markdown?"""

import re
from collections.abc import Iterable, Sequence

from zoobench.errors import sanitize
from zoobench.show.document import Block, Lines, View, filled

_SIGNS = re.compile(r"[|\\<*\[_`&]|~(?!\d)|(?<=\S)~")
_FOUND = re.compile(r"@(?=\w)|#(?=\d)|://|\bwww(?=\.)", re.IGNORECASE)
"""Signs after which GitHub would find somebody or something."""
_BEGINNING = re.compile(r"^(\d*)([#>+=)-]|\.(?=\s|$))")
"""What makes a heading, a quotation, a rule or an item of what begins with it."""


def write(view: View) -> str:
    """Returns a result as markdown."""
    document = view.document()
    return to_markdown((document.outcome, *document.blocks))


def to_markdown(blocks: Sequence[Block]) -> str:
    """Returns the blocks as markdown; empty ones are left out."""
    return "\n\n".join(map(_marked, filled(*blocks))) + "\n"


def escaped(text: str, *, is_line: bool = False) -> str:
    """Returns a foreign text that means itself in markdown, on one line, also where it `is_line` from its start on."""
    plain = unlinked(_SIGNS.sub(r"\\\g<0>", sanitize(text)))
    return _BEGINNING.sub(r"\1\\\2", plain.strip()) if is_line else plain


def unlinked(text: str) -> str:
    """Returns markdown or HTML in which GitHub finds no address, person or issue: a comment stands in them.

    It looks for them after all escapes are gone.
    """
    return _FOUND.sub(r"\g<0><!-- -->", text)


def _marked(block: Block) -> str:
    if isinstance(block, Lines):
        form = "- {}" if block.tone == "plain" else "**{}**"
        return "\n".join(form.format(escaped(line, is_line=True)) for line in block.lines)
    title = f"**{escaped(block.title)}**\n\n" if block.title else ""
    rule = [":---" if left else "---:" for left in block.is_left]
    heads = block.heads or ("",) * len(rule)
    return title + "\n".join(map(_row, (heads, rule, *block.rows)))


def _row(texts: Iterable[str]) -> str:
    return f"| {' | '.join(map(escaped, texts))} |"
