"""`zoobench compare`: what changed between results, of one machine or of several?"""

from collections.abc import Sequence
from pathlib import Path

import click

from zoobench.commands.baseline import find_side
from zoobench.commands.options import artifacts_option, output_options, present, rename_option
from zoobench.errors import UsageError
from zoobench.judge.compare.comparison import Comparison
from zoobench.judge.compare.comparison import compare as compare_sides
from zoobench.judge.compare.machines import MOST_MACHINES, AcrossMachines, across
from zoobench.judge.gate.rules import renamed_side
from zoobench.results.run import read_side
from zoobench.run.options import defaults
from zoobench.show.comparison import across_view, view
from zoobench.system.terminal import progress

_FEW_CELLS = 20
"""Cells up to which no bar is shown: they are compared in a blink."""
_EXAMPLES = """\b
For example:
  zoobench compare before.json after.json
  zoobench compare before.json after.json --format markdown -o change.md
  zoobench compare runs-before/ runs-after/
  zoobench compare before.json after.json --rename mine=mine_v2
  zoobench compare --across-machines laptop.json pi5.json
"""


@click.command(epilog=_EXAMPLES)
@click.argument("files", metavar="BASE [NEW...]", nargs=-1, required=True)
@click.option(
    "--across-machines",
    is_flag=True,
    help="Take each file or folder as one machine's and show where the machines agree and where the order flips.",
)
@rename_option
@artifacts_option
@output_options
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the bootstrap intervals.")
def compare(
    *,
    files: tuple[str, ...],
    artifacts: Path,
    across_machines: bool,
    renames: tuple[str, ...],
    form: str,
    output: Path | None,
    seed: int,
) -> None:
    """Show what changed from BASE to each NEW, cell by cell; without NEW, to the newest run of this machine.

    Each is a results file, a number or name that `zoobench runs` lists, a baseline, @latest, a plain pytest-benchmark
    file (only its times are compared), or a folder of results files, which are then several runs of one side. Cells
    are paired by id. What differs in machine, libraries and data comes first, then the cells that one side lacks, then
    each metric with its change, the 95 % interval of that, and what it comes to: improved, regressed, unchanged or
    inconclusive.

    One run cannot tell how much the next one would differ: of single runs a change of p50 is called improved or
    regressed only beyond 20 %, of × float beyond 10 %. Five runs or more on each side are compared by their own spread.

    The status is 0 whatever changed (`zoobench gate` judges), and 2 for files that cannot be used.
    """
    paths = [find_side(name, artifacts=artifacts) for name in (files if len(files) > 1 else (*files, None))]
    if across_machines and renames:
        raise UsageError("--rename joins one side with the other; leave it out, or leave out --across-machines")
    if across_machines:
        present(across_view(across_files(paths)), form=form, output=output)
    else:
        present(view(compare_files(paths[0], paths[1:], renames=renames, seed=seed)), form=form, output=output)


def compare_files(
    base: Path, others: Sequence[Path], *, renames: Sequence[str] = (), seed: int = 0
) -> tuple[Comparison, ...]:
    """Returns the comparison of each other file or folder with the base.

    Args:
        base: A file or folder.
        others: As `base`.
        renames: `OLD=NEW`: which of the base's backbones or cells the others have by another name.
        seed: Of the bootstrap intervals.
    """
    side = read_side(base)
    sides = [read_side(other) for other in others]
    pairs = [(renamed_side(side, other, renames), other) for other in sides]
    total = sum(len(set(ours.ids) & set(theirs.ids)) for ours, theirs in pairs)
    if total <= _FEW_CELLS:
        return tuple(compare_sides(*pair, seed=seed, defaults=defaults()) for pair in pairs)
    with progress("Comparing cells", total=total) as advance:
        return tuple(compare_sides(*pair, seed=seed, defaults=defaults(), advance=advance) for pair in pairs)


def across_files(files: Sequence[Path]) -> AcrossMachines:
    """Returns what the results of several machines say."""
    if len(files) > MOST_MACHINES:
        raise UsageError(f"received {len(files)} machines; at most {MOST_MACHINES} are compared at once")
    return across([read_side(file) for file in files])
