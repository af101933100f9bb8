"""Which baselines are there, and how does a run become one?"""

from collections.abc import Collection
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click

from zoobench.commands.options import artifacts_option, output_options, present, present_readable
from zoobench.errors import ResultsError, UsageError, did_you_mean
from zoobench.measure.environment import describe_environment
from zoobench.results.conditions import machine_key, read_shards
from zoobench.results.file import number_of, write_results
from zoobench.results.run import Origin, Run, baseline_content, newest_runs, read_recorded, read_run, unmeasured
from zoobench.results.schema import Record
from zoobench.system.files import PLAIN_NAME
from zoobench.system.terminal import say
from zoobench.system.units import few, size

_LONGEST = 200
"""Characters of a device's name: no file's name may be much longer."""
LATEST = "@latest"
"""Stands for the newest results of this machine wherever a run is named."""
_NAMED = 5
"""Unmeasured cells that a message names."""


@click.group()
def baseline() -> None:
    """Keep a run to compare later ones with: in artifacts/baselines, small enough for git.

    A baseline is a results file without the single rounds. It says what its models were made from, so that they can be
    made again where the store does not have them any more.
    """


@baseline.command()
@click.argument("name")
@click.option(
    "--from",
    "sources",
    metavar="RUN",
    multiple=True,
    help="A results file or a run's number. Default: the newest of this machine. A folder, or several files, of a "
    "matrix that was split over jobs are one run.",
)
@click.option("--partial", is_flag=True, help="Save it though cells of the run were not measured.")
@click.option("--force", is_flag=True, help="Replace a baseline of this name.")
@artifacts_option
def save(*, name: str, sources: tuple[str, ...], partial: bool, force: bool, artifacts: Path) -> None:
    """Save a run as the baseline NAME.

    Cells that a quantizer or a runtime refuses are saved as that.
    """
    chosen = [find_side(one, artifacts=artifacts) for one in sources or (None,)]
    saved, unmade = save_baseline(name, *chosen, artifacts=artifacts, partial=partial, force=force)
    newest = "" if sources else ", the newest results of this machine"
    say(f"saved {len(saved.records)} cells of {', '.join(map(str, chosen))}{newest}")
    say(f"wrote {saved.path} ({size(saved.path.stat().st_size)})")
    if unmade:
        say(
            f"the store does not know what made {', '.join(unmade)}: keep these model files, they cannot be made "
            "again from the baseline",
            error=True,
        )


@baseline.command(name="list")
@artifacts_option
@output_options
def list_(*, artifacts: Path, form: str, output: Path | None) -> None:
    """List the baselines; ends with status 2 if one cannot be read."""
    from zoobench.show.records import list_view

    readable, reasons = saved_baselines(artifacts)
    nothing = f"there are no baselines in {artifacts / 'baselines'}; save one with: zoobench baseline save NAME"
    view = list_view(readable) if readable or form != "text" else None
    present_readable(view, reasons, nothing=nothing, form=form, output=output)


@baseline.command()
@click.argument("name")
@artifacts_option
@output_options
def show(*, name: str, artifacts: Path, form: str, output: Path | None) -> None:
    """Print where the baseline NAME comes from and its table."""
    from zoobench.show.records import baseline_view

    present(baseline_view(read_recorded(find_run(name, artifacts=artifacts))), form=form, output=output)


@baseline.command(short_help="Print in what two baselines or results differ.")
@click.argument("name")
@click.argument("other", required=False)
@artifacts_option
@output_options
def diff(*, name: str, other: str | None, artifacts: Path, form: str, output: Path | None) -> None:
    """Print in what the baseline NAME and OTHER differ: cells, models, data, environment, medians. No verdict.

    OTHER is a baseline, a results file or a run's number; without it, the newest results of this machine are taken.
    """
    from zoobench.judge.compare.comparison import run_differences
    from zoobench.show.comparison import differences_view

    one = read_recorded(find_run(name, artifacts=artifacts))
    two = read_recorded(find_run(other, artifacts=artifacts))
    present(differences_view(run_differences(one, two), names=(one.name, two.name)), form=form, output=output)


def baseline_path(name: str, *, artifacts: Path) -> Path:
    """Returns the file of a baseline, which need not be there."""
    if not PLAIN_NAME.fullmatch(name):
        raise UsageError(
            f"the baseline's name: received {name!r}; allowed are letters, digits, '.', '_' and '-', the first no sign"
        )
    return artifacts / "baselines" / f"{name}.json"


def baseline_paths(artifacts: Path) -> tuple[Path, ...]:
    """Returns the files of all baselines by name."""
    return tuple(path for path in sorted((artifacts / "baselines").glob("*.json")) if path.is_file())


