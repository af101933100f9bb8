"""What changed between results? `zoobench compare`; it only calls."""

from pathlib import Path

import click

from zoobench.errors import UsageError

FORMS = ("terminal", "markdown", "csv", "json")


@click.command()
@click.argument("files", metavar="BASE NEW [MORE...]", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--across-machines",
    is_flag=True,
    help="Take each file or folder as one machine's and show where the machines agree and where the order flips.",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="terminal", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead of the terminal.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the bootstrap intervals.")
def compare(*, files: tuple[Path, ...], across_machines: bool, form: str, output: Path | None, seed: int) -> None:
    """Show what changed from BASE to NEW, and to each of MORE, cell by cell.

    Each is a results file of `pytest bench/`, a plain pytest-benchmark file (only its times are compared), or a folder
    of results files, which are then several runs of one side. Cells are paired by id. What differs in machine,
    libraries and data comes first, then the cells that one side lacks, then each metric with its change, the 95 %
    interval of that, and what it comes to: better, worse, same or unclear.

    One run cannot tell how much the next one would differ: of single runs a change of p50 is called better or worse
    only beyond 20 %, of × float beyond 10 %. Five runs or more on each side are compared by their own spread.

    \b
    zoobench compare before.json after.json
    zoobench compare before.json after.json --format markdown -o change.md
    zoobench compare runs-before/ runs-after/
    zoobench compare --across-machines laptop.json pi5.json

    The status is 0 whatever changed (`zoobench gate` judges), and 2 for files that cannot be used.
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from zoobench.commands.compare import across_files, compare_files, save, shown, shown_across

    if len(files) < 2:
        raise UsageError(f"received {files[0]} alone; name at least two files or folders to compare")
    if across_machines:
        text = shown_across(across_files(files, seed=seed), form=form, to_file=output is not None)
    else:
        text = shown(compare_files(files[0], files[1:], seed=seed), form=form, to_file=output is not None)
    if output is None:
        click.echo(text, nl=False)
        return
    save(text, output)
    click.echo(f"wrote {output}", err=True)
