"""What are the cells of a run made from? Its data and weights, opened, and the files that are made of them."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from zoobench.build import recipe
from zoobench.build.attempts import Attempt, chosen
from zoobench.build.recipe import BuildRequest, ConversionConfig
from zoobench.build.weights import Weights, find_weights, own_remark
from zoobench.data.dataset import Dataset, describe, open_dataset
from zoobench.data.split import measuring_order
from zoobench.errors import DataError, ModelError, UsageError, ZoobenchError
from zoobench.matrix.cell import Cell
from zoobench.matrix.interface import NOTHING_REQUESTED, WARNING, ImageSize, Interface, RequestedInterface
from zoobench.matrix.variants import find_variant
from zoobench.measure.custom_objects import VARIABLE, sources
from zoobench.measure.target import ModelFile, Samples, no_file
from zoobench.results.schema import MOST_EPOCHS, RecordedNumerics, RecordedTraining, Refusal
from zoobench.run.plan import Building, Plan
from zoobench.store.product import find
from zoobench.system.processes import LostError, in_fresh_process
from zoobench.system.terminal import capture_native_output, keep, kept_in, sentence

_DIGITS = 5
"""Significant ones of each number of a training: more than a picture or a reader tells apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """A run's data and weights, and its files; each is made, and looked for, at most once.

    Attributes:
        interfaces: What each model of one's own is taken as.
    """

    plan: Plan
    building: Building
    cells: tuple[Cell, ...]
    datasets: Mapping[ImageSize, Dataset]
    weights: Mapping[str, Weights]
    custom_objects: Mapping[str, str] = field(default_factory=dict)
    interfaces: Mapping[str, Interface] = field(default_factory=dict)
    _outcomes: dict[tuple[str, str], ModelFile | Refusal] = field(default_factory=dict)
    _failures: dict[str, ZoobenchError] = field(default_factory=dict)

    def dataset(self, cell: Cell) -> Dataset:
        """Returns the data set that a cell is about."""
        return self.datasets[cell.image_size]

    def request(self, cell: Cell) -> BuildRequest:
        """Returns what to make for a cell."""
        return BuildRequest(
            backbone=self.building.backbones[cell.backbone],
            weights=self.weights[cell.backbone],
            image_size=cell.image_size,
            dataset=self.dataset(cell),
            training=self.building.training,
            conversion=self._conversion(self.dataset(cell)),
            root=self.plan.artifacts / "models",
            custom_objects=self.custom_objects,
            interface=self.interfaces.get(cell.backbone),
        )

    def inputs(self, cell: Cell) -> Mapping[str, Any]:
        """Returns all that determines a cell's file, as plain JSON."""
        product = recipe.variant_model(self.request(cell), find_variant(cell.variant))
        inputs: Mapping[str, Any] = json.loads(json.dumps(product.inputs))
        return inputs

    def described(self) -> tuple[str, ...]:
        """Returns what a reader of the results should know of data, weights and models of one's own."""
        dataset = next(iter(self.datasets.values()))
        asked, used = (one.calibration_images for one in (self.building.conversion, self._conversion(dataset)))
        which = "images" if dataset.calibration else "training images"
        fewer = f"calibration: all {used} {which}, fewer than the {asked} asked for"
        weights = (
            f"weights: {name}: {one.remark or f'{one.identity[:21]} {one.path or str()}'.rstrip()}"
            for name, one in self.weights.items()
        )
        models = (line for name, one in self.interfaces.items() for line in _described(name, one))
        is_fewer = used < asked and (dataset.calibration or len(dataset.indices("train")))
        return (*describe(dataset), *([fewer] if is_fewer else []), *weights, *self._described_own(), *models)

    def _described_own(self) -> Iterator[str]:
        """Yields what becomes of a model of one's own otherwise than its user may expect."""
        yield from self.building.remarks
        asked = self.plan.options.get("image-size")
        for name, size in {cell.backbone: cell.image_size for cell in self.cells}.items():
            path = self.building.backbones[name].path
            if path and asked and not {"native", str(size)} & set(asked.replace(" ", "").split(",")):
                yield f"{name}: {size} px, which its file is built for; --zoo-image-size {asked} does not change that"
            if path and (remark := own_remark(path)):
                yield f"{name}: {remark}"

    def find(self, cell: Cell) -> ModelFile | Refusal:
        """Returns a cell's file, or why its quantizer refuses to make it.

        What is not in the store is made, with the other variants of its backbone, in a process of its own.

        Raises:
            ModelError: If it cannot be made for any other reason.
        """
        key = (cell.backbone, cell.variant)
        if key not in self._outcomes:
            self._outcomes[key] = self._found_or_made(cell)
        found = self._outcomes[key]
        if isinstance(found, ModelFile) and found.refusal and found.refusal.by != cell.runtime:
            return replace(found, refusal=None)  # another runtime may take it
        return found

    def file(self, cell: Cell) -> ModelFile:
        """Returns a cell's file; see `find`.

        Raises:
            ModelError: If it cannot be made, or a quantizer refuses it.
        """
        found = self.find(cell)
        if isinstance(found, Refusal):
            raise no_file(cell, found)
        return found

    def _conversion(self, dataset: Dataset) -> ConversionConfig:
        """Returns the conversion asked for, on no more images than there are different ones to calibrate on."""
        different = len(dataset.calibrating.calibration_contents())
        asked = self.building.conversion
        return replace(asked, calibration_images=min(asked.calibration_images, different))

    def _found_or_made(self, cell: Cell) -> ModelFile | Refusal:
        request, variant = self.request(cell), find_variant(cell.variant)
        found = chosen(request, variant)
        if found is None and cell.backbone not in self._failures:
            self._make(cell.backbone, request)
            found = chosen(request, variant)
        if found is None and cell.backbone in self._failures:
            found = chosen(request, variant, problem=str(self._failures[cell.backbone]))
        if found is None:
            folder = recipe.variant_model(request, variant).folder_name
            lost = ModelError(f"{folder} was made but is not in {request.root}; does another run remove it?")
            raise self._failures.get(cell.backbone, lost)
        return found.refusal or replace(_model_file(found), interface=request.interface)

    def _make(self, name: str, request: BuildRequest) -> None:
        """Has a process of its own make a backbone's variants: TensorFlow's memory and threads end with it.

        A failure is kept for the cells whose files were not reached; those that were made are measured all the same.
        """
        cells = (cell for cell in self.cells if cell.backbone == name)
        try:
            in_fresh_process(_make_models, request, tuple(dict.fromkeys(cell.variant for cell in cells)))
        except ZoobenchError as error:
            self._failures[name] = error


