"""`zoobench show | runs`: which results are there, and what does the table of one say?"""

from collections.abc import Iterator
from pathlib import Path

import click

from zoobench.commands.baseline import find_side, newest_run
from zoobench.commands.options import artifacts_option, output_options, present, present_readable
from zoobench.errors import ResultsError
from zoobench.measure.environment import describe_environment
from zoobench.results.conditions import machine_key, read_shards
from zoobench.results.file import machine_folders, series
from zoobench.results.run import Run, read_run
from zoobench.show.records import runs_view, view


@click.command()
@click.argument("run", required=False)
@artifacts_option
@output_options
def show(*, run: str | None, artifacts: Path, form: str, output: Path | None) -> None:
    """Print the table of a run again: of the newest of this machine, or of RUN.

    RUN is a results file, a number or name that `zoobench runs` lists, a baseline, or @latest; or a folder of files of
    a matrix that was split over jobs.
    """
    found = read_shards([find_side(run, artifacts=artifacts)])
    present(view(list(found.records.values())), form=form, output=output)


@click.command()
@artifacts_option
@output_options
def runs(*, artifacts: Path, form: str, output: Path | None) -> None:
    """List the runs: number, time, machine, cells, in what each differs from the one before, file.

    Every command takes the number or the name where it takes a run, and the newest of this machine where none is
    named. Ends with status 2 if a file cannot be read.
    """
    reasons: list[str] = []
    folders = machine_folders(artifacts / "results")
    listed = [(run, before) for folder in folders for run, before in _with_former(folder, reasons)]
    newest = None if reasons else newest_run(artifacts, machine_key(describe_environment()))
    nothing = f"there are no runs in {artifacts / 'results'}; measure with: zoobench run"
    listing = runs_view(listed, newest=newest.path if newest else None) if listed or form != "text" else None
    present_readable(listing, reasons, nothing=nothing, form=form, output=output)


def _with_former(folder: Path, reasons: list[str]) -> Iterator[tuple[Run, Run | None]]:
    """Yields the runs of a folder, newest first, each with the one before it; adds why others cannot be read."""
    for paths in series(folder):
        later: Run | None = None
        for path in paths:
            try:
                run = read_run(path)
            except ResultsError as error:
                reasons.append(str(error))
                continue
            if later:
                yield later, run
            later = run
        if later:
            yield later, None