def find_run(name: str | Path | None, *, artifacts: Path) -> Path:
    """Returns the file of a run.

    Args:
        name: A baseline, a file, a run's number, the name of its file as `zoobench runs` lists it; `@latest` or None
            for the newest of this machine.
        artifacts: The folder that the runs used.

    Raises:
        UsageError: If it is none of these, or the number is that of several runs.
    """
    text = LATEST if name is None else str(name)
    if text == LATEST:
        return newest_results(artifacts)
    if PLAIN_NAME.fullmatch(text) and (path := baseline_path(text, artifacts=artifacts)).is_file():
        return path
    if Path(text).is_file():
        return Path(text)
    found = _called(text, artifacts / "results")
    if len(found) > 1:
        listed = ", ".join("/".join(path.parts[-2:]) for path in found)
        raise UsageError(f"{text} is the number of several runs: {listed}; name one of these, or its whole path")
    if found:
        return found[0]
    known = [path.stem for path in baseline_paths(artifacts)]
    raise UsageError(
        f"{text} is no file, no run that `zoobench runs` lists, and no baseline{did_you_mean(text, known)} in "
        f"{artifacts / 'baselines'}; there: {', '.join(known) or 'none'}. Save one with: zoobench baseline save NAME"
    )


def find_side(name: str | Path | None, *, artifacts: Path) -> Path:
    """Returns the same, or a folder of several runs that is named."""
    return Path(name) if name is not None and Path(name).is_dir() else find_run(name, artifacts=artifacts)


def _called(name: str, folder: Path) -> list[Path]:
    """Returns the results files of that number, or of that name with or without its machine and ending."""
    files = [path for path in sorted(folder.glob("*/[!.]*.json")) if path.is_file() and path.stat().st_size]
    if name.isdecimal():
        return [path for path in files if number_of(path) == int(name)]
    return [path for path in files if name.removesuffix(".json") in (path.stem, f"{path.parent.name}/{path.stem}")]


def load(name: str | Path, *, artifacts: str | Path = "artifacts") -> Run:
    """Returns a run by all that `zoobench` takes for one: a file, a baseline, a number, `@latest`."""
    return read_run(find_run(str(name), artifacts=Path(artifacts)))


def newest_results(artifacts: Path) -> Path:
    """Returns the newest results that were measured on this machine, whatever it was called, and says which."""
    wanted = machine_key(describe_environment())
    run = newest_run(artifacts, wanted)
    if run is None:
        raise UsageError(
            f"there are no results of this machine ({wanted}) in {artifacts / 'results'}; run pytest bench/, or name a "
            "results file"
        )
    ended = f", measured until {run.measured}" if run.measured else ""
    say(f"taken: {run.path}, the newest results of this machine{ended}", error=True)
    return run.path


def newest_run(artifacts: Path, machine: str) -> Run | None:
    """Returns the newest run that was measured on a machine, by its key."""
    return next(
        (one for one in newest_runs(artifacts / "results") if measured_on(one.records.values()) == machine), None
    )


def measured_on(records: Collection[Record]) -> str:
    """Returns the key of the machine that records were measured on; files are named by it, whatever a record says."""
    environment = next(iter(records)).environment
    known: dict[str, Any] = {name: environment.get(name) for name in ("device", "cpu", "cores")}
    for name in ("device", "cpu"):
        known[name] = known[name] and str(known[name])[:_LONGEST]
    return machine_key(known | {"cores": known["cores"] if isinstance(known["cores"], int) else None})


def save_baseline(
    name: str, *sources: Path, artifacts: Path, partial: bool = False, force: bool = False, now: datetime | None = None
) -> tuple[Run, tuple[str, ...]]:
    """Saves a run as a baseline, and returns it with the cells that nothing tells how to make again.

    Args:
        name: What it is to be called.
        sources: A results file, or a baseline that is to have another name too; several files, or a folder of them,
            are the parts of one run.
        artifacts: The folder that the run used; its store tells what the models were made from.
        partial: Whether to save it though some of its cells were not measured.
        force: Whether to replace a baseline of this name.
        now: The time that it is saved at.
    """
    from zoobench.run.locate import find_manifests  # needs numpy, which whoever lists baselines does not wait for

    path = baseline_path(name, artifacts=artifacts)
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; take another name, or replace it with --force")
    run, listed = read_shards(sources), ", ".join(map(str, sources))
    if (gaps := unmeasured(run)) and not partial:
        raise UsageError(
            f"{listed} was not measured wholly: {few(gaps, most=_NAMED)}. Finish the run, name another file with "
            "--from, or save what there is with --partial"
        )
    named = ", ".join(_within(source, artifacts) for source in sources)
    saved = (now or datetime.now(timezone.utc)).isoformat(timespec="seconds")
    manifests = {**run.provenance.manifests, **find_manifests(run, artifacts=artifacts)}
    content = baseline_content(
        run,
        origin=Origin(name=name, saved=saved, source=named, manifests=manifests),
        machine=run.provenance.machine or measured_on(run.records.values()),
    )
    write_results(path, content)
    unmade = (cell for cell, one in run.records.items() if one.model and one.model.sha256 not in manifests)
    return read_recorded(path), tuple(unmade)


def _within(path: Path, folder: Path) -> str:
    """Returns a path as seen from a folder, or its name: what is above the folder is another on each machine."""
    whole, root = path.absolute(), folder.absolute()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else path.name


def saved_baselines(artifacts: Path) -> tuple[list[Run], list[str]]:
    """Returns the baselines that can be read, by name, and for each other one why it cannot."""
    found = [_read_or_reason(path) for path in baseline_paths(artifacts)]
    return [one for one in found if isinstance(one, Run)], [one for one in found if isinstance(one, str)]


def _read_or_reason(path: Path) -> Run | str:
    try:
        return read_recorded(path)
    except ResultsError as error:
        return str(error)
