"""How do runs become data frames, a row for each cell or for each round? pandas is imported here alone, when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from zoobench.errors import UsageError
from zoobench.judge.evidence import value_of
from zoobench.judge.metrics import METRICS
from zoobench.results.conditions import machine_name
from zoobench.results.run import Run
from zoobench.results.schema import Record

if TYPE_CHECKING:
    import pandas as pd

_ROUND_COLUMNS = ("run", "cell", "round", "seconds")


def frame(runs: Run | Sequence[Run]) -> pd.DataFrame:
    """Returns one row for each cell of each run.

    Each metric of `docs/results.md` is a column in the unit of data, with its 95 % interval in `<metric>_low` and
    `<metric>_high`; what was not measured is NaN or None. Of a benchmark that is not zoobench's only times are known.

    Args:
        runs: From `zoobench.load`.

    Raises:
        UsageError: If pandas is not installed.
    """
    pandas = _import_pandas()
    rows = [_row(run, cell) for run in _several(runs) for cell in run.ids]
    found: pd.DataFrame = pandas.DataFrame(rows)
    return found


def rounds(runs: Run | Sequence[Run]) -> pd.DataFrame:
    """Returns one row for each timed round of each run: `run`, `cell`, `round` from 0 and `seconds`.

    Runs whose files hold no rounds, as baselines, have no rows.

    Args:
        runs: From `zoobench.load`.

    Raises:
        UsageError: If pandas is not installed.
    """
    pandas = _import_pandas()
    parts = [
        pandas.DataFrame({"run": run.name, "cell": cell, "round": range(len(one.rounds)), "seconds": one.rounds})
        for run in _several(runs)
        for cell, one in run.rounds.items()
        if one.rounds
    ]
    empty: pd.DataFrame = pandas.DataFrame(columns=list(_ROUND_COLUMNS))
    return pandas.concat(parts, ignore_index=True) if parts else empty


def _import_pandas() -> Any:
    try:
        import pandas
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        raise UsageError("data frames need pandas, which is not installed: pip install 'zoobench[pandas]'") from error
    return pandas


def _several(runs: Run | Sequence[Run]) -> Sequence[Run]:
    return (runs,) if isinstance(runs, Run) else runs


def _row(run: Run, cell: str) -> dict[str, Any]:
    record = run.records.get(cell)
    return {
        "run": run.name,
        "path": str(run.path),
        "measured": run.measured or None,
        "cell": cell,
        **_ids(record),
        **dict(_values(run, cell)),
        "machine": machine_name(run),
        **(_versions(record.environment) if record else {}),
    }


def _ids(record: Record | None) -> dict[str, Any]:
    if record is None:
        return {}
    cell = record.cell
    return {
        "backbone": cell.backbone,
        "variant": cell.variant,
        "runtime": cell.runtime,
        "threads": cell.threads,
        "image_size": cell.image_size,
        "weights": cell.weights,
        "dataset": record.dataset.name,
        "samples": record.dataset.samples,
        "model_sha256": record.model.sha256 if record.model else None,
        "kit_sha256": record.kit,
        "refused": record.refusal.reason if record.refusal else None,
    }


def _values(run: Run, cell: str) -> Iterator[tuple[str, float | None]]:
    record = run.records.get(cell)
    for key, metric in METRICS.items():
        low, high = (metric.interval(record) if record else None) or (None, None)
        yield key, value_of(run, cell, metric)
        yield f"{key}_low", low
        yield f"{key}_high", high


def _versions(environment: Any) -> dict[str, str]:
    """Returns Python's version and the libraries', by `version_<library>`."""
    libraries = environment.get("libraries")
    known = {"python": environment.get("python"), **(libraries if isinstance(libraries, dict) else {})}
    return {f"version_{name}": str(version) for name, version in known.items() if version is not None}
