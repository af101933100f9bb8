"""One benchmark session: open data and models, measure cells, keep their records."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from typing import Any, cast

from zoobench.errors import MeasurementError, UsageError
from zoobench.matrix.cell import Cell
from zoobench.matrix.runtimes import REFERENCE, find_runtime
from zoobench.measure.accuracy import Evaluation, evaluate, recorded_accuracy
from zoobench.measure.disturbance import Sampler
from zoobench.measure.environment import describe_environment, machine_key
from zoobench.measure.latency import WARMUP_ROUNDS, Interleaving, Latency, opened, recorded_latency
from zoobench.measure.runtimes import OpenSession, open_answering_session, open_session, threads_reported
from zoobench.measure.startup import Beginner, observe_starts, recorded_memory, recorded_startup, usual_processes
from zoobench.results.disturbed import judged
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
from zoobench.run import extensions
from zoobench.run.evaluated import Subject, evaluation_of, obtain_evaluation
from zoobench.run.source import ModelFile, Request, Source
from zoobench.run.trials import Tried, needs_trial, obtain_refusal
from zoobench.system.processes import in_fresh_process
from zoobench.system.terminal import capture_native_output, progress

BATCH = 8
"""Images in one invocation where only the answers matter, of runtimes that answer in batches."""


class BenchSession:
    """Makes, measures and remembers; every model, evaluation and record at most once."""

    def __init__(self, plan: Request) -> None:
        self.plan = plan
        self.records: dict[str, Record] = {}
        self._source: Source | None = None
        self._evaluations: dict[tuple[str, str, int], Evaluation] = {}
        self._tried: dict[str, Refusal | None] = {}

    @cached_property
    def environment(self) -> dict[str, Any]:
        """The machine and its libraries."""
        return describe_environment(libraries=extensions.libraries(self.plan.cells))

    @property
    def machine(self) -> str:
        """The name under which results are kept."""
        return self.plan.machine or machine_key(self.environment)

    def cell(self, cell_id: str) -> Cell:
        """Returns the cell of an id."""
        return next(cell for cell in self.plan.cells if cell.id == cell_id)

    def prepare(self, cells: Sequence[Cell]) -> tuple[str, ...]:
        """Opens the data and finds the weights for these cells; returns what a reader should know of them.

        Raises:
            DataError: If images cannot be used.
            ModelError: If weights cannot be had.
        """
        self._source = self.plan.open_source(cells)
        return (*self.source.described(), *extensions.described(cells), *self._missing())

    def _missing(self) -> tuple[str, ...]:
        told = dict.fromkeys(filter(None, map(self._not_here, self.source.cells)))
        return tuple(f"skipped: {one}" for one in told)

    def _not_here(self, cell: Cell) -> str:
        """Returns what of a cell's variant and runtime is not installed here and how it is had, '' if all is."""
        if lacking := self.source.lacking(cell):
            return lacking
        runtime = find_runtime(cell.runtime)
        return runtime.unavailable_reason

    @property
    def source(self) -> Source:
        """The run's samples and model files.

        Raises:
            UsageError: Before `prepare`.
        """
        if self._source is None:
            raise UsageError("there are neither data nor models yet; call prepare() first")
        return self._source

    def provenance(self) -> dict[str, Any]:
        """Returns what a later rebuild or replay needs to know of this run, as plain JSON."""
        known = {"machine": self.machine, "options": dict(self.plan.options)}
        if self._source is None:
            return known
        made = [self.cell(one.cell.id) for one in self.records.values() if one.model]
        return {**known, **self._source.provenance(made)}

    def obstacle(self, cell: Cell) -> str | None:
        """Returns why a cell cannot be measured in this process, or None if it can."""
        if not_here := self._not_here(cell):
            return not_here
        runtime, here = find_runtime(cell.runtime), (one for one in self.source.cells if not self.source.lacking(one))
        fixed = (one.threads for one in here if find_runtime(one.runtime).fixes_threads)
        first = next(fixed, cell.threads)
        if not runtime.fixes_threads or cell.threads == first:
            return None
        return (
            f"TensorFlow fixes its threads once per process, here at {first}; "
            f"measure this cell by a run of its own: --zoo-threads {cell.threads}"
        )

    def model(self, cell: Cell) -> ModelFile:
        """Returns a cell's file; makes it, and the other variants of its backbone, in a process of its own if need be.

        Raises:
            ModelError: If it cannot be made.
        """
        return self.source.file(cell)

    def refusal(self, cell: Cell) -> Refusal | None:
        """Returns why a quantizer does not make a cell's file or the runtime does not take it, and records it."""
        refusal = self._refused_by_any(cell)
        if refusal:
            self.records[cell.id] = replace(self._record(cell), refusal=refusal)
        return refusal

    def held_against(self, cell: Cell) -> tuple[Cell, Cell | None]:
        """Returns the float twin of a cell and the cell of its file on the reference runtime.

        A float32 file that the cell's own runtime refuses is run by the reference; a file that the reference refuses
        has nothing to be held against.
        """
        twin, reference = cell.float_twin, cell.reference
        if self._refused_by_any(twin):
            twin = replace(twin, runtime=REFERENCE)
        return twin, None if reference and self._refused_by_any(reference) else reference

    def _refused_by_any(self, cell: Cell) -> Refusal | None:
        return self.source.refusal(cell) or self._refused(cell)

    def _refused(self, cell: Cell) -> Refusal | None:
        """Returns why a runtime that nobody has tried yet does not take a cell's file, or None if it does."""
        if not needs_trial(cell):
            return None
        if cell.id not in self._tried:
            model = self.model(cell)
            tried = Tried(
                cell=cell,
                path=model.path,
                model_sha256=model.sha256,
                samples=self.source.samples(cell),
                environment=self.environment,
            )
            self._tried[cell.id] = obtain_refusal(self.plan.artifacts / "evaluations", tried)
        return self._tried[cell.id]

    def measure_size(self, cell: Cell) -> RecordedModel:
        """Returns a file's size with its float twin's.

        Raises:
            ModelError: If there is no file.
        """
        self.source.file(cell)
        return cast(RecordedModel, self._record(cell).model)  # there is one where there is a file

    def violations(self, cell: Cell) -> str:
        """Returns where a cell's file is not what its variant promises, both sides shown; nothing where it is."""
        return self.source.violations(cell)

    def measure_accuracy(self, cell: Cell) -> RecordedAccuracy:
        """Evaluates a cell and its float twin on the whole test split and records it.

        Raises:
            MeasurementError: If the runtime does not take the file.
        """
        self._require_runnable(cell)
        twin, other = self.held_against(cell)
        # runtimes that answer in batches do so by the same graph: only answers one by one are their own
        is_own = self.plan.workers == 1 or not find_runtime(cell.runtime).answers_in_batches
        reference = (other.id, self._evaluation(other)) if other and is_own else None
        accuracy = recorded_accuracy(self._evaluation(cell), twin=self._evaluation(twin), reference=reference)
        self.records[cell.id] = replace(self._record(cell), accuracy=accuracy)
        return accuracy

    def measure_latency(self, cell: Cell, benchmark: Any) -> RecordedLatency | None:
        """Times a cell's rounds on pytest-benchmark's clock, those of its float twin and of its reference in between.

        Args:
            cell: What to time.
            benchmark: The fixture of pytest-benchmark.

        Returns:
            None under `--benchmark-disable`, where each target runs once and nothing is timed.

        Raises:
            MeasurementError: If the runtime does not take the file.
        """
        self._require_runnable(cell)
        samples, sampler = self.source.samples(cell), Sampler()
        float_twin, other = self.held_against(cell)
        with ExitStack() as stack:
            with capture_native_output():
                session, twin, *references = (
                    stack.enter_context(opened(self._opener(one, threads=one.threads), samples))
                    for one in (cell, float_twin, other)
                    if one
                )
                reference = references[0] if references else None
            rounds = Interleaving(cell=session, twin=twin, samples=samples, reference=reference)
            number = 1 if benchmark.disabled else self.plan.rounds[cell.runtime].number(rounds.warm_up(WARMUP_ROUNDS))
            rounds.sampler = sampler
            sampler.begin()
            benchmark.pedantic(rounds.invoke, setup=rounds.before, teardown=rounds.after, rounds=number)
            disturbance = judged(sampler.end(), threads=cell.threads, governor=self.environment["governor"])
        record = self._record(cell)
        if benchmark.stats is None:
            return None
        seconds = tuple(benchmark.stats.stats.data)
        # --benchmark-cprofile runs the target once more, and the twin perhaps with it
        observed = Latency(
            seconds=seconds,
            twin_seconds=tuple(rounds.twin_seconds[: len(seconds)]),
            reference_seconds=tuple(rounds.reference_seconds[: len(seconds)]) if reference else None,
            threads_reported=threads_reported(session),
        )
        ids = {"twin": float_twin.id, "reference": other.id if other else ""}
        latency = replace(recorded_latency(observed, **ids), disturbance=disturbance)
        self.records[cell.id] = replace(record, latency=latency)
        benchmark.extra_info[BLOCK] = to_json(self.records[cell.id])
        return latency

    def measure_memory(self, cell: Cell) -> RecordedMemory | None:
        """Has fresh processes open a cell's file and run it; records their memory and how long they took to start.

        Returns:
            None where the system does not tell a process's memory.

        Raises:
            MeasurementError: If the runtime does not take the file, or a process dies or hangs.
        """
        self._require_runnable(cell)
        processes = self.plan.processes or usual_processes(cell.runtime)
        with progress("Starting processes", total=processes) as advance:
            starts = observe_starts(self._beginner(cell), processes=processes, advance=advance)
        memory = recorded_memory(starts)
        self.records[cell.id] = replace(self._record(cell), startup=recorded_startup(starts), memory=memory)
        return memory

    def _beginner(self, cell: Cell) -> Beginner:
        samples = self.source.samples(cell)
        return Beginner(
            cell_id=cell.id,
            path=self.model(cell).path,
            runtime=cell.runtime,
            threads=cell.threads,
            pixels=samples.path,
            rows=samples.rows.tolist(),
        )

    def _require_runnable(self, cell: Cell) -> None:
        if refusal := self.refusal(cell):
            raise MeasurementError(f"{refusal.by} refuses {cell.variant} of {cell.backbone}: {refusal.reason}")

    def _opener(self, cell: Cell, *, threads: int) -> OpenSession:
        return partial(open_session, self.model(cell).path, runtime=cell.runtime, threads=threads)

    def _evaluation(self, cell: Cell) -> Evaluation:
        key = (self.model(cell).sha256, cell.runtime, cell.threads if self.plan.workers == 1 else 0)
        if key not in self._evaluations:
            self._evaluations[key] = self._evaluate(cell)
        return self._evaluations[key]

    def _evaluate(self, cell: Cell) -> Evaluation:
        """Returns a cell's evaluation from the store; with one worker every invocation is timed, so it is made anew."""
        if self.plan.workers == 1:
            return self._run_samples(cell)
        samples, in_batches = self.source.samples(cell), find_runtime(cell.runtime).answers_in_batches
        subject = Subject(
            cell=cell,
            model_sha256=self.model(cell).sha256,
            samples=self.source.sample_inputs(cell),
            threads=self.plan.workers if in_batches else 1,
            batch_size=BATCH if in_batches else 1,
            environment=self.environment,
        )
        root, run = self.plan.artifacts / "evaluations", partial(self._run_samples, cell)
        return obtain_evaluation(root, evaluation_of(subject), truth=samples.labels, evaluate=run)

    def _run_samples(self, cell: Cell) -> Evaluation:
        workers = self.plan.workers
        if not find_runtime(cell.runtime).answers_in_batches:
            opener = self._opener(cell, threads=cell.threads if workers == 1 else 1)
            return evaluate(opener, self.source.samples(cell), name=cell.id, workers=workers)
        if workers == 1:
            opener, batch = self._opener(cell, threads=cell.threads), 1
        else:
            path = self.model(cell).path
            opener, batch = partial(open_answering_session, path, runtime=cell.runtime, threads=workers), BATCH
        return in_fresh_process(evaluate, opener, self.source.samples(cell), name=cell.id, batch_size=batch)

    def _record(self, cell: Cell) -> Record:
        """Returns the cell's record, begun with what needs no measuring."""
        if cell.id not in self.records:
            self.records[cell.id] = self._begun(cell)
        return self.records[cell.id]

    def _begun(self, cell: Cell) -> Record:
        is_made = self.source.is_made(cell)
        return Record(
            schema=SCHEMA,
            cell=RecordedCell(
                id=cell.id,
                backbone=cell.backbone,
                variant=cell.variant,
                runtime=cell.runtime,
                threads=cell.threads,
                image_size=cell.image_size,
                weights=self.source.weights(cell),
            ),
            model=self.source.recorded(cell) if is_made else None,
            dataset=self.source.dataset(cell),
            accuracy=None,
            latency=None,
            environment=self.environment,
            kit=self.source.kit,
            training=self.source.training(cell) if is_made else None,
        )
