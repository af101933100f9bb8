"""How do runs become data frames, a row for each cell or for each round? pandas is imported here alone, when asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from zoobench.errors import UsageError
from zoobench.judge.evidence import value_of
from zoobench.judge.metrics import METRICS
from zoobench.results.conditions import machine_name
from zoobench.results.run import Run

if TYPE_CHECKING:
    import pandas as pd

_OF_CELL = ("backbone", "variant", "runtime", "threads", "image_size", "weights")


def frame(runs: Run | Sequence[Run]) -> pd.DataFrame:
    """Returns one row for each cell of each run that `zoobench.load` gave.

    Each metric of `docs/results.md` is a column in the unit of data, with its 95 % interval in `<metric>_low` and
    `<metric>_high`; what was not measured is NaN or None. Of a benchmark that is not zoobench's only times are known.

    Raises:
        UsageError: If pandas is not installed.
    """
    found: pd.DataFrame = _pandas().DataFrame([_row(run, cell) for run in _several(runs) for cell in run.ids])
    return found


def rounds(runs: Run | Sequence[Run]) -> pd.DataFrame:
    """Returns one row for each timed round of each run: `run`, `cell`, `round` from 0 and `seconds`.

    Runs whose files hold no rounds, as baselines, have no rows.

    Raises:
        UsageError: If pandas is not installed.
    """
    pandas = _pandas()
    parts = [
        pandas.DataFrame({"run": run.name, "cell": cell, "round": range(len(one.rounds)), "seconds": one.rounds})
        for run in _several(runs)
        for cell, one in run.rounds.items()
        if one.rounds
    ]
    empty: pd.DataFrame = pandas.DataFrame(columns=["run", "cell", "round", "seconds"])
    return pandas.concat(parts, ignore_index=True) if parts else empty


def _pandas() -> Any:
    try:
        import pandas
    except ModuleNotFoundError as error:
        if error.name != "pandas":
            raise
        raise UsageError("data frames need pandas, which is not installed: pip install pandas") from error
    return pandas


def _several(runs: Run | Sequence[Run]) -> Sequence[Run]:
    return (runs,) if isinstance(runs, Run) else runs


def _row(run: Run, cell: str) -> dict[str, Any]:
    record = run.records.get(cell)
    known: dict[str, Any] = {"run": run.name, "path": str(run.path), "measured": run.measured or None, "cell": cell}
    if record:
        known |= {name: getattr(record.cell, name) for name in _OF_CELL} | {
            "dataset": record.dataset.name,
            "samples": record.dataset.samples,
            "model_sha256": record.model.sha256 if record.model else None,
            "kit_sha256": record.kit,
            "refused": record.refusal.reason if record.refusal else None,
        }
    for key, metric in METRICS.items():
        low, high = (metric.interval(record) if record else None) or (None, None)
        known |= {key: value_of(run, cell, metric), f"{key}_low": low, f"{key}_high": high}
    return known | {"machine": machine_name(run)} | (_versions(record.environment) if record else {})


def _versions(environment: Any) -> dict[str, str]:
    libraries = environment.get("libraries")
    known = {"python": environment.get("python"), **(libraries if isinstance(libraries, dict) else {})}
    return {f"version_{name}": str(version) for name, version in known.items() if version is not None}
