"""What do results files know of each cell of each machine, and how far from it may the next process find a time?

Cells are gathered from all runs, each once. How far times spread is learned from this machine, or a measured default.

Rounds of one process are not independent replicates of what the next process finds, so that a limit which 200 rounds
hold by a hair is held by every second process at best. All are standard deviations of natural logarithms of one
process's percentile around the machine's typical process, the one in the middle of many.

The defaults come from the measured bounds `TIME_NOISE` and others. These are of the difference between two processes,
whose spread is sqrt(2) times that of one, and about 1 pair in 100 is beyond them, so that they are 2.576 standard
deviations of it. For LiteRT that is ln(1.2) / (2.576 sqrt(2)) = 0.050. The consecutive runs behind the bound agree:
their medians moved by more than 5 % in 43 % and by more than 10 % in 13 % of pairs, which a normal spread of 0.045
gives.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtrit

from zoobench.errors import ResultsError
from zoobench.judge.gate.noise import LEAST_RUNS, Noise
from zoobench.judge.metrics import KERAS, KERAS_NOISE, MEMORY, METRICS, TIME_NOISE
from zoobench.judge.readings import TAIL, CellTiming, timing_of
from zoobench.results.answers import decode
from zoobench.results.conditions import check_same_subject, conditions, machine_name, machine_of
from zoobench.results.run import Run, Side
from zoobench.results.schema import Record, RecordedAccuracy, RecordedCell, Refusal
from zoobench.system.units import percent, short_hash

MOST_SLOWED = 3.0
"""How many times as long disturbed rounds may take: half the time spent waiting was measured to double the median."""
_FLOAT = "float32"
_UNTIMED = CellTiming()
_OF_CELLS = frozenset({"threads", "runtime", "weights", "image size", "kit"})
"""Conditions in which cells of one run differ."""
_BEYOND = 0.01
"""Share of pairs of processes that are beyond the bound."""
_OF_BOUND = -float(ndtri(_BEYOND / 2)) * math.sqrt(2)
NODES = 2001
"""Equally probable deviations over which is averaged: more than enough for three digits of a probability."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """How a cell answered the test samples.

    Attributes:
        right: [n] Whether each was right.
        truth: [n] The right answers, which are the same for all cells that can be compared.
    """

    right: npt.NDArray[np.bool_]
    truth: tuple[int, ...]

    @property
    def correct(self) -> int:
        """How many were right."""
        return int(self.right.sum())

    @property
    def total(self) -> int:
        """How many there were."""
        return len(self.right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What fresh processes observed of a metric: each one's value, of all runs, and how many runs those are of."""

    values: tuple[float, ...]
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCell:
    """One cell on one machine; what was not measured is None or empty.

    Attributes:
        cell: Which.
        timing: Each process that timed it.
        answered: Of the last run that tested it.
        size_bytes: Of its file.
        observed: What fresh processes observed, by the key of each metric that they tell.
        refusal: Why it cannot be.
    """

    cell: RecordedCell
    timing: CellTiming = _UNTIMED
    answered: Answered | None = None
    size_bytes: int | None = None
    observed: Mapping[str, Observed] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def top1(self) -> float | None:
        """Share of right answers."""
        return self.answered.correct / self.answered.total if self.answered else None

    @property
    def peak_bytes(self) -> float | None:
        """Median of the processes."""
        return self.middle(MEMORY.key)

    def middle(self, metric: str) -> float | None:
        """Returns the median of what fresh processes observed of a metric."""
        return median(self.observed[metric].values) if metric in self.observed else None


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMachine:
    """All that one machine's results say.

    Attributes:
        name: Device or CPU, and cores.
        files: Where it was read.
        cells: By id.
        notes: What a reader must know.
    """

    name: str
    files: tuple[str, ...]
    cells: Mapping[str, KnownCell]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How much processes differ.

    Attributes:
        between_process_sd: Standard deviation of a process's log median.
        source: Where that is known from.
        freedom: Degrees of freedom of the estimate; None where it is taken as exact.
    """

    between_process_sd: float
    source: str
    freedom: int | None = None

    @property
    def summary(self) -> str:
        """For people."""
        return f"processes differ by {percent(self.between_process_sd)} % (standard deviation), {self.source}"

    def of_tail(self) -> "Spread":
        """Returns that of the 90th percentile where this is the median's."""
        return replace(self, between_process_sd=TAIL * self.between_process_sd)

    def shifts(self) -> npt.NDArray[np.float64]:
        """Returns `NODES` equally probable deviations of a process's log percentile, by the midpoints of quantiles.

        Normal ones, or Student's t where the spread is itself an estimate. Midpoints rather than Gauss-Hermite nodes,
        since what is averaged over them is made of steps, one for each round.
        """
        shares = (np.arange(NODES) + 0.5) / NODES
        quantiles = ndtri(shares) if self.freedom is None else stdtrit(self.freedom, shares)
        return np.asarray(self.between_process_sd * quantiles, np.float64)


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
    machines: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.records:
            machines.setdefault(machine_of(run), []).append(run)
    if not machines:
        names = ", ".join(str(run.path) for run in runs)
        raise ResultsError(f"no cell to choose from in {names}; name results files of `pytest bench/` with zoobench")
    return tuple(map(_machine, machines.values()))