def open_workshop(plan: Plan, cells: Sequence[Cell]) -> Workshop:
    """Opens the data, finds the weights for these cells, and finds out what models of one's own are.

    Raises:
        DataError: If images cannot be used.
        ModelError: If weights cannot be had, or it cannot be known what a model is.
        UsageError: If the plan is to measure a kit.
    """
    building = plan.source
    if not isinstance(building, Building):
        raise UsageError("the files of a kit are measured as they came; leave out --zoo-kit to build some")
    if building.custom_objects:
        os.environ[VARIABLE] = ",".join(building.custom_objects)  # for all processes that load a Keras model
    sized = {cell.backbone: cell.image_size for cell in cells}
    folder = plan.artifacts / "datasets"
    datasets = {
        size: open_dataset(building.data, image_size=size, folder=folder) for size in dict.fromkeys(sized.values())
    }
    _refuse_uncalibrated(next(iter(datasets.values())), cells)
    opened = Workshop(
        plan=plan,
        building=building,
        cells=tuple(cells),
        custom_objects=sources(building.custom_objects),
        datasets=datasets,
        weights={
            name: find_weights(building.backbones[name], image_size=size, request=building.weights)
            for name, size in sized.items()
        },
    )
    return replace(opened, interfaces=_interfaces(opened))


def _refuse_uncalibrated(dataset: Dataset, cells: Sequence[Cell]) -> None:
    variants = dict.fromkeys(cell.variant for cell in cells if find_variant(cell.variant).calibrated)
    if variants and not dataset.calibration and not len(dataset.indices("train")):
        raise DataError(
            f"{', '.join(variants)}: activations are calibrated on images of the training split, and that of "
            f"{dataset.name} is empty; give other images with --zoo-calibration-data, or leave these variants out with "
            "--zoo-variants"
        )


def samples_of(dataset: Dataset) -> Samples:
    """Returns the test split in the order of contents' hashes: mixed, and the same whatever files are called."""
    contents = [(sample.label, sample.sha256) for sample in dataset.samples]
    rows = measuring_order(contents, dataset.indices("test").tolist())
    return Samples(
        path=dataset.pixels_path,
        rows=np.array(rows, np.int64),
        labels=np.array([contents[row][0] for row in rows], np.int64),
        contents=tuple(contents[row][1] for row in rows),
    )


def _interfaces(opened: Workshop) -> Mapping[str, Interface]:
    """Returns what each model of one's own is taken as; those that are not in the store are examined now."""
    own = {
        cell.backbone: (opened.request(cell), opened.building.requested.get(cell.backbone, NOTHING_REQUESTED))
        for cell in opened.cells
        if opened.building.backbones[cell.backbone].path
    }
    found = {name: _examined(*one) for name, one in own.items()}
    missing = [own[name] for name, interface in found.items() if interface is None]
    problems = _problems(missing) if missing else []
    if problems:
        raise ModelError(*problems)
    return {name: interface for name, one in own.items() if (interface := found[name] or _examined(*one))}


