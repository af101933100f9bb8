"""One benchmark session: holds what is open, has cells measured, keeps their records and answers."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from typing import Any

from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix.cell import Cell, libraries_of
from zoobench.matrix.interface import Interface
from zoobench.matrix.runtimes import REFERENCE, TABLE, find_runtime
from zoobench.measure.accuracy import (
    Evaluation,
    measure_accuracy,
    recorded_accuracy,
)
from zoobench.measure.disturbance import Mark, crowding, mark
from zoobench.measure.environment import (
    ROOT,
    describe_environment,
    quota_cores,
    usable_cpus,
)
from zoobench.measure.latency import measure_latency
from zoobench.measure.runtimes import imported_meanwhile
from zoobench.measure.startup import measure_memory
from zoobench.measure.target import ModelFile, Target, measure_size, violations_of
from zoobench.results.conditions import machine_key
from zoobench.results.disturbed import busy, judged
from zoobench.results.file import BLOCK
from zoobench.results.schema import (
    SCHEMA,
    Record,
    RecordedAccuracy,
    RecordedCell,
    RecordedLatency,
    RecordedMemory,
    RecordedModel,
    Refusal,
    to_json,
)
from zoobench.run.inputs import Inputs, open_inputs
from zoobench.run.plan import Plan
from zoobench.run.trials import needs_trial, obtain_evaluation, obtain_refusal
from zoobench.system.processes import LostError
from zoobench.system.units import duration


class BenchSession:
    """Has made, measures and remembers; every model, evaluation and record at most once."""

    def __init__(self, plan: Plan, *, open_inputs: Callable[[Plan, Sequence[Cell]], Inputs] = open_inputs) -> None:
        self.plan = plan
        self.records: dict[str, Record] = {}
        self._open_inputs = open_inputs
        self._inputs: Inputs | None = None
        self._evaluations: dict[tuple[str, str, int, Interface | None], Evaluation] = {}
        self._tried: dict[str, Refusal | None] = {}
        self._begun: dict[str, float] = {}
        self._lost: dict[tuple[str, str], Refusal] = {}

    @cached_property
    def environment(self) -> dict[str, Any]:
        """The machine and its libraries."""
        return describe_environment(libraries=libraries_of(self.plan.cells))

    @property
    def machine(self) -> str:
        """The name under which results are kept."""
        return self.plan.machine or machine_key(self.environment)

    def cell(self, cell_id: str) -> Cell:
        """Returns the cell of an id."""
        return next(cell for cell in self.plan.cells if cell.id == cell_id)

    def prepare(self, cells: Sequence[Cell], *, timed: Sequence[Cell] = ()) -> tuple[str, ...]:
        """Opens the data and finds the weights for these cells; returns what a reader should know of them.

        TensorFlow, which takes seconds to import, is imported meanwhile if the rounds that this process times need it.
        """
        names = dict.fromkeys(cell.runtime for cell in timed if cell.runtime in TABLE.names())
        before = mark()
        with imported_meanwhile(name for name in names if find_runtime(name).fixes_threads):
            self._inputs = self._open_inputs(self.plan, cells)
        return (*self._inputs.described(), *(_busy(timed, before) if timed else ()))

    @property
    def inputs(self) -> Inputs:
        """The run's samples and model files; UsageError before `prepare`."""
        if self._inputs is None:
            raise UsageError("there are neither data nor models yet; call prepare() first")
        return self._inputs

    def provenance(self) -> dict[str, Any]:
        """Returns what a later rebuild or replay needs to know of this run, as plain JSON."""
        known = {"machine": self.machine, "options": dict(self.plan.options)}
        known |= {"measuring": dict(self.plan.measuring)} if self.plan.measuring else {}
        if self._inputs is None:
            return known
        made = [self.model(self.cell(one.cell.id)) for one in self.records.values() if one.model]
        products = {} if self._inputs.kit else {"products": {file.sha256: file.product for file in made}}
        return {**known, **self._inputs.provenance, **products}

    def begin(self, cell: Cell) -> str:
        """Returns how many cells are done and how long the others may take, where this one begins; '' anywhere else."""
        if cell.id in self._begun:
            return ""
        self._begun[cell.id] = now = time.monotonic()
        done, cells = len(self._begun) - 1, len(self.inputs.cells)
        if not 0 < done < cells:
            return ""
        left = duration((now - min(self._begun.values())) / done * (cells - done))
        return f"cell {done + 1} of {cells}, {left} left if they take as long"

    def unavailable_reason(self, cell: Cell) -> str:
        """Returns why a cell cannot be measured in this process, '' if it can."""
        if reason := self.inputs.unavailable_reason(cell):
            return reason
        here = [one for one in self.inputs.cells if one.id not in self.inputs.unknown]
        fixed = (one.threads for one in here if find_runtime(one.runtime).fixes_threads)
        first = next(fixed, cell.threads)
        if not find_runtime(cell.runtime).fixes_threads or cell.threads == first:
            return ""
        return (
            f"TensorFlow fixes its threads once per process, here at {first}; "
            f"measure this cell by a run of its own: --zoo-threads {cell.threads}"
        )

    def model(self, cell: Cell) -> ModelFile:
        """Returns a cell's file, made if need be; ModelError if it cannot be."""
        return self.inputs.target(cell).file

    def is_made(self, cell: Cell) -> bool:
        """Tells whether there is a file, whatever its runtime thinks of it."""
        return self.inputs.is_made(cell)

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why a quantizer does not make a cell's file or the runtime does not take it, and records it."""
        refusal = self._refused_by_any(cell)
        if refusal:
            self.records[cell.id] = replace(self._record(cell), refusal=refusal)
        return refusal

    def references(self, cell: Cell) -> tuple[Cell | None, Cell | None]:
        """Returns the float twin of a cell (itself if it has none) and the cell of its file on the reference runtime.

        A float32 file that the cell's own runtime refuses is run by the reference; where that refuses it too there is
        nothing to compare with, nor is there another runtime of a file that the reference refuses.
        """
        twin, reference = cell.float_twin, cell.reference
        if self._refused_by_any(twin):
            twin = replace(twin, runtime=REFERENCE)
        return (
            None if self._refused_by_any(twin) else twin,
            None if reference and self._refused_by_any(reference) else reference,
        )

    def measure_size(self, cell: Cell) -> RecordedModel:
        """Returns a file's size with its float twin's; ModelError if there is no file."""
        target = self.inputs.target(cell)
        self._record(cell)
        return self._size(target)

    def violations(self, cell: Cell) -> str:
        """Returns where a cell's file violates its variant's spec, both sides shown; nothing where it does not."""
        return violations_of(self.inputs.target(cell))

    def measure_accuracy(self, cell: Cell) -> RecordedAccuracy:
        """Evaluates a cell and its float twin on the test split; MeasurementError if the runtime refuses the file."""
        target = self._runnable(cell)
        twin, other = self.references(cell)
        # runtimes that answer in batches do so by the same graph: only answers one by one are their own
        is_own = self.plan.workers == 1 or not find_runtime(cell.runtime).answers_in_batches
        of_other = self._evaluation_of_other(other) if other and is_own else None
        reference = (other.id, of_other) if other and of_other else None
        evaluation = self._evaluation(target)
        of_twin = self._evaluation_of_other(twin) if twin and cell.has_float_twin else None
        accuracy = recorded_accuracy(evaluation, twin=of_twin, reference=reference)
        self.records[cell.id] = replace(self._record(cell), accuracy=accuracy)
        return accuracy

    def measure_latency(self, cell: Cell, benchmark: Any) -> RecordedLatency | None:
        """Times a cell's rounds on pytest-benchmark's clock, those of its float twin and of its reference in between.

        Args:
            cell: What to time.
            benchmark: The fixture of pytest-benchmark; under `--benchmark-disable` each target runs once, and None is
                returned.
        """
        target = self._runnable(cell)
        twin, other = self.references(cell)
        others = [self.inputs.target(one) for one in (twin or cell, other) if one]
        latency = measure_latency(target, *others, benchmark=benchmark, rounds=self.plan.rounds[cell.runtime])
        record = self._record(cell)
        if latency is None:
            return None
        if not twin or not cell.has_float_twin:
            latency = replace(latency, speedup_over_float=None)
        if latency.disturbance:
            disturbance = judged(latency.disturbance, threads=cell.threads, governor=self.environment["governor"])
            latency = replace(latency, disturbance=disturbance)
        self.records[cell.id] = replace(record, latency=latency)
        benchmark.extra_info[BLOCK] = to_json(self.records[cell.id])
        return latency

    def measure_memory(self, cell: Cell) -> RecordedMemory | None:
        """Has fresh processes open a cell's file and run it; records their memory and how long they took to start.

        None is returned where the system does not tell a process's memory.
        """
        target = self._runnable(cell)
        number = self.plan.processes or find_runtime(cell.runtime).processes
        startup, memory = measure_memory(target, processes=number)
        self.records[cell.id] = replace(self._record(cell), startup=startup, memory=memory)
        return memory

    def _runnable(self, cell: Cell) -> Target:
        if refusal := self.refusal(cell):
            raise MeasurementError(f"{refusal.by} refuses {cell.variant} of {cell.backbone}: {refusal.reason}")
        return self.inputs.target(cell)

    def is_expected(self, refusal: Refusal) -> bool:
        """Tells whether it was known that a runtime does not take a file, or it is none that has to take it."""
        lost = [*self._lost.values(), *(one for one in self._tried.values() if one and one.by == REFERENCE)]
        return refusal not in lost

    def _refused_by_any(self, cell: Cell) -> Refusal | None:
        if refusal := self.inputs.refusal(cell):
            return refusal
        if refusal := self._lost.get((self.model(cell).sha256, cell.runtime)):
            return refusal
        if not needs_trial(cell):
            return None
        if cell.id not in self._tried:
            target = self.inputs.target(cell)
            self._tried[cell.id] = obtain_refusal(self.plan.artifacts, target, environment=self.environment)
        return self._tried[cell.id]

    def _evaluation(self, target: Target) -> Evaluation:
        """Returns a cell's evaluation from the store; with one worker every invocation is timed, so it is made anew."""
        cell, workers = target.cell, self.plan.workers
        key = (target.file.sha256, cell.runtime, cell.threads if workers == 1 else 0, target.file.interface)
        if key not in self._evaluations:
            try:
                self._evaluations[key] = self._evaluated(target)
            except LostError as error:  # so it is never opened in this process, which times rounds
                self._lost[target.file.sha256, cell.runtime] = Refusal(by=cell.runtime, reason=str(error))
                raise
        return self._evaluations[key]

    def _evaluated(self, target: Target) -> Evaluation:
        workers = self.plan.workers
        if workers == 1:
            return measure_accuracy(target, workers=1)
        samples = self.inputs.split(target.cell).identity
        return obtain_evaluation(
            self.plan.artifacts, target, samples=samples, workers=workers, environment=self.environment
        )

    def _evaluation_of_other(self, cell: Cell) -> Evaluation | None:
        """Returns what a cell is compared with; None where that does not run, which is its own cell's concern."""
        try:
            return self._evaluation(self.inputs.target(cell))
        except LostError:
            return None

    def _size(self, target: Target) -> RecordedModel:
        cell = target.cell
        return measure_size(target, twin=self.inputs.target(cell.float_twin) if cell.has_float_twin else None)

    def _record(self, cell: Cell) -> Record:
        if cell.id not in self.records:
            target = self.inputs.target(cell) if self.is_made(cell) else None
            self.records[cell.id] = replace(
                self.expected(cell),
                model=self._size(target) if target else None,
                training=target.file.training if target else None,
            )
        return self.records[cell.id]

    def expected(self, cell: Cell) -> Record:
        """Returns what is known of a cell before it is made and measured: its data, its weights and the machine."""
        return Record(
            schema=SCHEMA,
            cell=RecordedCell(id=cell.id, **asdict(cell), weights=self.inputs.weights[cell.backbone]),
            model=None,
            dataset=self.inputs.split(cell).dataset,
            accuracy=None,
            latency=None,
            environment=self.environment,
            kit=self.inputs.kit,
        )


def _busy(timed: Sequence[Cell], before: Mark) -> list[str]:
    """Returns what to say of other processes since a moment, and of the quota."""
    time.sleep(max(0.0, LOOK_SECONDS - (mark()[0] - before[0])))
    threads, cpus = max(cell.threads for cell in timed), len(usable_cpus())
    return busy(crowding(before, mark()), threads=threads, cpus=cpus, quota=quota_cores(ROOT))


LOOK_SECONDS = 0.3
"""The least time in which other processes are counted before a run: 30 of the ticks that CPU time is counted in."""
