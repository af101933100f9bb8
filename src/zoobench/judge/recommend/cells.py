"""What do results files know of each cell of each machine? Cells are gathered from all runs, each once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain, pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from zoobench.errors import ResultsError
from zoobench.judge.metrics import METRICS
from zoobench.judge.readings import (
    CellTiming,
    LogReading,
    p50_reading,
    p90_reading,
    processes_reading,
    slowness_reading,
    timing_of,
)
from zoobench.judge.recommend.limits import P50, P90, SIZE, SPEEDUP, TOP1
from zoobench.matrix.interface import ImageSize
from zoobench.results.answers import Answers, answers_of
from zoobench.results.conditions import check_same_subject, conditions, machine_name, machine_of
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record, RecordedCell, Refusal
from zoobench.stats.paired import PairedAnswers
from zoobench.system.units import short_hash

MOST_SLOWED = 3.0
"""How many times as long disturbed rounds may take: half the time spent waiting was measured to double the median."""
_FLOAT = "float32"
_UNTIMED = CellTiming()
_Network = tuple[str, ImageSize, str]
"""Backbone, image size and weights."""
_OF_CELLS = frozenset({"threads", "runtime", "weights", "image size", "kit"})
"""Conditions in which cells of one run differ."""


@dataclass(frozen=True, kw_only=True)
class KnownCell:
    """One cell on one machine; what was not measured is None or empty.

    Attributes:
        recorded: Which.
        timing: Each process that timed it.
        answered: Of the last run that tested it.
        observed: What fresh processes observed, by the key of each metric that they tell: of each run their values.
        refusal: Why it cannot be.
    """

    recorded: RecordedCell
    timing: CellTiming = _UNTIMED
    answered: Answers | None = None
    size_bytes: int | None = None
    observed: Mapping[str, tuple[tuple[float, ...], ...]] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def id(self) -> str:
        """The key of the cell."""
        return self.recorded.id

    @property
    def has_random_weights(self) -> bool:
        """Whether its top-1 means nothing."""
        return self.recorded.has_random_weights

    @cached_property
    def right(self) -> npt.NDArray[np.bool_]:
        """[n] Whether each answer was right; empty where none was tested."""
        found = self.answered
        return np.equal(found.predicted, found.truth) if found else np.empty(0, np.bool_)

    @property
    def top1(self) -> float | None:
        """Share of right answers; of random weights it means nothing."""
        return int(self.right.sum()) / len(self.right) if len(self.right) else None

    def pooled(self, metric: str) -> list[float]:
        """Returns what the fresh processes of all runs observed of a metric."""
        return list(chain.from_iterable(self.observed.get(metric, ())))

    def middle(self, metric: str) -> float | None:
        """Returns the median of what fresh processes observed of a metric."""
        values = self.pooled(metric)
        return median(values) if values else None

    @cached_property
    def readings(self) -> dict[str, LogReading]:
        """Logarithms with their errors, by metric, lower is better: of a speed-up that of its inverse."""
        timing, runtime = self.timing, self.recorded.runtime
        found = {
            P50: p50_reading(timing, runtime=runtime),
            P90: p90_reading(timing, runtime=runtime),
            SPEEDUP: slowness_reading(timing, runtime=runtime),
            **{key: processes_reading(self.pooled(key), noise=METRICS[key].noise) for key in self.observed},
        }
        return {key: reading for key, reading in found.items() if reading is not None}

    @cached_property
    def values(self) -> dict[str, float]:
        """What it is ordered by, by metric, lower is better: logarithms, bytes, and top-1 with a minus.

        Top-1 of random weights is none.
        """
        found = {key: reading.point for key, reading in self.readings.items()}
        if self.size_bytes is not None:
            found[SIZE] = float(self.size_bytes)
        if self.top1 is not None and not self.has_random_weights:
            found[TOP1] = -self.top1
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMachine:
    """All that one machine's results say."""

    name: str
    files: tuple[str, ...]
    cells: Mapping[str, KnownCell]
    notes: tuple[str, ...] = ()


def by_machine(sides: Sequence[Side]) -> tuple[KnownMachine, ...]:
    """Returns what is known of each machine; several files of one machine are several runs there.

    A run that is given twice, as its file and as the baseline that was saved of it, counts once.

    Raises:
        ResultsError: If the cells were not all tested on the same samples, one cell was measured with different files
            on one machine, or nothing is of zoobench.
    """
    check_same_subject(sides)
    runs = list({run.path.resolve(): run for side in sides for run in side.runs}.values())
    _check_samples(runs)
    machines: dict[tuple[str, str, str], list[Run]] = {}
    for run in runs:
        if run.records:
            machines.setdefault(machine_of(run), []).append(run)
    if not machines:
        names = ", ".join(str(run.path) for run in runs)
        raise ResultsError(f"no cell to choose from in {names}; name results files of `pytest bench/` with zoobench")
    return tuple(map(_machine, machines.values()))


def _check_samples(runs: Sequence[Run]) -> None:
    """Refuses cells that were tested on different samples: their top-1 cannot be weighed against each other."""
    seen = {
        (record.dataset.sha256, record.dataset.samples): (run.path, record)
        for run in reversed(runs)
        for record in reversed(list(run.records.values()))
    }
    for (path, one), (other_path, other) in pairwise(seen.values()):
        raise ResultsError(
            f"cells of different test samples are no choice: {one.cell.id} in {path} was measured on {_samples(one)}, "
            f"{other.cell.id} in {other_path} on {_samples(other)}; name results of one data set"
        )


