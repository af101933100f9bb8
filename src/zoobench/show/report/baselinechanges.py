"""What changed against a baseline, metric by metric? It compares; the gate judges."""

from collections import Counter
from collections.abc import Sequence

from zoobench.judge.compare.comparison import CellComparison, Comparison
from zoobench.judge.evidence import Verdict
from zoobench.judge.metrics import METRICS, Metric
from zoobench.show.comparisontable import differing_grid, metric_grid, remark_lines, title_lines
from zoobench.show.report.contents import ChangedMetric, Changes, Sheet
from zoobench.system.units import exactly

_VERDICTS = (Verdict.REGRESSED, Verdict.IMPROVED, Verdict.UNCHANGED, Verdict.INCONCLUSIVE)


def changes_of(comparison: Comparison) -> Changes:
    """Returns what a comparison with a baseline shows."""
    return Changes(
        lead=(*title_lines(comparison), *_missing(comparison)),
        conditions=_conditions(comparison),
        metrics=tuple(one for metric in METRICS.values() if (one := _metric(metric, comparison.cells))),
        notes=(*remark_lines(comparison), "This compares; `zoobench gate` judges, by replaying both sides."),
    )


def _missing(comparison: Comparison) -> tuple[str, ...]:
    """Returns the cells that one side lacks, a line for each side."""
    sides = (("the baseline", comparison.only_baseline), ("this run", comparison.only_candidate))
    return tuple(f"Only in {side} ({exactly(len(cells))}): {', '.join(cells)}." for side, cells in sides if cells)


def _conditions(comparison: Comparison) -> Sheet | None:
    grid = differing_grid(comparison)
    return Sheet(caption="Conditions that differ", grid=grid) if grid.rows else None


def _metric(metric: Metric, cells: Sequence[CellComparison]) -> ChangedMetric | None:
    grid = metric_grid(metric, cells)
    if not grid.rows:
        return None
    judged = Counter(cell[metric.key].verdict for cell in cells)
    told = ", ".join(f"{judged[one]} {one}" for one in _VERDICTS if judged[one])
    return ChangedMetric(
        told=told or "not judged",
        moved=bool(judged[Verdict.REGRESSED] or judged[Verdict.IMPROVED]),
        sheet=Sheet(caption=metric.head, grid=grid),
    )