def newly_wrong_and_right(reference: Answered, cell: Answered) -> tuple[int, int]:
    """Returns how many samples only the reference has right, and how many only the cell."""
    return int((reference.right & ~cell.right).sum()), int((cell.right & ~reference.right).sum())


def find_float_file(cell: KnownCell, cells: Mapping[str, KnownCell]) -> KnownCell | None:
    """Returns the float32 cell that a quantization loses top-1 against, None where none answered the same samples.

    It is that of the same backbone, image size and weights: of the same runtime if there is one, else LiteRT's, else
    the first; a float32 cell is its own, and loses nothing.
    """
    return _nearest(cell, [one for one in _floats(cell, cells) if _network(one) == _network(cell)])


def find_best_float_file(cell: KnownCell, cells: Mapping[str, KnownCell]) -> KnownCell | None:
    """Returns the float32 cell of the most accurate backbone, None where none answered the same samples.

    Of several of that backbone it is the one that `find_float_file` would take; of backbones that are right equally
    often, the cell's own. Random weights are no reference.
    """
    floats = [one for one in _floats(cell, cells) if not one.cell.has_random_weights]
    best = max(floats, key=lambda one: (one.top1 or 0.0, _network(one) == _network(cell)), default=None)
    return _nearest(cell, [one for one in floats if best and _network(one) == _network(best)])


def default_sd(bound: float) -> float:
    """Returns the standard deviation of one process where two differ by at most `bound`, but for 1 pair in 100."""
    return math.log1p(bound) / _OF_BOUND


def spread_of(cell: RecordedCell, noise: Noise | None) -> Spread:
    """Returns how much processes that time a cell differ.

    Args:
        cell: Which.
        noise: What `zoobench noise` learned of the machine, None where nothing is known.
    """
    learned = noise.cells.get(cell.id) if noise else None
    if noise and learned and learned.runs >= LEAST_RUNS and learned.run_scatter > 0:
        source = f"as {learned.runs} runs of this cell on {noise.machine} did (zoobench noise)"
        return Spread(between_process_sd=learned.run_scatter, freedom=learned.runs - 1, source=source)
    if cell.runtime in KERAS:
        return Spread(between_process_sd=default_sd(KERAS_NOISE), source="the default for Keras")
    return Spread(between_process_sd=default_sd(TIME_NOISE), source="the default")


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
    tested = [record.accuracy for record in records if record.accuracy]
    models = [record.model for record in records if record.model]
    return KnownCell(
        cell=records[-1].cell,
        timing=timing_of(runs, name),
        answered=_answered(tested[-1]) if tested else None,
        size_bytes=models[-1].size_bytes if models else None,
        observed=_observed(records),
        refusal=records[-1].refusal,
    )


def _observed(records: Sequence[Record]) -> dict[str, Observed]:
    """Returns what fresh processes observed; a run that a baseline was saved of counts once."""
    found = {}
    for key, metric in METRICS.items():
        if metric.test == "processes":
            runs = dict.fromkeys(values for record in records if (values := tuple(metric.read(record))))
            found[key] = Observed(values=tuple(value for values in runs for value in values), runs=len(runs))
    return {key: one for key, one in found.items() if one.runs}


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


def _answered(accuracy: RecordedAccuracy) -> Answered:
    truth = decode(accuracy.predictions.truth)
    return Answered(right=np.array(decode(accuracy.predictions.classes)) == np.array(truth), truth=truth)


def _floats(cell: KnownCell, cells: Mapping[str, KnownCell]) -> list[KnownCell]:
    """Returns the float32 cells that answered the samples that a cell did."""
    answered = cell.answered
    return [
        one
        for one in cells.values()
        if one.cell.variant == _FLOAT and one.answered and answered and one.answered.truth == answered.truth
    ]


def _network(cell: KnownCell) -> tuple[str, int, str]:
    return cell.cell.backbone, cell.cell.image_size, cell.cell.weights


def _nearest(cell: KnownCell, floats: Sequence[KnownCell]) -> KnownCell | None:
    if any(one is cell for one in floats):
        return cell
    return min(floats, key=lambda one: _distance(one, cell), default=None)


def _distance(one: KnownCell, cell: KnownCell) -> tuple[bool, bool, bool, str]:
    ours, theirs = one.cell, cell.cell
    return (ours.runtime != theirs.runtime, ours.runtime != "litert", ours.threads != theirs.threads, ours.id)