def _problems(asked: Sequence[tuple[BuildRequest, RequestedInterface]]) -> list[str]:
    """Has a process of its own find out what models are; returns why it cannot be known, of each.

    Where that process is lost, each of them gets one, so that it is known which of them took it along.
    """
    try:
        return in_fresh_process(_examine_models, asked)
    except LostError as lost:
        if len(asked) > 1:
            return [problem for one in asked for problem in _problems([one])]
        path = asked[0][0].backbone.path
        return [f"{path} cannot be measured: {lost}; leave it out of --zoo-backbones, or convert it anew"]


def _examined(request: BuildRequest, requested: RequestedInterface) -> Interface | None:
    stored = find(request.root, recipe.examination(request, requested))
    return recipe.read_examination(stored) if stored else None


def _described(name: str, interface: Interface) -> Iterator[str]:
    """Yields what a model is taken as and why, and a line for each remark that speaks against its numbers."""
    seen = "; ".join(one.removesuffix(".") for one in interface.remarks if one not in interface.warnings)
    trained = ", a head is trained on it" if interface.taken_as == "backbone" else ""
    yield f"model: {name}: taken as {interface.described}{trained}{f' ({seen})' if seen else ''}"
    yield from (f"{WARNING}{name}: {one.removeprefix(WARNING)}" for one in interface.warnings)


def recorded_training(facts: Mapping[str, Any]) -> RecordedTraining | None:
    """Returns what to record of a training, or None where the classifier came trained.

    Args:
        facts: Of a model file in the store; those that were made before a fact was written down lack it.
    """
    history = facts.get("history")
    if not history:
        return None
    run = range(len(history["loss"]))
    kept = history.get("kept_epoch")
    shown = _spread(run, kept)
    validated = _spread([epoch for epoch in run if history["validation_loss"][epoch] is not None], kept)
    seconds = history.get("seconds")

    def at(name: str, epochs: Iterable[int]) -> tuple[float, ...]:
        return tuple(_rounded(history[name][epoch]) for epoch in epochs)

    return RecordedTraining(
        epochs=len(run),
        kept_epoch=kept,
        shown=tuple(epoch + 1 for epoch in shown),
        loss=at("loss", shown),
        accuracy=at("accuracy", shown),
        learning_rate=at("learning_rate", shown),
        validated=tuple(epoch + 1 for epoch in validated),
        validation_loss=at("validation_loss", validated),
        validation_accuracy=at("validation_accuracy", validated),
        seconds=None if seconds is None else _rounded(seconds),
    )


def _model_file(attempt: Attempt) -> ModelFile:
    stored = attempt.stored
    if stored is None:
        raise ValueError(f"{attempt.quantizer} made no file")
    numerics, refused = stored.facts.get("numerics"), stored.facts.get("refused")
    return ModelFile(
        path=stored.path,
        sha256=stored.sha256,
        size_bytes=stored.size_bytes,
        contract=attempt.contract,
        numerics=RecordedNumerics(**numerics) if numerics else None,
        training=recorded_training(stored.facts),
        refusal=Refusal(**refused) if refused else None,
        product=stored.path.parent.name,
        quantizer=attempt.quantizer,
        others=attempt.others,
    )


def _spread(epochs: Sequence[int], kept: int | None) -> list[int]:
    """Returns all epochs or, of many, the first, the last, that whose weights were kept, and others evenly between."""
    if len(epochs) <= MOST_EPOCHS:
        return list(epochs)
    places = MOST_EPOCHS - 1  # one is left for that which was kept
    even = {epochs[round(place * (len(epochs) - 1) / (places - 1))] for place in range(places)}
    return sorted(even | {kept - 1} & set(epochs) if kept else even)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")


def _make_models(request: BuildRequest, variants: tuple[str, ...]) -> None:
    with capture_native_output():
        from zoobench.build.assembly import make_models  # imports TensorFlow, which belongs to the fresh process alone

    with _explained(request):
        make_models(request, [find_variant(name) for name in variants])


def _examine_models(asked: Sequence[tuple[BuildRequest, RequestedInterface]]) -> list[str]:
    """Finds out what models of one's own are; the store keeps it. Returns why it cannot be known, in lines."""
    with capture_native_output():
        from zoobench.build.examination import interface_of  # imports TensorFlow, as above

    def problem(request: BuildRequest, requested: RequestedInterface) -> Sequence[str]:
        try:
            with _explained(request):
                interface_of(request, requested)
        except ModelError as error:
            return list(map(str, error.args))
        return []

    return [line for one in asked for line in problem(*one)]


@contextmanager
def _explained(request: BuildRequest) -> Iterator[None]:
    """Makes errors of ours of all that fails, a sentence each, which names a log of what else is known of it."""
    log = request.root.parent / "logs" / f"{request.backbone.name}.log"
    with kept_in(log) as kept:
        try:
            yield
        except ZoobenchError as error:
            *before, last = error.args or ("",)
            raise type(error)(*before, f"{last}; more in {log}" if kept.getvalue() else last) from error
        except Exception as error:  # TensorFlow and layers of the user's own may fail with anything
            keep(error)
            raise ModelError(f"{request.backbone.name} cannot be used: {sentence(error)}; more in {log}") from error
