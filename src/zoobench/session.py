"""One benchmark session: prepare data and weights, have models made, measure cells, keep their records."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

import numpy as np

from zoobench.build import recipe
from zoobench.build.breaches import breaches, explained
from zoobench.build.config import ConversionConfig
from zoobench.build.contract import Contract, plain, read_contract
from zoobench.build.dataset import Dataset, describe, open_dataset
from zoobench.build.recipe import BuildRequest
from zoobench.build.store import Stored, find
from zoobench.build.weights import Weights, find_weights
from zoobench.cell import Cell
from zoobench.errors import ModelError, ZoobenchError
from zoobench.evaluated import Subject, evaluation_of, obtain_evaluation
from zoobench.judge.record import (
    BLOCK,
    SCHEMA,
    Record,
    RecordedAccuracy,
    RecordedCell,
    RecordedDataset,
    RecordedLatency,
    RecordedModel,
    to_json,
)
from zoobench.measure.accuracy import Evaluation, evaluate
from zoobench.measure.environment import describe_environment, machine_key
from zoobench.measure.inference import OpenSession
from zoobench.measure.isolated import in_fresh_process
from zoobench.measure.latency import WARMUP_ROUNDS, Interleaving, Latency, opened
from zoobench.measure.observation import recorded_accuracy, recorded_latency
from zoobench.measure.runtimes import open_session
from zoobench.measure.samples import Samples
from zoobench.native import output_held
from zoobench.plan import Plan
from zoobench.promises import PROMISES
from zoobench.variants import VARIANTS

_KERAS_BATCH = 32


class BenchSession:
    """Makes, measures and remembers; every model, evaluation and record at most once."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.records: dict[str, Record] = {}
        self._cells: tuple[Cell, ...] = ()
        self._datasets: dict[int, Dataset] = {}
        self._weights: dict[str, Weights] = {}
        self._models: dict[tuple[str, str], Stored] = {}
        self._failures: dict[str, ZoobenchError] = {}
        self._contracts: dict[str, Contract] = {}
        self._evaluations: dict[tuple[str, str, int], Evaluation] = {}

    @cached_property
    def environment(self) -> dict[str, Any]:
        """The machine and its libraries."""
        return describe_environment()

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
        self._cells = tuple(cells)
        sizes = dict.fromkeys(cell.image_size for cell in cells)
        self._datasets = {
            size: open_dataset(self.plan.data, image_size=size, folder=self.plan.artifacts / "datasets")
            for size in sizes
        }
        sized = {cell.backbone: cell.image_size for cell in cells}
        self._weights = {
            name: find_weights(self.plan.backbones[name], image_size=size, request=self.plan.weights)
            for name, size in sized.items()
        }
        dataset = next(iter(self._datasets.values()))
        return (*describe(dataset), *self._calibration_line(dataset), *self._weights_lines())

    def obstacle(self, cell: Cell) -> str | None:
        """Returns why a cell cannot be measured in this process, or None if it can."""
        first = next((one.threads for one in self._cells if one.runtime == "keras"), cell.threads)
        if cell.runtime != "keras" or cell.threads == first:
            return None
        return (
            f"TensorFlow fixes its threads once per process, here at {first}; "
            f"measure this cell by a run of its own: --zoo-threads {cell.threads}"
        )

    def model(self, cell: Cell) -> Stored:
        """Returns a cell's file; makes it, and the other variants of its backbone, in a process of its own if need be.

        Raises:
            ModelError: If it cannot be made.
        """
        key = (cell.backbone, cell.variant)
        if key not in self._models:
            self._models[key] = self._found_or_made(cell)
        return self._models[key]

    def measure_size(self, cell: Cell) -> RecordedModel:
        """Returns a file's size with its float twin's."""
        return self._record(cell).model

    def broken_promises(self, cell: Cell) -> str:
        """Returns where a cell's file is not what its variant promises, both sides shown; nothing where it is.

        Raises:
            ModelError: If the file cannot be understood.
        """
        promise, contract = PROMISES.get(cell.variant), self._contract(cell)
        if promise is None or contract is None:
            return ""
        return explained(breaches(contract, promise), label=cell.variant, file=self.model(cell).path)

    def measure_accuracy(self, cell: Cell) -> RecordedAccuracy:
        """Evaluates a cell and its float twin on the whole test split and records it."""
        accuracy = recorded_accuracy(self._evaluation(cell), twin=self._evaluation(cell.float_twin))
        self.records[cell.id] = replace(self._record(cell), accuracy=accuracy)
        return accuracy

    def measure_latency(self, cell: Cell, benchmark: Any) -> RecordedLatency | None:
        """Times a cell's rounds on pytest-benchmark's clock, the float twin's in between, and records them.

        Args:
            cell: What to time.
            benchmark: The fixture of pytest-benchmark.

        Returns:
            None under `--benchmark-disable`, where each target runs once and nothing is timed.
        """
        samples = self._samples(cell)
        with ExitStack() as stack:
            with output_held():
                session, opening = stack.enter_context(opened(self._opener(cell, threads=cell.threads), samples))
                twin, _ = stack.enter_context(opened(self._opener(cell.float_twin, threads=cell.threads), samples))
            rounds = Interleaving(cell=session, twin=twin, samples=samples)
            number = 1 if benchmark.disabled else self.plan.rounds[cell.runtime].number(rounds.warm_up(WARMUP_ROUNDS))
            benchmark.pedantic(rounds.invoke, setup=rounds.before, teardown=rounds.after, rounds=number)
        record = self._record(cell)
        if benchmark.stats is None:
            return None
        seconds = tuple(benchmark.stats.stats.data)
        # --benchmark-cprofile runs the target once more, and the twin perhaps with it
        observed = Latency(seconds=seconds, twin_seconds=tuple(rounds.twin_seconds[: len(seconds)]), opening=opening)
        latency = recorded_latency(observed, twin=cell.float_twin.id)
        self.records[cell.id] = replace(record, latency=latency)
        benchmark.extra_info[BLOCK] = to_json(self.records[cell.id])
        return latency

    def _request(self, cell: Cell) -> BuildRequest:
        return BuildRequest(
            backbone=self.plan.backbones[cell.backbone],
            weights=self._weights[cell.backbone],
            image_size=cell.image_size,
            dataset=self._datasets[cell.image_size],
            training=self.plan.training,
            conversion=self._conversion(self._datasets[cell.image_size]),
            root=self.plan.artifacts / "models",
        )

    def _found_or_made(self, cell: Cell) -> Stored:
        request = self._request(cell)
        product = recipe.variant_model(request, VARIANTS[cell.variant])
        stored = find(request.root, product)
        if stored is None and cell.backbone not in self._failures:
            self._make(request)
            stored = find(request.root, product)
        if stored is None:
            raise self._failures.get(
                cell.backbone,
                ModelError(f"{product.folder_name} was made but is not in {request.root}; does another run remove it?"),
            )
        return stored

    def _make(self, request: BuildRequest) -> None:
        """Has a process of its own make a backbone's variants: TensorFlow's memory and threads end with it.

        A failure is kept for the cells whose files were not reached; those that were made are measured all the same.
        """
        names = dict.fromkeys(cell.variant for cell in self._cells if cell.backbone == request.backbone.name)
        try:
            in_fresh_process(_make_models, request, tuple(names))
        except ZoobenchError as error:
            self._failures[request.backbone.name] = error

    def _opener(self, cell: Cell, *, threads: int) -> OpenSession:
        return partial(open_session, self.model(cell).path, runtime=cell.runtime, threads=threads)

    def _samples(self, cell: Cell) -> Samples:
        """Returns the test split in the order of contents' hashes: mixed, and the same whatever files are called."""
        dataset = self._datasets[cell.image_size]
        rows = sorted(
            dataset.indices("test"), key=lambda row: (dataset.samples[row].sha256, dataset.samples[row].label)
        )
        labels = [dataset.samples[row].label for row in rows]
        return Samples(path=dataset.pixels_path, rows=np.array(rows, np.int64), labels=np.array(labels, np.int64))

    def _evaluation(self, cell: Cell) -> Evaluation:
        key = (self.model(cell).sha256, cell.runtime, cell.threads if self.plan.workers == 1 else 0)
        if key not in self._evaluations:
            self._evaluations[key] = self._evaluate(cell)
        return self._evaluations[key]

    def _evaluate(self, cell: Cell) -> Evaluation:
        """Returns a cell's evaluation from the store; with one worker every invocation is timed, so it is made anew."""
        if self.plan.workers == 1:
            return self._run_samples(cell)
        samples, is_keras = self._samples(cell), cell.runtime == "keras"
        subject = Subject(
            cell=cell,
            model_sha256=self.model(cell).sha256,
            dataset=self._datasets[cell.image_size],
            rows=samples.rows,
            threads=self.plan.workers if is_keras else 1,
            batch_size=_KERAS_BATCH if is_keras else 1,
            environment=self.environment,
        )
        root, run = self.plan.artifacts / "evaluations", partial(self._run_samples, cell)
        return obtain_evaluation(root, evaluation_of(subject), truth=samples.labels, evaluate=run)

    def _run_samples(self, cell: Cell) -> Evaluation:
        workers = self.plan.workers
        if cell.runtime != "keras":
            opener = self._opener(cell, threads=cell.threads if workers == 1 else 1)
            return evaluate(opener, self._samples(cell), name=cell.id, workers=workers)
        opener = self._opener(cell, threads=cell.threads if workers == 1 else workers)
        batch = 1 if workers == 1 else _KERAS_BATCH
        return in_fresh_process(evaluate, opener, self._samples(cell), name=cell.id, batch_size=batch)

    def _record(self, cell: Cell) -> Record:
        """Returns the cell's record, begun with what needs no measuring."""
        if cell.id not in self.records:
            self.records[cell.id] = self._begun(cell)
        return self.records[cell.id]

    def _contract(self, cell: Cell) -> Contract | None:
        """Returns what is read from a cell's file, once; None where it is no TFLite file."""
        model = self.model(cell)
        if model.path.suffix == ".tflite" and model.sha256 not in self._contracts:
            self._contracts[model.sha256] = read_contract(model.path.read_bytes())
        return self._contracts.get(model.sha256)

    def _begun(self, cell: Cell) -> Record:
        model, twin = self.model(cell), self.model(cell.float_twin)
        dataset, contract = self._datasets[cell.image_size], self._contract(cell)
        return Record(
            schema=SCHEMA,
            cell=RecordedCell(
                id=cell.id,
                backbone=cell.backbone,
                variant=cell.variant,
                runtime=cell.runtime,
                threads=cell.threads,
                image_size=cell.image_size,
                weights=self._weights[cell.backbone].identity,
            ),
            model=RecordedModel(
                sha256=model.sha256,
                size_bytes=model.size_bytes,
                float_twin_size_bytes=twin.size_bytes,
                contract=plain(contract) if contract else None,
            ),
            dataset=RecordedDataset(
                name=dataset.name,
                sha256=dataset.sha256,
                classes=dataset.classes,
                samples=len(dataset.indices("test")),
                left_out=len(dataset.left_out),
            ),
            accuracy=None,
            latency=None,
            environment=self.environment,
        )

    def _conversion(self, dataset: Dataset) -> ConversionConfig:
        """Returns the conversion asked for, on no more images than there are different ones in the training split."""
        different = len({sample.sha256 for sample in dataset.samples if sample.split == "train"})
        asked = self.plan.conversion
        return replace(asked, calibration_images=min(asked.calibration_images, different))

    def _calibration_line(self, dataset: Dataset) -> tuple[str, ...]:
        asked, used = (one.calibration_images for one in (self.plan.conversion, self._conversion(dataset)))
        return (f"calibration: all {used} training images, fewer than the {asked} asked for",) if used < asked else ()

    def _weights_lines(self) -> tuple[str, ...]:
        return tuple(
            f"weights: {name}: {weights.remark or f'{weights.identity[:21]} {weights.path or str()}'.rstrip()}"
            for name, weights in self._weights.items()
        )


def _make_models(request: BuildRequest, variants: tuple[str, ...]) -> None:
    with output_held():
        from zoobench.build.assembly import make_models  # imports TensorFlow, which belongs to the fresh process alone

    make_models(request, [VARIANTS[name] for name in variants])
