"""What is in results, for people who decide? `zoobench report`; it only calls."""

from pathlib import Path

import click

from zoobench.cli_choice import limit_options, preference_options
from zoobench.cli_options import artifacts_option
from zoobench.judge.choice.limits import Limit

FORMS = ("html", "markdown")
_DEFAULT_NAMES = {"html": Path("report.html"), "markdown": None}


@click.command()
@click.argument("results", metavar="RESULTS.json", type=click.Path(path_type=Path))
@click.option(
    "--baseline", metavar="FILE", type=click.Path(path_type=Path), help="Show what changed from these results."
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file.  [default: report.html; markdown: the terminal]",
)
@click.option("--format", "form", type=click.Choice(FORMS), default="html", show_default=True)
@click.option(
    "--pictures", metavar="DIR", type=click.Path(path_type=Path), help="Also write the charts as PNG, light and dark."
)
@limit_options
@preference_options
@click.option(
    "--kit", metavar="FILE", type=click.Path(path_type=Path), help="The kit that was measured; it holds the images."
)
@artifacts_option
def report(
    *,
    results: Path,
    baseline: Path | None,
    output: Path | None,
    form: str,
    pictures: Path | None,
    limits: tuple[Limit, ...],
    preference: tuple[str, ...],
    confidence: float,
    kit: Path | None,
    artifacts: Path,
) -> None:
    """Write RESULTS.json, a results file of `pytest bench/`, as one HTML file to read and to send.

    It begins with the decision: the cell that `zoobench recommend` would choose under the same limits. Then come all
    cells, the charts, what each variant gets wrong, the training, how it was measured, and what it cannot tell. The
    file needs no network and no other file.

    \b
    zoobench report results.json --latency-p90 "30 ms" --size "5 MB"
    zoobench report results.json --baseline artifacts/baselines/main.json -o change.html
    zoobench report results.json --format markdown
    zoobench report results.json --pictures docs/pictures

    Thumbnails of the samples that flipped are made of the images in the store, or in the kit that is named.
    """  # noqa: D301 - click keeps the lines after a backspace as they are
    from zoobench.reporting import ReportRequest, make_report, save, shown, write_charts

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
    output = output or _DEFAULT_NAMES[form]
    if output is None:
        click.echo(shown(made, form=form), nl=False)
    else:
        save(shown(made, form=form), output)
        click.echo(f"wrote {output}", err=True)
    if pictures is not None:
        for path in write_charts(made, pictures):
            click.echo(f"wrote {path}", err=True)
