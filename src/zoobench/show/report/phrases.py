"""How are numbers of things and lists of names put into sentences?"""

from collections.abc import Iterable, Sequence

from zoobench.system.units import exactly

MOST_NAMED = 6
"""Cells that a sentence names."""


def counted(count: int, word: str) -> str:
    """Returns a number with its word, in the plural where it is not one: `1 cell`, `2 cells`."""
    return f"{exactly(count)} {word}{'' if count == 1 else 's'}"


def spread(counts: Iterable[int]) -> str:
    """Returns whole numbers as one, or as the least and the most of them."""
    found = sorted(set(counts))
    return exactly(found[0]) if len(found) == 1 else f"{exactly(found[0])} to {exactly(found[-1])}"


def named(cells: Sequence[str], *, of: int = 0) -> str:
    """Returns cells by name where they are few, else how many; `of` is how many there are in all."""
    if len(cells) == of:
        return f"any of the {exactly(of)} cells" if of > 1 else "the only cell"
    if len(cells) <= MOST_NAMED:
        return ", ".join(cells)
    return f"{', '.join(cells[:MOST_NAMED])} and {counted(len(cells) - MOST_NAMED, 'more cell')}"
