"""Which baselines are there, and how does a run become one?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from zoobench.errors import ResultsError, UsageError
from zoobench.measure.environment import describe_environment, machine_key
from zoobench.results.baseline import Baseline, baseline_content, read_baseline, unmeasured
from zoobench.results.provenance import Origin, RecordedProduct
from zoobench.results.reading import load_content
from zoobench.results.record import Record, read_results
from zoobench.results.resultsfile import newest_first, write_results
from zoobench.store.inventory import main_sha256, products
from zoobench.system.files import PLAIN_NAME

_UNKNOWN = {"device": None, "cpu": None, "cores": None}
_LONGEST = 200
"""Characters of a device's name: no file's name may be much longer."""
_NAMED = 5
"""Unmeasured cells that a message names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A baseline that was saved.

    Attributes:
        baseline: As it stands in its file.
        unmade: Cells whose files the store does not know, so that nothing tells how to make them again.
    """

    baseline: Baseline
    unmade: tuple[str, ...]


def baseline_path(name: str, *, artifacts: Path) -> Path:
    """Returns the file of a baseline, which need not be there.

    Raises:
        UsageError: If it is no name for one.
    """
    if not PLAIN_NAME.fullmatch(name):
        raise UsageError(
            f"the baseline's name: received {name!r}; allowed are letters, digits, '.', '_' and '-', the first no sign"
        )
    return artifacts / "baselines" / f"{name}.json"


def baseline_paths(artifacts: Path) -> tuple[Path, ...]:
    """Returns the files of all baselines by name."""
    return tuple(path for path in sorted((artifacts / "baselines").glob("*.json")) if path.is_file())


def find_run(name: str, *, artifacts: Path) -> Path:
    """Returns the file of a baseline's name, or a file that is named itself: a baseline or a results file.

    Raises:
        UsageError: If there is neither.
    """
    if PLAIN_NAME.fullmatch(name) and (path := baseline_path(name, artifacts=artifacts)).is_file():
        return path
    if Path(name).is_file():
        return Path(name)
    known = ", ".join(path.stem for path in baseline_paths(artifacts)) or "none"
    raise UsageError(
        f"{name} is neither a file nor a baseline in {artifacts / 'baselines'}; there: {known}. "
        "Save one with: zoobench baseline save NAME"
    )


def newest_results(artifacts: Path, *, machine: str | None = None) -> Path:
    """Returns the newest results that were measured on a machine, whatever it was called by --zoo-machine.

    Args:
        artifacts: The folder that the runs used.
        machine: Key of the machine; None for this one.

    Raises:
        UsageError: If there are none.
        ResultsError: If a newer file cannot be read, so that it is not known whose it is.
    """
    wanted = machine or machine_key(describe_environment())
    for path in newest_first(artifacts / "results"):
        if measured_on(read_results(path)) == wanted:
            return path
    raise UsageError(
        f"there are no results of this machine ({wanted}) in {artifacts / 'results'}; run pytest bench/, or name a "
        "results file"
    )


def measured_on(records: Sequence[Record]) -> str:
    """Returns the key of the machine that records were measured on; files are named by it, whatever a record says."""
    told = {**_UNKNOWN, **records[0].environment}
    device, cpu = (told[name] and str(told[name])[:_LONGEST] for name in ("device", "cpu"))
    cores = told["cores"] if isinstance(told["cores"], int) else None
    return machine_key({"device": device, "cpu": cpu, "cores": cores})


def save(
    name: str, source: Path, *, artifacts: Path, partial: bool = False, force: bool = False, now: datetime | None = None
) -> Saved:
    """Saves a run as a baseline.

    Args:
        name: What it is to be called.
        source: A results file, or a baseline that is to have another name too.
        artifacts: The folder that the run used; its store tells what the models were made from.
        partial: Whether to save it though some of its cells were not measured.
        force: Whether to replace a baseline of this name.
        now: The time that it is saved at.

    Raises:
        UsageError: If there is one of that name already, or cells were not measured, unless it is said to go on.
        ResultsError: If the results cannot be read or the baseline cannot be written.
    """
    path = baseline_path(name, artifacts=artifacts)
    if path.exists() and not force:
        raise UsageError(f"{path} is there already; take another name, or replace it with --force")
    run = read_baseline(source)
    if (gaps := unmeasured(run)) and not partial:
        raise UsageError(_incomplete(source, gaps))
    saved = (now or datetime.now(timezone.utc)).isoformat(timespec="seconds")
    manifests = {**run.provenance.manifests, **_manifests(run, artifacts)}
    content = baseline_content(
        load_content(source),
        run,
        origin=Origin(name=name, saved=saved, source=_below(source, artifacts)),
        machine=run.provenance.machine or measured_on(run.records),
        manifests=manifests,
    )
    write_results(path, content)
    unmade = (record.cell.id for record in run.records if record.model and record.model.sha256 not in manifests)
    return Saved(baseline=read_baseline(path), unmade=tuple(unmade))


def saved_baselines(artifacts: Path) -> tuple[tuple[Baseline, ...], tuple[str, ...]]:
    """Returns the baselines that can be read, by name, and for each other one why it cannot."""
    found = [_read_or_reason(path) for path in baseline_paths(artifacts)]
    return tuple(one for one in found if isinstance(one, Baseline)), tuple(one for one in found if isinstance(one, str))


def _read_or_reason(path: Path) -> Baseline | str:
    try:
        return read_baseline(path)
    except ResultsError as error:
        return str(error)


def _incomplete(source: Path, gaps: Sequence[str]) -> str:
    more = f" and {len(gaps) - _NAMED} more" if len(gaps) > _NAMED else ""
    return (
        f"{source} was not measured wholly: {', '.join(gaps[:_NAMED])}{more}. Finish the run, name another file with "
        "--from, or save what there is with --partial"
    )


def _manifests(run: Baseline, artifacts: Path) -> Mapping[str, RecordedProduct]:
    """Returns what the store knows of a run's model files, by their SHA-256.

    Of products with the same file, as settings give that do not change it, the one that the run used is taken, or the
    last used where the run does not say.
    """
    wanted = {record.model.sha256 for record in run.records if record.model}
    entries = [one for one in (products(artifacts) if artifacts.is_dir() else ()) if main_sha256(one) in wanted]
    used = set(run.provenance.products.values())
    return {
        entry.manifest.files[entry.manifest.file].sha256: RecordedProduct(
            product=entry.name, file=entry.manifest.file, inputs=entry.manifest.inputs
        )
        for entry in sorted(entries, key=lambda one: (one.name in used, one.used))
        if entry.manifest
    }


def _below(path: Path, artifacts: Path) -> str:
    """Returns a path as it is below the artifacts, which may stand elsewhere on other machines."""
    whole, root = path.absolute(), artifacts.absolute()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else path.name
