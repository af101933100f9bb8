"""Which cell should be shipped? `zoobench recommend`; it only calls."""

import sys
from pathlib import Path

import click

from zoobench.commands.cli_choice import limit_options, preference_options
from zoobench.commands.options import artifacts_option
from zoobench.judge.recommend.limits import Limit

FORMS = ("terminal", "markdown", "json")
_EXAMPLES = """\b
For example:
  zoobench recommend results.json --latency-p90 "30 ms" --size "5 MB" --drop "1 pp"
  zoobench recommend artifacts/results/MACHINE --memory "100 MB" --prefer size,latency
  zoobench recommend laptop.json pi5.json --latency-p50 "20 ms" --top1 "88 %"
  zoobench recommend results.json --drop "1 pp" --format markdown -o choice.md
"""


@click.command(epilog=_EXAMPLES)
@click.argument("files", metavar="RESULTS [MORE...]", nargs=-1, required=True, type=click.Path(path_type=Path))
@limit_options
@preference_options
@artifacts_option
@click.option("--format", "form", type=click.Choice(FORMS), default="terminal", show_default=True)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file instead of the terminal.")
def recommend(
    *,
    files: tuple[Path, ...],
    limits: tuple[Limit, ...],
    preference: tuple[str, ...],
    confidence: float,
    artifacts: Path,
    form: str,
    output: Path | None,
) -> None:
    """Say which cell of RESULTS to ship: it holds every limit, and comes first by preference.

    Each of RESULTS is a results file of `pytest bench/` or a folder of them. Files of one machine are its runs: the
    more, the surer. Files of several machines are asked for the one cell that serves all, and what that costs each.

    A limit is a number and its unit; any may be given, each once. A cell holds the limits if all do at once with the
    probability of --confidence, reckoned from the rounds, from how far processes differ, and from the test samples.
    Where no limit is given, a drop of at most 1 pp is assumed. The others are shown with what they miss by, and all of
    them with their standing on the Pareto front over p50, top-1 and size.

    How far processes of a machine differ is taken from what `zoobench aa` learned of it, in DIR/noise, else from a
    measured default.

    The status is 0 if a cell holds all limits, 3 if none surely does but some may, 1 if none can, 2 for files or
    limits that cannot be used.
    """
    from zoobench.commands.compare import save
    from zoobench.commands.recommend import recommend_files, shown

    choice = recommend_files(files, limits=limits, preference=preference, confidence=confidence, artifacts=artifacts)
    text = shown(choice, form=form, to_file=output is not None)
    if output is None:
        click.echo(text, nl=False)
    else:
        save(text, output)
        click.echo(f"wrote {output}", err=True)
    sys.exit(choice.status)