def _samples(record: Record) -> str:
    data = record.dataset
    return f"{data.samples} of {data.name!r} ({short_hash(data.sha256)})"


def _machine(runs: Sequence[Run]) -> KnownMachine:
    ids = dict.fromkeys(cell for run in runs for cell in run.records)
    cells = {cell: _cell([run for run in runs if cell in run.records], cell) for cell in ids}
    return KnownMachine(
        name=machine_name(runs[0]),
        files=tuple(str(run.path) for run in runs),
        cells=cells,
        notes=tuple(_notes(runs, cells.values())),
    )


def _notes(runs: Sequence[Run], cells: Iterable[KnownCell]) -> Iterator[str]:
    known = conditions(Side(name="", runs=tuple(runs)))
    names = [name for name, values in known.items() if len(values) > 1 and name not in _OF_CELLS]
    if names:
        yield f"The runs differ in {', '.join(names)}: what comes of that counts as spread between processes."
    others = len({name for run in runs for name in run.rounds if name not in run.records})
    if others:
        yield f"{others} benchmarks that are not zoobench's are left out."
    set_aside = sum(cell.timing.set_aside > 0 for cell in cells)
    if set_aside:
        yield f"Disturbed runs of {set_aside} cells are set aside, as these have undisturbed ones."


def _cell(runs: Sequence[Run], name: str) -> KnownCell:
    records = [run.records[name] for run in runs]
    _check_one_file(runs, name)
    models = [record.model for record in records if record.model]
    return KnownCell(
        recorded=records[-1].cell,
        timing=timing_of(runs, name),
        answered=next(filter(None, map(answers_of, reversed(records))), None),
        size_bytes=models[-1].size_bytes if models else None,
        observed=_observed(records),
        refusal=records[-1].refusal,
    )


def _check_one_file(runs: Sequence[Run], name: str) -> None:
    """Refuses different files under one name: it would not be clear which of them the recommendation is about."""
    measured = [(run.path, run.records[name]) for run in runs]
    files = {
        (one.model.sha256, one.cell.image_size, one.cell.weights): path for path, one in reversed(measured) if one.model
    }
    for (one, path), (other, other_path) in pairwise(files.items()):
        raise ResultsError(
            f"{name} is not the same model file everywhere: {short_hash(one[0])} in {path}, "
            f"{short_hash(other[0])} in {other_path} (SHA-256); name only the results of the one that may be shipped"
        )


def _observed(records: Sequence[Record]) -> dict[str, tuple[tuple[float, ...], ...]]:
    found = {
        key: tuple(dict.fromkeys(values for record in records if (values := tuple(metric.read(record)))))
        for key, metric in METRICS.items()
        if metric.test == "processes"
    }
    return {key: runs for key, runs in found.items() if runs}


def paired_answers(reference: KnownCell, cell: KnownCell) -> PairedAnswers | None:
    """Returns how a reference and a cell answered the same samples, None where they did not."""
    if not reference.answered or not cell.answered or reference.answered.truth != cell.answered.truth:
        return None
    base, new = reference.right, cell.right
    return PairedAnswers(
        both=int((base & new).sum()),
        newly_wrong=int((base & ~new).sum()),
        newly_right=int((new & ~base).sum()),
        neither=int((~base & ~new).sum()),
    )


class FloatFiles:
    """The float32 cells among some, found for each cell without a look at all of them."""

    def __init__(self, cells: Iterable[KnownCell]) -> None:
        floats = [one for one in cells if one.recorded.variant == _FLOAT and one.answered]
        self._nearest: dict[tuple[object, ...], KnownCell] = {}
        for one in sorted(floats, key=lambda one: one.id):
            for runtime in (one.recorded.runtime, None):
                for threads in (one.recorded.threads, None):
                    self._nearest.setdefault((_truth(one), _network(one), runtime, threads), one)
        self._best: dict[object, dict[_Network, None]] = {}
        tested: dict[object, list[KnownCell]] = {}
        for one in floats:
            if not one.has_random_weights:
                tested.setdefault(_truth(one), []).append(one)
        for truth, some in tested.items():
            most = max(one.top1 or 0.0 for one in some)
            self._best[truth] = dict.fromkeys(_network(one) for one in some if (one.top1 or 0.0) == most)

    def own(self, cell: KnownCell) -> KnownCell | None:
        """Returns the float32 cell that a quantization loses top-1 against, None where none answered the same samples.

        It is that of the same backbone, image size and weights: of the same runtime if there is one, else LiteRT's,
        else the first; a float32 cell is its own, and loses nothing.
        """
        return self._find(cell, _network(cell))

    def best(self, cell: KnownCell) -> KnownCell | None:
        """Returns the float32 cell of the most accurate backbone, None where none answered the same samples.

        Of several of that backbone it is the one that `own` would take; of backbones that are right equally often, the
        cell's own. Random weights are no reference.
        """
        best = self._best.get(_truth(cell))
        if not best:
            return None
        return self._find(cell, _network(cell) if _network(cell) in best else next(iter(best)))

    def _find(self, cell: KnownCell, network: _Network) -> KnownCell | None:
        ours = cell.recorded
        if ours.variant == _FLOAT and network == _network(cell):
            return cell if cell.answered else None
        for runtime in (ours.runtime, "litert", None):
            for threads in (ours.threads, None):
                if found := self._nearest.get((_truth(cell), network, runtime, threads)):
                    return found
        return None


def _truth(cell: KnownCell) -> tuple[int, ...] | None:
    return cell.answered.truth if cell.answered else None


def _network(cell: KnownCell) -> _Network:
    return cell.recorded.backbone, cell.recorded.image_size, cell.recorded.weights
