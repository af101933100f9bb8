"""What do the README and the documents hold: links, headings, blocks of code, the commands in them?"""

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass

from runs import ROOT

DOCUMENTS = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
NAMES = tuple(path.relative_to(ROOT).as_posix() for path in DOCUMENTS)
_FENCE = re.compile(r"(^`[\w./-]+`\n\n)?^( *)```(\w*)\n(.*?)^\2```$", flags=re.DOTALL | re.MULTILINE)
_STATUS = "echo $?"
_COMMENT = re.compile(r"\s+#\s.*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block.

    Attributes:
        language: '' where none stands there.
        text: Without the fences.
        line: Of the document at which it begins.
        file: The name that stands alone above it, if it is the content of a file; else ''.
    """

    language: str
    text: str
    line: int
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command line of a document.

    Attributes:
        text: The line, without the comment at its end.
        line: Where it stands in the document.
        shown: The output that the document shows below it; () where it shows none.
        status: What the document says that it ends with: 0 unless `$ echo $?` and another number follow.
    """

    text: str
    line: int
    shown: tuple[str, ...] = ()
    status: int = 0


def blocks(text: str) -> tuple[Block, ...]:
    """Returns the fenced blocks of a document in its order."""
    return tuple(
        Block(
            language=found[3],
            text=textwrap.dedent(found[4]),
            line=text.count("\n", 0, found.start(4)) + 1,
            file=(found[1] or "").strip().strip("`"),
        )
        for found in _FENCE.finditer(text)
    )


def commands(block: Block) -> tuple[Command, ...]:
    """Returns the commands of a block: each line of `sh`; of no language or `console` those after `$ `."""
    if block.language == "sh":
        return tuple(Command(text=text, line=line) for text, line in _lines(block))
    return tuple(_with_statuses(_prompted(block))) if block.language in ("", "console") else ()


def code(text: str) -> tuple[str, ...]:
    """Returns what stands in single backticks outside blocks."""
    return tuple(" ".join(one.split()) for one in re.findall(r"`([^`]+)`", prose(text)))


def prose(text: str) -> str:
    """Returns a document without its blocks."""
    return _FENCE.sub("", text)


def anchors(text: str) -> frozenset[str]:
    """Returns the names under which a document's headings can be linked, as GitHub makes them."""
    heads = re.findall(r"^#{1,6} (.+)$", prose(text), flags=re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads)


def links(text: str) -> tuple[str, ...]:
    """Returns what a document links or shows as a picture."""
    text = prose(text)
    return (*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'(?:src|srcset|href)="([^"\s]+)"', text))


def _lines(block: Block) -> Iterator[tuple[str, int]]:
    """Yields each command with its line; one that ends in a backslash goes on in the next."""
    begun = ""
    for number, line in enumerate(block.text.splitlines(), block.line):
        whole = begun + _COMMENT.sub("", line)
        begun = whole.removesuffix("\\") if whole.endswith("\\") else ""
        if whole.strip() and not begun and not whole.startswith("#"):
            yield whole.strip(), number


def _prompted(block: Block) -> Iterator[Command]:
    _, *parts = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    for part in parts:
        first, *shown = part.rstrip().split("\n")
        yield Command(text=_COMMENT.sub("", first), line=block.line, shown=tuple(shown))


def _with_statuses(found: Iterator[Command]) -> Iterator[Command]:
    """Yields the commands with what `echo $?` after them is said to print as their status."""
    waiting: Command | None = None
    for command in found:
        if command.text == _STATUS and waiting:
            yield Command(text=waiting.text, line=waiting.line, shown=waiting.shown, status=int(command.shown[0]))
            waiting = None
        else:
            if waiting:
                yield waiting
            waiting = command
    if waiting:
        yield waiting
