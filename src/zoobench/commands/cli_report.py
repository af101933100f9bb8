"""What is in results, for people who decide? `zoobench report`; it only calls."""

from pathlib import Path

import click

from zoobench.commands.cli_choice import limit_options, preference_options
from zoobench.commands.options import artifacts_option
from zoobench.judge.recommend.limits import Limit

FORMS = ("html", "markdown")
_DEFAULT_OUTPUT = Path("report.html")
_EXAMPLES = """\b
For example:
  zoobench report results.json --latency-p90 "30 ms" --size "5 MB" --drop "1 pp"
  zoobench report results.json --baseline main -o change.html
  zoobench report results.json --format markdown -o report.md
  zoobench report results.json --pictures pictures
"""


@click.command(epilog=_EXAMPLES)
@click.argument("results", metavar="RESULTS", type=click.Path(path_type=Path))
@click.option(
    "--baseline", metavar="NAME", help="Show what changed from a baseline, by its name or file, or other results."
)
@limit_options
@preference_options
@artifacts_option
@click.option(
    "--kit", metavar="FILE", type=click.Path(path_type=Path), help="The kit that was measured, for images of samples."
)
@click.option("--format", "form", type=click.Choice(FORMS), default="html", show_default=True)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    show_default="report.html; markdown: the terminal",
    help="Write to this file.",
)
@click.option(
    "--pictures", metavar="FOLDER", type=click.Path(path_type=Path), help="Write the charts as PNG too, light and dark."
)
def report(
    *,
    results: Path,
    baseline: str | None,
    output: Path | None,
    form: str,
    pictures: Path | None,
    limits: tuple[Limit, ...],
    preference: tuple[str, ...],
    confidence: float,
    kit: Path | None,
    artifacts: Path,
) -> None:
    """Write RESULTS, a results file of `pytest bench/`, as one HTML file to read and to send.

    It begins with the decision: the cell that `zoobench recommend` would choose under the same limits. Then come all
    cells, the charts, what each variant gets wrong, the training, the environment, how it was measured, and what it
    cannot tell. The file needs no network and no other file.

    Thumbnails of samples that flipped are made of the images in the store, or in the kit that is named.

    The status is 0 whatever is reported (`zoobench gate` judges), and 2 for files or limits that cannot be used.
    """
    from zoobench.commands.compare import save
    from zoobench.commands.report import ReportRequest, make_report, shown, write_charts

    request = ReportRequest(
        results=results,
        baseline=baseline,
        limits=limits,
        preference=preference,
        confidence=confidence,
        artifacts=artifacts,
        kit=kit,
    )
    made = make_report(request)
    to = output or (_DEFAULT_OUTPUT if form == "html" else None)
    if to is None:
        click.echo(shown(made, form=form), nl=False)
    else:
        save(shown(made, form=form), to)
        click.echo(f"wrote {to}", err=True)
    for path in write_charts(made, pictures) if pictures else ():
        click.echo(f"wrote {path}", err=True)
