"""May results of several machines stand in one table? Only of the same samples, and of one kit where there is one."""

from collections.abc import Sequence
from pathlib import Path

from zoobench.errors import ResultsError
from zoobench.results.record import Record
from zoobench.results.timings import Side

Measured = tuple[Path, Record]
_SHORT_HASH = 12


def check_same_subject(sides: Sequence[Side]) -> None:
    """Refuses results that are about different things.

    Results of two kits are never compared. Those of a kit and those that a workstation measured by itself are, if the
    files and the samples are the very same. Where no kit is involved each machine may have made its own files, which
    is told elsewhere, but not taken other samples.

    Args:
        sides: The results of one machine each.

    Raises:
        ResultsError: If they may not be compared; it names both files, what each was measured with, and what to do.
    """
    measured = [(run.path, record) for side in sides for run in side.runs for record in run.records.values()]
    _check_kits(measured)
    by_cell: dict[str, list[Measured]] = {}
    for one in measured:
        by_cell.setdefault(one[1].cell.id, []).append(one)
    for ones in by_cell.values():
        for other in ones[1:]:
            _check_samples(ones[0], other)
        _check_files(ones)


def _check_kits(measured: Sequence[Measured]) -> None:
    of_kits = {record.kit: path for path, record in reversed(measured) if record.kit}
    if len(of_kits) > 1:
        (one, path), (other, other_path) = list(of_kits.items())[-1:-3:-1]
        raise ResultsError(
            f"these are results of different kits: {path} of {_short(one)}, {other_path} of {_short(other)} (SHA-256); "
            "run one kit on every machine, and compare those results"
        )


def _check_samples(one: Measured, other: Measured) -> None:
    ours, theirs = one[1].dataset, other[1].dataset
    if ours.sha256 != theirs.sha256:
        raise ResultsError(
            f"{one[1].cell.id} was measured on different samples: in {one[0]} on {ours.samples} of {ours.name!r} "
            f"({_short(ours.sha256)}), in {other[0]} on {theirs.samples} of {theirs.name!r} ({_short(theirs.sha256)}); "
            "measure both on the same images, such as by one kit (zoobench kit export)"
        )


def _check_files(measured: Sequence[Measured]) -> None:
    """Refuses a kit's file beside another one of the same cell: where there is no kit, that is only noted."""
    files = {record.model.sha256: (path, record) for path, record in reversed(measured) if record.model}
    if len(files) > 1 and any(record.kit for _, record in measured):
        (one, (path, record)), (other, (other_path, _)) = list(files.items())[-1:-3:-1]
        raise ResultsError(
            f"{record.cell.id} was measured with different files: {_short(one)} in {path}, {_short(other)} in "
            f"{other_path} (SHA-256), of which one came in a kit; run the kit on both machines, or export it from the "
            "store that the other run used"
        )


def _short(sha256: str | None) -> str:
    return (sha256 or "")[:_SHORT_HASH]
