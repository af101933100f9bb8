"""What can be done with baselines? `zoobench baseline save | list | show | diff`; each command only calls."""

import sys
from pathlib import Path

import click

from zoobench.commands.options import artifacts_option

_UNREADABLE = 2


@click.group()
def baseline() -> None:
    """Keep a run to hold later ones against: in artifacts/baselines, small enough for git.

    A baseline is a results file without the single rounds. It says what its models were made from, so that they can be
    made again where the store does not have them any more.
    """


@baseline.command()
@click.argument("name")
@click.option(
    "--from",
    "source",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="A results file. Default: the newest of this machine.",
)
@click.option("--partial", is_flag=True, help="Save it though cells of the run were not measured.")
@click.option("--force", is_flag=True, help="Replace a baseline of this name.")
@artifacts_option
def save(*, name: str, source: Path | None, partial: bool, force: bool, artifacts: Path) -> None:
    """Save a run as the baseline NAME.

    Cells that a quantizer or a runtime refuses are saved as that.
    """
    from zoobench.commands import baseline as baselines
    from zoobench.system.units import size

    chosen = source or baselines.newest_results(artifacts)
    saved = baselines.save(name, chosen, artifacts=artifacts, partial=partial, force=force)
    path = saved.baseline.path
    told = "" if source else ", the newest results of this machine"
    click.echo(f"saved {len(saved.baseline.records)} cells of {chosen}{told}")
    click.echo(f"wrote {path} ({size(path.stat().st_size)})")
    if saved.unmade:
        click.echo(
            f"the store does not know what made {', '.join(saved.unmade)}: keep these model files, they cannot be made "
            "again from the baseline",
            err=True,
        )


@baseline.command(name="list")
@artifacts_option
def list_(artifacts: Path) -> None:
    """List the baselines; ends with status 2 if one cannot be read."""
    from rich.console import Console

    from zoobench.commands.baseline import saved_baselines
    from zoobench.show.baselinetable import render_list

    readable, reasons = saved_baselines(artifacts)
    terminal = Console()
    if readable:
        click.echo(render_list(readable, width=terminal.width, colours=terminal.is_terminal), nl=False)
    elif not reasons:
        click.echo(f"there are no baselines in {artifacts / 'baselines'}; save one with: zoobench baseline save NAME")
    for reason in reasons:
        click.echo(reason, err=True)
    if reasons:
        sys.exit(_UNREADABLE)


@baseline.command()
@click.argument("name")
@artifacts_option
def show(name: str, artifacts: Path) -> None:
    """Print where the baseline NAME comes from and its table."""
    from rich.console import Console

    from zoobench.commands.baseline import find_run
    from zoobench.results.baseline import read_baseline
    from zoobench.show.baselinetable import render_baseline

    terminal = Console()
    found = read_baseline(find_run(name, artifacts=artifacts))
    click.echo(render_baseline(found, width=terminal.width, colours=terminal.is_terminal), nl=False)


@baseline.command()
@click.argument("name")
@click.argument("other", required=False)
@artifacts_option
def diff(name: str, other: str | None, artifacts: Path) -> None:
    """Print in what the baseline NAME and OTHER differ: cells, models, data, environment, medians. No verdict.

    OTHER is a baseline or a results file; without it, the newest results of this machine are taken.
    """
    from zoobench.commands.baseline import find_run, newest_results
    from zoobench.judge.compare.differences import differences, render_differences
    from zoobench.results.baseline import read_baseline

    one = read_baseline(find_run(name, artifacts=artifacts))
    two = read_baseline(find_run(other, artifacts=artifacts) if other else newest_results(artifacts))
    click.echo(render_differences(differences(one, two), names=(one.name, two.name)), nl=False)
