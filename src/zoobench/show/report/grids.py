"""Which columns of a table say anything?"""

from zoobench.show.document import Grid


def without_empty(grid: Grid) -> Grid:
    """Returns a grid without columns in which no row says anything."""
    kept = [place for place in range(len(grid.heads)) if place == 0 or any(row[place] for row in grid.rows)]
    return Grid(
        heads=tuple(grid.heads[place] for place in kept),
        rows=tuple(tuple(row[place] for place in kept) for row in grid.rows),
        words=frozenset(new for new, place in enumerate(kept) if place in grid.words),
    )
